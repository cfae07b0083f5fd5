"""What is said of the change after the event: one family with the jump, and by how it is chosen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from salutogen.analyses.trajectories.courses.event_courses import LockedCourses
from salutogen.analyses.trajectories.placebo.change_words import change_words
from salutogen.analyses.trajectories.placebo.comparison import Placebo
from salutogen.analyses.trajectories.placebo.regression import (
    FEWEST,
    RegressionToMean,
    regression_to_mean,
)
from salutogen.page.words import Sentence
from tests.analyses.trajectories.placebo.test_comparison import compared


class _Judged:
    """As much of the courses as the words ask for."""

    background = "with-event"


def said(placebo: Placebo | None) -> str:
    courses: LockedCourses = _Judged()  # type: ignore[assignment]
    words = change_words(courses, placebo, 300)
    return words.worded(str) if isinstance(words, Sentence) else words


def test_the_change_is_one_family_with_jump_mean_change_and_depth() -> None:
    placebo, _ = compared(11, 0.0)
    assert placebo.SR is not None
    found = placebo.SR.regression
    assert found is not None
    p = [item.p for item in placebo.SR.response.values()] + [found.p]
    told = [item.p_adjusted for item in placebo.SR.response.values()] + [found.p_adjusted]
    assert told == pytest.approx(list(multipletests(p, method="fdr_bh")[1]))


def test_an_interval_that_leaves_out_0_by_itself_is_no_claim() -> None:
    placebo, _ = compared(11, 0.0)
    assert placebo.SR is not None
    assert placebo.SR.regression is not None
    alone = replace(
        placebo.SR.regression, excess=-1.9, excess_low=-3.6, excess_high=-0.3, p=0.03,
        p_adjusted=0.12,
    )  # fmt: skip
    changed = replace(placebo, SR=replace(placebo.SR, regression=alone))
    assert not changed.falls_beyond
    words = said(changed)
    assert "No difference from that is told" in words
    assert "is not told once jump, mean change and depth are counted" in words


def by_ways(placebo: Placebo, *regressions: RegressionToMean) -> Placebo:
    """The comparator with these changes by the line, within persons and without the event."""
    assert placebo.SR is not None
    own, within, other = (replace(placebo.SR, regression=found) for found in regressions)
    words = "without the event in exposure"
    return replace(placebo, SR=own, SR_within=within, SR_other=other, other=words)


def change(
    excess: float, low: float, high: float, p_adjusted: float | None = 0.001
) -> RegressionToMean:
    placebo, _ = compared(11, 0.0)
    assert placebo.SR is not None
    assert placebo.SR.regression is not None
    return replace(
        placebo.SR.regression, excess=excess, excess_low=low, excess_high=high,
        p=0.001 if p_adjusted is None else p_adjusted, p_adjusted=p_adjusted,
    )  # fmt: skip


def test_a_difference_that_not_all_ways_tell_has_the_reason_beside_its_figures() -> None:
    """An interval that leaves out 0 is not denied its side; what is counted besides is said."""
    placebo, _ = compared(11, 0.0)
    clear, within = change(4.54, 3.2, 6.03), change(4.98, 3.68, 6.33)
    counted = said(by_ways(placebo, clear, within, change(1.99, 0.14, 4.11, 0.0569)))
    assert (
        "The difference from that is +1.99 (+0.14 to +4.11) without the event in exposure, +4.54 "
        "(+3.20 to +6.03) by the line over single occasions and +4.98 (+3.68 to +6.33) with the "
        "slope within persons: not told without the event in exposure once jump, mean change and "
        "depth are counted as well." in counted
    )
    open_by = said(by_ways(placebo, clear, within, change(1.29, -1.26, 4.1, 0.3)))
    assert "not distinguished from 0 without the event in exposure. With" in open_by
    sides = said(by_ways(placebo, clear, within, change(-4.0, -6.0, -2.0)))
    assert ": on different sides of 0. With" in sides
    for words in (counted, open_by, sides):
        assert "nothing is claimed of it" in words
        assert "on the same side" not in words


def test_what_comparators_before_the_first_anchor_leave_open_is_printed() -> None:
    placebo, _ = compared(2, 0.0, fading=8.0)
    assert placebo.SR is not None
    assert placebo.SR.before is not None
    early = replace(placebo.SR.before, regression=change(1.29, -1.26, 4.1, None))
    other = replace(placebo.SR, before=early)
    words = said(replace(placebo, SR_other=other, other="without the event in exposure"))
    assert "+1.29 (−1.26 to +4.10) without the event in exposure and" in words
    assert ": not distinguished from 0 without the event in exposure." in words
    assert "So nothing is claimed of how long" in words
    against = replace(placebo.SR.before, regression=change(-3.0, -4.0, -2.0, None))
    alone = said(replace(placebo, SR=replace(placebo.SR, before=against)))
    assert "it is −3.00 (−4.00 to −2.00): not on the same side of 0." in alone


def test_of_few_comparators_nothing_is_told() -> None:
    generator = np.random.default_rng(3)
    n = FEWEST - 1
    level, levels = generator.normal(0, 1, n), generator.normal(0, 1, 4 * n)
    observed, around = generator.normal(1, 3, (n, 4)), generator.normal(0, 3, (4 * n, 4))
    of, person, elsewhere = np.repeat(np.arange(n), 4), np.arange(n), (level, levels)
    assert regression_to_mean(observed, around, of, person, elsewhere=elsewhere) is None
    placebo, _ = compared(11, 0.0)
    assert placebo.SR is not None
    few = replace(placebo, SR=replace(placebo.SR, regression=None, n_with_level=n))
    assert "is not settled" in said(few)
    assert f"asked of at least {FEWEST} complete courses" in said(few)
    assert f"there are {n}." in said(few)
    assert "no comparator occasions tell which part" in said(None)


def test_regression_to_the_mean_is_said_only_where_anchors_are_selected_by_feeling() -> None:
    placebo, _ = compared(11, 8.0)
    assert "regression" not in said(placebo)
    fluctuation = "Had such values at pre and peri been fluctuation without such an event"
    assert fluctuation in said(replace(placebo, n_before=placebo.n))
    assert fluctuation not in said(placebo)  # some of the comparator lies after the event
    assert (
        "those after the event may still hold what it left, and later events) let expect"
        in said(placebo)
    )
    assert "after such values at pre and peri comparator occasions let expect" in said(
        replace(placebo, rated=True)
    )


def test_a_response_that_lasts_is_told_to_last() -> None:
    """A rise of 8 that halves in three occasions, where fluctuation lasts by .4 only."""
    placebo, _ = compared(2, 0.0, fading=8.0)
    assert placebo.falls_beyond
    assert "the rise lasted longer than comparator occasions let expect" in said(placebo)
    early = replace(placebo, n_before=placebo.n)
    assert "the rise lasted longer than fluctuation would have it" in said(early)
    assert "regression" not in said(placebo)


def test_lasting_longer_than_fluctuation_needs_comparators_without_the_event() -> None:
    """Those before the first anchor alone hold nothing of it: they must say so too."""
    placebo, _ = compared(2, 0.0, fading=8.0)
    assert placebo.SR is not None
    assert placebo.n_before < placebo.n
    assert placebo.SR.before is not None
    early = placebo.SR.before.regression
    assert early is not None
    assert "with comparator occasions before the first anchor alone it is" in said(placebo)
    nil = replace(early, excess_low=-1.0, excess_high=1.0)
    for changed in (nil, None):
        before = replace(placebo.SR.before, regression=changed)
        other = replace(placebo, SR=replace(placebo.SR, before=before))
        assert not other.falls_beyond_fluctuation
        assert "nothing is claimed of how long a rise lasts" in said(other)
        assert "lasted longer" not in said(other)


def test_rises_larger_than_fluctuation_shows_are_counted() -> None:
    placebo, _ = compared(2, 30.0)
    assert placebo.SR is not None
    assert placebo.SR.regression is not None
    assert placebo.SR.regression.farther > 0.5
    calm, _ = compared(11, 0.0)
    assert calm.SR is not None
    assert calm.SR.regression is not None
    assert calm.SR.regression.farther < 0.06


def test_without_an_effect_hardly_any_change_is_told() -> None:
    told = [compared(seed, 0.0)[0].falls_beyond for seed in range(20)]
    assert sum(told) <= 3
