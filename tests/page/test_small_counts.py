"""Counts and statistics that give few persons away by standing beside others."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salutogen.columns import Column, Kind
from salutogen.counts import Forms
from salutogen.page.audience import Audience
from salutogen.page.section import Figure, Table
from salutogen.page.small_counts import (
    close_to_larger,
    figure_rounded,
    hide_small,
    rounded,
    without_few_forms,
)
from salutogen.page.words import Share

AUDIENCE = Audience(individuals=False, n_persons=300, seed=1)


def hidden(columns: list[Column], **cells: list[Any]) -> dict[str, list[Any]]:
    table = Table(name="t", title="T", frame=pl.DataFrame(cells), columns=columns)
    return hide_small(table, AUDIENCE).frame.to_dict(as_series=False)


def test_means_of_groups_are_told_in_steps_of_their_own_number() -> None:
    """In those of everyone, the mean of a group of ten would tell what each of them adds."""
    columns = [
        Column(name="n", meaning="Persons", kind=Kind.COUNT),
        Column(name="mean", meaning="Mean", n="n", sd="sd"),
        Column(name="sd", meaning="SD", n="n"),
    ]
    frame = pl.DataFrame({"n": [300, 10], "mean": [12.347, 12.347], "sd": [6.13, 6.13]})
    table = Table(name="t", title="T", frame=frame, columns=columns)
    told = rounded(table, AUDIENCE).frame
    assert told["mean"].to_list() == [12.3, 12.0]
    assert told["sd"].to_list() == [6.15, 6.0]


def test_net_changes_of_few_are_not_told() -> None:
    columns = [
        Column(name="n", meaning="Seen", kind=Kind.COUNT, nested="counts"),
        Column(name="mean", meaning="Mean"),
    ]
    found = hidden(columns, n=[180, 178, 174, 180, 0], mean=[1.0, 2.0, 3.0, 4.0, 5.0])
    assert found == {"n": [180, None, 174, 180, 0], "mean": [1.0, 2.0, 3.0, 4.0, 5.0]}


def test_one_quantity_over_sets_that_differ_by_few_is_told_of_the_larger() -> None:
    columns = [
        Column(name="n", meaning="In the fit", kind=Kind.COUNT, nested="statistics"),
        Column(name="slope", meaning="Slope"),
        Column(name="share", meaning="Share", kind=Kind.SHARE),
    ]
    found = hidden(columns, n=[60, 59, 40], slope=[0.5, 0.1, 0.3], share=[0.1, 0.2, 0.3])
    assert found == {"n": [60, None, 40], "slope": [0.5, None, 0.3], "share": [0.1, None, 0.3]}


def test_a_statistic_goes_with_the_count_it_rests_on() -> None:
    columns = [
        Column(name="n", meaning="Seen", kind=Kind.COUNT),
        Column(name="n_whole", meaning="Seen always", kind=Kind.COUNT, of="n"),
        Column(name="mean", meaning="Mean"),
        Column(name="mean_whole", meaning="Mean of these", n="n_whole"),
    ]
    found = hidden(columns, n=[60, 60], n_whole=[58, 40], mean=[1.0, 1.0], mean_whole=[0.9, 0.8])
    assert found["n_whole"] == [None, 40]
    assert found["mean"] == [1.0, 1.0]
    assert found["mean_whole"] == [None, 0.8]


@given(st.lists(st.integers(5, 60), min_size=2, max_size=8))
def test_no_two_counts_that_are_told_differ_by_few(counts: list[int]) -> None:
    columns = [Column(name="n", meaning="Seen", kind=Kind.COUNT, nested="counts")]
    told = sorted({cell for cell in hidden(columns, n=counts)["n"] if cell is not None})
    assert max(counts) in told
    assert not [b for a, b in pairwise(told) if 0 < b - a < 5]


def test_smaller_than_another_by_few() -> None:
    assert close_to_larger([60, 59, 55, None, 60], AUDIENCE) == [False, True, True, False, False]
    shown = Audience(individuals=True, n_persons=300, seed=1)
    assert close_to_larger([60, 59], shown) == [False, False]


@pytest.mark.parametrize(("persons", "digits"), [(12, 3), (300, 3), (5000, 4)])
def test_digits_that_are_told_do_not_bear_a_person(persons: int, digits: int) -> None:
    audience = Audience(individuals=False, n_persons=persons, seed=1)
    assert audience.digits == digits
    values = np.random.default_rng(persons).normal(40, 8, persons)
    means = pl.DataFrame({"mean": [values.mean(), values[1:].mean()]})
    columns = [Column(name="mean", meaning="Mean")]
    table = Table(name="t", title="T", frame=means, columns=columns)
    one, other = rounded(table, audience).frame["mean"].to_list()
    assert one == pytest.approx(values.mean(), rel=5 * 10.0**-digits)
    room = persons * 0.5 * 10.0 ** (2 - digits)  # what rounding alone leaves open of a sum
    assert room > 0.5
    assert abs(persons * one - (persons - 1) * other - values[0]) <= 2 * room


def test_what_names_a_row_keeps_its_digits_in_table_and_chart() -> None:
    columns = (
        Column(name="day", meaning="Day", kind=Kind.LABEL),
        Column(name="mean", meaning="Mean"),
        Column(name="ends", meaning="Ends"),
    )
    data = pl.DataFrame({"day": [2024.125], "mean": [12.3456], "ends": [[1.23456, None]]})
    rows = [{"day": 2024.125, "mean": 12.3456, "n": 12345}]
    chart = {"width": 620.5, "datasets": {"a": rows}, "layer": [{"data": {"values": rows}}]}
    drawn = Figure(name="f", title="F", description="D", chart=chart, data=data, columns=columns)
    found = figure_rounded(drawn, AUDIENCE)
    assert found.data.row(0) == (2024.125, 12.3, [1.23, None])
    told = [{"day": 2024.125, "mean": 12.3, "n": 12345}]
    assert found.chart == {
        "width": 620.5, "datasets": {"a": told}, "layer": [{"data": {"values": told}}],
    }  # fmt: skip
    assert figure_rounded(drawn, Audience(individuals=True, n_persons=9, seed=1)) is drawn


def test_a_count_that_holds_few_more_than_another_is_not_told() -> None:
    columns = [
        Column(name="n", meaning="Not lost yet", kind=Kind.COUNT, of="left"),
        Column(name="left", meaning="Not lost at all", kind=Kind.LABEL),
    ]
    found = hidden(columns, n=[160, 135, 133], left=[133, 133, 133])
    assert found["n"] == [160, None, 133]


def test_forms_are_blank_where_their_persons_are() -> None:
    columns = [
        Column(name="n", meaning="Forms", kind=Kind.COUNT, of="n", by="persons"),
        Column(name="persons", meaning="Persons", kind=Kind.COUNT),
    ]
    found = hidden(columns, n=[900, 880, 12], persons=[250, 297, 3])
    assert found == {"n": [900, None, None], "persons": [250, None, None]}


def test_figures_of_a_record_lose_forms_of_few() -> None:
    few, several = (Forms(12, persons=persons, others=90) for persons in (4, 5))
    figures = {"n": 300, "few": few, "share": Share(0.04, of=300, part=few), "told": several}
    told = {**figures, "few": None, "share": None}
    assert without_few_forms(figures, AUDIENCE) == told
    shown = Audience(individuals=True, n_persons=300, seed=1)
    assert without_few_forms(figures, shown) == figures


def test_ends_of_axes_have_no_more_digits_than_the_data() -> None:
    data = pl.DataFrame({"x": [1.0, 2.0]})
    chart = {"data": {"values": data.to_dicts()}, "scale": {"domainMax": 5.4947022587269}}
    drawn = Figure(
        name="f", title="F", description="", chart=chart, data=data,
        columns=(Column(name="x", meaning="X"),),
    )  # fmt: skip
    assert figure_rounded(drawn, AUDIENCE).specification()["scale"]["domainMax"] == 5.49
