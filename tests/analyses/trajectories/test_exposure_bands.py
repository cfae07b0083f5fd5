"""Bands of jumps and factors around events over errors of exposure, against known truth."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import salutogen as sg
from salutogen.analyses.trajectories import Trajectories
from salutogen.analyses.trajectories.recovery.late_change import late_error_words
from tests.analyses.trajectories.cohort import result_in

PERSONS, OCCASIONS = 320, 9
STUDY = """
salutogen: 1
title: Exposure with error
occasions: {{every: 1 month, count: {occasions}}}
sources:
  answers: {{file: a.csv, person: who, occasion: visit}}
instruments:
  mood: {{columns: MOOD, answers: 0..300, measures: problems}}
  load: {{columns: LOAD, answers: 0..300, measures: exposure, recall: 1 month}}
  blow: {{columns: BLOW, answers: 0..1, measures: exposure, did_not_occur: 0, recall: 1 month}}
  calm: {{columns: CALM, answers: 0..300, measures: resource, measured: baseline}}
  steel: {{columns: STEEL, answers: 0..300, measures: resource, measured: baseline}}
problems: mood
exposure: {{types: [load], score: severity, combine: sum}}
factors: [calm, steel]
norm: {{unit: person, shape: linear, reference: {reference}}}
analyses:
  - step: trajectories
    events: {{instruments: [blow]}}
    rule: first-any
    classes: off
    placebo: {{draws: 20}}
    validity: {{draws: 300}}
"""


def frame(seed: int) -> pl.DataFrame:
    """Problems follow true load alone, but for `steel`; load has a reliability of .7.

    Blows raise true load by 2 and nothing else; `calm` goes with a low load.
    """
    rng = np.random.default_rng(seed)
    calm, steel = rng.normal(size=(2, PERSONS))
    true = -0.8 * calm[:, None] + rng.normal(size=(PERSONS, OCCASIONS))
    blow = np.zeros((PERSONS, OCCASIONS))
    blow[np.arange(PERSONS), rng.integers(2, 6, PERSONS)] = 1.0
    true = true + 2.0 * blow
    E = true + rng.normal(size=true.shape) * np.sqrt(true.var() * 3.0 / 7.0)
    P = true - 0.8 * steel[:, None] + 0.4 * rng.normal(size=true.shape)
    who, visit = np.indices(true.shape)
    return pl.DataFrame(
        {
            "who": who.ravel(),
            "visit": visit.ravel() + 1,
            "MOOD": tenths(P.ravel()),
            "LOAD": tenths(E.ravel()),
            "BLOW": blow.ravel().astype(int),
            "CALM": tenths(np.repeat(calm, OCCASIONS)),
            "STEEL": tenths(np.repeat(steel, OCCASIONS)),
        }
    )


def tenths(values: np.ndarray) -> np.ndarray:
    return np.rint(150.0 + 10.0 * values).astype(int)


def run(folder: Path, reference: str = "all") -> Trajectories:
    path = folder / "study.yaml"
    text = STUDY.format(occasions=OCCASIONS, reference=reference)
    path.write_text(text, encoding="utf-8")
    return result_in(sg.run(path, data={"answers": frame(4)}))


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Trajectories:
    return run(tmp_path_factory.mktemp("bands"))


def test_as_scored_bands_are_the_jump_and_the_correlations(result: Trajectories) -> None:
    band = result.response.jump_error_band
    assert band is not None
    assert band.value == pytest.approx(result.response.jump_tests["SR"].mean)
    for relation in result.validity.factors.values():
        assert relation.error_bands is not None
        for what in ("level", "change"):
            told = relation.r[f"SR {what}"]
            assert relation.error_bands[what].value == pytest.approx(told.value)
            assert relation.error_bands[what].n == told.n


def test_what_error_in_exposure_makes_does_not_hold_and_what_is_there_does(
    result: Trajectories,
) -> None:
    jump = result.response.jump_error_band
    assert jump is not None
    assert result.response.jump_tests["SR"].told
    assert not jump.holds_with_error
    assert jump.error_low is not None
    assert jump.error_high is not None
    assert jump.error_low < 0.0 < jump.error_high
    calm, steel = (result.validity.factors[name] for name in ("calm", "steel"))
    assert calm.p_adjusted["SR level"] is not None
    assert calm.p_adjusted["SR level"] < 0.05
    assert calm.error_bands is not None
    assert steel.error_bands is not None
    assert not calm.error_bands["level"].holds_with_error
    assert steel.error_bands["level"].holds_jointly


def test_bands_of_mean_change_and_of_the_late_change_are_those_of_the_estimates(
    result: Trajectories,
) -> None:
    placebo, late = result.placebo, result.response.late_change
    assert placebo is not None
    assert placebo.SR is not None
    for what, band in (
        ("jump", placebo.jump_error_band),
        ("mean_change", placebo.mean_change_error_band),
    ):
        assert band is not None
        assert band.value == pytest.approx(placebo.SR.response[what].excess)
    assert late is not None
    assert late.error_band is not None
    assert late.error_band.value == pytest.approx(late.mean)
    assert late.error_band.n == late.n


def test_a_fall_that_error_in_exposure_makes_is_told_under_that_condition(
    result: Trajectories,
) -> None:
    """The blow raises load, which comes down again; SR by true load neither rises nor falls."""
    late = result.response.late_change
    assert late is not None
    assert late.high < 0.0  # as scored it falls
    assert not late.holds_with_error
    told = late_error_words(late)
    assert "the change may lie on either side of 0" in told


def test_a_band_that_takes_exposure_as_free_of_error_holds_the_interval_as_scored(
    result: Trajectories,
) -> None:
    band, jump = result.response.jump_error_band, result.response.jump_tests["SR"]
    assert band is not None
    assert None not in (jump.low, jump.high, band.error_low, band.error_high)
    assert band.reliability_high == 1.0
    assert band.error_low <= jump.low
    assert band.error_high >= jump.high
    wide = band.reaching(-50.0, 50.0)
    assert (wide.error_low, wide.error_high) == (-50.0, 50.0)
    assert (wide.joint_low, wide.joint_high) == (-50.0, 50.0)
    assert not wide.holds_with_error
    assert band.reaching(None, None) == band
    stated = replace(band, reliability_high=0.9)
    assert stated.reaching(-50.0, 50.0) == stated


def test_sentences_say_over_what_a_relation_holds(result: Trajectories) -> None:
    from salutogen.page.audience import Audience

    audience = Audience(individuals=True, n_persons=PERSONS, seed=1)
    sections = result.sections(audience)
    words = " ".join(str(text) for section in sections for text in section.paragraphs)
    assert "calm (but not at every error in exposure that is taken here" in words
    assert "steel (with error in exposure and mood-congruent reports as well" in words
    assert (
        "With a reliability of single occasions' exposure of 0.50 to 1.0 (assumed, as the study "
        "file states none)" in words
    )
    assert "follow mood by up to 0.4 SDs at once" in str(result.methods())


def test_without_a_line_over_everyone_there_is_no_band(tmp_path: Path) -> None:
    found = run(tmp_path, "{window: 1}")
    assert found.response.jump_error_band is None
    assert all(item.error_bands is None for item in found.validity.factors.values())
    assert all(item.by_reliability is not None for item in found.validity.factors.values())
    assert "at once" not in str(found.methods())
