"""Reliability between and within persons, against known covariances and a mixed model."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import stats

from salutogen.scores.between_within import reliability_between_within

BETWEEN = np.array([0.9, 0.7, 0.8, 0.6])
BETWEEN_OWN = np.array([0.2, 0.3, 0.1, 0.4])
WITHIN = np.array([0.3, 0.5, 0.4, 0.6])
WITHIN_OWN = np.array([1.0, 0.8, 0.9, 0.7])


def omega(loadings: np.ndarray, own: np.ndarray) -> float:
    return float(loadings.sum() ** 2 / (loadings.sum() ** 2 + own.sum()))


def answers(persons: int, occasions: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Items with one factor between persons and another within."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(persons), occasions)
    level = np.outer(rng.normal(size=persons), BETWEEN)
    level += rng.normal(size=(persons, 4)) * np.sqrt(BETWEEN_OWN)
    state = np.outer(rng.normal(size=person.size), WITHIN)
    state += rng.normal(size=(person.size, 4)) * np.sqrt(WITHIN_OWN)
    return level[person] + state, person


def test_each_level_has_its_own_omega() -> None:
    items, person = answers(6000, 5, seed=1)
    found = reliability_between_within(list(items.T), person)
    assert found is not None
    assert found.omega_between == pytest.approx(omega(BETWEEN, BETWEEN_OWN), abs=0.01)
    assert found.omega_within == pytest.approx(omega(WITHIN, WITHIN_OWN), abs=0.01)
    assert found.alpha_within is not None
    assert found.omega_within is not None
    assert found.alpha_within < found.omega_within
    between = BETWEEN.sum() ** 2 + BETWEEN_OWN.sum()
    within = WITHIN.sum() ** 2 + WITHIN_OWN.sum()
    assert found.icc == pytest.approx(between / (between + within), abs=0.01)
    assert found.person_mean == pytest.approx(between / (between + within / 5), abs=0.01)
    assert (found.n, found.n_forms, found.n_items) == (6000, 30000, 4)
    assert found.occasions == pytest.approx(5)


def test_share_between_is_that_of_a_random_intercept_where_persons_answer_equally_often() -> None:
    items, person = answers(150, 4, seed=2)
    found = reliability_between_within(list(items.T), person)
    rows = pd.DataFrame({"y": items.sum(axis=1), "person": person})
    fit = smf.mixedlm("y ~ 1", rows, groups="person").fit(reml=True)
    between = float(fit.cov_re.iloc[0, 0])
    assert found is not None
    assert found.icc == pytest.approx(between / (between + fit.scale), abs=1e-5)


@pytest.mark.parametrize(("share", "occasions"), [(0.0, 4), (0.1, 8), (0.6, 3)])
def test_intervals_of_the_share_between_hold_the_truth(share: float, occasions: int) -> None:
    """Forms of unequal numbers; a level that is not there is told in few of them."""
    held = told = 0
    for seed in range(300):
        rng = np.random.default_rng([seed, occasions])
        person = np.repeat(np.arange(60), rng.integers(occasions - 2, occasions + 3, 60))
        level = rng.normal(0, np.sqrt(share), 60)[person]
        total = level + rng.normal(0, np.sqrt(1 - share), person.size)
        found = reliability_between_within([total], person)
        assert found is not None
        assert found.icc_low is not None
        assert found.icc_high is not None
        held += found.icc_low <= share <= found.icc_high
        told += found.icc_low > 0
    assert held >= 277  # 285 expected of 300
    assert told <= 16 if share == 0 else told >= 100


def test_the_interval_is_that_of_the_f_test_where_persons_answer_equally_often() -> None:
    items, person = answers(40, 5, seed=8)
    total = items.sum(axis=1)
    found = reliability_between_within([total], person)
    F = float(stats.f_oneway(*np.split(total, 40)).statistic)
    low = F / stats.f.ppf(0.975, 39, 160)
    assert found is not None
    assert found.icc_low == pytest.approx((low - 1) / (low + 4), rel=1e-9)


def test_incomplete_forms_are_left_out_and_unequal_numbers_allowed_for() -> None:
    items, person = answers(40, 4, seed=3)
    items[3, 1] = np.nan
    kept = np.isfinite(items).all(axis=1)
    found = reliability_between_within(list(items.T), person)
    again = reliability_between_within(list(items[kept].T), person[kept] + 7)
    assert found is not None
    assert again is not None
    assert found.to_dict() == again.to_dict()
    assert found.occasions == pytest.approx(40 / (39 / 4 + 1 / 3))


def test_a_total_has_a_reliability_of_means_but_no_omega() -> None:
    items, person = answers(200, 3, seed=4)
    found = reliability_between_within([items.sum(axis=1)], person, scale="P_total")
    whole = reliability_between_within(list(items.T), person)
    assert found is not None
    assert whole is not None
    assert found.scale == "P_total"
    assert found.omega_between is found.omega_within is found.alpha_within is None
    assert found.person_mean == pytest.approx(whole.person_mean, rel=1e-10)


def test_nobody_differs_lastingly() -> None:
    rng = np.random.default_rng(5)
    person = np.repeat(np.arange(100), 4)
    state = np.outer(rng.normal(size=400), WITHIN) + rng.normal(size=(400, 4)) * 0.5
    state -= state.reshape(100, 4, 4).mean(axis=1)[person] * 1.0
    found = reliability_between_within(list(state.T), person)
    assert found is not None
    assert found.icc == found.person_mean == 0
    assert found.omega_between is found.alpha_between is None
    assert found.omega_within is not None


@pytest.mark.parametrize(("persons", "occasions"), [(9, 5), (40, 1)])
def test_too_little_gives_nothing(persons: int, occasions: int) -> None:
    items, person = answers(persons, occasions, seed=6)
    assert reliability_between_within(list(items.T), person) is None


def test_many_persons_are_thinned_evenly() -> None:
    items, person = answers(25_000, 2, seed=7)
    found = reliability_between_within(list(items.T), person)
    half = person % 2 == 0
    again = reliability_between_within(list(items[half].T), person[half])
    assert found is not None
    assert again is not None
    assert found.n == 12_500
    assert found.omega_within == pytest.approx(again.omega_within, rel=1e-12)
