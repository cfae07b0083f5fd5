"""Reference sets: arms, phases, windows, the first window; frozen lines."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm

from salutogen.errors import NormError
from salutogen.findings import Findings
from salutogen.norm import Line, fit_norm
from salutogen.norm.periods import rows_of_windows, valid_rows
from salutogen.scores import Scores
from salutogen.study.schedule import Occasion, Schedule
from tests.norm.cohorts import simulated, windows_of

PHASES = {"phases": {"before": {"from": "T0", "to": "T1"}, "after": {"from": "T2", "to": "T4"}}}


def line_by_hand(scores: Scores, rows: pl.DataFrame, fewest: int) -> Any:
    means = (
        rows.filter("valid")
        .group_by("person", maintain_order=True)
        .agg(pl.col("E", "P").mean(), pl.len().alias("n"))
        .filter(pl.col("n") >= fewest)
    )
    fit = sm.OLS(means["P"].to_numpy(), sm.add_constant(means["E"].to_numpy())).fit()
    return (means.height, *fit.params)


def figures(line: Line | None) -> Any:
    assert line is not None
    return (line.n, *line.coefficients)


def test_all_and_the_first_window_for_frozen_scores() -> None:
    scores = simulated()
    norm = fit_norm(scores)
    first = scores.table.filter(pl.col("occasion_index") <= 2)
    assert figures(norm.lines.reference("window")) == pytest.approx(line_by_hand(scores, first, 2))
    assert figures(norm.lines.person) == pytest.approx(line_by_hand(scores, scores.table, 1))
    assert norm.lines.person.reference == "all"


def test_first_window_as_reference_of_every_level() -> None:
    scores = simulated(norm={"reference": "first-window"})
    norm = fit_norm(scores)
    first = scores.table.filter(pl.col("occasion_index") <= 2)
    assert figures(norm.lines.person) == pytest.approx(line_by_hand(scores, first, 2))
    assert norm.lines.occasion.n == first.filter("valid").height
    assert figures(norm.lines.reference("window")) == pytest.approx(figures(windows_of(norm)[0]))


@pytest.mark.parametrize("reference", ["all", "first-window"])
def test_units_of_occasions_are_the_rows_that_the_line_was_fitted_on(reference: str) -> None:
    scores = simulated(norm={"reference": reference})
    norm = fit_norm(scores)
    units = norm.units("occasion")
    assert units is not None
    rows = scores.table.filter("valid")
    if reference == "first-window":
        rows = rows.filter(pl.col("occasion_index") <= 2)
    assert units.equals(rows.select(units.columns))
    fit = sm.OLS(units["P"].to_numpy(), sm.add_constant(units["E"].to_numpy())).fit()
    assert norm.lines.occasion.coefficients == pytest.approx(tuple(fit.params))
    assert norm.units("phase") is None


def test_a_named_window_freezes_its_line() -> None:
    norm = fit_norm(simulated(norm={"reference": {"window": 2}}))
    assert figures(norm.lines.reference("window")) == pytest.approx(figures(windows_of(norm)[1]))


def test_an_arm_is_the_reference_of_persons_and_first_window() -> None:
    scores = simulated(norm={"reference": {"arm": "control"}})
    norm = fit_norm(scores)
    control = scores.persons.filter(pl.col("arm") == "control")["person"].implode()
    own = scores.table.filter(pl.col("person").is_in(control))
    assert figures(norm.lines.person) == pytest.approx(line_by_hand(scores, own, 1))
    first = own.filter(pl.col("occasion_index") <= 2)
    assert figures(norm.lines.reference("window")) == pytest.approx(line_by_hand(scores, first, 2))
    frozen = norm.lines.reference("window")
    assert frozen is not None
    assert "control" in frozen.reference
    assert windows_of(norm)[0].n > frozen.n, "refitted lines take everyone"


def test_a_phase_is_the_reference() -> None:
    scores = simulated(norm={"reference": {"phase": "after"}}, resilience=PHASES)
    norm = fit_norm(scores)
    after = scores.table.filter(pl.col("occasion_index") >= 2)
    assert figures(norm.lines.person) == pytest.approx(line_by_hand(scores, after, 1))
    assert figures(norm.lines.reference("window")) == pytest.approx(line_by_hand(scores, after, 2))
    phases = {period.label: line for period, line in norm.lines.by_period("phase").items()}
    assert norm.lines.reference("phase") is phases["after"]


@pytest.mark.parametrize(
    "reference", [{"arm": "nobody"}, {"phase": "never"}, {"window": 9}], ids=str
)
def test_a_reference_that_does_not_exist_is_refused(reference: dict[str, object]) -> None:
    with pytest.raises(NormError) as caught:
        fit_norm(simulated(norm={"reference": reference}))
    assert [finding.code for finding in caught.value.findings] == ["reference-missing"]


def test_windows_by_time_follow_each_person_s_own_clock() -> None:
    plan = {"windows": {"width": "21 days", "step": "7 days", "valid": 2}}
    scores = simulated(resilience=plan)
    late = scores.table.with_columns(time=pl.col("time") + 1000.0 * pl.col("person"))
    scores = type(scores)(**{**vars(scores), "table": late})
    by_time = fit_norm(scores)
    by_count = fit_norm(simulated())
    assert [figures(line) for line in windows_of(by_time)] == [
        pytest.approx(figures(line)) for line in windows_of(by_count)
    ]
    table = by_time.period_tables["window"]
    one = table.filter((pl.col("person") == 3) & (pl.col("window") == 1))
    own = late.filter((pl.col("person") == 3) & (pl.col("occasion_index") <= 2))
    assert one["time"][0] == pytest.approx(np.mean(own["time"].to_numpy()))
    assert one["first_occasion"][0] == own["occasion"][0]


def test_one_who_answers_late_adds_no_window_where_persons_are_hidden() -> None:
    """The last window in time is one that five persons reach, by a plan without days."""
    planned = tuple(Occasion(f"T{place}", place, None) for place in range(5))
    windows = {"windows": {"width": "21 days", "step": "7 days", "valid": 2}}
    numbers = {}
    for mode in ("show", "hide"):
        scores = simulated(missing=0.0, resilience=windows, report={"individuals": mode})
        schedule = Schedule(plan=scores.study.plan, planned=planned)
        for n_late in (0, 4, 5):
            late = (pl.col("person") < n_late) & (pl.col("occasion_index") == 4)
            table = scores.table.with_columns(
                time=7.0 * pl.col("occasion_index") + pl.when(late).then(700.0).otherwise(0.0)
            )
            moved = type(scores)(**{**vars(scores), "table": table})
            made = rows_of_windows(schedule, valid_rows(moved), Findings())
            numbers[mode, n_late] = len(made)
    assert numbers["show", 0] == numbers["hide", 0] == numbers["hide", 4]
    assert numbers["show", 4] == numbers["show", 5] == numbers["hide", 5] > numbers["hide", 4] + 50
