"""Reasons are kept for missing cells alone; spread out they are what they were."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from salutogen.panel import Panel, Reason, read_panel
from salutogen.panel.missing_reasons import MissingReasons, missing_cells, unasked_reasons
from tests.panel.small_studies import answers, codes, instrument, make_study


@pytest.fixture(scope="module")
def panel() -> Panel:
    entries: list[Any] = [
        instrument("mood", "M_{1..4}", "0..3", codes=codes(skipped=(-9,))),
        instrument(
            "events", "E_{1..3}", "0..5", "exposure", asked={"1": frozenset({"E_1", "E_2"})}
        ),
    ]
    frame = answers()
    blank = pl.Series([None] * 2 + frame["E_1"].to_list()[2:], dtype=pl.Int64)
    coded = pl.Series([-9, None, *frame["M_2"].to_list()[2:]], dtype=pl.Int64)
    unasked = frame["E_3"].to_list()
    wave = frame["wave"].to_list()
    asked = [None if w == 1 else cell for w, cell in zip(wave, unasked, strict=True)]
    frame = frame.with_columns(E_1=blank, M_2=coded, E_3=pl.Series(asked, dtype=pl.Int64))
    return read_panel(make_study(None, entries), frame)


def test_missing_cells_are_those_of_the_frames(panel: Panel) -> None:
    assert isinstance(panel.reasons, MissingReasons)
    spread = replace(panel, reasons=dict(panel.reasons))
    assert sum(frame.width for frame in spread.reasons.values()) == 3
    for (rows, own), (other_rows, other) in zip(
        missing_cells(panel), missing_cells(spread), strict=True
    ):
        np.testing.assert_array_equal(rows, other_rows)
        np.testing.assert_array_equal(own, other)
        assert own.size


def test_frames_agree_with_the_answers(panel: Panel) -> None:
    for name, frame in panel.reasons.items():
        for reasons in frame.iter_columns():
            values = panel.answers[name][reasons.name]
            assert ((reasons >= 2) == values.is_null()).all()
            if name == "events":
                none = (values == 0).fill_null(value=False)
                assert ((reasons == Reason.DID_NOT_OCCUR) == none).all()


def test_only_items_that_were_not_asked_are_spread_out_for_scoring(panel: Panel) -> None:
    events = unasked_reasons(panel, "events")
    mood = unasked_reasons(panel, "mood")
    assert events is not None
    assert mood is not None
    assert events.columns == ["E_3"]
    assert mood.width == 0
    assert unasked_reasons(panel, "nothing") is None


def test_kept_rows_keep_their_reasons(panel: Panel) -> None:
    assert isinstance(panel.reasons, MissingReasons)
    some = pl.Series(np.arange(panel.n_rows) % 2 == 0)
    kept = panel.reasons.kept(
        some, {name: frame.filter(some) for name, frame in panel.answers.items()}
    )
    assert len(kept) == len(panel.reasons)
    for name, frame in kept.items():
        assert frame.equals(panel.reasons[name].filter(some).select(frame.columns))
