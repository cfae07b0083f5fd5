"""How often the gates for classes split one continuous population, and pass two classes.

    python benchmarks/bench_gates.py [--seed S] [--sets N] [--cells WORDS] [--show]

Through `assess_classes` with its defaults, on the populations of `course_populations.py`. Each data
set that has ended is kept in `results/gates.json` under the seed, so that a run can be stopped and
gone on with; `--sets` is the number of data sets for each cell, `--cells` takes only cells whose
words contain it, `--show` prints what is kept.
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
from salutogen.models import executor_for

Float = NDArray[np.float64]
KEPT = RESULTS / "gates.json"
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


def run_task(task: Task) -> tuple[int, str, float]:
    """Run in a worker."""
    return task.run()


def row_of(cell: Cell, outcomes: list[list[Any]]) -> dict[str, Any]:
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


def kept() -> dict[str, dict[str, dict[str, list[Any]]]]:
    """What earlier runs have found: by seed, cell and number of the data set."""
    if not KEPT.is_file():
        return {}
    outcomes: dict[str, dict[str, dict[str, list[Any]]]] = json.loads(
        KEPT.read_text(encoding="utf-8")
    )["outcomes"]
    return outcomes


def keep(outcomes: dict[str, dict[str, dict[str, list[Any]]]], seed: str) -> None:
    """Write the table of one seed, and every outcome."""
    own = outcomes.get(seed, {})
    rows = [row_of(cell, list(own[cell.words].values())) for cell in cells() if own.get(cell.words)]
    save("gates", rows, seed=int(seed), outcomes=outcomes)


def main() -> None:
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reader.add_argument("--seed", type=int, default=2026)
    reader.add_argument("--sets", type=int, default=100)
    reader.add_argument("--cells", default="")
    reader.add_argument("--show", action="store_true")
    asked = reader.parse_args()
    outcomes, seed = kept(), str(asked.seed)
    if asked.show:
        keep(outcomes, seed)
        return
    own = outcomes.setdefault(seed, {})
    with executor_for() as pool:
        for cell in cells():
            if asked.cells not in cell.words:
                continue
            done = own.setdefault(cell.words, {})
            numbers = [number for number in range(asked.sets) if str(number) not in done]
            tasks = [Task(cell, asked.seed, number) for number in numbers]
            for number, found in zip(numbers, pool.map(run_task, tasks), strict=True):
                done[str(number)] = list(found)
            if numbers:
                keep(outcomes, seed)


if __name__ == "__main__":
    main()
