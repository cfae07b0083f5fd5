"""Bands and episodes worked out by hand, one for each kind of ending."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.analyses.recovery.episodes import (
    BURST_END,
    ENDINGS,
    NIGHT,
    RETURNED,
    STRESSOR_NEXT,
    Baselines,
    Episodes,
    baselines,
    episodes,
    free_of_stressors,
)
from salutogen.analyses.recovery.prompts import Prompts
from salutogen.analyses.recovery.settings import RecoverySettings
from tests.analyses.recovery.diaries import by_hand

INF = float("inf")
MINUTE = 1 / 60
Day = list[tuple[float, int | None, float | None]]
QUIET: Day = [(9, 0, 10), (12, 0, 10), (15, 0, 10), (18, 0, 10)]


def seen(*days: Day, edge: float = 20.0) -> Episodes:
    """Episodes of one person whose band ends at 20."""
    prompts = by_hand(days)
    band = Baselines(
        person=np.array([0]), n=np.array([9]), mean=np.array([10.0]), sd=np.array([10.0]),
        edge=np.array([edge]), beyond=0.0,
    )  # fmt: skip
    return episodes(prompts, band)


def only(found: Episodes) -> tuple[float, float, str, int]:
    assert found.left.size == 1
    left, right = round(float(found.left[0]), 6), round(float(found.right[0]), 6)
    return left, right, ENDINGS[int(found.ending[0])], int(found.unseen[0])


def test_a_return_lies_between_two_prompts() -> None:
    day: Day = [(9, 0, 10), (11, 1, 40), (13, 0, 30), (16.5, 0, 15), (18, 0, 50)]
    assert only(seen(day, QUIET)) == (2.0, 5.5, RETURNED, 0)


def test_a_return_by_the_next_prompt_begins_at_the_stressor() -> None:
    assert only(seen([(9, 1, 40), (10, 0, 20)], QUIET)) == (0.0, 1.0, RETURNED, 0)


def test_missed_prompts_widen_the_interval() -> None:
    day: Day = [(9, 1, 40), (11, 0, 30), (13, None, None), (15, None, None), (17, 0, 12)]
    assert only(seen(day, QUIET)) == (2.0, 8.0, RETURNED, 2)


def test_the_night_ends_the_watch() -> None:
    day: Day = [(9, 0, 10), (14, 1, 40), (17, 0, 30), (20, None, None)]
    assert only(seen(day, QUIET)) == (3.0, INF, NIGHT, 1)


def test_the_end_of_the_burst_ends_the_watch() -> None:
    assert only(seen(QUIET, [(14, 1, 40), (17, 0, 30)])) == (3.0, INF, BURST_END, 0)


@pytest.mark.parametrize("affect", [10.0, 40.0, None])
def test_the_next_stressor_ends_the_watch_whatever_affect_is_by_then(affect: float | None) -> None:
    day: Day = [(9, 1, 40), (11, 0, 30), (13, 1, affect), (15, 0, 10), (17, 0, 10)]
    found = seen(day, QUIET)
    assert found.left[0] == pytest.approx(2.0)
    assert found.right[0] == INF
    assert ENDINGS[found.ending[0]] == STRESSOR_NEXT
    assert found.left.size == (2 if affect == 40 else 1), "it may begin an episode of its own"
    assert found.quiet_person.size == (affect == 10)
    assert found.unknown == (affect is None)


def test_a_stressor_without_a_later_prompt_tells_nothing() -> None:
    found = seen([(9, 0, 10), (20, 1, 40)], QUIET)
    assert only(found) == (0.0, INF, NIGHT, 0)
    assert found.informative.tolist() == [False]


def test_stressors_inside_the_band_are_counted_apart() -> None:
    found = seen([(9, 1, 20), (12, 1, 5), (15, 1, 21)], QUIET)
    assert found.quiet_person.size == 2
    assert found.person.size == 1


def test_answers_of_the_same_minute_keep_their_order() -> None:
    found = seen([(9, 1, 40), (9.001, 0, 10)], QUIET)
    assert found.left[0] == 0
    assert found.right[0] == pytest.approx(MINUTE)


def test_a_person_without_a_band_has_no_episode() -> None:
    found = seen([(9, 1, 40), (10, 0, 20)], QUIET, edge=float("nan"))
    assert found.person.size == 0
    assert found.quiet_person.size == 0


def plan(*days: Day) -> Prompts:
    return by_hand(days)


def test_a_baseline_is_free_of_stressors_now_and_before() -> None:
    """Of the first day the prompts at 9 and 18: 6 hours after the stressor is not long enough."""
    day: Day = [(9, 0, 10), (11, 1, 40), (14, 0, 90), (17, 0, 90), (18, 0, 16), (20, None, 90)]
    prompts = plan(day, [(9, 0, 13), (12, 0, 13), (15, 0, None), (18, 0, 18), (21, 0, 20)])
    free = free_of_stressors(prompts, 6.0)
    assert free.tolist() == [
        True, False, False, False, True, False, True, True, True, True, True,
    ]  # fmt: skip
    band = baselines(prompts, RecoverySettings(band=2.0))
    values = np.array([10.0, 16, 13, 13, 18, 20])
    assert band.n.tolist() == [6]
    assert band.mean[0] == pytest.approx(values.mean())
    assert band.sd[0] == pytest.approx(values.std(ddof=1))
    assert band.edge[0] == pytest.approx(values.mean() + 2 * values.std(ddof=1))
    assert band.beyond == 0
    assert baselines(prompts, RecoverySettings()).beyond == pytest.approx(1 / 6), "20 is above 18.7"


def test_too_few_free_prompts_give_no_band() -> None:
    prompts = plan([(9, 0, 10), (12, 1, 10), (18, 0, 10)], QUIET)
    assert baselines(prompts, RecoverySettings()).n.tolist() == [5]
    assert baselines(prompts, RecoverySettings()).has.tolist() == [True]
    assert baselines(prompts, RecoverySettings(baseline_prompts=6)).has.tolist() == [False]
