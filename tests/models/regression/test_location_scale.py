"""A line with a log-linear SD against a general optimiser, its bootstrap, and its limits."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from salutogen.errors import ModelError
from salutogen.models.regression.location_scale import (
    LocationScale,
    draws_of_location_scale,
    fit_location_scale,
)

NAMES = ("intercept", "E")


def data(n: int = 300, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    E = rng.gamma(3, 10, n)
    X = np.column_stack([np.ones(n), E])
    return 5 + 0.2 * E + np.exp(0.5 + 0.02 * E) * rng.normal(size=n), X


def fitted(y: np.ndarray, X: np.ndarray) -> LocationScale:
    return fit_location_scale(y, X, X, names=NAMES, scale_names=NAMES)


def test_it_is_the_maximum_of_the_likelihood() -> None:
    y, X = data()

    def minus(p: np.ndarray) -> float:
        log_sd = p[2] + p[3] * X[:, 1]
        z = (y - p[0] - p[1] * X[:, 1]) / np.exp(log_sd)
        return float(np.sum(log_sd + 0.5 * z**2 + 0.5 * np.log(2 * np.pi)))

    fit = fitted(y, X)
    found = minimize(
        minus, [5, 0.2, 0.5, 0.02], method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-11, "maxiter": 9000},
    )  # fmt: skip
    np.testing.assert_allclose([*fit.location, *fit.scale], found.x, rtol=1e-5)
    assert fit.log_likelihood == pytest.approx(-found.fun, abs=1e-7)
    z = fit.standardised(y, X, X)
    assert np.mean(z**2) == pytest.approx(1, abs=1e-5), "the score of the log SD's constant is 0"


def test_an_equal_spread_gives_least_squares_of_the_same_sd() -> None:
    y, X = data()
    ones = np.ones((len(y), 1))
    fit = fit_location_scale(y, X, ones, names=NAMES, scale_names=("intercept",))
    b, rss, *_ = np.linalg.lstsq(X, y)
    np.testing.assert_allclose(fit.location, b, rtol=1e-9)
    assert np.exp(2 * fit.scale[0]) == pytest.approx(rss[0] / len(y))


def test_the_bootstrap_spreads_as_the_information_says() -> None:
    y, X = data(600)
    fit = fitted(y, X)
    parts = list(draws_of_location_scale(y, X, X, person=np.arange(600), draws=600, seed=4))
    location = np.concatenate([part[0] for part in parts])
    scale = np.concatenate([part[1] for part in parts])
    weighted = X / fit.sd(X)[:, None]
    expected = np.sqrt(np.diag(np.linalg.inv(weighted.T @ weighted)))
    np.testing.assert_allclose(location.std(axis=0), expected, rtol=0.15)
    of_scale = np.sqrt(np.diag(np.linalg.inv(2 * X.T @ X)))
    np.testing.assert_allclose(scale.std(axis=0), of_scale, rtol=0.25)
    assert (parts[0][2].sum(axis=1) == 600).all()


def test_rows_of_a_person_are_drawn_together() -> None:
    y, X = data(60)
    person = np.repeat(np.arange(20), 3)
    ((_, _, times),) = draws_of_location_scale(y, X, X, person=person, draws=5, seed=4)
    assert (times.reshape(5, 20, 3) == times[:, ::3, None]).all()


def test_a_draw_is_a_fit_to_the_drawn_rows() -> None:
    y, X = data(80)
    ((b, g, times),) = draws_of_location_scale(y, X, X, person=np.arange(80), draws=3, seed=2)
    rows = np.repeat(np.arange(80), times[1].astype(int))
    again = fitted(y[rows], X[rows])
    np.testing.assert_allclose(b[1], again.location, rtol=1e-4)
    np.testing.assert_allclose(g[1], again.scale, rtol=1e-3)


def test_units_on_a_line_have_no_spread() -> None:
    _, X = data(30)
    with pytest.raises(ModelError, match="spread"):
        fitted(3 + 2 * X[:, 1], X)
    with pytest.raises(ModelError, match="Collinear"):
        fitted(np.arange(30.0), np.ones((30, 2)))
