"""How long associations last: truth in drifting factors, the models by hand, and what is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm

from salutogen.analyses.factors.analysis import FactorsResult, compute
from salutogen.analyses.factors.distance import Distance
from salutogen.analyses.factors.distance_rows import DAYS, OCCASIONS, times_since
from salutogen.analyses.factors.distance_section import changing_words, course_words, followed
from salutogen.analyses.factors.records import FactorFound
from tests.analyses.factors.drifting import drifting
from tests.analyses.factors.test_factors import by_name, codes, settings
from tests.analyses.inputs import inputs_of, shown


@pytest.fixture(scope="module")
def result() -> FactorsResult:
    return compute(drifting(), settings())


def course(found: FactorFound) -> Distance:
    assert found.distance is not None
    return found.distance


def test_an_association_that_fades_is_told_and_one_that_lasts_is_not(result: FactorsResult) -> None:
    found = by_name(result)
    mood = course(found["mood"])
    assert mood.changes == "weakens"
    assert abs(mood.two_step.last) < 0.6 * abs(mood.two_step.first)
    assert course(found["trait"]).changes == "not told"
    assert course(found["noise"]).changes == "not told"
    assert "association-weakens" in codes(result.findings)
    told = next(item for item in result.findings if item.code == "association-weakens")
    assert "mood" in told.text
    assert "trait" not in told.text
    assert "association of mood weakens" in str(result.answer())


def test_points_of_occasions_lie_about_the_line_and_fall_as_the_factor_drifts(
    result: FactorsResult,
) -> None:
    mood = course(by_name(result)["mood"])
    assert [at.occasion for at in mood.occasions] == [f"T{place}" for place in range(1, 8)]
    assert [at.since for at in mood.occasions] == [7.0 * place for place in range(1, 8)]
    assert mood.time_unit == DAYS
    r = np.array([at.r_SR for at in mood.occasions], dtype=float)
    # r falls by .75 from occasion to occasion.
    assert np.polyfit(np.arange(4), np.log(-r[:4]), 1)[0] == pytest.approx(np.log(0.75), abs=0.15)
    line = [middle for middle, _, _ in mood.two_step.curve]
    assert line[0] == pytest.approx(mood.two_step.first)
    assert line[-1] == pytest.approx(mood.two_step.last)


def test_an_occasion_by_itself_is_one_regression() -> None:
    inputs = drifting(80, 4)
    at = course(by_name(compute(inputs, settings()))["trait"]).occasions[1]
    F = inputs.views.wide("trait").values[:, 0]
    SR, P, E = (inputs.views.wide(name).values[:, 2] for name in ("SR", "P", "E"))
    assert at.steps.two_step.b == pytest.approx(np.polyfit(F, SR, 1)[0])
    one = sm.OLS(P, sm.add_constant(np.column_stack([E, F]))).fit()
    assert at.steps.one_step.b == pytest.approx(one.params[2])
    assert at.r_SR == pytest.approx(np.corrcoef(F, SR)[0, 1])


def test_the_course_is_that_of_a_random_intercept_model() -> None:
    inputs = drifting(150, 5)
    found = course(by_name(compute(inputs, settings()))["mood"])
    F = inputs.views.wide("mood").values[:, 0]
    SR, P, E = (inputs.views.wide(name).values[:, 1:].ravel() for name in ("SR", "P", "E"))
    person, place = np.repeat(np.arange(150), 4), np.tile(np.arange(4), 150)
    each = (place[:, None] == [1, 2, 3]).astype(float)
    F = F[person]
    X = np.column_stack([np.ones(600), each, F, F * place / 3])
    two = sm.MixedLM(SR, X, groups=person).fit(reml=True)
    one = sm.MixedLM(P, np.column_stack([X[:, :4], E, X[:, 4:]]), groups=person).fit(reml=True)
    for told, model in ((found.two_step, two), (found.one_step, one)):
        assert told.first == pytest.approx(model.fe_params[-2], rel=1e-3)
        assert told.change == pytest.approx(model.fe_params[-1], rel=1e-3)
        assert told.se is not None
        assert told.se == pytest.approx(model.bse_fe[-1], rel=0.2)


def test_those_who_leave_with_problems_do_not_make_an_association_fade() -> None:
    inputs = drifting(500, 7, kept=0.75, leave=True)
    found = by_name(compute(inputs, settings()))
    trait = course(found["trait"])
    # Occasion by occasion the association is weaker among those who stay.
    points = [at.steps.two_step.b for at in trait.occasions]
    assert abs(points[-1]) < abs(points[0])
    assert trait.changes == "not told"
    assert course(found["mood"]).changes in ("weakens", "changes")  # to about 0


@pytest.mark.lengthy
def test_constant_associations_are_rarely_called_changing() -> None:
    false = 0
    for seed in range(20):
        found = by_name(compute(drifting(60, 4, seed=seed), settings(draws=200)))
        false += sum(course(found[name]).two_step.clear for name in ("trait", "noise"))
    assert false <= 6


def test_times_are_those_of_the_answers_then_of_the_plan_then_counted() -> None:
    inputs = drifting(40, 4)
    person, place = np.array([0, 1]), np.array([1, 3])
    measured, none = inputs.views.wide("P").times[:, 0], np.full(40, np.nan)
    np.testing.assert_allclose(times_since(inputs, 0, measured, person, place)[0], [7.0, 21.0])
    table = inputs.scores.table.with_columns(pl.lit(None, dtype=pl.Float64).alias("time"))
    unknown = inputs_of(replace(inputs.scores, table=table))
    told, unit = times_since(unknown, 0, none, person, place)
    assert unit == DAYS
    np.testing.assert_allclose(told, [7.0, 21.0])
    study = replace(
        inputs.study, occasions=tuple(replace(one, day=None) for one in inputs.study.occasions)
    )
    told, unit = times_since(replace(unknown, study=study), 0, none, person, place)
    assert unit == OCCASIONS
    np.testing.assert_allclose(told, [1.0, 3.0])


def test_what_is_said_is_what_was_fitted(result: FactorsResult) -> None:
    told = followed(result.factors)
    words = [str(item) for item in course_words(told)]
    assert words[0].startswith("mood: the association with SR weakens")
    assert "at 1 week to" in words[0]
    assert "at 7 weeks" in words[0]
    assert words[-1].startswith("Not told apart from constant: ")
    mood, one = told[0]
    stronger = replace(one, two_step=replace(one.two_step, first=0.0, last=-2.0, change=-2.0))
    assert "not told" in stronger.changes  # one step says another thing
    both = replace(stronger, one_step=stronger.two_step)
    assert "strengthens" in changing_words(mood, replace(both))
    assert not both.weakens
    only = replace(one, one_step=replace(one.one_step, interval=(-1.0, 1.0)))
    assert only.changes == "not told"
    assert "in two steps only" in str(course_words([(mood, only)])[0])


@pytest.mark.parametrize(
    ("first", "last", "half", "says"),
    [
        (-1.0, -0.2, 0.1, "weakens"),
        (-0.2, -1.0, 0.1, "strengthens"),
        (0.05, -0.2, 0.1, "changes"),
        (-1.1, 0.13, 0.2, "changes"),
        (-1.0, 0.5, 0.2, "turns"),
    ],
)
def test_across_0_an_association_neither_weakens_nor_strengthens(
    result: FactorsResult, first: float, last: float, half: float, says: str
) -> None:
    """It turns only where both ends are told from 0."""
    mood, one = followed(result.factors)[0]
    made = replace(
        one.two_step, first=first, last=last, change=last - first, p_adjusted=0.001,
        interval=(last - first - 0.1, last - first + 0.1),
        curve=tuple((b, b - half, b + half) for b in (first, last)),
    )  # fmt: skip
    both = replace(one, two_step=made, one_step=made, bend=None)
    assert both.changes == says
    assert f"the association with SR {says} with" in changing_words(mood, both)
    assert both.weakens == (says == "weakens")


def test_one_later_occasion_tells_no_course() -> None:
    result = compute(drifting(60, 4), settings(to="T1"))
    assert all(item.distance is None for item in result.factors)
    assert result.to_dict()["factors"][0]["distance"] is None


def test_the_page_shows_the_course_to_every_audience(result: FactorsResult) -> None:
    inputs = drifting()
    for individuals in (True, False):
        sections, withheld = shown(result, inputs, individuals=individuals)
        section = next(item for item in sections if item.title == "How long the association lasts")
        (figure,) = (item for item in section.figures if item.name == "factors-distance-mood")
        x = figure.chart["layer"][-1]["encoding"]["x"]["scale"]
        assert x["domainMax"] > figure.data["since"].max()  # points are moved aside
        assert {table.name for table in section.tables} == {
            "factors-distance",
            "factors-distance-bands",
            "factors-distance-occasions",
        }
        assert withheld == ()


def test_what_cannot_be_followed_is_one_finding() -> None:
    """Nothing differs over the later occasions of a person."""
    scores = drifting(60, 4).scores
    later = scores.table["occasion_index"].cast(pl.Int64) > 0
    flat = scores.table.with_columns(pl.col("P", "E").mean().over("person", later))
    result = compute(inputs_of(replace(scores, table=flat)), settings())
    told = [item for item in result.findings if item.code == "distance-not-fitted"]
    assert len(told) == 1
    assert "mood, trait and noise" in told[0].text
    assert all(item.distance is None for item in result.factors)
