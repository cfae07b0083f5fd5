"""Agreement of classifications: known values, brute force, and classes that come back or do not."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from salutogen.errors import ModelError
from salutogen.models.mixture.agreement import (
    _refits,
    adjusted_rand_index,
    bootstrap_agreement,
    split_half_agreement,
)
from salutogen.models.mixture.model import GrowthMixture
from salutogen.models.moments.moments import Moments
from salutogen.models.parallel import executors

FORMULA = "y ~ t + (1 | id)"


def courses(n=120, occasions=5, seed=1, apart=5.0, missing=0.0):
    """A third of the persons start higher and rise."""
    generator = np.random.default_rng(seed)
    person, t = np.repeat(np.arange(n), occasions), np.tile(np.arange(float(occasions)), n)
    mean = np.where(person % 3 == 0, apart + 0.3 * apart * t, 0.0)
    y = mean + generator.normal(size=n)[person] + generator.normal(size=len(t))
    kept = (generator.random(len(t)) >= missing) | (t == 0)
    return {"id": person[kept], "t": t[kept], "y": y[kept]}


def test_known_values():
    """Hubert & Arabie (1985); the second pair is scikit-learn's documented example, 4/7."""
    assert adjusted_rand_index([0, 0, 1, 1], [1, 1, 0, 0]) == 1.0
    assert adjusted_rand_index([0, 0, 1, 1], [0, 0, 1, 2]) == pytest.approx(4 / 7)
    assert adjusted_rand_index([0, 0, 1, 1], [0, 1, 0, 1]) == pytest.approx(-0.5)
    assert adjusted_rand_index([0, 0, 0, 0], [0, 1, 2, 3]) == 0.0
    assert adjusted_rand_index([0, 0, 0], ["a", "a", "a"]) == 1.0
    assert adjusted_rand_index([0, 1, 2], [2, 1, 0]) == 1.0
    assert adjusted_rand_index([5], [7]) == 1.0


def test_index_counts_pairs():
    """Against a count of all pairs of persons."""
    generator = np.random.default_rng(4)
    a, b = generator.integers(4, size=40), generator.integers(3, size=40)
    pairs = list(combinations(range(40), 2))
    in_a = np.array([a[i] == a[j] for i, j in pairs])
    in_b = np.array([b[i] == b[j] for i, j in pairs])
    expected = in_a.sum() * in_b.sum() / len(pairs)
    value = ((in_a & in_b).sum() - expected) / ((in_a.sum() + in_b.sum()) / 2 - expected)
    assert adjusted_rand_index(a, b) == pytest.approx(value, abs=1e-12)


def test_index_of_unrelated_labels_is_zero_on_average():
    generator = np.random.default_rng(5)
    values = [adjusted_rand_index(*generator.integers(3, size=(2, 60))) for _ in range(400)]
    assert abs(np.mean(values)) < 4 * np.std(values) / 20


def test_labels_of_other_length_are_refused():
    with pytest.raises(ModelError, match="got 2 and 3 labels"):
        adjusted_rand_index([1, 2], [1, 2, 3])


def test_new_persons_get_the_probabilities_of_dense_densities():
    result = GrowthMixture(
        "y ~ t + (1 + t | id)", classes=2, random_covariance="free", residual_variance="free"
    ).fit(courses(80))
    new = courses(30, seed=9, missing=0.3)
    found = result.classify(Moments.from_frame(result.spec.full_formula, new))
    for place, person in enumerate(np.unique(new["id"])):
        t = new["t"][new["id"] == person]
        y = new["y"][new["id"] == person]
        X = np.column_stack([np.ones(len(t)), t])
        density = [
            result.shares[k]
            * multivariate_normal.pdf(
                y,
                X @ result.fixed_effects[k],
                X @ result.random_covariance[k] @ X.T
                + result.residual_variance[k] * np.eye(len(t)),
            )
            for k in range(2)
        ]
        np.testing.assert_allclose(found[place], density / np.sum(density), atol=1e-9)


@pytest.mark.parametrize("random", ["1", "0"])
def test_the_same_persons_get_the_same_probabilities(random):
    data = courses(60)
    data["t"] = data["t"] + 2020  # calendar years
    moments = Moments.from_frame(f"y ~ t + ({random} | id)", data)
    result = GrowthMixture(f"y ~ t + ({random} | id)", classes=2).fit(moments)
    np.testing.assert_allclose(result.classify(moments), result.posterior, atol=1e-7)


def test_moments_of_another_model_are_not_classified():
    result = GrowthMixture(FORMULA, classes=2).fit(courses(60))
    with pytest.raises(ModelError, match="these moments of y hold the constant only"):
        result.classify(Moments.from_frame("y ~ 1 + (1 | id)", courses(20)))


def test_classes_that_are_there_come_back():
    spec, moments = GrowthMixture(FORMULA, classes=2), Moments.from_frame(FORMULA, courses())
    halves = split_half_agreement(spec, moments, splits=10)
    drawn = bootstrap_agreement(spec, moments, draws=10)
    assert halves.median > 0.95
    assert drawn.median > 0.95
    assert drawn.quantile(0.1) > 0.9
    assert (halves.n_failed, drawn.n_failed) == (0, 0)
    assert (halves.method, drawn.method) == ("split halves", "bootstrap")


def test_classes_that_are_not_there_do_not():
    moments = Moments.from_frame(FORMULA, courses(apart=0.0))
    spec = GrowthMixture(FORMULA, classes=2)
    assert split_half_agreement(spec, moments, splits=10).median < 0.5


def test_agreement_does_not_depend_on_the_workers():
    spec, moments = GrowthMixture(FORMULA, classes=3), Moments.from_frame(FORMULA, courses(60))
    told = []
    here = bootstrap_agreement(
        spec, moments, draws=6, progress=lambda done, total: told.append((done, total))
    )
    assert told == [(done, 6) for done in range(7)]
    with executors.executor_for(workers=2) as executor:
        there = bootstrap_agreement(spec, moments, draws=6, executor=executor)
    assert (here.values == there.values).all()
    assert (here.values != bootstrap_agreement(spec, moments, draws=6, seed=2).values).any()


def test_impossible_requests_are_refused():
    spec = GrowthMixture(FORMULA, classes=2)
    with pytest.raises(ModelError, match="splits: expected a whole number from 1, got 0"):
        split_half_agreement(spec, courses(20), splits=0)
    with pytest.raises(ModelError, match="one class always agrees with itself"):
        bootstrap_agreement(replace(spec, classes=1), courses(20))
    with pytest.raises(ModelError, match="splits: 2 of 5 persons cannot hold 3 classes"):
        split_half_agreement(replace(spec, classes=3), courses(5))


@pytest.mark.parametrize("membership", [None, "x"])
def test_a_part_is_fitted_as_if_it_were_alone(membership):
    """Fit to the rows of every other person; covariates of membership go with their persons."""
    data = courses(90, apart=2.5)
    generator = np.random.default_rng(8)
    data["x"] = (generator.normal(size=90) + 2 * (np.arange(90) % 3 == 0))[data["id"]]
    spec = GrowthMixture(FORMULA, classes=2, membership=membership)
    task = _refits(spec, data, 1, "splits", 8, 1)
    part = np.arange(90) % 2 == 1
    labels = task._labels(part.astype(float), np.random.SeedSequence(1))
    rows = part[data["id"]]
    alone = spec.fit({name: column[rows] for name, column in data.items()})
    expected = alone.classify(spec.prepare(data)[0]).argmax(axis=1)
    assert adjusted_rand_index(labels, expected) == 1.0
