"""The shipped example: of each of four factors the truth is known, and said."""

from __future__ import annotations

from pathlib import Path

import pytest

import salutogen as sg
from salutogen.analyses.change.analysis import ChangeResult
from salutogen.analyses.factors.analysis import FactorsResult
from salutogen.analyses.factors.words import confounded_words
from salutogen.simulation import simulate


@pytest.fixture(scope="module")
def done(repository: Path) -> sg.Results:
    study = sg.read_study(repository / "examples" / "factors" / "study.yaml")
    answers = simulate(study, persons=400, seed=2).frames
    return sg.run(study, answers)


@pytest.fixture(scope="module")
def results(done: sg.Results) -> tuple[FactorsResult, FactorsResult]:
    before, later = done.analysis("factors"), done.analysis("asked-later")
    assert isinstance(before, FactorsResult)
    assert isinstance(later, FactorsResult)
    return before, later


def test_the_right_thing_is_said_of_each_factor(
    results: tuple[FactorsResult, FactorsResult],
) -> None:
    before, later = results
    found = {item.name: item for item in before.factors}
    # True: both ways, and over plausible errors of exposure.
    assert found["appraisal"].claimed
    assert not found["appraisal"].within_error
    # Confounded: it goes with fewer problems, as it goes with less exposure, and no further.
    assert (found["comfort"].r_P or 0) < -0.1
    assert (found["comfort"].r_E or 0) < -0.4
    assert found["comfort"].holds == "neither"
    assert "equal exposure is not shown" in confounded_words(found["comfort"])
    assert not any(confounded_words(found[name]) for name in ("appraisal", "mastery", "contact"))
    # Mechanism: beside it, the factor that acts through it has less of its own.
    joint, mastery = found["appraisal"].joint, found["mastery"].joint
    assert joint is not None
    assert mastery is not None
    assert abs(joint.two_step.b) < 0.6 * abs(found["appraisal"].two_step.b)
    assert mastery.two_step.clear
    # Reversed: it goes with later SR, since it followed from problems, of before the study too. In
    # the middle, where problems before are known, nothing is left of that at equal problems.
    assert found["contact"].claimed
    assert not found["contact"].may_follow
    again = {item.name: item for item in later.factors}
    assert again["contact"].claimed
    assert again["contact"].may_follow
    assert str(before.in_short()) == (
        "lower SR over occasions 2 to 7 goes with higher Positive appraisal, Mastery and Seeing "
        "friends (in two steps and in one; little is known of earlier problems, from which a "
        "factor may follow)"
    )
    unknown = "before Positive appraisal, Mastery and Seeing friends, from which each may follow."
    assert f"Little is known of problems {unknown}" in str(before.answer())
    assert "Little is known" not in str(later.answer())
    assert str(later.in_short()).endswith(
        "Seeing friends nothing is shown at equal earlier problems and exposure)"
    )
    assert "factors-may-follow-problems" in [item.code for item in later.findings]
    # What had acted by then keeps a part of its own, if a small one.
    given = {name: item.given_earlier_problems for name, item in again.items()}
    assert given["mastery"] is not None
    assert given["contact"] is not None
    assert given["mastery"].two_step.b < 3 * given["contact"].two_step.b < 0


def test_what_comes_first_tells_the_reversed_factor(done: sg.Results) -> None:
    contact = done.analysis("contact")
    assert isinstance(contact, ChangeResult)
    assert str(contact.in_short()) == (
        "SR above a person's usual level is followed by a lower Seeing friends"
    )


def test_true_ratios_are_told(results: tuple[FactorsResult, FactorsResult]) -> None:
    comfort = next(item for item in results[0].factors if item.name == "comfort")
    assert comfort.ratio is not None
    assert comfort.shared_with_exposure is not None
    assert comfort.ratio == pytest.approx(1 - comfort.shared_with_exposure, abs=0.06)
