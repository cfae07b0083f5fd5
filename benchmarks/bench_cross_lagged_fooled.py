"""What cross-lagged panel models say where their assumptions do not hold.

    python benchmarks/bench_cross_lagged_fooled.py [quick]

400 persons × 5 occasions, 150 studies of each kind. Where not said otherwise, neither x nor y moves
the other. Shares of studies that claim each cross-lag (p < .05, robust errors), and mean estimates,
with and without random intercepts. `quick` makes 30 studies and keeps nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from measuring import save

from salutogen.models import CrossLaggedPanel, executor_for
from salutogen.models.parallel.executors import run_each

STUDIES = 150
PERSONS, OCCASIONS = 400, 5
BURN_IN = 10
NAMES = ("y<-x", "x<-y")


def course(rng: np.random.Generator, lags: Any, levels: float, occasions: int) -> np.ndarray:
    """Values (persons, occasions, 2): levels that go together, deviations that have settled."""
    level = levels * rng.normal(size=(PERSONS, 2)) @ np.array([[1, 0.6], [0, 0.8]])
    deviation, values = np.zeros((PERSONS, 2)), []
    for t in range(BURN_IN + occasions):
        deviation = deviation @ np.asarray(lags).T + rng.normal(size=(PERSONS, 2))
        if t >= BURN_IN:
            values.append(level + deviation)
    return np.stack(values, axis=1)


def forward(rng: np.random.Generator) -> np.ndarray:
    """Let x move y."""
    return course(rng, [[0.25, 0.0], [0.2, 0.25]], 1.0, OCCASIONS)


def reversed_cause(rng: np.random.Generator) -> np.ndarray:
    """Let y move x, which moves nothing."""
    return course(rng, [[0.25, 0.2], [0.0, 0.25]], 1.0, OCCASIONS)


def lasting(rng: np.random.Generator) -> np.ndarray:
    """Only the levels go together."""
    return course(rng, [[0.25, 0.0], [0.0, 0.25]], 1.0, OCCASIONS)


def third(rng: np.random.Generator) -> np.ndarray:
    """A third variable moves x at the next occasion and y one occasion later."""
    values = course(rng, [[0.2, 0.0], [0.0, 0.2]], 1.0, OCCASIONS)
    cause = rng.normal(size=(PERSONS, OCCASIONS + 2))
    for t in range(1, OCCASIONS + 2):
        cause[:, t] += 0.4 * cause[:, t - 1]
    values[:, :, 0] += 0.5 * cause[:, 1:-1]
    values[:, :, 1] += 0.5 * cause[:, :-2]
    return values


def windows(rng: np.random.Generator) -> np.ndarray:
    """Nothing moves anything, but x reports the time up to now and y also the time before."""
    states = course(rng, [[0.0, 0.0], [0.0, 0.0]], 1.0, OCCASIONS + 1)
    shared = rng.normal(size=(PERSONS, OCCASIONS + 1))
    x = states[:, 1:, 0] + shared[:, 1:]
    y = states[:, 1:, 1] + (shared[:, 1:] + shared[:, :-1]) / 2
    return np.stack([x, y], axis=2)


def mood(rng: np.random.Generator) -> np.ndarray:
    """The mood of the day colours both reports, and fades over occasions."""
    values = course(rng, [[0.25, 0.0], [0.0, 0.25]], 1.0, OCCASIONS)
    colour = rng.normal(size=(PERSONS, OCCASIONS))
    for t in range(1, OCCASIONS):
        colour[:, t] = 0.5 * colour[:, t - 1] + np.sqrt(0.75) * colour[:, t]
    return values + 0.7 * colour[:, :, None]


def noise(rng: np.random.Generator) -> np.ndarray:
    """Let x move y, while 30 % of the variance within persons is error of measurement."""
    values = course(rng, [[0.25, 0.0], [0.2, 0.25]], 1.0, OCCASIONS)
    return values + np.sqrt(0.43) * rng.normal(size=values.shape)


def drift(rng: np.random.Generator) -> np.ndarray:
    """Levels are not lasting: persons drift, each in both variables in the same direction."""
    values = course(rng, [[0.25, 0.0], [0.0, 0.25]], 1.0, OCCASIONS)
    slope = 0.35 * rng.normal(size=PERSONS)
    return values + slope[:, None, None] * np.arange(OCCASIONS)[None, :, None]


KINDS: dict[str, tuple[str, Callable[[np.random.Generator], np.ndarray]]] = {
    "forward": ("x moves y (.20)", forward),
    "reversed": ("y moves x (.20), not the reverse", reversed_cause),
    "levels": ("only lasting levels go together", lasting),
    "third": ("a third cause moves x first, y an occasion later", third),
    "windows": ("y reports a longer time than x, shared events", windows),
    "mood": ("a mood that fades over occasions colours both reports", mood),
    "noise": ("x moves y (.20), 30 % of what varies within persons is error", noise),
    "drift": ("persons drift, both variables alike", drift),
}


def answers(work: tuple[str, np.random.SeedSequence]) -> list[tuple[float, bool]]:
    """Estimate and claim of each cross-lag, with and without random intercepts."""
    kind, seed = work
    values = KINDS[kind][1](np.random.default_rng(seed))
    rows = {
        "id": np.repeat(np.arange(PERSONS), OCCASIONS),
        "wave": np.tile(np.arange(OCCASIONS), PERSONS),
        "x": values[:, :, 0].ravel(),
        "y": values[:, :, 1].ravel(),
    }
    found = []
    for random_intercepts in (True, False):
        result = CrossLaggedPanel(
            outcomes=("x", "y"),
            person="id",
            occasion="wave",
            random_intercepts=random_intercepts,
            standard_errors="robust",
        ).fit(rows)
        for name in NAMES:
            estimate, error = result.estimates[name], result.standard_errors[name]
            found.append((estimate, abs(estimate) > 1.959964 * error))
        found.append((result.fit_indices["rmsea"], result.fit_indices["p_scaled"] < 0.05))
    return found


def lines(kind: str, found: list[list[tuple[float, bool]]]) -> list[dict[str, Any]]:
    """Rows of the table for one kind."""
    mean = np.mean(np.array(found, dtype=float), axis=0)
    rows = []
    for model, start in (("with random intercepts", 0), ("without", 3)):
        parts = [
            f"{name} {mean[start + i, 0]:+.2f}, claimed in {100 * mean[start + i, 1]:.0f} %"
            for i, name in enumerate(NAMES)
        ]
        fit = f"fit rejected in {100 * mean[start + 2, 1]:.0f} % (RMSEA {mean[start + 2, 0]:.3f})"
        rows.append(
            {"what": f"{KINDS[kind][0]}: cross-lags {model}", "measured": "; ".join([*parts, fit])}
        )
    return rows


def main() -> None:
    studies = 30 if "quick" in sys.argv[1:] else STUDIES
    table = []
    with executor_for() as executor:
        for number, kind in enumerate(KINDS):
            seeds = np.random.SeedSequence([77, number]).spawn(studies)
            table += lines(
                kind, run_each(answers, [(kind, seed) for seed in seeds], executor=executor)
            )
    if studies < STUDIES:
        for row in table:
            print(row["what"], row["measured"])
        return
    save("cross_lagged_fooled", table, studies=studies, persons=PERSONS, occasions=OCCASIONS)


if __name__ == "__main__":
    main()
