"""No numbers of a curve that does not bend within what was seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from salutogen.analyses.trajectories.courses.clustered_means import Mean
from salutogen.analyses.trajectories.recovery.fitting import _ends_elsewhere, fit_way_back
from salutogen.analyses.trajectories.recovery.no_curve import unsettled_reason
from salutogen.analyses.trajectories.recovery.words import unsettled_words


def made(mean: np.ndarray, seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return np.asarray(mean + generator.normal(0, 2.0, (150, mean.size)))


@pytest.mark.parametrize(
    ("mean", "words"),
    [
        (7.0 - np.arange(10) * 0.8, "within the 9 occasions seen after the event SR does not bend"),
        (np.array([7.0, *[0.0] * 9]), "it has changed by the next occasion"),
    ],
    ids=["straight", "at once"],
)
def test_a_curve_that_does_not_bend_has_no_numbers(mean: np.ndarray, words: str) -> None:
    metrics, curve, findings = fit_way_back(made(mean, 3), np.arange(150), seed=1)
    assert metrics is not None
    assert curve is None
    (found,) = findings
    assert found.code == "recovery-without-bend"
    assert words in found.text


def test_a_curve_that_bends_is_given() -> None:
    mean = 1.0 + 6.0 * 0.5 ** (np.arange(10) / 1.5)
    _, curve, findings = fit_way_back(made(mean, 4), np.arange(150), seed=1)
    assert curve is not None
    assert curve.settled
    assert curve.interval[0] < 1.5 < curve.interval[1]
    assert "recovery-without-bend" not in {item.code for item in findings}


@pytest.mark.parametrize("level", [0.0, -1.0])
def test_without_a_rise_there_is_nothing_to_return_from(level: float) -> None:
    """Courses that drift down from no rise: no unfinished return, and no call to follow longer."""
    mean = level - np.arange(10) * 0.8
    _, curve, findings = fit_way_back(made(mean, 3), np.arange(150), seed=1)
    assert curve is None
    (found,) = findings
    assert found.code == "recovery-without-bend"
    assert (
        found.text == "No rise of SR at the event is told, so there is nothing to fit a return to."
    )
    assert "longer" not in found.mend


def test_a_curve_that_is_not_quoted_leaves_none_of_its_numbers() -> None:
    """Neither its distance to an end that was never seen, nor the end itself."""
    mean = np.array([-1.4, 0.2, 0.1, 0.3, 0.2, 0.1, 0.2, 0.1, 0.2, 0.1])
    codes = ("half-life-not-settled", "half-life-withheld")
    found = []
    for seed in range(12):
        _, curve, findings = fit_way_back(3.0 * made(mean / 3.0, seed)[:40], np.arange(40), seed=1)
        for item in findings:
            if item.code in codes and curve is not None:
                found.append(item.text)
                numbers = item.evidence.numbers
                assert {"change", "change_low", "asymptote", "jump"}.isdisjoint(numbers)
                for value in (curve.asymptote, curve.jump, curve.asymptote - curve.jump):
                    assert f"{abs(value):.2f}" not in item.text
    assert found


def test_a_half_life_that_is_not_told_is_not_printed_beside_the_reason() -> None:
    for seed in range(12):
        _, curve, findings = fit_way_back(made(np.zeros(10), seed)[:40], np.arange(40), seed=1)
        for item in findings:
            if item.code == "half-life-not-settled" and curve is not None and curve.way == 0:
                assert {"half_life", "asymptote", "jump"}.isdisjoint(item.evidence.numbers)
                assert f"{curve.half_life:.2f}" not in item.text
                return
    raise AssertionError("no course without a return was left unsettled")


TRUTH = 1.0 + 8.0 * 0.5 ** (np.arange(10) / 2.0)


def test_a_half_life_is_told_where_both_backgrounds_give_it() -> None:
    without = made(TRUTH, 5)
    _, curve, findings = fit_way_back(without, np.arange(150), other=without + 0.01, seed=1)
    assert curve is not None
    assert curve.settled
    assert curve.withheld is None
    assert curve.interval[0] < 2.0 < curve.interval[1]
    assert "half-life-withheld" not in {item.code for item in findings}


def test_what_is_taken_out_at_the_event_alone_makes_no_half_life() -> None:
    """The truth halves in 2 occasions; with the event in exposure 4 points are out of peri only."""
    without = made(1.0 + 8.0 * 0.5 ** (np.arange(12) / 2.0), 5)
    own = without - np.array([4.0, *[0.0] * 11])
    _, curve, findings = fit_way_back(own, np.arange(150), other=without, seed=1)
    assert curve is not None
    assert not curve.settled
    if curve.speed_told:
        assert curve.withheld == "backgrounds"
        (told,) = (item for item in findings if item.code == "half-life-withheld")
        assert "none is quoted" in told.text
    assert curve.individual is None


def test_one_background_without_a_half_life_withholds_that_of_the_other() -> None:
    own, flat = made(TRUTH, 6), made(np.zeros(10), 7)
    _, curve, findings = fit_way_back(own, np.arange(150), other=flat, seed=1)
    assert curve is not None
    assert curve.speed_told
    assert curve.withheld == "backgrounds"
    assert not curve.settled
    (told,) = (item for item in findings if item.code == "half-life-withheld")
    assert "but none that is told with SR judged the other way" in told.text
    assert "how fast hangs on whether the event is in exposure" in unsettled_words(curve)


def test_ends_of_one_scoring_are_not_told_as_those_of_the_half_life() -> None:
    """The truth halves in 2 occasions; where 2 points are out of peri alone no speed is told."""
    without = made(1.0 + 4.0 * 0.5 ** (np.arange(12) / 2.0), 6)
    own = without - np.array([2.0, *[0.0] * 11])
    alone = fit_way_back(own, np.arange(150), seed=1)
    _, curve, findings = fit_way_back(own, np.arange(150), other=without, seed=1)
    assert curve is not None
    assert not curve.speed_told
    assert curve.way < 0
    low, high = curve.interval
    assert not low <= 2.0 <= high, "the interval of this scoring leaves out the truth"
    (told,) = (item for item in findings if item.code == "half-life-not-settled")
    assert "hangs on what the line takes out at the event" in told.text
    assert not any(sign.isdigit() for sign in told.text)
    assert curve.withheld == "backgrounds"
    (one,) = (item for item in alone[2] if item.code == "half-life-not-settled")
    assert f"{low:.2f}" in one.text, "without another scoring it is that of the half-life"


def test_a_speed_that_no_scoring_tells_is_given_no_ends() -> None:
    own = made(1.0 + 4.0 * 0.5 ** (np.arange(12) / 6.0), 5)
    _, curve, findings = fit_way_back(own, np.arange(150), other=own, seed=1)
    assert curve is not None
    assert curve.way < 0
    assert not curve.speed_told
    (told,) = (item for item in findings if item.code == "half-life-not-settled")
    assert "neither as SR is judged here nor judged the other way" in told.text
    assert not any(sign.isdigit() for sign in told.text)


@pytest.mark.parametrize(
    ("asymptote", "ends"),
    [(1.5, False), (0.8, False), (-0.2, True), (-1.66, True), (3.9, True)],
)
def test_an_end_that_was_not_seen_is_extrapolated(asymptote: float, *, ends: bool) -> None:
    """Courses end at 1.65 (0.65 to 2.65): an end across 0, or far from it, contradicts them."""
    _, curve, _ = fit_way_back(made(TRUTH, 5), np.arange(150), seed=1)
    assert curve is not None
    moved = replace(curve, asymptote=asymptote, jump=asymptote + 8.0)
    end = Mean(n=150, persons=150, mean=1.65, low=0.65, high=2.65)
    assert _ends_elsewhere(moved, end) == ends


@pytest.mark.parametrize("way", ["falls", "rises", "neither"])
def test_why_there_is_no_half_life_is_said_by_the_way_that_the_curve_goes(way: str) -> None:
    """The same course upside down; and one that fluctuates only."""
    shape = 6.0 * 0.5 ** (np.arange(10) / 2.0)
    _, curve, _ = fit_way_back(made(shape, 4), np.arange(150), seed=1)
    assert curve is not None
    width = (0.0, float("inf"))
    fall = {"falls": (1.0, 9.0), "rises": (-9.0, -1.0), "neither": (-2.0, 3.0)}[way]
    curve = replace(curve, interval=width, fall_interval=fall)
    assert not curve.settled
    words = unsettled_words(curve)
    assert ("SR falls after the event, if exposure is free of error, but" in words) == (
        way == "falls"
    )
    assert ("from the event on SR rises" in words) == (way == "rises")
    assert ("not distinguished" in words) == (way == "neither")
    drawn = unsettled_reason(replace(curve, withheld=None))
    assert ("speed of the fall" in drawn) == (way == "falls")
    assert ("SR rises" in drawn) == (way == "rises")


def test_a_curve_that_rises_after_the_event_is_called_a_rise() -> None:
    mean = -6.0 * 0.5 ** (np.arange(10) / 2.0)
    _, curve, findings = fit_way_back(made(mean, 4), np.arange(150), seed=1)
    assert curve is not None
    assert curve.way == 1
    (found,) = (item for item in findings if item.code == "half-life-not-settled")
    assert "SR rises after the event instead of returning" in found.text
    assert "fall" not in found.text


def test_one_person_has_no_curve_and_is_told_why() -> None:
    mean = 1.0 + 6.0 * 0.5 ** (np.arange(10) / 1.5)
    metrics, curve, findings = fit_way_back(made(mean, 5)[:3], np.zeros(3, dtype=np.int64), seed=1)
    assert metrics is not None
    assert curve is None
    (found,) = findings
    assert found.code == "recovery-not-fitted"
    assert "one person" in found.text
