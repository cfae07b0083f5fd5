"""The sentence in short says what was told, and no more."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from salutogen.norm import fit_norm
from salutogen.page.audience import Audience
from salutogen.report.words_in_short import clauses_in_short, one_sentence
from salutogen.resilience.claims import PersonClaims
from tests.report.test_words_of_design import asked_every
from tests.report.test_words_of_line import PERSONS, cohort
from tests.report.test_words_of_persons import FOUND, NOTHING

CHANGE = "whether SR changed is not settled"
NO_RESILIENCE = ", so that SR is not to be read as resilience here"


def told(
    norm: Any,
    *,
    individuals: bool = True,
    clauses: tuple[str, ...] = (),
    every: str = "7 days",
    **found: Any,
) -> str:
    audience = Audience(individuals=individuals, n_persons=PERSONS, seed=1)
    context: Any = SimpleNamespace(
        study=asked_every(every),
        norm=norm,
        audience=audience,
        resilience=SimpleNamespace(claims=PersonClaims(**(FOUND | found))),
        outcomes=[SimpleNamespace(in_short=one) for one in clauses],
    )
    text = one_sentence(clauses_in_short(context))
    return text if isinstance(text, str) else text.worded(audience.in_a_sentence)


@pytest.mark.parametrize(
    ("truth", "shape", "said"),
    [
        ("more", "linear", "those who reported more stressors had more problems"),
        ("fewer", "linear", "those who reported more stressors had fewer problems" + NO_RESILIENCE),
        ("none", "linear", "problems go little with reported exposure, if at all"),
        ("none", "quadratic", "problems go little with reported exposure, if at all"),
        ("more", "quadratic", "expected problems rise with reported exposure"),
        ("fewer", "quadratic", "expected problems fall with reported exposure" + NO_RESILIENCE),
        (
            "U",
            "quadratic",
            "problems go with reported exposure, not by one amount throughout" + NO_RESILIENCE,
        ),
    ],
)
def test_the_line_is_told_by_its_simulated_truth(truth: str, shape: str, said: str) -> None:
    text = told(fit_norm(cohort(truth, shape=shape)), clauses=(CHANGE, ""))
    assert text == (
        f"In short: {said}; the levels of 15 of 120 persons lie clearly below or above what "
        f"exposure lets expect, if exposure is free of error; {CHANGE}."
    )


def test_an_analysis_may_tell_several_clauses() -> None:
    text = told(fit_norm(cohort("more")), clauses=("the one\n\nthe other", CHANGE))
    assert text.endswith(f"; the one; the other; {CHANGE}.")


def test_who_is_called_hangs_on_what_was_not_asked_where_little_was() -> None:
    norm = fit_norm(cohort("more"))
    condition = "if exposure is free of error and what was not asked about would not change it"
    assert condition in told(norm, every="3 months")
    assert "not asked about" not in told(norm)
    nobody = told(norm, every="3 months", clear_below=0, clear_above=0)
    assert "not asked about" not in nobody


def test_a_line_from_elsewhere_and_one_that_leaves_a_curve_out() -> None:
    curve = fit_norm(cohort("U", shape="test"))
    straight: Any = SimpleNamespace(
        lines=fit_norm(cohort("more")).lines,
        shape_test=SimpleNamespace(chosen="quadratic"),
        external=None,
    )
    assert "a curve, which the line leaves out; " in told(straight)
    elsewhere: Any = SimpleNamespace(lines=curve.lines, shape_test=None, external="there.json")
    assert told(elsewhere).startswith("In short: the levels of 15")


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (NOTHING | {"n": 120}, "whether persons differ in their levels of SR cannot be told"),
        ({"autocorrelation": None}, "whether persons differ in their levels of SR cannot be told"),
        ({"between_variance_low": 0.0}, "is not shown, so nobody is called"),
        ({"clear_below": 0, "clear_above": 0}, "nobody's level is clearly below or above"),
    ],
)
def test_nobody_is_named_without_levels(found: dict[str, Any], said: str) -> None:
    assert said in told(fit_norm(cohort("more")), **found)


def test_a_sum_does_not_tell_a_small_count() -> None:
    norm = fit_norm(cohort("more"))
    assert "levels of 11 of 120 persons" in told(norm, clear_below=8, clear_above=3)
    hidden = told(norm, individuals=False, clear_below=8, clear_above=3)
    assert "the levels of some persons lie clearly" in hidden
    assert "11" not in hidden
