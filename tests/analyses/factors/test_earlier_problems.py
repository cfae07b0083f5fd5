"""Factors at equal earlier problems and exposure: what follows from problems, and what does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm

from salutogen.analyses.factors.analysis import compute
from tests.analyses.factors.test_factors import by_name, later_means, settings
from tests.analyses.inputs import inputs_of
from tests.norm.cohorts import simulated


def test_what_follows_from_problems_is_not_shown_at_equal_earlier_problems() -> None:
    scores = simulated(400, 6, missing=0.0)
    rng = np.random.default_rng(6)
    P = scores.table["P"].to_numpy().reshape(400, 6)
    F = rng.normal(0, 3, (400, 6))
    F[:, 1:] -= P[:, :-1]
    table = scores.table.with_columns(pl.Series("factor:contact", F.ravel()))
    inputs = inputs_of(replace(scores, table=table, factors_repeated=("contact",)))
    asked = settings(factors=["contact", "optimism"], measured={"contact": "T3"}, **{"from": "T4"})
    found = by_name(compute(inputs, asked))
    assert found["contact"].claimed
    given = found["contact"].given_earlier_problems
    assert given is not None
    assert abs(given.two_step.b) < abs(found["contact"].two_step.b) / 2
    # The very model, by hand.
    means = later_means(inputs, first=4)
    E = scores.table["E"].to_numpy().reshape(400, 6)
    X = np.column_stack([P[:, :4].mean(axis=1), E[:, :4].mean(axis=1), F[:, 3]])
    other = sm.OLS(means["SR"], sm.add_constant(X)).fit()
    assert given.two_step.b == pytest.approx(other.params[-1])
    # A baseline factor is measured at the first occasion.
    first = found["optimism"].given_earlier_problems
    assert first is not None
    assert first.two_step.clear


@pytest.mark.lengthy
def test_a_factor_that_goes_with_exposure_alone_shows_nothing_at_equal_earlier_problems() -> None:
    """At equal earlier problems who met less has the higher level: exposure must be equal, too."""
    false = {"two_step": 0, "one_step": 0}
    for seed in range(30):
        scores = simulated(250, 4, seed=seed, between=0.2, within=0.2, missing=0.0)
        level = scores.table.group_by("person", maintain_order=True).agg(pl.col("E").mean())["E"]
        comfort = -level + np.random.default_rng([seed, 5]).normal(0, 12, 250)
        persons = scores.persons.with_columns(comfort.alias("comfort"))
        inputs = inputs_of(replace(scores, persons=persons, factors_baseline=("comfort",)))
        (found,) = compute(inputs, settings(draws=200)).factors
        given = found.given_earlier_problems
        assert given is not None
        for step in false:
            false[step] += getattr(given, step).clear
    assert max(false.values()) <= 3
