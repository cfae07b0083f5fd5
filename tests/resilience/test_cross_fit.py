"""Scores by lines of other persons: against the formula for leaving one out, and by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm

from salutogen.norm import fit_norm
from salutogen.resilience import score_resilience
from salutogen.resilience.cross_fit import cross_fit
from tests.norm.cohorts import simulated

FOLDS = {"cross_fit": 5}


def test_leaving_each_person_out_is_the_formula_of_leverages() -> None:
    scores = simulated(40, 3)
    norm = fit_norm(scores)
    persons = score_resilience(scores, norm, bootstrap=0).persons
    found = cross_fit(norm, persons, folds=1000, seed=1)
    assert found is not None
    assert found.folds == 40
    X = sm.add_constant(persons["E"].to_numpy())
    h = sm.OLS(persons["P"].to_numpy(), X).fit().get_influence().hat_matrix_diag
    np.testing.assert_allclose(found.scores, persons["SR"] / (1 - h), rtol=1e-9)
    assert found.sd > found.sd_plain


def test_each_part_is_scored_by_the_others() -> None:
    scores = simulated(60, 3, norm=FOLDS | {"shape": "quadratic", "covariates": ["site"]})
    result = score_resilience(scores, fit_norm(scores), bootstrap=0)
    assert result.cross_fit is not None
    persons, own = result.persons, result.persons["SR_cross_fit"].to_numpy()
    E, P = persons["E"].to_numpy(), persons["P"].to_numpy()
    site = scores.persons["site"].gather(persons["person"]).to_numpy()
    X = np.column_stack([np.ones(60), E, E**2, site == "B", site == "C"]).astype(float)
    parts = np.random.default_rng([1, 0xC5F]).permutation(np.arange(60) % 5)
    for part in range(5):
        others, here = parts != part, parts == part
        b = sm.OLS(P[others], X[others]).fit().params
        np.testing.assert_allclose(own[here], (P - X @ b)[here], rtol=1e-6, atol=1e-8)
    told = result.to_dict()["cross_fit"]
    assert told["r"] == pytest.approx(np.corrcoef(own, persons["SR"])[0, 1])
    assert "cross-fitted" in [item.code for item in result.findings]


def test_nothing_is_made_where_nobody_asks() -> None:
    scores = simulated(30, 3)
    result = score_resilience(scores, fit_norm(scores), bootstrap=0)
    assert "SR_cross_fit" not in result.persons.columns
    assert "cross_fit" not in result.to_dict()


def test_a_line_of_another_study_needs_none() -> None:
    scores = simulated(30, 3)
    norm = replace(fit_norm(scores), external="norm.json")
    persons = score_resilience(scores, norm, bootstrap=0).persons
    assert cross_fit(norm, persons, folds=5, seed=1) is None
