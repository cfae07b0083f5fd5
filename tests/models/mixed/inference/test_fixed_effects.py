"""Inference from mixed models: lmerTest, clubSandwich, lme4, dense matrices, refusals."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from salutogen.errors import ModelError
from salutogen.models import MixedModel, Moments

REFERENCE = Path(__file__).parents[3] / "reference"
VALUES = json.loads((REFERENCE / "mixed_inference" / "values.json").read_text(encoding="utf-8"))
# lmerTest differences a numeric criterion around an optimum that is known to about 1e-8.
TOLERANCE = {"df": 1e-6, "test": 3e-6, "p": 1e-5, "robust": 2e-6, "modes": 1e-6}

_spec = importlib.util.spec_from_file_location(
    "mixed_cases", REFERENCE / "mixed_model" / "cases.py"
)
cases = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(cases)


def case(name):
    number = pl.col("id")
    return pl.DataFrame(cases.CASES[name]).with_columns(
        arm=(number % 3).replace_strict({0: "a", 1: "b", 2: "c"}),
        half=(number % 2).replace_strict({0: "u", 1: "v"}),
    )


def fitted(name="unbalanced", formula="y ~ t + x + (1 + t | id)", **options):
    return MixedModel(formula).fit(case(name), **options)


def one_or_many(value):
    return value if isinstance(value, list) else [value]


def each_fit():
    return pytest.mark.parametrize(
        "value", VALUES["fits"], ids=lambda v: f"{v['data']}: {v['formula']}"
    )


@each_fit()
def test_degrees_of_freedom_and_tests_agree_with_lmertest(value):
    """lmerTest 3.1-3: summary, contest1D, contestMD and anova(type = 3), by reference.R."""
    result = fitted(value["data"], value["formula"])
    p = len(result.terms)
    assert result.is_singular is value["singular"]
    df = list(result.degrees_of_freedom.values())
    np.testing.assert_allclose(df, value["df"], rtol=TOLERANCE["df"])
    np.testing.assert_allclose(list(result.p_values.values()), value["p"], rtol=TOLERANCE["p"])
    test = result.test(value["contrast"])
    found = [test.estimates[0], test.std_errors[0], test.df, test.statistic]
    np.testing.assert_allclose(found, value["contrast_test"][:4], rtol=TOLERANCE["test"])
    np.testing.assert_allclose(test.p_value, value["contrast_test"][4], rtol=TOLERANCE["p"])
    joint = result.test(np.eye(p)[1:])
    numerator, denominator, f, p_value = value["joint_test"]
    assert joint.numerator_df == numerator
    np.testing.assert_allclose(joint.df, denominator, rtol=TOLERANCE["df"])
    np.testing.assert_allclose(joint.statistic ** (2 if p == 2 else 1), f, rtol=TOLERANCE["test"])
    np.testing.assert_allclose(joint.p_value, p_value, rtol=TOLERANCE["p"])
    terms = result.test_terms()
    assert terms["numerator_df"].to_list() == one_or_many(value["terms_numdf"])
    for column, key in (
        ("denominator_df", "terms_dendf"),
        ("f", "terms_f"),
        ("p_value", "terms_p"),
    ):
        np.testing.assert_allclose(terms[column], value[key], rtol=TOLERANCE["p"])


@each_fit()
def test_robust_errors_agree_with_clubsandwich(value):
    """clubSandwich 0.5.8: vcovCR of lmer, and coef_test(test = "Satterthwaite") for CR2."""
    result = fitted(value["data"], value["formula"])
    p = len(result.terms)
    for kind, expected in value["robust"].items():
        covariance = np.reshape(expected, (p, p))
        near = TOLERANCE["robust"]
        np.testing.assert_allclose(
            result.robust_inference(kind).covariance,
            covariance,
            rtol=near,
            atol=near * np.abs(covariance).max(),
        )
    for contrast, df in zip(np.eye(p), value["bell_df"], strict=True):
        assert result.test(contrast, errors="CR2").df == pytest.approx(df, rel=TOLERANCE["df"])
        assert result.test(contrast, errors="CR1").df == result.n_persons - 1


@each_fit()
def test_conditional_variances_agree_with_lme4(value):
    """lme4 1.1-31: attr(ranef(fit, condVar = TRUE)$id, "postVar"), first three persons."""
    result = fitted(value["data"], value["formula"])
    found = result.mode_covariances[:3]
    start = 0
    for block, numbers in zip(result.random_blocks, value["post_blocks"], strict=True):
        part = slice(start, start + len(block))
        expected = np.reshape(numbers, (3, len(block), len(block)))
        np.testing.assert_allclose(
            found[:, part, part], expected, rtol=TOLERANCE["modes"], atol=1e-7
        )
        start += len(block)
    long = result.random_effects(variances=True)
    assert long.columns == ["id", "term", "estimate", "std_error"]
    first = long.filter(pl.col("id") == result.persons[1])
    np.testing.assert_allclose(first["estimate"], result.modes[1])
    np.testing.assert_allclose(first["std_error"], np.sqrt(np.diag(found[1])))


def dense(frame, result):
    """X, Z, persons, V of all rows, and V by person, with the fit's parameters."""
    rows = frame.select("t", "x", "y", "id").to_numpy()
    X = np.column_stack([np.ones(len(rows)), rows[:, 0], rows[:, 1]])
    Z, person = X[:, :2], rows[:, 3]
    V = Z @ result.random_covariance @ Z.T * (person[:, None] == person)
    return X, Z, rows[:, 2], person, V + result.residual_variance * np.eye(len(X))


def power(matrix, exponent):
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * values**exponent) @ vectors.T


@pytest.mark.parametrize("offset", [0.0, 300.0])
def test_cr2_equals_its_definition_with_dense_matrices(offset):
    """Pustejovsky & Tipton 2018, eq. 8 and the degrees of freedom of their section 3."""
    frame = case("unbalanced").head(90).with_columns(pl.col("t") + offset)
    result = MixedModel("y ~ t + x + (1 + t | id)").fit(frame)
    X, _, y, person, V = dense(frame, result)
    inverse = np.linalg.inv(V)
    M = np.linalg.inv(X.T @ inverse @ X)
    residual = y - X @ result.coefficients
    hat = np.eye(len(y)) - X @ M @ X.T @ inverse
    scores, pulls = [], []
    for label in result.persons:
        own = person == label
        D = np.linalg.cholesky(V[np.ix_(own, own)]).T
        B = D @ (V[np.ix_(own, own)] - X[own] @ M @ X[own].T) @ D.T
        A = D.T @ power(B, -0.5) @ D
        weighted = X[own].T @ inverse[np.ix_(own, own)] @ A
        scores.append(weighted @ residual[own])
        pulls.append(hat[own].T @ weighted.T @ M)
    meat = sum(np.outer(score, score) for score in scores)
    robust = result.robust_inference("CR2")
    covariance = M @ meat @ M
    near = 1e-6 * np.abs(covariance).max()
    np.testing.assert_allclose(robust.covariance, covariance, rtol=1e-5, atol=near)
    for contrast in (np.array([0.0, 1, 0]), np.array([0.0, 0, 1]), np.array([0, 1, -0.5])):
        p = np.array([pull @ contrast for pull in pulls])
        product = p @ V @ p.T
        df = np.trace(product) ** 2 / np.sum(product**2)
        assert robust.df(contrast) == pytest.approx(df, rel=1e-5)


def test_robust_errors_are_right_where_the_model_is_wrong():
    """Residuals that spread more with x: the model's error of x is far too small, CR1's is not."""
    rng = np.random.default_rng(4)
    person = np.repeat(np.arange(40), 6)
    x = rng.normal(size=len(person))
    estimates, model, robust = [], [], []
    for _ in range(150):
        y = rng.normal(size=40)[person] + x * x * rng.normal(size=len(person))
        result = MixedModel("y ~ x + (1 | id)").fit({"id": person, "x": x, "y": y})
        estimates.append(result.fixed_effects["x"])
        model.append(result.covariance[1, 1])
        robust.append(result.robust_inference("CR2").covariance[1, 1])
    truth = np.var(estimates)
    assert np.mean(model) < 0.5 * truth
    assert np.mean(robust) == pytest.approx(truth, rel=0.25)


def test_inference_does_not_change_with_units_rows_or_shards():
    frame = case("unbalanced")
    formula = "y ~ t + x + (1 + t | id)"
    result = MixedModel(formula).fit(frame)
    df = list(result.degrees_of_freedom.values())
    moved = frame.with_columns(pl.col("t") * 365.25, pl.col("x") / 100, pl.col("y") * 7)
    for other in (
        MixedModel(formula).fit(moved.sample(fraction=1, shuffle=True, seed=2)),
        MixedModel(formula).fit(
            Moments.from_frame(formula, frame.filter(pl.col("id") % 2 == 0)).merge(
                Moments.from_frame(formula, frame.filter(pl.col("id") % 2 == 1))
            )
        ),
    ):
        np.testing.assert_allclose(list(other.degrees_of_freedom.values()), df, rtol=1e-5)
        assert other.test({"x": 1}, errors="CR2").statistic == pytest.approx(
            result.test({"x": 1}, errors="CR2").statistic, rel=1e-6
        )
    far = MixedModel(formula).fit(frame.with_columns(pl.col("t") + 2020))
    assert far.degrees_of_freedom["t"] == pytest.approx(df[1], rel=1e-4)


def test_nothing_is_inferred_while_fitting():
    result = fitted()
    assert not {"problem", "inference", "mode_covariances"} & set(vars(result))


def test_known_persons_prediction_errors_are_those_of_the_mixed_model_equations():
    """Henderson 1975: the inverse of the mixed-model equations holds every error variance."""
    frame = case("unbalanced").head(60)
    result = MixedModel("y ~ t + x + (1 + t | id)").fit(frame)
    X, Z, _, person, V = dense(frame, result)
    labels = result.persons.to_list()
    wide = np.zeros((len(X), 2 * len(labels)))
    for i, label in enumerate(labels):
        wide[person == label, 2 * i : 2 * i + 2] = Z[person == label]
    W = np.hstack([X, wide])
    equations = W.T @ W / result.residual_variance
    equations[3:, 3:] += np.kron(np.eye(len(labels)), np.linalg.inv(result.random_covariance))
    expected = np.sqrt(np.diag(W @ np.linalg.inv(equations) @ W.T))
    own = result.predict(frame, random_effects=True, interval="confidence")
    np.testing.assert_allclose(own["std_error"], expected, rtol=1e-6)
    np.testing.assert_allclose(own["expected"], result.fitted(frame), rtol=1e-12)
    fixed = result.predict(frame, interval="confidence")
    M = np.linalg.inv(X.T @ np.linalg.inv(V) @ X)
    np.testing.assert_allclose(fixed["std_error"] ** 2, np.diag(X @ M @ X.T), rtol=1e-6)
    new = result.predict(frame, interval="prediction")
    spread = np.diag(X @ M @ X.T + Z @ result.random_covariance @ Z.T) + result.residual_variance
    np.testing.assert_allclose(new["std_error"] ** 2, spread, rtol=1e-6)
    again = result.predict(frame, random_effects=True, interval="prediction")
    np.testing.assert_allclose(
        again["std_error"] ** 2, own["std_error"] ** 2 + result.residual_variance, rtol=1e-9
    )
    stranger = frame.head(1).with_columns(id=pl.lit(10_000))
    assert result.predict(stranger, random_effects=True, interval="prediction")[
        "std_error"
    ].item() == pytest.approx(new["std_error"][0], rel=1e-9)


def test_prediction_limits_are_those_of_the_contrast():
    result = fitted()
    row = {"t": [3.0, np.nan], "x": [-1.0, 0.0]}
    table = result.predict(row, interval="confidence", level=0.9)
    test = result.test([1.0, 3.0, -1.0])
    assert table["df"][0] == pytest.approx(test.df, rel=1e-6)
    from scipy.stats import t as student

    half = student.ppf(0.95, test.df) * test.std_errors[0]
    assert table["high"][0] == pytest.approx(test.estimates[0] + half, rel=1e-7)
    assert table["low"][0] == pytest.approx(test.estimates[0] - half, rel=1e-7)
    assert np.isnan(table["expected"][1])
    assert np.isnan(table["low"][1])


def test_prediction_intervals_hold_new_observations():
    rng = np.random.default_rng(8)

    def draw(persons):
        person = np.repeat(np.arange(persons), 4)
        t = np.tile([0.0, 1, 2, 3], persons)
        b = rng.normal(size=(persons, 2)) * [1.5, 0.5]
        y = 1 + 0.5 * t + b[person, 0] + b[person, 1] * t + rng.normal(size=len(t))
        return {"id": person, "t": t, "y": y}

    inside = []
    for _ in range(60):
        result = MixedModel("y ~ t + (1 + t | id)").fit(draw(12))
        new = draw(50)
        low, high = result.predict(new, interval="prediction")["low", "high"]
        inside.append(np.mean((new["y"] > low.to_numpy()) & (new["y"] < high.to_numpy())))
    assert np.mean(inside) == pytest.approx(0.95, abs=0.015)


def test_residuals_are_observed_minus_expected():
    frame = case("unbalanced").with_columns(
        y=pl.when(pl.int_range(pl.len()) == 3).then(None).otherwise(pl.col("y"))
    )
    result = MixedModel("y ~ t + x + (1 + t | id)").fit(frame)
    y = frame["y"].to_numpy()
    conditional = result.residuals(frame)
    np.testing.assert_allclose(conditional, y - result.fitted(frame))
    np.testing.assert_allclose(result.residuals(frame, "marginal"), y - result.predict(frame))
    np.testing.assert_allclose(
        result.residuals(frame, "standardised"), conditional / result.residual_sd
    )
    assert np.flatnonzero(np.isnan(conditional)).tolist() == [3]


def test_summary_and_frames_say_the_same():
    result = fitted()
    table = result.tidy(level=0.9)
    names = "term effect group estimate std_error df statistic p_value conf_low conf_high"
    assert " ".join(table.columns) == names
    assert table["term"].to_list() == [
        *result.terms, "sd__Intercept", "sd__t", "cor__Intercept.t", "sd__Observation",
    ]  # fmt: skip
    slope = table.row(1, named=True)
    assert slope["df"] == result.degrees_of_freedom["t"]
    assert slope["p_value"] == result.p_values["t"]
    covariance = result.random_covariance
    assert table["estimate"][5] == pytest.approx(
        covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
    )
    assert table["std_error"].null_count() == 4
    text = result.summary()
    assert "Pr(>|t|)" in text
    assert f"{slope['df']:.2f}" in text
    robust = result.tidy(errors="CR1").row(1, named=True)
    assert robust["df"] == result.n_persons - 1
    assert robust["std_error"] == pytest.approx(
        np.sqrt(result.robust_inference("CR1").covariance[1, 1])
    )
    assert "CR2" in result.summary(errors="CR2")
    one = result.glance()
    assert one.height == 1
    assert one["n_obs"].item() == result.n_obs
    assert one["sigma"].item() == result.residual_sd


def test_moments_of_a_larger_model_predict_the_smaller_one():
    frame = case("unbalanced")
    moments = Moments.from_frame("y ~ t + x + (1 + t | id)", frame)
    model = MixedModel("y ~ x + (1 | id)")
    shared, own = model.fit(moments), model.fit(frame)
    for random in (False, True):
        np.testing.assert_allclose(
            shared.predict(frame, random_effects=random),
            own.predict(frame, random_effects=random),
            rtol=1e-7,
        )
    np.testing.assert_allclose(shared.residuals(frame), own.residuals(frame), atol=1e-7)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda r: r.test({"z": 1}), "unknown terms z"),
        (lambda r: r.test([1.0, 2.0]), "one finite weight for each of Intercept, t, x"),
        (lambda r: r.test([0.0, 0.0, 0.0]), "zeros"),
        (lambda r: r.test({"t": 1}, errors="HC3"), "expected one of CR0, CR1, CR2, got 'HC3'"),
        (lambda r: r.test(np.eye(3), errors="CR2"), "one combination at a time"),
        (lambda r: r.tidy(level=1.5), "between 0 and 1, got 1.5"),
        (lambda r: r.predict({"t": [1.0], "x": [1.0]}, interval="both"), "got 'both'"),
        (lambda r: r.residuals(case("unbalanced"), "raw"), "got 'raw'"),
    ],
)
def test_bad_requests_are_named(call, words):
    with pytest.raises(ModelError, match=words):
        call(fitted())


def test_several_contrasts_with_robust_errors_make_a_wald_f():
    result = fitted()
    test = result.test({"t": 1, "x": 0}, value=0.5, errors="CR1")
    joint = result.test([[0.0, 1, 0]], value=[0.5], errors="CR1")
    assert joint.p_value == test.p_value
    rows = np.array([[0.0, 1, 0], [0, 0, 1]])
    both = result.test(rows, errors="CR1")
    covariance = rows @ result.robust_inference("CR1").covariance @ rows.T
    values = rows @ result.coefficients
    assert both.statistic == pytest.approx(values @ np.linalg.solve(covariance, values) / 2)
    assert both.df == result.n_persons - 1
    assert repr(both).endswith(f"with 2 and {both.df:.2f} df, p = {both.p_value:.3g}")
    assert f"t = {test.statistic:.3f}" in repr(test)


def test_threads_do_not_change_a_bit(monkeypatch):
    rng = np.random.default_rng(1)
    person, t = np.divmod(np.arange(36_000), 4)
    y = rng.normal(size=9000)[person] + t * rng.normal(size=9000)[person] + rng.normal(size=36_000)
    result = MixedModel("y ~ t + (1 + t | id)").fit({"id": person, "t": t, "y": y})
    found = []
    for count in ("1", "3"):
        monkeypatch.setenv("NUMBA_NUM_THREADS", count)
        fresh = replace(result)
        tables = [
            fresh.tidy(),
            fresh.tidy(errors="CR2"),
            fresh.profile_intervals(["sd__t"]),
            fresh.predict({"t": [9.0]}, interval="prediction"),
            fresh.bootstrap(draws=3).intervals(),
            fresh.bootstrap("person", draws=3).intervals(),
        ]
        found.append([table.write_csv(float_precision=17) for table in tables])
    assert found[0] == found[1]
