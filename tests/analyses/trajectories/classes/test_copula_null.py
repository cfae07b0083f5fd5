"""Draws without a further class: margins, correlations and distances as in the data, one peak."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy import stats

from salutogen.analyses.trajectories import ClassSettings, assess_classes
from salutogen.analyses.trajectories.classes.copula_null import (
    GRID,
    CopulaNull,
    class_copula,
    margin,
    weighted_correlation,
    weighted_quantiles,
)
from salutogen.analyses.trajectories.classes.copula_test import copula_p, likelihood_ratio
from salutogen.analyses.trajectories.classes.mixtures import Courses, enumerate_classes
from salutogen.analyses.trajectories.classes.summary import class_figures
from salutogen.analyses.trajectories.courses.locks import POSITIONS, FloatArray
from salutogen.models import GrowthMixture, bootstrap_likelihood_ratio
from tests.analyses.trajectories.classes.matrices import one_kind, skewed_jumps, three_kinds

QUICK = ClassSettings(max=2, starts=6, resamples=5, blrt_draws=39)


def unbounded(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    return np.full(values.shape, -np.inf), np.full(values.shape, np.inf)


def courses_of(values: FloatArray) -> Courses:
    return Courses(values=values, positions=POSITIONS, shape="positions")


def null_of(values: FloatArray, k: int = 1, low: float = -np.inf) -> CopulaNull:
    """The null of an unstructured mixture with k classes."""
    courses = courses_of(values)
    found = enumerate_classes(courses, "unstructured", "equal", QUICK, 1)
    return CopulaNull(
        fit=found.fits[k],
        courses=courses,
        low=np.full(values.shape, low),
        high=np.full(values.shape, np.inf),
    )


def drawn(null: CopulaNull, times: int) -> FloatArray:
    generator = np.random.default_rng(3)
    return np.vstack([null.draw(generator).values for _ in range(times)])


def test_one_class_keeps_margins_and_covariance_of_the_data() -> None:
    values = skewed_jumps(300, 1)
    sample = drawn(null_of(values), 40)
    np.testing.assert_allclose(sample.mean(axis=0), values.mean(axis=0), atol=0.03)
    np.testing.assert_allclose(np.cov(sample.T), np.cov(values.T), rtol=0.06, atol=0.04)
    np.testing.assert_allclose(stats.skew(sample), stats.skew(values), rtol=0.15, atol=0.1)
    for level in (0.1, 0.5, 0.9):
        np.testing.assert_allclose(
            np.quantile(sample, level, axis=0), np.quantile(values, level, axis=0), atol=0.09
        )


def test_persons_who_vary_more_than_others_keep_doing_so() -> None:
    """Squares of scores go together over positions, as in the data; a normal copula has none."""
    generator = np.random.default_rng(4)
    spread = np.exp(0.6 * generator.normal(size=(1000, 1)))
    values = spread * generator.normal(size=(1000, 4))

    def together(courses: FloatArray) -> float:
        ranks = stats.norm.ppf((stats.rankdata(courses, axis=0) - 0.5) / len(courses))
        return float((np.corrcoef((ranks**2).T).sum() - 4) / 12)

    sample = drawn(null_of(values), 5)
    assert together(values) > 0.2
    assert together(sample) == pytest.approx(together(values), abs=0.06)


def test_quantiles_and_correlations_are_numpys_where_weights_are_equal() -> None:
    values = one_kind(80, 2)
    values[3, 1] = np.nan
    seen = np.isfinite(values).all(axis=1)
    found = weighted_correlation(values, np.ones(80))
    assert found[2, 3] == pytest.approx(np.corrcoef(values[:, 2], values[:, 3])[0, 1])
    assert found[1, 0] == pytest.approx(np.corrcoef(values[seen, 1], values[seen, 0])[0, 1])
    places = np.array([0.2, 0.5, 0.77])
    by_hand = np.quantile(values[:, 0], places, method="hazen")
    np.testing.assert_allclose(weighted_quantiles(values[:, 0], np.ones(80), places), by_hand)
    doubled = np.append(values[:, 0], values[:40, 0])
    weights = np.where(np.arange(80) < 40, 2.0, 1.0)
    np.testing.assert_allclose(
        weighted_quantiles(values[:, 0], weights, places),
        np.quantile(doubled, places, method="hazen"), atol=0.12,
    )  # fmt: skip


def test_two_heaps_become_one_and_keep_mean_and_spread() -> None:
    generator = np.random.default_rng(6)
    heaps = np.where(np.arange(400) % 2, 4.0, -4.0) + generator.normal(size=400)
    low, high = np.full(400, -np.inf), np.full(400, np.inf)
    smoothed = margin(heaps, np.ones(400), low, high)
    assert smoothed.mean() == pytest.approx(heaps.mean(), abs=0.02)
    assert smoothed.std() == pytest.approx(heaps.std(), rel=0.02)
    assert np.mean(np.abs(heaps) < 1) < 0.01
    counts = np.histogram(smoothed, bins=8)[0]
    assert np.mean(np.abs(smoothed) < 1) > 0.1
    assert counts[3:5].min() > 0.8 * counts.max()


def test_a_floor_stays_a_floor() -> None:
    values = one_kind(300, 3, "floored")
    sample = drawn(null_of(values, low=values.min()), 20)
    assert sample.min() == values.min()
    heap = np.mean(values == values.min(), axis=0)
    np.testing.assert_allclose(np.mean(sample == values.min(), axis=0), heap, atol=0.03)


def test_classes_are_drawn_by_their_shares_and_gaps_stay() -> None:
    values, _ = three_kinds(300, 2)
    null = null_of(values, 2)
    one = null.draw(np.random.default_rng(1)).values
    np.testing.assert_array_equal(np.isfinite(one), np.isfinite(values))
    np.testing.assert_allclose(
        np.nanmean(drawn(null, 40), axis=0), np.nanmean(values, axis=0), atol=0.1
    )


def test_a_class_alone_is_learned_from_its_persons() -> None:
    values, kind = three_kinds(300, 5)
    given = (kind == 1).astype(float)
    found = class_copula(values, given, *unbounded(values))
    assert found.margins.shape == (4, GRID)
    np.testing.assert_allclose(
        found.margins.mean(axis=1), np.nanmean(values[kind == 1], axis=0), atol=0.02
    )


def test_the_statistic_is_twice_the_difference_of_two_fits() -> None:
    values = three_kinds(120, 7)[0]
    values[np.isnan(values)] = 1.0
    courses = courses_of(values)
    spec = GrowthMixture(courses.formula("unstructured"), classes=2, starts=20, seed=3)
    two, one = (
        GrowthMixture(spec.formula, classes=k, starts=20, seed=3).fit(courses.rows())
        for k in (2, 1)
    )
    gain = 2 * (two.log_likelihood - one.log_likelihood)
    assert likelihood_ratio(spec, courses, 3) == pytest.approx(gain, abs=1e-3)


def test_a_skewed_jump_is_no_class_but_is_for_a_normal_null() -> None:
    courses = courses_of(skewed_jumps(300, 12))
    bounds = unbounded(courses.values)
    assert copula_p(courses, 2, bounds, starts=6, draws=39, below=0.05, seed=4) > 0.05
    formula = courses.formula("random-intercept")
    normal = bootstrap_likelihood_ratio(formula, courses.rows(), 2, draws=39, seed=4, starts=6)
    assert normal.p_value < 0.05


@pytest.mark.lengthy
def test_two_classes_are_told_from_any_one_class() -> None:
    generator = np.random.default_rng(8)
    kind = (np.arange(300) < 120)[:, None] * (np.arange(4) > 0)
    values = (
        0.6 * generator.normal(size=(300, 1)) + 2 * kind + 0.8 * generator.normal(size=(300, 4))
    )
    bounds = unbounded(values)
    assert copula_p(courses_of(values), 2, bounds, starts=6, draws=39, below=0.05, seed=4) < 0.05


@pytest.mark.parametrize("shape", ["normal", "skewed", "floored", "jumps"])
def test_one_kind_of_persons_stays_one(shape: str) -> None:
    """A few of the data sets of benchmarks/bench_calibration.py and bench_gates.py."""
    settings = QUICK.model_copy(update={"max": 4})
    values = skewed_jumps(200, 21) if shape == "jumps" else one_kind(200, 21, shape)
    found = assess_classes(values, settings, seed=21)
    assert not found.passed
    assert class_figures(found).classes is None


def test_draws_elsewhere_give_the_same_p() -> None:
    courses = courses_of(skewed_jumps(120, 12))
    bounds = unbounded(courses.values)
    here = copula_p(courses, 2, bounds, starts=4, draws=39, below=0.2, seed=4)
    told: list[tuple[int, int]] = []
    with ThreadPoolExecutor(1) as executor:
        there = copula_p(
            courses, 2, bounds, starts=4, draws=39, below=0.2, seed=4, executor=executor,
            progress=lambda done, total: told.append((done, total)),
        )  # fmt: skip
    assert here == there
    assert told[0] == (0, 39)
