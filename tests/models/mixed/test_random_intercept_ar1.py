"""Random intercepts with autocorrelated residuals, against statsmodels and brute force."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from salutogen.models.mixed.random_intercept_ar1 import (
    Persistence,
    fit_persistence,
    person_products,
    person_rows,
    residual_variance,
    unpacked,
)

OCCASIONS = 6


def panel(lag: float, persons: int = 150, seed: int = 1) -> tuple[np.ndarray, ...]:
    """Person, occasion, design and outcome in one array, a fifth of the rows missing."""
    rng = np.random.default_rng(seed)
    state = rng.normal(size=(persons, OCCASIONS))
    for t in range(1, OCCASIONS):
        state[:, t] = lag * state[:, t - 1] + np.sqrt(1 - lag**2) * state[:, t]
    kept = rng.random(state.shape) > 0.2
    person, occasion = np.nonzero(kept)
    E = rng.gamma(4, 5, person.size)
    y = 2 + 0.3 * E + 1.5 * rng.normal(size=persons)[person] + 2 * state[kept]
    dummies = (occasion[:, None] == np.arange(OCCASIONS)).astype(float)
    return person, occasion, np.column_stack([dummies, E - E.mean(), y])


def brute_force(rows: np.ndarray, occasion: np.ndarray, person: np.ndarray, how: Persistence):
    """Cross-products and twice the negative restricted log-likelihood, person by person."""
    n, p = rows.shape[0], rows.shape[1] - 1
    total, log_size = np.zeros((p + 1, p + 1)), 0.0
    for one in np.unique(person):
        own = person == one
        gaps = np.abs(occasion[own][:, None] - occasion[own])
        covariance = how.lag**gaps + how.ratio
        total += rows[own].T @ np.linalg.solve(covariance, rows[own])
        log_size += np.linalg.slogdet(covariance)[1]
    design = total[:p, :p]
    variance = (total[p, p] - total[p, :p] @ np.linalg.solve(design, total[:p, p])) / (n - p)
    return total, (n - p) * np.log(variance) + log_size + np.linalg.slogdet(design)[1]


@pytest.mark.parametrize("lag", [0.0, 0.4, -0.3])
def test_products_are_those_of_the_inverse_covariance(lag: float) -> None:
    person, occasion, columns = panel(0.3, persons=30)
    rows = person_rows(person, occasion)
    how = Persistence(ratio=0.7, lag=lag)
    unit = np.arange(rows.n_persons) % 4
    found = unpacked(person_products(columns, rows, how, unit, 4))
    expected, _ = brute_force(columns, occasion, person, how)
    np.testing.assert_allclose(found.sum(axis=0), expected, rtol=1e-10, atol=1e-8)
    own = np.isin(rows.person, np.flatnonzero(unit == 2))
    only, _ = brute_force(columns[own], occasion[own], person[own], how)
    np.testing.assert_allclose(found[2], only, rtol=1e-9, atol=1e-8)


def test_without_autocorrelation_it_is_the_mixed_model_of_statsmodels() -> None:
    person, occasion, columns = panel(0.0)
    rows = person_rows(person, occasion)
    how = fit_persistence(columns, rows, occasion)
    assert how is not None
    assert how.lag == 0
    frame = pd.DataFrame(
        {"y": columns[:, -1], "E": columns[:, -2], "occasion": occasion, "person": person}
    )
    fit = smf.mixedlm("y ~ 0 + C(occasion) + E", frame, groups="person").fit(reml=True)
    total = person_products(columns, rows, how, np.zeros(rows.n_persons, dtype=int), 1)[0]
    total = unpacked(total)
    p = OCCASIONS + 1
    effects = np.linalg.solve(total[:p, :p], total[:p, p])
    np.testing.assert_allclose(effects, fit.fe_params.to_numpy(), rtol=1e-5, atol=1e-5)
    assert residual_variance(total, len(person)) == pytest.approx(fit.scale, rel=1e-4)
    assert how.ratio == pytest.approx(float(fit.cov_re.iloc[0, 0]) / fit.scale, rel=1e-3)


def test_a_told_autocorrelation_has_the_highest_likelihood() -> None:
    person, occasion, columns = panel(0.5)
    how = fit_persistence(columns, person_rows(person, occasion), occasion)
    assert how is not None
    assert 0.35 < how.lag < 0.65
    best = brute_force(columns, occasion, person, how)[1]
    for ratio, lag in ((1.1, 1.0), (0.9, 1.0), (1.0, 1.05), (1.0, 0.95)):
        other = Persistence(ratio=how.ratio * ratio, lag=how.lag * lag)
        assert brute_force(columns, occasion, person, other)[1] > best


def test_many_persons_tell_the_autocorrelation_by_some_of_them() -> None:
    person, occasion, columns = panel(0.4, persons=9000, seed=3)
    how = fit_persistence(columns, person_rows(person, occasion), occasion)
    assert how is not None
    assert how.lag == pytest.approx(0.4, abs=0.05)


def test_nothing_can_be_told_where_columns_are_collinear_or_persons_have_one_row() -> None:
    person, occasion, columns = panel(0.0, persons=20)
    twice = np.column_stack([columns[:, :-1], columns[:, 0], columns[:, -1]])
    assert fit_persistence(twice, person_rows(person, occasion), occasion) is None
    first = np.unique(person, return_index=True)[1]
    rows = person_rows(person[first], occasion[first])
    assert fit_persistence(columns[first], rows, occasion[first]) is None


@pytest.mark.parametrize("lag", [0.0, 0.5])
def test_the_estimate_hangs_on_no_rounding(lag: float) -> None:
    """A criterion tells half of its digits where it is lowest; another processor the other half."""
    person, occasion, columns = panel(lag)
    rows = person_rows(person, occasion)
    one = fit_persistence(columns, rows, occasion)
    other = fit_persistence(columns * (1 + 1e-13), rows, occasion)
    assert one is not None
    assert other is not None
    assert one.lag == other.lag
    assert other.ratio == pytest.approx(one.ratio, rel=1e-12)
    below, here, above = (
        brute_force(columns, occasion, person, Persistence(ratio=one.ratio * by, lag=one.lag))[1]
        for by in (1 - 1e-3, 1.0, 1 + 1e-3)
    )
    assert below > here < above
