"""Inputs and a result of a cohort that loses persons, made once."""

from __future__ import annotations

import pytest

from salutogen.analyses.attrition.analysis import AttritionResult, compute
from salutogen.analyses.contract import AnalysisInputs
from tests.analyses.attrition.asking import WINDOWS, settings, with_neighbours
from tests.analyses.attrition.lossy import lossy_inputs


@pytest.fixture(scope="package")
def lost_inputs() -> AnalysisInputs:
    return with_neighbours(lossy_inputs(resilience=WINDOWS))


@pytest.fixture(scope="package")
def lost_result(lost_inputs: AnalysisInputs) -> AttritionResult:
    return compute(lost_inputs, settings())
