"""How large a simulated cohort may be, told before anything is drawn."""

from __future__ import annotations

import shutil
from pathlib import Path

from salutogen.errors import SimulationError
from salutogen.findings import Findings
from salutogen.memory import memory_left
from salutogen.simulation.random_streams import BLOCK
from salutogen.study import Study

MOST_ROWS = 1_000_000_000
"""Persons times planned occasions that one simulation may have."""

# What a cohort takes at the very least, in bytes: measured, and rounded down.
_PER_CELL_ON_DISK = {"parquet": 0.1, "csv": 1.0}
_PER_PERSON = 150  # of the truth, which is held whole
_PER_CELL_OF_BLOCK = 1
_PER_ROW_OF_BLOCK = 100


def require_size(study: Study, persons: int, out: Path | None, file_format: str) -> None:
    """Refuse a cohort that is larger than memory, disk or patience.

    Parameters
    ----------
    persons : int
    out : Path, optional
        Folder that is written to; without it all answers are held in memory.
    file_format : {"parquet", "csv"}

    Raises
    ------
    SimulationError
        Persons times occasions are more than 1,000,000,000, or the cohort needs more memory, or
        more of the disk, than is left.
    """
    found = Findings()
    rows = persons * max(1, len(study.occasions))
    if rows > MOST_ROWS:
        found.tell(
            "simulation-too-large",
            persons=persons,
            occasions=len(study.occasions),
            size=rows,
            most=MOST_ROWS,
        )
        found.raise_refusals(SimulationError)
    cells = rows * sum(
        len(one.items) for one in study.instruments.values() if one.measured == "repeated"
    )
    prompts = sum(one.days * one.prompts_per_day for _, one in study.schedule.planned_bursts)
    cells += persons * prompts * sum(len(one.items) for one in study.prompted.values())
    needed, left = _memory(persons, rows, cells, whole=out is None), memory_left()
    if left is not None and needed > left:
        found.tell("simulation-too-large", variant="memory", needed=needed / 1e9, left=left / 1e9)
    if out is not None:
        size, free = cells * _PER_CELL_ON_DISK[file_format], _free(out)
        if free is not None and size > free:
            found.tell("simulation-too-large", variant="disk", needed=size / 1e9, left=free / 1e9)
    found.raise_refusals(SimulationError)


def _memory(persons: int, rows: int, cells: int, *, whole: bool) -> float:
    """Bytes of the truth and of one block of persons, or of all answers."""
    blocks = 1.0 if whole else BLOCK / persons  # a block is drawn whole, however few are asked for
    of_block = rows / persons * BLOCK * _PER_ROW_OF_BLOCK
    return persons * _PER_PERSON + of_block + blocks * cells * _PER_CELL_OF_BLOCK


def _free(out: Path) -> int | None:
    for folder in (out, *out.absolute().parents):
        if folder.is_dir():
            return shutil.disk_usage(folder).free
    return None
