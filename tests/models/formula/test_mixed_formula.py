"""The formula language of mixed models beside lme4's; what it refuses."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from salutogen.errors import ModelError
from salutogen.models import MixedModel
from salutogen.models.formula.design import variables_of
from salutogen.models.formula.mixed_formula import parse_formula, translated

REFERENCE = Path(__file__).parents[2] / "reference" / "mixed_structures"
VALUES = json.loads((REFERENCE / "lme4.json").read_text(encoding="utf-8"))["fits"]
_spec = importlib.util.spec_from_file_location("structure_cases", REFERENCE / "cases.py")
cases = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(cases)
ARMS = pl.DataFrame(cases.CASES["arms"])


@pytest.mark.parametrize(
    "value", [v for v in VALUES if v["data"] == "arms"], ids=lambda v: v["formula"]
)
def test_formulas_mean_what_they_mean_in_lme4(value):
    """lme4 1.1-31 with tightened tolerances: `Rscript lme4.R` beside `lme4.json`."""
    result = MixedModel(value["formula"]).fit(ARMS, reml=value["reml"])
    above = -2 * result.log_likelihood - value["criterion"]
    size = 1 + abs(value["criterion"]) / 1e4
    assert above < 1e-6 * size
    assert above > -1e-4 * size  # lme4 stops a little above its minimum on boundaries
    near = 1e-3 if value["singular"] else 1e-5
    np.testing.assert_allclose(result.coefficients, value["fixed"], rtol=near)
    np.testing.assert_allclose(list(result.standard_errors.values()), value["se"], rtol=near)
    np.testing.assert_allclose(result.residual_variance, value["residual"], rtol=near)
    if (
        value["formula"] != "y ~ t + (1 + factor(arm) || id)"
    ):  # there lme4's covariance is not unique
        expected = np.array(value["covariance"]["id"])
        near = 2e-2 if value["singular"] else 2e-5  # flat directions of six random effects
        np.testing.assert_allclose(
            result.random_covariance.ravel(), expected, rtol=near, atol=near * expected.max()
        )
        assert result.is_singular is value["singular"]
    np.testing.assert_allclose([result.aic, result.bic], [value["aic"], value["bic"]], rtol=1e-7)


def test_six_random_effects_are_as_many_columns():
    result = MixedModel("y ~ t + x + z + (1 + t + x + z + x:z + I(t^2) | id)").fit(ARMS)
    assert result.random_terms == ("Intercept", "t", "x", "z", "I(t ** 2)", "x:z")
    assert result.random_covariance.shape == (6, 6)
    assert result.converged


def test_what_r_users_write_is_translated():
    assert translated("I(t^2) + sqrt(x)") == "I(t**2) + np.sqrt(x)"
    assert translated("factor(a) + as.factor(`b^2`)") == "C(a) + C(`b^2`)"
    assert translated("log(subject.E):t + np.log(x)") == "log(`subject.E`):t + np.log(x)"
    assert translated("C(a, contr.treatment('b.c'))") == "C(a, contr.treatment('b.c'))"
    dotted = ARMS.rename({"t": "t.years"})
    result = MixedModel("y ~ t.years + I(t.years^2) + (1 + t.years | id)").fit(dotted)
    other = MixedModel("y ~ t + I(t**2) + (1 + t | id)").fit(ARMS)
    np.testing.assert_allclose(result.coefficients, other.coefficients, rtol=1e-10)


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("bs(t, df=4) + `my col`", ("my col", "t")),
        ("C(arm, contr.treatment('control')) * t", ("arm", "t")),
        ("poly(t, 2):x + abs(z)", ("t", "x", "z")),
        ("I(`my col`^2) + subject.E:t", ("my col", "subject.E", "t")),
        ("{t + x}", ("t", "x")),
    ],
)
def test_columns_that_an_expression_needs(expression, names):
    assert variables_of(expression) == names


def test_learned_columns_serve_new_data():
    """Knots and polynomials are those of the fit: predictions do not depend on the rows asked."""
    for formula in (
        "y ~ bs(t, df=5) + (1 | id)",
        "y ~ cr(t, df=4) - 1 + (1 | id)",
        "y ~ poly(t, 3) + (1 + poly(t, 1) | id)",
        "y ~ scale(t) * C(arm) + (1 + center(t) || id)",
    ):
        result = MixedModel(formula).fit(ARMS)
        every = result.predict(ARMS, random_effects=True)
        np.testing.assert_allclose(result.predict(ARMS[40:47], random_effects=True), every[40:47])


@pytest.mark.parametrize(
    ("formula", "outer", "inner"),
    [
        ("y ~ t + (1 + t | site/id)", ("site", ("1 + t",)), ("id", ("1 + t",), True)),
        ("y ~ (1 | site) + (1 + t || site:id)", ("site", ("1",)), ("id", ("1", "0 + t"), True)),
        ("y ~ (1 | site) + (1 | id:site)", ("site", ("1",)), ("id", ("1",), True)),
        ("y ~ (t | id) + (1 | site)", ("site", ("1",)), ("id", ("t",), False)),
    ],
)
def test_nested_groupings_are_taken_apart(formula, outer, inner):
    parsed = parse_formula(formula, levels=2)
    assert (parsed.outer_group, parsed.outer_blocks) == outer
    assert (parsed.group, parsed.blocks, parsed.is_pair) == inner
    turned = parsed.turned()
    assert (turned.group, turned.outer_group) == (parsed.outer_group, parsed.group)


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("y ~ (1 | a) + (1 | b) + (1 | c)", "at most two nested levels.* got a, b, c"),
        ("y ~ (1 | a/b/c)", "right of the bar"),
        ("y ~ (1 | a:b)", "expected '\\(1 | site/id\\)'"),
        ("y ~ (1 | a:b) + (1 | c)", "expected '\\(1 | site/id\\)'"),
        ("y ~ (1 | a/a)", "right of the bar"),
        ("y ~ (1 + t *** x || a)", "cannot be read"),
    ],
)
def test_groupings_that_are_not_nested_are_refused(formula, message):
    with pytest.raises(ModelError, match=message):
        parse_formula(formula, levels=2)


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("y ~ arm * t + (1 | id)", r"arm: expected numbers, got String such as.*Write C\(arm\)"),
        ("y ~ t + (1 + arm:t | id)", "arm: expected numbers"),
        ("y ~ bs(tt, df=4) + (1 | id)", r"'tt' \(did you mean 't'\?\)"),
        ("y ~ t + (1 + I(w**2) | id)", "Unknown column 'w'"),
        ("y ~ cr(t, df=4) + (1 | id)", "Collinear fixed terms"),
        ("y ~ I(t +* 2) + (1 | id)", "cannot be read"),
    ],
)
def test_bad_terms_are_refused(formula, message):
    with pytest.raises(ModelError, match=message):
        MixedModel(formula).fit(ARMS)
