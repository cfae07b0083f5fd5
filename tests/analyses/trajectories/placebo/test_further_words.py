"""Courses that met a further listed event: by plain loops, by a known truth, and as told."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from salutogen.analyses.trajectories import EventGrid, Placebo, find_anchors
from salutogen.analyses.trajectories.labels.by_rule import half_width_of, within_person_sd
from salutogen.analyses.trajectories.labels.settings import LabelSettings
from salutogen.analyses.trajectories.placebo.change_words import change_words
from salutogen.analyses.trajectories.placebo.comparison import compare
from salutogen.analyses.trajectories.placebo.further_words import further_words, met_words
from salutogen.analyses.trajectories.placebo.occasions import acting, placebos_of
from salutogen.analyses.trajectories.placebo.opening_words import AFTER, _after_short
from salutogen.analyses.trajectories.placebo.scored import ScoredRows
from salutogen.analyses.trajectories.placebo.side_words import bar_words
from salutogen.analyses.trajectories.placebo.told_errors import with_told_errors
from salutogen.analyses.trajectories.placebo.words import beyond_words
from salutogen.page.audience import Audience
from tests.analyses.trajectories.placebo.studies import OCCASIONS, around, compared
from tests.analyses.trajectories.placebo.test_comparison import worded

RESPONSES = ("jump", "mean_change", "depth")
JUDGED: Any = SimpleNamespace(background="with-event")
HIDDEN = Audience(individuals=False, n_persons=400, seed=1)


def met_again(
    seed: int, *, own: float, further: float, share: float = 0.3, persons: int = 300
) -> tuple[Placebo, ScoredRows, EventGrid]:
    """First events that raise SR at once by `own`, and later ones that raise it by `further`.

    So what is above later than at the first event is of the further ones alone.
    """
    generator = np.random.default_rng(seed)
    SR = generator.normal(0.0, 3.0, (persons, OCCASIONS)) + generator.normal(0, 3, (persons, 1))
    first = generator.integers(4, 8, persons)
    hit = np.zeros((persons, OCCASIONS), dtype=bool)
    hit[np.arange(persons), first] = True
    SR[np.arange(persons), first] += own
    again = np.flatnonzero(generator.random(persons) < share)
    later = first[again] + generator.integers(1, 3, again.size)
    hit[again, later] = True
    SR[again, later] += further
    grid = EventGrid(
        ratings=np.where(hit, 5.0, 0.0).astype(np.float32)[..., None],
        observed=np.ones_like(hit),
        items=("a",),
        instruments=("events",),
        threshold=5.0,
    )
    anchors = find_anchors(grid, rule="first-any")
    rows = SR[anchors.person]
    calm = np.where(acting(anchors, SR.shape), np.nan, SR)
    settings = LabelSettings()
    scored = ScoredRows(
        rows=rows,
        calm=calm[anchors.person],
        before=anchors.occasion - 1,
        locked=around(SR, anchors),
        half_width=half_width_of(within_person_sd(calm) or 0.0, settings),
        high=float(np.nanstd(SR)) * 2.0,
    )
    change = np.full(rows.shape, np.nan)
    chosen = placebos_of(grid, anchors, rows)
    return compare(chosen, scored, None, settings, change=change, seed=1), scored, grid


@pytest.fixture(scope="module")
def later_only() -> tuple[Placebo, ScoredRows, EventGrid]:
    return met_again(1, own=12.0, further=14.0)


def test_counts_and_what_is_left_are_those_of_a_plain_loop(
    later_only: tuple[Placebo, ScoredRows, EventGrid],
) -> None:
    placebo, scored, grid = later_only
    assert placebo.SR is not None
    anchors, chosen = find_anchors(grid, rule="first-any"), placebo.chosen
    hit = grid.hits.any(axis=2)
    met, changes = [], []
    for place, row in enumerate(chosen.anchor.tolist()):
        person, at = anchors.person[row], anchors.occasion[row]
        met.append(bool(hit[person, at + 1 : at + 3].any()))
        theirs = [
            np.mean(scored.rows[row, one + 1 : one + 3]) - scored.rows[row, one - 1]
            for one in chosen.occasion[chosen.of == place].tolist()
            if not hit[person, one + 1 : one + 3].any()
        ]
        if theirs and not met[-1]:
            own = scored.locked[row]
            changes.append(0.5 * (own[2] + own[3]) - own[0] - np.mean(theirs))
    assert placebo.n_further == sum(met) > 50
    assert placebo.further_event is not None
    assert placebo.further_event.observed == pytest.approx(np.mean(met))
    assert placebo.further_event.placebo == 0.0, "before the first event there is none"
    part = placebo.SR.without_further
    assert part is not None
    assert part.n == len(changes)
    assert part.response["mean_change"].excess == pytest.approx(np.mean(changes))


def test_what_further_events_make_is_told_of_them(
    later_only: tuple[Placebo, ScoredRows, EventGrid],
) -> None:
    """The first event is over at once: what is above later is of further ones."""
    placebo, *_ = later_only
    assert placebo.SR is not None
    for table, name in (("response", "mean_change"), ("labels", "delayed"), ("labels", "chronic")):
        assert placebo.beyond(table, name) or name == "delayed"
        assert not placebo.without_further(table, name)
        assert not placebo.beyond_fluctuation(table, name)
    assert placebo.beyond_fluctuation("response", "jump")
    assert placebo.beyond_fluctuation("labels", "recovery")
    assert bar_words(placebo, "response", ["mean_change"]) == "what comparator occasions show"
    words = worded(beyond_words(placebo, "response", RESPONSES, "jump, mean change and depth"))
    begun, rest = words.split("Beyond what comparator occasions show, but not told without")
    assert "Beyond fluctuation without such an event" in begun
    assert "jump by" in begun
    assert "mean change" not in begun
    whole, part = placebo.SR.response["mean_change"], placebo.SR.without_further
    assert part is not None
    for figure in (whole, part.response["mean_change"]):
        assert f"{figure.excess:+.2f}".replace("-", "−") in rest
    assert "a further listed event rated 5 or more at post1 or post2" not in rest
    assert "a further listed event at post1 or post2" in rest
    assert f"{placebo.n_further} met" in rest


def test_what_the_first_event_makes_stands_both_ways() -> None:
    placebo, *_ = met_again(2, own=0.0, further=0.0)
    assert placebo.n_further > 50
    assert not placebo.beyond("response", "mean_change")
    lasting, scored, _ = met_again(3, own=12.0, further=0.0)
    raised = scored.locked + np.array([0.0, 0.0, 10.0, 10.0])
    made = compare(
        lasting.chosen, replace(scored, locked=raised), None, LabelSettings(),
        change=np.full(scored.rows.shape, np.nan), seed=1,
    )  # fmt: skip
    assert made.beyond_fluctuation("response", "mean_change")
    words = worded(beyond_words(made, "response", RESPONSES, "jump, mean change and depth"))
    assert "not told without" not in words
    assert made.SR is not None
    part = made.SR.without_further
    assert part is not None
    assert f"(in {part.n} complete courses)" in words
    assert f"{part.response['mean_change'].excess:+.2f}" in words
    nobody, *_ = met_again(4, own=12.0, further=0.0, share=0.0)
    assert nobody.n_further == 0
    assert nobody.SR is not None
    assert nobody.SR.without_further is None
    assert nobody.without_further("response", "mean_change")
    assert met_words(nobody) == further_words(nobody, "response", RESPONSES) == ""


def test_where_nearly_all_met_one_nothing_is_told_as_more_than_fluctuation() -> None:
    placebo, *_ = met_again(5, own=12.0, further=14.0, share=0.97)
    assert placebo.SR is not None
    assert placebo.SR.without_further is None
    assert placebo.beyond("response", "mean_change")
    assert not placebo.beyond_fluctuation("response", "mean_change")
    words = worded(beyond_words(placebo, "response", RESPONSES, "jump, mean change and depth"))
    assert "too few courses met none for a comparison without them" in words


def test_few_who_met_one_are_not_told_by_leaving_them_out() -> None:
    placebo, *_ = met_again(6, own=12.0, further=14.0, share=0.01)
    assert 0 < placebo.n_further < 5
    hidden = with_told_errors(placebo, HIDDEN)
    assert placebo.SR is not None
    assert hidden.SR is not None
    assert placebo.SR.without_further is not None
    assert hidden.SR.without_further is None
    for name in RESPONSES:
        judged = placebo.without_further("response", name)
        assert hidden.without_further("response", name) == judged, "judged as before"
    several, *_ = met_again(1, own=12.0, further=14.0)
    told = with_told_errors(several, HIDDEN)
    assert told.SR is not None
    assert told.SR.without_further is not None


def test_the_opening_says_of_the_time_after_only_what_stands_both_ways(
    later_only: tuple[Placebo, ScoredRows, EventGrid],
) -> None:
    held: Any = SimpleNamespace(holds_with_error=True, value=4.0)
    hanging, *_ = later_only
    assert hanging.beyond("response", "mean_change")
    assert _after_short(replace(hanging, mean_change_error_band=held)) == ""
    nobody_again = replace(hanging, n_further=0, mean_change_error_band=held)
    assert _after_short(nobody_again) == AFTER


def test_lasting_longer_is_claimed_only_where_it_stands_both_ways() -> None:
    """A rise of 8 that halves in three occasions; further events are of no effect."""
    lasting, _ = compared(2, 0.0, fading=8.0)
    placebo = replace(lasting, n_before=lasting.n)
    assert placebo.n_further > 0
    assert placebo.SR is not None
    part = placebo.SR.judged_without
    assert part is not None
    assert part.regression is not None
    assert placebo.falls_beyond
    for low, high, held in ((0.5, 3.0, True), (-1.0, 3.0, False)):
        moved = replace(part.regression, excess=1.5, excess_low=low, excess_high=high)
        other = replace(part, regression=moved)
        SR = replace(placebo.SR, judged_without=other, without_further=other)
        changed = replace(placebo, SR=SR)
        words = worded(change_words(JUDGED, changed, 300))
        assert changed.falls_beyond_fluctuation is held
        assert ("So nothing is claimed of how long a rise lasts" in words) is not held
        assert f"{moved.excess:+.2f}" in words
        assert f"{placebo.n_further} met a further listed event" in words
