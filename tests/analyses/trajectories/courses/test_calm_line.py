"""The jump by a line that the reaction to the event has no part in, against a known truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import salutogen as sg
from salutogen.analyses.trajectories import Trajectories
from salutogen.analyses.trajectories.courses.calm_line import calm_jumps
from salutogen.page.audience import Audience
from tests.analyses.trajectories.cohort import inputs_of, result_in

PERSONS, OCCASIONS = 300, 10
SLOPE, REACTION, RAISED = 1.0, 4.0, 2.0
STUDY = """
salutogen: 1
title: A reaction that steepens the line
occasions: {{every: 1 month, count: {occasions}}}
sources:
  answers: {{file: a.csv, person: who, occasion: visit}}
instruments:
  mood: {{columns: MOOD, answers: 0..300, measures: problems}}
  load: {{columns: LOAD, answers: 0..300, measures: exposure, recall: 1 month}}
  blow: {{columns: BLOW, answers: 0..1, measures: exposure, did_not_occur: 0, recall: 1 month}}
problems: mood
exposure: {{types: [load], score: severity, combine: sum}}
norm: {{unit: person, shape: linear, reference: {reference}}}
analyses:
  - step: trajectories
    events: {{instruments: [blow]}}
    rule: first-any
    classes: off
    placebo: {{draws: 20}}
    validity: {{draws: 60}}
"""


def frame(seed: int, reaction: float, slope: float = SLOPE) -> pl.DataFrame:
    """A unit of load moves problems by `slope`; a blow raises load by 2 and problems by `reaction`.

    In tenths, around 150. The reaction is gone two occasions after the blow.
    """
    rng = np.random.default_rng(seed)
    blow = np.zeros((PERSONS, OCCASIONS))
    at = rng.integers(3, 7, PERSONS)
    rows = np.arange(PERSONS)
    blow[rows, at] = 1.0
    load = rng.normal(size=(PERSONS, OCCASIONS)) + RAISED * blow
    mood = slope * load + rng.normal(size=load.shape) + rng.normal(size=(PERSONS, 1))
    mood[rows, at] += reaction
    mood[rows, at + 1] += reaction / 2.0
    who, visit = np.indices(load.shape)
    return pl.DataFrame(
        {
            "who": who.ravel(),
            "visit": visit.ravel() + 1,
            "MOOD": np.rint(150.0 + 10.0 * mood.ravel()).astype(int),
            "LOAD": np.rint(150.0 + 10.0 * load.ravel()).astype(int),
            "BLOW": blow.ravel().astype(int),
        }
    )


def run(folder: Path, reaction: float, reference: str = "all", slope: float = SLOPE) -> sg.Results:
    path = folder / "study.yaml"
    text = STUDY.format(occasions=OCCASIONS, reference=reference)
    path.write_text(text, encoding="utf-8")
    return sg.run(path, data={"answers": frame(7, reaction, slope)})


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> sg.Results:
    return run(tmp_path_factory.mktemp("calm"), REACTION)


@pytest.mark.parametrize("name", ["SR", "SR_within"])
def test_the_true_reaction_is_found_where_the_line_takes_some_of_it(
    results: sg.Results, name: str
) -> None:
    response = result_in(results).response
    assert response.jump_calm is not None
    calm = response.jump_calm[name]
    assert calm.slope > SLOPE + 0.2  # the reaction steepens it
    assert calm.slope_calm == pytest.approx(SLOPE, abs=0.06)
    assert calm.low < 10.0 * REACTION < calm.high
    plain = response.jump_tests[name]
    assert plain.high is not None
    assert plain.high < 10.0 * REACTION


def test_slopes_and_jump_are_those_of_least_squares_over_the_calm_rows(results: sg.Results) -> None:
    result, views = result_in(results), inputs_of(results).views
    anchors = result.anchored.anchors
    assert result.response.jump_calm is not None
    calm = result.response.jump_calm["SR"]
    P, E = (views.wide(name).values for name in ("P", "E"))
    kept = np.ones_like(P, dtype=bool)
    for person, at in zip(anchors.person, anchors.occasion, strict=True):
        kept[person, at : at + 5] = False
    for slope, rows in ((calm.slope, np.ones_like(kept)), (calm.slope_calm, kept)):
        assert slope == pytest.approx(np.polyfit(E[rows], P[rows], 1)[0])
    place = anchors.occasion
    dP, dE = (
        values[anchors.person, place] - values[anchors.person, place - 1] for values in (P, E)
    )
    assert calm.mean == pytest.approx(float(np.mean(dP - calm.slope_calm * dE)))


def test_without_a_reaction_nothing_is_steeper(tmp_path: Path) -> None:
    response = result_in(run(tmp_path, 0.0)).response
    assert response.jump_calm is not None
    calm = response.jump_calm["SR"]
    assert calm.slope == pytest.approx(calm.slope_calm, abs=0.06)
    assert calm.low < 0.0 < calm.high


def test_the_page_says_that_the_line_takes_a_part(results: sg.Results) -> None:
    result = result_in(results)
    said = words(result)
    assert "so that a reaction to the event would raise its slope, and with it what is" in said
    assert "the line over single occasions falls" not in said
    assert "a line steeper that a reaction to the event may have steepened already" in said
    assert "by a slope without the occasions from an anchor to 4 after it" in str(result.answer())
    assert "as a reaction to events raises the slope of a line" in str(result.methods()).lower()


def test_of_a_falling_line_nothing_is_said_that_a_rising_one_does(tmp_path: Path) -> None:
    """A reaction makes a falling line flatter; the correction for error makes it fall faster."""
    result = result_in(run(tmp_path, 1.0, slope=-SLOPE))
    assert result.response.jump_calm is not None
    calm = result.response.jump_calm["SR"]
    assert -SLOPE - 0.06 < calm.slope_calm < calm.slope - 0.05
    assert calm.slope < 0.0
    said = f"{words(result)} {result.answer()} {result.methods()}"
    assert "steep" not in said
    assert "part of any reaction" not in said
    assert "a reaction to the event would raise its slope" in said
    assert "it expects fewer problems at more exposure" in said


def test_without_a_line_over_everyone_nothing_is_said_of_it(tmp_path: Path) -> None:
    results = run(tmp_path, REACTION, "{window: 1}")
    result = result_in(results)
    assert result.response.jump_calm is None
    found = calm_jumps(inputs_of(results), result.anchored.anchors, result.courses.lock)
    assert found == {}
    assert "fitted to these occasions as well" not in words(result)


def words(result: Trajectories) -> str:
    audience = Audience(individuals=True, n_persons=PERSONS, seed=1)
    sections = result.sections(audience)
    return " ".join(str(text) for section in sections for text in section.paragraphs)
