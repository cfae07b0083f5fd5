"""The reason why no curve or half-life is given is the one that applied, and no other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from salutogen.analyses.trajectories.recovery.curve import RecoveryCurve
from salutogen.analyses.trajectories.recovery.fitting import fit_way_back
from salutogen.analyses.trajectories.recovery.no_curve import (
    NO_BEND,
    NOT_POSSIBLE,
    REASONS,
    no_curve_reason,
    unsettled_reason,
)
from salutogen.findings import finding
from tests.analyses.trajectories.recovery.test_fitting import TRUTH, made


@pytest.mark.parametrize("variant", list(NO_BEND))
def test_each_refusal_of_a_curve_has_its_reason(variant: str) -> None:
    told = finding("recovery-without-bend", variant=variant, seen=9.0, beside="")
    assert no_curve_reason([told]) == NO_BEND[variant]
    assert len(set(NO_BEND.values())) == len(NO_BEND)


def test_other_refusals_have_theirs() -> None:
    few = finding("recovery-not-identified", enough=3, persons=40)
    assert no_curve_reason([few]) == REASONS["recovery-not-identified"]
    assert no_curve_reason([]) == NOT_POSSIBLE


@pytest.mark.parametrize(("jump", "variant"), [(6.0, "no-rise-here"), (0.0, "no-rise")])
def test_a_rise_that_is_told_the_other_way_is_not_denied(jump: float, variant: str) -> None:
    """No rise with the event in exposure; without it, SR rises by `jump` and stays there."""
    own = made(-np.arange(10) * 0.8, 3)
    other = own + jump
    beside = ", but not shown to be so beyond what comparator occasions show"
    _, curve, findings = fit_way_back(own, np.arange(150), other=other, other_beside=beside, seed=1)
    assert curve is None
    assert no_curve_reason(findings) == NO_BEND[variant]
    (told,) = findings
    assert ("judged the other way" in told.text) == (variant == "no-rise-here")
    assert (beside in told.text) == (variant == "no-rise-here")


def test_a_half_life_that_is_withheld_has_one_reason() -> None:
    _, curve, _ = fit_way_back(made(TRUTH, 5), np.arange(150), seed=1)
    assert isinstance(curve, RecoveryCurve)
    each = [
        unsettled_reason(replace(curve, withheld="backgrounds")),
        unsettled_reason(replace(curve, withheld="end")),
        *(
            unsettled_reason(replace(curve, fall_interval=ends))
            for ends in ((1.0, 2.0), (-1.0, 2.0), (-2.0, -1.0))
        ),
    ]
    assert each[0] == "how fast SR falls hangs on whether the event is in exposure"
    assert len(set(each)) == len(each)
    for words in each:
        assert " or not " not in words
