"""The step in a study file: results, files, background, privacy, refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import salutogen as sg
from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.trajectories import Trajectories, TrajectorySettings, compute
from salutogen.errors import AnalysisError, StudyError
from tests.analyses.trajectories.cohort import (
    EVENTS,
    PROBLEMS,
    cohort_frame,
    inputs_of,
    outcome_in,
    shown_sections,
    write_study,
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[sg.Results, Path]:
    """A run in which persons may be shown, with its output folder."""
    folder = tmp_path_factory.mktemp("trajectories")
    results = sg.run(write_study(folder), data={"answers": cohort_frame()}, out=folder / "out")
    return results, folder / "out"


@pytest.fixture(scope="module")
def out(finished: tuple[sg.Results, Path]) -> Path:
    return finished[1]


@pytest.fixture(scope="module")
def inputs(finished: tuple[sg.Results, Path]) -> AnalysisInputs:
    return inputs_of(finished[0])


def run_step(inputs: AnalysisInputs, **settings: Any) -> Trajectories:
    """The analysis with other settings."""
    events = {"instruments": ["events"], "threshold": 4} | settings.pop("events", {})
    return compute(inputs, TrajectorySettings.model_validate({"events": events, **settings}))


def content_of(out: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((out / "results.json").read_text("utf-8"))
    return content


def test_results_stand_at_the_top_level_too(out: Path) -> None:
    content = content_of(out)
    found = content["trajectories"]
    assert found == content["steps"]["trajectories"]
    assert found["anchors"]["rule"] == "first-strict"
    assert sum(found["anchors"]["by_occasion"].values()) == found["anchors"]["n"] > 20
    assert found["classes"] is None
    assert [gate["name"] for gate in found["gates"] if gate["passed"]] == []
    assert found["gates_passed"] is False
    assert set(found["lock"]["mean"]) == {"SR", "SR_within", "P"}


def test_files_agree_with_the_results(out: Path) -> None:
    found = content_of(out)["trajectories"]
    anchors = pl.read_csv(out / "anchors.csv")
    lock = pl.read_csv(out / "lock.csv")
    assert anchors.columns == ["subject", "occasion", "event", "rating"]
    assert lock.columns == ["subject", "position", "occasion", "SR", "P", "SR_within"]
    assert anchors.height == found["anchors"]["n"]
    assert lock.height == 4 * anchors.height
    assert (anchors["rating"] >= 4).all()
    for position, mean in found["lock"]["mean"]["SR"].items():
        mine = lock.filter(pl.col("position") == position)["SR"]
        assert np.mean(mine.drop_nulls().to_numpy()) == pytest.approx(mean)
        assert mine.null_count() == found["lock"]["missing"][position]


def test_each_complete_course_has_its_label(out: Path) -> None:
    found = content_of(out)["trajectories"]["labels"]
    table = pl.read_csv(out / "labels.csv")
    assert table.columns == ["subject", "label"]
    assert table.height == found["n"]
    counts = dict(table.group_by("label").len().iter_rows())
    assert {name: n for name, n in found["counts"].items() if n} == counts


def test_the_band_is_that_of_fluctuation_within_persons(inputs: AnalysisInputs) -> None:
    """Pooled SD of deviations from the own mean, without the anchor occasion and two after it."""
    result = run_step(inputs)
    SR = inputs.views.wide("SR").values.copy()
    anchors = result.anchored.anchors
    for person, at in zip(anchors.person, anchors.occasion, strict=True):
        SR[person, at : at + 3] = np.nan
    rows = [row[np.isfinite(row)] for row in SR]
    squares = sum(float(((row - row.mean()) ** 2).sum()) for row in rows if row.size)
    spread = np.sqrt(squares / sum(row.size - 1 for row in rows if row.size))
    assert result.labels is not None
    assert result.labels.half_width == pytest.approx(1.96 * np.sqrt(2.0) * spread)
    answers = run_step(inputs, labels={"band_from": "answers"}).labels
    assert answers is not None
    assert inputs.resilience.summary.sem is not None
    assert answers.half_width == pytest.approx(
        1.96 * np.sqrt(2.0) * float(inputs.resilience.summary.sem)
    )
    assert answers.half_width < result.labels.half_width


def test_a_short_study_says_that_events_have_no_comparator(inputs: AnalysisInputs) -> None:
    result = run_step(inputs)
    assert result.placebo is not None
    assert result.placebo.SR is None
    assert result.placebo.n + result.placebo.n_without == result.anchored.n
    assert "no-placebo" in {item.code for item in result.findings}


def test_labels_under_other_bands(out: Path) -> None:
    """A wider band calls more persons resilient; all variants label the same persons."""
    found = content_of(out)["trajectories"]["labels"]
    narrow, wide = (found["variants"][f"band {way} by half"] for way in ("narrower", "wider"))
    middle = found["counts"]["resilient"] + found["counts"]["improving"]
    assert narrow["resilient"] + narrow["improving"] <= middle
    assert middle <= wide["resilient"] + wide["improving"]
    assert {sum(counts.values()) for counts in found["variants"].values()} == {found["n"]}


def test_lock_values_are_those_of_scores_csv(out: Path) -> None:
    lock = pl.read_csv(out / "lock.csv").drop_nulls("SR")
    scores = pl.read_csv(out / "scores.csv").select("subject", "occasion", "SR", "P")
    joined = lock.join(scores, on=["subject", "occasion"], how="left", validate="m:1")
    assert joined["SR"].to_list() == joined["SR_right"].to_list()
    assert joined["P"].to_list() == joined["P_right"].to_list()


def test_row_level_files_are_personal_and_described(out: Path) -> None:
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    personal = {item["file"] for item in manifest["outputs"] if item["personal_data"]}
    assert {"anchors.csv", "lock.csv", "response.csv", "labels.csv"} <= personal
    codebook = pl.read_csv(out / "codebook.csv")
    lock = codebook.filter(pl.col("file") == "lock.csv")
    assert lock["column"].to_list() == ["subject", "position", "occasion", "SR", "P", "SR_within"]
    assert "less resilient" in lock.filter(pl.col("column") == "SR")["sign"].item()


def test_the_page_has_the_sections_and_no_ids(out: Path) -> None:
    page = (out / "report.html").read_text("utf-8")
    assert "Trajectories: courses around the event" in page
    assert "No classes are claimed" in page
    assert "secret-" not in page


def test_without_event_agrees_with_a_line_fitted_by_hand(inputs: AnalysisInputs) -> None:
    """Least squares of P on E without the anchor's item, over all rows of everyone."""
    result = run_step(inputs)
    assert result.courses.other_background is not None
    frame = cohort_frame()
    P = frame.select(PROBLEMS).sum_horizontal().to_numpy().astype(float)
    E = frame.select(EVENTS).sum_horizontal().to_numpy().astype(float)
    place = {key: row for row, key in enumerate(frame.select("who", "visit").iter_rows())}
    checked = 0
    for row in range(result.anchored.anchors.n):
        item = result.anchored.grid.items[result.anchored.anchors.item[row]]
        rest = E - frame[item].to_numpy()
        design = np.column_stack([np.ones_like(rest), rest])
        SR = P - design @ np.linalg.lstsq(design, P, rcond=None)[0]
        who = result.anchored.subjects[result.anchored.anchors.person[row]]
        for position, occasion in enumerate(result.courses.lock.occasion[row]):
            at = place.get((who, int(occasion) + 1))
            found = result.courses.other_background.SR[row, position]
            if at is None:
                assert np.isnan(found)
            else:
                assert found == pytest.approx(SR[at], abs=1e-9)
                checked += 1
    assert checked > 60


def test_background_without_event_swaps_the_two(inputs: AnalysisInputs) -> None:
    kept = run_step(inputs)
    taken = run_step(inputs, background="without-event")
    assert kept.courses.other_background is not None
    assert taken.courses.other_background is not None
    np.testing.assert_array_equal(taken.courses.lock.SR, kept.courses.other_background.SR)
    np.testing.assert_array_equal(taken.courses.other_background.SR, kept.courses.lock.SR)
    assert taken.to_dict()["lock"]["background"] == "without-event"
    assert np.nanmean(taken.courses.lock.SR[:, 1]) > np.nanmean(kept.courses.lock.SR[:, 1])


def test_findings_name_what_is_doubtful(inputs: AnalysisInputs) -> None:
    result = run_step(inputs, rule="demo-loop")
    codes = {item.code for item in result.findings}
    assert codes >= {
        "anchor-not-first-event",
        "anchors-selected-on-appraisal",
        "anchor-rule-overwrites",
        "event-dated-by-visit",
        "classes-not-claimed",
    }
    told = next(item for item in result.findings if item.code == "anchor-not-first-event")
    assert told.evidence.numbers["other_event_before"] == result.anchored.anchors.other_before.sum()


def test_events_of_fact_are_not_selected_on_appraisal(inputs: AnalysisInputs) -> None:
    result = run_step(inputs, events={"threshold": None})
    assert "anchors-selected-on-appraisal" not in {item.code for item in result.findings}
    assert result.anchored.anchors.n > 0


def test_events_of_the_problem_scale_are_warned_of(inputs: AnalysisInputs) -> None:
    result = run_step(inputs, events={"instruments": ["mood"], "threshold": 2}, classes="off")
    (told,) = [item for item in result.findings if item.code == "anchored-on-problems"]
    assert "answers to mood" in told.text
    usual = run_step(inputs, events={"threshold": 4}, classes="off")
    assert "anchored-on-problems" not in {item.code for item in usual.findings}


def test_recovery_is_given_where_enough_occasions_follow(inputs: AnalysisInputs) -> None:
    early = run_step(inputs, anchor_occasions=["2"])
    late = run_step(inputs, anchor_occasions=["5"])
    assert early.recovery is not None
    assert early.to_dict()["response"]["metrics"]["area"]["n"] > 0
    assert late.recovery is None
    assert late.to_dict()["response"]["metrics"] is None
    assert "recovery-not-identified" in {item.code for item in late.findings}


def test_a_return_that_is_not_there_is_warned_of(inputs: AnalysisInputs) -> None:
    """Mood follows the events of its own occasion only: nothing to return from later."""
    result = run_step(inputs, anchor_occasions=["2"])
    curve = result.recovery
    assert curve is not None
    codes = {item.code for item in result.findings}
    assert not curve.settled
    assert "half-life-not-settled" in codes
    assert "recovery-not-identified" not in codes


def test_hidden_persons_leave_nothing_of_themselves(tmp_path: Path) -> None:
    path = write_study(tmp_path, individuals="hide")
    sections, withheld = shown_sections(sg.run(path, data={"answers": cohort_frame()}))
    assert withheld == []
    for section in sections:
        for figure in section.figures:
            assert "who" not in figure.data.columns
            assert "Person " not in json.dumps(figure.specification())
        for table in section.tables:
            small = [
                (table.name, name, value)
                for name, kind in table.frame.schema.items()
                if kind == pl.Int64 and name != "classes"
                for value in table.frame[name].drop_nulls()
                if 0 < value < 5
            ]
            assert small == []


@pytest.mark.parametrize(
    ("settings", "code", "words"),
    [
        ({"events": {"instruments": ["evnts"]}}, "unknown-event", "Did you mean 'events'?"),
        ({"events": {"items": ["EV_9"]}}, "unknown-event", "EV_9"),
        ({"validity": {"factors": ["hope"]}}, "unknown-event", "'hope' is named for validity"),
        (
            {"events": {"source": "register", "instruments": []}},
            "unknown-event",
            "no such source of dated events",
        ),
        ({"events": {"threshold": 9}}, "nobody-anchored", "0 with a listed event"),
        ({"anchor_occasions": [12]}, "unknown-anchor-occasion", "12"),
    ],
)
def test_what_cannot_be_anchored_is_refused(
    inputs: AnalysisInputs, settings: dict[str, Any], code: str, words: str
) -> None:
    with pytest.raises(AnalysisError) as caught:
        run_step(inputs, **settings)
    assert [item.code for item in caught.value.findings] == [code]
    assert words in caught.value.findings[0].text
    assert ": ." not in caught.value.findings[0].mend


def test_a_refusal_stops_the_analysis_not_the_run(tmp_path: Path) -> None:
    path = write_study(tmp_path, "anchor_occasions: [12]")
    results = sg.run(path, data={"answers": cohort_frame()})
    assert outcome_in(results).result is None
    assert results.to_dict()["trajectories"] is None
    assert results.persons.height > 0


def test_settings_are_checked_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="rule"):
        sg.run(write_study(tmp_path, "rule: last-strict"))


def test_figures_are_declared_as_they_stand_in_the_results(
    inputs: AnalysisInputs, repository: Path
) -> None:
    """The schema names every key of `results.json`, and the keys are those of other runs."""
    content = run_step(inputs, classes="off").to_dict()
    properties = Trajectories.schema()["properties"]
    assert list(properties) == list(content)
    assert properties["lock"]["properties"].keys() == content["lock"].keys()
    assert "less resilient" in json.dumps(properties["lock"])
    kept = repository / "tests" / "reference" / "results" / "quarterly.json"
    assert set(json.loads(kept.read_text("utf-8"))["trajectories"]) <= set(content)


def test_a_result_shows_itself_in_a_line(inputs: AnalysisInputs) -> None:
    result = run_step(inputs)
    parts = (result, result.anchored, result.courses, result.labels, result.classes,
             result.anchored.anchors, result.anchored.grid, result.courses.lock)  # fmt: skip
    for part in parts:
        assert len(repr(part)) < 250
        assert "array" not in repr(part)


CLAIMED = (
    "classes: {max: 3, fewest: 20, starts: 10, blrt_draws: 39, resamples: 5, "
    "models: [latent-class-growth], variances: [equal], gates: {bic: 0.1, entropy: 0.01, "
    "share: 0.01, persons: 2, p: 0.9, starts_at_best: 1, split_half: 0, bootstrap: 0, "
    "assumptions: 0}}"
)


@pytest.mark.parametrize(
    "settings",
    [
        CLAIMED,
        "episodes: all\n    background: without-event\n    classes: off",
        "rule: demo-loop\n    classes: off\n    validity: {threshold: 8}",
    ],
    ids=["classes", "episodes", "disorder"],
)
def test_what_is_shown_of_persons_is_shown_of_groups_where_persons_are_hidden(
    tmp_path: Path, settings: str
) -> None:
    """The same sections and tables, with blanks; only figures of few persons are not drawn."""
    seen, figures = {}, {}
    for individuals in ("show", "hide"):
        path = write_study(tmp_path, settings, individuals=individuals)
        sections, withheld = shown_sections(sg.run(path, data={"answers": cohort_frame()}))
        assert withheld == []
        seen[individuals] = [
            (section.title, [table.name for table in section.tables]) for section in sections
        ]
        figures[individuals] = {item.name for section in sections for item in section.figures}
    assert seen["hide"] == seen["show"]
    left_out = figures["show"] - figures["hide"]
    assert all(name.endswith(("-return", "-outcome")) for name in left_out)
    assert figures["hide"] <= figures["show"]
