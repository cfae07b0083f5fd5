"""Where few are not there and persons are hidden, told figures do not give these few back."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.windows.analysis import WindowsResult, compute
from salutogen.analyses.windows.settings import WindowsSettings
from salutogen.context import RunContext
from salutogen.pipeline.hidden_figures import HiddenFigures
from tests.analyses.inputs import audience_of, inputs_of, shown
from tests.norm.cohorts import simulated

PERSONS, LEAVER = 60, 0
WINDOWS = {"windows": {"width": 3, "step": 1, "valid": 2}, "bootstrap": 50}
LAST = 4  # occasion from which on those who leave are not there


@cache
def cohort(leavers: int, *, individuals: bool, last: int = LAST) -> AnalysisInputs:
    """Seven occasions; the first persons leave, among them one with far more problems."""
    scores = simulated(PERSONS, 7, missing=0.0, resilience=WINDOWS)
    person, occasion = pl.col("person"), pl.col("occasion_index")
    table = scores.table.filter((person >= leavers) | (occasion < last)).with_columns(
        P=pl.when(person == LEAVER).then(pl.col("P") + 15).otherwise(pl.col("P"))
    )
    inputs = inputs_of(replace(scores, table=table))
    audience = audience_of(inputs.scores, individuals=individuals)
    return replace(inputs, run=RunContext(seed=1, audience=audience))


@cache
def result(leavers: int, *, individuals: bool, last: int = LAST) -> WindowsResult:
    return compute(cohort(leavers, individuals=individuals, last=last), WindowsSettings())


def told(leavers: int, *, individuals: bool, last: int = LAST) -> dict[str, Any]:
    """Figures as `results.json` has them."""
    content = result(leavers, individuals=individuals, last=last).to_dict()
    if not individuals:
        audience = cohort(leavers, individuals=False, last=last).run.audience
        content = HiddenFigures(audience).of(content, WindowsResult.schema(), "windows")
    return {**content, "windows": content["windows"].to_dicts()}


def by_subtraction(content: dict[str, Any], absent: int) -> list[float]:
    """Sum of SR that a model expects of the absent, from two means of each window."""
    found = []
    for row in content["windows"][2:]:
        model, present = row["mean_SR_frozen_model"], row["mean_SR_frozen"]
        if model is not None and present is not None:
            found.append(PERSONS * model - (PERSONS - absent) * present)
    return found


def level_of_leaver() -> float:
    rows = cohort(1, individuals=True).resilience.windows.filter(pl.col("person") == LEAVER)
    return float(np.mean(rows["SR_frozen"].to_numpy()))


def test_two_means_do_not_give_the_one_who_left() -> None:
    """Shown figures do: the attack works."""
    recovered = by_subtraction(told(1, individuals=True), 1)
    assert level_of_leaver() > 8
    assert recovered[-2:] == pytest.approx([level_of_leaver()] * 2, rel=0.3)
    content = told(1, individuals=False)
    windows = content["windows"]
    gone = [row["mean_SR_frozen"] is None for row in windows]
    assert gone == [False, False, False, True, True]
    assert [row["se_SR_frozen"] is None for row in windows] == gone
    assert all(row["mean_SR_frozen_model"] is not None for row in windows)
    assert len(by_subtraction(content, 1)) == 1  # of the window that everyone is in
    assert by_subtraction(content, 0)[0] == pytest.approx(0, abs=PERSONS * 0.001)


@pytest.mark.parametrize("leavers", [0, 5, 20])
def test_means_of_everyone_and_of_several_fewer_are_told(leavers: int) -> None:
    windows = told(leavers, individuals=False)["windows"]
    exact = told(leavers, individuals=True)["windows"]
    for row, own in zip(windows, exact, strict=True):
        for name in ("mean_SR_frozen", "mean_SR_frozen_model"):
            assert row[name] == pytest.approx(own[name], rel=0.01, abs=1e-9)


def test_the_mean_of_those_in_every_window_goes_with_it() -> None:
    """Two are in no window: the model of windows is of 58, those in every window 55."""
    scores = simulated(PERSONS, 7, missing=0.0, resilience=WINDOWS)
    person, occasion = pl.col("person"), pl.col("occasion_index")
    kept = (person >= 5) | (occasion < pl.when(person < 2).then(1).otherwise(LAST))
    inputs = inputs_of(replace(scores, table=scores.table.filter(kept)))
    run = RunContext(seed=1, audience=audience_of(scores, individuals=False))
    windows = compute(replace(inputs, run=run), WindowsSettings()).windows
    assert windows["n"].to_list() == [58, 58, 58, 55, 55]
    assert windows["mean_SR_frozen"].is_null().to_list() == [False] * 3 + [True] * 2
    assert windows["mean_SR_frozen_complete"].null_count() == windows.height
    whole = compute(inputs, WindowsSettings()).windows
    assert whole["mean_SR_frozen_complete"].null_count() == 0


def late(individuals: bool) -> list[dict[str, Any]]:
    """Windows of a cohort that the first person joins after the first of them."""
    scores = simulated(PERSONS, 7, missing=0.0, resilience=WINDOWS)
    person, occasion = pl.col("person"), pl.col("occasion_index")
    table = scores.table.filter((person > LEAVER) | (occasion > 2)).with_columns(
        P=pl.when(person == LEAVER).then(pl.col("P") + 15).otherwise(pl.col("P"))
    )
    inputs = inputs_of(replace(scores, table=table))
    run = RunContext(seed=1, audience=audience_of(scores, individuals=individuals))
    return compute(replace(inputs, run=run), WindowsSettings()).windows.to_dicts()


def test_who_came_late_does_not_follow_from_a_first_mean_that_is_0() -> None:
    """The frozen line leaves 0 on average to those it was fitted to: all but the one who came."""
    exact, hidden = late(True), late(False)
    assert exact[0]["mean_SR_frozen"] == pytest.approx(0, abs=1e-9)
    assert exact[0]["mean_SR_frozen_model"] * PERSONS > 8, "what the model expects of the one"
    assert [row["mean_SR_frozen"] for row in hidden] == [None] * 5
    assert hidden[0]["mean_SR_frozen_model"] == 0
    for row, own in zip(hidden, exact, strict=True):
        against = own["mean_SR_frozen_model"] - exact[0]["mean_SR_frozen_model"]
        assert row["mean_SR_frozen_model"] == pytest.approx(against)


def test_lines_of_windows_go_through_the_told_mean() -> None:
    """A line tells the mean of those it was fitted to; it is in steps, and at the model's level."""
    shown_rows, rows = (told(1, individuals=mode)["windows"] for mode in (True, False))
    for row, own in zip(rows, shown_rows, strict=True):
        mean = row["mean_SR_frozen"]
        stands = own["mean_SR_frozen_model"] if mean is None else own["mean_SR_frozen"]
        raised = row["intercept"] - own["intercept"] - (stands - own["mean_SR_frozen"])
        assert abs(raised) < 0.3
        for place in ("low", "middle", "high"):
            line = row["intercept"] + row["slope"] * row[f"E_{place}"]
            assert row[f"expected_{place}"] == pytest.approx(line, rel=0.01)
    assert {round(row["intercept"] / 0.1, 6) % 1 for row in rows} <= {0.0, 1.0}


def test_errors_of_the_model_do_not_tell_how_many_left() -> None:
    exact, hidden = {}, {}
    for leavers in range(9):
        exact[leavers] = told(leavers, individuals=True)["windows"][-1]["se_SR_frozen_model"]
        hidden[leavers] = told(leavers, individuals=False)["windows"][-1]["se_SR_frozen_model"]
    assert len({f"{error:.3g}" for error in exact.values()}) > 5
    assert [hidden[few] for few in range(1, 5)] == [None] * 4
    assert len({hidden[several] for several in range(5, 9)}) == 1
    assert hidden[5] == pytest.approx(exact[5], rel=0.05)


def test_shifts_of_the_scale_do_not_tell_the_mean_of_who_left() -> None:
    own = cohort(1, individuals=True).scores.table.filter(pl.col("person") == LEAVER)["P"].mean()
    low, high = told(1, individuals=True)["change"]["possible_shift"]
    assert -low == pytest.approx(own)
    assert 36 - high == pytest.approx(own)
    for leavers in (1, 4, 20):
        change = told(leavers, individuals=False)["change"]
        assert not any(change["possible_shift"])
        assert change["tipping_delta"] is change["sign_delta"] is None


def test_what_leaving_moves_does_not_tell_of_who_left() -> None:
    """By as much as the one who left differs from the others, by the number of all."""
    shown_change = told(1, individuals=True)["change"]
    differs = -shown_change["moved_by_leaving"]["estimate"] * PERSONS
    assert differs == pytest.approx(level_of_leaver(), rel=0.35)
    for leavers in (1, 4):
        assert told(leavers, individuals=False)["change"]["moved_by_leaving"] is None
    several = told(20, individuals=False)["change"]
    assert several["moved_by_leaving"]["estimate"] == pytest.approx(
        told(20, individuals=True)["change"]["moved_by_leaving"]["estimate"], abs=0.001
    )


def test_who_is_in_no_window_is_not_told_by_the_frozen_line_over_everyone() -> None:
    """Seen once, the first person is in the model of occasions and in no window."""
    whole = told(1, individuals=True, last=1)
    change, windows = whole["change"]["frozen"]["estimate"], whole["windows"]
    apart = windows[-1]["mean_SR_frozen"] - windows[0]["mean_SR_frozen"] - change
    assert abs(apart) > 0.001
    assert told(1, individuals=False, last=1)["change"]["frozen"] is None
    assert told(1, individuals=False)["change"]["frozen"] is not None


def test_words_and_figures_stand_on_the_model_where_it_alone_is_told() -> None:
    inputs, hidden = cohort(1, individuals=False), result(1, individuals=False)
    found = {one.code: one.text for one in hidden.findings}
    assert "(4 and 5)" in found["window-means-by-model-alone"]
    by_model = hidden.windows["mean_SR_frozen_model"][-1]
    assert f"{by_model:.2f} in the last" in found["windows-refitted"]
    (section,), _ = shown(hidden, inputs, individuals=False)
    figure = section.figures[0]
    drawn = figure.data.filter(pl.col("score").str.starts_with("frozen line, everyone"))
    assert drawn["mean"].to_list()[-1] == pytest.approx(by_model, rel=0.01)
    assert drawn["low"].is_null().to_list() == [True, False, False, True, True]
    assert "nor one whose mean is that of the model of windows" in figure.description
    rows = next(table.frame for table in section.tables if table.name == "window-change")
    assert not rows["estimated"].str.contains("those present").any()


def test_shown_persons_keep_every_mean_and_word() -> None:
    exact = result(1, individuals=True)
    assert exact.windows["mean_SR_frozen"].null_count() == 0
    assert "window-means-by-model-alone" not in {one.code for one in exact.findings}
    (section,), _ = shown(exact, cohort(1, individuals=True), individuals=True)
    assert "nor one whose mean" not in section.figures[0].description
