"""What the page says of the comparator, where persons may be seen and where not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import salutogen as sg
from salutogen.analyses.trajectories.labels.rule import HIGH, LABELS, SHOWN
from salutogen.analyses.trajectories.placebo.opening_words import answer_words
from salutogen.page.section import Section
from salutogen.page.words import Sentence, percent, signed
from tests.analyses.trajectories.cohort import (
    cohort_frame,
    result_in,
    shown_sections,
    write_study,
)

OCCASIONS = 14
SETTINGS = "classes: off\n    placebo: {draws: 40}"


def run(folder: Path, individuals: str) -> sg.Results:
    path = write_study(folder, SETTINGS, individuals, occasions=OCCASIONS)
    return sg.run(path, data={"answers": cohort_frame(occasions=OCCASIONS)})


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> sg.Results:
    return run(tmp_path_factory.mktemp("shown"), "show")


def words_of(results: sg.Results, title: str) -> str:
    audience = results.context.audience
    section = next(item for item in shown_sections(results)[0] if item.title.endswith(title))
    return " ".join(
        text.worded(audience.in_a_sentence) if isinstance(text, Sentence) else text
        for text in section.paragraphs
    )


def test_every_sentence_on_labels_jump_and_return_has_its_comparator(shown: sg.Results) -> None:
    placebo = result_in(shown).placebo
    assert placebo is not None
    assert placebo.SR is not None
    assert placebo.SR_within is not None
    labels = words_of(shown, "labels by rule")
    assert (
        "Shares around the event and, in brackets, around comparator occasions, both of the"
        in labels
    )
    assert "All of these count, those of an anchor together as one." in labels
    assert "without a listed event rated 4 or more" in labels
    assert "before the person's first anchor" in labels
    assert "At pre the mean SR is" in labels
    assert "without it" in labels.split("are not seen above their own level before")[1]
    assert "With a band half as wide it is" in labels
    courses = words_of(shown, "courses around the event")
    assert "complete courses that have comparator occasions (without a listed event" in courses
    assert "after such values at pre and peri comparator occasions let expect" in courses
    assert "Scored without the event in exposure it changes by" in courses
    assert "by the line over single occasions" in courses
    assert "slope of exposure within persons" in courses
    returns = words_of(shown, "individual response and return")
    assert "comparator" in returns
    assert "The same rule around comparator occasions goes with" in words_of(
        shown, "relates to the courses"
    )


def test_the_table_and_results_hold_the_comparison(shown: sg.Results) -> None:
    result = result_in(shown)
    assert result.placebo is not None
    assert result.placebo.SR is not None
    (section,) = (
        item for item in shown_sections(shown)[0] if item.title.endswith("labels by rule")
    )
    frame = section.tables[0].frame
    told = result.to_dict()["placebo"]["SR"]["labels"]
    assert frame["label"].to_list() == list(SHOWN.values())
    for label, row in zip(LABELS, frame.iter_rows(named=True), strict=True):
        assert row["placebo"] == told[label]["placebo"]
        fixed = label == "pre-existing high"
        assert row["excess"] == (None if fixed else told[label]["excess"])
    afterwards = section.tables[1].frame
    assert set(result.to_dict()["labels"]["after_post2"]) == set(LABELS)
    assert afterwards["n"].to_list() == list(result.to_dict()["labels"]["counts"].values())
    assert {"observed", "placebo", "excess_low", "p_adjusted"} <= set(told["recovery"])
    by_chance = result.to_dict()["validity"]["groups"][0]["placebo"]
    assert by_chance["low"] <= by_chance["placebo"] <= by_chance["high"]
    schema = json.dumps(type(result).schema())
    assert "Around placebo occasions, mean over draws" in schema


def test_a_page_that_hides_persons_tells_no_share_of_few(tmp_path: Path) -> None:
    results = run(tmp_path, "hide")
    sections, withheld = shown_sections(results)
    assert withheld == []
    (section,) = (item for item in sections if item.title.endswith("labels by rule"))
    hidden = section.tables[0].frame.filter(pl.col("n").is_null())
    assert hidden.height > 0
    assert hidden["share"].null_count() == hidden.height
    assert hidden["excess"].null_count() == hidden.height
    drawn = section.figures[0].data.filter(pl.col("what") == "around the event")
    assert set(drawn["label"]).isdisjoint(hidden["label"])
    assert "Person " not in "".join(map(str, texts_of(sections)))


def test_a_band_beyond_the_scale_refuses_labels_and_returns(tmp_path: Path) -> None:
    path = write_study(
        tmp_path, "classes: off\n    labels: {band: 40}", "show", occasions=OCCASIONS
    )
    result = result_in(sg.run(path, data={"answers": cohort_frame(occasions=OCCASIONS)}))
    (told,) = (item for item in result.findings if item.code == "band-wider-than-scale")
    assert "cannot be seen above their band" in told.text
    assert result.labels is None
    assert result.return_times is None
    assert result.placebo is not None
    assert result.placebo.SR is not None
    assert result.placebo.SR.labels == {}
    assert result.placebo.back_after == {}
    assert "jump" in result.placebo.SR.response
    assert result.to_dict()["labels"] is None


def texts_of(sections: list[Section]) -> list[str]:
    return [str(text) for section in sections for text in section.paragraphs]


def test_the_opening_says_how_sr_changes_when_an_event_comes(shown: sg.Results) -> None:
    result = result_in(shown)
    audience = shown.context.audience
    answer = result.answer()
    assert isinstance(answer, Sentence)
    words = answer.worded(audience.in_a_sentence)
    jump = result.response.jump_tests["SR"]
    assert signed(jump.mean) in words
    assert result.placebo is not None
    beyond = result.placebo.beyond("response", "jump")
    assert (
        "beyond fluctuation without such an event" in words
    ) == result.placebo.beyond_fluctuation("response", "jump")
    assert ("distinguished from 0" in words) != beyond
    alone = answer_words(result.response, result.courses, result.anchored, None)
    assert isinstance(alone, Sentence)
    assert "there is no comparator" in alone.worded(audience.in_a_sentence)


def test_what_stands_beside_the_comparator_is_of_the_same_courses(shown: sg.Results) -> None:
    """Jump, shares of labels and explained variance, by plain counting over these courses."""
    result = result_in(shown)
    placebo, labels = result.placebo, result.labels
    assert placebo is not None
    assert placebo.SR is not None
    assert labels is not None
    SR, chosen = result.courses.lock.SR, placebo.chosen.anchor
    compared = chosen[np.isfinite(SR[chosen]).all(axis=1)]
    assert 0 < compared.size < np.isfinite(SR[:, :2]).all(axis=1).sum()
    jump = signed(float(np.mean(SR[compared, 1] - SR[compared, 0])))
    answer = result.answer()
    assert isinstance(answer, Sentence)
    for words in (answer.worded(str), words_of(shown, "courses around the event")):
        assert f"{compared.size} " in words
        assert f"by {jump} around the event" in words
    name = dict(zip(labels.rows.tolist(), labels.codes.tolist(), strict=True))
    codes = np.asarray([name[row] for row in compared.tolist()])
    of = placebo.chosen.of[placebo.codes != HIGH]  # occasions before which nobody was high
    beside = np.isin(compared, placebo.chosen.anchor[of])
    calm = codes[(codes != HIGH) & beside]
    words = words_of(shown, "labels by rule")
    assert f"both of the {calm.size} not high before the event that have such" in words
    for code, label in enumerate(LABELS[:HIGH]):
        drawn = percent(placebo.SR.labels[label].placebo)
        assert f"“{SHOWN[label]}” {percent(float((calm == code).mean()))} ({drawn})" in words
    (group,) = result.validity.groups
    assert group.by_chance is not None
    words = words_of(shown, "relates to the courses")
    assert f"In the {group.by_chance.n} courses that have comparator occasions" in words
    told = group.by_chance
    apart = f"{signed(100 * told.excess, 1)} percentage points"
    assert apart in words
    assert told.excess == pytest.approx(told.observed - told.placebo)


def test_where_labels_are_refused_nothing_speaks_of_them(tmp_path: Path) -> None:
    path = write_study(
        tmp_path,
        "classes: off\n    placebo: {draws: 20}\n    labels: {band: 40}",
        occasions=OCCASIONS,
    )
    results = sg.run(path, data={"answers": cohort_frame(occasions=OCCASIONS)})
    assert result_in(results).labels is None
    audience = results.context.audience
    sections = shown_sections(results)[0]
    said = [
        text.worded(audience.in_a_sentence) if isinstance(text, Sentence) else text
        for section in sections
        for text in section.paragraphs
    ]
    said += [section.title for section in sections]
    said += [
        part
        for item in result_in(results).findings
        if item.code != "band-wider-than-scale"
        for part in (item.text, item.mend)
    ]
    assert [text for text in said if "label" in text.lower()] == []
    assert [text for text in said if "back within" in text] == []


def test_a_table_speaks_of_depth_only_where_depth_is_in_it(shown: sg.Results) -> None:
    result, audience = result_in(shown), shown.context.audience
    for found in (result, replace(result, placebo=None)):
        tables = [table for section in found.sections(audience) for table in section.tables]
        (table,) = (item for item in tables if item.title == "Depth, and where courses end")
        assert not table.frame["measure"].str.starts_with("Time").any()
        has_row = table.frame["measure"].str.starts_with("Depth").any()
        assert has_row == (found.placebo is not None)
        assert ("depth" in table.note) == has_row
