"""Correlated and unequal residuals: nlme, dense likelihoods, recovery, boundary, refusals."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from salutogen.errors import ModelError
from salutogen.models import (
    ContinuousAR1,
    ConvergenceWarning,
    HeterogeneousVariance,
    MixedModel,
    Moments,
)
from salutogen.models.formula.mixed_formula import parse_formula
from salutogen.models.mixed.structured.problem import structured_problem
from salutogen.models.mixed.structured.rows import read_structured

REFERENCE = Path(__file__).parents[3] / "reference" / "mixed_structures"
VALUES = json.loads((REFERENCE / "nlme.json").read_text(encoding="utf-8"))["fits"]
_spec = importlib.util.spec_from_file_location("residual_cases", REFERENCE / "cases.py")
cases = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(cases)
AR1 = ContinuousAR1(time="t")
STRUCTURES = {
    "ar1": AR1,
    "days": ContinuousAR1(time="hours", within="day"),
    "occasion": HeterogeneousVariance(by="occasion"),
    "arm": HeterogeneousVariance(by="arm"),
    "ar1 occasion": (AR1, HeterogeneousVariance(by="occasion")),
}
SERIAL = pl.DataFrame(cases.CASES["serial"])
OCCASIONS = pl.DataFrame(cases.CASES["occasions"])
# nlme stops where its criterion changes by about 1e-9, and at slopes its own differences see.
TOLERANCE = {"loglik": 2e-6, "fixed": 1e-5, "se": 1e-4, "sd": 2e-4, "parameter": 5e-4}


def test_the_column_of_levels_may_be_called_as_ours_are():
    value = next(one for one in VALUES if one["structure"] == "occasion")
    frame = pl.DataFrame(cases.CASES[value["data"]])
    fits = [
        MixedModel(value["formula"], residual=HeterogeneousVariance(by=name)).fit(
            frame.rename({"occasion": name}) if name not in value["formula"] else frame
        )
        for name in ("occasion", "count", "level", "code")
    ]
    assert len({one.log_likelihood for one in fits}) == 1


@pytest.mark.parametrize(
    "value", VALUES, ids=lambda v: f"{v['data']}: {v['formula']}, {v['structure']}, {v['reml']}"
)
def test_agrees_with_nlme(value):
    """nlme 3.1-162: `Rscript nlme.R` beside `nlme.json`."""
    frame = pl.DataFrame(cases.CASES[value["data"]])
    structure = STRUCTURES[value["structure"]]
    result = MixedModel(value["formula"], residual=structure).fit(frame, reml=value["reml"])
    assert result.log_likelihood > value["loglik"] - TOLERANCE["loglik"]
    assert result.log_likelihood < value["loglik"] + 1e-4
    np.testing.assert_allclose(result.coefficients, value["fixed"], rtol=TOLERANCE["fixed"])
    np.testing.assert_allclose(
        list(result.standard_errors.values()), value["se"], rtol=TOLERANCE["se"]
    )
    np.testing.assert_allclose(result.aic, value["aic"], rtol=1e-7)
    first = next(iter(value["parameters"]))
    assert first in ("correlation", "1", "control")
    near = TOLERANCE["parameter"]
    # nlme's reference level is the first in the data; here all are brought to ours
    levels = {k: v for k, v in value["parameters"].items() if k != "correlation"}
    reference = levels.get("1", levels.get("control", 1.0))
    for name, expected in value["parameters"].items():
        if name == "correlation":
            assert result.residual_parameters[name] == pytest.approx(expected, rel=near)
        else:
            column = "arm" if value["structure"] == "arm" else "occasion"
            found = result.residual_parameters[f"{column}={name}"]
            assert found == pytest.approx(expected / reference, rel=near)
    assert result.residual_sd == pytest.approx(
        value["residual_sd"] * reference, rel=TOLERANCE["sd"]
    )
    np.testing.assert_allclose(
        result.random_covariance.ravel(), value["covariance"], rtol=1e-3, atol=1e-4
    )
    np.testing.assert_allclose(result.modes.ravel()[:4], value["modes"], rtol=1e-3, atol=1e-4)
    assert result.converged
    assert result.path == "rows"
    assert any("path: rows" in message for message in result.messages)


def dense(frame, result, criterion, x):
    """-2 log-likelihood from the covariance of all rows, at the structure's parameters x."""
    person = frame["id"].to_numpy()
    t, y = frame["t"].to_numpy(), frame["y"].to_numpy()
    X = np.column_stack([np.ones(len(t)), t])
    same = person[:, None] == person
    R = np.eye(len(t))
    labels = list(criterion.residuals.labels)
    if criterion.residuals.is_correlated:
        rho = np.exp(-criterion.decay(x) / criterion.residuals.unit)
        R = same * rho ** np.abs(t[:, None] - t)
    if len(labels) > 1:
        spread = criterion.spreads(x)[[labels.index(v) for v in frame["occasion"].to_list()]]
        R = spread[:, None] * R * spread
    L, _ = criterion.layout.factors(x[criterion.n_residual :])
    V = R + same * (X @ result @ L @ L.T @ result.T @ X.T)
    inverse = np.linalg.inv(V)
    precision = X.T @ inverse @ X
    beta = np.linalg.solve(precision, X.T @ inverse @ y)
    df = criterion.layout.df
    value = np.linalg.slogdet(V)[1] + df * (
        1 + np.log(2 * np.pi * ((y - X @ beta) @ inverse @ (y - X @ beta)) / df)
    )
    return value + (np.linalg.slogdet(precision)[1] if criterion.layout.reml else 0.0)


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize(
    "structures",
    [(AR1,), (HeterogeneousVariance("occasion"),), (AR1, HeterogeneousVariance("occasion"))],
    ids=["ar1", "levels", "both"],
)
def test_value_and_gradient_are_those_of_the_dense_likelihood(structures, reml):
    frame = OCCASIONS[:70].with_columns(t=pl.col("t") ** 1.3)
    formula = "y ~ t + (1 + t | id)"
    rows = read_structured(parse_formula(formula, levels=2), structures, frame[::-1])
    problem = structured_problem(rows, rows.moments(formula), reml=reml)
    criterion = problem.criterion
    assert criterion.starts()
    rng = np.random.default_rng(4)
    for _ in range(3):
        x = rng.normal(size=len(criterion.starts()[0])) * 0.7
        value, gradient = criterion(x)
        whole = value + problem.base.offset
        expected = dense(frame, problem.base.random_map, criterion, x)
        np.testing.assert_allclose(whole, expected, rtol=1e-10)
        for j in range(len(x)):
            step = np.eye(len(x))[j] * 1e-5
            up, down = (
                dense(frame, problem.base.random_map, criterion, x + sign * step)
                for sign in (1, -1)
            )
            np.testing.assert_allclose(gradient[j], (up - down) / 2e-5, rtol=2e-5, atol=2e-5)


def test_degrees_of_freedom_follow_satterthwaite():
    """Variance of the variances by the delta method, all of it from dense matrices."""
    frame = SERIAL[:160]
    formula = "y ~ t + (1 | id)"
    result = MixedModel(formula, residual=AR1).fit(frame)
    person, t, y = (frame[name].to_numpy() for name in ("id", "t", "y"))
    same = person[:, None] == person
    X = np.column_stack([np.ones(len(t)), t])

    def pieces(parameters):
        between, residual, correlation = parameters
        V = same * (between + residual * correlation ** np.abs(t[:, None] - t))
        inverse = np.linalg.inv(V)
        precision = X.T @ inverse @ X
        r = y - X @ np.linalg.solve(precision, X.T @ inverse @ y)
        value = np.linalg.slogdet(V)[1] + r @ inverse @ r + np.linalg.slogdet(precision)[1]
        return value, np.diag(np.linalg.inv(precision))

    best = np.array([result.random_covariance[0, 0], result.residual_variance,
                     result.residual_parameters["correlation"]])  # fmt: skip
    steps = np.eye(3) * best * 1e-3
    H, slope = np.empty((3, 3)), np.empty((3, 2))
    for i in range(3):
        slope[i] = (pieces(best + steps[i])[1] - pieces(best - steps[i])[1]) / (2 * steps[i, i])
        for j in range(3):
            corners = [pieces(best + a * steps[i] + b * steps[j])[0] * a * b
                       for a in (1, -1) for b in (1, -1)]  # fmt: skip
            H[i, j] = sum(corners) / (4 * steps[i, i] * steps[j, j])
    spread = np.einsum("ik,ij,jk->k", slope, 2 * np.linalg.inv(H), slope)
    np.testing.assert_allclose(pieces(best)[1], np.diag(result.covariance), rtol=1e-6)
    np.testing.assert_allclose(
        list(result.degrees_of_freedom.values()), 2 * pieces(best)[1] ** 2 / spread, rtol=1e-3
    )


def test_order_of_rows_unit_of_time_and_frames_do_not_matter():
    model = MixedModel("y ~ t + x + (1 | id)", residual=AR1)
    result = model.fit(SERIAL)
    for other in (
        model.fit(SERIAL.sample(fraction=1.0, shuffle=True, seed=2)),
        model.fit(SERIAL.to_pandas()),
        model.fit(SERIAL.lazy()),
    ):
        np.testing.assert_allclose(other.log_likelihood, result.log_likelihood, rtol=1e-11)
        np.testing.assert_allclose(other.coefficients, result.coefficients, rtol=1e-7)
    cubic = "y ~ t + I(t^2) + I(t^3) + (1 | id)"
    near = MixedModel(cubic, residual=AR1).fit(SERIAL)
    far = MixedModel(cubic, residual=AR1).fit(SERIAL.with_columns(pl.col("t") + 2020))
    np.testing.assert_allclose(far.coefficients[3], near.coefficients[3], rtol=1e-8)
    days = SERIAL.with_columns(day=pl.col("t") * 7 + 2020)
    moved = MixedModel("y ~ t + x + (1 | id)", residual=ContinuousAR1("day")).fit(days)
    np.testing.assert_allclose(moved.log_likelihood, result.log_likelihood, rtol=1e-11)
    rho = result.residual_parameters["correlation"]
    assert moved.residual_parameters["correlation"] == pytest.approx(rho ** (1 / 7), rel=1e-6)


@pytest.mark.parametrize(
    ("case", "formula", "residual"),
    [
        ("serial", "y ~ t + x + (1 | id)", AR1),
        ("both", "y ~ t + (1 | id)", STRUCTURES["ar1 occasion"]),
        ("sites", "y ~ t + x + (1 + t | site/id)", "independent"),
        ("sites", "y ~ t + (1 | person) + (1 | site)", AR1),
    ],
)
def test_a_first_search_among_some_persons_ends_at_the_same_place(
    case, formula, residual, monkeypatch
):
    import salutogen.models.mixed.structured.problem as module

    frame = pl.DataFrame(cases.CASES[case])
    model = MixedModel(formula, residual=residual)
    whole = model.fit(frame)
    monkeypatch.setattr(module, "SAMPLED", 14)
    sampled = model.fit(frame)
    assert whole.scaled.sample is None
    assert 14 <= sampled.scaled.sample.layout.starts[-1] < whole.n_persons / 2
    np.testing.assert_allclose(sampled.log_likelihood, whole.log_likelihood, rtol=1e-11)
    np.testing.assert_allclose(sampled.coefficients, whole.coefficients, rtol=1e-6)
    np.testing.assert_allclose(
        sampled.random_covariance, whole.random_covariance, rtol=1e-4, atol=1e-6
    )


def test_threads_do_not_change_a_bit(monkeypatch):
    from salutogen.models.parallel import threads

    monkeypatch.setattr(threads, "WORTH_A_THREAD", 1)
    model = MixedModel("y ~ t + x + (1 | id)", residual=AR1)
    frame = pl.DataFrame(cases.serial(600, seed=9))
    found = []
    for count in ("1", "2", "3"):
        monkeypatch.setenv("NUMBA_NUM_THREADS", count)
        result = model.fit(frame)
        found.append((result.coefficients.tobytes(), result.log_likelihood))
    assert found[0] == found[1] == found[2]


def test_sites_and_correlated_residuals_at_once():
    """Without correlation in truth both models agree; the larger one is not worse."""
    frame = pl.DataFrame(cases.CASES["sites"])
    formula = "y ~ t + x + (1 + t | person) + (1 | site)"
    plain = MixedModel(formula).fit(frame, reml=False)
    serial = MixedModel(formula, residual=AR1).fit(frame, reml=False)
    assert 0 <= serial.log_likelihood - plain.log_likelihood + 1e-9 < 8
    assert serial.random_terms_of("site") == ("Intercept",)
    assert serial.n_parameters == plain.n_parameters + 1
    unequal = MixedModel(formula, residual=HeterogeneousVariance("site")).fit(frame, reml=False)
    assert unequal.n_parameters == plain.n_parameters + 13
    assert unequal.log_likelihood > plain.log_likelihood


def test_no_correlation_is_found_exactly():
    """Neighbours less alike than chance: ρ is zero; the fit is the plain one."""
    frame = pl.DataFrame(cases.serial(40, (6, 9), seed=5, rho=0.0))
    frame = frame.with_columns(y=pl.col("y") + 0.8 - 1.6 * (pl.int_range(pl.len()).over("id") % 2))
    formula = "y ~ t + x + (1 | id)"
    result = MixedModel(formula, residual=AR1).fit(frame)
    plain = MixedModel(formula).fit(frame)
    assert result.residual_parameters["correlation"] == 0
    assert "The correlation of residuals is estimated as zero." in result.messages
    np.testing.assert_allclose(result.log_likelihood, plain.log_likelihood, rtol=1e-9)
    np.testing.assert_allclose(result.coefficients, plain.coefficients, rtol=1e-6)
    assert result.path == "rows"
    assert not any("residual variance runs to zero" in message for message in result.messages)


def test_stopping_early_is_said(monkeypatch):
    import salutogen.models.mixed.structured.fitting as module

    whole = module.minimise

    def stopped(function, start, **given):
        return whole(function, start, **{**given, "max_iterations": 1})

    monkeypatch.setattr(module, "minimise", stopped)
    with pytest.warns(ConvergenceWarning, match="Not converged"):
        result = MixedModel("y ~ t + x + (1 | id)", residual=AR1).fit(SERIAL)
    assert not result.converged
    assert any("Not converged" in message for message in result.messages)


def test_a_correlation_of_almost_one_is_said():
    """Residuals that hardly move within a person are a random intercept."""
    rng = np.random.default_rng(8)
    person = np.repeat(np.arange(80), 6)
    level = rng.normal(size=80)[person]
    walk = np.cumsum(rng.normal(size=(80, 6)) * 0.01, axis=1).ravel()
    frame = {"id": person, "t": np.tile(np.arange(6.0), 80), "y": level + walk}
    result = MixedModel("y ~ 1 + (1 | id)", residual=AR1).fit(frame)
    assert result.residual_parameters["correlation"] > 0.999
    assert any("almost 1" in message for message in result.messages)


def test_truth_is_recovered():
    estimates = []
    for seed in range(25):
        frame = pl.DataFrame(cases.serial(120, (5, 9), seed=200 + seed))
        result = MixedModel("y ~ t + x + (1 | id)", residual=AR1).fit(frame)
        found = [*result.coefficients, result.residual_parameters["correlation"]]
        estimates.append([*found, result.residual_sd, result.random_sd["Intercept"]])
    estimates = np.array(estimates)
    errors = estimates.std(axis=0, ddof=1) / np.sqrt(len(estimates))
    bias = np.abs(estimates.mean(axis=0) - [2, 0.3, 0.5, 0.6, 1.0, 0.8])
    np.testing.assert_array_less(bias, 4 * errors + 0.01)
    spreads = []
    for seed in range(25):
        frame = pl.DataFrame(cases.occasions(150, seed=300 + seed))
        result = MixedModel("y ~ t + (1 | id)", residual=STRUCTURES["occasion"]).fit(frame)
        spreads.append(list(result.residual_parameters.values()))
    logs = np.log(np.array(spreads)[:, 1:])
    errors = logs.std(axis=0, ddof=1) / np.sqrt(len(logs))
    np.testing.assert_array_less(np.abs(logs.mean(axis=0) - np.log([1.6, 0.7, 2.2])), 4 * errors)


def test_predictions_summary_and_what_is_not_available():
    result = MixedModel("y ~ t + x + (1 | id)", residual=AR1).fit(SERIAL)
    assert "Residuals: correlation 0.60" in result.summary()
    last = result.tidy().row(-1, named=True)
    assert (last["effect"], last["term"]) == ("residual", "correlation")
    assert last["estimate"] == result.residual_parameters["correlation"]
    new = pl.DataFrame({"id": [1, 9999], "t": [2.0, 2.0], "x": [0.0, 0.0]})
    fixed, own = result.predict(new), result.predict(new, random_effects=True)
    b = result.coefficients
    np.testing.assert_allclose(fixed, b[0] + 2 * b[1])
    np.testing.assert_allclose(own - fixed, [result.modes[0, 0], 0.0])
    with pytest.raises(ModelError, match="independent residuals only"):
        result.predict(new, interval="prediction")
    with pytest.raises(ModelError):
        result.robust_inference()


CHANGES = [
    (
        AR1,
        lambda f: f.with_columns(pl.col("t").round(0)),
        "have the same t as another row.*rows 2 and 3",
    ),
    (AR1, lambda f: f.with_columns(t=pl.lit("June")), "t holds String; expected numbers"),
    (AR1, lambda f: f.with_columns(pl.col("t").cast(pl.Int32).cast(pl.Date)), "t holds Date"),
    (ContinuousAR1("tt"), lambda f: f, r"'tt' \(did you mean 't'\?\)"),
    (AR1, lambda f: f.unique("id"), "No person has more than 1 rows|no person has two rows"),
    (HeterogeneousVariance("where"), lambda f: f, "Unknown column 'where'"),
    (HeterogeneousVariance("x"), lambda f: f, "x has .* levels.*one row"),
    (
        HeterogeneousVariance("wave"),
        lambda f: f.with_columns(wave=pl.lit(1)),
        "wave has one level only",
    ),
    ("ar1", lambda f: f, "residual: expected 'independent', ContinuousAR1"),
    ((AR1, AR1), lambda f: f, "one of each"),
    (3, lambda f: f, "residual: expected"),
]


@pytest.mark.parametrize(("residual", "change", "message"), CHANGES, ids=[c[2] for c in CHANGES])
def test_bad_input_is_refused(residual, change, message):
    with pytest.raises(ModelError, match=message):
        MixedModel("y ~ 1 + (1 | id)", residual=residual).fit(change(SERIAL))


def test_times_that_are_missing_or_constant():
    holes = SERIAL.with_columns(
        t=pl.when(pl.int_range(pl.len()) % 9 == 0).then(None).otherwise(pl.col("t"))
    )
    result = MixedModel("y ~ x + (1 | id)", residual=AR1).fit(holes)
    assert any("rows with missing values" in message for message in result.messages)
    with pytest.raises(ModelError, match="same t as another row"):
        MixedModel("y ~ x + (1 | id)", residual=AR1).fit(SERIAL.with_columns(t=pl.lit(1.0)))
    with pytest.raises(ModelError, match="Collinear fixed terms: double"):
        MixedModel("y ~ t + double + (1 | id)", residual=AR1).fit(
            SERIAL.with_columns(double=2 * pl.col("t"))
        )
    moments = Moments.from_frame("y ~ t + (1 | id)", SERIAL)
    with pytest.raises(ModelError, match="fitted from a frame"):
        MixedModel("y ~ t + (1 | id)", residual=AR1).fit(moments)
