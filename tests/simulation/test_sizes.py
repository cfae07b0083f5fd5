"""A cohort too large for patience, memory or disk is refused before anything is drawn."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from salutogen.errors import SimulationError
from salutogen.simulation import simulate, sizes
from salutogen.simulation.sizes import MOST_ROWS, require_size
from salutogen.study import Study

MakeStudy = Callable[..., Study]


@pytest.fixture(autouse=True)
def nothing_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    def drawn(*_: Any) -> None:
        raise AssertionError("a person was drawn")

    monkeypatch.setattr("salutogen.simulation.simulation.draw_block", drawn)


def words(error: pytest.ExceptionInfo[SimulationError]) -> list[str]:
    assert {one.code for one in error.value.findings} == {"simulation-too-large"}
    return [one.text for one in error.value.findings]


@pytest.mark.parametrize("persons", [MOST_ROWS // 6 + 1, 10**11, 10**400])
def test_more_rows_than_allowed(study_of: MakeStudy, tmp_path: Path, persons: int) -> None:
    with pytest.raises(SimulationError) as error:
        simulate(study_of(), persons=persons, seed=1, out=tmp_path / "out")
    assert "at most 1,000,000,000" in words(error)[0]
    assert f"{persons:,}" in words(error)[0]
    assert not (tmp_path / "out").exists()


def test_memory_and_disk_are_looked_at(
    study_of: MakeStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = study_of()
    monkeypatch.setattr(sizes, "memory_left", lambda: 10**6)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(2, 1, 10**5))
    with pytest.raises(SimulationError) as error:
        simulate(study, persons=10_000, seed=1, out=tmp_path / "a" / "out")
    memory, disk = words(error)
    assert "GB of memory" in memory
    assert "GB of the disk" in disk
    monkeypatch.setattr(sizes, "memory_left", lambda: None)
    with pytest.raises(SimulationError) as error:
        require_size(study, 10_000, tmp_path, "csv")
    assert len(words(error)) == 1


def test_what_answers_take_in_memory_counts(
    study_of: MakeStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = study_of()
    monkeypatch.setattr(sizes, "memory_left", lambda: 100 * 10**6)
    require_size(study, 300_000, tmp_path, "parquet")
    with pytest.raises(SimulationError):
        require_size(study, 300_000, None, "parquet")
