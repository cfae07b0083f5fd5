"""Draws from resampled effects and residuals: moments as the model says, shapes as in the data."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy import stats

from salutogen.analyses.trajectories import ClassSettings, assess_classes
from salutogen.analyses.trajectories.classes.mixtures import Courses, enumerate_classes
from salutogen.analyses.trajectories.classes.resampled_null import ResampledNull, resampled_p
from salutogen.analyses.trajectories.classes.summary import class_figures
from salutogen.analyses.trajectories.courses.locks import POSITIONS, FloatArray
from salutogen.models import bootstrap_likelihood_ratio
from tests.analyses.trajectories.classes.matrices import one_kind, three_kinds

QUICK = ClassSettings(max=2, starts=6, resamples=5, blrt_draws=39)


def null_of(values: FloatArray, k: int = 1, low: float = -np.inf) -> ResampledNull:
    """The null of a random-intercept mixture with k classes."""
    courses = Courses(values=values, positions=POSITIONS, shape="positions")
    found = enumerate_classes(courses, "random-intercept", "equal", QUICK, 1)
    return ResampledNull(
        fit=found.fits[k],
        courses=courses,
        low=np.full(values.shape, low),
        high=np.full(values.shape, np.inf),
    )


def drawn(null: ResampledNull, times: int) -> FloatArray:
    generator = np.random.default_rng(3)
    return np.vstack([null.draw(generator).values for _ in range(times)])


def test_one_class_keeps_means_and_covariance_of_the_model() -> None:
    values = one_kind(400, 1, "skewed")
    null = null_of(values)
    sample = drawn(null, 40)
    np.testing.assert_allclose(sample.mean(axis=0), values.mean(axis=0), atol=0.03)
    spread, noise = null.fit.random_covariance[0, 0, 0], null.fit.residual_variance[0]
    np.testing.assert_allclose(np.cov(sample.T), spread + noise * np.eye(4), rtol=0.08, atol=0.03)


def test_skewness_of_levels_stays_that_of_predicted_levels() -> None:
    """With one class and nothing missing, predicted levels are the persons' means, rescaled."""
    values = one_kind(400, 1, "skewed")
    levels = (values - values.mean(axis=0)).mean(axis=1)
    null = null_of(values)
    effects = null._effects[0][:, 0]
    assert stats.skew(effects) == pytest.approx(stats.skew(levels), rel=1e-6)
    assert effects.var() == pytest.approx(null.fit.random_covariance[0, 0, 0], rel=1e-6)
    assert null._residuals.var() == pytest.approx(1.0)


def test_classes_are_drawn_by_their_shares_and_gaps_stay() -> None:
    values, _ = three_kinds(300, 2)
    null = null_of(values, 2)
    one = null.draw(np.random.default_rng(1)).values
    np.testing.assert_array_equal(np.isfinite(one), np.isfinite(values))
    sample = drawn(null, 40)
    expected = null.fit.shares @ null._means
    np.testing.assert_allclose(np.nanmean(sample, axis=0), expected, atol=0.12)


def test_draws_stop_at_the_bounds() -> None:
    values = one_kind(200, 3, "floored")
    sample = drawn(null_of(values, low=values.min()), 2)
    assert sample.min() == values.min()
    assert np.mean(sample == values.min()) > 0.1


def test_draws_that_stop_spread_and_heap_as_the_data_do() -> None:
    """A censored normal: its latent SD comes back, and as many values lie on the floor."""
    generator = np.random.default_rng(5)
    latent = generator.normal(size=(500, 1)) + 0.7 * generator.normal(size=(500, 4))
    values = np.maximum(latent, -0.6)
    null = null_of(values, low=values.min())
    sample = drawn(null, 10)
    assert sample.mean() == pytest.approx(values.mean(), abs=0.03)
    assert sample.std() == pytest.approx(values.std(), rel=0.03)
    heap = np.mean(values == values.min())
    assert np.mean(sample == values.min()) == pytest.approx(heap, abs=0.07)
    assert null_of(latent).latent == (0.0, 1.0)


def test_skewness_is_no_class_for_it_but_is_for_a_normal_null() -> None:
    values = one_kind(300, 12, "skewed")
    null = null_of(values)
    fit = enumerate_classes(null.courses, "random-intercept", "equal", QUICK, 1).fits[2]
    assert null.fit.bic - fit.bic > 10
    assert resampled_p(null, fit, draws=39, below=0.05, seed=4) > 0.05
    normal = bootstrap_likelihood_ratio(
        fit.spec.formula, null.courses.rows(), 2, draws=39, seed=4, starts=6
    )
    assert normal.p_value < 0.05


@pytest.mark.parametrize("shape", ["normal", "skewed", "floored"])
@pytest.mark.parametrize("seed", [21, 22])
def test_one_kind_of_persons_stays_one(shape: str, seed: int) -> None:
    """A few of the replicates of benchmarks/bench_calibration.py."""
    settings = QUICK.model_copy(update={"max": 4})
    found = assess_classes(one_kind(200, seed, shape), settings, seed=seed)
    assert not found.passed
    assert class_figures(found).classes is None


def test_draws_elsewhere_give_the_same_p() -> None:
    null = null_of(one_kind(120, 12, "skewed"))
    fit = enumerate_classes(null.courses, "random-intercept", "equal", QUICK, 1).fits[2]
    here = resampled_p(null, fit, draws=39, below=0.2, seed=4)
    told: list[tuple[int, int]] = []
    with ThreadPoolExecutor(1) as executor:
        there = resampled_p(
            null, fit, draws=39, below=0.2, seed=4, executor=executor,
            progress=lambda done, total: told.append((done, total)),
        )  # fmt: skip
    assert here == there
    assert told[0] == (0, 39)
