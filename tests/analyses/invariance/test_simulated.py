"""Figures that the page cites are those of the simulation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from salutogen.analyses.invariance.simulated import SIZES, Fooled, nearest

KEPT = Path(__file__).parents[3] / "benchmarks" / "results" / "invariance.json"


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_sizes_are_those_of_the_benchmark(size: Fooled) -> None:
    shares = json.loads(KEPT.read_text("utf-8"))["shares"]
    found = shares[f"{size.categories} crowded categories, {size.persons} persons, 2 occasions"]
    assert size.called == pytest.approx(found["any called"], abs=0.005)
    assert size.failed == pytest.approx(found["a step fails"], abs=0.005)
    assert size.part == pytest.approx(found["items beside the latent move"], abs=0.005)


def test_the_nearest_number_of_categories_is_taken() -> None:
    assert [nearest(one).categories for one in (2, 3, 4, 9)] == [2, 3, 4, 5]
