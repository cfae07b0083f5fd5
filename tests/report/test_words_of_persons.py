"""No sentence about persons says more than what was estimated."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest

from salutogen.page.audience import Audience
from salutogen.report.sections.person_intervals import errors_in_words
from salutogen.report.words_of_persons import (
    belief_in_words,
    levels_in_methods,
    persons_in_words,
    spread_of_persons,
)
from salutogen.resilience.claims import ESTIMAND, PersonClaims
from tests.analyses.inputs import inputs_of
from tests.norm.cohorts import simulated
from tests.report.test_words_of_design import asked_every

FOUND: dict[str, Any] = {
    "estimand": ESTIMAND,
    "n": 120,
    "clear_below": 9,
    "clear_above": 6,
    "expected_by_chance": 0.75,
    "outside": 30,
    "outside_by_chance": 6.0,
    "between_variance": 4.0,
    "between_variance_low": 2.25,
    "between_variance_high": 6.25,
    "within_variance": 9.0,
    "autocorrelation": 0.3,
    "median_occasions": 4.0,
    "reliability": 0.64,
    "reliability_low": 0.4,
    "reliability_high": 0.8,
    "share_between_low": 0.2,
    "share_between_high": 0.45,
}
NOTHING = {
    name: None if value is not None and name not in ("estimand", "n") else value
    for name, value in FOUND.items()
} | {"n": 0}
SUMMARY: dict[str, Any] = {
    "reliability": 0.97,
    "reliability_E_assumed": True,
    "icc_single": 0.33,
    "r_SR_P": SimpleNamespace(person=0.9),
}


LINE = SimpleNamespace(shape="linear", r_squared=0.19, covariates=(), claims=object())


def context(
    individuals: bool = True,
    summary: dict[str, Any] | None = None,
    line: Any = None,
    every: str = "7 days",
    **found: Any,
) -> Any:
    """What the words look at of a report's context."""
    return SimpleNamespace(
        study=asked_every(every),
        persons=pl.DataFrame({"SR": np.linspace(-6, 6, 120), "n_valid": [4] * 120}),
        audience=Audience(individuals=individuals, n_persons=120, seed=1),
        norm=SimpleNamespace(
            external=None,
            shape_test=None,
            lines=SimpleNamespace(person=line or LINE),
        ),
        resilience=SimpleNamespace(
            claims=PersonClaims(**(FOUND | found)),
            summary=SimpleNamespace(**(SUMMARY | (summary or {}))),
        ),
    )


def words(text: Any, given: Any) -> str:
    return text if isinstance(text, str) else text.worded(given.audience.in_a_sentence)


def told(**given: Any) -> str:
    made = context(**given)
    return words(persons_in_words(made), made)


def test_persons_are_called_with_the_estimand_and_chance() -> None:
    text = told()
    assert "levels of 9 lie clearly below" in text
    assert "of 6 clearly above" in text
    assert "levels over the period differ" in text
    assert "false-discovery rate of 5 %" in text
    assert "(0.8 persons)" in text
    assert "SD of levels 2.00 points, 95 % interval 1.50 to 2.50" in text


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (NOTHING, "one occasion cannot tell"),
        ({"autocorrelation": None, "between_variance_low": 0.0}, "these occasions cannot tell"),
        (
            {"between_variance_low": 0.0, "between_variance": 0.0, "clear_below": 0},
            "is not settled: SD of levels 0.00 points, 95 % interval 0.00 to 2.50",
        ),
    ],
    ids=["one occasion", "two occasions", "no variance"],
)
def test_nobody_is_called_without_differences_of_levels(found: Any, reason: str) -> None:
    text = told(**found)
    assert reason in text
    assert "nobody is called clearly" in text
    assert "lie clearly" not in text


@pytest.mark.parametrize("individuals", [True, False])
def test_those_called_are_told_apart_by_how_much_they_met(individuals: bool) -> None:
    """Of nine below the line eight met more than the median; nobody is called more resilient."""
    made = context(individuals=individuals)
    clear = np.array(["below"] * 9 + [""] * 105 + ["above"] * 6)
    E = np.r_[np.full(8, 9.0), 0.0, np.tile([0.0, 9.0], 52), 1.0, np.full(6, 0.0)]
    made.persons = made.persons.with_columns(E=pl.Series(E), clear=pl.Series(clear))
    assert int((E[:9] > np.median(E)).sum()) == 8
    text = words(persons_in_words(made), made)
    little = "at little exposure does not tell how a person would do under much"
    assert little in text
    assert "resilient" not in text
    if individuals:
        assert "fewer problems than expected; 8 of them at above-median exposure" in text
        assert "more problems than expected; 0 of them at above-median exposure" in text
    else:
        assert "8 of them" not in text, "it would tell the one who met little"
    assert "above-median" not in told()


def test_differences_without_a_single_clear_person() -> None:
    text = told(clear_below=0, clear_above=0)
    assert "of 120 persons none is clearly below or above" in text


def test_a_given_stability_is_named_as_the_ground() -> None:
    text = told(between_variance_low=None, between_variance_high=None)
    assert "by the stability that was given" in text
    made = context(between_variance_low=None, between_variance_high=None)
    assert "not part of it), by the stability that was given" in belief_in_words(made)
    assert "cannot check it" in words(errors_in_words(made), made)


def test_small_counts_are_not_told_where_persons_are_hidden() -> None:
    text = told(individuals=False, clear_below=3, clear_above=2)
    assert "levels of fewer than 5 lie" in text
    assert "of fewer than 5 clearly above" in text
    assert "0.8" not in text, "the number expected tells the number called"


def test_each_reliability_says_of_what() -> None:
    text = belief_in_words(context())
    assert "reliability of 0.97 if exposure is free of error, and less if it is not" in text
    assert "answers of the same day" in text
    assert "over 4 occasions (the median) tells the person's level" in text
    assert "of 0.64 (95 % interval 0.40 to 0.80; error in exposure is not part of it)" in text
    assert "at most" not in text
    assert "31 % (95 % interval 20 % to 45 %) lies between" in text
    assert "enough to rank" not in text
    assert "last" not in text.replace("lasting", "")
    follows = "which follows from the 19 % that go with exposure (the root of what is left) and is"
    assert f"+0.90 with their problems, {follows} no finding: it orders persons largely" in text


def test_the_spread_told_is_of_levels_and_not_of_chance() -> None:
    name, value, beside = spread_of_persons(context())
    assert name == "SD of persons' levels of SR (points)"
    found = FOUND["between_variance"], FOUND["between_variance_low"], FOUND["between_variance_high"]
    sd, low, high = (f"{one**0.5:.2f}" for one in found)
    assert (value, beside) == (sd, f"95 % interval {low} to {high}")
    line = SimpleNamespace(residual_sd=1.67)
    told = spread_of_persons(context(between_variance=None, line=line))
    assert told == ("SD of persons' mean SR (points)", "1.67", "")


@pytest.mark.parametrize(
    ("r", "sentence"),
    [
        (0.998, "almost exactly as"),
        (0.98, "nearly as"),
        (0.94, "largely as"),
        (0.8, "largely as"),
        (0.4, "otherwise than"),
    ],
)
def test_the_sentence_on_problems_follows_the_size(r: float, sentence: str) -> None:
    text = belief_in_words(context(summary={"r_SR_P": SimpleNamespace(person=r)}))
    assert sentence in text


def test_what_is_arithmetic_is_said_of_the_line_that_makes_it() -> None:
    """√(1 − R²) is of the whole line; a line that was fitted to others makes no such sum."""
    whole = SimpleNamespace(shape="linear", r_squared=0.19, covariates=("age",), claims=object())
    assert "the 19 % that go with the whole line" in belief_in_words(context(line=whole))
    other = SimpleNamespace(shape="linear", r_squared=0.4, covariates=(), claims=object())
    text = belief_in_words(context(line=other))
    assert "+0.90 with their problems: it orders" in text


@pytest.mark.parametrize("covariates", [[], ["age"]])
def test_r_of_sr_with_problems_is_the_root_of_what_the_line_leaves(covariates: list[str]) -> None:
    inputs = inputs_of(simulated(80, 4, norm={"covariates": covariates}))
    r = inputs.resilience.summary.r_SR_P.person
    assert r == pytest.approx(np.sqrt(1 - inputs.norm.lines.person.r_squared), abs=1e-9)


def test_the_section_names_what_intervals_are_of() -> None:
    made = context()
    text = words(errors_in_words(made), made)
    assert "level over the period" in text
    assert "SD 3.00 points, correlation 0.30 at adjacent occasions" in text
    assert "30 of 120 intervals do not hold 0" in text
    alone = context(**NOTHING)
    assert "one occasion cannot tell state from trait" in words(errors_in_words(alone), alone)


def test_what_lasts_within_persons_is_a_figure_and_no_claim() -> None:
    """The share between levels by its definition, and the correlation within as estimated."""
    told = belief_in_words(context(autocorrelation=0.08))
    assert f"variance of SR on single occasions {100 * 4 / 13:.0f} % (95 % interval" in told
    assert "within persons, where it correlates by +0.08 from one occasion to the next" in told
    assert "lasting" not in told


def test_a_reliability_that_may_be_none_is_said_to_be() -> None:
    may_be_none = belief_in_words(context(between_variance_low=0.0))
    assert "reliability of 0.64 (95 % interval 0 to 0.80; error in exposure" in may_be_none
    assert "the estimate is 31 %, and 0 to 45 % fit these data" in may_be_none
    assert "fits these data" not in belief_in_words(context())


@pytest.mark.parametrize("rho", [0.69, 0.0])
def test_levels_and_slow_states_are_not_told_apart_by_an_estimate_of_0(rho: float) -> None:
    """What lingers may be either; where nothing lingers no state is blamed."""
    text = told(between_variance=0.0, between_variance_low=0.0, autocorrelation=rho)
    assert "is not settled" in text
    slow = "may be a lasting level or a state that passes slowly"
    assert (slow in text) == (rho > 0)
    assert ("no sign that persons are alike" in text) == (rho > 0)
    assert ("+0.69 from one occasion to the next" in text) == (rho > 0)
    assert ("4 occasions (the median) tell them apart" in text) == (rho > 0)


@pytest.mark.parametrize(("low", "called"), [(2.25, True), (0.0, False)])
def test_methods_say_that_persons_were_called_only_where_any_could_be(
    low: float, *, called: bool
) -> None:
    (words,) = levels_in_methods(context(between_variance_low=low))
    assert ("Persons were called clearly below or above" in words) == called
    assert ("Persons were to be called clearly" in words) != called
    assert ("which it did" in words) != called
