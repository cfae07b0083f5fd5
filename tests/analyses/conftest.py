"""Inputs made once, for every test that only reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from salutogen.analyses.contract import AnalysisInputs
from tests.analyses.inputs import inputs_of
from tests.norm.cohorts import dynacore, simulated


@pytest.fixture(scope="session")
def cohort() -> AnalysisInputs:
    """150 persons at five occasions."""
    return inputs_of(simulated(150, 5))


@pytest.fixture(scope="session")
def real(shared_data: Path) -> AnalysisInputs:
    """The real cohort."""
    return inputs_of(dynacore(shared_data))
