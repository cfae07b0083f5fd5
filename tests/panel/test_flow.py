"""Participant flow and completeness against counts by hand."""

from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from salutogen.panel import Reason, read_panel
from salutogen.panel.flow import forms_by_occasion, participant_flow, planned_occasions
from tests.panel.small_studies import EVENTS, MOOD, answers, make_study

STUDY = make_study()


def test_flow_by_hand() -> None:
    """p00 all three; p01 only the second; p02 first and third; p03 the first two."""
    panel = read_panel(STUDY, answers(4)[[0, 1, 2, 4, 6, 8, 9, 10]])
    flow = participant_flow(panel)
    assert flow["occasion"].to_list() == ["1", "2", "3"]
    assert flow["persons"].to_list() == [4, 4, 4]
    assert flow["present"].to_list() == [3, 3, 2]
    assert flow["absent"].to_list() == [1, 1, 2]
    assert flow["not_yet"].to_list() == [1, 0, 0]
    assert flow["interrupted"].to_list() == [0, 1, 0]
    assert flow["left"].to_list() == [0, 0, 2]
    assert flow["last_here"].to_list() == [0, 2, 2]


@settings(max_examples=40)
@given(st.lists(st.integers(0, 11), min_size=1, unique=True), st.integers(0, 3))
def test_flow_adds_up(rows: list[int], blank: int) -> None:
    frame = answers(4)[sorted(rows)]
    frame = frame.with_columns(
        pl.when(pl.int_range(pl.len()) >= min(blank, len(rows) - 1)).then(pl.col(name)).alias(name)
        for name in MOOD + EVENTS
    )
    panel = read_panel(STUDY, frame)
    flow = participant_flow(panel)
    parts = flow["present"] + flow["not_yet"] + flow["interrupted"] + flow["left"]
    assert parts.to_list() == flow["persons"].to_list() == [panel.n_persons] * 3
    there = frame.filter(pl.col("M_1").is_not_null())
    assert flow["present"].to_list() == [there.filter(wave=label).height for label in STUDY.labels]
    assert flow["last_here"].sum() == there["id"].n_unique()


def test_forms_by_hand() -> None:
    frame = answers(2).with_columns(
        M_1=pl.Series([None, 1, 1, 1, 1, 1]),
        E_1=pl.Series([0, 1, 2, 0, 3, None], dtype=pl.Int64),
        E_2=pl.Series([1, 1, 1, 1, 1, None], dtype=pl.Int64),
        E_3=pl.Series([1, 1, 1, 1, 1, None], dtype=pl.Int64),
    )
    forms = forms_by_occasion(read_panel(STUDY, frame))
    mood, events = forms.filter(instrument="mood"), forms.filter(instrument="events")
    assert mood["forms"].to_list() == [2, 2, 2]
    assert mood["complete"].to_list() == [1, 2, 2]
    assert mood["skipped"].to_list() == [1, 0, 0]
    assert events["forms"].to_list() == [2, 2, 1]
    assert events["did_not_occur"].to_list() == [2, 0, 0]
    assert events["absent"].to_list() == [0, 0, 3]
    total = sum(forms[reason.name.lower()].sum() for reason in Reason)
    assert total == 6 * 7


def test_missed_occasions_are_written_out() -> None:
    frame = answers(2)[[0, 2, 4]].with_columns(
        pl.when(pl.int_range(pl.len()) != 1).then(pl.col(name)).alias(name)
        for name in MOOD + EVENTS
    )
    planned = planned_occasions(read_panel(STUDY, frame))
    assert planned.select("subject", "occasion", "time", "state").rows() == [
        ("p00", "1", 0, "answered"), ("p00", "2", None, "missed"), ("p00", "3", 14, "opened"),
        ("p01", "1", None, "missed"), ("p01", "2", 7, "answered"), ("p01", "3", None, "missed"),
    ]  # fmt: skip
    assert planned["planned_day"].to_list() == [0, 7, 14, 0, 7, 14]
