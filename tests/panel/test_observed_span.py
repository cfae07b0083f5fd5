"""Answers that span other occasions, or another time, than was planned."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from salutogen.page.audience import in_steps, quantile_step
from salutogen.panel import Panel, read_panel
from tests.panel.small_studies import answers, by_occasion, make_study, same_panel
from tests.panel.test_odd_times import days, told

PERSONS = 6


def read(every: int) -> Panel:
    """Answers so many days apart, planned a week apart."""
    study = make_study({"answers": by_occasion(time={"column": "day", "unit": "date"})})
    frame = answers(PERSONS).with_columns(day=pl.Series(days(PERSONS, every, apart=3)))
    return read_panel(study, frame)


@pytest.mark.parametrize("every, ratio", [(14, 2.0), (3, 3 / 7), (20, 20 / 7)])
def test_another_span_than_planned_is_said(every: int, ratio: float) -> None:
    (found,) = told(read(every), "span-not-planned")
    numbers = found.evidence.numbers
    assert numbers["ratio"] == pytest.approx(ratio)
    assert (numbers["observed"], numbers["planned"]) == (2 * every, 14)
    assert numbers["persons"] == PERSONS
    assert f"{2 * every} days" in found.text


@pytest.mark.parametrize("every", [6, 7, 8])
def test_the_planned_span_is_not_named(every: int) -> None:
    assert not told(read(every), "span-not-planned")


def test_a_unit_that_is_wrong_is_said_as_such() -> None:
    """Weeks told as days: one finding, not two."""
    panel = read(49)
    assert told(panel, "time-unit")
    assert not told(panel, "span-not-planned")


def test_spans_are_those_between_the_occasions_that_were_answered() -> None:
    """Who came twice, a week apart, is compared with a week."""
    source = by_occasion(time={"column": "day", "unit": "date"})
    study = make_study({"answers": source})
    frame = answers(PERSONS).with_columns(day=pl.Series(days(PERSONS)))
    twice = frame.filter(pl.col("wave").cast(pl.String) != "3")
    assert not told(read_panel(study, twice), "span-not-planned")


@pytest.mark.parametrize(
    "keep, words",
    [
        (("1", "2"), "nobody answered after '2': '3' was answered by nobody"),
        (("1", "3"), "Of 3 planned occasions 1 was answered by nobody: '2'"),
        (("1",), "nobody answered after '1': '2' and '3' were answered by nobody"),
    ],
)
def test_occasions_that_nobody_answered_are_named(keep: tuple[str, ...], words: str) -> None:
    frame = answers(PERSONS)
    part = frame.filter(pl.col("wave").cast(pl.String).is_in(keep))
    panel = read_panel(make_study(), part)
    (found,) = told(panel, "occasions-unseen")
    assert words in found.text
    assert not told(read_panel(make_study(), frame), "occasions-unseen")
    assert same_panel(panel, read_panel(make_study(), part))


@pytest.mark.parametrize("persons", [6, 7, 12])
def test_hidden_medians_are_of_values_that_occur(persons: int) -> None:
    """A value between two would tell that their number is even, and what two persons have."""
    source = by_occasion(time={"column": "day", "unit": "date"})
    study = make_study({"answers": source}, report={"individuals": "hide"})
    own = [[0, 13 + person, 26 + 2 * person] for person in range(persons)]
    dates = pl.Series([day for one in own for day in one]).cast(pl.Int32).cast(pl.Date)
    (found,) = told(read_panel(study, answers(persons).with_columns(day=dates)), "span-not-planned")
    spans = [days[-1] for days in own]
    assert found.evidence.numbers["observed"] in spans
    ratios = np.array(spans) / 14
    ratio, step = found.evidence.numbers["ratio"], quantile_step(float(ratios.std()), persons)
    assert ratio == in_steps(ratio, step)
    assert np.abs(ratios - ratio).min() <= step / 2 + 1e-9
