"""Derivatives of implied thresholds and correlations, by differences."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.models.ordered.one_factor.moments import implied, residual_variances
from salutogen.models.ordered.one_factor.specification import OrderedPlan, places_of_groups


@pytest.mark.parametrize("step", ["configural", "thresholds", "metric", "scalar"])
def test_slopes_are_differences(step):
    plan = OrderedPlan(items=("a", "b", "c", "d"), n_thresholds=(3, 2, 1, 4),
                       occasions=("0", "1", "2"), step=step, own=("d",))  # fmt: skip
    names, places = places_of_groups(plan, ("x", "y"))
    rng = np.random.default_rng(1)
    theta = rng.uniform(0.4, 1.2, len(names))
    for place in places:
        _, slopes = implied(place, theta)
        steps = np.eye(len(names)) * 1e-6
        seen = [(implied(place, theta + one)[0] - implied(place, theta - one)[0]) / 2e-6
                for one in steps]  # fmt: skip
        np.testing.assert_allclose(slopes, np.array(seen).T, atol=1e-8)


def test_values_are_those_of_matrices():
    """Thresholds and correlations by Δ(ΛΨΛ′ + Θ)Δ, a group with everything free."""
    plan = OrderedPlan(items=("a", "b", "c"), n_thresholds=(2, 2, 3), occasions=("0", "1"),
                       step="scalar")  # fmt: skip
    names, (place,) = places_of_groups(plan, ("",))
    theta = np.random.default_rng(2).uniform(0.4, 1.2, len(names))
    of = dict(zip(names, theta, strict=True))
    loading = np.array([of[f"loading({item})"] for item in "abc"])
    both = np.zeros((6, 2))
    both[:3, 0] = both[3:, 1] = loading
    factor = np.array([[1, of["cov(factor@0,factor@1)"]],
                       [of["cov(factor@0,factor@1)"], of["var(factor@1)"]]])  # fmt: skip
    scale = np.array([1, 1, 1, *(of[f"scale({item}@1)"] for item in "abc")])
    covariance = both @ factor @ both.T
    for j, item in enumerate("abc"):
        covariance[j, j + 3] += of[f"resid({item}@0,{item}@1)"]
    expected = (np.outer(scale, scale) * covariance)[np.triu_indices(6, 1)]
    found, _ = implied(place, theta)
    np.testing.assert_allclose(found[-15:], expected)
    last = scale[5] * (of["threshold(c|3)"] - loading[2] * of["mean(factor@1)"])
    assert found[13] == pytest.approx(last)
    left = residual_variances(place, theta)
    np.testing.assert_allclose(left, scale**-2.0 - np.diag(both @ factor @ both.T))
