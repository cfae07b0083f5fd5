"""Associations that do not go along a straight line over time: the model by hand, what is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.factors.analysis import FactorsResult, compute
from salutogen.analyses.factors.bends import Bend
from salutogen.analyses.factors.bends_section import BROKEN, STRAIGHT, bend_words
from salutogen.analyses.factors.distance_section import course_words, followed
from salutogen.analyses.factors.records import FactorFound
from tests.analyses.factors.drifting import drifting
from tests.analyses.factors.test_factors import by_name, codes, settings
from tests.analyses.inputs import shown


@pytest.fixture(scope="module")
def inputs() -> AnalysisInputs:
    """Mood is soon another one: its association is gone after few occasions."""
    return drifting(600, 8, kept=0.5, mood=-5.0)


@pytest.fixture(scope="module")
def result(inputs: AnalysisInputs) -> FactorsResult:
    return compute(inputs, settings(draws=200))


def bend(found: FactorFound) -> Bend:
    assert found.distance is not None
    assert found.distance.bend is not None
    return found.distance.bend


def test_a_quick_fall_that_levels_off_is_told_and_what_lasts_is_not(result: FactorsResult) -> None:
    found = by_name(result)
    mood = bend(found["mood"])
    assert mood.told
    assert mood.straight < 0 < mood.two_step.b  # nearer to 0 than the line
    assert not bend(found["trait"]).told
    assert not bend(found["noise"]).told
    told = next(item for item in result.findings if item.code == "association-bends")
    assert told.text.startswith("mood: ")
    # Along the straight line it changes, too; where that hides a bend, this is not told.
    course = found["mood"].distance
    assert course is not None
    assert course.changes != "not told"
    assert not course.weakens
    assert "association-weakens" not in codes(result.findings)
    assert "weakens" not in str(result.answer())
    assert not any("mood" in str(said) for said in course_words(followed(result.factors)))


def test_bands_are_of_occasions_in_order_the_first_of_them_not_the_longest(
    result: FactorsResult,
) -> None:
    bands = bend(by_name(result)["mood"]).bands
    assert [(band.first, band.last) for band in bands] == [("T1", "T2"), ("T3", "T4"), ("T5", "T7")]
    assert [band.since for band in bands] == [(7.0, 14.0), (21.0, 28.0), (35.0, 49.0)]
    first, _, last = (band.two_step.standardised for band in bands)
    assert first is not None
    assert last is not None
    assert first < -0.2 < -0.1 < last


def test_the_bend_and_the_bands_are_those_of_random_intercept_models() -> None:
    inputs = drifting(150, 6)
    found = bend(by_name(compute(inputs, settings(draws=200)))["mood"])
    F = inputs.views.wide("mood").values[:, 0]
    SR, P, E = (inputs.views.wide(name).values[:, 1:].ravel() for name in ("SR", "P", "E"))
    person, place = np.repeat(np.arange(150), 5), np.tile(np.arange(5), 150)
    each = (place[:, None] == [1, 2, 3, 4]).astype(float)
    F, t = (F - F.mean())[person], place / 4
    root = np.sqrt(1 + place) - 1 - t * (np.sqrt(5) - 1)  # 0 at both ends
    bent = np.column_stack([F, F * t, F * root / (np.sqrt(3) - 1 - (np.sqrt(5) - 1) / 2)])
    band = np.column_stack([F * (place == 0), F * np.isin(place, [1, 2]), F * (place > 2)])
    start = np.column_stack([np.ones(750), each])
    for outcome, beside, off, which in (
        (SR, start, found.two_step, "two_step"),
        (P, np.column_stack([start, E]), found.one_step, "one_step"),
    ):
        model = sm.MixedLM(outcome, np.column_stack([beside, bent]), groups=person).fit(reml=True)
        assert off.b == pytest.approx(model.fe_params[-1], rel=2e-3)
        assert off.se is not None
        assert off.se == pytest.approx(model.bse_fe[-1], rel=0.2)
        if which == "two_step":
            middle = model.fe_params[-3] + model.fe_params[-2] / 2
            assert found.straight == pytest.approx(middle, rel=1e-3)
        each_band = sm.MixedLM(outcome, np.column_stack([beside, band]), groups=person).fit()
        told = [getattr(one, which).b for one in found.bands]
        np.testing.assert_allclose(told, each_band.fe_params[-3:], rtol=2e-3)


def test_few_occasions_tell_no_bend() -> None:
    found = compute(drifting(60, 5), settings(draws=200))  # four later ones
    assert all(item.distance is not None and item.distance.bend is None for item in found.factors)
    assert "association-bends" not in codes(found.findings)


@pytest.mark.lengthy
def test_straight_courses_are_rarely_called_bent() -> None:
    false = 0
    for seed in range(20):
        found = by_name(compute(drifting(60, 6, seed=seed), settings(draws=200)))
        false += sum(bend(found[name]).two_step.clear for name in ("trait", "noise"))
    assert false <= 6


def test_what_is_said_is_what_was_fitted(result: FactorsResult) -> None:
    told = followed(result.factors)
    words = bend_words(told)
    assert len(words) == 1
    assert words[0].startswith("mood: a straight line hides a bend. The association goes from −")
    assert "(1 to 2 weeks) over " in words[0]
    assert "Halfway in time it is nearer to 0 than on a straight line" in words[0]
    assert "mood" not in str(course_words(told)[-1])  # not told apart from constant
    item, one = next(pair for pair in told if pair[0].name == "mood")
    assert one.bend is not None
    deeper = replace(one.bend, two_step=replace(one.bend.two_step, b=-0.2), straight=-0.5)
    assert "further from 0 than on" in bend_words([(item, replace(one, bend=_told(deeper)))])[0]
    other = replace(one.bend, two_step=replace(one.bend.two_step, b=0.9), straight=-0.5)
    assert "of the other sign than a" in bend_words([(item, replace(one, bend=_told(other)))])[0]
    once = replace(one.bend, one_step=replace(one.bend.one_step, interval=(-1.0, 1.0)))
    assert bend_words([(item, replace(one, bend=once))]) == []


def _told(bent: Bend) -> Bend:
    """The same in one step."""
    return replace(bent, one_step=bent.two_step)


def test_the_page_shows_bands_to_every_audience(
    inputs: AnalysisInputs, result: FactorsResult
) -> None:
    for individuals in (True, False):
        sections, withheld = shown(result, inputs, individuals=individuals)
        section = next(item for item in sections if item.title == "How long the association lasts")
        table = next(item for item in section.tables if item.name == "factors-distance-bands")
        assert table.frame.height == 3 * 3
        assert table.frame["since"].to_list()[:3] == [
            "1 to 2 weeks", "3 to 4 weeks", "5 to 7 weeks",
        ]  # fmt: skip
        (figure,) = (item for item in section.figures if item.name == "factors-distance-mood")
        dashes = [layer["encoding"].get("strokeDash", {}) for layer in figure.chart["layer"]]
        kinds = [dash["datum"] for dash in dashes if dash]
        assert kinds == [STRAIGHT, STRAIGHT, BROKEN, BROKEN]
        assert all(dash["legend"] and dash["title"] is None for dash in dashes if dash)
        areas = [
            layer["mark"] for layer in figure.chart["layer"] if layer["mark"]["type"] == "area"
        ]
        assert len({area["stroke"] for area in areas}) == 2, "bands that overlap have edges"
        assert withheld == ()
