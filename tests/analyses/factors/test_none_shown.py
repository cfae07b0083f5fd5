"""A short answer for factors of which nothing is shown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from salutogen.analyses.factors.analysis import compute
from salutogen.analyses.factors.settings import FactorsSettings
from tests.analyses.inputs import inputs_of
from tests.norm.cohorts import simulated


def test_nothing_shown_is_said_with_its_size() -> None:
    scores = simulated(150, 5, missing=0.0)
    chance = pl.Series("optimism", np.random.default_rng(9).normal(size=150))
    nothing = replace(scores, persons=scores.persons.with_columns(chance))
    result = compute(inputs_of(nothing), FactorsSettings.model_validate({"draws": 200}))
    (item,) = result.factors
    assert not item.claimed
    told = str(result.in_short())
    assert told.startswith("that optimism (")
    assert "SDs per SD" in told
    assert told.endswith("goes with SR over occasions T1 to T4 is not shown in both ways of asking")
    several = replace(result, factors=(item,) * 4)
    assert str(several.in_short()) == (
        "none of 4 factors is shown to go with SR over occasions T1 to T4"
    )
