"""The shipped trajectories study on DynaCORE-L, against plain loops over the raw file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import salutogen as sg
from salutogen.analyses.trajectories import EventGrid, Trajectories, TrajectorySettings, compute
from tests.analyses.trajectories.anchors.grids import demo_anchors, loop_anchors, new_event
from tests.analyses.trajectories.cohort import inputs_of, result_in

ANCHOR_PLACES = (1, 2, 3)
ITEMS = [f"GE_{place:02d}" for place in range(1, 12)]


@pytest.fixture(scope="module")
def raw(shared_data: Path) -> EventGrid:
    """Events read from the file by hand, in the order of the file."""
    frame = pl.read_csv(
        shared_data / "dynacore-l" / "dynacore_l.csv",
        infer_schema_length=None,
        null_values=["NA", ""],
    )
    who = frame["subject.ID"].unique(maintain_order=True).to_list()
    ratings = np.full((len(who), 6, len(ITEMS)), np.nan, dtype=np.float32)
    observed = np.zeros((len(who), 6), dtype=bool)
    for row in frame.iter_rows(named=True):
        person, t = who.index(row["subject.ID"]), int(row["beep"]) - 1
        observed[person, t] = True
        for place, item in enumerate(ITEMS):
            if row[item] is not None:
                ratings[person, t, place] = row[item]
    return EventGrid(
        ratings=ratings,
        observed=observed,
        items=tuple(ITEMS),
        instruments=("general",) * len(ITEMS),
        threshold=4.0,
    )


@pytest.fixture(scope="module")
def results(repository: Path, shared_data: Path) -> sg.Results:
    """The shipped study, run once."""
    study = repository / "examples" / "dynacore-l" / "trajectories.yaml"
    return sg.run(study, data=shared_data / "dynacore-l")


def run_rule(results: sg.Results, rule: str) -> Trajectories:
    """The shipped analysis under another rule."""
    (analysis,) = results.study.plan.analyses
    settings = {key: value for key, value in analysis.items() if key != "step"}
    return compute(inputs_of(results), TrajectorySettings.model_validate(settings | {"rule": rule}))


def places(result: Trajectories) -> dict[int, tuple[int, int]]:
    anchors = result.anchored.anchors
    return {
        int(person): (int(t), int(item))
        for person, t, item in zip(anchors.person, anchors.occasion, anchors.item, strict=True)
    }


def test_demo_loop_as_published(results: sg.Results, raw: EventGrid) -> None:
    """127 anchors at 25 / 40 / 62, 74 complete: the public demonstration (trajectories.Rmd)."""
    result = run_rule(results, "demo-loop")
    summary: dict[str, Any] = result.to_dict()
    assert summary["anchors"]["n"] == 127
    assert summary["anchors"]["by_occasion"] == {"2": 25, "3": 40, "4": 62}
    assert summary["lock"]["n_complete"] == 74
    assert list(summary["lock"]["missing"].values()) == [0, 0, 30, 38]
    assert places(result) == demo_anchors(raw, ANCHOR_PLACES)


def test_what_the_loop_does_wrong(raw: EventGrid) -> None:
    """Its last hit is at another occasion than its first for 56 of 127, another item for 70."""
    last, first = demo_anchors(raw, ANCHOR_PLACES), demo_anchors(raw, ANCHOR_PLACES, first=True)
    assert sum(last[person][0] != first[person][0] for person in last) == 56
    assert sum(last[person][1] != first[person][1] for person in last) == 70


@pytest.mark.parametrize("rule", ["first-strict", "first-any", "onset"])
def test_rules_agree_with_plain_loops_over_the_file(
    results: sg.Results, raw: EventGrid, rule: str
) -> None:
    result = run_rule(results, rule)
    assert places(result) == loop_anchors(raw, rule, ANCHOR_PLACES)
    assert result.anchored.anchors.n == {"first-strict": 99, "first-any": 21, "onset": 37}[rule]
    t, item = result.anchored.anchors.occasion[0], result.anchored.anchors.item[0]
    assert new_event(raw, int(result.anchored.anchors.person[0]), int(t), int(item), rule)


def test_the_shipped_study_uses_the_default_rule(results: sg.Results) -> None:
    result = result_in(results)
    assert result.anchored.anchors.rule == TrajectorySettings().rule == "first-strict"
    assert result.anchored.by_occasion == {"2": 68, "3": 22, "4": 9}
    codes = {item.code for item in result.findings}
    assert {"recovery-not-identified", "anchors-selected-on-appraisal"} <= codes


def test_no_classes_are_claimed(results: sg.Results) -> None:
    """BIC prefers one class under every set of assumptions that may carry a claim."""
    content = results.to_dict()["trajectories"]
    assert content["classes"] is None
    assert content["gates_passed"] is False
    assert content["gates"][0]["name"] == "bic"
    assert content["gates"][0]["value"] < 10
    chosen = {
        found["classes"]
        for found in content["class_search"]["assumptions"]
        if found["may_be_claimed"]
    }
    assert chosen == {1}
