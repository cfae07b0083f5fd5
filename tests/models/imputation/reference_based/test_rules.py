"""Rules of reference-based imputation: moments built another way, gaps filled one by one."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.models.imputation.reference_based.rules import Arms, alike, complete

RULES = (
    "missing at random", "jump to reference", "copy increments in reference", "copy reference",
)  # fmt: skip


def arms(p=4, seed=3):
    rng = np.random.default_rng(seed)
    roots = rng.normal(size=(2, p, p)) + 2 * np.eye(p)
    return Arms(rng.normal(size=(2, p)), roots @ roots.transpose(0, 2, 1))


@pytest.mark.parametrize("seen", [1, 2, 3])
def test_moments_are_those_of_going_on_as_the_reference_does(seen):
    both = arms()
    (own_mean, other_mean), (own, other) = both.means, both.covariances
    slopes = own[seen:, :seen] @ np.linalg.inv(own[:seen, :seen])
    scatter = own[seen:, seen:] - slopes @ own[:seen, seen:]
    step = np.eye(4)
    step[seen:, :seen] = slopes
    block = np.zeros((4, 4))
    block[:seen, :seen], block[seen:, seen:] = other[:seen, :seen], scatter
    for rule, after in (
        ("jump to reference", own_mean[seen:]),
        (
            "copy increments in reference",
            other_mean[seen - 1] + own_mean[seen:] - own_mean[seen - 1],
        ),
    ):
        mean, covariance = both.expected(rule, 1, seen)
        np.testing.assert_allclose(mean, [*other_mean[:seen], *after], rtol=1e-12)
        np.testing.assert_allclose(covariance, step @ block @ step.T, rtol=1e-9, atol=1e-12)


def test_where_rules_change_nothing():
    both = arms()
    for rule in RULES:
        np.testing.assert_array_equal(both.expected(rule, 0, 2)[0], both.means[0])
        np.testing.assert_array_equal(both.expected(rule, 0, 2)[1], both.covariances[0])
    np.testing.assert_array_equal(both.expected("missing at random", 1, 2)[0], both.means[1])
    np.testing.assert_array_equal(both.expected("copy reference", 1, 2)[0], both.means[0])


def gapped(n=40, p=4, seed=5):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, p))
    values[rng.random((n, p)) < 0.3] = np.nan
    values[:, 0] = np.where(np.isnan(values).all(axis=1), 1.0, values[:, 0])
    return values, np.arange(n) % 2


@pytest.mark.parametrize("rule", RULES)
def test_expected_values_person_by_person(rule):
    values, arm = gapped()
    both = arms()
    filled = complete(values, alike(values, arm), both, rule)
    for row, person in enumerate(values):
        there = np.flatnonzero(np.isfinite(person))
        gaps = np.flatnonzero(np.isnan(person))
        mean, covariance = both.expected(rule, int(arm[row]), int(there[-1]) + 1)
        inverse = np.linalg.inv(covariance[np.ix_(there, there)])
        expected = mean[gaps] + covariance[np.ix_(gaps, there)] @ inverse @ (
            person[there] - mean[there]
        )
        np.testing.assert_allclose(filled[row, gaps], expected, rtol=1e-9, atol=1e-10)
        np.testing.assert_array_equal(filled[row, there], person[there])


def test_draws_scatter_as_the_conditional_covariance_says():
    both = arms(p=3)
    values = np.tile([0.5, np.nan, np.nan], (20_000, 1))
    arm = np.ones(len(values), dtype=int)
    groups = alike(values, arm)
    drawn = complete(values, groups, both, "jump to reference", np.random.default_rng(1))
    mean = complete(values[:1], alike(values[:1], arm[:1]), both, "jump to reference")[0, 1:]
    own = both.covariances[0]
    left = own[1:, 1:] - np.outer(own[1:, 0], own[0, 1:]) / own[0, 0]
    sd = np.sqrt(np.diag(left))
    np.testing.assert_allclose(drawn[:, 1:].mean(axis=0), mean, atol=4 * sd.max() / np.sqrt(20_000))
    np.testing.assert_allclose(np.cov(drawn[:, 1:].T), left, atol=0.05 * np.outer(sd, sd).max())
