"""The bootstrap likelihood-ratio test: draws from moments, sizes, power, and early verdicts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import product

import numpy as np
import pytest
from scipy.stats import norm

from salutogen.errors import ModelError
from salutogen.models.mixture.class_test import critical_bandwidth
from salutogen.models.mixture.class_test.critical_bandwidth import (
    bandwidth_for_one_peak,
    distance_from_one_peak,
)
from salutogen.models.mixture.class_test.likelihood_ratio import bootstrap_likelihood_ratio
from salutogen.models.mixture.class_test.null_model import (
    ParametricNull,
    ResampledNull,
    coordinates_of,
    with_outcome,
)
from salutogen.models.mixture.model import GrowthMixture
from salutogen.models.moments.moments import Moments
from salutogen.models.resampling.early_stopping import stopping_bounds

FORMULA = "y ~ t + (1 | id)"


def two_groups(n=90, occasions=4, seed=1, apart=4.0):
    generator = np.random.default_rng(seed)
    person, t = np.repeat(np.arange(n), occasions), np.tile(np.arange(float(occasions)), n)
    y = np.where(person < n // 3, apart, 0.0) + generator.normal(size=n)[person]
    return {"id": person, "t": t, "y": y + generator.normal(size=len(t))}


def one_skewed_group(n=120, occasions=4, seed=1, floor=None):
    """Exponential or floored person effects, some occasions missing."""
    generator = np.random.default_rng(seed)
    person, t = np.repeat(np.arange(n), occasions), np.tile(np.arange(float(occasions)), n)
    effect = generator.exponential(2.0, size=n) if floor is None else 2 * generator.normal(size=n)
    y = effect[person] + 0.3 * t + 0.8 * generator.normal(size=len(t))
    if floor is not None:
        y = np.maximum(y, floor)
    kept = (generator.random(len(t)) > 0.1) | (t == 0)
    return {"id": person[kept], "t": t[kept], "y": y[kept]}


def fitted(data, classes, random="1 + t", **settings):
    spec = GrowthMixture(f"y ~ t + ({random} | id)", classes=classes, **settings)
    moments, problem, terms = spec.prepare(data)
    layout, found = spec.search(problem, moments, terms)
    return problem, layout.unpack(found.best.free)


def test_tells_two_classes_from_one():
    data = two_groups(seed=2)
    two = bootstrap_likelihood_ratio(FORMULA, data, 2, draws=19, starts=8)
    assert two.p_value == pytest.approx(1 / 20)
    three = bootstrap_likelihood_ratio(FORMULA, data, 3, draws=19, starts=8)
    assert three.p_value > 0.05
    assert three.draws.shape == (19 - three.n_failed,)
    assert (three.draws >= 0).all()
    assert not three.stopped_early
    with ThreadPoolExecutor(2) as pool:
        again = bootstrap_likelihood_ratio(FORMULA, data, 3, draws=19, starts=8, executor=pool)
    assert (again.draws == three.draws).all()


@pytest.mark.parametrize("floor", [None, -0.5])
def test_skewness_and_a_floor_are_no_further_class(floor):
    """The normal null takes them for one; the resampled null does not."""
    data = one_skewed_group(floor=floor)
    normal = bootstrap_likelihood_ratio(FORMULA, data, 2, draws=19, starts=8)
    resampled = bootstrap_likelihood_ratio(
        FORMULA, data, 2, draws=39, starts=8, null="semiparametric"
    )
    assert normal.p_value == pytest.approx(0.05)
    assert resampled.p_value > 0.2
    assert resampled.null == "semiparametric"


def test_resampled_null_finds_classes_with_a_gap():
    data = two_groups(apart=7.0)
    found = bootstrap_likelihood_ratio(FORMULA, data, 2, draws=39, starts=8, null="semiparametric")
    assert found.p_value == pytest.approx(1 / 40)
    three = bootstrap_likelihood_ratio(FORMULA, data, 3, draws=39, starts=8, null="semiparametric")
    assert three.p_value > 0.05


def test_stops_when_the_verdict_is_clear():
    moments = Moments.from_frame(FORMULA, two_groups(60))
    all_draws = bootstrap_likelihood_ratio(FORMULA, moments, 3, draws=60, starts=6)
    told = []
    early = bootstrap_likelihood_ratio(
        FORMULA,
        moments,
        3,
        draws=60,
        starts=6,
        stop_early=True,
        progress=lambda done, total: told.append((done, total)),
    )
    assert early.stopped_early
    n = len(early.draws)
    assert n < 60
    assert (early.draws == all_draws.draws[:n]).all()
    assert (early.p_value > 0.05) == (all_draws.p_value > 0.05)
    assert told[-1] == (n, 60)
    with ThreadPoolExecutor(2) as pool:
        shared = bootstrap_likelihood_ratio(
            FORMULA, moments, 3, draws=60, starts=6, stop_early=True, executor=pool
        )
    assert (shared.draws == early.draws).all()


def test_impossible_requests_are_refused():
    with pytest.raises(ModelError, match="classes: expected a whole number from 2"):
        bootstrap_likelihood_ratio(FORMULA, two_groups(), 1)
    with pytest.raises(ModelError, match="expected one of parametric, semiparametric, got 'rows'"):
        bootstrap_likelihood_ratio(FORMULA, two_groups(), 2, null="rows")


@pytest.mark.parametrize("kind", ["parametric", "semiparametric"])
def test_drawn_cross_products_have_their_expectation(kind):
    """Means of X'y, Z'y and y'y over draws against the model's mean and covariance."""
    problem, at = fitted(one_skewed_group(60), 1)
    place = coordinates_of(problem)
    null = ParametricNull(problem=problem, at=at, coordinates=place)
    if kind == "semiparametric":
        null = ResampledNull(problem=problem, at=at, larger=at, coordinates=place)
    generator = np.random.default_rng(3)
    draws = np.mean([null.outcome(generator).data for _ in range(4000)], axis=0)
    b, S, s = at.coefficients[0], at.factors[0] @ at.factors[0].T, at.variances[0]
    xx, xz, zz = place.cross[:, :2, :2], place.cross[:, :2, 2:], place.cross[:, 2:, 2:]
    expected = np.einsum("nij,j->in", xx, b)
    spread = np.einsum("nij,jk,nlk->nil", xz, S, xz) + s * xx
    error = np.sqrt(spread[:, [0, 1], [0, 1]].T / 4000)
    # Resampled residuals have a mean and a covariance of their own, nearly the model's.
    own = 0.0 if kind == "parametric" else 0.12 * np.sqrt(4000)
    assert (np.abs(draws[[3, 5]] - expected) < (4.5 + own) * error).all()
    square = np.einsum("i,nij,j->n", b, xx, b)
    square += np.einsum("nij,ij->n", zz, S) + problem.data[0] * s
    assert draws[6].mean() == pytest.approx(
        square.mean(), rel=0.02 if kind == "parametric" else 0.1
    )
    np.testing.assert_allclose(draws[[1, 2, 4]], problem.data[[1, 2, 4]])


def test_a_persons_own_residuals_give_its_own_outcome():
    """Taking residuals apart and putting them together again changes nothing."""
    problem, at = fitted(one_skewed_group(40), 1)
    place = coordinates_of(problem)
    null = ResampledNull(problem=problem, at=at, larger=at, coordinates=place)
    standard, rest = null._residuals
    away = np.sum(null._roots[0] * standard[0][:, None, :], axis=2) * place.seen
    mean = at.coefficients[np.zeros(len(away), dtype=int)]
    again = with_outcome(problem, place, mean, away, rest[0] * place.left)
    np.testing.assert_allclose(again.data, problem.data, atol=1e-9)
    np.testing.assert_allclose(
        np.swapaxes(place.basis, 1, 2) @ place.basis, place.cross, atol=1e-10
    )


def test_one_peak_needs_little_smoothing_unless_there_are_two(monkeypatch):
    """Two normal heaps at ±a have one peak from the bandwidth √(a² − s²) on."""
    normal = norm.ppf((np.arange(1000) + 0.5) / 1000)
    ones = np.ones(1000)
    for sample in (normal, np.exp(normal), norm.cdf(normal), np.maximum(normal, -0.5)):
        assert bandwidth_for_one_peak(sample, ones) < 0.15 * np.std(sample)
    drawn = np.random.default_rng(1).exponential(size=300)
    assert bandwidth_for_one_peak(drawn, np.ones(300)) < 0.25
    for a, s in ((4.0, 1.0), (2.0, 0.8)):
        heaps = np.concatenate([s * normal - a, s * normal + a])
        expected = np.sqrt(a**2 - s**2)
        found = bandwidth_for_one_peak(heaps, np.ones(2000))
        assert 0.8 * expected < found < expected  # a small bump is tolerated
        thinned = bandwidth_for_one_peak(np.repeat(heaps, 2), np.ones(4000))
        assert thinned == pytest.approx(found, rel=0.05)
    weighted = np.append(np.ones(1000), np.zeros(1000))
    assert bandwidth_for_one_peak(heaps, weighted) < 0.15
    assert bandwidth_for_one_peak(np.ones(9), np.ones(9)) == 0.0
    monkeypatch.setattr(critical_bandwidth, "TOLERATED", 1e-4)
    assert bandwidth_for_one_peak(heaps, np.ones(2000)) == pytest.approx(expected, rel=0.04)


def test_distance_from_one_peak_is_the_least():
    """Against every place of the peak, with convex functions made from all pairs of points."""
    x = np.sort(np.random.default_rng(7).normal(size=25) + 3 * (np.arange(25) > 12))
    F = (np.arange(25) + 0.5) / 25

    def below(x, F):  # greatest convex function below: the lowest chord at each point
        return np.array([
            min(F[i] + (F[j] - F[i]) * (v - x[i]) / (x[j] - x[i]) if j > i else F[i]
                for i in range(len(x)) for j in range(i, len(x)) if x[i] <= v <= x[j])
            for v in x
        ])  # fmt: skip

    def closeness(m):
        left = np.max(F[: m + 1] - below(x[: m + 1], F[: m + 1]))
        return max(left, np.max(F[m:][::-1] * -1 - below(-x[m:][::-1], -F[m:][::-1])))

    best = min(closeness(m) for m in range(25))
    assert distance_from_one_peak(x, F) == pytest.approx(best, abs=1e-12)


def test_bounds_keep_the_risk():
    """Against all sequences of ten draws, should the p-value be the level."""
    low, high = stopping_bounds(10, level=0.3, risk=0.4)
    below = above = 0.0
    for draws in product([0, 1], repeat=10):
        probability = 0.3 ** sum(draws) * 0.7 ** (10 - sum(draws))
        for count, few, many in zip(np.cumsum(draws), low, high, strict=True):
            if count <= few or count >= many:
                below += probability * (count <= few)
                above += probability * (count >= many)
                break
    spent = 0.4 * 10 / 1010
    assert 0 < above <= spent
    assert below <= spent
    low, high = stopping_bounds(500)
    assert (low < high).all()
    assert np.flatnonzero(low >= 0)[0] + 1 == 173  # the fewest draws for p < .05
    assert high[9] == 6


def test_more_smoothing_finds_classes_whose_heaps_touch():
    data = two_groups(apart=4.5, seed=5)
    least, twice = (
        bootstrap_likelihood_ratio(
            FORMULA, data, 2, draws=19, starts=6, null="semiparametric", smoothing=times
        )
        for times in (1.0, 2.0)
    )
    assert np.median(twice.draws) < np.median(least.draws)
    assert twice.p_value <= least.p_value
    with pytest.raises(ModelError, match=r"smoothing: expected a number from 1, got 0\.5"):
        bootstrap_likelihood_ratio(FORMULA, data, 2, smoothing=0.5)
