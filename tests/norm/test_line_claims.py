"""What a line lets one say: exposure's share and expected problems, against statsmodels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
import statsmodels.formula.api as smf
from scipy.special import stdtr, stdtrit

from salutogen.models.regression.sandwich import hc3_degrees_of_freedom
from salutogen.norm import Line, Norm, fit_norm, read_norm
from salutogen.norm.design_matrix import line_matrix
from salutogen.norm.line_claims import LineClaims
from salutogen.norm.norm_file import line_from_dict, line_to_dict, write_norm
from salutogen.norm.norm_for_others import norm_for
from salutogen.norm.shape import bend_of, change_along, share_beyond
from salutogen.page.audience import Audience, in_steps, quantile_step
from tests.norm.cohorts import simulated
from tests.norm.test_refusals import changed


def claims_of(line: Line) -> LineClaims:
    assert line.claims is not None
    return line.claims


def frame(norm: Norm) -> pd.DataFrame:
    table = norm.with_covariates(norm.period_tables["person"])
    return table.rename(lambda column: column.removeprefix("covariate:")).to_pandas()


@pytest.mark.parametrize("shape", ["linear", "spline"])
def test_where_persons_are_hidden_exposures_that_are_told_occur(shape: str) -> None:
    """Fractions between two of them would tell how many there are; no whole ones, in steps."""
    norm = fit_norm(simulated(norm={"shape": shape}, report={"individuals": "hide"}))
    person = norm.lines.person
    E = frame(norm)["E"].to_numpy()
    at, step = claims_of(person).at, quantile_step(float(E.std()), E.size)
    for place in at.values():
        assert in_steps(place.E, step) == place.E
        assert np.abs(E - place.E).min() <= step / 2
        assert min((place.E > E).sum(), (place.E < E).sum()) >= 5
    told = norm_for(norm, Audience(individuals=False, n_persons=E.size, seed=1))[0]
    knots = told["lines"]["person"]["knots"]
    assert len(knots) == len(person.knots)
    assert all(
        np.abs(E - knot).min() <= step / 2 and knot == in_steps(knot, step) for knot in knots
    )
    plain = fit_norm(simulated(norm={"shape": shape})).lines.person
    assert person.knots == plain.knots  # what is shown decides about no score
    assert {one.E for one in claims_of(plain).at.values()} - set(E)
    assert claims_of(person).change.E_from == at["low"].E


def test_where_most_have_the_same_exposure_its_ends_are_nobodys() -> None:
    """Between lowest and highest a change would be told of single persons."""
    scores = simulated(report={"individuals": "hide"})
    few = pl.col("person") % 50 == 0
    table = scores.table.with_columns(
        pl.when(few).then(pl.col("person") + 7.0).otherwise(20.0).alias(name)
        if name == "E"
        else pl.col(name)
        for name in scores.table.columns
    )
    norm = fit_norm(replace(scores, table=table))
    change = claims_of(norm.lines.person).change
    # An SD that three of 120 persons make would tell how far these lie.
    assert (change.E_from, change.E_to) == (19.0, 21.0)


@pytest.mark.parametrize("shape", ["linear", "quadratic"])
def test_expected_problems_are_those_of_statsmodels(shape: str) -> None:
    norm = fit_norm(simulated(norm={"shape": shape}))
    line, data = norm.lines.person, frame(norm)
    formula = "P ~ E" if shape == "linear" else "P ~ E + I(E ** 2)"
    fit = smf.ols(formula, data).fit(cov_type="HC3", use_t=True)
    at = claims_of(line).at
    for name, share in (("low", 0.1), ("middle", 0.5), ("high", 0.9)):
        E = float(np.quantile(data["E"], share))
        told = fit.get_prediction(pd.DataFrame({"E": [E]}))
        row = [1.0, E, E**2][: len(line.terms)]
        df = hc3_degrees_of_freedom(fit.model.exog, maps=[row])[0]
        half = stdtrit(df, 0.975) * told.se_mean[0]
        interval = told.predicted_mean[0] - half, told.predicted_mean[0] + half
        assert pytest.approx(E, rel=1e-12) == at[name].E
        assert pytest.approx(told.predicted_mean[0], rel=1e-9) == at[name].P
        assert at[name].se == pytest.approx(told.se_mean[0], rel=1e-7)
        assert (at[name].low, at[name].high) == pytest.approx(interval, rel=1e-7)
    change = claims_of(line).change
    assert change.change == pytest.approx(at["high"].P - at["low"].P, rel=1e-10)
    if shape == "linear":
        span = at["high"].E - at["low"].E
        assert change.se == pytest.approx(span * fit.bse["E"], rel=1e-7)
        assert line.slope == pytest.approx(fit.params["E"], rel=1e-9)
    else:
        assert line.slope is None, "a curve has no one slope"


def test_with_covariates_the_share_is_exposures_own() -> None:
    norm = fit_norm(simulated(norm={"covariates": ["age", "site"]}))
    line, data = norm.lines.person, frame(norm)
    whole = smf.ols("P ~ E + age + C(site)", data).fit()
    without = smf.ols("P ~ age + C(site)", data).fit()
    share = claims_of(line).share
    assert line.r_squared == pytest.approx(whole.rsquared, rel=1e-9)
    assert share.share == pytest.approx(whole.rsquared - without.rsquared, rel=1e-8)
    assert share.adjusted == pytest.approx(whole.rsquared_adj - without.rsquared_adj, rel=1e-8)
    robust = whole.get_robustcov_results("HC3", use_t=True)
    test = claims_of(line).test
    assert test is not None
    place = whole.params.index.get_loc("E")
    assert pytest.approx(robust.tvalues[place] ** 2, rel=1e-8) == test.F
    assert test.df2 == pytest.approx(claims_of(line).df, rel=1e-12)
    assert test.p == pytest.approx(2 * stdtr(test.df2, -abs(robust.tvalues[place])), rel=1e-6)
    mean = data[["age"]].mean()["age"]
    shares = data["site"].value_counts(normalize=True)
    P = whole.params
    expected = (
        P["Intercept"]
        + P["age"] * mean
        + sum(P[f"C(site)[T.{label}]"] * shares[label] for label in ("B", "C"))
        + P["E"] * np.quantile(data["E"], 0.9)
    )
    assert pytest.approx(expected, rel=1e-9) == claims_of(line).at["high"].P


def test_separate_types_have_one_share_together_and_one_each() -> None:
    norm = fit_norm(simulated(combine="separate"))
    line, data = norm.lines.person, frame(norm)
    whole = smf.ols("P ~ E_general + E_pandemic", data).fit()
    claims = claims_of(line)
    assert claims.share.share == pytest.approx(whole.rsquared, rel=1e-9)
    for name, other in (("E_general", "E_pandemic"), ("E_pandemic", "E_general")):
        own = whole.rsquared - smf.ols(f"P ~ {other}", data).fit().rsquared
        assert claims.share_by_type[name] == pytest.approx(own, rel=1e-7)
    assert claims.at["low"].E is None
    low = {name: float(np.quantile(data[name], 0.1)) for name in claims.share_by_type}
    assert claims.at["low"].types == pytest.approx(low)
    told = whole.get_prediction(pd.DataFrame({name: [value] for name, value in low.items()}))
    assert pytest.approx(told.predicted_mean[0], rel=1e-9) == claims.at["low"].P


def test_occasions_have_errors_clustered_by_person() -> None:
    norm = fit_norm(simulated())
    rows = norm.scores.table.filter("valid").to_pandas()
    groups = {"groups": rows["person"].to_numpy(), "use_correction": False}
    fit = smf.ols("P ~ E", rows).fit(cov_type="cluster", cov_kwds=groups)
    G = rows["person"].nunique()
    summary = norm.lines.occasion.summary()
    assert summary.standard_errors_robust == summary.standard_errors
    assert summary.standard_errors["E"] == pytest.approx(
        fit.bse["E"] * np.sqrt(G / (G - 1)), rel=1e-8
    )
    assert summary.interval is not None
    assert "clustered by person" in summary.interval


@pytest.mark.parametrize("shape", ["linear", "spline"])
def test_claims_come_back_from_a_norm_file(tmp_path: Path, shape: str) -> None:
    norm = fit_norm(simulated(norm={"shape": shape, "covariates": ["site"]}))
    again = read_norm(write_norm(norm, tmp_path / "norm.json")).lines.person
    assert again.to_dict() == norm.lines.person.to_dict()
    np.testing.assert_array_equal(
        claims_of(again).covariance, claims_of(norm.lines.person).covariance
    )


def with_problems(P: pl.Expr, shape: str = "quadratic") -> Norm:
    return fit_norm(changed(simulated(200, 3, norm={"shape": shape}), P=P.clip(0, 36)))


E = pl.col("E")
NOISE = (pl.col("person").cast(pl.Float64) * 12.9898).sin() * 2


@pytest.mark.parametrize(
    ("P", "kind"),
    [
        (5 + 0.008 * (E - 40) ** 2 + NOISE, "lowest"),
        (30 - 0.008 * (E - 40) ** 2 + NOISE, "highest"),
        (4 + 0.003 * E**2 + NOISE, "rises"),
        (32 - 0.003 * E**2 + NOISE, "falls"),
    ],
)
def test_bends_are_those_of_the_truth(P: pl.Expr, kind: str) -> None:
    norm = with_problems(P)
    bend = bend_of(norm.lines.person)
    assert bend is not None
    assert bend.kind == kind
    if kind in ("lowest", "highest"):
        assert bend.at == pytest.approx(40, abs=4)
    codes = [one.code for one in norm.findings]
    assert ("slope-not-positive" in codes) is (claims_of(norm.lines.person).change.change <= 0)
    falls = [
        change.high is not None and change.high < 0
        for line in norm.lines.by_exposure("occasion").values()
        for change in (claims_of(line).change,)
    ]
    change = claims_of(norm.lines.occasion).change
    assert ("exposure-lowers-problems" in codes) is (
        any(falls) or (change.high is not None and change.high < 0)
    )
    assert kind != "rises" or not {"exposure-lowers-problems", "slope-not-positive"} & set(codes)
    assert kind != "falls" or {"exposure-lowers-problems", "slope-not-positive"} <= set(codes)


def test_a_u_is_not_told_by_its_slope_at_no_exposure() -> None:
    norm = with_problems(6 + 0.006 * (E - 25) ** 2 + NOISE)
    line = norm.lines.person
    assert line.coefficient("E") < 0
    assert claims_of(line).change.change > 0
    codes = {one.code for one in norm.findings}
    assert not codes & {"slope-not-positive", "exposure-lowers-problems"}


def test_change_and_range_of_a_curve() -> None:
    line = with_problems(4 + 0.003 * E**2 + NOISE).lines.person
    b, c = line.coefficient("E"), line.coefficient("E^2")
    assert change_along(line, 20, 50) == pytest.approx(b * 30 + c * (50**2 - 20**2), rel=1e-9)
    low, high = line.exposure_range
    assert share_beyond(line, np.array([low, high, high + 1, low - 1])) == 0.5
    straight = with_problems(4 + 0.3 * E + NOISE, "linear").lines.person
    assert share_beyond(straight, np.array([high + 100])) == 0.0


@pytest.mark.lengthy
def test_noise_does_not_say_that_exposure_lowers_problems() -> None:
    rng = np.random.default_rng(9)
    told = 0
    for seed in range(40):
        scores = simulated(60, 3, seed=seed)
        P = pl.Series("P", np.clip(rng.normal(15, 4, scores.table.height), 0, 36))
        codes = [one.code for one in fit_norm(changed(scores, P=P)).findings]
        assert codes.count("exposure-explains-little") <= 1, "one finding lists all types"
        told += "exposure-lowers-problems" in codes
    assert told <= 7, "three lines at 2.5 % each: about 2 of 40"


def test_little_of_one_type_is_told_with_its_own_share() -> None:
    scores = simulated(150, 3, norm={"covariates": ["age"]})
    rng = np.random.default_rng(2)
    noise = pl.Series("E_pandemic", rng.integers(0, 100, scores.table.height).astype(float))
    told = next(
        one
        for one in fit_norm(changed(scores, E_pandemic=noise)).findings
        if one.code == "exposure-explains-little"
    )
    assert list(told.evidence.numbers["r_squared"]) == ["pandemic"]
    assert told.evidence.column == "E_pandemic"
    assert "beside the covariates" in told.text


def test_each_coefficient_has_the_degrees_of_freedom_of_the_units_that_carry_it() -> None:
    norm = fit_norm(simulated(norm={"shape": "quadratic", "covariates": ["age", "site"]}))
    line, table = norm.lines.person, norm.with_covariates(norm.period_tables["person"])
    claims, X = claims_of(line), line_matrix(line, table, level="person")
    inverse = np.linalg.inv(X.T @ X)
    maker = np.eye(len(X)) - X @ inverse @ X.T
    told = list(line.summary().intervals.values())
    for place, pull in enumerate(inverse @ X.T):
        weighted = maker @ np.diag((pull / np.diag(maker)) ** 2) @ maker
        df = np.trace(weighted) ** 2 / np.sum(weighted**2)
        assert claims.term_df[place] == pytest.approx(df, rel=1e-6)
        half = stdtrit(df, 0.975) * np.sqrt(claims.covariance[place, place])
        value = line.coefficients[place]
        assert told[place] == pytest.approx((value - half, value + half), rel=1e-6)
    own = claims.term_df[[line.terms.index(term) for term in ("E", "E^2")]]
    assert claims.df == own.min() < own.max()


def test_degrees_of_freedom_are_kept_and_those_of_older_files_are_the_fewest() -> None:
    line = fit_norm(simulated(norm={"shape": "quadratic"})).lines.person
    written = line_to_dict(line)
    assert claims_of(line_from_dict(written)).term_df.tolist() == claims_of(line).term_df.tolist()
    del written["claims"]["df_by_term"]
    assert claims_of(line_from_dict(written)).term_df.tolist() == [claims_of(line).df] * 3
    written["claims"]["df_by_term"] = [4.0]
    with pytest.raises(ValueError, match="df_by_term"):
        line_from_dict(written)
