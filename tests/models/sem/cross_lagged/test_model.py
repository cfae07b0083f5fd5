"""Cross-lagged panel models: closed forms, what must not matter, recovery, settings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pytest
import statsmodels.api as sm

from salutogen.models import CrossLaggedPanel, compare_structural_fits

MODEL = CrossLaggedPanel(outcomes=("x", "y"), person="id", occasion="wave")
LAGS = np.array([[0.3, 0.0], [0.2, 0.25]])


def panel(n=250, occasions=4, seed=1, missing=0.1, levels=1.0, lags=LAGS):
    """x moves y and is not moved by it; levels go together."""
    rng = np.random.default_rng(seed)
    level = levels * rng.normal(size=(n, 2)) @ np.array([[1, 0.5], [0, 0.8]])
    deviation, rows = rng.normal(size=(n, 2)), []
    for wave in range(occasions):
        if wave:
            deviation = deviation @ lags.T + rng.normal(size=(n, 2))
        values = 10 + level + deviation
        values[rng.random(n) < missing] = np.nan
        rows.append(pl.DataFrame({"id": np.arange(n), "wave": wave + 1, "x": values[:, 0],
                                  "y": values[:, 1]}))  # fmt: skip
    frame = pl.concat(rows).with_columns(pl.col("x", "y").fill_nan(None))
    known = frame.filter(pl.col("x").is_not_null())["id"].unique()
    return frame.filter(pl.col("id").is_in(known.implode()))


def same(a, b, rtol=1e-6):
    assert a.log_likelihood == pytest.approx(b.log_likelihood, abs=1e-7)
    assert a.parameters == b.parameters
    np.testing.assert_allclose(a.coefficients, b.coefficients, rtol=rtol, atol=1e-7)
    np.testing.assert_allclose(a.covariance, b.covariance, rtol=rtol, atol=1e-8)


def test_two_complete_waves_without_levels_are_two_regressions():
    frame = panel(occasions=2, missing=0.0)
    result = replace(MODEL, random_intercepts=False, standard_errors="expected").fit(frame)
    first, second = (frame.filter(pl.col("wave") == wave) for wave in (1, 2))
    X = sm.add_constant(first.select("x", "y").to_numpy())
    for outcome in ("x", "y"):
        line = sm.OLS(second[outcome].to_numpy(), X).fit()
        for j, source in enumerate(("x", "y"), start=1):
            name = f"{outcome}<-{source}"
            assert result.estimates[name] == pytest.approx(line.params[j], rel=1e-8)
            error = line.bse[j] * np.sqrt(line.df_resid / line.nobs)
            assert result.standard_errors[name] == pytest.approx(error, rel=1e-8)
        spread = line.ssr / line.nobs
        assert result.estimates[f"resid({outcome})@2"] == pytest.approx(spread, rel=1e-8)
    assert result.fit_indices["df"] == 0
    assert result.fit_indices["chi_square"] == pytest.approx(0, abs=1e-8)
    assert result.log_likelihood == pytest.approx(result.saturated_log_likelihood)


def test_rows_labels_and_frames_do_not_matter():
    frame = panel()
    plain = MODEL.fit(frame)
    shuffled = frame.sample(fraction=1.0, shuffle=True, seed=2)
    renamed = shuffled.with_columns(pl.format("person {}", "id").alias("id"))
    same(plain, MODEL.fit(renamed))
    same(plain, MODEL.fit(frame.filter(pl.col("x").is_not_null())))
    pandas = pd.DataFrame(frame.to_dict(as_series=False))
    same(plain, MODEL.fit(pandas))
    assert plain.n_obs == frame["x"].count()


def test_units_only_change_units():
    frame = panel()
    plain = MODEL.fit(frame)
    other = MODEL.fit(frame.with_columns(x=1000 * pl.col("x") - 5, y=pl.col("y") / 50))
    for name, factor in {
        "x<-x": 1.0,
        "x<-y": 1000 * 50,
        "y<-x": 1 / 1000 / 50,
        "var(x)": 1000**2,
        "cov(x,y)": 1000 / 50,
        "resid(y)@3": 50**-2,
    }.items():
        assert other.estimates[name] == pytest.approx(factor * plain.estimates[name], rel=1e-6)
        error = factor * plain.standard_errors[name]
        assert other.standard_errors[name] == pytest.approx(error, rel=1e-6)
    assert other.estimates["mean(x)@2"] == pytest.approx(1000 * plain.estimates["mean(x)@2"] - 5)
    n = frame["x"].count()
    assert other.log_likelihood == pytest.approx(plain.log_likelihood - n * np.log(1000 / 50))
    for name in ("chi_square", "cfi", "srmr"):
        assert other.fit_indices[name] == pytest.approx(plain.fit_indices[name], rel=1e-6)


def test_occasions_may_be_categories_in_a_declared_order():
    frame = panel()
    names = ["first", "second", "third", "fourth"]
    named = frame.with_columns(
        pl.col("wave").replace_strict(range(1, 5), names, return_dtype=pl.Enum(names))
    )
    result = MODEL.fit(named)
    assert result.log_likelihood == pytest.approx(MODEL.fit(frame).log_likelihood)
    assert "resid(x)@third" in result.parameters


def test_known_lags_are_found_and_levels_are_not_taken_for_them():
    frame = panel(n=4000, occasions=5, seed=7)
    within = MODEL.fit(frame)
    for name, truth in zip(("x<-x", "x<-y", "y<-x", "y<-y"), LAGS.ravel(), strict=True):
        assert abs(within.estimates[name] - truth) < 3.5 * within.standard_errors[name]
    assert within.estimates["var(x)"] == pytest.approx(1.0, abs=0.15)
    assert within.fit_indices["rmsea"] < 0.03
    # Without levels, that y lasts and goes with x looks like an effect of y on x.
    mixed = replace(MODEL, random_intercepts=False).fit(frame)
    assert mixed.estimates["x<-y"] > 5 * mixed.standard_errors["x<-y"]
    assert mixed.fit_indices["rmsea"] > 0.05
    comparison = compare_structural_fits(mixed, within)
    assert comparison.df == 3
    assert comparison.p_value < 1e-10
    assert "p is too large" in comparison.note


def test_groups_of_their_own_are_separate_fits():
    frame = panel(n=300).with_columns(arm=pl.when(pl.col("id") % 3 == 0).then(2).otherwise(1))
    both = replace(MODEL, group="arm").fit(frame)
    parts = [MODEL.fit(frame.filter(pl.col("arm") == arm)) for arm in (1, 2)]
    assert both.log_likelihood == pytest.approx(sum(part.log_likelihood for part in parts))
    for arm, part in zip((1, 2), parts, strict=True):
        for name, value in part.estimates.items():
            assert both.estimates[f"{name} [{arm}]"] == pytest.approx(value, rel=1e-5, abs=1e-6)
    chi_square = sum(part.fit_indices["chi_square"] for part in parts)
    assert both.fit_indices["chi_square"] == pytest.approx(chi_square)
    equal = replace(MODEL, group="arm", equal_groups=("lags",)).fit(frame)
    comparison = compare_structural_fits(equal, both)
    assert comparison.df == 4
    contrasts = [{f"{name} [1]": 1, f"{name} [2]": -1} for name in ("x<-x", "x<-y", "y<-x", "y<-y")]
    wald = both.test(contrasts)
    assert wald.df == 4
    assert comparison.chi_square == pytest.approx(wald.chi_square, rel=0.25, abs=0.5)


def test_equal_lags_are_tested_against_free_ones():
    frame = panel(n=300)
    equal, free = MODEL.fit(frame), replace(MODEL, lags="free").fit(frame)
    comparison = compare_structural_fits(equal, free)
    assert comparison.df == 8
    assert comparison.chi_square == pytest.approx(2 * (free.log_likelihood - equal.log_likelihood))
    assert comparison.p_value > 0.001
    assert {"x<-y@2", "x<-y@3", "x<-y@4"} <= set(free.parameters)


@pytest.mark.parametrize("settings", [{}, {"lag": 2}, {"random_intercepts": False}])
def test_what_is_named_is_equal_and_the_rest_is_free(settings):
    """All of a kind named is `equal`, none is `free`; one named lies between the two."""
    model = replace(MODEL, covariates=("age",), **settings)
    frame = panel(n=300, occasions=5)
    frame = frame.with_columns(
        age=pl.Series(np.random.default_rng(2).normal(size=5000))[frame["id"]]
    )
    equal, free = (replace(model, lags=lags).fit(frame) for lags in ("equal", "free"))
    named = tuple(name for name in equal.parameters if "<-" in name)
    if model.random_intercepts:  # what acts on levels acts at no occasion
        named = tuple(name for name in named if not name.endswith("age"))
    same(equal, replace(model, lags=named).fit(frame))
    same(free, replace(model, lags=()).fit(frame))
    some = replace(model, lags=["y<-x"]).fit(frame)
    later = 5 - model.lag
    assert some.n_parameters == free.n_parameters - (later - 1)
    assert "y<-x" in some.parameters
    assert {"y<-y@5", "x<-y@5"} <= set(some.parameters)
    assert equal.log_likelihood < some.log_likelihood < free.log_likelihood
    assert compare_structural_fits(some, free).df == later - 1


def test_residuals_and_means_are_held_by_name():
    frame = panel(n=300, occasions=4)
    for kind, name, other in (
        ("residuals", "resid(x)", "resid(y)"),
        ("residuals", "resid(x,y)", "resid(x)"),
        ("means", "mean(y)", "mean(x)"),
    ):
        held = replace(MODEL, **{kind: (name,)}).fit(frame)
        assert name in held.parameters
        assert f"{other}@4" in held.parameters
        assert other not in held.parameters
    everything = ("resid(x)", "resid(y)", "resid(x,y)")
    both = [replace(MODEL, residuals=given).fit(frame) for given in ("equal", everything)]
    same(*both)


def test_robust_difference_is_near_that_of_both_tests_where_values_are_normal():
    """Satorra & Bentler (2001): factors of both models' own tests, which need not be above zero."""
    frame = panel(n=3000)
    robust = replace(MODEL, standard_errors="robust")
    equal, free = robust.fit(frame), replace(robust, lags="free").fit(frame)
    comparison = compare_structural_fits(equal, free)
    parts = [(fit.fit_indices["chi_square"], fit.fit_indices["df"],
              fit.fit_indices["scaling_factor"]) for fit in (equal, free)]  # fmt: skip
    (value, df, factor), (other, other_df, other_factor) = parts
    scale = (df * factor - other_df * other_factor) / (df - other_df)
    assert comparison.chi_square == pytest.approx((value - other) / scale, rel=0.05)
    assert comparison.scaling_factor == pytest.approx(1, abs=0.1)


def test_robust_difference_exists_where_factors_of_both_tests_leave_less_than_nothing():
    """Levels with light tails, which the smaller model leaves out: that is told all the same."""
    robust = replace(MODEL, standard_errors="robust")
    for seed in range(3):
        rng = np.random.default_rng(seed)
        level = rng.uniform(-3, 3, size=(400, 2)) @ np.array([[1, 0.5], [0, 0.5]])
        values = level[:, None] + rng.uniform(-1.7, 1.7, size=(400, 7, 2))
        frame = {"id": np.repeat(np.arange(400), 7), "wave": np.tile(range(7), 400),
                 "x": values[:, :, 0].ravel(), "y": values[:, :, 1].ravel()}  # fmt: skip
        none, levels = replace(robust, random_intercepts=False).fit(frame), robust.fit(frame)
        by_both = [fit.fit_indices["df"] * fit.fit_indices["scaling_factor"]
                   for fit in (none, levels)]  # fmt: skip
        assert by_both[0] < by_both[1]
        comparison = compare_structural_fits(none, levels)
        plain = 2 * (levels.log_likelihood - none.log_likelihood)
        assert comparison.chi_square == pytest.approx(plain / 1.2, rel=0.1)
        assert comparison.p_value < 1e-10


def test_perfect_reliability_changes_nothing_and_error_hides_lags():
    frame = panel(n=600, occasions=5)
    plain = MODEL.fit(frame)
    same(plain, replace(MODEL, reliability={"x": 1.0, "y": 1}).fit(frame))
    rng = np.random.default_rng(3)
    noisy = frame.with_columns(x=pl.col("x") + pl.Series(rng.normal(size=frame.height)))
    blind = MODEL.fit(noisy)
    seeing = replace(MODEL, reliability={"x": 1 - 1 / (1 + 1 + 1.05)}).fit(noisy)
    assert blind.estimates["x<-x"] < plain.estimates["x<-x"] - 0.05
    assert abs(seeing.estimates["x<-x"] - LAGS[0, 0]) < 2.5 * seeing.standard_errors["x<-x"]
    assert abs(seeing.estimates["y<-x"] - LAGS[1, 0]) < 2.5 * seeing.standard_errors["y<-x"]


def test_covariates_are_found():
    frame = panel(n=1500, seed=4)
    rng = np.random.default_rng(5)
    age = rng.normal(size=1500)[frame["id"]]
    sleep = rng.normal(size=frame.height)
    frame = frame.with_columns(
        age=pl.Series(age) * 10 + 40,
        sleep=pl.Series(sleep),
        x=pl.col("x") + 0.5 * age + 0.3 * sleep,
        y=pl.col("y") - 0.4 * age,
    )
    result = replace(MODEL, covariates=("age",), time_varying=("sleep",)).fit(frame)
    truths = {"x<-age": 0.05, "y<-age": -0.04, "x<-sleep": 0.3, "y<-sleep": 0.0, "y<-x": 0.2}
    for name, truth in truths.items():
        assert abs(result.estimates[name] - truth) < 3.5 * result.standard_errors[name], name
    # On the average person the means are those of a model without the covariates.
    mean = result.estimates["mean(x)@1"]
    assert mean == pytest.approx(MODEL.fit(frame).estimates["mean(x)@1"], abs=0.02)
    unlevelled = replace(MODEL, random_intercepts=False, covariates=("age",)).fit(frame)
    assert "x<-age" in unlevelled.parameters
    free = replace(MODEL, random_intercepts=False, covariates=("age",), lags="free").fit(frame)
    assert "x<-age@3" in free.parameters


def test_lag_two_is_found():
    rng = np.random.default_rng(8)
    n, rows = 2500, []
    level = rng.normal(size=(n, 2))
    before, last = rng.normal(size=(n, 2)), rng.normal(size=(n, 2))
    for wave in range(6):
        now = 0.3 * last + np.outer(before[:, 0], [0.0, 0.2]) + rng.normal(size=(n, 2))
        before, last = last, now
        values = level + now
        rows.append(pl.DataFrame({"id": np.arange(n), "wave": wave, "x": values[:, 0],
                                  "y": values[:, 1]}))  # fmt: skip
    result = replace(MODEL, lag=2).fit(pl.concat(rows))
    truths = {"y<-x[lag 2]": 0.2, "x<-y[lag 2]": 0.0, "x<-x": 0.3, "y<-x": 0.0}
    for name, truth in truths.items():
        assert abs(result.estimates[name] - truth) < 3.5 * result.standard_errors[name], name
    assert "resid(x@0,y@1)" in result.parameters
    table = result.standardised_lags()
    assert table.height == 4 * 4 * 2
    assert set(table["lag"]) == {1, 2}


def test_one_outcome_gives_the_autoregressive_model():
    result = replace(MODEL, outcomes="x").fit(panel())
    assert result.parameters[:2] == ("x<-x", "var(x)")
    assert result.level_correlations() == {}


def test_a_variance_below_zero_is_said():
    rng = np.random.default_rng(2)
    frame = panel(n=200, levels=0.0, lags=np.array([[-0.3, 0.0], [0.0, -0.3]]), seed=3)
    frame = frame.with_columns(x=pl.col("x") + pl.Series(rng.normal(size=frame.height) * 0.01))
    result = MODEL.fit(frame)
    negative = [name for name in ("var(x)", "var(y)") if result.estimates[name] < 0]
    assert negative
    assert any("Below zero" in message and negative[0] in message for message in result.messages)
    assert np.isnan(result.level_correlations()["x,y"])


def test_what_is_shown():
    result = replace(MODEL, standard_errors="robust").fit(panel())
    tidy = result.tidy()
    row = tidy.row(by_predicate=pl.col("term") == "y<-x", named=True)
    assert row["conf_low"] == pytest.approx(row["estimate"] - 1.959964 * row["std_error"])
    assert row["statistic"] ** 2 == pytest.approx(result.test("y<-x").chi_square)
    assert row["p_value"] == pytest.approx(result.test("y<-x").p_value)
    text = result.summary()
    assert "Random-intercept cross-lagged panel model: 250 persons" in text
    assert "chi-square, scaled" in text
    assert "y<-x" in text
    assert repr(result).startswith("CrossLaggedFit(n_persons=250, n_parameters=27")
    assert result.bic - result.aic == pytest.approx(27 * (np.log(250) - 2))
    correlation = result.estimates["cov(x,y)"] / np.sqrt(
        result.estimates["var(x)"] * result.estimates["var(y)"]
    )
    assert result.level_correlations() == {"x,y": pytest.approx(correlation)}
