"""Precision weights of rows: lme4's values, the dense likelihood, merging, refusals."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from salutogen.errors import ModelError
from salutogen.models import GrowthMixture, MixedModel, Moments

REFERENCE = Path(__file__).parents[2] / "reference" / "mixed_model"
VALUES = json.loads((REFERENCE / "weights.json").read_text(encoding="utf-8"))
_spec = importlib.util.spec_from_file_location("mixed_cases", REFERENCE / "cases.py")
cases = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(cases)


def weighted():
    frame = pl.DataFrame(cases.CASES["unbalanced"])
    return frame.with_columns(w=0.5 + pl.int_range(1, pl.len() + 1).mod(5))


@pytest.mark.parametrize("value", VALUES["fits"], ids=lambda v: f"{v['formula']}, {v['reml']}")
def test_agrees_with_lme4(value):
    """lme4 1.1-31, `lmer(…, weights = w)`: `Rscript weights.R` beside `weights.json`."""
    result = MixedModel(value["formula"]).fit(weighted(), reml=value["reml"], weights="w")
    assert -2 * result.log_likelihood == pytest.approx(value["criterion"], abs=2e-6)
    np.testing.assert_allclose(result.coefficients, value["fixed"], rtol=1e-5)
    np.testing.assert_allclose(list(result.standard_errors.values()), value["se"], rtol=1e-5)
    np.testing.assert_allclose(result.random_covariance.ravel(), value["covariance"], rtol=1e-5)
    np.testing.assert_allclose(result.residual_variance, value["residual"], rtol=1e-5)
    np.testing.assert_allclose([result.aic, result.bic], [value["aic"], value["bic"]], rtol=1e-8)
    modes = result.modes.ravel()[: len(value["modes"])]
    np.testing.assert_allclose(modes, value["modes"][: len(modes)], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("reml", [True, False])
def test_equals_the_dense_likelihood(reml):
    frame = weighted()[:150]
    result = MixedModel("y ~ t + (1 + t | id)").fit(frame, reml=reml, weights="w")
    y, person = frame["y"].to_numpy(), frame["id"].to_numpy()
    X = np.column_stack([np.ones(len(y)), frame["t"].to_numpy()])
    V = X @ result.random_covariance @ X.T * (person[:, None] == person)
    V += np.diag(result.residual_variance / frame["w"].to_numpy())
    inverse = np.linalg.inv(V)
    precision = X.T @ inverse @ X
    beta = np.linalg.solve(precision, X.T @ inverse @ y)
    r = y - X @ beta
    value = np.linalg.slogdet(V)[1] + r @ inverse @ r + (len(y) - 2 * reml) * np.log(2 * np.pi)
    value += np.linalg.slogdet(precision)[1] if reml else 0.0
    np.testing.assert_allclose(-2 * result.log_likelihood, value, rtol=1e-9)
    np.testing.assert_allclose(result.coefficients, beta, rtol=1e-7)
    np.testing.assert_allclose(result.covariance, np.linalg.inv(precision), rtol=1e-6)


def test_equal_weights_are_a_unit_of_the_residual_variance():
    frame = weighted()
    model = MixedModel("y ~ t + x + (1 + t | id)")
    plain, tripled = model.fit(frame), model.fit(frame, weights=np.full(frame.height, 3.0))
    np.testing.assert_allclose(tripled.log_likelihood, plain.log_likelihood, rtol=1e-11)
    np.testing.assert_allclose(tripled.coefficients, plain.coefficients, rtol=1e-9)
    np.testing.assert_allclose(tripled.random_covariance, plain.random_covariance, rtol=1e-6)
    np.testing.assert_allclose(tripled.residual_variance, 3 * plain.residual_variance, rtol=1e-7)


def test_weighted_shards_and_arrays_equal_the_pooled_fit():
    frame = weighted().with_columns(pl.col("t") + 2000)
    formula = "y ~ t + I(t**2) + x + (1 + t | id)"
    pooled = MixedModel(formula).fit(frame, weights="w")
    sites = [
        Moments.from_frame(formula, frame.filter(pl.col("id") % 3 == site), weights="w")
        for site in range(3)
    ]
    merged = MixedModel(formula).fit(sites[0].merge(*sites[1:]))
    np.testing.assert_allclose(merged.log_likelihood, pooled.log_likelihood, rtol=1e-10)
    np.testing.assert_allclose(merged.residual_variance, pooled.residual_variance, rtol=1e-8)
    assert merged.n_obs == frame.height
    with pytest.raises(ModelError, match="cannot be merged"):
        sites[0].merge(Moments.from_frame(formula, frame.filter(pl.col("id") % 3 == 1)))
    X = np.column_stack([np.ones(frame.height), frame["x"].to_numpy()])
    names = ("Intercept", "x")
    arrays = Moments.from_arrays(
        frame["y"].to_numpy(), X, X[:, :1], frame["id"].to_numpy(),
        fixed=names, random=names[:1], weights=frame["w"].to_numpy(),
    )  # fmt: skip
    one = MixedModel("y ~ x + (1 | person)").fit(arrays)
    two = MixedModel("y ~ x + (1 | id)").fit(frame, weights="w")
    np.testing.assert_allclose(one.log_likelihood, two.log_likelihood, rtol=1e-12)


def test_rows_with_other_gaps_leave_with_their_weight():
    frame = weighted()
    holes = frame.with_columns(x=pl.when(pl.col("id") % 4 == 0).then(None).otherwise(pl.col("x")))
    result = MixedModel("y ~ x + (1 | id)").fit(holes, weights=frame["w"].to_numpy())
    kept = frame.filter(pl.col("id") % 4 != 0)
    other = MixedModel("y ~ x + (1 | id)").fit(kept, weights="w")
    np.testing.assert_allclose(result.log_likelihood, other.log_likelihood, rtol=1e-12)


@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan"), None, float("inf")])
def test_weights_that_are_none_are_refused_with_their_rows(bad):
    frame = weighted().with_columns(
        w=pl.when(pl.int_range(pl.len()).is_in([2, 6])).then(bad).otherwise(pl.col("w"))
    )
    with pytest.raises(ModelError, match=r"w: expected positive numbers.*2 rows \(3, 7\)"):
        MixedModel("y ~ t + (1 | id)").fit(frame, weights="w")


def test_weights_where_they_do_not_belong_are_refused():
    frame = weighted()
    moments = Moments.from_frame("y ~ t + (1 | id)", frame, weights="w")
    with pytest.raises(ModelError, match="moments have theirs"):
        MixedModel("y ~ t + (1 | id)").fit(moments, weights="w")
    with pytest.raises(ModelError, match="weight rows"):
        GrowthMixture("y ~ t + (1 | id)", classes=2).fit(moments)
    with pytest.raises(ModelError, match="one for each of"):
        MixedModel("y ~ t + (1 | id)").fit(frame, weights=[1.0, 2.0])
    with pytest.raises(ModelError, match=r"'ww' \(did you mean 'w'\?\)"):
        MixedModel("y ~ t + (1 | id)").fit(frame, weights="ww")
    with pytest.raises(ModelError, match="only with persons alone"):
        MixedModel("y ~ t + (1 | id) + (1 | x)").fit(frame, weights="w")
