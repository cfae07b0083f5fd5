"""Studies of a known flow: problems and exposure return to levels and move each other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
from scipy.linalg import expm, solve_continuous_lyapunov

from salutogen.analyses.contract import AnalysisInputs
from tests.analyses.inputs import inputs_of
from tests.norm.cohorts import scores_of, study

EVERY = 30.0
# Per day, in SDs of deviations: problems return within weeks; exposure moves them, not the reverse.
DRIFT = np.array([[-0.03, 0.02], [0.0, -0.02]])
SHOCKS = np.array([[0.05, 0.004], [0.004, 0.04]])
POINTS = (1.2, 6.0)  # of problems and exposure, for an SD of levels
LEVELS = np.array([[1.0, 0.4], [0.4, 1.0]])


def course(
    rng: np.random.Generator, days: np.ndarray, drift: np.ndarray, shocks: np.ndarray
) -> np.ndarray:
    """Deviations (persons, occasions, 2) at each person's own days (persons, occasions)."""
    n, occasions = days.shape
    rest = solve_continuous_lyapunov(drift, -shocks)
    now, made = rng.multivariate_normal([0, 0], rest, n), []
    for t in range(occasions):
        if t:
            for person, gap in enumerate(days[:, t] - days[:, t - 1]):
                left = expm(drift * gap)
                spread = np.linalg.cholesky(rest - left @ rest @ left.T)
                now[person] = left @ now[person] + spread @ rng.normal(size=2)
        made.append(now.copy())
    return np.stack(made, axis=1)


def flow_inputs(
    *,
    n: int = 200,
    occasions: int = 6,
    seed: int = 3,
    drift: Any = DRIFT,
    missing: float = 0.1,
    jitter: float = 6.0,
    timed: bool = True,
    common: float = 0.0,
    factor: bool = False,
) -> AnalysisInputs:
    """Problems with an SD of about 2 points, exposure of about 8; answers days off the plan.

    `common` moves everybody's problems and exposure at every other occasion. With `factor`,
    problems of persons with more optimism return faster.
    """
    rng = np.random.default_rng(seed)
    days = EVERY * np.arange(occasions) + rng.uniform(-jitter, jitter, (n, occasions))
    optimism = rng.normal(size=n)
    drifts = np.broadcast_to(np.asarray(drift), (n, 2, 2)).copy()
    if factor:
        drifts[:, 0, 0] = -0.03 * np.exp(0.5 * optimism)
        moved = np.concatenate([course(rng, days[[i]], drifts[i], SHOCKS) for i in range(n)])
    else:
        moved = course(rng, days, drifts[0], SHOCKS)
    levels = rng.multivariate_normal([0, 0], LEVELS, n)
    values = levels[:, None] + moved + common * (np.arange(occasions) % 2)[None, :, None]
    person, occasion = np.nonzero(rng.random((n, occasions)) >= missing)
    at = (person, occasion)
    P, E = 18 + POINTS[0] * values[..., 0], 80 + POINTS[1] * values[..., 1]
    plan = study([f"T{index}" for index in range(occasions)])
    planned = tuple(replace(one, day=EVERY * one.index) for one in plan.occasions)
    plan = replace(plan, occasions=planned)
    persons = pl.DataFrame(
        {
            "person": np.arange(n, dtype=np.uint32),
            "subject": [f"s {index}" for index in range(n)],
            "site": [("A", "B")[index % 2] for index in range(n)],
            "optimism": optimism,
        }
    )
    scores = scores_of(
        plan, person, occasion, P[at], 0.4 * E[at], 0.6 * E[at],
        persons=persons, factors=("optimism",), time=days[at] if timed else EVERY * occasion,
    )  # fmt: skip
    return inputs_of(scores)
