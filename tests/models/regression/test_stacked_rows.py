"""Rows of persons: the same as one row each, generalised least squares, the jackknife, coverage."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm

from salutogen.errors import ModelError
from salutogen.models.regression.stacked import EstimatedLine, stacked_regression
from salutogen.models.regression.stacked_rows import stacked_rows

NAMES = ("one", "time", "F", "F x time")


def rows_of(
    n: int, *, seed: int, missing: float = 0.2, change: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outcome, terms and persons of four occasions, some of them missing."""
    rng = np.random.default_rng(seed)
    F = rng.normal(size=n)
    person, time = np.repeat(np.arange(n), 4), np.tile(np.arange(4.0), n)
    y = -0.4 * F[person] + change * F[person] * time + rng.normal(size=n)[person]
    y += rng.normal(size=y.size) * (1 + 0.3 * np.abs(F[person]))
    X = np.column_stack([np.ones(y.size), time, F[person], F[person] * time])
    kept = rng.random(y.size) > missing
    return y[kept], X[kept], person[kept]


def test_with_a_row_each_it_is_the_regression_over_persons() -> None:
    rng = np.random.default_rng(3)
    n = 40
    X = np.column_stack([np.ones(n), rng.normal(size=n)])
    y = X @ [1.0, 0.5] + rng.normal(size=n)
    line = EstimatedLine.of(X, rng.normal(size=n), np.arange(n), n)
    given: dict[str, Any] = {"names": ("one", "x"), "through": X + 0.1, "line": line}
    one, rows = stacked_regression(y, X, **given), stacked_rows(y, X, np.arange(n), n, **given)
    np.testing.assert_allclose(rows.coefficients, one.coefficients)
    np.testing.assert_allclose(rows.pulls, one.pulls, atol=1e-12)
    np.testing.assert_allclose(rows.own, one.own)
    np.testing.assert_allclose(rows.df, one.df)


def test_coefficients_are_those_of_a_random_intercept_model() -> None:
    y, X, person = rows_of(120, seed=5)
    fit = stacked_rows(y, X, person, 120, names=NAMES)
    other = sm.MixedLM(y, X, groups=person).fit(reml=True)
    np.testing.assert_allclose(fit.coefficients, other.fe_params, rtol=2e-4, atol=1e-4)
    assert fit.n == np.unique(person).size
    assert fit.converged


def test_pulls_are_what_leaving_out_a_person_changes() -> None:
    """By hand: generalised least squares with the same shares, without one person."""
    y, X, person = rows_of(30, seed=6)
    fit = stacked_rows(y, X, person, 30, names=NAMES)
    own = sm.MixedLM(y, X, groups=person).fit(reml=True)
    ratio = float(np.asarray(own.cov_re)[0, 0]) / own.scale

    def fitted(kept: np.ndarray) -> np.ndarray:
        A, b = np.zeros((4, 4)), np.zeros(4)
        for one in np.unique(person[kept]):
            mine = kept & (person == one)
            V = np.eye(mine.sum()) + ratio
            A += X[mine].T @ np.linalg.solve(V, X[mine])
            b += X[mine].T @ np.linalg.solve(V, y[mine])
        return np.linalg.solve(A, b)

    whole = fitted(np.ones(y.size, dtype=bool))
    for one in (0, 7, 29):
        moved = whole - fitted(person != one)
        np.testing.assert_allclose(fit.pulls[one], moved, rtol=5e-3, atol=1e-4)


def test_degrees_of_freedom_are_those_of_the_quadratic_form() -> None:
    """By hand, over all rows at once: (tr M)² / tr M² of the sum of squared pulls."""
    y, X, person = rows_of(15, seed=8, missing=0.3)
    # No share of persons in the variance: rows stand for themselves.
    y = np.random.default_rng(1).normal(size=y.size)
    y -= (np.bincount(person, y) / np.maximum(np.bincount(person), 1))[person]
    fit = stacked_rows(y, X, person, 15, names=NAMES)
    np.testing.assert_allclose(fit.coefficients, np.linalg.lstsq(X, y, rcond=None)[0], atol=1e-6)
    inverse = np.linalg.inv(X.T @ X)
    M = np.eye(y.size) - X @ inverse @ X.T
    for place in range(4):
        form = np.zeros((y.size, y.size))
        for one in np.unique(person):
            mine = np.flatnonzero(person == one)
            left = X.T @ X - X[mine].T @ X[mine]
            g = np.zeros(y.size)
            g[mine] = X[mine] @ np.linalg.solve(left, np.eye(4)[place])
            form += np.outer(M @ g, M @ g)
        df = np.trace(form) ** 2 / np.trace(form @ form)
        assert fit.df[place] == pytest.approx(min(df, 15 - 4), rel=1e-6)


def test_the_order_of_the_rows_does_not_matter() -> None:
    y, X, person = rows_of(50, seed=9)
    order = np.random.default_rng(2).permutation(y.size)
    one = stacked_rows(y, X, person, 50, names=NAMES)
    two = stacked_rows(y[order], X[order], person[order], 50, names=NAMES)
    np.testing.assert_allclose(one.pulls, two.pulls, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(one.df, two.df, rtol=1e-6)


def test_errors_that_carry_the_line_are_those_of_a_bootstrap() -> None:
    n = 150
    rng = np.random.default_rng(4)
    F = rng.normal(size=n)
    person, time = np.repeat(np.arange(n), 4), np.tile(np.arange(4.0), n)
    # Exposure goes with the factor more and more, so that the line matters to the course.
    E = (0.4 * F[person] * time) + rng.normal(size=person.size)
    P = 0.8 * E + rng.normal(size=n)[person] + rng.normal(size=person.size)

    def course(taken: np.ndarray) -> tuple[float, float]:
        where = (4 * taken[:, None] + np.arange(4)).ravel()
        own, number = np.column_stack([np.ones(where.size), E[where]]), np.repeat(np.arange(n), 4)
        b = np.linalg.lstsq(own, P[where], rcond=None)[0]
        SR, f, t = P[where] - own @ b, F[taken][number], time[where]
        X = np.column_stack([np.ones(t.size), t, f, f * t])
        line = EstimatedLine.of(own, SR, number, n)
        fit = stacked_rows(SR, X, number, n, names=NAMES, through=own, line=line)
        return float(fit.coefficients[3]), float(fit.errors[3])

    error = course(np.arange(n))[1]
    drawn = [course(rng.integers(0, n, n))[0] for _ in range(200)]
    assert error == pytest.approx(float(np.std(drawn, ddof=1)), rel=0.12)


def test_intervals_of_a_change_hold_the_truth() -> None:
    held = 0
    for seed in range(200):
        y, X, person = rows_of(40, seed=seed, change=0.2)
        low, high = stacked_rows(y, X, person, 40, names=NAMES).interval()[:, 3]
        held += low <= 0.2 <= high
    assert 182 <= held <= 198


def test_too_few_persons_are_refused() -> None:
    y, X, person = rows_of(4, seed=1, missing=0.0)
    with pytest.raises(ModelError, match="4 persons cannot carry 4"):
        stacked_rows(y, X, person, 4, names=NAMES)


@pytest.mark.filterwarnings("error")
def test_a_share_that_does_not_settle_is_no_warning() -> None:
    """Errors hold for any share of persons in the variance."""
    y, X, person = rows_of(40, seed=2, missing=0.0)
    level = np.random.default_rng(1).normal(size=40)
    fit = stacked_rows(level[person] + 1e-3 * y, X, person, 40, names=NAMES)
    assert np.isfinite(fit.errors).all()
    assert fit.converged or fit.messages


@pytest.mark.parametrize("noise", [0.0, 1e-7])
def test_rows_that_do_not_differ_tell_no_course(noise: float) -> None:
    y, X, person = rows_of(40, seed=2, missing=0.0)
    level = np.random.default_rng(1).normal(size=40)
    with pytest.raises(ModelError, match="do not differ"):
        stacked_rows(level[person] + noise * y, X, person, 40, names=NAMES)
