"""Sensitivity to a confounder of mechanism and outcome: known confounding is undone."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.errors import ModelError
from salutogen.models import mediate


def test_the_true_correlation_of_errors_gives_the_true_effect():
    """Errors of mechanism and outcome correlate by .5; the outcome's own path is .3."""
    rng = np.random.default_rng(1)
    n, rho, b = 40_000, 0.5, 0.3
    x = rng.normal(size=n)
    error_m = rng.normal(size=n)
    error_y = 2 * (rho * error_m + np.sqrt(1 - rho**2) * rng.normal(size=n))
    m = 0.6 * x + error_m
    y = b * m + 0.2 * x + error_y
    found = mediate(
        factor="x", mechanism="m", outcome="y", data={"x": x, "m": m, "y": y}, bootstrap=2
    )
    # In the theorem errors are those of the outcome without the mechanism: b * e_m + e_y.
    told = found.sensitivity["indirect"]
    between = np.corrcoef(error_m, b * error_m + error_y)[0, 1]
    assert found.indirect > 0.7
    assert told.rho_at_zero == pytest.approx(between, abs=0.02)
    assert told.indirect(told.rho_at_zero) == pytest.approx(0, abs=1e-12)
    assert told.indirect(rho) == pytest.approx(0.6 * b, abs=0.03)


def test_curve_is_the_regression_with_a_confounder_of_that_strength():
    """Brute force: solve for the path that leaves errors with a given correlation."""
    rng = np.random.default_rng(2)
    n = 300
    x = rng.normal(size=n)
    m = 0.5 * x + rng.normal(size=n)
    y = -0.4 * m + rng.normal(size=n)
    found = mediate(
        factor="x", mechanism="m", outcome="y", data={"x": x, "m": m, "y": y}, bootstrap=2
    )
    X = np.column_stack([np.ones(n), x])
    left_m, left_y = (v - X @ np.linalg.lstsq(X, v, rcond=None)[0] for v in (m, y))
    for rho in (-0.6, -0.2, 0.0, 0.4):
        told = found.sensitivity["indirect"].indirect(rho)
        path = told / found.a
        errors = np.corrcoef(left_m, left_y - path * left_m)[0, 1]
        assert errors == pytest.approx(rho, abs=1e-9)
    assert found.rho_at_zero == pytest.approx(np.corrcoef(left_m, left_y)[0, 1], rel=1e-9)
    with pytest.raises(ModelError, match="between -1 and 1"):
        found.sensitivity["indirect"].indirect(1.0)


def test_of_several_mechanisms_each_is_asked_given_the_others():
    rng = np.random.default_rng(3)
    x = rng.normal(size=200)
    m = 0.5 * x + rng.normal(size=200)
    k = 0.3 * x + 0.4 * m + rng.normal(size=200)
    y = 0.4 * m + 0.2 * k + rng.normal(size=200)
    data = {"x": x, "m": m, "k": k, "y": y}
    found = mediate(factor="x", mechanism=["m", "k"], outcome="y", data=data, bootstrap=20)
    X = np.column_stack([np.ones(200), x, k])
    left_m, left_y = (v - X @ np.linalg.lstsq(X, v, rcond=None)[0] for v in (m, y))
    told = found.sensitivity["indirect:m"]
    assert told.rho_at_zero == pytest.approx(np.corrcoef(left_m, left_y)[0, 1], rel=1e-9)
    assert told.indirect(0.0) == pytest.approx(found.estimates["indirect:m"], rel=1e-9)
    assert found.rho_at_zero is None
    assert set(found.e_values) == {"indirect:m", "indirect:k", "indirect"}
