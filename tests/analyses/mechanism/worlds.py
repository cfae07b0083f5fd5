"""Studies in which a mechanism is at work, or something that looks like one, and both by hand."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import polars as pl

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.mechanism.analysis import MechanismResult, compute
from salutogen.analyses.mechanism.settings import MechanismSettings
from tests.analyses.inputs import inputs_of
from tests.norm.cohorts import simulated

PLAIN = {"factor": "optimism", "mechanism": "coping", "bootstrap": 300}


@cache
def study(world: str = "mechanism", *, n: int = 240, **parts: Any) -> AnalysisInputs:
    """Optimism at baseline, coping at every occasion; problems follow one of five worlds.

    `mechanism`: optimism goes with coping, which lowers problems at all times. `change`: optimism
    raises coping after the first occasion, and this lowers later problems. `reversed`: optimism
    lowers problems, and these lower coping. `alone`: optimism raises coping, which does nothing.
    `exposed`: coping goes with fewer stressors, and does nothing else.
    """
    scores = simulated(n, 5, missing=0.1, **parts)
    rng = np.random.default_rng(11)
    optimism = rng.normal(10, 2, n)
    person = scores.table["person"].to_numpy()
    own = scores.persons["optimism"].to_numpy()
    trait = 0.5 * optimism + rng.normal(0, 1.5, n)
    P, E = (scores.table[name].to_numpy().astype(float) for name in ("P", "E"))
    moved = {"mechanism": -1.5 * (trait - trait.mean()), "reversed": -1.0 * (optimism - 10)}
    P = np.clip(P + moved.get(world, np.zeros(n))[person], 0, 36)
    coping = trait[person] + rng.normal(0, 0.7, person.size)
    if world == "reversed":
        coping = 8 - 0.4 * P + rng.normal(0, 0.7, person.size)
    if world == "change":
        now = scores.table["occasion_index"].to_numpy()
        raised = 0.5 * (optimism - 10) + rng.normal(0, 1, n)
        coping = 5 + (raised * 1.0)[person] * (now >= 1) + rng.normal(0, 0.7, person.size)
        P = np.clip(P - 1.5 * raised[person] * (now >= 2), 0, 36)
    if world == "exposed":
        coping = 8 + 0.3 * optimism[person] - 0.1 * E + rng.normal(0, 0.7, person.size)
    table = scores.table.with_columns(
        pl.Series("P", P),
        pl.Series("factor:coping", coping),
        pl.Series("factor:optimism_now", coping),
    )
    persons = scores.persons.with_columns(
        pl.Series("optimism", optimism), pl.Series("stable", own * 0 + 1.0)
    )
    return inputs_of(
        replace(
            scores,
            table=table,
            persons=persons,
            factors_baseline=("optimism", "stable"),
            factors_repeated=("coping", "optimism_now"),
        )
    )


@cache
def result(world: str = "mechanism", **settings: Any) -> MechanismResult:
    return compute(study(world), MechanismSettings(**PLAIN | settings))


def by_hand(inputs: AnalysisInputs) -> dict[str, np.ndarray]:
    """Persons with coping at the second occasion and valid later ones."""
    table = inputs.scores.table
    mechanism = table.filter(pl.col("occasion_index") == 1).select("person", m="factor:coping")
    later = (
        table.filter(pl.col("valid") & (pl.col("occasion_index") > 1))
        .group_by("person", maintain_order=True)
        .agg(pl.col("E", "P").mean())
    )
    factor = inputs.scores.persons.select("person", x="optimism", age="age")
    joined = factor.join(mechanism, on="person").join(later, on="person").sort("person")
    return {name: joined[name].to_numpy() for name in ("x", "m", "E", "P", "age")}


def ols(y: np.ndarray, *columns: np.ndarray) -> np.ndarray:
    return np.linalg.lstsq(np.column_stack([np.ones(len(y)), *columns]), y, rcond=None)[0][1:]
