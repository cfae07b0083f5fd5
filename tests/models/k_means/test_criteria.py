"""Criteria of partitions: plain formulas pair by pair, names, limits, samples of pairs."""

from __future__ import annotations

import math
from itertools import combinations, product

import numpy as np
import pytest

from salutogen.errors import ModelError
from salutogen.models import partition_quality
from salutogen.models.k_means import criteria as criteria_module


def table_of(n=24, t=5, seed=3):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, t)) + 4 * rng.integers(0, 3, size=(n, 1))


def plain_criteria(table, labels):
    """Every criterion of complete trajectories from its definition, pair by pair."""
    n, t = table.shape
    k = labels.max() + 1
    members = [table[labels == c] for c in range(k)]
    means = [group.mean(axis=0) for group in members]
    within = sum(((group - mean) ** 2).sum() for group, mean in zip(members, means, strict=True))
    between = sum(
        len(group) * ((mean - table.mean(axis=0)) ** 2).sum()
        for group, mean in zip(members, means, strict=True)
    )

    def apart(pairs):
        distances = [math.dist(a, b) for a, b in pairs]
        return sum(distances) / len(distances) if distances else 0.0

    inside = [apart(combinations(group, 2)) for group in members]
    worst = [
        max(
            (inside[a] + inside[b]) / apart(product(members[a], members[b]))
            for b in range(k)
            if b != a
        )
        for a in range(k)
    ]
    sd = math.sqrt(within / (n * t))
    likelihoods = np.array(
        [
            [
                len(members[c])
                / n
                * math.prod(
                    math.exp(-(((x - m) / sd) ** 2) / 2) / (sd * math.sqrt(2 * math.pi))
                    for x, m in zip(row, means[c], strict=True)
                )
                for c in range(k)
            ]
            for row in table
        ]
    )
    log_likelihood = np.log(likelihoods.sum(axis=1)).sum()
    own = likelihoods[np.arange(n), labels] / likelihoods.sum(axis=1)
    p = k * t + 1
    aic = 2 * log_likelihood - 2 * p
    nearest = min(((a - b) ** 2).sum() for a, b in combinations(means, 2))
    return {
        "calinski_harabasz": between / within * (n - k) / (k - 1),
        "calinski_harabasz_2": between / within * (n - 1) / (n - k),
        "calinski_harabasz_3": between / within * (n - k) / math.sqrt(k - 1),
        "ray_turi": -within / (n * t) / nearest,
        "davies_bouldin": -sum(worst) / k,
        "bic": 2 * log_likelihood - p * math.log(n),
        "bic2": 2 * log_likelihood - p * math.log(n * t),
        "aic": aic,
        "aicc": aic - 2 * p * (p + 1) / (n - p - 1),
        "aicc2": aic - 2 * p * (p + 1) / (n * t - p - 1),
        "posterior_probability": own.mean(),
    }


@pytest.mark.parametrize("k", [2, 3, 4])
def test_criteria_by_the_plain_formulas(k):
    table = table_of(30)
    labels = np.random.default_rng(k).permutation(np.arange(30) % k)
    expected = plain_criteria(table, labels)
    quality = partition_quality(table, labels)
    assert list(quality.criteria) == list(expected)
    for name, number in expected.items():
        assert quality.criteria[name] == pytest.approx(number, rel=1e-9), name
    np.testing.assert_allclose(quality.posterior.sum(axis=1), 1, rtol=1e-12)


def test_criteria_are_looked_up_by_any_usual_name():
    found = partition_quality(table_of(), np.arange(24) % 2).criteria
    assert found["Calinski.Harabatz2"] == found["calinski_harabasz_2"] == found["CH2"]
    assert found["postProbaGlobal"] == found["posterior_probability"]
    assert found["Davies.Bouldin"] == found["davies_bouldin"]
    assert "BIC" in found
    assert "silhouette" not in found
    assert len(found) == 11


def test_long_trajectories_do_not_underflow():
    table = np.random.default_rng(1).normal(size=(40, 2000))
    quality = partition_quality(table, np.arange(40) % 2)
    assert np.isfinite(quality.log_likelihood)
    assert np.isfinite(quality.posterior).all()


def test_what_cannot_be_computed_is_said():
    quality = partition_quality([[0, 1], [1, 0], [9, 9], [8, 10]], [0, 0, 1, 1])
    assert math.isnan(quality.criteria["aicc"])
    assert math.isfinite(quality.criteria["aicc2"])
    assert quality.messages == ("2 classes: aicc needs more than 6 units, there are 4.",)
    exact = partition_quality([[0, 0.1], [0, 0.1], [9, 9], [9, 9], [9, 9]], [0, 0, 1, 1, 1])
    assert exact.criteria["calinski_harabasz"] == math.inf
    assert exact.criteria["davies_bouldin"] == 0
    assert exact.criteria["posterior_probability"] == 1


def test_davies_bouldin_from_a_sample_of_the_pairs(monkeypatch):
    table = table_of(300, 8)
    labels = np.searchsorted(np.quantile(table[:, 0], [0.5, 0.8]), table[:, 0])
    exact = partition_quality(table, labels)
    monkeypatch.setattr(criteria_module, "EVERY_PAIR", 240)
    sampled = partition_quality(table, labels)
    assert "at most 80" in sampled.messages[0]
    assert sampled.criteria["davies_bouldin"] != exact.criteria["davies_bouldin"]
    assert sampled.criteria["davies_bouldin"] == pytest.approx(
        exact.criteria["davies_bouldin"], rel=0.03
    )
    assert sampled.criteria["ray_turi"] == exact.criteria["ray_turi"]


@pytest.mark.parametrize("labels", [[0, 0, 0], [0, 2, 2], [0.5, 1, 1], [0, 1], [-1, 0, 1]], ids=str)
def test_bad_labels_are_refused(labels):
    with pytest.raises(ModelError, match="labels"):
        partition_quality([[0, 1], [2, 3], [4, 5]], labels)
