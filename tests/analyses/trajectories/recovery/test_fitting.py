"""No numbers of a curve that does not bend within what was seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from salutogen.analyses.trajectories.recovery.figures import NOT_DRAWN
from salutogen.analyses.trajectories.recovery.fitting import fit_way_back
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


def test_a_rise_is_called_a_change_with_its_sign() -> None:
    mean = np.array([-1.4, 0.2, 0.1, 0.3, 0.2, 0.1, 0.2, 0.1, 0.2, 0.1])
    found = []
    for seed in range(12):
        _, _, findings = fit_way_back(3.0 * made(mean / 3.0, seed)[:40], np.arange(40), seed=1)
        found += [item.text for item in findings if item.code == "half-life-not-settled"]
    rises = [text for text in found if "a change of +" in text]
    assert rises
    assert not any("a fall of" in text for text in found)


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
    assert ("SR falls after the event, but" in words) == (way == "falls")
    assert ("from the event on SR rises" in words) == (way == "rises")
    assert ("not distinguished" in words) == (way == "neither")
    drawn = NOT_DRAWN[curve.way]
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
