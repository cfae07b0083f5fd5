"""What the page opens with about events: by hand, under each scoring, and by what is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import salutogen as sg
from salutogen.analyses.trajectories import Trajectories
from salutogen.analyses.trajectories.labels.rule import LABELS
from salutogen.analyses.trajectories.placebo.comparison import Placebo
from salutogen.analyses.trajectories.placebo.opening_words import (
    answer_words,
    event_words,
    short_words,
)
from salutogen.analyses.trajectories.placebo.scored import ScoredComparison
from salutogen.analyses.trajectories.recovery.late_change import LateChange
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
    assert (
        "All are beyond what comparator occasions show if exposure is free of error; these" in words
    )
    assert "estimates go from +6.43 to +17.33" in words
    assert "by what is expected at the exposure of the event" in words
    for each in (
        "+7.50 (+6.50 to +8.50) by the line over single occasions",
        "+17.33 (+16.33 to +18.33)",
    ):
        assert each in words


def test_nothing_is_claimed_where_the_ways_of_scoring_disagree(result: Trajectories) -> None:
    words = opening(result, with_jump(result, 7.5, -6.43, 17.33, p=0.001))
    assert ": on different sides of 0. So nothing is claimed: it hangs on how exposure" in words
    assert "All are beyond" not in words
    counted = with_jump(result, 7.5, 6.43, 1.33, p=0.001)
    assert counted.SR_other is not None
    jump = replace(counted.SR_other.response["jump"], p_adjusted=0.06)
    changed = replace(counted.SR_other, response=counted.SR_other.response | {"jump": jump})
    assert (
        "not told without the event in exposure once the other figures of the response are counted."
        " So nothing is claimed" in opening(result, replace(counted, SR_other=changed))
    )
    none = opening(result, with_jump(result, 0.5, 0.4, 0.3, p=0.6))
    assert "none of which is distinguished from 0." in none
    alone = opening(result, with_jump(result, 1.5, 1.4, 1.3, p=0.06))
    assert "none of which is distinguished from 0 once the other figures" in alone


def test_the_band_of_error_is_of_the_difference_that_is_told(result: Trajectories) -> None:
    """Free of error the band's estimate is the difference from the comparator, not the raw jump."""
    placebo = result.placebo
    assert placebo is not None
    assert placebo.SR is not None
    band, jump = placebo.jump_error_band, placebo.SR.response["jump"]
    assert band is not None
    assert band.value == pytest.approx(jump.excess)
    assert band.n == jump.n
    assert abs(jump.excess - (result.response.jump_tests["SR"].mean or 0.0)) > 0.01
    assert band.error_low is not None
    assert band.low is not None
    assert band.error_low <= band.low  # the ends hold the sampling error as well


def test_a_difference_that_error_in_exposure_may_make_is_called_that(result: Trajectories) -> None:
    placebo = with_jump(result, 7.5, 6.43, 17.33, p=0.001)
    band = placebo.jump_error_band
    assert band is not None
    for holds, jointly, words in (
        (
            False,
            False,
            "by the line over single occasions may lie on either side of 0: it lies from −1.93 to",
        ),
        (True, False, "but it may be nil if reports of exposure follow mood as well"),
        (True, True, "by the line over single occasions stays above 0: it lies from"),
    ):
        moved = replace(
            band, value=7.5, error_low=-1.93, holds_with_error=holds, holds_jointly=jointly
        )
        said = opening(result, replace(placebo, jump_error_band=moved))
        assert words in said
        assert "0.50 to 1.0 (assumed, as the study file states none; ends hold the" in said
        claim, doubt = "All are beyond what comparator occasions show if", "With error in exposure"
        assert said.index(claim) < said.index(doubt)
    nothing = opening(result, with_jump(result, 0.5, 0.4, 0.3, p=0.6))
    assert "With error in exposure" not in nothing


def test_the_line_without_the_reaction_is_told_where_a_reaction_is(result: Trajectories) -> None:
    calm, tests = result.response.jump_calm, result.response.jump_tests
    assert calm is not None
    for slope, p, told in ((0.5, 0.001, True), (2.0, 0.001, False), (0.5, 0.4, False)):
        moved = replace(calm["SR"], slope=1.0, slope_calm=slope, mean=8.3, low=6.41, high=10.14)
        response = replace(
            result.response,
            jump_tests={**tests, "SR": replace(tests["SR"], p=p)},
            jump_calm={"SR": moved},
        )
        words = opening(replace(result, response=response), result.placebo)
        assert ("SR changed by +8.30 (+6.41 to +10.14)" in words) == told


def with_problems(placebo: Placebo, excess: float, p: float) -> Placebo:
    """The comparator with this difference of problems."""
    assert placebo.P_jump is not None
    moved = replace(placebo.P_jump, excess=excess, p=p)
    return replace(placebo, P_jump=moved, P_jump_before=moved, rated=False)


@pytest.mark.parametrize(
    ("excesses", "p", "problems", "holds", "words", "absent"),
    [
        ((7.5, 6.4, 17.3), 0.001, (19.3, 0.001), False, "hangs on how free of error", "SR rises"),
        ((7.5, 6.4, 17.3), 0.001, (19.3, 0.001), True, "and by more than the exposure", "hangs"),
        ((7.5, 6.4, 17.3), 0.001, (0.4, 0.6), True, "SR rises beyond what", "problems"),
        ((7.5, 6.4, 17.3), 0.001, (0.4, 0.6), False, "but not at every error", "problems"),
        ((0.5, 0.4, 0.3), 0.6, (2.96, 0.01), True, "but whether by more than exposure", "SR rises"),
        (
            (0.5, 0.4, 0.3),
            0.6,
            (2.96, 0.01),
            True,
            "problems rise beyond what the same persons show at occasions without",
            "by how much",
        ),
        ((0.5, 0.4, 0.3), 0.6, (2.96, 0.6), True, "no response to an event is told", "rise"),
    ],
)
def test_in_short_problems_are_told_by_their_comparator(
    result: Trajectories,
    excesses: tuple[float, ...],
    p: float,
    problems: tuple[float, float],
    words: str,
    absent: str,
    *,
    holds: bool,
) -> None:
    placebo = with_problems(with_jump(result, *excesses, p=p), *problems)
    assert placebo.jump_error_band is not None
    band = replace(placebo.jump_error_band, holds_with_error=holds)
    said = short_words(result.response, replace(placebo, jump_error_band=band), result.anchored)
    assert words in said
    assert absent not in said
    felt = short_words(
        result.response, replace(placebo, jump_error_band=band, rated=True), result.anchored
    )
    assert ("event is first rated 4 or more" in felt) == (felt != "no response to an event is told")


@pytest.mark.parametrize(("p", "alone"), [(0.0124, False), (0.0126, True), (0.04, True)])
def test_a_test_that_would_not_hold_among_the_others_is_named_as_one(
    result: Trajectories, p: float, *, alone: bool
) -> None:
    """Three figures of SR and problems: .05 / 4."""
    placebo = with_problems(with_jump(result, 0.5, 0.4, 0.3, p=0.6), 2.96, p)
    words = short_words(result.response, placebo, result.anchored)
    assert ("(one test, its p not adjusted)" in words) == alone
    felt = short_words(result.response, replace(placebo, rated=True), result.anchored)
    lone = "(one test, its p not adjusted; whether for the event" if alone else "(whether for the"
    assert lone in felt
    assert "This is a test by itself, whose p is not adjusted." in opening(result, placebo)


def test_in_short_nothing_is_told_without_a_comparator(result: Trajectories) -> None:
    assert "there is no comparator" in short_words(result.response, None, result.anchored)
    assert result.placebo is not None
    few = replace(result.placebo, SR=None, SR_within=None, SR_other=None)
    assert "there are too few comparators" in short_words(result.response, few, result.anchored)
    assert "there are too few comparators" in opening(result, few)
    assert "there is no comparator" in opening(result, replace(few, n=0))
    assert result.in_short() == short_words(result.response, result.placebo, result.anchored)


def test_problems_have_the_comparator_of_the_same_courses(result: Trajectories) -> None:
    placebo, lock = result.placebo, result.courses.lock
    assert placebo is not None
    assert placebo.SR is not None
    found, chosen = placebo.P_jump, placebo.chosen
    assert found is not None
    complete = lock.complete[chosen.anchor]
    own = (lock.P[:, 1] - lock.P[:, 0])[chosen.anchor][complete]
    assert found.n == placebo.SR.response["jump"].n == int(complete.sum())
    assert found.observed == pytest.approx(float(np.mean(own)))
    words = opening(result, placebo)
    assert f"Problems changed by {signed(found.observed)} around the event" in words
    assert f"a difference of {signed(found.excess)}" in words


def test_selection_by_feeling_explains_no_difference_that_is_denied(result: Trajectories) -> None:
    told = opening(result, with_jump(result, 7.5, 6.43, 17.33, p=0.001))
    assert "a difference at the event may be that selection" in told
    quiet = with_jump(result, 0.5, 0.4, 0.3, p=0.6)
    problems = opening(result, with_problems(quiet, 2.96, 0.01))
    assert "a difference at the event may be that selection" in problems
    none = opening(result, with_problems(quiet, 0.4, 0.6))
    assert "may be that selection" not in none
    assert "would have been open to that selection" in none
    assert "is no sign that nothing happens" in none


def test_the_way_back_is_in_the_opening_where_a_rise_and_a_fall_are_told(
    result: Trajectories,
) -> None:
    beyond = with_jump(result, 7.5, 6.43, 17.33, p=0.001)
    late = LateChange(
        occasions=9,
        n_at_event=88,
        n=60,
        mean=-2.98,
        low=-5.41,
        high=-0.54,
        other_mean=-12.62,
        other_low=-15.08,
        other_high=-10.17,
    )
    for high, told in ((-0.54, True), (0.54, False)):
        response = replace(result.response, late_change=replace(late, high=high))
        words = opening(replace(result, response=response), beyond)
        assert ("SR falls in the 60 courses that are seen then" in words) == told
        assert ("A rise by ordinary fluctuation would fall as well" in words) == told


@pytest.mark.parametrize(
    ("rule", "rated", "words"),
    [
        (
            "first-any",
            False,
            "a listed event came that was the person's first to count at the occasions seen",
        ),
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
        [shares[label].observed for label in LABELS]
    )
    dots = figure.data.filter(figure.data["what"].str.contains("that have comparator"))
    assert dots["share"].to_list() == pytest.approx(frame["compared"].to_list())
    assert isinstance(figure.description, Sentence)
    n = shares["resilient"].n
    assert n < shares["pre-existing high"].n
    assert f"Dots are the {n} courses" in figure.description.worded(str)
    said = " ".join(
        text.worded(str) if isinstance(text, Sentence) else text for text in section.paragraphs
    )
    assert "are resilient" not in said
    assert "would not show: this is no share of persons who did not react" in said
    for name in ("recovery", "chronic", "delayed"):
        assert said.count(name) == 1  # in the rule's own list of names alone
    assert "none of them says that anything lasts" in said
    assert result.labels is not None
