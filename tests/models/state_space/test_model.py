"""Continuous-time models: another model of ours, what must not matter, recovery, refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.linalg import expm, solve_continuous_lyapunov

from salutogen.errors import ModelError
from salutogen.models import ContinuousAR1, ContinuousTime, MixedModel

DRIFT = np.array([[-0.5, 0.25], [0.1, -0.8]])
INPUTS = np.array([0.4, 0.0])
DIFFUSION = np.array([[0.6, 0.1], [0.1, 0.5]])
LEVELS = np.array([[0.8, 0.2], [0.2, 0.5]])
TRUTH = {
    "P<-P": -0.5, "P<-S": 0.25, "S<-P": 0.1, "S<-S": -0.8, "P<-E": 0.4, "S<-E": 0.0,
    "diffusion(P)": 0.6, "diffusion(P,S)": 0.1, "diffusion(S)": 0.5, "error(P)": 0.3,
    "mean(P)": 2.0, "mean(S)": 5.0, "var(P)": 0.8, "cov(P,S)": 0.2, "var(S)": 0.5,
}  # fmt: skip
MODEL = ContinuousTime(
    processes=("P", "S"), inputs=("E",), measurement_error=("P",), person="id", time="hour"
)


def stream(n=80, occasions=30, seed=1, missing=0.2) -> pl.DataFrame:
    """Two processes at ten different gaps, moved by E; P with error."""
    rng = np.random.default_rng(seed)
    rest = solve_continuous_lyapunov(DRIFT, -DIFFUSION)
    level = np.array([2.0, 5.0]) + rng.multivariate_normal([0, 0], LEVELS, n)
    x, hour = rng.multivariate_normal([0, 0], rest, n), np.zeros(n)
    E, rows = rng.binomial(1, 0.3, size=(n, occasions)).astype(float), []
    for t in range(occasions):
        if t:
            gap = rng.integers(2, 12, n) / 5
            for length in np.unique(gap):
                phi = expm(DRIFT * length)
                now = gap == length
                held = np.linalg.solve(DRIFT, phi - np.eye(2)) @ INPUTS
                noise = rng.multivariate_normal([0, 0], rest - phi @ rest @ phi.T, now.sum())
                x[now] = x[now] @ phi.T + np.outer(E[now, t - 1], held) + noise
            hour = hour + gap
        seen = level + x + rng.normal(size=(n, 2)) * np.sqrt([0.3, 0.0])
        seen[rng.random((n, 2)) < missing] = np.nan
        rows.append(pl.DataFrame({"id": np.arange(n), "hour": hour, "P": seen[:, 0],
                                  "S": seen[:, 1], "E": E[:, t]}))  # fmt: skip
    return pl.concat(rows).with_columns(pl.col("P", "S").fill_nan(None))


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    return stream()


@pytest.fixture(scope="module")
def result(frame):
    return MODEL.fit(frame)


def test_the_truth_is_found(result) -> None:
    assert result.converged
    assert not result.messages
    assert set(result.parameters) == set(TRUTH)
    z = {n: (result.estimates[n] - v) / result.standard_errors[n] for n, v in TRUTH.items()}
    assert max(map(abs, z.values())) < 3.3, z
    np.testing.assert_allclose(result.drift, DRIFT, atol=0.15)
    np.testing.assert_allclose(result.input_effects[:, 0], INPUTS, atol=0.1)
    np.testing.assert_allclose(result.diffusion, DIFFUSION, atol=0.2)
    np.testing.assert_allclose(result.measurement_variance, [0.3, 0.0], atol=0.06)
    np.testing.assert_allclose(result.mean_covariance, LEVELS, atol=0.35)
    np.testing.assert_allclose(result.means, [2.0, 5.0], atol=0.3)


def test_it_is_the_top(result) -> None:
    """The gradient is 0, and the likelihood lower everywhere about, in units of the data."""
    assert result.log_likelihood_at({}) == pytest.approx(result.log_likelihood, rel=1e-12)
    for name, error in result.standard_errors.items():
        for sign in (-1, 1):
            near = {name: result.estimates[name] + sign * 0.1 * error}
            lost = result.log_likelihood - result.log_likelihood_at(near)
            # A tenth of a standard error costs at least the Wald statistic's half.
            assert lost > 0.0045, name
    assert result.log_likelihood_at({"P<-P": 0.5}) == -np.inf
    assert result.log_likelihood_at({"var(P)": -1.0}) == -np.inf
    assert result.log_likelihood_at({"error(P)": -0.01}) == -np.inf
    with pytest.raises(ModelError, match=r"no parameter 'P<-Q'.*P<-"):
        result.log_likelihood_at({"P<-Q": 0.0})


def test_one_process_is_a_mixed_model_with_autocorrelated_residuals(frame) -> None:
    """Without error of measurement: random intercept and ContinuousAR1, by maximum likelihood."""
    mood = frame.drop_nulls("S").select("id", "hour", y="S")
    flow = ContinuousTime(processes="y", person="id", time="hour").fit(mood)
    mixed = MixedModel("y ~ 1 + (1 | id)", residual=ContinuousAR1("hour")).fit(mood, reml=False)
    assert flow.log_likelihood == pytest.approx(mixed.log_likelihood, abs=1e-5)
    rho = next(iter(mixed.residual_parameters.values()))
    assert np.exp(flow.drift[0, 0]) == pytest.approx(rho, rel=1e-4)
    rest = -flow.diffusion[0, 0] / (2 * flow.drift[0, 0])
    assert rest == pytest.approx(mixed.residual_variance, rel=1e-4)
    assert flow.mean_covariance[0, 0] == pytest.approx(mixed.random_covariance[0, 0], rel=1e-4)
    error = mixed.standard_errors["Intercept"]
    assert flow.standard_errors["mean(y)"] == pytest.approx(error, rel=1e-3)


def test_order_labels_and_units_do_not_matter(frame, result) -> None:
    mixed_up = frame.sample(fraction=1.0, shuffle=True, seed=3)
    other = mixed_up.with_columns(
        pl.format("KX-{}", pl.col("id")).alias("id"),
        pl.col("hour") * 60 + 1e4,
        pl.col("P") * 10 - 3,
        pl.col("E") * 4,
    ).to_pandas()
    again = MODEL.fit(other)
    scale = {"P<-P": 60, "S<-S": 60, "P<-S": 6, "S<-P": 600, "P<-E": 24, "S<-E": 240,
             "diffusion(P)": 0.6, "diffusion(P,S)": 6, "diffusion(S)": 60, "error(P)": 0.01,
             "mean(P)": 0.1, "mean(S)": 1, "var(P)": 0.01, "cov(P,S)": 0.1,
             "var(S)": 1}  # fmt: skip
    for name, factor in scale.items():
        shift = 0.3 if name == "mean(P)" else 0.0
        expected = result.estimates[name]
        assert again.estimates[name] * factor + shift == pytest.approx(expected, abs=2e-5), name
        error = result.standard_errors[name]
        assert again.standard_errors[name] * factor == pytest.approx(error, rel=1e-3), name
    seen = frame["P"].count()
    expected = result.log_likelihood - seen * np.log(10)
    assert again.log_likelihood == pytest.approx(expected, abs=1e-6)


def test_robust_errors_are_about_the_same_where_the_model_holds(frame, result) -> None:
    robust = replace(MODEL, standard_errors="robust").fit(frame)
    assert robust.estimates == pytest.approx(result.estimates, abs=1e-7)
    for name, error in robust.standard_errors.items():
        assert error == pytest.approx(result.standard_errors[name], rel=0.35), name


def test_factors_tell_who_recovers_slowly() -> None:
    rng = np.random.default_rng(5)
    n, occasions = 100, 30
    support = rng.normal(size=n)
    rate = 0.7 + 0.2 * support.clip(-2.5, 2.5)
    x, rows = np.zeros(n), []
    for t in range(occasions):
        x = np.exp(-rate) * x + rng.normal(size=n) * np.sqrt((1 - np.exp(-2 * rate)) / rate)
        rows.append(pl.DataFrame({"id": np.arange(n), "t": float(t), "x": x, "support": support}))
    model = ContinuousTime(processes="x", person="id", time="t", random_means=False,
                           factors={"x<-x": "support"})  # fmt: skip
    result = model.fit(pl.concat(rows))
    name = "x<-x:support"
    assert result.parameters[-1] == name
    assert result.estimates[name] == pytest.approx(-0.2, abs=3 * result.standard_errors[name])
    assert result.tidy().row(-1, named=True)["p_value"] < 1e-6
    assert result.drift[0, 0] == pytest.approx(-0.7, abs=0.1)


def test_one_person_has_one_mean(frame) -> None:
    one = stream(n=1, occasions=250, missing=0.1)
    with pytest.raises(ModelError, match="1 persons cannot tell how 2 means differ"):
        MODEL.fit(one)
    result = replace(MODEL, random_means=False).fit(one)
    assert result.converged
    assert result.mean_covariance.tolist() == [[0, 0], [0, 0]]


def test_persons_who_do_not_differ() -> None:
    """A variance at its bound is said to be there, and has no error."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=(40, 12))
    x -= x.mean(axis=1, keepdims=True)
    frame = {"id": np.repeat(np.arange(40), 12), "t": np.tile(np.arange(12.0), 40), "x": x.ravel()}
    result = ContinuousTime(processes="x", person="id", time="t").fit(frame)
    assert result.estimates["var(x)"] == pytest.approx(0, abs=1e-5)
    assert np.isnan(result.standard_errors["var(x)"])
    assert any("At its bound: var(x)" in text for text in result.messages)


def test_residuals_and_smoothing(frame, result) -> None:
    left = result.residuals()
    assert left.columns == ["id", "hour", "P", "S"]
    for name in ("P", "S"):
        assert left[name].null_count() == frame[name].null_count()
        assert left[name].std() == pytest.approx(1, abs=0.03)
        assert left[name].mean() == pytest.approx(0, abs=0.06)
        neighbours = left.select(pl.corr(name, pl.col(name).shift(1).over("id"))).item()
        assert abs(neighbours) < 0.06
    turned = replace(MODEL, processes=("S", "P")).fit(frame).residuals()
    for name in ("P", "S"):
        np.testing.assert_allclose(left[name], turned[name], atol=1e-4)
    smooth = result.smoothed()
    both = smooth.join(frame.rename({"P": "seen"}), on=["id", "hour"]).drop_nulls("seen")
    assert both.select(pl.corr("P", "seen")).item() > 0.9
    assert (smooth["P_se"] > 0).all()
    known = smooth.join(frame.rename({"S": "seen"}), on=["id", "hour"]).drop_nulls("seen")
    np.testing.assert_allclose(known["S"], known["seen"], atol=1e-6)  # no error in S


def refused(match: str, frame, **settings) -> None:
    with pytest.raises(ModelError, match=match):
        replace(MODEL, **settings).fit(frame)


def test_settings_that_cannot_be() -> None:
    frame = stream(n=3, occasions=3)
    refused("processes: expected at least one", frame, processes=(), measurement_error=())
    refused("E: named in more than one place", frame, processes=("P", "E"))
    refused(r"measurement_error: 'Q' is none of the processes", frame, measurement_error=("Q",))
    refused(r"pulses: 'P' is none of the inputs", frame, pulses=("P",))
    refused("first: expected rest or free, got 'stationary'", frame, first="stationary")
    refused("standard_errors: expected observed or robust", frame, standard_errors="expected")
    refused(r"factors: there is no 'P<-Q'", frame, factors={"P<-Q": "age"})
    refused("measurement_error: P twice", frame, measurement_error=("P", "P"))
    refused("factors of P<-S: age twice", frame, factors={"P<-S": ("age", "age")})
    refused("pulses: E twice", frame, pulses=("E", "E"))


def test_data_that_cannot_be() -> None:
    frame = stream(n=6, occasions=6)
    refused("15 parameters cannot be told from", frame.head(8))
    refused("S: does not vary", frame.with_columns(S=pl.lit(3.0)))
    refused("E: does not vary", frame.with_columns(E=pl.lit(0.0)))
    first = frame.with_columns(E=pl.when(pl.col("id") == 2).then(None).otherwise("E"))
    refused(r"E: missing in 5 rows \(3, 9, 15, 21, 27\).*make it a process", first)
    refused(r"id and hour: 1 rows are at the same time.*\(37\)", pl.concat([frame, frame.head(1)]))
    refused("hour: missing in 1 rows", frame.with_columns(
        hour=pl.when(pl.int_range(pl.len()) == 0).then(None).otherwise("hour")))  # fmt: skip
    refused("P: infinite in 1 rows", frame.with_columns(
        P=pl.when(pl.int_range(pl.len()) == 4).then(float("inf")).otherwise("P")))  # fmt: skip
    refused(
        "hour: expected numbers, got Date",
        frame.with_columns(hour=pl.date(2026, 1, 1)),
    )
    refused("No person has two rows", frame.head(6).with_columns(id=pl.int_range(6)))
    grows = frame.with_columns(age=pl.col("hour"))
    refused("age: changes within 6 persons", grows, factors={"mean(P)": ("age",)})
    alike = frame.with_columns(age=pl.lit(30.0))
    refused("age: the same for all persons", alike, factors={"mean(P)": ("age",)})


def without(frame, name: str, row: pl.Expr) -> pl.DataFrame:
    return frame.with_columns(pl.when(row).then(None).otherwise(name).alias(name))


def test_an_input_may_be_unknown_where_it_acts_on_nothing() -> None:
    """At a person's last row what is held acts on nothing; a pulse acts on the row's own values."""
    frame = stream(n=12, occasions=8, missing=0.0)
    last = pl.col("hour") == pl.col("hour").max().over("id")
    whole, gone = MODEL.fit(frame), MODEL.fit(without(frame, "E", last))
    assert gone.log_likelihood == pytest.approx(whole.log_likelihood, abs=1e-8)
    assert gone.estimates == pytest.approx(whole.estimates, abs=1e-4)
    refused(r"E: missing in 12 rows .*write 0 where nothing happened",
            without(frame, "E", last), pulses=("E",))  # fmt: skip
    same = without(frame.with_columns(E=pl.lit(1.0)), "E", last)
    refused("E: does not vary where it acts", same)
    only_last = frame.with_columns(E=pl.when(last).then(1.0).otherwise(0.0))
    refused("E: does not vary where it acts", only_last)


def test_a_row_with_one_of_two_inputs_is_no_row_without_any() -> None:
    """What else acts from there on is asked for, and the input that is known is not passed over."""
    frame = stream(n=12, occasions=8).with_columns(F=pl.col("E").shift(3, fill_value=0.0))
    row = (pl.col("id") == 3) & (pl.int_range(pl.len()).over("id") == 4)
    empty = without(without(frame, "P", row), "S", row)
    model = replace(MODEL, inputs=("E", "F"))
    with pytest.raises(ModelError, match=r"F: missing in 1 rows \(52\)"):
        model.fit(without(empty, "F", row))
    changed = empty.with_columns(E=pl.when(row).then(9.0).otherwise("E"))
    apart = model.fit(empty).log_likelihood - model.fit(changed).log_likelihood
    assert abs(apart) > 1e-3, "an input at a row without processes acts"


def test_rows_and_persons_that_tell_nothing_are_counted(frame, result) -> None:
    empty = frame.head(80).with_columns(
        pl.lit(None).cast(pl.Float64).alias(name) for name in ("P", "S", "E")
    )
    more = pl.concat([frame, empty.with_columns(pl.col("hour") + 500)])
    again = MODEL.fit(more)
    assert again.messages == ("80 rows without any value tell nothing and are left out.",)
    assert again.log_likelihood == pytest.approx(result.log_likelihood, abs=1e-7)


def test_pandas_and_polars_give_the_same(frame, result) -> None:
    assert isinstance(frame.to_pandas(), pd.DataFrame)
    again = MODEL.fit(frame.to_pandas())
    assert again.coefficients.tolist() == result.coefficients.tolist()
