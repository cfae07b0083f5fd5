"""A factor's own time decides: later than SR it is no predictor, whatever its occasion is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from salutogen.analyses.answer_times import AnswerTimes, Moments
from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.factors.analysis import FactorsResult, compute
from salutogen.analyses.factors.settings import FactorsSettings
from salutogen.findings import Finding
from salutogen.panel.times import Clock
from tests.analyses.inputs import inputs_of
from tests.analyses.times_of_factors import with_times
from tests.norm.cohorts import simulated

N, OCCASIONS, WEEK = 200, 5, 7.0


def moments(time: Any, clock: Clock = Clock.LOCAL, ahead: float = 0.0) -> Moments:
    """Times by the clock on the wall; `ahead` of UTC by so many days."""
    local = np.asarray(time, dtype=float)
    known = np.where(np.isfinite(local), float(clock), np.nan)
    return Moments(time=local - ahead, local=local, clock=known)


def scanned(day: Any) -> AnalysisInputs:
    """A scan that follows from problems of all weeks, on a day of each person."""
    scores = simulated(N, OCCASIONS, missing=0.0)
    P = scores.table.group_by("person").agg(pl.col("P").mean()).sort("person")["P"].to_numpy()
    scan = -P + np.random.default_rng(4).normal(0, P.std(), N)
    persons = scores.persons.with_columns(pl.Series("scan", scan))
    named = replace(scores, persons=persons, factors_baseline=("scan", "optimism"))
    return with_times(inputs_of(named), baseline={"scan": np.broadcast_to(day, N).astype(float)})


def asked(inputs: AnalysisInputs, **given: Any) -> FactorsResult:
    return compute(inputs, FactorsSettings.model_validate({"draws": 200, **given}))


def told(result: FactorsResult, code: str) -> Finding:
    (one,) = [item for item in result.findings if item.code == code]
    return one


def names(result: FactorsResult) -> list[str]:
    return [item.name for item in result.factors]


@pytest.mark.parametrize("day", [WEEK, 2.5 * WEEK, 90.0], ids=["same-day", "inside", "after"])
def test_a_factor_measured_in_or_after_the_time_of_SR_is_a_correlate(day: float) -> None:
    result = asked(scanned(day))
    assert names(result) == ["optimism"]
    assert [item.name for item in result.correlates] == ["scan"]
    r = result.correlates[0].r
    assert r is not None
    assert r < -0.3  # it goes with SR over the same time, as it follows from it
    assert told(result, "factor-not-before").evidence.numbers["n"] == N


def test_later_SR_may_begin_after_the_factor() -> None:
    inputs = scanned(2.5 * WEEK)
    assert names(asked(inputs, **{"from": inputs.study.labels[3]})) == ["scan", "optimism"]
    assert names(asked(scanned(-1.0))) == ["scan", "optimism"]


def test_persons_lose_the_forms_that_came_before_their_own_factor() -> None:
    day = np.zeros(N)
    day[:30], day[30:40] = 2.5 * WEEK, 90.0
    inputs = scanned(day)
    result = asked(inputs)
    assert told(result, "scores-not-after-factors").evidence.numbers["n"] == 60
    assert told(result, "factor-after-all-scores").evidence.numbers["n"] == 10
    SR = inputs.views.wide("SR").values[:, 1:].copy()
    SR[:30, :2] = np.nan
    mean, own = np.nanmean(SR, axis=1), inputs.scores.persons
    scan, optimism = result.factors
    # Who was scanned after all else has no scan that came before; other factors keep them.
    kept = np.arange(N) // 10 != 3
    expected = np.corrcoef(mean[kept], own["scan"].to_numpy()[kept])[0, 1]
    assert (scan.n, optimism.n) == (N - 10, N)
    assert scan.r_SR == pytest.approx(expected)
    assert optimism.r_SR == pytest.approx(np.corrcoef(mean, own["optimism"].to_numpy())[0, 1])


def test_a_repeated_factor_has_the_time_of_its_own_visit() -> None:
    scores = simulated(N, OCCASIONS, missing=0.0)
    table = scores.table.with_columns(
        pl.Series("factor:cortisol", np.random.default_rng(5).normal(size=scores.table.height))
    )
    scores = replace(scores, table=table, factors_repeated=("cortisol",))
    assert "cortisol" in names(asked(with_times(inputs_of(scores))))
    on_time = with_times(inputs_of(scores), repeated={"cortisol": table["time"].to_numpy() + 1.0})
    assert "cortisol" in names(asked(on_time))
    late = with_times(inputs_of(scores), repeated={"cortisol": table["time"].to_numpy() + 40.0})
    result = asked(late)
    assert "cortisol" not in names(result)
    assert "cortisol" in [item.name for item in result.correlates]
    # Where a visit has no time, its occasion counts.
    gaps = with_times(inputs_of(scores), repeated={"cortisol": np.full(table.height, np.nan)})
    assert "cortisol" in names(asked(gaps))


def test_a_day_that_is_known_without_its_hour_ends_at_midnight() -> None:
    form, scan = moments([10.4, 10.4, 11.0]), moments([10.0, 11.0, 10.0], Clock.DAY)
    np.testing.assert_array_equal(form.not_after(scan), [True, True, False])
    np.testing.assert_array_equal(scan.not_after(form), [True, False, True])
    np.testing.assert_array_equal(moments([1.0]).not_after(moments([1.5])), [True])
    np.testing.assert_array_equal(moments([np.nan]).not_after(moments([1.5])), [False])
    # Two zones are compared as moments, a zone and none by the clock on the wall.
    here, there = moments([1.5], Clock.ZONED, ahead=0.4), moments([1.2], Clock.ZONED)
    assert here.not_after(there).all()
    assert not here.not_after(moments([1.2])).any()


def test_the_nth_moment_of_each_person_is_by_the_clock() -> None:
    found = moments([5.0, 3.0, np.nan, 2.0, 4.0])
    person = np.array([0, 0, 1, 2, 0])
    np.testing.assert_array_equal(found.nth(person, 4).time, [3.0, np.nan, 2.0, np.nan])
    np.testing.assert_array_equal(found.nth(person, 4, 1).time, [4.0, np.nan, np.nan, np.nan])


def test_times_without_a_panel_are_those_of_the_scores() -> None:
    scores = simulated(30, 3, missing=0.0)
    times = AnswerTimes(inputs_of(scores))
    np.testing.assert_array_equal(times.forms.time, scores.table["time"].to_numpy())
    assert not times.own("optimism").known.any()
    assert times.at("optimism", 1).time == pytest.approx(np.full(30, WEEK))
