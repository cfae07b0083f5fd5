"""Mixed models: lme4's values, dense likelihoods, invariance, recovery, boundary, threads."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from salutogen.errors import ModelError
from salutogen.models import (
    ConvergenceWarning,
    MixedModel,
    Moments,
    fit_random_intercept,
)

REFERENCE = Path(__file__).parents[2] / "reference" / "mixed_model"
VALUES = json.loads((REFERENCE / "values.json").read_text(encoding="utf-8"))
# lme4's optimiser stops where its criterion changes by about 1e-9, so estimates that hang on
# flat directions (covariances, modes) agree to fewer digits than the criterion.
TOLERANCE = {"criterion": 1e-6, "fixed": 1e-5, "se": 1e-5, "covariance": 1e-5, "modes": 1e-4}

_spec = importlib.util.spec_from_file_location("mixed_cases", REFERENCE / "cases.py")
cases = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(cases)


def cohort(n=60, rows=(1, 7), seed=11):
    return pl.DataFrame(cases.panel(n, rows, seed, covariance=((2.0, 0.3), (0.3, 0.25))))


def same_fit(a, b, rtol=1e-7):
    np.testing.assert_allclose(a.log_likelihood, b.log_likelihood, rtol=1e-10)
    np.testing.assert_allclose(a.coefficients, b.coefficients, rtol=rtol)
    np.testing.assert_allclose(a.covariance, b.covariance, rtol=rtol, atol=1e-12)
    np.testing.assert_allclose(a.random_covariance, b.random_covariance, rtol=rtol, atol=1e-9)
    np.testing.assert_allclose(a.residual_variance, b.residual_variance, rtol=rtol)


@pytest.mark.parametrize(
    "value", VALUES["fits"], ids=lambda v: f"{v['data']}: {v['formula']}, reml {v['reml']}"
)
def test_agrees_with_lme4(value):
    """lme4 1.1-31 with tightened tolerances: `Rscript reference.R` beside `values.json`."""
    frame = pl.DataFrame(cases.CASES[value["data"]]).with_columns(pl.col("t") - value["shift"])
    result = MixedModel(value["formula"]).fit(frame, reml=value["reml"])
    size = 1 + abs(value["criterion"]) / 1e4
    assert -2 * result.log_likelihood - value["criterion"] < TOLERANCE["criterion"] * size
    assert -2 * result.log_likelihood - value["criterion"] > -1e-5 * size
    assert (result.reml_criterion is None) == (not value["reml"])
    assert list(result.fixed_effects) == [
        name.replace("(Intercept)", "Intercept").replace("t^2", "t ** 2") for name in value["terms"]
    ]
    q = len(result.random_terms)
    covariance = np.reshape(value["covariance"], (q, q))
    near = TOLERANCE["covariance"]
    np.testing.assert_allclose(result.coefficients, value["fixed"], rtol=TOLERANCE["fixed"])
    np.testing.assert_allclose(
        list(result.standard_errors.values()), value["se"], rtol=TOLERANCE["se"]
    )
    np.testing.assert_allclose(
        result.random_covariance, covariance, rtol=near, atol=near * np.abs(covariance).max()
    )
    np.testing.assert_allclose(result.residual_variance, value["residual"], rtol=near)
    np.testing.assert_allclose(
        result.modes.ravel()[: len(value["modes"])],
        value["modes"][: result.modes.size],
        rtol=TOLERANCE["modes"],
        atol=1e-6,
    )
    assert result.is_singular is value["singular"]
    assert result.converged
    assert result.n_obs == value["n"]
    np.testing.assert_allclose(
        [result.log_likelihood, result.aic, result.bic],
        [value["loglik"], value["aic"], value["bic"]],
        rtol=1e-8,
    )


def test_seeded_reference_data(shared_reference):
    """lme4 1.1-31 on ep(500, 8, 25): REML criterion 18687.14692131, ML -9340.691786361."""
    spec = importlib.util.spec_from_file_location("gen", shared_reference / "gen.py")
    gen = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(gen)
    person, _, e, p = gen.ep(500, 8, 25)
    frame = {"id": person, "E": e, "P": p}
    model = MixedModel("P ~ E + (1 + E | id)")
    result = model.fit(frame)
    assert result.reml_criterion == pytest.approx(18687.14692131, abs=3e-6)
    # lme4 ran with its default tolerances here
    assert list(result.fixed_effects.values()) == pytest.approx(
        [5.01111151186, 1.55570399854], rel=1e-6
    )
    assert list(result.standard_errors.values()) == pytest.approx(
        [0.183698112769, 0.048998922517], rel=1e-5
    )
    assert model.fit(frame, reml=False).log_likelihood == pytest.approx(-9340.691786361, abs=1e-6)


def test_mixed_line_of_dynacore(shared_data):
    """z(P) ~ z(E) + (1 + z(E) | id): .003303509, .358352435 (SE .0286), SDs .712 .0885 .529.

    These are lme4's at its default tolerances (criterion 2108.5071049502). With bobyqa and
    rhoend = 1e-10 lme4 1.1-31 gives .00330416, .35835138 and 2108.5071049110.
    """
    rows = pl.read_csv(shared_data / "dynacore-l" / "dynacore_l.csv", infer_schema_length=None)
    items = [f"GE_{i:02d}" for i in range(1, 12)] + [f"CE_{i:02d}" for i in range(1, 30)]
    ghq = [f"CM_{i:02d}" for i in range(1, 13)]
    sums = rows.select(
        "subject.ID",
        P=pl.sum_horizontal(pl.col(ghq).cast(pl.Float64)),
        E=pl.sum_horizontal(pl.col(items).cast(pl.Float64)),
    )
    z = sums.with_columns((pl.col("P", "E") - pl.col("P", "E").mean()) / pl.col("P", "E").std())
    result = MixedModel("P ~ E + (1 + E | subject.ID)").fit(z)
    assert result.is_singular
    assert result.fixed_effects["Intercept"] == pytest.approx(0.003303509, abs=1e-6)
    assert result.fixed_effects["E"] == pytest.approx(0.358352435, rel=1e-5)
    assert result.fixed_effects["Intercept"] == pytest.approx(0.00330416288588, abs=1e-8)
    assert result.fixed_effects["E"] == pytest.approx(0.35835138198334, abs=1e-8)
    assert result.reml_criterion == pytest.approx(2108.507104911, abs=1e-8)
    assert result.standard_errors["E"] == pytest.approx(0.0286, abs=5e-5)
    sds = [*result.random_sd.values(), result.residual_sd]
    assert sds == pytest.approx([0.712, 0.0885, 0.529], abs=6e-4)
    split = z.with_columns(b=pl.col("E").mean().over("subject.ID")).with_columns(
        w=pl.col("E") - pl.col("b")
    )
    effects = MixedModel("P ~ w + b + (1 | subject.ID)").fit(split).fixed_effects
    assert (effects["b"], effects["w"]) == pytest.approx((0.572, 0.303), abs=5e-4)
    icc = fit_random_intercept(sums["P"].to_numpy(), None, sums["subject.ID"].to_numpy()).icc
    assert icc == pytest.approx(0.696, abs=5e-4)


def dense_criterion(frame, X, Z, covariance, residual, *, reml):
    """-2 log-likelihood from the full covariance matrix of all rows."""
    y, person = frame["y"].to_numpy(), frame["id"].to_numpy()
    V = Z @ covariance @ Z.T * (person[:, None] == person) + residual * np.eye(len(y))
    inverse = np.linalg.inv(V)
    precision = X.T @ inverse @ X
    beta = np.linalg.solve(precision, X.T @ inverse @ y)
    r = y - X @ beta
    value = np.linalg.slogdet(V)[1] + r @ inverse @ r
    value += (len(y) - reml * X.shape[1]) * np.log(2 * np.pi)
    if reml:
        value += np.linalg.slogdet(precision)[1]
    return value, beta, np.linalg.inv(precision), inverse @ r


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("offset", [0.0, 50.0])
def test_equals_the_dense_likelihood_and_is_its_minimum(reml, offset):
    frame = cohort(25, (2, 5)).with_columns(pl.col("t") + offset)
    result = MixedModel("y ~ t + x + (1 + t | id)").fit(frame, reml=reml)
    t, x = frame["t"].to_numpy(), frame["x"].to_numpy()
    X = np.column_stack([np.ones(len(t)), t, x])
    Z = X[:, :2]
    best, beta, covariance, weighted = dense_criterion(
        frame, X, Z, result.random_covariance, result.residual_variance, reml=reml
    )
    np.testing.assert_allclose(-2 * result.log_likelihood, best, rtol=1e-8)
    np.testing.assert_allclose(result.coefficients, beta, rtol=1e-6)
    np.testing.assert_allclose(result.covariance, covariance, rtol=1e-6)
    person = frame["id"].to_numpy()
    for row, label in enumerate(result.persons):
        own = (Z * (person == label)[:, None]).T @ weighted
        np.testing.assert_allclose(
            result.modes[row], result.random_covariance @ own, rtol=1e-5, atol=1e-7
        )
    rng = np.random.default_rng(0)
    root = np.linalg.cholesky(result.random_covariance)
    for _ in range(12):
        other = root @ (np.eye(2) + 0.02 * rng.normal(size=(2, 2)))
        residual = result.residual_variance * np.exp(0.02 * rng.normal())
        value = dense_criterion(frame, X, Z, other @ other.T, residual, reml=reml)[0]
        assert value > best


def test_row_order_labels_and_frames_do_not_matter():
    frame = cohort()
    model = MixedModel("y ~ t + (1 + t | id)")
    result = model.fit(frame)
    for other in (
        frame.sample(fraction=1.0, shuffle=True, seed=1),
        frame.lazy(),
        frame.to_pandas(),
        frame.to_arrow(),
        {name: frame[name].to_numpy() for name in frame.columns},
        frame.with_columns(id=pl.format("person é {}", pl.col("id"))),
        frame.with_columns(id=-pl.col("id") * 2.5),
    ):
        same_fit(model.fit(other), result)


def test_shift_and_scale_move_the_estimates_as_they_should():
    frame = cohort()
    formula = "y ~ t + (1 + t | id)"
    result = MixedModel(formula).fit(frame, reml=False)
    moved = MixedModel(formula).fit(
        frame.with_columns(y=pl.col("y") * 100 + 1e6, t=pl.col("t") * 12), reml=False
    )
    n = result.n_obs
    np.testing.assert_allclose(
        moved.log_likelihood, result.log_likelihood - n * np.log(100), rtol=1e-9
    )
    np.testing.assert_allclose(
        moved.coefficients, result.coefficients * [100, 100 / 12] + [1e6, 0], rtol=1e-9
    )
    unit = np.diag([100, 100 / 12])
    np.testing.assert_allclose(
        moved.random_covariance, unit @ result.random_covariance @ unit, rtol=1e-6
    )


@pytest.mark.parametrize("offset", [0.0, 2020.0])
def test_merged_shards_equal_the_pooled_fit(offset):
    frame = cohort(90).with_columns(pl.col("t") + offset)
    formula = "y ~ t + x + (1 + t | id)"
    shards = [
        Moments.from_frame(formula, frame.filter(pl.col("id") % 3 == part)) for part in range(3)
    ]
    pooled = MixedModel(formula).fit(frame)
    merged = MixedModel(formula).fit(shards[0].merge(*shards[1:]))
    np.testing.assert_allclose(merged.log_likelihood, pooled.log_likelihood, rtol=1e-11)
    np.testing.assert_allclose(merged.coefficients, pooled.coefficients, rtol=1e-10)
    np.testing.assert_allclose(merged.residual_variance, pooled.residual_variance, rtol=1e-10)
    assert merged.persons.equals(pooled.persons)
    halves = [frame[::2], frame[1::2]]
    first, second = (Moments.from_frame(formula, half) for half in halves)
    with pytest.raises(ModelError, match="in more than one shard"):
        first.merge(second)
    again = MixedModel(formula).fit(first.merge(second, same_persons=True))
    np.testing.assert_allclose(again.coefficients, pooled.coefficients, rtol=1e-10)


def test_one_reduction_serves_smaller_models():
    frame = cohort()
    moments = Moments.from_frame("y ~ t + x + (1 + t | id)", frame)
    for formula in ("y ~ x + (1 | id)", "y ~ 0 + t + (0 + t | id)", "y ~ t + (1 + t || id)"):
        same_fit(MixedModel(formula).fit(moments), MixedModel(formula).fit(frame))
    with pytest.raises(ModelError, match="do not hold z"):
        MixedModel("y ~ z + (1 | id)").fit(moments)


def test_arrays_and_frames_agree():
    frame = cohort()
    t, y = frame["t"].to_numpy(), frame["y"].to_numpy()
    X = np.column_stack([np.ones(len(t)), t])
    names = ("Intercept", "t")
    moments = Moments.from_arrays(y, X, X, frame["id"].to_numpy(), fixed=names, random=names)
    from_arrays = MixedModel("y ~ t + (1 + t | person)").fit(moments)
    same_fit(from_arrays, MixedModel("y ~ t + (1 + t | id)").fit(frame))
    np.testing.assert_allclose(
        from_arrays.predict({"t": [0.0, 1.0]})[1], from_arrays.coefficients.sum()
    )


def test_random_intercept_agrees_with_the_mixed_model():
    frame = cohort()
    y, t, person = (frame[name].to_numpy() for name in ("y", "t", "id"))
    X = np.column_stack([np.ones(len(t)), t])
    fit = fit_random_intercept(y, X, person)
    result = MixedModel("y ~ t + (1 | id)").fit(frame)
    np.testing.assert_allclose(fit.reml_criterion, result.reml_criterion, rtol=1e-12)
    np.testing.assert_allclose(fit.coefficients, result.coefficients, rtol=1e-9)
    np.testing.assert_allclose(fit.standard_errors, list(result.standard_errors.values()))
    np.testing.assert_allclose(fit.within_sd, result.residual_sd, rtol=1e-9)


def test_balanced_intercepts_have_a_closed_form():
    """One-way analysis of variance: REML equals the mean squares where they are positive."""
    rng = np.random.default_rng(5)
    y = rng.normal(size=(40, 1)) * 1.5 + rng.normal(size=(40, 6)) + 1e4
    fit = fit_random_intercept(y.ravel(), None, np.repeat(np.arange(40), 6))
    within = y.var(axis=1, ddof=1).mean()
    between = y.mean(axis=1).var(ddof=1) - within / 6
    np.testing.assert_allclose(fit.var_within, within, rtol=1e-7)
    np.testing.assert_allclose(fit.var_between, between, rtol=1e-7)
    np.testing.assert_allclose(fit.icc, between / (between + within), rtol=1e-7)
    np.testing.assert_allclose(fit.coefficients, y.mean(), rtol=1e-12)


def test_variance_of_zero_is_found_exactly():
    frame = pl.DataFrame(cases.CASES["zero"])
    result = MixedModel("y ~ t + (1 | id)").fit(frame)
    assert result.is_singular
    assert result.random_covariance[0, 0] == 0
    assert (result.modes == 0).all()
    X = np.column_stack([np.ones(frame.height), frame["t"].to_numpy()])
    beta, rss, *_ = np.linalg.lstsq(X, frame["y"].to_numpy(), rcond=None)
    np.testing.assert_allclose(result.coefficients, beta, rtol=1e-10)
    np.testing.assert_allclose(result.residual_variance, rss[0] / (frame.height - 2), rtol=1e-10)
    assert "Singular fit" in result.summary()


def test_truth_is_recovered_and_intervals_cover():
    inside, covariances = 0, []
    for seed in range(60):
        frame = pl.DataFrame(cases.panel(150, (2, 6), 100 + seed, covariance=cases.FULL))
        result = MixedModel("y ~ t + x + (1 + t | id)").fit(frame)
        error = abs(result.fixed_effects["t"] - 0.5) / result.standard_errors["t"]
        inside += error < 1.96
        covariances.append(result.random_covariance)
    assert inside >= 51  # 95 % of 60 less 2.9 binomial standard errors
    np.testing.assert_allclose(np.mean(covariances, axis=0), cases.FULL, atol=0.15)


def test_threads_do_not_change_a_bit(monkeypatch):
    frame = pl.DataFrame(cases.panel(5000, (4, 8), 3, covariance=cases.FULL))
    results = []
    for threads in ("1", "2", "3"):
        monkeypatch.setenv("NUMBA_NUM_THREADS", threads)
        results.append(MixedModel("y ~ t + x + (1 + t | id)").fit(frame))
    for other in results[1:]:
        assert other.coefficients.tobytes() == results[0].coefficients.tobytes()
        assert other.random_covariance.tobytes() == results[0].random_covariance.tobytes()
        assert other.modes.tobytes() == results[0].modes.tobytes()
        assert other.log_likelihood == results[0].log_likelihood


def test_stopping_early_is_said(monkeypatch):
    import salutogen.models.mixed.model as module

    def hasty(function, start, **rest):
        return module_minimise(function, start, max_iterations=1, **rest)

    module_minimise = module.minimise
    monkeypatch.setattr(module, "minimise", hasty)
    with pytest.warns(ConvergenceWarning, match="Not converged"):
        result = MixedModel("y ~ t + (1 + t | id)").fit(cohort())
    assert not result.converged
    assert any("Not converged" in message for message in result.messages)
