"""Gates: each value by hand or by another program, and what a failed one leaves undone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from salutogen.analyses.trajectories import (
    ClassAssessment,
    ClassSettings,
    Lock,
    assess_classes,
)
from salutogen.analyses.trajectories.classes.claims import look_for_classes
from salutogen.analyses.trajectories.classes.gates import Gate, least_agreement
from salutogen.analyses.trajectories.classes.heaping import is_heaped, skewness, stops
from salutogen.analyses.trajectories.classes.mixtures import AssumptionSet
from salutogen.analyses.trajectories.classes.summary import class_figures
from salutogen.analyses.trajectories.classes.tables import gate_table, shown_grid
from salutogen.context import RunContext
from salutogen.models import GrowthMixture
from salutogen.page.audience import Audience
from tests.analyses.trajectories.classes.matrices import one_kind, rand_by_pairs, three_kinds

SEEN = Audience(individuals=True, n_persons=300, seed=1)
QUICK = ClassSettings(max=4, starts=10, resamples=5, blrt_draws=39)


@pytest.fixture(scope="module")
def three() -> ClassAssessment:
    return assess_classes(three_kinds(300, 1)[0], QUICK, seed=2)


def by_name(assessment: ClassAssessment) -> dict[str, Gate]:
    return {gate.name: gate for gate in assessment.gates}


@dataclass(frozen=True)
class Fit:
    """As much of a fit as choosing a number of classes needs."""

    bic: float
    posterior: np.ndarray
    converged: bool = True


def fake_set(bics: dict[int, float], labels: list[int] | None = None) -> AssumptionSet:
    """A set of assumptions with these criteria; every fit classifies alike."""
    who = np.eye(4)[labels or [0, 0, 1, 1]]
    fits = {k: Fit(bic, who if k > 1 else np.ones((4, 1))) for k, bic in bics.items()}
    return AssumptionSet(
        model="random-intercept", variances="equal", fits=cast(Any, fits), failures={}
    )


@pytest.mark.parametrize(
    ("bics", "number", "gain"),
    [
        ({1: 100.0, 2: 101.0, 3: 105.0}, 1, None),
        ({1: 100.0, 2: 90.5, 3: 95.0}, 1, None),  # 9.5 is too little
        ({1: 100.0, 2: 90.0, 3: 95.0}, 2, 10.0),
        ({1: 100.0, 2: 60.0, 3: 55.0}, 2, 40.0),  # the third class brings 5
        ({1: 100.0, 2: 94.0, 3: 88.0}, 2, 6.0),  # never by 10 at once
        ({1: 100.0, 3: 20.0}, 3, None),  # two classes are degenerate
    ],
)
def test_the_number_of_classes_is_the_smallest_that_no_larger_one_beats(
    bics: dict[int, float], number: int, gain: float | None
) -> None:
    found = fake_set(bics)
    assert found.number(10.0) == number
    assert found.gain(number) == gain


def test_every_gate_holds_for_three_kinds(three: ClassAssessment) -> None:
    assert [gate.name for gate in three.gates if not gate.passed] == []
    assert len(three.gates) == 9
    assert three.n_classes == 3


def test_cheap_gates_are_those_of_a_fit_by_hand(three: ClassAssessment) -> None:
    gates = by_name(three)
    spec = three.fit.spec
    rows = three.courses.rows()
    fit, fewer = (
        GrowthMixture(
            spec.formula,
            classes=k,
            starts=30,
            seed=99,
            random_covariance=spec.random_covariance,
            residual_variance=spec.residual_variance,
        ).fit(rows)
        for k in (3, 2)
    )
    assert gates["bic"].value == pytest.approx(fewer.bic - fit.bic, abs=1e-3)
    p = np.clip(fit.posterior, 1e-300, 1)
    entropy = 1 + float(np.sum(p * np.log(p))) / (len(p) * np.log(3))
    assert gates["entropy"].value == pytest.approx(entropy, abs=1e-4)
    assert gates["smallest-share"].value == pytest.approx(fit.shares.min(), abs=1e-4)
    assert gates["smallest-persons"].value == fit.classes["class"].value_counts()["count"].min()


def test_agreement_over_assumptions_is_that_of_all_pairs(three: ClassAssessment) -> None:
    margin = three.settings.gates.bic
    best = three.fit.bic
    labels = [
        found.fits[found.number(margin)].posterior.argmax(axis=1)
        for found in three.sets
        if found.fits[found.number(margin)].bic <= best + 10
    ]
    assert len(labels) > 1
    least = min(rand_by_pairs(a, b) for a in labels for b in labels)
    assert by_name(three)["assumptions"].value == pytest.approx(least)


def test_a_set_near_the_best_that_needs_one_class_disagrees() -> None:
    limits = ClassSettings().gates
    two, one = fake_set({1: 100.0, 2: 50.0}), fake_set({1: 58.0, 2: 57.0})
    assert least_agreement([two, one], 0, limits) == 0.0
    far = fake_set({1: 61.0, 2: 60.0})
    assert least_agreement([two, far], 0, limits) is None
    other = fake_set({1: 100.0, 2: 55.0}, [0, 1, 0, 1])
    expected = rand_by_pairs(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]))
    assert least_agreement([two, other], 0, limits) == pytest.approx(expected)
    astray = replace(other, fits={k: replace(cast(Any, f), converged=False)
                                  for k, f in other.fits.items()})  # fmt: skip
    assert least_agreement([two, astray], 0, limits) is None


def test_agreement_without_another_set_is_not_tested(three: ClassAssessment) -> None:
    """A set alone near the best agrees with itself: nothing was tested, nothing stands against."""
    words = {}
    for value in (None, 1.0):
        gates = (Gate(name="assumptions", value=value, threshold=0.6, passed=True),)
        shown = gate_table(replace(three, gates=gates), SEEN)
        words[value] = (shown["value"][0], shown["outcome"][0])
    assert words[None][1] == "not tested: no other set is near the best"
    assert words[1.0][1] == "holds"
    assert words[None][0] != words[1.0][0]


def test_where_one_class_is_enough_no_other_gate_is_reached() -> None:
    found = assess_classes(one_kind(200, 3), QUICK, seed=1)
    first, *others = found.gates
    assert first.name == "bic"
    assert first.value is not None
    assert first.value < 10
    assert not first.passed
    assert [(gate.value, gate.passed, gate.reached) for gate in others] == [
        (None, False, False)
    ] * 8


def test_costly_gates_wait_for_the_others() -> None:
    strict = QUICK.model_copy(update={"gates": QUICK.gates.model_copy(update={"entropy": 1.0})})
    found = assess_classes(three_kinds(300, 1)[0], strict, seed=2)
    gates = by_name(found)
    assert [name for name, gate in gates.items() if gate.reached and not gate.passed] == ["entropy"]
    assert [name for name, gate in gates.items() if not gate.reached] == [
        "blrt", "split-half", "bootstrap",
    ]  # fmt: skip
    assert not found.passed
    assert class_figures(found).classes is None


def test_skewness_is_that_of_scipy() -> None:
    values = np.random.default_rng(4).gamma(2.0, size=500)
    assert skewness(values) == pytest.approx(stats.skew(values))
    assert skewness(np.ones(5)) == 0.0


def test_skewed_and_heaped_values_are_told_from_normal_ones() -> None:
    assert not is_heaped(one_kind(400, 5))
    assert is_heaped(one_kind(400, 5, "skewed"))
    floored = one_kind(400, 5, "floored")
    assert is_heaped(floored)
    assert stops(floored) == (floored.min(), np.inf)
    assert stops(-floored) == (-np.inf, -floored.min())


@given(st.lists(st.lists(st.integers(0, 12), min_size=3, max_size=3), min_size=2, max_size=5))
def test_no_hidden_count_follows_from_the_totals(counts: list[list[int]]) -> None:
    """Whatever is hidden has company in its row and in its column."""
    shown = shown_grid(np.array(counts), 5)
    hidden = np.array([[value is None for value in line] for line in shown])
    for line, given_ in zip(shown, counts, strict=True):
        for value, count in zip(line, given_, strict=True):
            assert value is None or value == count
            assert not 0 < (value or 0) < 5
    assert not (hidden.sum(axis=0) == 1).any()
    assert not (hidden.sum(axis=1) == 1).any()


@pytest.mark.parametrize(
    ("gates", "words"),
    [({}, "The gates are the defaults"), ({"share": 0.1}, "The gates are those of the study file")],
)
def test_the_finding_says_whose_gates_they_are(gates: dict[str, float], words: str) -> None:
    settings = ClassSettings.model_validate({"max": 2, "starts": 3, "gates": gates})
    lock = Lock(
        occasion=np.tile(np.arange(4), (120, 1)),
        SR=one_kind(120, 3),
        P=one_kind(120, 3) + 10.0,
        SR_z=one_kind(120, 3),
    )
    run = RunContext(seed=1, audience=SEEN)
    found, told = look_for_classes(lock, np.ones(120, dtype=np.int64), settings, run)
    assert found is not None
    (finding,) = (item for item in told if item.code == "classes-not-claimed")
    assert words in finding.mend


def test_gates_that_were_not_tried_are_counted() -> None:
    from salutogen.analyses.trajectories.classes.claims import _untried

    assert [_untried(gates) for gates in (0, 1, 3)] == [
        "",
        "; 1 further gate was then not tried",
        "; 3 further gates were then not tried",
    ]
