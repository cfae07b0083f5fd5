"""Residuals that correlate within days alone: dense likelihoods, what must not matter, refusals."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from salutogen.errors import ModelError
from salutogen.models import ContinuousAR1, HeterogeneousVariance, MixedModel
from salutogen.models.formula.mixed_formula import parse_formula
from salutogen.models.mixed.structured.problem import structured_problem
from salutogen.models.mixed.structured.rows import read_structured

REFERENCE = Path(__file__).parents[3] / "reference" / "mixed_structures"
_spec = importlib.util.spec_from_file_location("residual_cases", REFERENCE / "cases.py")
cases = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(cases)
NIGHTS = pl.DataFrame(cases.CASES["nights"])
DAYS = ContinuousAR1(time="hours", within="day")


@pytest.mark.parametrize("reml", [True, False])
def test_within_a_day_value_and_gradient_are_those_of_the_dense_likelihood(reml):
    """Every row's covariance by brute force: the level of all days, the noise of the own day."""
    frame = NIGHTS[:90]
    rows = read_structured(parse_formula("y ~ x + (1 | id)", levels=2), (DAYS,), frame[::-1])
    problem = structured_problem(rows, rows.moments("y ~ x + (1 | id)"), reml=reml)
    criterion, df = problem.criterion, problem.criterion.layout.df
    person, day, hours, y = (frame[name].to_numpy() for name in ("id", "day", "hours", "y"))
    X = np.column_stack([np.ones(len(y)), frame["x"].to_numpy()])
    same = person[:, None] == person
    same_day = same & (day[:, None] == day)

    def plain(x):
        rho = np.exp(-criterion.decay(x) / criterion.residuals.unit)
        factor = problem.base.random_map[0, 0] * x[1]
        V = same * factor**2 + same_day * rho ** np.abs(hours[:, None] - hours)
        inverse = np.linalg.inv(V)
        precision = X.T @ inverse @ X
        r = y - X @ np.linalg.solve(precision, X.T @ inverse @ y)
        value = np.linalg.slogdet(V)[1] + df * (1 + np.log(2 * np.pi * (r @ inverse @ r) / df))
        return value + (np.linalg.slogdet(precision)[1] if reml else 0.0)

    for x in ([0.3, 0.8], [-1.2, 0.1], [2.0, 1.5]):
        value, gradient = criterion(np.array(x))
        np.testing.assert_allclose(value + problem.base.offset, plain(np.array(x)), rtol=1e-10)
        steps = np.eye(2) * 1e-5
        slopes = [(plain(x + step) - plain(x - step)) / 2e-5 for step in steps]
        np.testing.assert_allclose(gradient, slopes, rtol=2e-5, atol=2e-5)


def test_errors_of_persons_effects_are_those_of_the_dense_conditional_variance():
    """D − DZ'V⁻¹ZD, person by person; effects Z'V⁻¹ of what the fixed part leaves."""
    frame = NIGHTS.sample(fraction=0.8, seed=2).with_columns(half=pl.col("day") % 2)
    structures = [DAYS, HeterogeneousVariance("half")]
    result = MixedModel("y ~ x + (1 + x | id)", residual=structures).fit(frame)
    D, rho = result.random_covariance, result.residual_parameters["correlation"]
    spread = {half: result.residual_parameters[f"half={half}"] for half in (0, 1)}
    rows = result.random_effects(variances=True)
    assert rows.columns == ["id", "term", "estimate", "std_error"]
    for place, who in enumerate(result.persons.to_list()):
        own = frame.filter(pl.col("id") == who)
        day, hours, x, y = (own[name].to_numpy() for name in ("day", "hours", "x", "y"))
        sizes = np.array([spread[half] for half in own["half"]])
        R = (day[:, None] == day) * rho ** np.abs(hours[:, None] - hours) * np.outer(sizes, sizes)
        Z = np.column_stack([np.ones(len(x)), x])
        V = Z @ D @ Z.T + result.residual_variance * R
        given = D - D @ Z.T @ np.linalg.solve(V, Z @ D)
        np.testing.assert_allclose(result.mode_covariances[place], given, rtol=1e-8, atol=1e-12)
        left = D @ Z.T @ np.linalg.solve(V, y - Z @ result.coefficients)
        of_person = rows.filter(pl.col("id") == who)
        np.testing.assert_allclose(of_person["estimate"], left, rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(of_person["std_error"], np.sqrt(np.diag(given)), rtol=1e-8)


def test_persons_of_one_day_each_have_the_model_without_days():
    single = NIGHTS.with_columns(id=pl.col("id") * 10 + pl.col("day"))
    formula = "y ~ x + (1 | id)"
    days = MixedModel(formula, residual=DAYS).fit(single)
    plain = MixedModel(formula, residual=ContinuousAR1("hours")).fit(single)
    assert days.log_likelihood == plain.log_likelihood
    assert days.residual_parameters == plain.residual_parameters


def test_how_days_and_rows_are_written_does_not_matter():
    formula = "y ~ x + (1 | id)"
    result = MixedModel(formula, residual=DAYS).fit(NIGHTS)
    others = {
        "text": NIGHTS.with_columns(day=pl.format("d{}", "day")),
        "of the study": NIGHTS.with_columns(day=pl.col("day") + 1000 * pl.col("id")),
        "through hours": NIGHTS.with_columns(hours=pl.col("hours") + 24 * pl.col("day")),
        "shuffled": NIGHTS.sample(fraction=1.0, shuffle=True, seed=1).to_pandas(),
    }
    for frame in others.values():
        other = MixedModel(formula, residual=DAYS).fit(frame)
        np.testing.assert_allclose(other.log_likelihood, result.log_likelihood, rtol=1e-11)
        np.testing.assert_allclose(other.coefficients, result.coefficients, rtol=1e-6)
    # 14 hours of night at 0.8 per hour would leave a correlation of 0.04: nearly the same
    through = MixedModel(formula, residual=ContinuousAR1("hours")).fit(others["through hours"])
    assert abs(through.log_likelihood - result.log_likelihood) < 2
    assert through.log_likelihood != result.log_likelihood


def test_days_and_unequal_levels_stand_together():
    both = (DAYS, HeterogeneousVariance(by="day"))
    formula = "y ~ x + (1 | id)"
    rows = read_structured(parse_formula(formula, levels=2), both, NIGHTS)
    criterion = structured_problem(rows, rows.moments(formula), reml=True).criterion
    x = np.array([0.2, 0.3, -0.2, 0.1, 0.7])
    _, gradient = criterion(x)
    for j, step in enumerate(np.eye(5) * 1e-5):
        slope = (criterion(x + step)[0] - criterion(x - step)[0]) / 2e-5
        assert gradient[j] == pytest.approx(slope, rel=2e-5, abs=2e-5)


@pytest.mark.parametrize(
    ("within", "change", "message"),
    [
        (
            "day",
            {"hours": pl.lit(1.0)},
            "have the same hours as another row of their person and day",
        ),
        ("day", {"day": pl.int_range(pl.len())}, "no person and day has two rows"),
        ("dayy", {}, r"'dayy' \(did you mean 'day'\?\)"),
    ],
)
def test_days_that_cannot_be_used_are_refused(within, change, message):
    residual = ContinuousAR1("hours", within=within)
    with pytest.raises(ModelError, match=message):
        MixedModel("y ~ 1 + (1 | id)", residual=residual).fit(NIGHTS.with_columns(**change))
