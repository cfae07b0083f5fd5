"""The methods text tells what was done, and nothing that was not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import salutogen as sg
from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.trajectories import Trajectories, TrajectorySettings, compute
from salutogen.analyses.trajectories.classes.section import numbers_of_classes
from salutogen.analyses.trajectories.methods import methods_words
from tests.analyses.trajectories.cohort import cohort_frame, inputs_of, write_study

OCCASIONS = 14


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> AnalysisInputs:
    path = write_study(
        tmp_path_factory.mktemp("methods"),
        "enabled: true\n    classes: off\n    placebo: {draws: 20}",
        occasions=OCCASIONS,
    )
    return inputs_of(sg.run(path, data={"answers": cohort_frame(occasions=OCCASIONS)}))


def run(inputs: AnalysisInputs, **settings: Any) -> Trajectories:
    given = {
        "events": {"instruments": ["events"], "threshold": 4},
        "classes": "off",
        "placebo": {"draws": 20},
    } | settings
    return compute(inputs, TrajectorySettings.model_validate(given))


def test_defaults_are_told_as_they_were_done(inputs: AnalysisInputs) -> None:
    result = run(inputs)
    words = methods_words(result)
    assert result.methods() == words
    assert "counted when answered 4 or higher" in words
    assert "rule first-strict" in words
    assert "were all occasions of the same person without a listed event rated 4" in words
    assert "SR was judged with the anchor event in the exposure, and without it" in words
    assert "1.96 · √2 times the SD of SR within persons" in words
    assert "Turnbull" in words
    assert "Classes of courses were not looked for." in words
    assert "The later outcome was mean P after post2" in words
    assert "Factors" not in words
    settled = result.recovery is not None and result.recovery.settled
    assert ("No half-life was given" in words) == (result.recovery is not None and not settled)
    assert ("No curve of return was fitted" in words) == (result.recovery is None)


@pytest.mark.parametrize(
    ("settings", "there", "absent"),
    [
        ({"rule": "demo-loop"}, "rule demo-loop", "one earlier and two later"),
        ({"background": "without-event"}, "SR was judged without the anchor event", "by error"),
        ({"episodes": "all"}, "Persons could have several episodes", "¤"),
        ({"anchor_occasions": ["2", "5"]}, "at the occasions 2 and 5 only", "¤"),
        (
            {"labels": {"band": 40}},
            "not labelled, because the band reaches beyond the scale",
            "Turnbull",
        ),
        ({"anchor_occasions": ["12"]}, "because too few persons were seen", "half-life"),
        ({"events": {"threshold": None}}, "counted whenever it happened", "rated 4"),
    ],
)
def test_other_settings_are_told(
    inputs: AnalysisInputs, settings: dict[str, Any], there: str, absent: str
) -> None:
    words = methods_words(run(inputs, **settings))
    assert there in words
    assert absent not in words


def test_without_a_comparator_nothing_is_said_to_be_compared(inputs: AnalysisInputs) -> None:
    result = run(inputs)
    assert result.placebo is not None
    few = replace(result.placebo, SR=None, SR_within=None, SR_other=None, back_after={})
    none = replace(few, n=0)
    lacking = ("There was no comparator", "Too few anchors had comparator occasions")
    for placebo, said in ((None, lacking[0]), (none, lacking[0]), (few, lacking[1])):
        words = methods_words(replace(result, placebo=placebo))
        assert f"{said}, so nothing around the event was claimed as its effect." in words
        assert "all occasions of the same person" not in words
        assert "claimed only if" not in words
        assert "Newcombe" not in words


def test_of_shares_back_only_what_was_given_is_named(inputs: AnalysisInputs) -> None:
    """Four courses above are too few for any share; comparators of four, for a difference."""
    result = run(inputs)
    assert result.placebo is not None
    assert result.return_times is not None
    enough = replace(result.return_times, n_left=20)
    whole = {visit: replace(one, n=20) for visit, one in result.placebo.back_after.items()}
    placebo = replace(result.placebo, back_after=whole, n_left=20.0)
    told = methods_words(replace(result, return_times=enough, placebo=placebo))
    assert "Turnbull" in told
    assert "Newcombe" in told
    alone = replace(placebo, n_left=4.0)
    apart = methods_words(replace(result, return_times=enough, placebo=alone))
    assert "Wilson's interval" in apart
    assert "Newcombe" not in apart
    few = replace(result.return_times, n_left=4)
    words = methods_words(replace(result, return_times=few, placebo=placebo))
    for name in ("Turnbull", "Wilson", "Newcombe"):
        assert name not in words


def test_what_too_few_courses_left_out_is_not_named(inputs: AnalysisInputs) -> None:
    result = run(inputs)
    assert "has a t interval" in methods_words(result)
    jump = replace(result.response.jump_tests["SR"], low=None, high=None)
    tests = result.response.jump_tests | {"SR": jump}
    response = replace(result.response, jump_tests=tests)
    assert "has a t interval" not in methods_words(replace(result, response=response))
    assert "on Fisher's z" in methods_words(result)
    foretold = {
        name: replace(one, r=replace(one.r, value=None, low=None, high=None, p=None))
        for name, one in result.validity.foretold.items()
    }
    validity = replace(result.validity, foretold=foretold)
    assert "on Fisher's z" not in methods_words(replace(result, validity=validity))
    assert result.labels is not None
    words = methods_words(replace(result, labels=replace(result.labels, n=0)))
    assert "not labelled, because none was complete" in words


def test_gates_are_told_with_their_thresholds(inputs: AnalysisInputs) -> None:
    classes = {"max": 2, "starts": 2, "models": ["random-intercept"], "variances": ["equal"]}
    result = run(inputs, classes=classes)
    words = methods_words(result)
    assert "Growth mixtures with 1 to 2 classes were fitted under 1 set of assumptions" in words
    for gate in result.gates:
        assert f" {gate.threshold:g}" in words


@pytest.mark.parametrize(
    ("largest", "words"),
    [
        ([6, 6], "1 to 6 classes"),
        ([3, 3], "1 to 3 classes (up to 6, ended where two more brought no lower BIC)"),
        ([3, 5], "1 to 3 or up to 5 classes (up to 6, ended where two more brought no lower BIC)"),
    ],
)
def test_only_classes_that_were_fitted_are_said_to_be(largest: list[int], words: str) -> None:
    assert numbers_of_classes(largest, 6) == words


def test_what_was_done_about_comparators_after_the_event_is_told(inputs: AnalysisInputs) -> None:
    result = run(inputs)
    assert result.placebo is not None
    assert result.placebo.n_before < result.placebo.n
    held = "only if it held with the former alone too"
    assert held in methods_words(result)
    before = replace(result.placebo, n_before=result.placebo.n)
    assert held not in methods_words(replace(result, placebo=before))
