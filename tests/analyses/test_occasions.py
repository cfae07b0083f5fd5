"""Occasions that a step names: all that are not planned are told at once."""

from __future__ import annotations

from dataclasses import replace
from math import isnan

import pytest

from salutogen.analyses.occasions import refuse_unplanned
from salutogen.errors import AnalysisError
from salutogen.findings import Findings
from tests.analyses.inputs import inputs_of
from tests.norm.cohorts import simulated


def test_labels_that_are_not_planned_are_refused_together() -> None:
    inputs, found = inputs_of(simulated(20, 3)), Findings()
    refuse_unplanned(inputs, [None, "T0", "T2"], found, unknown="baseline-unknown")
    assert not found
    with pytest.raises(AnalysisError) as caught:
        refuse_unplanned(inputs, ["T7", None, "t1", "T7"], found, unknown="baseline-unknown")
    told = caught.value.findings
    assert [item.code for item in told] == ["baseline-unknown", "baseline-unknown"]
    assert "'T7'" in told[0].text
    assert "'T1'" in told[1].text


def test_days_are_those_of_the_plan() -> None:
    study = simulated(20, 3).study
    assert study.days == (0.0, 7.0, 14.0)
    first, *others = study.occasions
    days = replace(study, occasions=(replace(first, day=None), *others)).days
    assert isnan(days[0])
    assert days[1:] == (7.0, 14.0)
