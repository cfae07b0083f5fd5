"""Reference-based imputation: closed forms with two occasions, jackknife one by one, refusals."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm

from salutogen.errors import ModelError
from salutogen.models import ReferenceBasedImputation, executor_for
from salutogen.models.imputation.reference_based.gaussian import gaussian_arms, log_likelihood
from salutogen.models.imputation.reference_based.rules import Arms

RULES = (
    "missing at random", "jump to reference", "copy increments in reference", "copy reference",
)  # fmt: skip


def trial(n=60, seed=1, occasions=2):
    """Two arms; who leaves stays away."""
    rng = np.random.default_rng(seed)
    arm = np.repeat([0, 1], n // 2)
    values = np.empty((n, occasions))
    values[:, 0] = 20 + 4 * rng.normal(size=n)
    for t in range(1, occasions):
        values[:, t] = 5 + 0.7 * values[:, t - 1] - 1.5 * arm + 3 * rng.normal(size=n)
    for t in range(1, occasions):
        values[(rng.random(n) < 0.25) | np.isnan(values[:, t - 1]), t] = np.nan
    return arm, values


def frame(arm, values):
    columns = {f"y{t}": values[:, t] for t in range(values.shape[1])}
    return pl.DataFrame({"arm": np.where(arm == 0, "control", "drug"), **columns}).fill_nan(None)


def model(values, **more):
    return ReferenceBasedImputation(
        outcomes=[f"y{t}" for t in range(values.shape[1])],
        arm="arm",
        **{"reference": "control", "imputations": 20} | more,
    )


def by_hand(arm, values, rule):
    """Difference with two occasions and baseline complete: the line of those seen says it all."""
    seen = np.isfinite(values[:, 1])
    X = np.column_stack([np.ones(len(arm)), arm, values[:, 0]])
    a, effect, b = np.linalg.lstsq(X[seen], values[seen, 1], rcond=None)[0]
    mean0 = [values[arm == k, 0].mean() for k in (0, 1)]
    mean1 = [a + effect * k + b * mean0[k] for k in (0, 1)]
    away = values[:, 0] - mean0[1]
    new = {
        "missing at random": mean1[1] + b * away,
        "jump to reference": mean1[0] + b * away,
        "copy increments in reference": mean0[1] + mean1[0] - mean0[0] + b * away,
        "copy reference": a + b * values[:, 0],
    }[rule]
    new = np.where(arm == 0, a + b * values[:, 0], new)
    filled = np.where(seen, values[:, 1], new)
    return np.linalg.lstsq(X, filled, rcond=None)[0][1], filled


@pytest.mark.parametrize("rule", RULES)
def test_two_occasions_have_a_closed_form(rule):
    arm, values = trial()
    found = model(values, rule=rule).fit(frame(arm, values))
    estimate, filled = by_hand(arm, values, rule)
    np.testing.assert_allclose(found.completed[0, :, 1], filled, rtol=1e-7)
    assert found.estimates["drug"] == pytest.approx(estimate, rel=1e-6)
    n = len(arm)
    each = [by_hand(np.delete(arm, i), np.delete(values, i, axis=0), rule)[0] for i in range(n)]
    error = np.sqrt((n - 1) / n * np.sum((np.array(each) - np.mean(each)) ** 2))
    assert found.standard_errors["drug"] == pytest.approx(error, rel=1e-5)
    assert found.intervals["drug"][0] == pytest.approx(estimate - 1.959964 * error, rel=1e-5)
    assert found.converged
    assert found.persons["last_missing"].sum() == np.isnan(values[:, 1]).sum()


def test_at_random_with_two_occasions_is_the_comparison_of_those_seen():
    arm, values = trial()
    seen = np.isfinite(values[:, 1])
    X = sm.add_constant(np.column_stack([arm, values[:, 0]]))[seen]
    fit = sm.OLS(values[seen, 1], X).fit()
    one = model(values, rule="missing at random").fit(frame(arm, values))
    assert one.estimates["drug"] == pytest.approx(fit.params[1], rel=1e-6)
    many = model(values, rule="missing at random", errors="multiple", imputations=400)
    found = many.fit(frame(arm, values))
    assert found.estimates["drug"] == pytest.approx(fit.params[1], abs=0.15 * fit.bse[1])
    assert found.standard_errors["drug"] == pytest.approx(fit.bse[1], rel=0.12)
    assert found.completed.shape == (400, 60, 2)
    assert found.p["drug"] == pytest.approx(fit.pvalues[1], abs=0.05)


@pytest.mark.lengthy
def test_rules_say_what_is_kept_of_a_gain():
    """Who jumps to the reference loses the gain, copied increments keep it; errors follow."""
    arm, values = trial(n=160, occasions=4)
    found = {rule: model(values, rule=rule).fit(frame(arm, values)) for rule in RULES}
    effect = {rule: fit.estimates["drug"] for rule, fit in found.items()}
    assert effect["missing at random"] < effect["copy increments in reference"]
    assert effect["copy increments in reference"] < effect["jump to reference"] < 0
    errors = {rule: fit.standard_errors["drug"] for rule, fit in found.items()}
    assert errors["jump to reference"] < errors["missing at random"]
    many = model(values, errors="multiple", imputations=60).fit(frame(arm, values))
    assert many.standard_errors["drug"] > errors["jump to reference"]
    assert many.estimates["drug"] == pytest.approx(
        effect["jump to reference"], abs=0.25 * errors["jump to reference"]
    )


@pytest.mark.parametrize("covariance", ["common", "by arm"])
def test_moments_are_at_the_top_of_the_likelihood(covariance):
    arm, values = trial(n=200, occasions=3)
    values[::7, 1] = np.nan
    found = gaussian_arms(values, arm, 2, covariance)
    top = log_likelihood(values, arm, found.arms)
    means, covariances = found.arms.means, found.arms.covariances
    assert np.allclose(covariances[0], covariances[1]) == (covariance == "common")
    for t in range(3):
        for size in (-0.05, 0.05):
            moved = means.copy()
            moved[1, t] += size
            assert log_likelihood(values, arm, Arms(moved, covariances)) < top
            wider = covariances.copy()
            wider[:, t, t] *= 1 + size
            assert log_likelihood(values, arm, Arms(means, wider)) < top


def test_three_arms_covariates_and_gaps_in_between():
    arm, values = trial(n=240, occasions=3)
    rng = np.random.default_rng(2)
    values[5, 1], values[5, 2] = np.nan, 12.0
    data = frame(arm, values).with_columns(
        arm=pl.Series(np.array(["c", "a", "b"])[rng.integers(3, size=240)]),
        age=pl.Series(rng.normal(size=240)),
    )
    found = model(values, reference="c", covariates=["age"]).fit(data)
    assert found.arms == ("a", "b")
    # With expected values filled in, differences are those of a line of the completed outcome.
    marks = [(data["arm"] == name).to_numpy().astype(float) for name in "ab"]
    X = sm.add_constant(np.column_stack([*marks, found.completed[0][:, 0], data["age"]]))
    line = sm.OLS(found.completed[0][:, 2], X).fit()
    np.testing.assert_allclose(list(found.estimates.values()), line.params[1:3], rtol=1e-8)
    assert np.isfinite(found.completed).all()
    assert found.completed[0, 5, 2] == 12.0


def test_executor_and_seed():
    arm, values = trial(n=40)
    data = frame(arm, values)
    many = model(values, errors="multiple")
    alone = many.fit(data)
    with executor_for(workers=1) as executor:
        other = many.fit(data, executor=executor)
        jackknife = model(values).fit(data, executor=executor)
    assert other.completed.tobytes() == alone.completed.tobytes()
    assert jackknife.standard_errors == model(values).fit(data).standard_errors
    assert model(values, errors="multiple", seed=5).fit(data).estimates != alone.estimates


def test_what_was_assumed_is_said():
    arm, values = trial(n=60)
    values[arm == 1] = np.nan_to_num(values[arm == 1], nan=15.0)
    data = frame(arm, values)
    found = model(values, errors="multiple", imputations=5).fit(
        pl.concat([data, data.head(1).with_columns(y0=None, y1=None)], how="vertical_relaxed")
    )
    said = " ".join(found.messages)
    assert "Left out: 1 person without an arm or without any outcome" in said
    assert "the rule changes nothing" in said
    assert "5 completed sets give rough errors" in said
    assert found.n_persons == 60


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"reference": "contrl"}, "Did you mean 'control'"),
        ({"rule": "last value"}, "rule: expected one of"),
        ({"errors": "bootstrap"}, "errors: expected one of"),
        ({"outcomes": ["y0"]}, "at one later occasion"),
        ({"outcomes": ["y0", "y9"]}, "Unknown column"),
        ({"covariates": ["y1"]}, "each column once"),
        ({"covariates": ["c"]}, r"covariates: c \(1\) missing"),
        ({"data": {"y1": np.arange(60.0)}}, "No outcome is missing"),
        ({"data": {"arm": ["control"] * 60}}, "only one arm"),
        ({"data": {"arm": ["control"] * 57 + ["drug"] * 3}}, "Too few persons in arm drug"),
    ],
)
def test_bad_input_is_refused_in_words(change, message):
    arm, values = trial()
    change = dict(change)
    data = frame(arm, values).with_columns(c=pl.Series([None, *range(59)]))
    data = data.to_dict(as_series=False) | change.pop("data", {})
    given = {"outcomes": ["y0", "y1"], "arm": "arm", "reference": "control"} | change
    with pytest.raises(ModelError, match=message):
        ReferenceBasedImputation(**given).fit(data)


def test_occasions_that_nobody_has_both_of():
    arm, values = trial(n=80, occasions=3)
    values[:40, 1], values[40:, 2] = np.nan, np.nan
    order = np.random.default_rng(1).permutation(80)
    with pytest.raises(ModelError, match="nobody has both of two occasions"):
        model(values).fit(frame(arm[order], values))
