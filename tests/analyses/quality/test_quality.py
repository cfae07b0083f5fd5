"""What is shown of reliability and of the quality of exposure, and to whom."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.quality.analysis import LEVEL_OF_SR, compute
from salutogen.analyses.quality.intervals import intervals_over_persons, no_intervals
from salutogen.analyses.quality.section import reliability_section
from salutogen.analyses.quality.settings import QualitySettings
from salutogen.page.audience import Audience
from salutogen.page.section import Section, Table
from salutogen.scores import ScaleReliability, reliability_between_within
from tests.analyses.inputs import inputs_of, shown
from tests.analyses.quality.test_intervals import cohort as with_slopes
from tests.norm.cohorts import simulated

EVERYBODY = Audience(individuals=True, n_persons=120, seed=1)
SCALE: dict[str, Any] = {
    "scale": "P",
    "n": 140,
    "n_items": 12,
    "omega": 0.87,
    "alpha": 0.86,
    "floor_share": 3 / 140,
    "ceiling_share": 0.2,
}


@pytest.fixture(scope="module")
def inputs(cohort: AnalysisInputs) -> AnalysisInputs:
    exposure = pl.DataFrame(
        {
            "type": ["general"] * 3,
            "occasion": ["T0", "T1", "T2"],
            "n": [130, 120, 4],
            "r": [0.4, 0.3, 0.9],
            "r_squared": [0.16, 0.09, 0.81],
            "zero_share": [2 / 130, 0.25, 0.5],
            "mean": [1.0, 2.0, 3.0],
            "sd": [1.0, 1.0, 1.0],
            "coverage": [None, 1.0, 1.0],
        }
    )
    items = pl.DataFrame(
        {
            "type": ["general"] * 2,
            "item": ["often", "rare"],
            "n": [500, 500],
            "persons": [70, 4],
            "endorsed_share": [0.4, 4 / 500],
            "r_with_P": [0.2, 0.5],
        }
    )
    scores = replace(
        cohort.scores,
        exposure_quality=exposure,
        item_quality=items,
        reliability=(ScaleReliability(**SCALE),),
    )
    return replace(cohort, scores=scores)


def tables(sections: tuple[Section, ...]) -> dict[str, pl.DataFrame]:
    return {table.name: table.frame for section in sections for table in section.tables}


def test_everything_is_shown_where_persons_are(inputs: AnalysisInputs) -> None:
    result = compute(inputs, QualitySettings())
    sections, withheld = shown(result, inputs, individuals=True)
    assert withheld == ()
    assert [section.title for section in sections] == [
        "Reliability and leftover exposure",
        "Distribution of problems, and its floor",
        "Who left, beside who stayed",
        "Quality of exposure",
    ]
    found = tables(sections)
    assert found["exposure-quality"].equals(inputs.scores.exposure_quality)
    assert found["item-quality"].equals(inputs.scores.item_quality)
    assert found["scales"].row(0, named=True) == SCALE | {"level": "first form", "note": ""}
    first = found["reliability"]["figure"].to_list()[0]
    assert first.startswith("Reliability of an occasion's SR, of its answers")
    assert found["descriptives"]["score"].to_list() == ["P", "E", "SR"]


def test_shares_of_few_are_blank_where_persons_are_hidden(inputs: AnalysisInputs) -> None:
    result = compute(inputs, QualitySettings())
    sections, withheld = shown(result, inputs, individuals=False)
    assert withheld == ()
    found = tables(sections)
    assert found["exposure-quality"]["occasion"].to_list() == ["T0", "T1"]
    assert found["exposure-quality"]["zero_share"].to_list() == [None, 0.25]
    assert found["item-quality"]["endorsed_share"].to_list() == [0.4, None]
    assert found["item-quality"]["r_with_P"].to_list() == [0.2, None]
    scale = found["scales"].row(0, named=True)
    assert (scale["floor_share"], scale["ceiling_share"]) == (None, 0.214)  # 15 of 70 for 14
    assert scale["omega"] == 0.87
    (figure,) = sections[-1].figures
    assert figure.data["r"].to_list() == [0.4, 0.3]


def test_what_few_met_is_told_by_no_statistic(inputs: AnalysisInputs) -> None:
    plain = inputs.scores.exposure_quality
    met = {"n": [120, 120, 120, 120], "zero_share": [1 - n / 120 for n in (90, 1, 8, 0)]}
    life = pl.DataFrame(
        {"type": ["life"] * 4, "occasion": ["T0", "T1", "T2", "T3"], **met, "r": [0.2] * 4,
         "r_squared": [0.04] * 4, "mean": [0.5, 1 / 30, 0.2, 0.0], "sd": [1.0, 0.365, 1.0, 0.0],
         "coverage": [1.0] * 4}
    ).select(plain.columns)  # fmt: skip
    result = compute(
        replace(inputs, scores=replace(inputs.scores, exposure_quality=life)), QualitySettings()
    )
    sections, _ = shown(result, inputs, individuals=False)
    found = tables(sections)["exposure-quality"]
    told = [True, False, False, True]  # of one occasion alone the mean of all would tell
    for name in ("mean", "sd", "r", "r_squared", "zero_share"):
        assert found[name].is_not_null().to_list() == told, name
    assert sections[-1].figures[0].data["occasion"].to_list() == ["T0", "T3"]
    whole, _ = shown(result, inputs, individuals=True)
    assert tables(whole)["exposure-quality"].equals(life)


def test_items_of_few_persons_with_many_forms_are_blank(inputs: AnalysisInputs) -> None:
    items = inputs.scores.item_quality.with_columns(endorsed_share=pl.Series([0.4, 0.2]))
    scores = replace(inputs.scores, item_quality=items)
    result = compute(replace(inputs, scores=scores), QualitySettings())
    found = tables(shown(result, inputs, individuals=False)[0])["item-quality"]
    assert found["endorsed_share"].to_list() == [0.4, None]
    assert found["r_with_P"].to_list() == [0.2, None]


def test_without_a_look_at_exposure_there_is_one_section(cohort: AnalysisInputs) -> None:
    result = compute(cohort, QualitySettings())
    titles = [section.title for section in shown(result, cohort, individuals=False)[0]]
    assert "Quality of exposure" not in titles
    assert list(result.to_dict()) == [
        "scales",
        "exposure",
        "items",
        "between_within",
        "intervals",
        "leavers",
        "covered",
        "problems",
    ]


@pytest.mark.parametrize(("step", "said"), [(1, "inflated by overlap"), (3, "no reliability")])
def test_overlap_is_said_only_of_windows_that_overlap(step: int, said: str) -> None:
    windows = {"width": 3, "step": step, "valid": 2}
    inputs = inputs_of(simulated(60, 6, resilience={"windows": windows}))
    figures = [words for words, _ in compute(inputs, QualitySettings()).figures]
    told = [words for words in figures if "window SR" in words]
    assert len(told) == 2
    assert all(said in words for words in told)
    overlap = "overlap" in inputs.resilience.summary.icc_windows.note
    assert overlap == (step == 1) == any("overlap" in words for words in figures)


def test_a_reliability_of_levels_stands_beside_its_interval(inputs: AnalysisInputs) -> None:
    claims = inputs.resilience.claims
    figures = list(compute(inputs, QualitySettings()).figures)
    place = figures.index((LEVEL_OF_SR, claims.reliability))
    assert [value for _, value in figures[place + 1 : place + 3]] == [
        0.0 if claims.between_variance_low == 0 else claims.reliability_low,
        claims.reliability_high,
    ]
    assert not any("at most" in words for words, _ in figures)


def between_within_table(inputs: AnalysisInputs, items: Any, person: Any) -> Table:
    found = reliability_between_within(items, person)
    assert found is not None
    inputs = replace(inputs, scores=replace(inputs.scores, between_within=(found,)))
    shows, _ = shown(compute(inputs, QualitySettings()), inputs, individuals=True)
    every = {table.name: table for section in shows for table in section.tables}
    return every["reliability-between-within"]


def test_levels_that_are_not_told_to_differ_have_no_reliability(cohort: AnalysisInputs) -> None:
    """Items share a common state but no level: what is estimated between persons is noise."""
    person = np.repeat(np.arange(100), 4)
    empty = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        state = rng.normal(size=400)
        items = [state + rng.normal(size=400) for _ in range(3)]
        table = between_within_table(cohort, items, person)
        (row,) = table.frame.to_dicts()
        untold = row["icc_low"] == 0
        empty += untold and row["omega_between"] is row["alpha_between"] is None
        assert ("that persons' levels differ is not told" in table.note) is untold
    assert empty >= 18


def test_reasons_of_an_empty_cell_and_reliabilities_of_a_mean_are_told_apart(
    cohort: AnalysisInputs,
) -> None:
    rng = np.random.default_rng(2)
    person = np.repeat(np.arange(100), 4)
    total = rng.normal(size=100)[person] + rng.normal(size=400)
    note = between_within_table(cohort, [total], person).note
    assert "One that is empty is not given: a single total stands in place of items." in note
    for name in ("Reliability of a person's mean P as level", LEVEL_OF_SR):
        assert f"“{name}”" in note
    items = [total + rng.normal(0, 0.5, 100)[person] + rng.normal(size=400) for _ in range(3)]
    assert "empty" not in between_within_table(cohort, items, person).note


def test_reliability_between_and_within_is_shown(cohort: AnalysisInputs) -> None:
    rng = np.random.default_rng(1)
    person = np.repeat(np.arange(100), 4)
    items = [rng.normal(size=100)[person] + rng.normal(size=400) for _ in range(3)]
    found = reliability_between_within(items, person)
    assert found is not None
    inputs = replace(cohort, scores=replace(cohort.scores, between_within=(found,)))
    shows, _ = shown(compute(inputs, QualitySettings()), inputs, individuals=False)
    (row,) = tables(shows)["reliability-between-within"].to_dicts()
    assert row == {  # told with as many digits as the persons bear
        name: pytest.approx(value, rel=5e-3) if isinstance(value, float) else value
        for name, value in found.to_dict().items()
    }


@pytest.mark.parametrize(("within", "fewest", "most"), [(0.5, 0, 4), (1.2, 27, 30)])
def test_one_line_is_said_not_to_serve_both_where_it_does_not(
    inputs: AnalysisInputs, within: float, fewest: int, most: int
) -> None:
    """Slopes between and within persons that are the same, and that are not."""
    result = compute(inputs, QualitySettings())
    told = 0
    for seed in range(30):
        arrays = with_slopes(120, 6, seed=seed, between=0.5, within=within)
        table = intervals_over_persons(arrays, {}, draws=200, seed=1, refit=True)
        (words,) = reliability_section(replace(result, intervals=table), EVERYBODY).paragraphs
        told += "one line does not serve both. Events that" in str(words)
        said = [one in str(words) for one in ("Both leave out", "Only that", "Neither is told")]
        assert sum(said) == 1
    assert fewest <= told <= most
    (words,) = reliability_section(replace(result, intervals=no_intervals()), EVERYBODY).paragraphs
    assert str(words).endswith("shows whether one line serves both.")
