"""The analyses that are on by default: on every cohort, in every study, for every audience."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salutogen.analyses.contract import AnalysisResult
from salutogen.analyses.registry import BUILT_IN
from salutogen.errors import NormError
from salutogen.pipeline.results_json import to_plain
from tests.analyses.inputs import inputs_of, shown
from tests.norm.cohorts import simulated

DEFAULT = [item for item in BUILT_IN if item.default]
IN_ORDER = sorted(DEFAULT, key=lambda item: len(item.needs))


def test_they_are_in_the_order_of_the_page() -> None:
    names = [item.name for item in DEFAULT]
    assert names == ["windows", "concordance", "sensitivity", "quality", "outliers"]


@settings(max_examples=30)
@given(
    n_persons=st.integers(2, 9),
    n_occasions=st.integers(1, 5),
    missing=st.sampled_from([0.0, 0.3, 0.7]),
    combine=st.sampled_from(["sum", "composite", "separate"]),
    windows=st.sampled_from([None, {"width": 3}, {"width": "14 days", "step": "7 days"}]),
    seed=st.integers(0, 99),
)
def test_every_cohort_that_has_scores_has_them(
    n_persons: int, n_occasions: int, missing: float, combine: str, windows: Any, seed: int
) -> None:
    scores = simulated(
        n_persons,
        n_occasions,
        missing=missing,
        combine=combine,
        seed=seed,
        resilience={"windows": windows},
    )
    try:
        inputs = inputs_of(scores)
    except NormError:
        return
    done: dict[str, AnalysisResult] = {}
    for item in IN_ORDER:
        inputs = type(inputs)(**{**vars(inputs), "needed": done})
        done[item.name] = result = item.function()(inputs, item.settings_model()())
        assert isinstance(result, item.result_type())
        json.dumps(to_plain(result.to_dict()), allow_nan=False)
        for individuals in (True, False):
            shown(result, inputs, individuals=individuals)
            assert isinstance(result.answer(), str)


@pytest.mark.parametrize("item", DEFAULT, ids=lambda item: item.name)
def test_every_figure_is_declared(item: Any) -> None:
    schema = item.result_type().schema()
    assert schema["properties"]
    assert all(part.get("description") for part in schema["properties"].values())
    assert set(item.results_at) <= {"", *schema["properties"]}
