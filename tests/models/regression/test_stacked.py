"""Errors that carry the line: against refitted bootstraps, and exact relations of two steps."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from salutogen.errors import ModelError
from salutogen.models.regression.stacked import EstimatedLine, shared_with, stacked_regression


def panel(n: int, *, seed: int, r: float = 0.4) -> dict[str, np.ndarray]:
    """Persons with six occasions; a factor that goes with exposure and with problems."""
    rng = np.random.default_rng(seed)
    F = rng.normal(size=n)
    level = r * F + np.sqrt(1 - r**2) * rng.normal(size=n)
    person = np.repeat(np.arange(n), 6)
    E = level[person] + rng.normal(size=person.size)
    P = 0.5 * E - 0.3 * F[person] + rng.normal(size=n)[person] + rng.normal(size=person.size)
    return {"F": F, "person": person, "E": E, "P": P}


def scored(
    F: np.ndarray, person: np.ndarray, E: np.ndarray, P: np.ndarray, n: int
) -> tuple[np.ndarray, np.ndarray, EstimatedLine]:
    """Mean SR of persons over all but their first row, by a line over all rows."""
    X = np.column_stack([np.ones(E.size), E])
    line = np.linalg.lstsq(X, P, rcond=None)[0]
    rest = P - X @ line
    later = np.ones(E.size, dtype=bool)
    later[::6] = False
    count = np.bincount(person[later], minlength=n)
    SR = np.bincount(person[later], rest[later], minlength=n) / count
    means = np.bincount(person[later], E[later], minlength=n) / count
    return SR, np.column_stack([np.ones(n), means]), EstimatedLine.of(X, rest, person, n)


def test_errors_are_those_of_a_bootstrap_that_refits_the_line() -> None:
    n = 150
    data = panel(n, seed=4, r=0.7)
    SR, through, line = scored(**data, n=n)
    Z = np.column_stack([np.ones(n), data["F"]])
    fit = stacked_regression(SR, Z, names=("one", "F"), through=through, line=line)
    rng = np.random.default_rng(1)
    rows = np.arange(n * 6).reshape(n, 6)
    drawn = []
    for _ in range(1500):
        taken = rng.integers(0, n, n)
        where = rows[taken].ravel()
        again = {
            "F": data["F"][taken], "person": np.repeat(np.arange(n), 6),
            "E": data["E"][where], "P": data["P"][where],
        }  # fmt: skip
        once = scored(**again, n=n)[0]
        drawn.append(np.polyfit(again["F"], once, 1)[0])
    refitted = float(np.std(drawn, ddof=1))
    assert fit.errors[1] == pytest.approx(refitted, rel=0.05)
    # Taking SR as measured would give another error: the line matters here.
    assert abs(fit.own[1] / refitted - 1) > abs(fit.errors[1] / refitted - 1)


def test_without_a_line_the_errors_are_hc3() -> None:
    data = panel(80, seed=2)
    y = data["P"][::6]
    X = np.column_stack([np.ones(80), data["F"], data["E"][::6]])
    fit = stacked_regression(y, X, names=("one", "F", "E"))
    other = sm.OLS(y, X).fit(cov_type="HC3")
    np.testing.assert_allclose(fit.coefficients, other.params, rtol=1e-9)
    np.testing.assert_allclose(fit.errors, other.bse, rtol=1e-9)
    assert fit.estimates["F"] == pytest.approx(other.params[1])
    assert fit.n == 80


def test_the_pulls_of_a_line_are_its_clustered_covariance() -> None:
    data = panel(60, seed=3)
    X = np.column_stack([np.ones(360), data["E"]])
    other = sm.OLS(data["P"], X).fit(
        cov_type="cluster",
        cov_kwds={"groups": data["person"], "use_correction": False},
    )
    line = EstimatedLine.of(X, other.resid, data["person"], 60)
    np.testing.assert_allclose(line.pulls.T @ line.pulls, other.cov_params(), rtol=1e-8)


@pytest.mark.parametrize("curved", [False, True])
def test_two_steps_are_one_step_less_what_the_factor_shares_with_exposure(curved: bool) -> None:
    rng = np.random.default_rng(8)
    n = 90
    C, E = rng.normal(size=n), rng.normal(size=n)
    F = 0.6 * E + 0.4 * C + rng.normal(size=n)
    P = E - 0.5 * F + 0.3 * C + rng.normal(size=n)
    terms = np.column_stack([E, E**2] if curved else [E])
    given = np.column_stack([np.ones(n), C])
    X = np.column_stack([given, terms])
    residual = P - X @ np.linalg.lstsq(X, P, rcond=None)[0]
    two = np.linalg.lstsq(np.column_stack([given, F]), residual, rcond=None)[0][-1]
    one = np.linalg.lstsq(np.column_stack([X, F]), P, rcond=None)[0][-1]
    assert two / one == pytest.approx(1 - shared_with(F, given, terms), rel=1e-10)


def test_a_factor_that_is_exposure_shares_everything() -> None:
    E = np.arange(10.0)
    assert shared_with(2 * E + 1, np.ones((10, 1)), E[:, None]) == pytest.approx(1.0)


def test_persons_with_missing_values_stand_aside() -> None:
    data = panel(50, seed=6)
    y = data["P"][::6].copy()
    X = np.column_stack([np.ones(50), data["F"]])
    y[:5], X[7, 1] = np.nan, np.nan
    fit = stacked_regression(y, X, names=("one", "F"))
    kept = np.isfinite(y) & np.isfinite(X).all(axis=1)
    again = stacked_regression(y[kept], X[kept], names=("one", "F"))
    np.testing.assert_array_equal(fit.coefficients, again.coefficients)
    assert not fit.pulls[:5].any()
    assert fit.n == 44


def test_too_few_persons_are_refused() -> None:
    with pytest.raises(ModelError, match="cannot carry"):
        stacked_regression(np.ones(2), np.ones((2, 2)), names=("a", "b"))
