"""What the page opens with about events: by hand, under each scoring, and by what is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import salutogen as sg
from salutogen.analyses.trajectories import Trajectories
from salutogen.analyses.trajectories.placebo.comparison import Placebo, ScoredComparison
from salutogen.analyses.trajectories.placebo.opening_words import answer_words, event_words
from salutogen.page.words import Sentence, signed
from tests.analyses.trajectories.cohort import cohort_frame, result_in, write_study

OCCASIONS = 14


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Trajectories:
    path = write_study(
        tmp_path_factory.mktemp("opening"),
        "classes: off\n    placebo: {draws: 40}",
        occasions=OCCASIONS,
    )
    return result_in(sg.run(path, data={"answers": cohort_frame(occasions=OCCASIONS)}))


def opening(result: Trajectories, placebo: Placebo | None) -> str:
    words = answer_words(result.response, result.courses, result.anchored, placebo)
    assert isinstance(words, Sentence)
    return words.worded(str)


def with_jump(result: Trajectories, *excesses: float, p: float) -> Placebo:
    """The comparator with these excesses of the jump, by the line, within and otherwise."""
    placebo = result.placebo
    assert placebo is not None

    def changed(found: ScoredComparison | None, excess: float) -> ScoredComparison:
        assert found is not None
        jump = replace(
            found.response["jump"],
            excess=excess,
            excess_low=excess - 1.0,
            excess_high=excess + 1.0,
            p=p,
            p_adjusted=p,
        )
        return replace(found, response=found.response | {"jump": jump})

    ways = (placebo.SR, placebo.SR_within, placebo.SR_other)
    own, within, other = (
        changed(found, excess) for found, excess in zip(ways, excesses, strict=True)
    )
    return replace(placebo, SR=own, SR_within=within, SR_other=other)


def test_problems_and_both_ways_of_judging_sr_are_those_of_the_same_courses(
    result: Trajectories,
) -> None:
    lock, other = result.courses.lock, result.courses.other_background
    assert other is not None
    there = np.isfinite(lock.SR[:, :2]).all(axis=1)
    tests = result.response.jump_tests
    for name, values in (("P", lock.P), ("SR", lock.SR), ("SR_other", other.SR)):
        expected = float(np.mean(values[there, 1] - values[there, 0]))
        assert tests[name].mean == pytest.approx(expected)
        assert tests[name].n == int(there.sum())
        assert signed(expected) in opening(result, result.placebo)
    P, SR = tests["P"].mean, tests["SR_other"].mean
    assert P is not None
    assert SR is not None
    assert tests["P"].told  # events raise problems in this cohort
    assert tests["SR_other"].told  # and so they do without their share, which is 0.15 each


def test_the_size_is_told_over_the_ways_of_scoring(result: Trajectories) -> None:
    words = opening(result, with_jump(result, 7.5, 6.43, 17.33, p=0.001))
    assert "alike" not in words
    assert "All are beyond ordinary fluctuation; the size is +6.43 to +17.33" in words
    assert "by how much of the event's reaction is counted as expected" in words
    for each in ("+7.50 (+6.50 to +8.50) by the line of this study", "+17.33 (+16.33 to +18.33)"):
        assert each in words


def test_nothing_is_claimed_where_the_ways_of_scoring_disagree(result: Trajectories) -> None:
    words = opening(result, with_jump(result, 7.5, -6.43, 17.33, p=0.001))
    assert "so nothing is claimed: it hangs on how exposure is taken out" in words
    assert "beyond ordinary fluctuation" not in words
    none = opening(result, with_jump(result, 0.5, 0.4, 0.3, p=0.6))
    assert "none of which is distinguished from 0." in none
    alone = opening(result, with_jump(result, 1.5, 1.4, 1.3, p=0.06))
    assert "none of which is distinguished from 0 once the other figures" in alone


def test_a_jump_that_error_in_exposure_may_make_is_called_that(result: Trajectories) -> None:
    band = result.response.jump_error_band
    assert band is not None
    tests = result.response.jump_tests
    told = {**tests, "SR": replace(tests["SR"], p=0.001)}
    for holds, jointly, words in (
        (False, False, "it may be nil with the event in exposure: from -1.93".replace("-", "−")),
        (True, False, "may be nil if reports of exposure follow mood as well"),
        (True, True, "With the event in exposure it outlasts error in exposure: from"),
    ):
        moved = replace(band, error_low=-1.93, holds_with_error=holds, holds_jointly=jointly)
        response = replace(result.response, jump_tests=told, jump_error_band=moved)
        assert words in opening(replace(result, response=response), result.placebo)


@pytest.mark.parametrize(
    ("rule", "rated", "words"),
    [
        ("first-any", False, "a listed event came that was the person's first to count"),
        ("first-strict", True, "a listed event rated 4 or more came that had not counted for"),
        ("onset", False, "a listed event came that had not happened to the person before"),
    ],
)
def test_the_events_are_named(result: Trajectories, rule: str, words: str, *, rated: bool) -> None:
    anchored = result.anchored
    changed = replace(anchored, rule=rule, grid=replace(anchored.grid, rated=rated))
    assert words in event_words(changed)
    said = opening(replace(result, anchored=changed), result.placebo)
    assert ("persons may be anchored where they felt bad" in said) == rated


def test_no_word_of_the_labels_calls_persons_resilient(
    result: Trajectories, tmp_path: Path
) -> None:
    """The dots are those courses that the squares are of; a constant of the rule is no column."""
    path = write_study(tmp_path, "classes: off\n    placebo: {draws: 20}", occasions=OCCASIONS)
    run = sg.run(path, data={"answers": cohort_frame(occasions=OCCASIONS)})
    found, audience = result_in(run), run.context.audience
    (section,) = (
        item for item in found.sections(audience) if item.title.endswith("labels by rule")
    )
    frame, figure = section.tables[0].frame, section.figures[0]
    assert found.placebo is not None
    assert found.placebo.SR is not None
    assert "no_change" not in frame.columns
    shares = found.placebo.SR.labels
    assert frame["compared"].to_list() == pytest.approx(
        [shares[label].observed for label in frame["label"]]
    )
    drawn = figure.data.filter(figure.data["what"].str.contains("that have comparator"))
    assert drawn["share"].to_list() == pytest.approx(frame["compared"].to_list())
    assert isinstance(figure.description, Sentence)
    n = shares["pre-existing high"].n
    assert f"Dots are the {n} courses" in figure.description.worded(str)
    said = " ".join(
        text.worded(str) if isinstance(text, Sentence) else text for text in section.paragraphs
    )
    assert "are resilient" not in said
    assert "would not show: this is no share of persons who did not react" in said
    assert result.labels is not None
