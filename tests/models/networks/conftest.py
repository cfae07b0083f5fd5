"""Data and reference values that tests of networks share."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

REFERENCE = Path(__file__).parents[2] / "reference" / "networks"


@pytest.fixture(scope="session")
def cases():
    """The module that makes the data of the reference values."""
    spec = importlib.util.spec_from_file_location("network_cases", REFERENCE / "cases.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
