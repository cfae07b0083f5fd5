"""The examples in the docstrings of the models are true."""

from __future__ import annotations

import doctest
import importlib

import pytest


@pytest.mark.parametrize(
    "name",
    [
        "agreement",
        "imputation",
        "growth_mixture",
        "k_means_criteria",
        "least_squares",
        "longitudinal_k_means",
        "mixed_model",
        "random_intercept",
        "splines",
    ],
)
def test_examples_in_docstrings(name):
    result = doctest.testmod(importlib.import_module(f"salutogen.models.{name}"))
    assert result.attempted > 0
    assert result.failed == 0
