"""Everything that a run gives shows itself in a line or two: never a frame, never an array."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from pydantic import BaseModel

import salutogen as sg
from tests.analyses.small_cohort import results_of

LONGEST = 300
DEEPEST = 6
FEW = 6  # of the entries of a collection are looked at


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> sg.Results:
    return results_of(tmp_path_factory.mktemp("small"))


def own(value: object) -> bool:
    return type(value).__module__.partition(".")[0] == "salutogen"


def held(value: object, path: str, seen: set[int], depth: int = 0) -> Iterator[tuple[str, object]]:
    """Each object of this package that can be reached by public attributes, with its path."""
    if depth > DEEPEST or id(value) in seen:
        return
    seen.add(id(value))
    if own(value):
        yield path, value
        for name, part in parts_of(value):
            yield from held(part, f"{path}.{name}", seen, depth + 1)
    elif isinstance(value, Mapping):
        for key in list(value)[:FEW]:
            yield from held(value[key], f"{path}[{key!r}]", seen, depth)
    elif isinstance(value, list | tuple):
        for place, part in enumerate(value[:FEW]):
            yield from held(part, f"{path}[{place}]", seen, depth)


def parts_of(value: object) -> Iterator[tuple[str, Any]]:
    names = list(type(value).model_fields) if isinstance(value, BaseModel) else dir(value)
    for name in names:
        if not name.startswith("_") and not callable(getattr(type(value), name, None)):
            yield name, getattr(value, name, None)


def test_everything_a_run_gives_is_shown_shortly(results: sg.Results) -> None:
    report, seen = results.report(), set[int]()
    found = [*held(results, "results", seen), *held(report, "report", seen)]
    kinds = {type(value).__name__ for _, value in found}
    assert kinds >= {"Results", "Study", "Panel", "Scores", "Norm", "Lines", "Line", "Resilience"}
    assert kinds >= {"Outcome", "WindowsResult", "ConcordanceResult", "QualityResult", "Report"}
    long = {
        f"{path} ({type(value).__name__}): {len(repr(value))}"
        for path, value in found
        if len(repr(value)) >= LONGEST
    }
    assert sorted(long) == []
    framed = [path for path, value in found if "shape:" in repr(value) or "array(" in repr(value)]
    assert not framed
