"""Completed sets: traces, R-hat by its formula, pooled analyses."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import statsmodels.formula.api as smf

from salutogen.errors import ModelError
from salutogen.models import (
    ChainedImputation,
    CompletedSets,
    LongitudinalKMeans,
    MixedModel,
    fit_least_squares,
    pool_estimates,
)
from salutogen.models.imputation.completed import Trace


def data(n=150, seed=4):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    y = 1 + 0.5 * x + rng.normal(size=n)
    y[rng.random(n) < 0.3] = np.nan
    return pl.DataFrame({"x": x, "y": y}).fill_nan(None)


def sets(m=30):
    return ChainedImputation(columns=["x", "y"], method="norm", imputations=m).fit(data())


def line(frame):
    X = np.column_stack([np.ones(frame.height), frame["x"]])
    return fit_least_squares(frame["y"].to_numpy(), X, names=("constant", "x"))


def test_pooled_lines_are_pooled_one_by_one():
    made = sets()
    found = made.analyse(line)
    fits = [line(frame) for frame in made.frames()]
    by_hand = pool_estimates(
        [fit.coefficients[1] for fit in fits], [fit.standard_errors[1] for fit in fits], 148
    )
    assert found.names == ("constant", "x")
    assert found.estimates["x"] == pytest.approx(by_hand.estimate, rel=1e-12)
    assert found.standard_errors["x"] == pytest.approx(by_hand.standard_error, rel=1e-12)
    assert found.df["x"] == pytest.approx(by_hand.df, rel=1e-12)
    np.testing.assert_allclose(found.intervals["x"], by_hand.interval, rtol=1e-12)
    assert found.fraction_missing["x"] == pytest.approx(by_hand.fraction_missing, rel=1e-12)
    assert found.n_sets == 30
    # Errors know of the gaps: larger than those of any one completed set.
    assert found.standard_errors["x"] > max(fit.standard_errors[1] for fit in fits)


def test_fits_of_other_kinds_give_the_same():
    made = sets(20)
    lines = made.analyse(line)
    other = made.analyse(lambda f: smf.ols("y ~ x", f.to_pandas()).fit())
    assert other.names == ("Intercept", "x")
    assert other.estimates["x"] == pytest.approx(lines.estimates["x"], rel=1e-9)
    assert other.standard_errors["x"] == pytest.approx(lines.standard_errors["x"], rel=1e-9)

    def mixed(frame):
        person = {"id": np.arange(150) // 3, "x": frame["x"], "y": frame["y"]}
        return MixedModel("y ~ x + (1 | id)").fit(person)

    found = made.analyse(mixed)
    fits = [mixed(frame) for frame in made.frames()]
    name = found.names[1]
    mean = np.mean([fit.fixed_effects[name] for fit in fits])
    assert found.estimates[name] == pytest.approx(mean, rel=1e-12)


def test_what_an_analysis_may_give():
    made = sets(20)
    pair = made.analyse(lambda f: (f["y"].mean(), f["y"].std() / np.sqrt(f.height)))
    named = made.analyse(
        lambda f: ({"mean": f["y"].mean()}, {"mean": f["y"].std() / np.sqrt(f.height)}),
        df_complete=149,
    )
    assert pair.names == ("estimate",)
    assert named.estimates["mean"] == pair.estimates["estimate"]
    assert named.df["mean"] < pair.df["estimate"]
    assert 0 < named.p["mean"] < 1e-6
    several = made.analyse(lambda f: ([1.0, f["y"][0]], [0.1, 0.2]))
    assert several.names == ("estimate 1", "estimate 2")
    assert several.p["estimate 1"] == pytest.approx(0.0, abs=1e-20)


@pytest.mark.parametrize(
    ("analysis", "message"),
    [
        (lambda f: f["y"].mean(), "expected a fit with `estimates`"),
        (lambda f: ({"a": 1.0}, {"b": 1.0}), "a standard error for each estimate"),
        (lambda f: ([1.0, 2.0], [1.0]), "standard errors"),
        (lambda f: ({str(f["y"].sum()): 1.0}, {str(f["y"].sum()): 1.0}), "the same in each"),
        (
            lambda f: LongitudinalKMeans(classes=2, starts=2).fit(f.to_numpy()),
            "Classes are not pooled",
        ),
    ],
)
def test_what_cannot_be_pooled_is_refused(analysis, message):
    with pytest.raises(ModelError, match=message):
        sets(3).analyse(analysis)


def test_one_set_is_not_analysed():
    with pytest.raises(ModelError, match="hides that values were missing"):
        sets(1).analyse(line)


def test_few_sets_for_what_is_missing_are_said():
    assert "take" in sets(3).analyse(line).messages[0]
    assert sets(60).analyse(line).messages == ()


def test_arrays_frames_and_trace_are_of_the_same_values():
    made = sets(4)
    assert isinstance(made, CompletedSets)
    gap = data()["y"].is_null().to_numpy()
    np.testing.assert_array_equal(made.arrays()[:, gap, 1], made.imputed)
    np.testing.assert_array_equal(made.frame(2)["y"].to_numpy(), made.array(2)[:, 1])
    last = made.trace.frame().filter(pl.col("iteration") == 10).sort("chain")
    np.testing.assert_allclose(last["mean"], made.imputed.mean(axis=1), rtol=1e-12)
    np.testing.assert_allclose(last["sd"], made.imputed.std(axis=1, ddof=1), rtol=1e-10)


def trace(values):
    return Trace(columns=("a",), n_missing=(9,), values=values)


def test_r_hat_by_its_formula():
    rng = np.random.default_rng(2)
    values = rng.normal(size=(6, 20, 1, 2)) + rng.normal(size=(6, 1, 1, 1))
    half = values[:, 10:, 0, 0]
    between = 10 * np.var(half.mean(axis=1), ddof=1)
    within = np.mean([np.var(chain, ddof=1) for chain in half])
    expected = np.sqrt((9 / 10 * within + between / 10) / within)
    found = trace(values)
    assert found.r_hat[0, 0] == pytest.approx(expected, rel=1e-12)
    assert found.convergence()["r_hat_mean"][0] == pytest.approx(expected, rel=1e-12)
    assert found.unsettled == ["a"]


def test_chains_that_are_alike_are_seldom_called_unsettled():
    rng = np.random.default_rng(3)
    shape = (5, 10, 60, 2)
    called = sum(
        bool(Trace(columns=("a",) * 60, n_missing=(9,) * 60, values=v).unsettled)
        for v in rng.normal(size=(200, *shape))
    )
    assert called <= 8
    still = trace(np.ones((5, 10, 1, 2)))
    assert still.r_hat.tolist() == [[1.0, 1.0]]
    assert still.unsettled == []
    assert np.isnan(trace(np.ones((1, 10, 1, 2))).r_hat).all()
    assert trace(np.ones((1, 10, 1, 2))).unsettled == []


def test_chains_that_crawl_are_named():
    """Two columns that are almost never seen together wander for a long time."""
    rng = np.random.default_rng(6)
    n = 300
    level = rng.normal(size=n)
    values = np.column_stack([level, level]) + 0.05 * rng.normal(size=(n, 2))
    values[:146, 0], values[154:, 1] = np.nan, np.nan
    made = ChainedImputation(method="norm").fit(values)
    assert not made.converged
    assert "have not come together" in " ".join(made.messages)
