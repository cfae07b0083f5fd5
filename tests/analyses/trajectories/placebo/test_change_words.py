"""What is said of the change after the event: one family with the jump, and by how it is chosen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from salutogen.analyses.trajectories.courses.event_courses import LockedCourses
from salutogen.analyses.trajectories.placebo.change_words import change_words
from salutogen.analyses.trajectories.placebo.comparison import Placebo
from salutogen.analyses.trajectories.placebo.regression import FEWEST, regression_to_mean
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
