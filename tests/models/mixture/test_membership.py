"""Covariates of class membership: brute force, recovery, shares of new persons, bad input."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.optimize import minimize

from salutogen.errors import ModelError
from salutogen.models.mixture.class_probabilities import class_probabilities
from salutogen.models.mixture.class_test.likelihood_ratio import bootstrap_likelihood_ratio
from salutogen.models.mixture.comparison import compare_classes
from salutogen.models.mixture.model import GrowthMixture

FORMULA = "y ~ t + (1 | id)"


def study(n=120, seed=3, effect=1.5, occasions=4):
    """Two classes; the odds of the steeper one rise with age and in women."""
    generator = np.random.default_rng(seed)
    age, woman = generator.normal(40, 10, n), generator.random(n) < 0.5
    logit = -1.0 + effect * (age - 40) / 10 + 0.8 * woman
    steep = generator.random(n) < 1 / (1 + np.exp(-logit))
    person, t = np.repeat(np.arange(n), occasions), np.tile(np.arange(float(occasions)), n)
    y = np.where(steep[person], 4 + t, 1.0) + generator.normal(size=n)[person]
    return pl.DataFrame(
        {
            "id": person,
            "t": t,
            "y": y + generator.normal(size=len(t)),
            "age": age[person],
            "sex": np.where(woman, "w", "m")[person],
        }
    )


def dense_minus_log_likelihood(frame):
    """From rows and whole covariance matrices, raw covariates; class 2 is the reference."""
    y = frame["y"].to_numpy().reshape(-1, 4)
    first = frame.unique("id", maintain_order=True)
    W = np.column_stack([np.ones(len(y)), (first["age"] - 40) / 10, first["sex"] == "w"])
    X = np.column_stack([np.ones(4), np.arange(4.0)])

    def value(at):
        V = np.exp(at[7]) * np.eye(4) + np.exp(at[8])
        inverse, log_det = np.linalg.inv(V), np.linalg.slogdet(V)[1]
        logit = W @ at[:3]
        total = []
        for b, prior in ((at[3:5], -np.logaddexp(0, -logit)), (at[5:7], -np.logaddexp(0, logit))):
            r = y - X @ b
            square = np.sum((r @ inverse) * r, axis=1)
            total.append(prior - 0.5 * (4 * np.log(2 * np.pi) + log_det + square))
        return -np.sum(np.logaddexp(*total))

    return value


def test_fit_and_errors_are_those_of_a_direct_search():
    """scipy's search over rows, and second differences of that likelihood."""
    frame = study().with_columns(age=(pl.col("age") - 40) / 10)
    result = GrowthMixture(FORMULA, classes=2, starts=8, membership="age + C(sex)").fit(frame)
    value = dense_minus_log_likelihood(study())
    start = np.concatenate(
        [result.membership.coefficients[0], *result.fixed_effects,
         np.log([result.residual_variance[0], result.random_covariance[0, 0, 0]])]
    )  # fmt: skip
    found = minimize(value, start + 0.05, method="BFGS", options={"gtol": 1e-6})
    assert result.log_likelihood == pytest.approx(-found.fun, abs=1e-6)
    np.testing.assert_allclose(result.membership.coefficients[0], found.x[:3], atol=1e-3)
    np.testing.assert_allclose(result.fixed_effects.ravel(), found.x[3:7], atol=1e-3)
    step = np.eye(9) * 1e-4
    hessian = [
        [value(start + a + b) - value(start + a - b) - value(start - a + b) + value(start - a - b)
         for b in step] for a in step
    ]  # fmt: skip
    errors = np.sqrt(np.diag(np.linalg.inv(np.array(hessian) / 4e-8)))
    np.testing.assert_allclose(result.membership.standard_errors[0], errors[:3], rtol=1e-3)
    np.testing.assert_allclose(result.standard_errors.ravel(), errors[3:7], rtol=1e-3)
    assert result.n_parameters == 9
    assert result.membership.reference == 2
    assert not result.membership.coefficients[1].any()
    weights = result.prior.mean(axis=0)
    np.testing.assert_allclose(result.posterior.mean(axis=0), weights, atol=1e-6)
    np.testing.assert_allclose(result.shares, weights, atol=1e-12)

    def share(moved):
        first = frame.unique("id", maintain_order=True)
        W = np.column_stack([np.ones(120), first["age"], first["sex"] == "w"])
        return np.mean(1 / (1 + np.exp(-W @ moved)))

    gamma = result.membership.coefficients[0]
    slope = [(share(gamma + h) - share(gamma - h)) / 2e-5 for h in np.eye(3) * 1e-5]
    error = np.sqrt(slope @ result.membership.covariance @ np.array(slope))
    np.testing.assert_allclose(result.share_errors, error, rtol=1e-5)


def test_shares_of_new_persons_and_words():
    result = GrowthMixture(FORMULA, classes=2, starts=6, membership="age + C(sex)").fit(study())
    table = result.membership.table
    assert table["term"].to_list() == ["Intercept", "age", "C(sex)[T.w]"]
    assert table["reference"].to_list() == [2, 2, 2]
    new = result.membership.shares({"age": [30.0, 50.0, None], "sex": ["m", "w", "w"]})
    logit = result.membership.coefficients[0] @ [1, 30, 0]
    assert np.log(new[0, 0] / new[0, 1]) == pytest.approx(logit)
    np.testing.assert_allclose(new[:2].sum(axis=1), 1)
    assert np.isnan(new[2]).all()
    assert "Membership: log odds against class 2" in result.summary()
    by_level = GrowthMixture(
        FORMULA, classes=2, starts=6, membership="age + C(sex)", order="level"
    ).fit(study())
    assert by_level.log_likelihood == pytest.approx(result.log_likelihood, abs=1e-7)
    assert by_level.fixed_effects[0, 0] < by_level.fixed_effects[1, 0]
    moments = result.spec.prepare(study())[0]
    np.testing.assert_allclose(class_probabilities(result, moments), result.posterior, atol=1e-7)
    plain = GrowthMixture(FORMULA, classes=2, starts=6).fit(study())
    with pytest.raises(ModelError, match="membership depends on age, C"):
        class_probabilities(result, plain.spec.prepare(study())[0])
    assert plain.membership.terms == ("Intercept",)
    odds = np.log(plain.shares[0] / plain.shares[1])
    assert plain.membership.coefficients[0, 0] == pytest.approx(odds)
    assert plain.log_likelihood < result.log_likelihood


def test_recovers_a_simulated_effect():
    result = GrowthMixture(FORMULA, classes=2, membership="age + C(sex)", order="level").fit(
        study(1500, seed=8)
    )
    truth = -np.array([-1.0 - 1.5 * 4, 0.15, 0.8])
    z = (result.membership.coefficients[0] - truth) / result.membership.standard_errors[0]
    assert np.abs(z).max() < 3.5
    assert result.converged


def test_more_numbers_of_classes_and_the_bootstrap_take_covariates():
    frame = study(90, seed=5)
    found = compare_classes(FORMULA, frame, classes=(1, 2), starts=6, membership="age")
    assert found.best().n_classes == 2
    assert found.results[1].membership.coefficients.shape == (1, 2)
    assert found.results[1].n_parameters == 4
    test = bootstrap_likelihood_ratio(FORMULA, frame, 2, draws=19, starts=6, membership="age")
    assert test.p_value == pytest.approx(1 / 20)


@pytest.mark.parametrize(
    ("membership", "change", "words"),
    [
        ("t", {}, "t differs within 20 persons; expected one value"),
        ("height", {}, "Unknown column 'height'"),
        ("age", {"age": pl.lit(None, dtype=pl.Float64)}, "20 of 20 persons have no value of age"),
        ("age", {"age": pl.lit(np.inf)}, "age has infinite values"),
        ("age", {"age": pl.lit(3.0)}, "Collinear membership terms: age"),
    ],
)
def test_covariates_that_cannot_serve_are_refused(membership, change, words):
    frame = study(20).with_columns(**change)
    with pytest.raises(ModelError, match=words):
        GrowthMixture(FORMULA, membership=membership).fit(frame)


def test_moments_without_covariates_are_refused():
    spec = GrowthMixture(FORMULA, starts=4)
    moments = spec.prepare(study(30))[0]
    with pytest.raises(ModelError, match="these moments hold no covariates"):
        GrowthMixture(FORMULA, membership="age").fit(moments)
