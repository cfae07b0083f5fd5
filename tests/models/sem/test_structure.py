"""Moments that follow from paths: closed forms, and derivatives by differences."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.models.sem.moment_likelihood import pack
from salutogen.models.sem.structure import Entry, structure

OBSERVED = ("a", "b", "c")


def model():
    """A factor of a, b, c whose loadings are partly equal, with b acting on c as much as on a."""
    return structure(
        OBSERVED,
        ("f",),
        [
            Entry("path", "a", "f", value=1.0),
            Entry("path", "b", "f", "loading", 0.8),
            Entry("path", "c", "f", "loading", 5.0),
            Entry("path", "c", "b", "effect", 0.3),
            Entry("path", "a", "b", "effect"),
            Entry("covariance", "f", "f", "spread", 1.5),
            *(Entry("covariance", name, name, f"error {name}", 0.5) for name in "ab"),
            Entry("covariance", "c", "c", value=0.7),
            Entry("covariance", "a", "c", "together", 0.1),
            Entry("mean", "f", "", "height", 2.0),
            Entry("mean", "b", "", value=1.0),
        ],
    )


def moments(made, theta):
    implied = made.implied(theta)
    return pack(implied.mean, implied.covariance)


def test_parameters_are_named_once_and_start_at_their_first_value():
    made = model()
    assert made.parameters == (
        "loading", "effect", "spread", "error a", "error b", "together", "height"
    )  # fmt: skip
    np.testing.assert_array_equal(made.start, [0.8, 0.3, 1.5, 0.5, 0.5, 0.1, 2.0])


def test_moments_are_those_of_the_equations():
    """b = 1 + .8 f + e, a = f + .3 b + e, c = .8 f + .3 b + e."""
    made = model()
    implied = made.implied(made.start)
    height_b = 1 + 0.8 * 2
    np.testing.assert_allclose(
        implied.mean, [2 + 0.3 * height_b, height_b, 0.8 * 2 + 0.3 * height_b]
    )
    on_f = np.array([1 + 0.3 * 0.8, 0.8, 0.8 + 0.3 * 0.8])
    errors = np.array([[1, 0.3, 0], [0, 1, 0], [0, 0.3, 1]])
    own = np.array([[0.5, 0, 0.1], [0, 0.5, 0], [0.1, 0, 0.7]])
    expected = 1.5 * np.outer(on_f, on_f) + errors @ own @ errors.T
    np.testing.assert_allclose(implied.covariance, expected)


def test_derivatives_are_those_of_differences():
    made, step = model(), 1e-5
    theta = made.start + 0.1 * np.random.default_rng(1).normal(size=len(made.start))
    weights = np.random.default_rng(2).normal(size=9)
    slopes = made.jacobian(made.implied(theta))
    bends = made.curvature(made.implied(theta), weights)
    for j, e in enumerate(step * np.eye(len(theta))):
        above, below = theta + e, theta - e
        difference = (moments(made, above) - moments(made, below)) / (2 * step)
        np.testing.assert_allclose(slopes[:, j], difference, atol=1e-8)
        jacobians = [made.jacobian(made.implied(at)).T @ weights for at in (above, below)]
        np.testing.assert_allclose(bends[j], (jacobians[0] - jacobians[1]) / (2 * step), atol=1e-8)


def test_variables_in_a_circle_have_moments_while_the_circle_dies_out():
    made = structure(
        ("a", "b"),
        (),
        [
            Entry("path", "a", "b", "forth", 0.5),
            Entry("path", "b", "a", "back", 0.4),
            Entry("covariance", "a", "a", value=1.0),
            Entry("covariance", "b", "b", value=1.0),
        ],
    )
    total = np.linalg.inv([[1, -0.5], [-0.4, 1]])
    np.testing.assert_allclose(made.implied(made.start).covariance, total @ total.T)
    with pytest.raises(np.linalg.LinAlgError):
        made.implied(np.array([2.0, 0.5]))
