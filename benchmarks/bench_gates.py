"""How often the gates for classes split one continuous population, and pass two classes.

    python benchmarks/bench_gates.py [--seed S] [--sets N] [--cells WORDS] [--show]

Through `assess_classes` with its defaults, on the populations of `course_populations.py`. Each data
set that has ended is a line of `results/gates/SEED.jsonl`, so that a run can be stopped and gone on
with, by several processes at once; `--sets` is the number of data sets for each cell, `--cells`
takes only cells whose words contain it, `--show` makes the table of what is there.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from course_populations import POPULATIONS
from measuring import RESULTS, save
from numpy.typing import NDArray

from salutogen.analyses.trajectories import assess_classes

Float = NDArray[np.float64]
MOST_FALSE, LEAST_FOUND = 10, 90  # of 100


@dataclass(frozen=True)
class Cell:
    """Data of one sort."""

    population: str
    classes: int
    n: int
    positions: int

    @property
    def words(self) -> str:
        """For the table of results."""
        return f"{self.population}, N = {self.n}, {self.positions} positions"


def cells() -> list[Cell]:
    """Every population at N = 300 and 4 positions; the first ones at other sizes too."""
    ones = [name for name, (classes, _) in POPULATIONS.items() if classes == 1]
    twos = [name for name, (classes, _) in POPULATIONS.items() if classes == 2]
    found = [Cell(name, 1, 300, 4) for name in ones] + [Cell(name, 2, 300, 4) for name in twos]
    found += [Cell(name, 1, 300, 6) for name in ones] + [Cell(name, 2, 300, 6) for name in twos]
    found += [Cell(name, 1, n, 4) for n in (100, 1000) for name in ones]
    found += [Cell(name, 1, 300, 10) for name in ones]
    return found


@dataclass(frozen=True)
class Task:
    """One data set of a cell."""

    cell: Cell
    seed: int
    number: int

    def run(self) -> tuple[int, str, float]:
        """Number of classes claimed (1 for none), the first gate that fails, and CPU seconds."""
        cell = self.cell
        key = [self.seed, self.number, cell.n, cell.positions, *cell.population.encode()]
        draw: Callable[[np.random.Generator, int, int], Float] = POPULATIONS[cell.population][1]
        values = draw(np.random.default_rng(key), cell.n, cell.positions)
        positions = ["pre", "peri", *(f"post{i + 1}" for i in range(cell.positions - 2))]
        begun = time.process_time()
        found = assess_classes(values, seed=self.number, positions=positions)
        seconds = round(time.process_time() - begun, 2)
        if found.passed:
            return found.n_classes, "none", seconds
        failed = next(gate.name for gate in found.gates if not gate.passed)
        return 1, "one class by BIC" if found.n_classes == 1 else failed, seconds


def row_of(cell: Cell, outcomes: list[tuple[int, str, float]]) -> dict[str, Any]:
    """A row of the table of results."""
    claimed = sum(classes > 1 for classes, _, _ in outcomes)
    right = sum(classes == cell.classes for classes, _, _ in outcomes)
    n = len(outcomes)
    reasons = Counter(reason for _, reason, _ in outcomes if reason != "none")
    stopped = ", ".join(f"{reason} {count}" for reason, count in reasons.most_common())
    seconds = float(np.median([each for _, _, each in outcomes]))
    said = f"split in {claimed} of {n}" if cell.classes == 1 else f"two classes in {right} of {n}"
    limit = (
        f"split in at most {MOST_FALSE} of 100"
        if cell.classes == 1
        else f"at least {LEAST_FOUND} of 100"
    )
    return {
        "what": f"gates for classes: {cell.words}",
        "measured": f"{said} ({seconds:.1f} s; first gate that fails: {stopped or 'none'})",
        "limit": limit,
    }


def outcomes(seed: int) -> dict[str, dict[int, tuple[int, str, float]]]:
    """What earlier runs have found: by cell and number of the data set."""
    found: dict[str, dict[int, tuple[int, str, float]]] = {}
    place = RESULTS / "gates" / f"{seed}.jsonl"
    for line in place.read_text(encoding="utf-8").splitlines() if place.is_file() else ():
        cell, number, *rest = json.loads(line)
        found.setdefault(cell, {})[number] = tuple(rest)
    return found


def keep(seed: int, cell: Cell, number: int, outcome: tuple[int, str, float]) -> None:
    """Add one data set's outcome."""
    place = RESULTS / "gates" / f"{seed}.jsonl"
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("a", encoding="utf-8") as file:
        file.write(json.dumps([cell.words, number, *outcome]) + "\n")


def show(seed: int) -> None:
    """Make the table of one seed."""
    found = outcomes(seed)
    rows = [row_of(cell, list(found[cell.words].values())) for cell in cells()
            if cell.words in found]  # fmt: skip
    save("gates", rows, seed=seed)


def main() -> None:
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reader.add_argument("--seed", type=int, default=2026)
    reader.add_argument("--sets", type=int, default=100)
    reader.add_argument("--cells", default="")
    reader.add_argument("--show", action="store_true")
    asked = reader.parse_args()
    if not asked.show:
        for cell in cells():
            if asked.cells not in cell.words:
                continue
            for number in range(asked.sets):
                if number not in outcomes(asked.seed).get(cell.words, {}):
                    keep(asked.seed, cell, number, Task(cell, asked.seed, number).run())
    show(asked.seed)


if __name__ == "__main__":
    main()
