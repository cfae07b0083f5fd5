"""The analyses that are on by default: on every cohort, in every study, for every audience."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import salutogen as sg
from salutogen.analyses.contract import AnalysisResult
from salutogen.analyses.plain_data import to_plain
from salutogen.analyses.registry import BUILT_IN
from salutogen.errors import NormError, StudyError
from salutogen.pipeline.results_json import not_computed, places_switched_off
from salutogen.study.schema import study_schema
from tests.analyses.inputs import inputs_of, shown
from tests.analyses.small_cohort import results_of
from tests.norm.cohorts import simulated

DEFAULT = [item for item in BUILT_IN if item.default]
IN_ORDER = sorted(DEFAULT, key=lambda item: len(item.needs))


ORDER = ["windows", "concordance", "sensitivity", "quality", "outliers"]


def test_they_are_on_in_the_order_of_the_page(tmp_path: Path) -> None:
    results = results_of(tmp_path)
    assert [item.name for item in DEFAULT] == ORDER
    assert [item.label for item in results.analyses] == ORDER
    assert all(item.result is not None for item in results.analyses)
    content = results.to_dict()
    assert content["steps"] == {}
    assert content["resilience"]["windows"]
    assert content["resilience"]["variants"]["primary"] == "person"
    assert content["resilience"]["sensitivity"].keys() == {
        "exposure_error", "mood_reporting", "mood_factors", "outliers", "missing", "exposure_bands",
        "factors_left_out", "covered",
    }  # fmt: skip


def test_one_that_is_switched_off_leaves_null_and_no_finding(tmp_path: Path) -> None:
    results = results_of(tmp_path, analyses="[{step: windows, enabled: false}]")
    assert [item.label for item in results.analyses] == ORDER[1:]
    content = results.to_dict()
    assert content["resilience"]["windows"] is None
    assert content["resilience"]["variants"] is not None
    told = not_computed(content, places_switched_off(results.analyses))
    assert "resilience.windows" not in [path for item in told for path in _figures(item)]
    assert "resilience.windows" in [
        path for item in not_computed(content) for path in _figures(item)
    ]


def _figures(told: Any) -> list[str]:
    figures: list[str] = told.evidence.numbers["figures"]
    return figures


def test_one_that_is_refused_leaves_null_and_says_why(tmp_path: Path) -> None:
    results = results_of(tmp_path, analyses="[{step: concordance, variants: [robbust]}]")
    assert results.to_dict()["resilience"]["variants"] is None
    assert results.to_dict()["steps"] == {"concordance": None}
    (refused,) = (item for item in results.findings if item.severity == "refusal")
    assert refused.code == "unknown-variant"
    assert refused.text.startswith("The analysis 'concordance' was refused: ")
    assert results.analysis("outliers") is not None


def test_settings_of_the_study_file_reach_them(tmp_path: Path) -> None:
    steps = "[{step: outliers, beyond_sd: 1.0}, {step: sensitivity, mood_reporting: [0.5]}]"
    results = results_of(tmp_path, analyses=steps)
    assert [item.label for item in results.analyses] == ORDER
    content = results.to_dict()
    assert content["steps"]["outliers"]["beyond_sd"] == 1.0
    assert content["steps"]["sensitivity"] == content["resilience"]["sensitivity"]
    assert {row["g"] for row in content["resilience"]["sensitivity"]["mood_reporting"]} == {0.5}


def test_editors_know_the_keys_of_every_step() -> None:
    schemas = {item.name: item.settings_model().model_json_schema() for item in DEFAULT}
    steps = study_schema(schemas)["$defs"]
    for item in DEFAULT:
        step = steps[f"step_{item.name}"]
        assert step["additionalProperties"] is False
        assert {"step", "name", "after", "enabled"} <= step["properties"].keys()
        assert all(part.get("description") for part in step["properties"].values())


def test_what_is_needed_cannot_be_switched_off_alone(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as caught:
        results_of(tmp_path, analyses="[{step: outliers, enabled: false}]")
    assert [item.code for item in caught.value.findings] == ["step-need-missing"]
    both = "{step: outliers, enabled: false}, {step: sensitivity, enabled: false}"
    results = results_of(tmp_path, analyses=f"[{both}]")
    assert isinstance(results, sg.Results)
    assert results.to_dict()["resilience"]["sensitivity"] is None


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
