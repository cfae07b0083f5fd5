"""Each missing answer knows why; exposure 0 only where the form was answered."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from salutogen.panel import Panel, Reason, read_panel
from salutogen.study import Instrument
from tests.panel.small_studies import (
    EVENTS,
    MOOD,
    answers,
    by_occasion,
    codes,
    found,
    instrument,
    make_study,
)


def _read(frame: pl.DataFrame, sources: Any = None, **events: Any) -> Panel:
    entries: list[Instrument] = [
        instrument("mood", "M_{1..4}", "0..3", codes=events.pop("mood_codes", codes())),
        instrument("events", "E_{1..3}", "0..5", "exposure", **events),
    ]
    return read_panel(make_study(sources, entries), frame)


def _with(**cells: list[Any]) -> pl.DataFrame:
    frame = answers()
    return frame.with_columns(
        pl.Series(name, values + frame[name].to_list()[len(values) :], dtype=pl.Int64)
        for name, values in cells.items()
    )


def test_codes_give_their_reason() -> None:
    given = codes(not_asked=(-8,), skipped=(-9,), absent=(99999,))
    frame = _with(E_1=[-9, -8, 99999, None, 3], E_2=[-9, 1, 99999], E_3=[-9, 1, 99999])
    panel = _read(frame, codes=given)
    assert panel.answers["events"]["E_1"].to_list()[:5] == [None, None, None, None, 3]
    assert panel.answers["events"].schema["E_1"] == pl.Int8
    assert panel.reasons["events"]["E_1"].to_list()[:5] == [
        Reason.SKIPPED, Reason.NOT_ASKED, Reason.ABSENT, Reason.SKIPPED, Reason.ANSWERED,
    ]  # fmt: skip
    assert not panel.findings


def test_a_code_of_one_instrument_is_wrong_in_another() -> None:
    from salutogen.errors import PanelError

    with pytest.raises(PanelError, match="M_1"):
        _read(_with(M_1=[-9]), codes=codes(skipped=(-9,)))


def test_a_form_skipped_by_code_throughout_was_seen() -> None:
    frame = _with(E_1=[-9], E_2=[None], E_3=[-9])
    panel = _read(frame, codes=codes(skipped=(-9,)))
    assert panel.reasons["events"].row(0) == (Reason.SKIPPED,) * 3


def test_did_not_occur_is_an_answer() -> None:
    frame = _with(E_1=[0, None, 2])
    panel = _read(frame)
    assert panel.reasons["events"]["E_1"].to_list()[:3] == [
        Reason.DID_NOT_OCCUR, Reason.SKIPPED, Reason.ANSWERED,
    ]  # fmt: skip
    assert panel.answers["events"]["E_1"].to_list()[:3] == [0, None, 2]


def test_a_code_for_did_not_occur_outside_the_range() -> None:
    panel = _read(_with(E_1=[9, 1, 5]), did_not_occur=9.0)
    assert panel.answers["events"]["E_1"].to_list()[:3] == [9, 1, 5]


def test_what_was_not_asked() -> None:
    asked = {"1": frozenset({"E_1", "E_2"}), "3": frozenset[str]()}
    frame = _with(E_3=[None, 2, None], E_1=[1, 1, None], E_2=[1, 1, None])
    panel = _read(frame[[0, 1, 2, 4]], asked=asked)
    reasons = panel.reasons["events"]
    assert reasons["E_3"].to_list()[:3] == [Reason.NOT_ASKED, Reason.ANSWERED, Reason.NOT_ASKED]
    assert reasons["E_1"].to_list()[:3] == [Reason.ANSWERED, Reason.ANSWERED, Reason.NOT_ASKED]
    assert found(panel) == {"few-occasions"}


def test_an_answer_where_it_was_not_asked_is_left_out_and_said() -> None:
    frame = _with(E_3=[0, 2, 2])[[0, 1, 2, 4, 5]]
    panel = _read(frame, asked={"1": frozenset({"E_1", "E_2"})})
    assert panel.answers["events"]["E_3"].to_list()[:3] == [None, 2, 2]
    assert panel.reasons["events"]["E_3"][0] == Reason.NOT_ASKED
    assert found(panel) == {"answered-though-not-asked"}


def test_a_code_where_it_was_not_asked_does_not_count_as_skipped() -> None:
    frame = _with(E_3=[-9, -9, 2])[[0, 1, 2, 4, 5]]
    asked = {"1": frozenset({"E_1", "E_2"})}
    panel = _read(frame, asked=asked, codes=codes(skipped=(-9,)))
    assert panel.reasons["events"]["E_3"].to_list()[:2] == [Reason.NOT_ASKED, Reason.SKIPPED]


def test_tick_list_blanks_are_no_only_where_the_form_was_submitted() -> None:
    blank = {name: [None, None, None] for name in EVENTS}
    frame = _with(**blank, **{name: [None] for name in MOOD})
    frame = frame.with_columns(E_2=pl.Series([None, None, 4, *frame["E_2"].to_list()[3:]]))
    panel = _read(frame, form="tick-list")
    assert panel.answers["events"].rows()[:3] == [(None, None, None), (0, 0, 0), (0, 4, 0)]
    assert panel.reasons["events"].row(0) == (Reason.ABSENT,) * 3
    assert found(panel) == {"tick-list-blanks"}


def test_tick_list_in_a_file_of_its_own_needs_a_tick() -> None:
    frame = answers(2)
    entries = [
        instrument("mood", "M_{1..4}", "0..3"),
        instrument("events", "E_{1..3}", "0..5", "exposure", source="ticks", form="tick-list"),
    ]
    study = make_study({"answers": by_occasion(), "ticks": by_occasion(file="ticks")}, entries)
    ticks = frame.select("id", "wave", "day", *EVENTS).with_columns(
        pl.Series(name, [None, None, *frame[name].to_list()[2:]]) for name in EVENTS
    )
    panel = read_panel(study, {"answers": frame, "ticks": ticks[1:]})
    assert panel.answers["events"]["E_1"].to_list()[:2] == [None, None]
    assert panel.reasons["events"]["E_1"].to_list()[:2] == [Reason.ABSENT] * 2


@settings(max_examples=40)
@given(
    st.lists(
        st.lists(st.sampled_from([None, 0, 1, -8, -9, 77]), min_size=7, max_size=7),
        min_size=1,
        max_size=12,
    ),
    st.sampled_from(["explicit", "tick-list"]),
)
def test_no_exposure_without_a_form(cells: list[list[int | None]], form: str) -> None:
    """A person-occasion whose forms are all missing never gets an answer of 0."""
    assume(any(value in (0, 1) for row in cells for value in row))
    frame = answers(4)[: len(cells)].with_columns(
        pl.Series(name, [row[place] for row in cells], dtype=pl.Int64)
        for place, name in enumerate(MOOD + EVENTS)
    )
    given = codes(not_asked=(-8,), skipped=(-9,), absent=(77,))
    panel = _read(frame, form=form, codes=given, mood_codes=given)
    events = panel.answers["events"].rows()
    for row, (place, cell) in enumerate(zip(panel.rows["data_row"], events, strict=True)):
        raw = cells[place - 1]
        submitted = any(value in (0, 1) for value in (raw if form == "tick-list" else raw[4:]))
        for item, value in enumerate(cell):
            if value is None:
                assert panel.reasons["events"][EVENTS[item]][row] >= Reason.NOT_ASKED
                continue
            assert submitted
            assert value == (raw[4 + item] if raw[4 + item] is not None else 0)
            assert raw[4 + item] is not None or form == "tick-list"
