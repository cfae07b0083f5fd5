"""Comparator occasions before the first anchor and after one: by plain loops, and as told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from salutogen.analyses.trajectories import LABELS, Placebo
from salutogen.analyses.trajectories.placebo.scored import ScoredRows, may_stand_alone
from salutogen.analyses.trajectories.placebo.side_words import (
    LEFT,
    balance_words,
    bar_words,
    high_words,
    other_jump_words,
    sides_words,
)
from salutogen.page.audience import Audience
from tests.analyses.trajectories.placebo.test_comparison import compared, worded

SHOWN = Audience(individuals=True, n_persons=300, seed=1)


@pytest.fixture(scope="module")
def lasting() -> tuple[Placebo, ScoredRows]:
    """A rise of 8 that halves in three occasions, so that occasions after it hold some of it."""
    return compared(2, 0.0, fading=8.0)


def all_before(placebo: Placebo) -> Placebo:
    return replace(placebo, n_before=placebo.n)


def test_each_side_is_that_of_a_plain_loop(lasting: tuple[Placebo, ScoredRows]) -> None:
    placebo, scored = lasting
    assert placebo.SR is not None
    for early, side in ((True, placebo.SR.before), (False, placebo.SR.after)):
        assert side is not None
        jumps, theirs, pre = [], [], []
        for place, row in enumerate(placebo.chosen.anchor.tolist()):
            own = scored.locked[row]
            if placebo.chosen.before[place] != early or not np.isfinite(own).all():
                continue
            at = placebo.chosen.occasion[placebo.chosen.of == place]
            jumps.append(own[1] - own[0])
            theirs.append(float(np.mean(scored.rows[row, at] - scored.rows[row, at - 1])))
            pre.append(float(np.mean(scored.rows[row, at - 1])))
        found = side.response["jump"]
        assert side.n == found.n == len(jumps)
        assert found.observed == pytest.approx(np.mean(jumps))
        assert found.placebo == pytest.approx(np.mean(theirs))
        se = float(np.std(np.subtract(jumps, theirs), ddof=1)) / np.sqrt(len(jumps))
        assert found.excess_high is not None
        assert found.excess_high - found.excess == pytest.approx(1.98 * se, rel=0.03)
        own_se = float(np.std(theirs, ddof=1)) / np.sqrt(len(theirs))
        assert found.placebo_mean_high is not None
        half = found.placebo_mean_high - found.placebo
        assert half == pytest.approx(1.98 * own_se, rel=0.03)
    assert placebo.SR.before.n + placebo.SR.after.n == placebo.SR.response["jump"].n


def test_what_is_seen_above_is_of_the_same_span(lasting: tuple[Placebo, ScoredRows]) -> None:
    placebo, scored = lasting
    found, own, others = placebo.above, [], []
    assert found is not None
    for place, row in enumerate(placebo.chosen.anchor.tolist()):
        if not np.isfinite(scored.locked[row]).all():
            continue
        rise = scored.locked[row, 1:] - scored.locked[row, 0]
        own.append(bool((rise > scored.half_width).any()))
        each = []
        for at in placebo.chosen.occasion[placebo.chosen.of == place].tolist():
            there = scored.rows[row, at : at + 3] - scored.rows[row, at - 1]
            each.append(bool((there > scored.half_width).any()))
        others.append(np.mean(each))
    assert found.observed == pytest.approx(np.mean(own))
    assert found.placebo == pytest.approx(np.mean(others))
    assert found.n == len(own)


def test_fluctuation_is_claimed_only_where_the_comparator_holds_no_event(
    lasting: tuple[Placebo, ScoredRows],
) -> None:
    placebo, _ = lasting
    assert placebo.SR is not None
    assert placebo.SR.before is not None
    assert placebo.beyond("response", "jump")
    assert placebo.beyond_fluctuation("response", "jump")
    assert bar_words(placebo, "response", ["jump"]) == "fluctuation without such an event"
    nothing = replace(placebo.SR.before.response["jump"], p=0.4, p_adjusted=0.4)
    side = replace(placebo.SR.before, response=placebo.SR.before.response | {"jump": nothing})
    for before in (side, None):
        late = replace(placebo, SR=replace(placebo.SR, before=before))
        assert late.beyond("response", "jump")
        assert not late.beyond_fluctuation("response", "jump")
        assert bar_words(late, "response", ["jump"]) == "what comparator occasions show"
        assert LEFT in worded(sides_words(late, "response", ["jump"]))
        assert (
            bar_words(all_before(late), "response", ["jump"]) == "fluctuation without such an event"
        )


def test_a_rise_judged_the_other_way_stands_beside_its_own_comparator(
    lasting: tuple[Placebo, ScoredRows],
) -> None:
    placebo, _ = lasting
    assert placebo.SR is not None
    assert other_jump_words(None) == other_jump_words(replace(placebo, SR_other=None))
    told = replace(placebo, SR_other=placebo.SR)
    assert other_jump_words(told).startswith(", but beyond what comparator occasions show (+")
    jump = replace(
        placebo.SR.response["jump"], excess=2.37, excess_low=0.11, excess_high=4.64, p_adjusted=0.08
    )
    counted = replace(placebo.SR, response=placebo.SR.response | {"jump": jump})
    assert other_jump_words(replace(placebo, SR_other=counted)) == (
        ", but not shown to be so beyond what comparator occasions show (+2.37 (+0.11 to +4.64); "
        "it is not told once the other figures of the response are counted)"
    )
    none = replace(placebo.SR.response["jump"], p=0.4, p_adjusted=0.4)
    quiet = replace(placebo.SR, response=placebo.SR.response | {"jump": none})
    words = other_jump_words(replace(placebo, SR_other=quiet))
    assert words.startswith(", but not shown to be so beyond what comparator occasions show (+")


def test_both_sides_are_told_with_their_courses(lasting: tuple[Placebo, ScoredRows]) -> None:
    placebo, _ = lasting
    assert placebo.SR is not None
    assert placebo.SR.before is not None
    assert placebo.SR.after is not None
    words = worded(sides_words(placebo, "response", ["jump"]))
    for side in (placebo.SR.before, placebo.SR.after):
        assert f"{side.n}" in words
        assert f"{side.response['jump'].excess:+.2f} (" in words
    assert LEFT in words
    assert worded(sides_words(all_before(placebo), "response", ["jump"])) == ""


def test_where_persons_started_is_asked_before_any_event(
    lasting: tuple[Placebo, ScoredRows],
) -> None:
    placebo, _ = lasting
    assert placebo.SR is not None
    assert placebo.SR.before is not None
    assert placebo.SR.after is not None
    late = placebo.SR.after.course["pre"]
    assert late.excess < 0.0  # the comparator holds what is left of the rise
    apart = replace(late, p=0.001)
    after = replace(placebo.SR.after, course=placebo.SR.after.course | {"pre": apart})
    words = worded(balance_words(replace(placebo, SR=replace(placebo.SR, after=after))))
    assert "that of the latter may be what the event left" in words
    early = placebo.SR.before.course["pre"]
    for p, told in ((0.001, "the two differ before any event"), (0.6, "are not distinguished")):
        before = replace(
            placebo.SR.before, course=placebo.SR.before.course | {"pre": replace(early, p=p)}
        )
        changed = replace(placebo, SR=replace(placebo.SR, before=before))
        assert told in worded(balance_words(changed))
    few = replace(placebo, SR=replace(placebo.SR, after=None))
    assert "or what the event left at comparator occasions" in worded(balance_words(few))


def test_who_was_high_before_may_have_known_of_the_event(
    lasting: tuple[Placebo, ScoredRows],
) -> None:
    placebo, _ = lasting
    assert placebo.SR is not None
    assert placebo.SR.after is not None
    late = placebo.SR.after.labels[LABELS[-1]]
    words = high_words(placebo, SHOWN)
    assert "where it lies after it" in words
    assert f"{100 * late.placebo:.0f} % where it lies after it" in words
    assert "that is of the occasion before the event, where it may have been foreseen" in words
    rated = high_words(replace(all_before(placebo), rated=True), SHOWN)
    assert "reported there with a lower rating, or been foreseen. It is left out" in rated


@pytest.mark.parametrize(
    ("before", "after", "alone"),
    [(20, 0, True), (20, 5, True), (20, 4, False), (19, 30, False), (40, 1, False)],
)
def test_a_side_tells_of_no_few_on_the_other(before: int, after: int, *, alone: bool) -> None:
    there = np.repeat([True, False], [before + 2, after + 2])
    complete = there & (np.cumsum(there) > 2) | ~there & (np.cumsum(~there) > 2)
    assert may_stand_alone(complete, there) == alone
