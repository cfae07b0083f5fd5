"""Cohorts in which factors drift, or do not, with known truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from salutogen.analyses.contract import AnalysisInputs
from tests.analyses.inputs import inputs_of
from tests.norm.cohorts import simulated


def drifting(
    n: int = 250,
    occasions: int = 8,
    *,
    kept: float = 0.75,
    mood: float = -2.0,
    seed: int = 3,
    leave: bool = False,
) -> AnalysisInputs:
    """Problems follow each day's `mood`, which is kept from one occasion to the next by `kept`.

    `trait` acts too, and never changes; `noise` acts on nothing. With `leave`, those with many
    problems leave the study.
    """
    scores = simulated(n, occasions, seed=seed, missing=0.0, between=0.1, within=0.1)
    rng = np.random.default_rng([seed, 11])
    drift = np.empty((n, occasions))
    drift[:, 0] = rng.normal(size=n)
    for place in range(1, occasions):
        new = rng.normal(size=n) * np.sqrt(1 - kept**2)
        drift[:, place] = kept * drift[:, place - 1] + new
    trait = rng.normal(size=n)
    states, lasting = drift.ravel(), np.repeat(trait, occasions)
    table = scores.table.with_columns(
        (pl.col("P") + pl.Series(mood * states - 2 * lasting + 8)).clip(0, 36),
        pl.Series("factor:mood", states + rng.normal(0, 0.3, n * occasions)),
        pl.Series("factor:trait", lasting + rng.normal(0, 0.3, n * occasions)),
        pl.Series("factor:noise", rng.normal(size=n * occasions)),
    )  # fmt: skip
    if leave:
        P = table["P"].to_numpy().reshape(n, occasions)
        gone = np.cumsum(P[:, :-1] > np.quantile(P, 0.85), axis=1) > 0
        stays = np.column_stack([np.ones(n, dtype=bool), ~gone]).ravel()
        table = table.filter(pl.Series(stays))
    return inputs_of(
        replace(
            scores, table=table, factors_baseline=(), factors_repeated=("mood", "trait", "noise")
        )
    )
