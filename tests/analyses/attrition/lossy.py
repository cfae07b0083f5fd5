"""A cohort from which persons are lost by the problems that were last seen of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from salutogen.analyses.contract import AnalysisInputs, AnalysisResult
from salutogen.scores import Scores
from tests.analyses.inputs import inputs_of
from tests.norm.cohorts import simulated


def lossy(
    n: int = 300,
    occasions: int = 6,
    *,
    seed: int = 3,
    chance: float = -2.2,
    by_problems: float = 0.8,
    missing: float = 0.05,
    **parts: Any,
) -> Scores:
    """The simulated cohort; the log odds of loss are `chance` at mean problems."""
    scores = simulated(n, occasions, seed=seed, missing=missing, **parts)
    rng = np.random.default_rng([seed, 9])
    table = scores.table
    P = table["P"].to_numpy()
    odds = chance + by_problems * (P - P.mean()) / P.std()
    occasion = table["occasion_index"].to_numpy()
    goes = (rng.random(P.size) < 1 / (1 + np.exp(-odds))) & (occasion < occasions - 1)
    person = table["person"].to_numpy()
    stops = np.full(n, occasions)
    np.minimum.at(stops, person[goes], occasion[goes])
    background = {"age": {"column": "age"}, "site": {"column": "site", "kind": "category"}}
    plan = scores.study.plan
    kept = table.filter(pl.Series(occasion <= stops[person]))
    study = replace(
        scores.study, plan=plan.model_validate(plan.model_dump(mode="json", by_alias=True,
                                                               exclude_unset=True)
                                               | {"background": background})
    )  # fmt: skip
    return replace(scores, table=kept, study=study)


def lossy_inputs(before: dict[str, AnalysisResult] | None = None, **given: Any) -> AnalysisInputs:
    """Inputs of such a cohort."""
    return replace(inputs_of(lossy(**given)), before=before or {})
