"""Intervals and comparisons of mixed models: lme4's values, boundaries, invariance, refusals."""

from __future__ import annotations

import importlib.util
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from salutogen.errors import ModelError
from salutogen.models import MixedModel

REFERENCE = Path(__file__).parents[3] / "reference"
VALUES = json.loads((REFERENCE / "mixed_inference" / "values.json").read_text(encoding="utf-8"))
# lme4 interpolates its profile; near a variance of zero the profile is steepest.
TOLERANCE = {"limit": 1e-5}

_spec = importlib.util.spec_from_file_location(
    "mixed_cases", REFERENCE / "mixed_model" / "cases.py"
)
cases = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(cases)


def case(name):
    return pl.DataFrame(cases.CASES[name])


def our_name(name):
    name = name.replace("(Intercept)", "Intercept").replace("|id", "")
    if name == "sigma":
        return "sd__Observation"
    if name.startswith("cor_"):
        later, earlier = name.removeprefix("cor_").split(".")
        return f"cor__{earlier}.{later}"
    return name.replace("sd_", "sd__")


@pytest.mark.parametrize("value", VALUES["profiles"], ids=lambda v: f"{v['data']}: {v['formula']}")
def test_profile_intervals_agree_with_lme4(value):
    """lme4 1.1-31: confint(profile(refitML(fit), devtol = 1e-6, delta.cutoff = 1/16))."""
    result = MixedModel(value["formula"]).fit(case(value["data"]))
    table = result.profile_intervals()
    limits = {term: (low, high) for term, _, _, _, low, high in table.iter_rows()}
    assert set(limits) == {our_name(name) for name in value["names"]}
    for name, low, high in zip(value["names"], value["low"], value["high"], strict=True):
        assert limits[our_name(name)] == pytest.approx((low, high), abs=TOLERANCE["limit"])
    tidy = result.tidy(intervals="profile")
    assert tidy["conf_low"].to_list() == [limits[term][0] for term in tidy["term"]]


def test_limits_are_where_the_likelihood_has_fallen():
    """Held at its limit, a correlation costs the chi-square quantile: by a search without bounds.

    The plain likelihood of all rows, maximised by Nelder-Mead over log SDs at the held correlation.
    """
    from scipy.optimize import minimize

    frame = case("unbalanced").head(90)
    result = MixedModel("y ~ t + (1 + t | id)").fit(frame, reml=False)
    t, y, person = (frame[name].to_numpy() for name in ("t", "y", "id"))
    X = np.column_stack([np.ones(len(t)), t])
    same = person[:, None] == person

    def value(x, correlation):
        sd = np.exp(x)
        covariance = np.outer(sd[:2], sd[:2]) * [[1, correlation], [correlation, 1]]
        V = X @ covariance @ X.T * same + sd[2] ** 2 * np.eye(len(y))
        inverse = np.linalg.inv(V)
        r = y - X @ np.linalg.solve(X.T @ inverse @ X, X.T @ inverse @ y)
        return np.linalg.slogdet(V)[1] + r @ inverse @ r + len(y) * np.log(2 * np.pi)

    table = result.profile_intervals(["cor__Intercept.t"], level=0.9)
    start = np.log([*result.random_sd.values(), result.residual_sd])
    for limit in (table["conf_low"].item(), table["conf_high"].item()):
        found = minimize(value, start, (limit,), "Nelder-Mead", options={"xatol": 1e-5})
        assert found.fun + 2 * result.log_likelihood == pytest.approx(2.70554, abs=1e-4)


def test_limits_with_three_random_terms_are_constrained_maxima():
    """Each limit of an SD and a correlation costs 3.84: by SLSQP with the constraint stated."""
    from scipy.optimize import minimize

    rng = np.random.default_rng(11)
    n, m = 40, 6
    X = np.stack([np.ones((n, m)), np.tile(np.arange(m) / 2, (n, 1)), rng.normal(size=(n, m))], 2)
    root = np.linalg.cholesky([[1, 0.3, -0.2], [0.3, 0.5, 0.2], [-0.2, 0.2, 0.6]])
    b = rng.normal(size=(n, 3)) @ root.T
    y = np.einsum("nmk,nk->nm", X, b + np.array([1, 0.5, 0.3])) + rng.normal(size=(n, m))
    columns = {"t": X[:, :, 1].ravel(), "x": X[:, :, 2].ravel(), "y": y.ravel()}
    frame = {"id": np.repeat(np.arange(n), m), **columns}
    result = MixedModel("y ~ t + x + (1 + t + x | id)").fit(frame, reml=False)
    lower = np.tril_indices(3)

    def covariance(p):
        L = np.zeros((3, 3))
        L[lower] = p[:6]
        return L @ L.T

    def value(p):
        V = X @ covariance(p) @ X.swapaxes(1, 2) + np.exp(2 * p[6]) * np.eye(m)
        inverse = np.linalg.inv(V)
        weighted = inverse @ X
        precision = np.einsum("nmk,nmj->kj", X, weighted)
        r = y - X @ np.linalg.solve(precision, np.einsum("nmk,nm->k", weighted, y))
        square = np.einsum("nm,nmk,nk->", r, inverse, r)
        return np.linalg.slogdet(V)[1].sum() + square + n * m * np.log(2 * np.pi)

    def shown(p, i, j):
        S = covariance(p)
        return np.sqrt(S[i, i]) if i == j else S[i, j] / np.sqrt(S[i, i] * S[j, j])

    start = np.append(
        np.linalg.cholesky(result.random_covariance)[lower], np.log(result.residual_sd)
    )
    table = result.profile_intervals(["sd__t", "cor__Intercept.x"])
    for row, (i, j) in zip(table.iter_rows(named=True), ((1, 1), (0, 2)), strict=True):
        for limit in (row["conf_low"], row["conf_high"]):
            rule = {"type": "eq", "fun": lambda p, i=i, j=j, c=limit: shown(p, i, j) - c}
            found = minimize(
                value, start, method="SLSQP", constraints=rule, options={"ftol": 1e-10}
            )
            assert found.fun + 2 * result.log_likelihood == pytest.approx(3.841459, abs=1e-3)


def test_limits_at_the_end_of_the_range():
    singular = MixedModel("y ~ t + x + (1 + t | id)").fit(case("singular"))
    row = singular.profile_intervals(["cor__Intercept.t"]).row(0, named=True)
    assert row["conf_high"] == 1
    assert -1 < row["conf_low"] < 1
    zero = MixedModel("y ~ t + (1 | id)").fit(case("zero"))
    row = zero.profile_intervals(["sd__Intercept"]).row(0, named=True)
    assert (row["estimate"], row["conf_low"]) == (0, 0)
    assert 0 < row["conf_high"] < 1
    free = MixedModel("y ~ t + (1 + t | id)").fit(case("zero"))
    row = free.profile_intervals(["cor__Intercept.t"]).row(0, named=True)
    assert (row["conf_low"], row["conf_high"]) == (-1, 1)


def test_intervals_move_with_the_units():
    frame = case("unbalanced")
    formula = "y ~ t + (1 + t | id)"
    near = MixedModel(formula).fit(frame).profile_intervals()
    moved = frame.with_columns(pl.col("t") * 365.25, pl.col("y") * 10)
    far = MixedModel(formula).fit(moved).profile_intervals()
    unit = np.array([10, 10 / 365.25, 10, 10 / 365.25, 1, 10])
    for column in ("estimate", "conf_low", "conf_high"):
        np.testing.assert_allclose(far[column], near[column] * unit, rtol=1e-5)


def test_limits_do_not_depend_on_who_finds_them():
    result = MixedModel("y ~ t + (1 | id)").fit(case("singular"))
    told = []
    alone = result.profile_intervals(progress=lambda done, total: told.append((done, total)))
    with ThreadPoolExecutor(2) as executor:
        assert result.profile_intervals(executor=executor).equals(alone)
    assert told == [(done, 8) for done in range(9)]


def test_bad_requests_are_named():
    result = MixedModel("y ~ t + (1 | id)").fit(case("singular"))
    with pytest.raises(ModelError, match="unknown sd__t; the fit has Intercept, t, sd__Intercept"):
        result.profile_intervals(["sd__t"])
    with pytest.raises(ModelError, match="got 95"):
        result.profile_intervals(level=95)
    with pytest.raises(ModelError, match="got 'score'"):
        result.tidy(intervals="score")
    with pytest.raises(ModelError, match="no robust form"):
        result.tidy(intervals="profile", errors="CR1")


def test_weighted_rows_agree_with_lme4_and_lmertest():
    """lmerTest 3.1-3 and lme4 1.1-31: degrees of freedom and postVar with weights.

    Profile limits: lme4's with the rows multiplied by the roots of their weights.
    """
    value = VALUES["weighted"]
    frame = case(value["data"]).with_columns(w=0.5 + pl.int_range(1, pl.len() + 1) % 4)
    result = MixedModel(value["formula"]).fit(frame, weights="w")
    found = list(result.degrees_of_freedom.values())
    np.testing.assert_allclose(found, value["df"], rtol=1e-6)
    np.testing.assert_allclose(result.mode_covariances[:3].ravel(), value["post"], atol=1e-6)
    table = result.profile_intervals()
    limits = {term: (low, high) for term, _, _, _, low, high in table.iter_rows()}
    for name, low, high in zip(value["names"], value["low"], value["high"], strict=True):
        assert limits[our_name(name)] == pytest.approx((low, high), abs=TOLERANCE["limit"])
