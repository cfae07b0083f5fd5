"""Intervals and tests from the likelihood: a dense likelihood, closed forms, nested fits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy.optimize import minimize
from scipy.stats import chi2

from salutogen.errors import ModelError
from salutogen.models import ContinuousTime
from salutogen.models.state_space.fitting import natural_of, roots_of
from tests.models.state_space import plain
from tests.models.state_space.test_model import MODEL, stream

HALF_FALL = chi2.ppf(0.95, 1) / 2


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    return stream(n=25, occasions=8, seed=4)


@pytest.fixture(scope="module")
def result(frame):
    return MODEL.fit(frame)


def dense_maximum(result, name: str, value: float) -> float:
    """The greatest dense likelihood of one process with one parameter held."""
    problem, layout = result.problem, result.problem.layout
    place = layout.names.index(name)
    start = np.delete(roots_of(layout, result.natural), place)
    factor, shift = result._factor_and_shift
    held = (value - shift[place]) / factor[place]

    def lost(rest: np.ndarray) -> float:
        natural = natural_of(layout, np.insert(rest, place, 0.0))
        natural[place] = held
        if not natural[0] < 0:
            return 1e6
        return -plain.log_likelihood(problem, natural)

    return -minimize(lost, start, method="BFGS", options={"gtol": 1e-4}).fun


def test_limits_are_where_the_dense_likelihood_has_fallen() -> None:
    rng = np.random.default_rng(8)
    n, occasions = 15, 5
    rows = stream(n=n, occasions=occasions, seed=6).select("id", "hour", "E", x="P")
    model = ContinuousTime(processes="x", inputs="E", person="id", time="hour")
    result = model.fit(rows.with_columns(x=pl.col("x") + 0.1 * pl.Series(rng.normal(size=75))))
    names = ("x<-x", "x<-E", "diffusion(x)", "var(x)")
    top = plain.log_likelihood(result.problem, result.natural)
    for row in result.profile_intervals(*names).iter_rows(named=True):
        name = row["term"]
        assert row["conf_low"] < result.estimates[name] == row["estimate"] < row["conf_high"]
        for end in ("conf_low", "conf_high"):
            fallen = top - dense_maximum(result, name, row[end])
            if row[end] == 0:
                assert fallen < HALF_FALL, "a variance of 0 is not rejected"
            else:
                assert fallen == pytest.approx(HALF_FALL, abs=2e-3), (name, end)


@pytest.mark.lengthy
def test_variances_and_covariances_are_held_whatever_the_order_of_processes(frame, result) -> None:
    """The same limits with the processes the other way round, where other entries are held."""
    turned = replace(MODEL, processes=("S", "P")).fit(frame)
    both = {"diffusion(P)": "diffusion(P)", "var(S)": "var(S)", "cov(P,S)": "cov(S,P)"}
    ours = result.profile_intervals(*both)
    theirs = turned.profile_intervals(*both.values())
    for end in ("conf_low", "conf_high"):
        np.testing.assert_allclose(ours[end], theirs[end], rtol=1e-4)
    for row in ours.iter_rows(named=True):
        for end in ("conf_low", "conf_high"):
            ratio = result.likelihood_ratio(row["term"], row[end])
            assert ratio.p_value == pytest.approx(0.05, abs=1e-4)
            # With the parameter alone moved, the likelihood is lower than with all others fitted.
            alone = result.log_likelihood - result.log_likelihood_at({row["term"]: row[end]})
            assert alone > HALF_FALL


@pytest.mark.lengthy
def test_intervals_are_about_those_of_errors_with_many_rows() -> None:
    whole = MODEL.fit(stream(n=80, occasions=30))
    names = ("P<-E", "error(P)", "diffusion(S)")
    wald = {row["term"]: row for row in whole.tidy().iter_rows(named=True)}
    for row in whole.profile_intervals(*names).iter_rows(named=True):
        width = wald[row["term"]]["conf_high"] - wald[row["term"]]["conf_low"]
        for end in ("conf_low", "conf_high"):
            assert row[end] == pytest.approx(wald[row["term"]][end], abs=0.12 * width), row


def test_a_variance_at_its_bound_has_an_interval_from_zero() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(40, 12))
    x -= x.mean(axis=1, keepdims=True)
    rows = {"id": np.repeat(np.arange(40), 12), "t": np.tile(np.arange(12.0), 40), "x": x.ravel()}
    result = ContinuousTime(processes="x", person="id", time="t").fit(rows)
    row = result.profile_intervals("var(x)").row(0, named=True)
    assert row["conf_low"] == 0
    assert 0.001 < row["conf_high"] < 0.1
    assert result.likelihood_ratio("var(x)", row["conf_high"]).p_value == pytest.approx(
        0.05, abs=1e-4
    )
    assert result.log_likelihood_at({}) == pytest.approx(result.log_likelihood)


def test_robust_ratios_are_those_of_the_variances(frame, result) -> None:
    robust = replace(MODEL, standard_errors="robust").fit(frame)
    ratio = (result.standard_errors["P<-E"] / robust.standard_errors["P<-E"]) ** 2
    plain_root, scaled = (fit.likelihood_ratio("P<-E", 0.1).root for fit in (result, robust))
    assert scaled**2 == pytest.approx(plain_root**2 * ratio, rel=1e-3)


def test_nested_fits_are_compared(frame, result) -> None:
    fewer = replace(MODEL, inputs=()).fit(frame)
    test = result.compare(fewer)
    assert test == fewer.compare(result)
    assert test.df == 2
    assert test.chi_square == pytest.approx(2 * (result.log_likelihood - fewer.log_likelihood))
    assert test.p_value == pytest.approx(chi2.sf(test.chi_square, 2))
    assert (test.scaling_factor, test.note) == (1, "")
    assert test.aic_difference == pytest.approx(test.chi_square - 4)
    alike = replace(MODEL, random_means=False).fit(frame)
    assert "Without var(P), var(S) the model is at the edge" in result.compare(alike).note
    own_start = replace(MODEL, first="free").fit(frame)
    assert own_start.compare(result).df == 5


def test_a_test_of_one_input_is_the_likelihood_ratio_of_its_effect(frame) -> None:
    model = ContinuousTime(processes="S", inputs="E", person="id", time="hour")
    larger = model.fit(frame)
    smaller = replace(model, inputs=()).fit(frame)
    ratio = larger.likelihood_ratio("S<-E")
    assert larger.compare(smaller).chi_square == pytest.approx(ratio.root**2, abs=1e-6)
    assert larger.compare(smaller).p_value == pytest.approx(ratio.p_value, abs=1e-6)
    robust = replace(model, standard_errors="robust")
    scaled = robust.fit(frame).compare(replace(robust, inputs=()).fit(frame))
    assert scaled.scaling_factor > 0
    assert scaled.chi_square * scaled.scaling_factor == pytest.approx(ratio.root**2, abs=1e-6)


def test_what_cannot_be_compared(frame, result) -> None:
    def refused(match: str, other) -> None:
        with pytest.raises(ModelError, match=match):
            result.compare(other)

    refused("Both models have 15 parameters", MODEL.fit(frame))
    refused("of different persons, rows or processes", MODEL.fit(frame.filter(pl.col("id") > 0)))
    refused(
        "of different persons, rows or processes",
        replace(MODEL, inputs=()).fit(frame.with_columns(pl.col("S") * 2)),
    )
    fewer = replace(MODEL, inputs=(), first="free").fit(frame)
    refused("lacks", fewer)
    refused("observed and robust|robust and observed", replace(
        MODEL, standard_errors="robust", inputs=()).fit(frame))  # fmt: skip
    pulsed = replace(MODEL, pulses=("E",), measurement_error=()).fit(frame)
    refused("E: a pulse in one of the fits", pulsed)
    with pytest.raises(ModelError, match="no parameter 'P<-Q'"):
        result.profile_intervals("P<-Q")
    with pytest.raises(ModelError, match="level: expected a number between 0 and 1"):
        result.profile_intervals("P<-S", level=95)
