"""The share that some terms explain: differences of R² in statsmodels, the jackknife, coverage."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.optimize import brentq

from salutogen.models.regression.explained import _limits, explained_share

NAMES = ["intercept", "sex", "E", "E^2"]


def cohort(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    sex = (rng.random(n) < 0.5).astype(float)
    E = rng.normal(0, 1, n) + 0.5 * sex
    P = 5 + 2 * sex + 0.5 * E + rng.normal(0, 1, n)
    return P, np.column_stack([np.ones(n), sex, E, E**2])


def test_share_is_the_difference_of_two_r_squared() -> None:
    P, X = cohort(90, np.random.default_rng(3))
    found = explained_share(P, X, [False, False, True, True], names=NAMES)
    whole, without = sm.OLS(P, X).fit(), sm.OLS(P, X[:, :2]).fit()
    assert found.share == pytest.approx(whole.rsquared - without.rsquared, rel=1e-10)
    adjusted = whole.rsquared_adj - without.rsquared_adj
    assert found.adjusted == pytest.approx(adjusted, rel=1e-10)


def test_one_predictor_alone_has_its_r_squared_and_nearly_fishers_interval() -> None:
    rng = np.random.default_rng(1)
    E = rng.normal(0, 1, 4000)
    P = 0.6 * E + rng.normal(0, 1, 4000)
    found = explained_share(P, np.column_stack([np.ones(4000), E]), [False, True], names=NAMES[:2])
    r = np.corrcoef(E, P)[0, 1]
    assert found.share == pytest.approx(r**2, rel=1e-10)
    fisher = np.tanh(np.arctanh(r) + np.array([-1.96, 1.96]) / np.sqrt(4000 - 3)) ** 2
    assert found.interval == pytest.approx(tuple(fisher), rel=0.02)


def test_error_is_that_of_leaving_out_one_person_after_the_other() -> None:
    P, X = cohort(60, np.random.default_rng(8))
    tested = [False, False, True, False]

    def share(keep: np.ndarray) -> float:
        whole, without = (
            sm.OLS(P[keep], X[keep][:, :3]).fit(),
            sm.OLS(P[keep], X[keep][:, :2]).fit(),
        )
        return float(whole.rsquared - without.rsquared)

    without = np.array([share(np.arange(60) != left) for left in range(60)])
    error = np.sqrt(np.sum((without - without.mean()) ** 2) * 59 / 60)
    found = explained_share(P, X[:, :3], tested[:3], names=NAMES[:3])
    assert found.low is not None
    assert found.high is not None
    from scipy.stats import t

    told = (scaled(found.share) - scaled(found.low)) / t.ppf(0.975, 57)
    step = 1e-6
    slope = (scaled(found.share + step) - scaled(found.share - step)) / (2 * step)
    assert told == pytest.approx(error * slope, rel=0.05)
    # The upper limit lies as far as Hall's cubic says, solved for by bisection.
    apart = without.mean() - without
    fourth = np.sum(apart**4) / np.sum(apart**2) ** 2
    df = min(2 / (fourth - 1 / 60), 57)
    skewness = np.sum(apart**3) / np.sum(apart**2) ** 1.5
    stretched = brentq(lambda x: hall(x, skewness) + t.ppf(0.975, df), -30, 0)
    reach = max(-stretched, t.ppf(0.975, df))
    told = (scaled(found.high) - scaled(found.share)) / (error * slope)
    assert told == pytest.approx(reach, rel=0.05)


def scaled(share: float) -> float:
    return float(np.arcsinh(2 * np.sqrt(share / (1 - share))) / 2)


def hall(t: float, g: float) -> float:
    """Hall's cubic of a studentised estimate (1992): near to normal where t is skewed."""
    return t + g * t**2 / 3 + g**2 * t**3 / 27 + g / 6


def test_intervals_of_curves_on_skewed_exposure_hold_the_truth() -> None:
    rng = np.random.default_rng(44)
    E = rng.gamma(2.0, 1.5, 1_000_000)
    signal = np.var(0.5 * E + 0.1 * E**2)
    truth = signal / (signal + 1.5**2)
    above = below = 0
    for _ in range(400):
        E = rng.gamma(2.0, 1.5, 80)
        P = 0.5 * E + 0.1 * E**2 + rng.normal(0, 1.5, 80)
        X = np.column_stack([np.ones(80), E, E**2])
        found = explained_share(P, X, [False, True, True], names=["one", "E", "E^2"])
        assert found.low is not None
        assert found.high is not None
        above, below = above + (found.low > truth), below + (found.high < truth)
    assert 0.92 <= 1 - (above + below) / 400 <= 0.985  # chance moves 400 by a point
    assert below / 400 <= 0.06


@pytest.mark.parametrize("occasions", [1, 4])
def test_intervals_hold_the_truth(occasions: int) -> None:
    rng = np.random.default_rng(20)
    held = []
    truth = 0.5**2 / (0.5**2 + 1.0 + 1.0)  # slope² var(E) over that, covariate and residual
    for _ in range(300):
        n = 80 * occasions
        person = np.repeat(np.arange(80), occasions)
        sex = rng.normal(0, 1, n)
        E = rng.normal(0, 1, n)
        stable = rng.normal(0, np.sqrt(0.5), 80)[person]
        P = sex + 0.5 * E + stable + rng.normal(0, np.sqrt(0.5), n)
        X = np.column_stack([np.ones(n), sex, E])
        found = explained_share(P, X, [False, False, True], names=NAMES[:3], cluster=person)
        assert found.low is not None
        assert found.high is not None
        held.append(found.low <= truth <= found.high)
    assert 0.91 <= np.mean(held) <= 0.985  # 300 cohorts: chance moves it by 2.5 points


def test_without_any_relation_the_interval_begins_at_nothing() -> None:
    rng = np.random.default_rng(6)
    X = np.column_stack([np.ones(200), rng.normal(0, 1, 200)])
    low = [
        explained_share(rng.normal(0, 1, 200), X, [False, True], names=NAMES[:2]).low
        for _ in range(100)
    ]
    assert np.mean([value == 0 for value in low]) >= 0.9


@pytest.mark.parametrize("slope", [1e-5, 1e-4, 5e-4])
def test_next_to_nothing_leaves_room_for_little_only(slope: float) -> None:
    rng = np.random.default_rng(12)
    E = rng.normal(0, 1, 200)
    left = rng.normal(0, 1, 200)
    X = np.column_stack([np.ones(200), E])
    P = slope * E + left - X @ np.linalg.lstsq(X, left, rcond=None)[0]
    found = explained_share(P, X, [False, True], names=NAMES[:2])
    assert found.share < 1e-6
    assert found.high is not None
    # About Fisher's limit of a correlation of 0.
    assert found.high == pytest.approx(np.tanh(1.97 / np.sqrt(197)) ** 2, rel=0.5)


@pytest.mark.filterwarnings("error")
def test_influences_of_one_size_give_an_interval_without_overflow() -> None:
    """Two values of exposure and of problems, each pair as often: every influence is the same."""
    E = np.array([0.0, 0.0, 1.0, 1.0] * 10)
    P = np.array([0.0, 1.0, 1.0, 2.0] * 10)
    design = np.column_stack([np.ones_like(E), E])
    found = explained_share(P, design, [False, True], names=NAMES[:2])
    assert found.share == pytest.approx(0.5)
    low, high = found.interval
    assert 0 <= low < 0.5 < high <= 1


def test_units_that_all_pull_the_same_count_as_many_as_they_are() -> None:
    """Their fourth powers say nothing: no division by nothing, and never fewer for a small push."""
    pulls = np.array([1.0, -1.0, 1.0, -1.0, 1.0, -1.0])
    alike = _limits(0.3, pulls, 1, 4)
    nearly = _limits(0.3, pulls * (1 + 1e-4 * np.arange(6)), 1, 4)
    assert alike == pytest.approx(nearly, rel=1e-2)
    assert 0 <= alike[0] < 0.3 < alike[1] <= 1
