"""Flow of participants against counts by hand."""

from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from salutogen.panel import read_panel
from salutogen.scores import score
from salutogen.scores.flow import FLOW_COLUMNS
from tests.panel.small_studies import EVENTS, MOOD, answers, make_study

STUDY = make_study(problems="mood", exposure={"types": ["events"], "score": "severity"})
COUNTS = [column.name for column in FLOW_COLUMNS if column.kind == "count"]


def test_flow_by_hand() -> None:
    """p00 all three; p01 only the second; p02 first and third; p03 the first two."""
    kept = answers(4)[[0, 1, 2, 4, 6, 8, 9, 10]]
    kept = kept.with_columns(
        pl.when(pl.int_range(pl.len()) != 4).then(pl.col(name)).alias(name) for name in MOOD
    )
    flow = score(read_panel(STUDY, kept)).flow
    assert flow.columns == [column.name for column in FLOW_COLUMNS]
    assert flow["occasion"].to_list() == ["1", "2", "3"]
    assert flow["planned"].to_list() == [4, 4, 4]
    assert flow["answered"].to_list() == [3, 3, 2]
    assert flow["with_P"].to_list() == [2, 3, 2]
    assert flow["with_E"].to_list() == [3, 3, 2]
    assert flow["valid"].to_list() == [2, 3, 2]


@settings(max_examples=40)
@given(st.lists(st.integers(0, 23), min_size=12, unique=True))
def test_a_count_is_never_larger_than_the_one_it_is_part_of(rows: list[int]) -> None:
    frame = answers(8)[sorted(rows)]
    frame = frame.with_columns(
        pl.when(pl.int_range(pl.len()) % 5 > 0).then(pl.col(name)).alias(name) for name in EVENTS
    )
    flow = score(read_panel(STUDY, frame)).flow
    for column in FLOW_COLUMNS:
        if column.of in COUNTS:
            assert (flow[column.name] <= flow[column.of]).all()
    there = [frame.filter(wave=label).height for label in STUDY.labels]
    assert flow["answered"].to_list() == there
