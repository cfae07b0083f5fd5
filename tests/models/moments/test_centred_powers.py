"""Powers of calendar years: fits about any origin are the same fit, in every digit there is."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from salutogen.models import MixedModel, Moments
from salutogen.models.moments.centred_powers import closed_variables, monomial, shift_matrix

REFERENCE = Path(__file__).parents[2] / "reference" / "mixed_model"
_spec = importlib.util.spec_from_file_location("mixed_cases", REFERENCE / "cases.py")
cases = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(cases)


def test_names_are_read_as_powers():
    assert monomial("Intercept") == ()
    assert monomial("I(t ** 3)") == (("t", 3),)
    assert monomial("C(arm)[T.a:b]:t") == (("C(arm)[T.a:b]", 1), ("t", 1))
    assert monomial("t:I(t ** 2)") == (("t", 3),)
    assert monomial("I(t + 1)") == (("I(t + 1)", 1),)
    names = ("Intercept", "t", "I(t ** 2)", "x", "t:x")
    assert closed_variables(names, ("t", "x")) == ["t", "x"]
    assert closed_variables(("t", "I(t ** 2)"), ("t",)) == []
    assert closed_variables(("Intercept", "t", "t:x"), ("t", "x")) == ["x"]


def test_shifts_are_undone_by_the_opposite_ones():
    names = ("Intercept", "t", "x", "I(t ** 2)", "t:x")
    t, x = np.array([3.0, 5.0, 8.0]), np.array([1.0, -2.0, 4.0])

    def made(t, x):
        return np.column_stack([np.ones(3), t, x, t**2, t * x])

    T = shift_matrix(names, {"t": 4.0, "x": -1.5})
    np.testing.assert_allclose(made(t - 4, x + 1.5) @ T, made(t, x))
    np.testing.assert_allclose(T @ shift_matrix(names, {"t": -4.0, "x": 1.5}), np.eye(5))


def test_interactions_with_years_equal_those_about_an_origin():
    frame = pl.DataFrame(cases.CASES["far"])
    frame = frame.with_columns(arm=pl.col("id").mod(2).cast(pl.String))
    formula = "y ~ C(arm) * t + C(arm):I(t**2) + I(t**2) + x:t + x + (1 + t | id)"
    far = MixedModel(formula).fit(frame)
    moved = frame.with_columns(pl.col("t") - 2020)
    near = MixedModel(formula).fit(moved)
    np.testing.assert_allclose(far.log_likelihood, near.log_likelihood, rtol=1e-11)
    np.testing.assert_allclose(far.predict(frame), near.predict(moved), rtol=1e-6)
    assert Moments.from_frame(formula, frame).shifts.keys() == {"t", "x"}


def test_a_column_named_like_a_product_is_taken_as_it_is():
    frame = pl.DataFrame(cases.CASES["far"]).with_columns(pl.col("x").alias("t:t"))
    odd = MixedModel("y ~ t + `t:t` + (1 | id)").fit(frame)
    plain = MixedModel("y ~ t + x + (1 | id)").fit(frame)
    np.testing.assert_allclose(odd.coefficients, plain.coefficients, rtol=1e-12)


def test_calendar_years_lose_no_digits():
    """A random slope on 2020.4 and on .4 is one model with another intercept."""
    frame = pl.DataFrame(cases.CASES["far"])
    near = frame.with_columns(pl.col("t") - 2020)
    formula = "y ~ t + (1 + t | id)"
    far, close = MixedModel(formula).fit(frame), MixedModel(formula).fit(near)
    assert far.converged
    np.testing.assert_allclose(far.log_likelihood, close.log_likelihood, rtol=1e-11)
    np.testing.assert_allclose(far.coefficients[1], close.coefficients[1], rtol=1e-8)
    np.testing.assert_allclose(
        far.random_covariance[1, 1], close.random_covariance[1, 1], rtol=1e-7
    )
    cubic = "y ~ t + I(t**2) + I(t**3) + (1 + t + I(t**2) | id)"
    far, close = MixedModel(cubic).fit(frame), MixedModel(cubic).fit(near)
    np.testing.assert_allclose(far.log_likelihood, close.log_likelihood, rtol=1e-11)
    np.testing.assert_allclose(far.residual_variance, close.residual_variance, rtol=1e-7)
    np.testing.assert_allclose(far.coefficients[3], close.coefficients[3], rtol=1e-7)
    np.testing.assert_allclose(far.predict(frame), close.predict(near), rtol=1e-7)


def extended_least_squares(X, y):
    """Coefficients, and square roots of the diagonal of (X'X)⁻¹, by QR in extended precision."""
    X, y = X.astype(np.longdouble), y.astype(np.longdouble)
    p = X.shape[1]
    Q, R = X.copy(), np.eye(p, dtype=np.longdouble)
    for j in range(p):
        for _ in range(2):
            for i in range(j):
                share = np.sum(Q[:, i] * Q[:, j])
                R[i, j] = share if R[i, j] == 0 else R[i, j] + share
                Q[:, j] -= share * Q[:, i]
        R[j, j] = np.sqrt(np.sum(Q[:, j] ** 2))
        Q[:, j] /= R[j, j]
    inverse = np.zeros((p, p), dtype=np.longdouble)
    for j in range(p):
        inverse[j, j] = 1 / R[j, j]
        for i in range(j - 1, -1, -1):
            inverse[i, j] = -np.sum(R[i, i + 1 : j + 1] * inverse[i + 1 : j + 1, j]) / R[i, i]
    return inverse @ (Q.T @ y), np.sqrt(np.sum(inverse**2, axis=1))


@pytest.mark.skipif(np.finfo(np.longdouble).nmant < 60, reason="no extended precision here")
@pytest.mark.parametrize("powers", [2, 3])
@pytest.mark.parametrize("by", ["I(t ** {})", "t{}"])
def test_powers_of_calendar_years_agree_with_extended_precision(powers, by):
    """Generalised least squares of a random intercept = least squares of partial deviations.

    Powers that the formula makes keep all their digits. Of powers that come as columns, the
    rounding of the column itself (1e-6 of 2005³) is all that is lost.
    """
    rng = np.random.default_rng(3)
    n, rows = 80, 6
    id_ = np.repeat(np.arange(n), rows)
    t = 1990 + 30 * rng.random(n * rows)
    y = 3 + 0.2 * (t - 2005) - 0.01 * (t - 2005) ** 2 + rng.normal(size=n)[id_]
    y += rng.normal(size=n * rows)
    frame = {"id": id_, "t": t, "y": y, "t2": t**2, "t3": t**3}
    names = ["t", *(by.format(k) for k in range(2, powers + 1))]
    result = MixedModel(f"y ~ {' + '.join(names)} + (1 | id)").fit(frame)
    exact = t.astype(np.longdouble)
    X = np.column_stack([exact**k for k in range(powers + 1)])
    share = 1 - np.sqrt(
        result.residual_variance
        / (result.residual_variance + rows * result.random_covariance[0, 0])
    )

    def partial(values):
        means = values.reshape(n, rows, -1).mean(axis=1)[id_]
        return values - share * means.reshape(values.shape)

    beta, spread = extended_least_squares(partial(X), partial(y.astype(np.longdouble)))
    near = 1e-8 if by.startswith("I") else 1e-5
    np.testing.assert_allclose(result.coefficients, beta.astype(float), rtol=near)
    np.testing.assert_allclose(
        list(result.standard_errors.values()),
        (spread * result.residual_sd).astype(float),
        rtol=near,
    )


def test_sites_with_years_of_their_own_agree_with_the_pooled_fit():
    rng = np.random.default_rng(4)
    id_ = np.repeat(np.arange(90), 6)
    t = 1980 + 15.0 * (id_ % 3) + 10 * rng.random(540)
    y = 0.2 * (t - 2000) + 0.01 * (t - 2000) ** 2 + rng.normal(size=90)[id_] + rng.normal(size=540)
    frame = pl.DataFrame({"id": id_, "t": t, "y": y})
    formula = "y ~ t + I(t**2) + (1 + t | id)"
    sites = [Moments.from_frame(formula, frame.filter(pl.col("id") % 3 == s)) for s in range(3)]
    pooled = MixedModel(formula).fit(frame)
    merged = MixedModel(formula).fit(sites[0].merge(*sites[1:]))
    np.testing.assert_allclose(merged.log_likelihood, pooled.log_likelihood, rtol=1e-11)
    np.testing.assert_allclose(merged.coefficients, pooled.coefficients, rtol=1e-8)
    np.testing.assert_allclose(merged.covariance, pooled.covariance, rtol=1e-7)
