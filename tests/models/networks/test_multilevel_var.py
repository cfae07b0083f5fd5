"""Multilevel vector autoregression: lme4, plain sums, recovery, type I error, refusals."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from salutogen.errors import ModelError
from salutogen.models import ConvergenceWarning, MultilevelVAR
from salutogen.models.networks.nodewise import nodewise_network
from salutogen.models.networks.person_bootstrap import VARStability
from salutogen.models.networks.prompts import read_prompts

REFERENCE = Path(__file__).parents[2] / "reference" / "networks"
VALUES = json.loads((REFERENCE / "lme4.json").read_text(encoding="utf-8"))["fits"]
VARIABLES = ("calm", "tired", "tense")
# Second steps start from residuals of the first, whose modes agree to about 1e-6.
TOLERANCE = {
    "fixed": 1e-5,
    "se": 1e-4,
    "sd": 1e-4,
    "loglik of first": 1e-6,
    "loglik of second": 1e-4,
}


def model(**settings):
    return MultilevelVAR(
        **{"variables": VARIABLES, "person": "id", "day": "day", "beep": "beep", **settings}
    )


@pytest.fixture(scope="module")
def frame(cases):
    return pl.DataFrame(cases.CASES["prompts"])


@pytest.fixture(scope="module")
def fit(frame):
    return model().fit(frame)


@pytest.mark.parametrize("value", VALUES, ids=lambda v: v["random_effects"])
def test_agrees_with_lme4_step_by_step(value, frame):
    """lme4 1.1-31: `Rscript lme4.R` beside `lme4.json`; it makes lags and means itself."""
    fit = model(random_effects=value["random_effects"]).fit(frame)
    assert fit.n_pairs == value["n"]
    for step in ("first", "second"):
        for found, expected in zip(getattr(fit.steps, step), value[step], strict=True):
            names = [_ours(name) for name in expected["terms"]]
            np.testing.assert_allclose(
                [found.fixed_effects[name] for name in names],
                expected["fixed"],
                rtol=TOLERANCE["fixed"],
                atol=TOLERANCE["fixed"],
            )
            np.testing.assert_allclose(
                [found.standard_errors[name] for name in names],
                expected["se"],
                rtol=TOLERANCE["se"],
            )
            np.testing.assert_allclose(
                list(found.random_sd.values()), expected["sd"], atol=10 * TOLERANCE["sd"]
            )
            assert found.residual_sd == pytest.approx(expected["sigma"], rel=TOLERANCE["sd"])
            assert found.log_likelihood == pytest.approx(
                expected["loglik"], abs=TOLERANCE[f"loglik of {step}"]
            )
    assert fit.log_likelihood == pytest.approx(sum(one["loglik"] for one in value["first"]))
    by_lme4 = [[one["fixed"][1 + j] for j in range(3)] for one in value["first"]]
    np.testing.assert_allclose(fit.temporal, by_lme4, atol=1e-5)
    np.testing.assert_allclose(
        fit.temporal_errors, [one["se"][1:4] for one in value["first"]], rtol=1e-4
    )
    np.testing.assert_allclose(
        fit.contemporaneous, _joined(value["second"], "sigma", slice(0, 2)), atol=1e-4
    )
    np.testing.assert_allclose(fit.between, _joined(value["first"], "sd", slice(4, 6)), atol=1e-4)


def _ours(name):
    if name == "(Intercept)":
        return "Intercept"
    for what in ("lag", "mean"):
        name = name.replace(f"{what}_", f"{what} of ")
    return name


def _joined(regressions, spread, where):
    """Partial correlations from the mean of both triangles of D (I − Γ), by matrices."""
    k = len(regressions)
    slopes = np.zeros((k, k))
    slopes[~np.eye(k, dtype=bool)] = np.ravel([one["fixed"][where] for one in regressions])
    own = [one[spread][0] if spread == "sd" else one[spread] for one in regressions]
    K = np.diag(1 / np.array(own) ** 2) @ (np.eye(k) - slopes)
    K = (K + K.T) / 2
    partial = -K / np.sqrt(np.outer(np.diag(K), np.diag(K)))
    np.fill_diagonal(partial, 0)
    return partial


def test_lags_stop_at_nights_and_at_missed_prompts():
    rows = {
        "id": ["b"] * 7 + ["a"] * 4,
        "day": [1, 1, 1, 1, 2, 2, 2, 5, 5, 5, 6],
        "beep": [1, 2, 3, 5, 6, 7, 8, 1, 2, 3, 4],
        "x": [1.0, 2, 3, 4, 5, np.nan, 7, 10, 20, 40, 60],
        "y": [1.0, 5, 2, 4, 3, 1, 2, 2, 9, 4, 1],
    }
    table = pl.DataFrame(rows).sample(fraction=1.0, shuffle=True, seed=4)
    found = read_prompts(table, ("x", "y"), "id", "day", "beep")
    assert found.persons.to_list() == ["a", "b"]
    assert found.current[:, 0].tolist() == [20, 40, 2, 3]
    # a: values that a prompt of the day follows are 10 and 20; b: 1, 2, 3 (beep 5 follows), 5
    np.testing.assert_allclose(found.lagged[:, 0], [10 - 15, 20 - 15, 1 - 2.75, 2 - 2.75])
    np.testing.assert_allclose(found.means[:, 0], [32.5, 32.5, 22 / 6, 22 / 6])
    np.testing.assert_array_equal(table["x"].to_numpy()[found.rows], found.current[:, 0])
    assert found.messages[0] == "1 prompts have a missing value and stand in no pair."
    assert found.messages[1].startswith("4 of 10 complete prompts follow a complete one")


def test_a_row_without_values_is_as_no_row(frame):
    """What is usual for a person, and so every lag, is the same with and without such rows."""
    last = pl.col("beep") == pl.col("beep").max().over("id", "day")
    missed = last & (pl.col("day") % 2 == 0)
    absent = frame.filter(~missed)
    blank = frame.with_columns(
        pl.when(missed).then(None).otherwise(name).alias(name) for name in VARIABLES
    )
    one, other = (read_prompts(table, VARIABLES, "id", "day", "beep") for table in (absent, blank))
    np.testing.assert_array_equal(one.current, other.current)
    np.testing.assert_array_equal(one.lagged, other.lagged)
    np.testing.assert_array_equal(one.means, other.means)
    half = blank.with_columns(calm=frame["calm"])  # one value is known: the day goes on to it
    assert not np.array_equal(
        read_prompts(half, VARIABLES, "id", "day", "beep").lagged, other.lagged
    )


def test_without_days_all_prompts_of_a_person_are_of_one(frame):
    counted = frame.with_columns(prompt=(pl.col("day") * 100 + pl.col("beep")))
    no_days = model(day=None, beep="prompt").fit(counted)
    np.testing.assert_allclose(no_days.temporal, model().fit(frame).temporal, atol=0.03)
    assert no_days.n_pairs == model().fit(frame).n_pairs


def test_truth_is_recovered(cases):
    truth = np.array([[0.35, 0.15, 0.0], [0.0, 0.25, -0.2], [0.0, 0.0, 0.3]])
    fit = model().fit(cases.prompts(120, 10, 9, seed=5, missed=0.1, spread=0.08))
    np.testing.assert_allclose(fit.temporal, truth, atol=0.06)
    noise = np.array([[1.0, 0.4, 0.0], [0.4, 1.0, -0.3], [0.0, -0.3, 1.0]])
    levels = np.array([[1.0, 0.5, 0.0], [0.5, 1.0, 0.3], [0.0, 0.3, 1.0]])
    for found, covariance, near in ((fit.contemporaneous, noise, 0.05), (fit.between, levels, 0.2)):
        K = np.linalg.inv(covariance)
        partial = -K / np.sqrt(np.outer(np.diag(K), np.diag(K)))
        np.fill_diagonal(partial, 0)
        np.testing.assert_allclose(found, partial, atol=near)
    assert fit.temporal_sd.mean() == pytest.approx(0.08, abs=0.02)
    assert list(fit.mean_sd) == list(VARIABLES)
    assert fit.estimates["tired<-tense"] == fit.temporal[1, 2]
    assert fit.standard_errors["tired<-tense"] == fit.temporal_errors[1, 2]
    assert fit.person_temporal.shape == (120, 3, 3)
    np.testing.assert_allclose(fit.person_temporal.mean(axis=0), fit.temporal, atol=0.02)


@pytest.mark.lengthy
def test_false_edges_are_as_frequent_as_they_should_be():
    """200 small studies in which nothing leads to anything else: 5 % ± 2 of temporal edges."""
    rng = np.random.default_rng(31)
    persons, days, beeps = 30, 5, 6
    root = np.linalg.cholesky(np.array([[1.0, 0.4], [0.4, 1.0]]))
    p = []
    for _ in range(200):
        itself = 0.3 + 0.1 * rng.normal(size=(persons, 1, 2))
        state = rng.normal(size=(persons, days, 2)) @ root.T
        values = np.empty((persons, days, beeps, 2))
        for beep in range(beeps):
            state = itself * state + rng.normal(size=(persons, days, 2)) @ root.T
            values[:, :, beep] = state
        values += rng.normal(size=(persons, 1, 1, 2))
        who, day, beep = np.indices((persons, days, beeps)).reshape(3, -1)
        kept = rng.uniform(size=who.size) > 0.1
        columns = {"id": who, "day": day, "beep": beep, "x": values[..., 0].ravel(),
                   "y": values[..., 1].ravel()}  # fmt: skip
        result = model(variables=("x", "y")).fit({n: c[kept] for n, c in columns.items()})
        table = result.table().filter(pl.col("edge").is_in(["x<-y", "y<-x"]))
        p += table["p_value"].to_list()
    share = np.mean(np.array(p) < 0.05)
    assert 0.03 <= share <= 0.07, share


def test_units_order_of_rows_and_of_variables_do_not_matter(frame, fit):
    moved = frame.with_columns(calm=pl.col("calm") * 25 + 1000).sample(
        fraction=1.0, shuffle=True, seed=8
    )
    other = model().fit(moved)
    np.testing.assert_allclose(other.temporal[0, 1], 25 * fit.temporal[0, 1], rtol=1e-5)
    np.testing.assert_allclose(other.standardised, fit.standardised, atol=1e-6)
    np.testing.assert_allclose(other.contemporaneous, fit.contemporaneous, atol=1e-6)
    np.testing.assert_allclose(other.between, fit.between, atol=1e-5)
    turned = model(variables=VARIABLES[::-1]).fit(frame.to_pandas())
    np.testing.assert_allclose(turned.temporal[::-1, ::-1], fit.temporal, atol=1e-5)
    spread = fit.pairs.lagged.std(axis=0)
    assert fit.standardised[0, 1] == pytest.approx(
        fit.temporal[0, 1] * spread[1] / spread[0], rel=1e-2
    )


def test_residuals_are_what_the_second_step_is_made_of(frame, fit):
    left = fit.residuals()
    assert left.columns == ["row", *VARIABLES]
    first = fit.steps.first[0]
    values = frame["calm"].to_numpy()[left["row"].to_numpy()]
    own = first.coefficients[0] + first.modes[fit.pairs.code, 0]
    slopes = fit.person_temporal[fit.pairs.code, 0]
    means = sum(first.fixed_effects[f"mean of {n}"] * fit.pairs.means[:, j]
                for j, n in enumerate(VARIABLES) if j)  # fmt: skip
    expected = own + np.sum(slopes * fit.pairs.lagged, axis=1) + means
    np.testing.assert_allclose(left["calm"], values - expected, atol=1e-10)


def test_the_table_tests_edges_and_not_what_a_variable_does_to_itself(fit):
    table = fit.table(level=0.9)
    assert table["network"].value_counts().sort("network")["count"].to_list() == [3, 3, 9]
    itself = table.filter(pl.col("edge").is_in([f"{n}<-{n}" for n in VARIABLES]))
    assert itself["p_adjusted"].null_count() == 3
    rest = table.filter(pl.col("p_adjusted").is_not_null())
    assert (rest["p_adjusted"] >= rest["p_value"]).all()
    row = table.row(by_predicate=pl.col("edge") == "calm<-tired", named=True)
    test = fit.steps.first[0].test({"lag of tired": 1})
    assert row["p_value"] == pytest.approx(test.p_value, rel=1e-9)
    assert row["df"] == pytest.approx(test.df, rel=1e-9)
    assert row["conf_low"] < row["estimate"] < row["conf_high"]
    assert set(fit.estimates) == set(table["edge"])


def test_persons_drawn_anew_give_intervals_wherever_they_are_fitted(fit):
    from concurrent.futures import ThreadPoolExecutor

    found = fit.stability(draws=12, seed=3)
    again = fit.stability(draws=12, seed=3)
    np.testing.assert_array_equal(found.drawn, again.drawn)
    table = found.table()
    assert table["edge"].to_list() == list(fit.estimates)
    strong = table.row(by_predicate=pl.col("edge") == "tired<-tense", named=True)
    assert strong["conf_high"] < 0
    assert strong["same_sign"] == 1
    errors = np.std(found.drawn[:, :9], axis=0) / fit.temporal_errors.ravel()
    assert 0.4 < np.median(errors) < 1.8
    with ThreadPoolExecutor(1) as executor:
        other = fit.stability(draws=12, seed=3, executor=executor)
    np.testing.assert_array_equal(found.drawn, other.drawn)


def test_networks_that_samples_do_not_have_are_told_as_missing(frame):
    """No share of samples, interval or warning where the network of means is missing."""
    centred = frame.with_columns(pl.col(n) - pl.col(n).mean().over("id") for n in VARIABLES)
    table = model().fit(centred).stability(draws=4, seed=2).table()
    between = table.filter(pl.col("edge").str.starts_with("between"))
    for name in ("estimate", "conf_low", "conf_high", "same_sign"):
        assert between[name].null_count() == 3, name
    rest = table.filter(~pl.col("edge").str.starts_with("between"))
    assert not any(rest.null_count().row(0))
    drawn = np.tile([0.1, 0.2, 0.3, -0.1], (40, 1)) + np.arange(40)[:, None] / 1000
    drawn[0, 1] = np.nan  # one sample of forty
    drawn[:5, 2] = np.nan  # one of eight
    drawn[:, 3] = np.nan
    found = VARStability(
        names=tuple("abcd"), estimates=np.array([0.1, 0.2, 0.3, -0.1]), drawn=drawn, level=0.9,
        n_lost=0,
    ).table()  # fmt: skip
    assert found["same_sign"].to_list() == [1.0, 1.0, None, None]
    assert found["conf_low"].null_count() == 2
    assert found["estimate"].null_count() == 0


def test_edges_whose_sides_contradict_each_other_are_made_smaller():
    slopes = 0.9 * (1 - np.eye(3))
    found = nodewise_network(slopes, np.abs(slopes) / 10, np.ones(3))
    assert found.was_shrunk
    assert np.linalg.eigvalsh(np.eye(3) - found.partial)[0] > 0
    np.testing.assert_allclose(found.partial / found.partial[0, 1], slopes / 0.9, atol=1e-12)
    nothing = nodewise_network(slopes, slopes, np.array([1, 0, 1.0]))
    assert np.isnan(nothing.partial).all()


def test_persons_who_do_not_differ_have_no_network_of_means(frame):
    centred = frame.with_columns(pl.col(n) - pl.col(n).mean().over("id") for n in VARIABLES)
    fit = model().fit(centred)
    assert np.isnan(fit.between).all()
    assert any("there is no network of them" in message for message in fit.messages)
    assert fit.table().filter(network="between")["p_value"].null_count() == 3
    np.testing.assert_allclose(fit.temporal, model().fit(frame).temporal, atol=0.1)


def test_what_hardly_varies_is_named(frame):
    floored = frame.with_columns(
        tense=pl.when(pl.col("tense") > 6).then(pl.col("tense")).otherwise(0.0)
    )
    fit = model().fit(floored)
    assert any(
        message.startswith("tense: ") and "of the values are 0" in message
        for message in fit.messages
    )
    assert any("tense: does not vary in" in message for message in fit.messages)


def test_regressions_that_do_not_settle_are_said(frame, monkeypatch):
    import salutogen.models.mixed.model as module

    whole = module.minimise
    monkeypatch.setattr(
        module,
        "minimise",
        lambda function, start, **rest: whole(function, start, **{**rest, "max_iterations": 1}),
    )
    with pytest.warns(ConvergenceWarning, match="Not settled for calm"):
        fit = model().fit(frame)
    assert not fit.converged
    assert fit.messages[0].startswith("Not settled for")


def _changed(name, value):
    return lambda f: f.with_columns(pl.lit(value).alias(name))


BAD = [
    ({}, lambda f: pl.concat([f, f[:3]]), "3 rows are of the same prompt as another"),
    ({}, _changed("tense", 1.0), "tense: no person's values vary"),
    ({}, lambda f: f.with_columns(tense=pl.col("id") * 1.0), "tense: no person's values vary"),
    ({}, lambda f: f.with_columns(tense=pl.col("calm") * 2), "Collinear fixed terms"),
    ({}, lambda f: f.with_columns(pl.col("beep") * 2), "no two complete prompts of a day follow"),
    ({}, lambda f: f.with_columns(pl.col("beep") / 3), "beep: no whole number in"),
    ({}, lambda f: f.with_columns(beep=pl.lit("noon")), "beep: expected numbers"),
    ({}, lambda f: f.filter(pl.col("id") < 5), "4 persons with prompts in a row cannot tell"),
    ({}, lambda f: f[:0], "There are no rows"),
    ({}, lambda f: f.with_columns(day=pl.lit(None)), "day: missing in"),
    ({}, _changed("calm", float("inf")), "calm: infinite in"),
    ({"variables": ("calm", "tensed")}, lambda f: f, "did you mean 'tense'"),
]


@pytest.mark.parametrize(("settings", "change", "message"), BAD, ids=[b[2] for b in BAD])
def test_bad_input_is_refused(settings, change, message, frame):
    with pytest.raises(ModelError, match=message):
        model(**settings).fit(change(frame))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"variables": "calm"}, "expected at least two, got calm"),
        ({"random_effects": "none"}, "random_effects: expected orthogonal or correlated"),
        ({"variables": ("calm", "beep")}, "beep: named in more than one place"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, message):
    with pytest.raises(ModelError, match=message):
        model(**settings)
