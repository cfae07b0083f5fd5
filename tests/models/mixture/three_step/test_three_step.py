"""Three-step analyses: plain likelihoods, statsmodels, identities, and a known truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pytest
import statsmodels.api as sm

from salutogen.errors import ModelError
from salutogen.models import (
    ConvergenceWarning,
    GrowthMixture,
    classification_error,
    three_step_outcome,
    three_step_predictors,
)

SLOPES = np.array([[0.2, 1.0], [-0.3, -0.8]])  # log odds of classes 2 and 3 against 1: 1, x
MEANS = np.array([1.0, 0.0, 2.0])
SPREADS = np.array([1.0, 0.5, 1.5])
PROPORTIONS = np.array([0.2, 0.5, 0.7])
WAYS = [(c, a) for c in ("ml", "bch") for a in ("modal", "proportional")]


@pytest.fixture(scope="module")
def fitted():
    """A fit with three classes, whose posterior the tests replace by one that they know."""
    generator = np.random.default_rng(0)
    person, t = np.repeat(np.arange(60), 4), np.tile(np.arange(4.0), 60)
    y = np.array([0, 4, -4])[person % 3] + generator.normal(size=240)
    return GrowthMixture("y ~ t + (0 | id)", classes=3, starts=6).fit(
        {"id": person, "t": t, "y": y}
    )


def cohort(fitted, seed, n=1000, apart=2.0):
    """Classes that depend on x, seen through one noisy measure; outcomes that depend on them."""
    generator = np.random.default_rng(seed)
    x = generator.normal(size=n)
    odds = np.exp(np.column_stack([0 * x, SLOPES[:, 0] + np.outer(x, SLOPES[:, 1])]))
    share = odds / odds.sum(axis=1, keepdims=True)
    k = (share.cumsum(axis=1) < generator.random(n)[:, None]).sum(axis=1)
    seen = generator.normal(size=n) + apart * k
    density = share.mean(axis=0) * np.exp(-0.5 * (seen[:, None] - apart * np.arange(3)) ** 2)
    result = replace(
        fitted,
        posterior=density / density.sum(axis=1, keepdims=True),
        persons=pl.Series("id", np.arange(n)),
    )
    return result, {
        "id": np.arange(n),
        "x": x,
        "group": generator.integers(3, size=n),
        "z": MEANS[k] + SPREADS[k] * generator.normal(size=n),
        "ill": generator.random(n) < PROPORTIONS[k],
        "class": k,
    }


def certain(result, k):
    return replace(result, posterior=np.eye(3)[k])


def test_errors_of_classification(fitted):
    result, _ = cohort(fitted, 1)
    p = result.posterior
    for assignment, weight in (("modal", np.eye(3)[p.argmax(axis=1)]), ("proportional", p)):
        error = classification_error(result, assignment=assignment)
        by_hand = [[sum(p[:, t] * weight[:, s]) / sum(p[:, t]) for s in range(3)] for t in range(3)]
        np.testing.assert_allclose(error, by_hand, atol=1e-12)
        np.testing.assert_allclose(error.sum(axis=1), 1.0)
    flow = p.mean(axis=0)[:, None] * error  # proportional: symmetric
    np.testing.assert_allclose(flow, flow.T, atol=1e-12)
    one = certain(result, result.posterior.argmax(axis=1))
    np.testing.assert_array_equal(classification_error(one), np.eye(3))


@pytest.mark.parametrize("correction", ["ml", "bch", "none"])
def test_certain_classes_give_the_plain_logit(fitted, correction):
    """statsmodels `MNLogit(k, X).fit()` and its HC0 errors."""
    result, data = cohort(fitted, 2, n=400)
    result = certain(result, data["class"])
    found = three_step_predictors(result, data, "x + C(group)", correction=correction)
    group = pd.get_dummies(data["group"], drop_first=True).to_numpy(dtype=float)
    X = np.column_stack([np.ones(400), data["x"], group])
    plain = sm.MNLogit(data["class"], X).fit(disp=0, cov_type="HC0")
    order = [found.terms.index(name) for name in found.terms if "group" in name]
    order = [found.terms.index("Intercept"), found.terms.index("x"), *order]
    np.testing.assert_allclose(found.estimates[:, order], plain.params.T, atol=1e-5)
    error = np.sqrt(np.diag(found.covariance)).reshape(2, 4)[:, order]
    np.testing.assert_allclose(error, plain.bse.T, rtol=1e-4)
    assert found.log_likelihood == pytest.approx(plain.llf, abs=1e-6)
    assert found.coefficients.height == 8
    test = found.tests.filter(pl.col("term") == "x").row(0, named=True)
    wald = plain.wald_test(np.eye(8)[[1, 5]], scalar=True)
    assert test["chi_square"] == pytest.approx(float(wald.statistic), rel=1e-4)
    assert (test["df"], test["p"]) == (2, pytest.approx(float(wald.pvalue), rel=1e-3))


@pytest.mark.parametrize(("correction", "assignment"), WAYS)
def test_predictors_are_those_of_the_truth(fitted, correction, assignment):
    """60 samples of 1,000: no bias, honest errors; without correction the slopes shrink."""
    estimates, inside, plain = [], [], []
    for seed in range(60):
        result, data = cohort(fitted, seed)
        found = three_step_predictors(
            result, data, "x", correction=correction, assignment=assignment
        )
        error = np.sqrt(np.diag(found.covariance)).reshape(2, 2)
        estimates.append(found.estimates[:, 1])
        inside.append(np.abs(found.estimates - SLOPES)[:, 1] < 1.96 * error[:, 1])
        if seed < 20:
            bare = three_step_predictors(
                result, data, "x", correction="none", assignment=assignment
            )
            plain.append(bare.estimates[:, 1])
    spread = np.std(estimates, axis=0) / np.sqrt(60)
    assert (np.abs(np.mean(estimates, axis=0) - SLOPES[:, 1]) < 3 * spread).all()
    assert np.mean(inside) > 0.88
    lost = np.abs(np.mean(plain, axis=0)) / np.abs(SLOPES[:, 1])
    assert (lost < 0.75).all()


def test_likelihood_of_assignments_is_at_its_top(fitted):
    """Against the formula, person by person, and its numerical slopes."""
    result, data = cohort(fitted, 3, n=300)
    found = three_step_predictors(result, data, "x", assignment="proportional")
    error = classification_error(result, assignment="proportional")

    def likelihood(b):
        total = 0.0
        for x, posterior in zip(data["x"], result.posterior, strict=True):
            odds = np.exp([0.0, *(b.reshape(2, 2) @ [1.0, x])])
            share = odds / odds.sum()
            total += sum(posterior[s] * np.log(share @ error[:, s]) for s in range(3))
        return total

    at = found.estimates.ravel()
    assert found.log_likelihood == pytest.approx(likelihood(at), abs=1e-8)
    for j in range(4):
        step = 1e-4 * np.eye(4)[j]
        assert abs(likelihood(at + step) - likelihood(at - step)) / 2e-4 < 1e-4


def test_reference_and_units_only_change_the_words(fitted):
    result, data = cohort(fitted, 4, n=500)
    data["year"] = 1980 + 10 * data["x"]
    one = three_step_predictors(result, data, "x")
    two = three_step_predictors(result, data, "year", reference=2)
    assert two.log_likelihood == pytest.approx(one.log_likelihood, abs=1e-6)
    assert two.coefficients["class"].to_list() == [1, 1, 3, 3]
    assert two.estimates[0, 1] == pytest.approx(-one.estimates[0, 1] / 10, abs=1e-7)
    shuffled = pl.DataFrame(data).sample(fraction=1.0, shuffle=True, seed=1)
    again = three_step_predictors(result, shuffled, "x")
    np.testing.assert_array_equal(again.estimates, one.estimates)


@pytest.mark.lengthy
@pytest.mark.parametrize(("correction", "assignment"), WAYS)
def test_outcomes_are_those_of_the_truth(fitted, correction, assignment):
    """40 samples: means with unequal variances, and proportions."""
    way = {"correction": correction, "assignment": assignment}
    means, proportions, inside, plain = [], [], [], []
    for seed in range(40):
        result, data = cohort(fitted, seed, apart=2.5)
        z = three_step_outcome(result, data, "z", **way)
        ill = three_step_outcome(result, data, "ill", **way)
        means.append(z.estimates)
        proportions.append(ill.estimates[:, 1])
        inside.append(np.abs(z.estimates - MEANS) < 1.96 * np.sqrt(np.diag(z.covariance)))
        inside.append(
            np.abs(ill.estimates[:, 1] - PROPORTIONS)
            < 1.96 * np.sqrt(np.diag(ill.covariance))[1::2]
        )
        plain.append(three_step_outcome(result, data, "z", correction="none").estimates)
    for found, truth in ((means, MEANS), (proportions, PROPORTIONS)):
        spread = np.std(found, axis=0) / np.sqrt(40)
        assert (np.abs(np.mean(found, axis=0) - truth) < 3.5 * spread).all()
    assert 0.9 < np.mean(inside) < 0.99
    assert np.abs(np.mean(plain, axis=0) - MEANS).max() > 0.2


def test_both_corrections_agree_on_proportions(fitted):
    """Inside 0–1 the likelihood of categories has its top at the weighted proportions."""
    result, data = cohort(fitted, 7)
    ml = three_step_outcome(result, data, "ill", correction="ml")
    bch = three_step_outcome(result, data, "ill", correction="bch")
    np.testing.assert_allclose(ml.estimates, bch.estimates, atol=1e-4)
    np.testing.assert_allclose(ml.covariance, bch.covariance, atol=2e-5)
    np.testing.assert_allclose(ml.estimates.sum(axis=1), 1.0)


def test_likelihood_of_an_outcome_is_at_its_top(fitted):
    result, data = cohort(fitted, 8, n=400)
    found = three_step_outcome(result, data, "z", correction="ml")
    error, assigned = classification_error(result), result.posterior.argmax(axis=1)

    def likelihood(means, spreads, share):
        density = np.exp(-0.5 * ((data["z"][:, None] - means) / spreads) ** 2) / spreads
        return np.sum(np.log(np.sum(share * density * error[:, assigned].T, axis=1)))

    top = likelihood(found.estimates, found.spreads, found.shares)
    for k in range(3):
        for side in (-0.01, 0.01):
            step = side * np.eye(3)[k]
            assert likelihood(found.estimates + step, found.spreads, found.shares) < top
            assert likelihood(found.estimates, found.spreads + step, found.shares) < top
            moved = (found.shares + step) / (1 + side)
            assert likelihood(found.estimates, found.spreads, moved) < top


def test_certain_classes_give_plain_means(fitted):
    result, data = cohort(fitted, 9, n=300)
    result = certain(result, data["class"])
    for correction in ("ml", "bch", "none"):
        found = three_step_outcome(result, data, "z", correction=correction)
        for k in range(3):
            z = data["z"][data["class"] == k]
            assert found.estimates[k] == pytest.approx(z.mean(), abs=1e-6)
            assert found.spreads[k] == pytest.approx(z.std(), rel=1e-5)
            assert found.covariance[k, k] == pytest.approx(z.var() / len(z), rel=1e-3)
    row = found.differences.row(0, named=True)
    error = np.sqrt(found.covariance[0, 0] + found.covariance[1, 1])
    assert row["z"] == pytest.approx((found.estimates[0] - found.estimates[1]) / error)
    assert found.test[1] == 2
    assert found.test[2] < 1e-6


def test_negative_weights_are_named(fitted):
    """A category that only persons of one class can have, in a small sample."""
    result, data = cohort(fitted, 11, n=120, apart=1.6)
    data["rare"] = np.where((data["class"] == 2) & (data["z"] > 1.5), "yes", "no")
    found = three_step_outcome(result, data, "rare")
    assert (found.estimates < 0).any()
    assert "outside 0–1" in found.messages[0]
    np.testing.assert_allclose(found.estimates.sum(axis=1), 1.0)
    ml = three_step_outcome(result, data, "rare", correction="ml")
    assert ((ml.estimates >= 0) & (ml.estimates <= 1)).all()
    assert "on a bound" in ml.messages[0]


def test_missing_and_absent_persons_are_counted(fitted):
    frame = pd.DataFrame({"id": np.arange(5, 60), "age": np.linspace(20, 60, 55)})
    frame.loc[3, "age"] = np.nan
    found = three_step_predictors(fitted, frame, "age")
    assert (found.n_persons, found.n_dropped) == (54, 6)
    outcome = three_step_outcome(fitted, frame, "age")
    assert (outcome.n_persons, outcome.n_dropped) == (54, 6)
    assert outcome.table.columns[0] == "class"
    assert outcome.kind == "continuous"


def test_perfect_predictors_are_named(fitted):
    data = {"id": np.arange(60), "x": (np.arange(60) % 3 == 0).astype(float)}
    with pytest.warns(ConvergenceWarning, match="run away"):
        found = three_step_predictors(fitted, data, "x")
    assert not found.converged


def test_an_outcome_that_moves_the_classes_is_named(fitted):
    """Two heaps that have nothing to do with weakly measured classes."""
    result, data = cohort(fitted, 12, apart=0.8)
    generator = np.random.default_rng(2)
    data["w"] = np.where(generator.random(1000) < 0.15, 30.0, 0.0) + generator.normal(size=1000)
    found = three_step_outcome(result, data, "w", correction="ml")
    assert any("Prefer correction='bch'" in message for message in found.messages)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"formula": "y ~ x"}, "only the right-hand side"),
        ({"formula": "xx"}, r"Unknown column 'xx' \(did you mean 'x'"),
        ({"formula": "x + I(2 * x)"}, "can be computed from the other terms"),
        ({"reference": 4}, "a class from 1 to 3"),
        ({"correction": "lanza"}, "correction: expected one of ml, bch, none"),
        ({"assignment": "random"}, "assignment: expected one of modal, proportional"),
        ({"data": {"id": [1, 1, 2], "x": [1.0, 2.0, 3.0]}}, "x: expected one value for each"),
        ({"data": {"id": ["a", "b"], "x": [1.0, 2.0]}}, "persons are Int64 in the model and"),
        ({"data": {"id": [901, 902], "x": [1.0, 2.0]}}, "None of the 60 persons"),
        ({"data": {"id": [1, 2, 3], "x": [1.0, 2.0, 5.0]}}, "too few for 4 coefficients"),
    ],
)
def test_bad_input_to_predictors_is_refused(fitted, change, words):
    data = {"id": np.arange(60), "x": np.random.default_rng(1).normal(size=60)}
    settings = {"data": data, "formula": "x"} | change
    with pytest.raises(ModelError, match=words):
        three_step_predictors(fitted, **settings)


def test_bad_input_to_outcomes_is_refused(fitted):
    data = {"id": np.arange(60), "x": np.ones(60), "text": ["a"] * 59 + ["b"]}
    with pytest.raises(ModelError, match="all 60 persons have the same value"):
        three_step_outcome(fitted, data, "x")
    with pytest.raises(ModelError, match="expected numbers"):
        three_step_outcome(fitted, data, "text", kind="continuous")
    with pytest.raises(ModelError, match="kind: expected one of auto"):
        three_step_outcome(fitted, data, "x", kind="count")
    one = replace(fitted, posterior=np.ones((60, 1)), shares=np.ones(1))
    with pytest.raises(ModelError, match="one class leaves nothing to assign"):
        three_step_outcome(one, data, "text")
    blurred = replace(fitted, posterior=np.tile([0.5, 0.3, 0.2], (60, 1)))
    with pytest.raises(ModelError, match="cannot be inverted"):
        three_step_outcome(blurred, data, "text")


@pytest.mark.parametrize(
    ("labels", "z", "message"),
    [
        (np.arange(60) + 0.7, np.arange(60.0), "Int64 in the model and Float64 in the frame"),
        ([f"0{j}" for j in range(60)], np.arange(60.0), "Int64 in the model and String"),
        (np.arange(60), np.full(60, np.nan), "z: missing for all 60 persons"),
    ],
)
def test_labels_that_only_look_alike_are_refused(fitted, labels, z, message):
    with pytest.raises(ModelError, match=message):
        three_step_predictors(fitted, {"id": labels, "z": z}, "z")
    whole = {"id": np.arange(60.0), "z": np.arange(60) % 7}
    assert three_step_predictors(fitted, whole, "z").n_persons == 60
