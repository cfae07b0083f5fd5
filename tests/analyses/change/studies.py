"""Studies of a known order: problems, exposure and a repeated factor, with lasting levels."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from salutogen.analyses.contract import AnalysisInputs
from tests.analyses.inputs import inputs_of
from tests.norm.cohorts import scores_of, study

BURN_IN = 10


def course(rng: np.random.Generator, lags: Any, n: int, occasions: int) -> np.ndarray:
    """Levels that go together, and deviations (n, occasions, 2) that have settled.

    `lags` (2, 2) of all persons, or (n, 2, 2) of each.
    """
    level = rng.normal(size=(n, 2)) @ np.array([[1, -0.6], [0, 0.8]])
    deviation, values = np.zeros((n, 2)), []
    for t in range(BURN_IN + occasions):
        moved = np.einsum("...ij,...j->...i", np.asarray(lags), deviation)
        deviation = moved + rng.normal(size=(n, 2))
        if t >= BURN_IN:
            values.append(level + deviation)
    return np.stack(values, axis=1)


def change_inputs(
    lags: Any = ((0.25, -0.3), (0.0, 0.25)),
    *,
    n: int = 300,
    occasions: int = 4,
    seed: int = 3,
    missing: float = 0.1,
    to_exposure: float = 0.0,
    days: list[float] | None = None,
) -> AnalysisInputs:
    """Row 0 of `lags` is what problems depend on: themselves and support, an occasion before.

    Exposure goes with problems of the same occasion, and follows problems by `to_exposure`.
    """
    rng = np.random.default_rng(seed)
    values = course(rng, lags, n, occasions)
    person, occasion = np.nonzero(rng.random((n, occasions)) >= missing)
    level = rng.normal(40, 6, n)
    earlier = np.column_stack([np.zeros(n), values[:, :-1, 0]])
    E = level[:, None] + rng.normal(0, 4, (n, occasions)) + to_exposure * earlier
    P = 12 + 2 * values[:, :, 0] + 0.15 * E
    plan = study([f"T{index}" for index in range(occasions)])
    if days is not None:
        planned = tuple(
            replace(one, day=day) for one, day in zip(plan.occasions, days, strict=True)
        )
        plan = replace(plan, occasions=planned)
    persons = pl.DataFrame(
        {
            "person": np.arange(n, dtype=np.uint32),
            "subject": [f"s {index}" for index in range(n)],
            "age": rng.integers(18, 70, n).astype(float),
            "site": [("A", "B", "C")[index % 3] for index in range(n)],
            "optimism": rng.normal(size=n),
        }
    )
    at = (person, occasion)
    time = None if days is None else np.array(days)[occasion]
    scores = scores_of(
        plan, person, occasion, P[at], 0.4 * E[at], 0.6 * E[at],
        persons=persons, factors=("optimism",), time=time,
    )  # fmt: skip
    support = pl.Series("factor:support", 20 + 3 * values[:, :, 1][at])
    scores = replace(
        scores, factors_repeated=("support",), table=scores.table.with_columns(support)
    )
    return inputs_of(scores)
