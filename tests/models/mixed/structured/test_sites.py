"""Persons in sites: lme4's values, invariance, recovery, boundary, refusals."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from salutogen.errors import ModelError
from salutogen.models import MixedModel, Moments

REFERENCE = Path(__file__).parents[3] / "reference" / "mixed_structures"
VALUES = json.loads((REFERENCE / "lme4.json").read_text(encoding="utf-8"))["fits"]
TESTS = json.loads((REFERENCE / "lmertest.json").read_text(encoding="utf-8"))["fits"]
_spec = importlib.util.spec_from_file_location("nested_cases", REFERENCE / "cases.py")
cases = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(cases)
SITES = pl.DataFrame(cases.CASES["sites"])
FORMULA = "y ~ t + x + (1 + t | site/id)"


def mode_of(result, group, label):
    frame = result.random_effects(group)
    assert frame.columns[0] == group
    return frame.filter(pl.col(group).cast(pl.String) == label).drop(group).to_numpy().ravel()


@pytest.mark.parametrize(
    "value",
    [v for v in VALUES if v["data"] != "arms"],
    ids=lambda v: f"{v['data']}: {v['formula']}, reml {v['reml']}",
)
def test_agrees_with_lme4(value):
    """lme4 1.1-31 with tightened tolerances: `Rscript lme4.R` beside `lme4.json`."""
    frame = pl.DataFrame(cases.CASES[value["data"]])
    result = MixedModel(value["formula"]).fit(frame, reml=value["reml"])
    above = -2 * result.log_likelihood - value["criterion"]
    size = 1 + abs(value["criterion"]) / 1e4
    assert -1e-5 * size < above < 1e-6 * size
    np.testing.assert_allclose(result.coefficients, value["fixed"], rtol=1e-6)
    np.testing.assert_allclose(list(result.standard_errors.values()), value["se"], rtol=1e-5)
    np.testing.assert_allclose(result.residual_variance, value["residual"], rtol=1e-5)
    for name, covariance in value["covariance"].items():
        group = "site:id" if name == "id:site" else name
        expected = np.array(covariance)
        np.testing.assert_allclose(
            result.random_covariance_of(group).ravel(),
            expected,
            rtol=1e-5,
            atol=1e-5 * max(expected.max(), 1e-3),
        )
        label = value["first"][name]
        label = ":".join(label.split(":")[::-1]) if name == "id:site" else label
        found = mode_of(result, group, label)
        np.testing.assert_allclose(found, value["modes"][name][: len(found)], rtol=1e-4, atol=1e-6)
    assert result.is_singular is value["singular"]
    assert result.converged
    assert result.path == "moments"
    np.testing.assert_allclose([result.aic, result.bic], [value["aic"], value["bic"]], rtol=1e-8)


@pytest.mark.parametrize("value", TESTS, ids=lambda v: f"{v['formula']}, reml {v['reml']}")
def test_degrees_of_freedom_are_lmertests(value):
    """lmerTest 3.1-3, which differences numerically: `Rscript lmertest.R` beside its values."""
    result = MixedModel(value["formula"]).fit(SITES, reml=value["reml"])
    np.testing.assert_allclose(list(result.degrees_of_freedom.values()), value["df"], rtol=1e-5)
    np.testing.assert_allclose(list(result.p_values.values()), value["p"], rtol=1e-4)


def test_persons_keep_their_names_and_order():
    result = MixedModel(FORMULA).fit(SITES)
    assert result.persons.name == "site:id"
    np.testing.assert_array_equal(result.random_covariance, result.random_covariance_of("site:id"))
    assert result.random_terms_of("site") == ("Intercept", "t")
    assert result.random_sd_of("site")["t"] == np.sqrt(result.random_covariance_of("site")[1, 1])
    assert result.random_effects().equals(result.random_effects("site:id"))
    with pytest.raises(ModelError, match="expected one of site:id, site, got 'town'"):
        result.random_effects("town")


def test_ways_to_write_one_model():
    result = MixedModel(FORMULA).fit(SITES)
    shuffled = SITES.sample(fraction=1.0, shuffle=True, seed=3)
    for formula, frame in (
        (FORMULA, shuffled),
        ("y ~ t + x + (1 + t | site) + (1 + t | site:id)", SITES),
        ("y ~ t + x + (1 + t | site:id) + (1 + t | site)", SITES.lazy()),
        ("y ~ t + x + (1 + t | site) + (1 + t | person)", SITES),
        ("y ~ t + x + (1 + t | person) + (1 + t | site)", shuffled.to_pandas()),
    ):
        other = MixedModel(formula).fit(frame)
        np.testing.assert_allclose(other.log_likelihood, result.log_likelihood, rtol=1e-11)
        np.testing.assert_allclose(other.coefficients, result.coefficients, rtol=1e-7)
        np.testing.assert_allclose(
            other.random_covariance_of("site"), result.random_covariance_of("site"), rtol=1e-5
        )
        assert other.random_effects("site")["site"].is_sorted()


def test_calendar_years_lose_no_digits():
    far = MixedModel(FORMULA).fit(SITES.with_columns(pl.col("t") + 2020))
    near = MixedModel(FORMULA).fit(SITES)
    np.testing.assert_allclose(far.log_likelihood, near.log_likelihood, rtol=1e-11)
    np.testing.assert_allclose(far.coefficients[1], near.coefficients[1], rtol=1e-8)
    cubic = "y ~ t + I(t^2) + I(t^3) + (1 + t | site/id)"
    far = MixedModel(cubic).fit(SITES.with_columns(pl.col("t") + 2020))
    near = MixedModel(cubic).fit(SITES)
    np.testing.assert_allclose(far.coefficients[3], near.coefficients[3], rtol=1e-8)
    np.testing.assert_allclose(
        far.random_covariance_of("site")[1, 1], near.random_covariance_of("site")[1, 1], rtol=1e-6
    )


def test_predictions_know_persons_and_sites():
    result = MixedModel(FORMULA).fit(SITES)
    b = result.coefficients
    new = pl.DataFrame(
        {"site": ["s00", "s00", "new"], "id": [1, 999, 1], "t": [2.0] * 3, "x": [0.0] * 3}
    )
    base = b[0] + 2 * b[1]
    np.testing.assert_allclose(result.predict(new), base)
    person, site = mode_of(result, "site:id", "s00:1"), mode_of(result, "site", "s00")
    expected = base + np.array([1, 1, 0]) * (site[0] + 2 * site[1])
    expected[0] += person[0] + 2 * person[1]
    np.testing.assert_allclose(result.predict(new, random_effects=True), expected)
    as_floats = new.with_columns(pl.col("id").cast(pl.Float64))
    np.testing.assert_allclose(result.predict(as_floats, random_effects=True), expected)
    observed = SITES["y"].to_numpy()
    np.testing.assert_allclose(
        result.residuals(SITES), observed - result.predict(SITES, random_effects=True)
    )
    assert np.var(result.residuals(SITES)) < np.var(result.residuals(SITES, "marginal"))


def test_truth_is_recovered():
    estimates = []
    for seed in range(20):
        frame = pl.DataFrame(cases.sites(40, (8, 12), (4, 6), seed=100 + seed))
        result = MixedModel("y ~ t + x + (1 + t | person) + (1 + t || site)").fit(frame)
        sds = [*result.random_sd_of("site").values(), *result.random_sd.values()]
        estimates.append([*result.coefficients, *sds, result.residual_sd])
    estimates = np.array(estimates)
    # the person effects are drawn from N(0, R'R) with R = [[1.1, .2], [0, .4]]
    truth = [3, 0.4, -0.2, 0.9, 0.25, 1.1, np.sqrt(0.04 + 0.16), 0.8]
    errors = estimates.std(axis=0, ddof=1) / np.sqrt(len(estimates))
    np.testing.assert_array_less(np.abs(estimates.mean(axis=0) - truth), 4 * errors)


def test_summary_shows_both_levels():
    text = MixedModel(FORMULA).fit(SITES).summary()
    n = SITES.select("site", "id").unique().height
    assert f"Number of obs: {SITES.height}, groups: site:id, {n}; site, 14" in text
    assert "\n site:id " in text
    assert "\n site  " in text
    assert "degrees of freedom by Satterthwaite" in text
    tidy = MixedModel(FORMULA).fit(SITES).tidy()
    random = tidy.filter(pl.col("effect") == "random").select("group", "term").rows()
    both = ["sd__Intercept", "sd__t", "cor__Intercept.t"]
    expected = [(group, term) for group in ("site:id", "site") for term in both]
    assert random == [*expected, ("Residual", "sd__Observation")]


CHANGES = [
    (
        "y ~ t + (1 | id) + (1 | site)",
        lambda f: f,
        r"id and site are crossed.*out of scope.*write \(1 \| site/id\)",
    ),
    ("y ~ t + (1 | site/id)", lambda f: f.with_columns(site=pl.lit("a")), "at least 2 of them"),
    (
        "y ~ t + (1 | person) + (1 | site)",
        lambda f: f.with_columns(site=pl.col("person")),
        "site: each of the .* holds one person",
    ),
    ("y ~ t + (1 | sites/id)", lambda f: f, r"'sites' \(did you mean 'site'\?\)"),
    (
        "y ~ t + (1 + c | site) + (1 | person)",
        lambda f: f.with_columns(c=pl.lit(2.0)),
        "Collinear random terms: c",
    ),
    (
        "y ~ t + (1 | site/id)",
        lambda f: f.unique(["site", "id"]),
        "No person has more than 1 rows",
    ),
    (
        "y ~ t + (1 | site/id)",
        lambda f: f.with_columns(y=pl.lit(None, pl.Float64)),
        "No row of",
    ),
    (
        "y ~ t + (1 | site/id)",
        lambda f: pl.concat(
            [f, f[:6].with_columns(site=pl.lit("s00:1"), id=pl.lit(1)),
             f[:6].with_columns(site=pl.lit("s00"), id=pl.lit("1:1"))], how="vertical_relaxed"
        ),
        "site:id: a label stands for persons of two site",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "change", "message"), CHANGES, ids=[c[2] for c in CHANGES])
def test_bad_input_is_refused(formula, change, message):
    with pytest.raises(ModelError, match=message):
        MixedModel(formula).fit(change(SITES))


def test_what_is_not_available_is_said():
    result = MixedModel(FORMULA).fit(SITES)
    with pytest.raises(ModelError, match="Intervals of predictions"):
        result.predict(SITES, interval="confidence")
    with pytest.raises(ModelError, match="Conditional variances"):
        result.random_effects(variances=True)
    with pytest.raises(ModelError, match="Conditional variances are given for one level"):
        _ = result.mode_covariances
    with pytest.raises(ModelError, match="Robust errors are given for one level"):
        result.test({"t": 1}, errors="CR1")
    with pytest.raises(ModelError, match="Profile intervals are given for one level"):
        result.tidy(intervals="profile")
    assert not hasattr(result, "moments")
    for ask in (result.robust_inference, result.profile_intervals, result.bootstrap):
        with pytest.raises(ModelError, match="one level of grouping and independent residuals"):
            ask()
    with pytest.raises(ModelError, match="fitted from a frame"):
        MixedModel(FORMULA).fit(Moments.from_frame("y ~ t + x + (1 + t | person)", SITES))
    with pytest.raises(ModelError, match="one column can group"):
        Moments.from_frame(FORMULA, SITES)
