"""Mixed models: formulas, missing values, predictions, and input that is refused."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import polars as pl
import pytest

from salutogen.errors import ModelError
from salutogen.models import MixedModel, Moments
from salutogen.models.formula.mixed_formula import parse_formula, simple_terms


def small(n=30, rows=5):
    rng = np.random.default_rng(8)
    person = np.repeat(np.arange(n), rows)
    t = np.tile(np.arange(rows, dtype=float), n)
    y = 1 + 0.5 * t + rng.normal(size=n)[person] + rng.normal(size=n * rows)
    arm = np.where(person % 2 == 0, "control", "training")
    return pl.DataFrame({"id": person, "t": t, "y": y, "arm": arm, "x": rng.normal(size=n * rows)})


@pytest.mark.parametrize(
    ("formula", "fixed", "blocks", "group"),
    [
        ("P ~ E + (1 + E | id)", "E", ("1 + E",), "id"),
        ("P ~ (1|id)", "1", ("1",), "id"),
        ("P ~ E+(0 + t | subject.ID) - 1", "E - 1", ("0 + t",), "subject.ID"),
        ("P ~ E + (1 + t || id)", "E", ("1", "0 + t"), "id"),
        ("P ~ E + (0 + t + x || id)", "E", ("0 + t", "0 + x"), "id"),
        ("P ~ E + (1 | id) + (0 + E | id)", "E", ("1", "0 + E"), "id"),
        ("P ~ I((t - 1)**2) + (1 | `my id`)", "I((t - 1)**2)", ("1",), "my id"),
    ],
)
def test_formulas_are_taken_apart(formula, fixed, blocks, group):
    parsed = parse_formula(formula)
    assert (parsed.fixed, parsed.blocks, parsed.group) == (fixed, blocks, group)


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("P + E", "one tilde"),
        ("P ~ E", "no random part"),
        ("P ~ E + (1 | a) + (1 | b)", "one column can group"),
        ("P ~ E + (1 | a/b)", "one column can group.* got a, a:b"),
        ("P ~ E + (1 | a | b)", "right of the bar"),
    ],
)
def test_unreadable_formulas_are_refused(formula, message):
    with pytest.raises(ModelError, match=message):
        parse_formula(formula)


def test_simple_sums_are_read_without_formulaic():
    assert simple_terms("E + age.x + `odd name`") == ("Intercept", "E", "age.x", "odd name")
    assert simple_terms("E - 1") == ("E",)
    assert simple_terms("0 + E + E") == ("E",)
    assert simple_terms("E * t") is None
    script = (
        "import sys; from salutogen.models import MixedModel; import numpy as np;"
        "MixedModel('y ~ t + (1 | id)').fit({'id': [1,1,1,2,2,2,3,3,3], 't': [0,1,2]*3,"
        "'y': [1,2,4,3,5,6,0,2,2]});"
        "print({'formulaic', 'pandas', 'statsmodels'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


def test_factors_interactions_and_powers_are_read_by_formulaic():
    frame = small()
    result = MixedModel("y ~ C(arm) * t + I(t**2) + (1 + t | id)").fit(frame)
    by_hand = frame.with_columns(
        a=(pl.col("arm") == "training").cast(pl.Float64), s=pl.col("t") ** 2
    ).with_columns(at=pl.col("a") * pl.col("t"))
    other = MixedModel("y ~ a + t + at + s + (1 + t | id)").fit(by_hand)
    assert set(result.fixed_effects) == {
        "Intercept",
        "C(arm)[T.training]",
        "t",
        "C(arm)[T.training]:t",
        "I(t ** 2)",
    }
    np.testing.assert_allclose(result.log_likelihood, other.log_likelihood, rtol=1e-11)
    new = frame.filter(pl.col("arm") == "control")[:7]  # one level only: state was learned
    np.testing.assert_allclose(
        result.predict(new), other.predict(by_hand.filter(pl.col("a") == 0)[:7]), rtol=1e-9
    )
    logged = MixedModel("np.exp(y) ~ t + (1 | id)").fit(frame.with_columns(pl.col("y") / 10))
    assert logged.outcome == "np.exp(y)"


def test_missing_rows_are_left_out_and_counted():
    frame = small()
    holes = frame.with_columns(
        y=pl.when(pl.col("t") == 3).then(None).otherwise(pl.col("y")),
        t=pl.when(pl.int_range(pl.len()) == 0).then(float("nan")).otherwise(pl.col("t")),
    )
    kept = frame.filter((pl.col("t") != 3) & (pl.int_range(pl.len()) != 0))
    result = MixedModel("y ~ t + (1 | id)").fit(holes)
    other = MixedModel("y ~ t + (1 | id)").fit(kept)
    np.testing.assert_allclose(result.coefficients, other.coefficients, rtol=1e-12)
    assert result.n_obs == kept.height
    assert "31 rows with missing values were left out." in result.messages
    predicted = result.predict(holes)
    assert np.isnan(predicted[0])
    assert np.isfinite(predicted[1:]).all()


def test_predictions_follow_the_rows_and_know_the_persons():
    frame = small()
    result = MixedModel("y ~ t + (1 + t | id)").fit(frame)
    new = pl.DataFrame({"t": [4.0, 0.0, 1.0], "id": [3, 999, 3]})
    b = result.coefficients
    np.testing.assert_allclose(result.predict(new), b[0] + b[1] * np.array([4, 0, 1]))
    u = result.random_effects().row(3, named=True)
    assert u["id"] == 3
    assert list(u) == ["id", "Intercept", "t"]
    expected = result.predict(new)
    expected += np.array([u["Intercept"] + 4 * u["t"], 0, u["Intercept"] + u["t"]])
    np.testing.assert_allclose(result.predict(new, random_effects=True), expected)
    only_mean = MixedModel("y ~ 1 + (1 | id)").fit(frame)
    np.testing.assert_allclose(only_mean.predict(new), np.repeat(only_mean.coefficients, 3))


@pytest.mark.parametrize("name", ["place", "label", "level", "code", "count"])
def test_the_grouping_column_may_be_called_as_ours_are(name):
    frame = small()
    plain = MixedModel("y ~ t + (1 | id)").fit(frame)
    other = MixedModel(f"y ~ t + (1 | {name})").fit(frame.rename({"id": name}))
    np.testing.assert_array_equal(other.predict(frame.rename({"id": name})), plain.predict(frame))


def test_summary_reads_like_lme4s():
    result = MixedModel("y ~ t + (1 + t | id)").fit(small())
    text = result.summary()
    for words in (
        "Linear mixed model fit by REML",
        "Formula: y ~ t + (1 + t | id)",
        "REML criterion at convergence",
        "Number of obs: 150, groups: id, 30",
        "Estimate   Std. Error        df   t value  Pr(>|t|)",
        "Residual",
        "Corr",
    ):
        assert words in text
    assert MixedModel("y ~ t + (1 | id)").fit(small())._repr_html_().startswith("<pre>")


def test_slope_without_variation_within_persons_is_stated():
    frame = small().with_columns(between=(pl.col("id") % 7).cast(pl.Float64))
    result = MixedModel("y ~ t + (1 + between | id)").fit(frame)
    assert any("between does not vary within any person" in text for text in result.messages)


CHANGES = [
    ("y ~ tt + (1 | id)", lambda f: f, r"'tt' \(did you mean 't'\?\)"),
    ("y ~ t + (1 | iid)", lambda f: f, r"'iid' \(did you mean 'id'\?\)"),
    ("arm ~ t + (1 | id)", lambda f: f, "arm: expected numbers, got String such as 'control'"),
    ("y ~ arm + (1 | id)", lambda f: f, r"Write C\(arm\)"),
    ("y ~ t + (1 | id)", lambda f: f.with_columns(y=pl.lit(2.5)), "the outcome is constant"),
    (
        "y ~ t + (1 | id)",
        lambda f: f.with_columns(t=pl.when(pl.col("t") > 3).then(np.inf).otherwise(pl.col("t"))),
        "t: 30 infinite values, rows 5, 10",
    ),
    (
        "y ~ t + double + (1 | id)",
        lambda f: f.with_columns(double=2 * pl.col("t") + 7),
        "Collinear fixed terms: double",
    ),
    ("y ~ t + c + (1 | id)", lambda f: f.with_columns(c=pl.lit(3.0)), "Collinear fixed terms: c"),
    ("y ~ t + (1 + c | id)", lambda f: f.with_columns(c=pl.lit(3.0)), "Collinear random terms"),
    ("y ~ t + (1 | id)", lambda f: f.with_columns(id=pl.lit(1)), "at least 2 persons, got 1"),
    ("y ~ t + (1 | id)", lambda f: f.unique("id"), "No person has more than 1 rows"),
    ("y ~ t + x + (1 | id)", lambda f: f[:3], "3 rows cannot carry 3 fixed coefficients"),
    ("y ~ t + (1 | id)", lambda f: f.with_columns(y=pl.lit(None, pl.Float64)), "No row of 150"),
    ("y ~ t + (1 | id)", lambda f: f.with_columns(y=3 * pl.col("t")), "give the outcome exactly"),
    ("y ~ 0 + (1 | id)", lambda f: f, "no fixed term"),
    ("y ~ t + (1 | id) + (1 | id)", lambda f: f, "stand in two blocks"),
    ("y ~ t + nowhere(t) + (1 | id)", lambda f: f, "unknown function 'nowhere'"),
    ("y ~ t + np.nowhere(t) + (1 | id)", lambda f: f, "cannot be computed"),
    ("y ~ y + (1 | id)", lambda f: f, "outcome and a predictor"),
]


@pytest.mark.parametrize(("formula", "change", "message"), CHANGES, ids=[c[2] for c in CHANGES])
def test_bad_input_is_refused(formula, change, message):
    with pytest.raises(ModelError, match=message):
        MixedModel(formula).fit(change(small()))


def test_bad_arrays_are_refused():
    y, X, person = np.arange(6.0), np.ones((6, 1)), np.arange(6) // 2
    one = ("Intercept",)
    with pytest.raises(ModelError, match="expected a data frame"):
        MixedModel("y ~ t + (1 | id)").fit([1, 2, 3])
    with pytest.raises(ModelError, match="X: expected 6 rows"):
        Moments.from_arrays(y, X[1:], X, person, fixed=one, random=one)
    with pytest.raises(ModelError, match="missing or infinite"):
        Moments.from_arrays(y * np.nan, X, X, person, fixed=one, random=one)
    with pytest.raises(ModelError, match="6 labels"):
        Moments.from_arrays(y, X, X, person[1:], fixed=one, random=one)
