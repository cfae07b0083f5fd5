"""What the models of the step `change` claim where the order of things is known.

    python benchmarks/bench_what_comes_first.py [quick]

400 persons × 5 occasions, 40 studies of each kind, as in `bench_cross_lagged_fooled.py`; here with
the lagged regression beside both cross-lagged models, and with what was left out measured. Shares
of studies that claim each effect (p < .05) and mean estimates. `quick` makes 10 studies and keeps
nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from bench_cross_lagged_fooled import (
    OCCASIONS,
    PERSONS,
    course,
    forward,
    lasting,
    mood,
    reversed_cause,
    windows,
)
from measuring import save

from salutogen.analyses.change.lagged_regression import lagged_regression
from salutogen.analyses.change.panel_models import PanelModel
from salutogen.analyses.change.paths import PLAIN, RANDOM, REGRESSION, Path

STUDIES = 40
NAMES = ("x → y", "y → x")
LABELS = tuple(f"T{t}" for t in range(OCCASIONS))
Study = tuple[dict[str, np.ndarray], dict[str, np.ndarray]]


def two(draw: Callable[[np.random.Generator], np.ndarray]) -> Callable[..., Study]:
    """Give x and y of a study, without covariates."""

    def study(rng: np.random.Generator) -> Study:
        values = draw(rng)
        return {"x": values[:, :, 0], "y": values[:, :, 1]}, {}

    return study


def third(rng: np.random.Generator, *, measured: bool) -> Study:
    """A cause that changes moves x at the next occasion, and y one occasion later."""
    values = course(rng, [[0.2, 0.0], [0.0, 0.2]], 1.0, OCCASIONS)
    cause = rng.normal(size=(PERSONS, OCCASIONS + 2))
    for t in range(1, OCCASIONS + 2):
        cause[:, t] += 0.4 * cause[:, t - 1]
    x, y = values[:, :, 0] + 0.5 * cause[:, 1:-1], values[:, :, 1] + 0.5 * cause[:, :-2]
    return {"x": x, "y": y} | ({"cause": cause[:, 1:-1]} if measured else {}), {}


def lasting_cause(rng: np.random.Generator) -> Study:
    """Levels of x and y go together through one lasting cause, which was measured."""
    values = course(rng, [[0.25, 0.0], [0.0, 0.25]], 0.0, OCCASIONS)
    cause = rng.normal(size=PERSONS)
    values = values + cause[:, None, None]
    return {"x": values[:, :, 0], "y": values[:, :, 1]}, {"cause": cause}


KINDS: dict[str, tuple[str, Callable[[np.random.Generator], Study]]] = {
    "forward": ("x moves y (.20)", two(forward)),
    "reversed": ("y moves x (.20), not the reverse", two(reversed_cause)),
    "levels": ("only lasting levels go together", two(lasting)),
    "covariate": ("levels go together through a cause that is a covariate", lasting_cause),
    "third": ("a cause left out moves x first, y an occasion later",
              lambda rng: third(rng, measured=False)),
    "measured": ("the same cause as a third variable", lambda rng: third(rng, measured=True)),
    "windows": ("y reports a longer time than x, shared events", two(windows)),
    "mood": ("a mood that fades over occasions colours both reports", two(mood)),
    "two lags": ("the cause as a third variable, with two lags",
                 lambda rng: third(rng, measured=True)),
}  # fmt: skip


def claims(paths: list[Path]) -> list[tuple[float, bool]]:
    """Estimate and claim of both effects."""
    told = {path.told: path for path in paths}
    return [(told[name].estimate, told[name].p < 0.05) for name in NAMES]


def answers(kind: str, seed: np.random.SeedSequence) -> list[tuple[float, bool]]:
    """Estimates and claims of each model in one study."""
    values, covariates = KINDS[kind][1](np.random.default_rng(seed))
    lag = 2 if kind == "two lags" else 1
    plan = PanelModel(values=values, occasions=LABELS, lag=lag, covariates=covariates)
    found = []
    for random_intercepts in (True, False):
        found += claims(plan.fit(random_intercepts=random_intercepts, free=False).paths())
    made = lagged_regression(values, LABELS, lag=lag, free=False, covariates=covariates)
    return found + claims(made.paths)


def rows_of(kind: str, found: list[list[tuple[float, bool]]]) -> list[dict[str, Any]]:
    """Rows of the table for one kind."""
    mean = np.mean(np.array(found, dtype=float), axis=0)
    rows = []
    for model, start in ((RANDOM, 0), (PLAIN, 2), (REGRESSION, 4)):
        parts = [
            f"{name} {mean[start + i, 0]:+.2f}, claimed in {100 * mean[start + i, 1]:.0f} %"
            for i, name in enumerate(NAMES)
        ]
        rows.append({"what": f"{KINDS[kind][0]}: {model}", "measured": "; ".join(parts)})
    return rows


def main() -> None:
    studies = 10 if "quick" in sys.argv[1:] else STUDIES
    table = []
    for number, kind in enumerate(KINDS):
        seeds = np.random.SeedSequence([78, number]).spawn(studies)
        table += rows_of(kind, [answers(kind, seed) for seed in seeds])
    if studies < STUDIES:
        for row in table:
            print(row["what"], "|", row["measured"])
        return
    save("what_comes_first", table, studies=studies, persons=PERSONS, occasions=OCCASIONS)


if __name__ == "__main__":
    main()
