"""What every analysis of a run shares: seed, where long work is done, progress and audience."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from salutogen.page.audience import Audience

Progress = Callable[[str, int, int], None]


def silent(stage: str, done: int, total: int) -> None:
    """Report no progress."""


def unfailing(progress: Progress) -> Progress:
    """Return the same progress; where telling it fails, the work goes on."""

    def told(stage: str, done: int, total: int) -> None:
        with suppress(Exception):
            progress(stage, done, total)

    return told


@dataclass(frozen=True, kw_only=True)
class RunContext:
    """How a run is done.

    Attributes
    ----------
    seed : int
        Seed of every random step.
    audience : Audience
        What may be shown of single persons.
    scheduler : str or None
        Address of a Dask cluster such as `tcp://host:8786`; None uses this machine's cores.
    progress : callable
        Called as `progress(stage, done, total)`; silent by default.
    stage : str
        What progress is told of: the stage of the run, or the label of an analysis.
    """

    seed: int
    audience: Audience
    scheduler: str | None = None
    progress: Progress = silent
    stage: str = "analyses"

    def tell(self, done: int, total: int) -> None:
        """Tell how far the work is; a long analysis calls it often."""
        self.progress(self.stage, done, total)

    def at(self, stage: str) -> RunContext:
        """Return the same context, telling progress of another stage."""
        return replace(self, stage=stage)

    @contextmanager
    def executor(self) -> Iterator[Executor]:
        """Provide the executor of long work: all cores, or the Dask cluster."""
        from salutogen.models import executor_for

        with executor_for(self.scheduler) as found:
            yield found

    @contextmanager
    def cluster(self) -> Iterator[Executor | None]:
        """Provide the Dask cluster where one is named; None where kernels use every core here.

        Processes of their own would add nothing to threads, and would run a script without a
        guarded main part anew in each of them.
        """
        if self.scheduler is None:
            yield None
        else:
            with self.executor() as found:
                yield found
