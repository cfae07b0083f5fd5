"""Levels of persons against dense matrices, another program path, and simulated truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from salutogen.errors import ModelError
from salutogen.models import MixedModel
from salutogen.models.mixed.structured.residual_structures import ContinuousAR1
from salutogen.models.person_levels.criterion import criterion_at
from salutogen.models.person_levels.model import fit_person_levels
from salutogen.models.person_levels.rows import rows_of_persons
from salutogen.models.quantiles import CHI_SQUARE_95

Rows = tuple[np.ndarray, np.ndarray, np.ndarray]


def cohort(
    seed: int,
    *,
    persons: int = 120,
    occasions: int = 5,
    rho: float = 0.4,
    between: float = 1.0,
    missed: float = 0.3,
) -> tuple[Rows, np.ndarray]:
    """Scores, persons and occasions, with sigma² = 2; and persons' levels."""
    rng = np.random.default_rng(seed)
    steps = rng.standard_normal((persons, occasions))
    for at in range(1, occasions):
        steps[:, at] = rho * steps[:, at - 1] + np.sqrt(1 - rho**2) * steps[:, at]
    level = np.sqrt(between) * rng.standard_normal(persons)
    y = level[:, None] + np.sqrt(2.0) * steps
    kept = rng.random(y.shape) >= missed
    kept[np.arange(persons), rng.integers(0, occasions, persons)] = True
    person, occasion = np.nonzero(kept)
    return (y[kept], person, occasion), level


def correlation(occasion: np.ndarray, rho: float) -> np.ndarray:
    return np.power(rho, np.abs(occasion[:, None] - occasion[None, :]).astype(float))


def dense_criterion(rows: Rows, between: float, within: float, rho: float) -> float:
    """−2 restricted log-likelihood with whole matrices, without the constant."""
    y, person, occasion = rows
    V = np.where(
        person[:, None] == person[None, :], between + within * correlation(occasion, rho), 0.0
    )
    inverse = np.linalg.inv(V)
    ones = np.ones(y.size)
    information = ones @ inverse @ ones
    mean = ones @ inverse @ y / information
    rest = (y - mean) @ inverse @ (y - mean)
    return float(np.linalg.slogdet(V)[1] + np.log(information) + rest)


def test_estimates_are_those_of_whole_matrices() -> None:
    rows, _ = cohort(3, persons=40, rho=0.5)
    fit = fit_person_levels(*rows)

    def function(x: np.ndarray) -> float:
        return dense_criterion(rows, np.exp(x[0]), np.exp(x[1]), np.tanh(x[2]))

    found = minimize(function, [0.0, 0.5, 0.3], method="Nelder-Mead", options={"fatol": 1e-9})
    expected = [np.exp(found.x[0]), np.exp(found.x[1]), np.tanh(found.x[2])]
    assert [fit.between, fit.within, fit.autocorrelation] == pytest.approx(expected, rel=2e-3)
    at_fit = dense_criterion(rows, fit.between, fit.within, fit.autocorrelation)
    assert at_fit <= found.fun + 1e-6


def test_estimates_are_those_of_the_mixed_model() -> None:
    (y, person, occasion), _ = cohort(5, persons=150)
    frame = {"y": y, "id": person, "t": occasion.astype(float)}
    other = MixedModel("y ~ 1 + (1 | id)", residual=ContinuousAR1("t")).fit(frame)
    fit = fit_person_levels(y, person, occasion)
    assert fit.between == pytest.approx(other.random_covariance[0, 0], rel=1e-3)
    assert fit.within == pytest.approx(other.residual_variance, rel=1e-3)
    assert fit.mean == pytest.approx(other.fixed_effects["Intercept"], rel=1e-3)


def test_the_interval_ends_where_the_likelihood_has_fallen_enough() -> None:
    rows, _ = cohort(8, occasions=8)
    fit = fit_person_levels(*rows)
    low, high = fit.between_interval
    assert 0 < low < fit.between < high
    prepared = rows_of_persons(*rows)
    best = criterion_at(prepared, fit.between, None)
    rises = [criterion_at(prepared, end, None) - best for end in (low, high)]
    assert rises[0] == pytest.approx(rises[1], rel=5e-3)
    assert rises[0] > CHI_SQUARE_95 * 0.99


def test_the_rest_at_the_ends_of_the_interval_is_that_of_whole_matrices() -> None:
    """The more is taken for levels, the less fluctuates, and the more reliable is a mean."""
    rows, _ = cohort(8, persons=40, occasions=4)
    fit = fit_person_levels(*rows)
    _, person, occasion = rows
    first = occasion[person == fit.persons[0]]
    found = []
    for end, within, reliability in zip(
        fit.between_interval, fit.within_at_ends, fit.reliability_at_ends, strict=True
    ):

        def dense(at: np.ndarray, between: float = end) -> float:
            return dense_criterion(rows, between, float(np.exp(at[0])), float(at[1]))

        best = minimize(
            dense, [np.log(within), 0.3], method="L-BFGS-B", bounds=[(-4, 4), (0.0, 0.95)]
        )
        own, rho = float(np.exp(best.x[0])), float(best.x[1])
        assert within == pytest.approx(own, rel=2e-3)
        error = own * correlation(first, rho).mean()
        assert reliability[0] == pytest.approx(end / (end + error), abs=2e-3)
        found.append(reliability)
    assert fit.within_at_ends[0] > fit.within_at_ends[1]
    assert (found[0] < fit.reliability).all()
    assert (fit.reliability < found[1]).all()


def test_means_and_shrunken_levels_by_whole_matrices() -> None:
    (y, person, occasion), _ = cohort(11, persons=60)
    fit = fit_person_levels(y, person, occasion)
    for place in (0, 7, 31, 59):
        own = person == place
        R = correlation(occasion[own], fit.autocorrelation)
        n = int(own.sum())
        assert fit.occasions[place] == n
        assert fit.mean_variance[place] == pytest.approx(fit.within * R.sum() / n**2)
        V = fit.between + fit.within * R
        weights = np.linalg.solve(V, np.ones(n))
        drawn = fit.mean + fit.between * weights @ (y[own] - fit.mean)
        assert fit.shrunken[place] == pytest.approx(drawn)
        least = fit.between - fit.between**2 * weights.sum()
        assert fit.shrunken_variance[place] > 0.8 * least
        share = fit.between / (fit.between + fit.mean_variance[place])
        assert fit.reliability[place] == pytest.approx(share)


def test_the_formula_for_regular_occasions() -> None:
    n, rho = 7, 0.6
    rows = rows_of_persons(np.arange(3.0 * n), np.repeat(np.arange(3), n), np.tile(range(n), 3))
    lags = np.arange(1, n)
    c = 1 + 2 * float(np.sum((1 - lags / n) * rho**lags))
    assert rows.spread_of_means(rho) == pytest.approx(c / n)


@settings(max_examples=15)
@given(seed=st.integers(0, 1000), scale=st.floats(0.01, 100), shift=st.floats(-50, 50))
def test_scale_shift_and_order_of_rows(seed: int, scale: float, shift: float) -> None:
    (y, person, occasion), _ = cohort(seed, persons=30)
    fit = fit_person_levels(y, person, occasion)
    order = np.random.default_rng(seed).permutation(y.size)
    moved = fit_person_levels(shift + scale * y[order], person[order], occasion[order])
    whole = fit.between + fit.within
    assert moved.between / scale**2 == pytest.approx(fit.between, abs=2e-3 * whole)
    assert moved.within / scale**2 == pytest.approx(fit.within, abs=2e-3 * whole)
    assert moved.persons.tolist() == fit.persons.tolist()


def test_without_levels_the_interval_holds_zero() -> None:
    excluded = 0
    for seed in range(60):
        rows, _ = cohort(seed, between=0.0, rho=(0.0, 0.3, 0.6)[seed % 3], missed=0.2)
        excluded += fit_person_levels(*rows).between_interval[0] > 0
    assert excluded <= 5, "2.5 of 100 expected"


@pytest.mark.parametrize("rho", [0.0, 0.5])
def test_levels_lie_in_their_intervals(rho: float) -> None:
    from scipy.stats import t

    held, drawn = [], []
    for seed in range(40):
        (y, person, occasion), level = cohort(seed + 100, rho=rho, occasions=4)
        fit = fit_person_levels(y, person, occasion)
        means = np.bincount(person, y) / np.bincount(person)
        reach = t.ppf(0.975, fit.mean_df) * np.sqrt(fit.mean_variance)
        held.append((np.abs(means - level) < reach).mean())
        drawn.append((np.abs(fit.shrunken - level) < 1.96 * np.sqrt(fit.shrunken_variance)).mean())
    assert 0.93 < np.mean(held) < 0.975
    assert 0.92 < np.mean(drawn) < 0.98


def test_two_occasions_cannot_tell_levels_from_lasting_states() -> None:
    (y, person, occasion), _ = cohort(2, occasions=2, rho=0.6, between=0.0, missed=0.0)
    fit = fit_person_levels(y, person, occasion)
    assert not fit.autocorrelation_estimated
    assert fit.between > 0.5, "what lasts is taken for a level"
    assert fit.between_interval[0] == 0
    known = fit_person_levels(y, person, occasion, autocorrelation=0.6)
    assert known.between_interval[0] == 0
    assert known.between < 0.4
    halves = y.reshape(-1, 2)
    squares = np.var(halves, axis=1, ddof=1).mean()
    assert fit.within == pytest.approx(squares, rel=1e-3)
    assert fit.mean_variance == pytest.approx(fit.within / 2)


def test_a_given_autocorrelation_is_not_used_where_it_can_be_told() -> None:
    rows, _ = cohort(4)
    free, given_one = fit_person_levels(*rows), fit_person_levels(*rows, autocorrelation=0.9)
    assert free.autocorrelation == given_one.autocorrelation
    assert given_one.autocorrelation_estimated


def test_many_persons_have_the_interval_of_the_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, _ = cohort(6, persons=1500, occasions=6)
    profile = fit_person_levels(*rows).between_interval
    monkeypatch.setattr("salutogen.models.person_levels.precision.PROFILED", 1000)
    assert fit_person_levels(*rows).between_interval == pytest.approx(profile, rel=0.03)


@pytest.mark.parametrize(
    ("y", "person", "occasion", "words"),
    [
        ([1.0, 2.0, 3.0], [0, 1, 2], [0, 0, 0], "several occasions"),
        ([1.0] * 6, [0, 0, 1, 1, 2, 2], [0, 1] * 3, "do not vary"),
        ([1.0, np.nan, 3.0, 2.0, 1.0, 0.0], [0, 0, 1, 1, 2, 2], [0, 1] * 3, "missing"),
        ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [0, 0, 1, 1, 2, 2], [0, 0] * 3, "two rows"),
        ([1.0, 2.0], [0], [0], "Expected three arrays"),
    ],
)
def test_refusals_say_why(
    y: list[float], person: list[int], occasion: list[int], words: str
) -> None:
    with pytest.raises(ModelError, match=words):
        fit_person_levels(y, person, occasion)


def test_persons_who_never_vary_have_levels_without_error() -> None:
    y = np.repeat([1.0, 2.0, 5.0, 3.0, 8.0], 4)
    fit = fit_person_levels(y, np.repeat(np.arange(5), 4), np.tile(np.arange(4), 5))
    assert fit.reliability.min() > 0.99
    assert np.isfinite(fit.mean_df).all()
