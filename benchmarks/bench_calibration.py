"""Are the gates calibrated? One kind of persons stays one class, three kinds are found.

    python benchmarks/bench_calibration.py [quick | REPLICATES]

Through `assess_classes`, which the analysis of trajectories uses, with its defaults. Seeded data
of persons × 4 positions: of one kind (normal, skewed, stopped at a floor), and of three kinds
(resilient, recovery, chronic). Replicates run on all cores, one thread each.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from measuring import save
from numpy.typing import NDArray

from salutogen.analyses.trajectories import assess_classes
from salutogen.models import executor_for

Float = NDArray[np.float64]
Generator = np.random.Generator

MEAN = np.array([0.0, 0.6, 0.3, 0.1])
KINDS = np.array([[0.0, 0.5, 0.2, 0.0], [0.0, 4.0, 1.5, 0.5], [0.5, 4.0, 4.5, 4.0]])
MISSING = 0.05


def persons(generator: Generator, n: int, levels: Float) -> Float:
    """Levels, slopes with SD .2 per position, residuals with SD .8, 5 % of the values missing."""
    slopes = 0.2 * generator.normal(size=(n, 1)) * np.arange(-1, 3)
    values: Float = MEAN + levels[:, None] + slopes + 0.8 * generator.normal(size=(n, 4))
    return values


def normal(generator: Generator, n: int) -> Float:
    return persons(generator, n, generator.normal(size=n))


def skewed(generator: Generator, n: int) -> Float:
    """Levels from a gamma distribution with skewness 1.6."""
    return persons(generator, n, (generator.gamma(1.5, size=n) - 1.5) / np.sqrt(1.5))


def very_skewed(generator: Generator, n: int) -> Float:
    """Levels and residuals from exponential distributions (skewness 2)."""
    levels = generator.exponential(size=(n, 1)) - 1
    values: Float = MEAN + levels + 0.8 * (generator.exponential(size=(n, 4)) - 1)
    return values


def floored(generator: Generator, n: int) -> Float:
    """A third of the values lie on the floor."""
    return np.maximum(normal(generator, n), -0.3)


def slightly_floored(generator: Generator, n: int) -> Float:
    """An eighth of the values lie on the floor."""
    return np.maximum(normal(generator, n), -1.2)


def three(generator: Generator, n: int) -> Float:
    """Half resilient, three in ten recovering, two in ten chronic."""
    kind = generator.choice(3, size=n, p=(0.5, 0.3, 0.2))
    level = 0.6 * generator.normal(size=(n, 1))
    values: Float = KINDS[kind] + level + 0.8 * generator.normal(size=(n, 4))
    return values


def three_with_slopes(generator: Generator, n: int) -> Float:
    """As `three`, with shares .6, .25 and .15, and persons of a class who differ in slope too."""
    kind = generator.choice(3, size=n, p=(0.6, 0.25, 0.15))
    slopes = 0.2 * generator.normal(size=(n, 1)) * np.arange(-1, 3)
    level = 0.6 * generator.normal(size=(n, 1))
    values: Float = KINDS[kind] + level + slopes + 0.8 * generator.normal(size=(n, 4))
    return values


@dataclass(frozen=True)
class Case:
    """Data of one sort, and how many replicates in a hundred are to end as they should."""

    draw: Callable[[Generator, int], Float]
    n: int
    classes: int
    least: int

    @property
    def words(self) -> str:
        """For the table of results."""
        kinds = "one kind" if self.classes == 1 else f"{self.classes} kinds"
        return f"{kinds}, {self.draw.__name__.replace('_', ' ')}, N = {self.n}"


CASES = (
    Case(normal, 300, 1, 90),
    Case(skewed, 300, 1, 90),
    Case(very_skewed, 300, 1, 90),
    Case(floored, 300, 1, 90),
    Case(slightly_floored, 300, 1, 90),
    Case(three, 300, 3, 80),
    Case(three_with_slopes, 300, 3, 80),
)


def replicate(task: tuple[int, int]) -> tuple[int, str, float]:
    """Number of classes claimed (1 for none), what stood in the way, and seconds."""
    place, number = task
    case = CASES[place]
    generator = np.random.default_rng([2026, place, number])
    values = case.draw(generator, case.n)
    values[generator.random(values.shape) < MISSING] = np.nan
    begun = time.perf_counter()
    found = assess_classes(values, seed=number)
    seconds = time.perf_counter() - begun
    if found.passed:
        return found.n_classes, "none", seconds
    first = next(gate.name for gate in found.gates if not gate.passed)
    return 1, "one class by BIC" if found.n_classes == 1 else first, seconds


def row_of(case: Case, outcomes: list[tuple[int, str, float]]) -> dict[str, Any]:
    """A row of the table of results."""
    right = sum(claimed == case.classes for claimed, _, _ in outcomes)
    reasons = Counter(reason for _, reason, _ in outcomes)
    seconds = float(np.median([each for _, _, each in outcomes]))
    stopped = ", ".join(f"{reason} {n}" for reason, n in sorted(reasons.items()))
    wanted = "one class" if case.classes == 1 else f"{case.classes} classes"
    return {
        "what": f"gates for classes: {case.words}",
        "measured": f"{wanted} in {right} of {len(outcomes)} ({seconds:.1f} s each; first gate "
        f"that fails: {stopped})",
        "limit": f"{case.least} of 100",
    }


def rows_of(replicates: int) -> list[dict[str, Any]]:
    """Run all cases on all cores."""
    rows = []
    with executor_for() as pool:
        for place, case in enumerate(CASES):
            tasks = [(place, number) for number in range(replicates)]
            rows.append(row_of(case, list(pool.map(replicate, tasks, chunksize=2))))
    return rows


def main() -> None:
    given = sys.argv[1] if len(sys.argv) > 1 else "100"
    save("calibration", rows_of(10 if given == "quick" else int(given)))


if __name__ == "__main__":
    main()
