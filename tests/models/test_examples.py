"""The examples in the docstrings of the models are true."""

from __future__ import annotations

import doctest
import importlib

import pytest


@pytest.mark.parametrize(
    "name",
    [
        "mixture.agreement",
        "imputation.chained",
        "imputation.design",
        "imputation.elsewhere",
        "imputation.reference_based.model",
        "interval_censored.exponential",
        "k_means.imputation",
        "mixture.model",
        "k_means.criteria",
        "regression.change_on_baseline",
        "regression.least_squares",
        "k_means.model",
        "mediation.model",
        "mixed.model",
        "mixed.random_intercept",
        "mixed.structured.residual_structures",
        "sem.change_scores.model",
        "sem.cross_lagged.model",
        "networks.graphical_lasso",
        "networks.multilevel_var",
        "pooling.e_value",
        "pooling.estimates",
        "pooling.meta_analysis",
        "short_repr",
        "state_space.model",
        "regression.splines",
    ],
)
def test_examples_in_docstrings(name):
    result = doctest.testmod(importlib.import_module(f"salutogen.models.{name}"))
    assert result.attempted > 0
    assert result.failed == 0
