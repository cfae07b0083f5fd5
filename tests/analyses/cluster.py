"""An executor that stands for a cluster: counts what is sent to it."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from salutogen.analyses.contract import AnalysisInputs

ADDRESS = "tcp://somewhere:8786"


@dataclass
class Cluster:
    """What was asked of the scheduler, and the functions that were sent."""

    asked: list[str | None] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)


def on_cluster(
    inputs: AnalysisInputs, monkeypatch: pytest.MonkeyPatch, workers: int
) -> tuple[AnalysisInputs, Cluster]:
    """Return the inputs of a run that names a scheduler, and what goes to it.

    Everything that is sent is pickled on the way, as a cluster does it.
    """
    seen = Cluster()

    class Counting(ThreadPoolExecutor):
        def submit(self, function: Any, /, *given: Any, **more: Any) -> Any:
            seen.sent.append(getattr(given[0], "__qualname__", ""))
            given, more = pickle.loads(pickle.dumps((given, more)))
            return super().submit(function, *given, **more)

    @contextmanager
    def pool(scheduler: str | None = None) -> Iterator[Executor]:
        seen.asked.append(scheduler)
        with Counting(workers) as executor:
            yield executor

    monkeypatch.setattr("salutogen.models.executor_for", pool)
    run = replace(inputs.run, scheduler=ADDRESS)
    return replace(inputs, run=run), seen
