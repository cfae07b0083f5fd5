"""Single columns that hold a ready-made score: decimals, ranges, and what is said of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salutogen.errors import PanelError
from salutogen.findings import Finding
from salutogen.panel import Panel, read_panel
from salutogen.study import Instrument, Study
from tests.panel.small_studies import (
    by_item,
    by_occasion,
    by_person,
    instrument,
    lengthen,
    make_study,
    widen,
)

LABELS = ("1", "2", "3")
WIDE = {"mood": "MOOD_w{occasion}", "events": "LOAD_w{occasion}"}


def _study(mood: dict[str, Any], source: dict[str, Any] | None = None, **plan: Any) -> Study:
    wide = source is not None and source.get("layout") == "row-per-person"
    given_mood = {"answers": "0..63"} | mood
    entries = [
        instrument(
            "mood", WIDE["mood"] if wide else "MOOD", given_mood.pop("answers"), **given_mood
        ),
        instrument("events", WIDE["events"] if wide else "LOAD", "0..5", "exposure", total=False),
    ]
    return make_study({"answers": source or by_occasion()}, entries, LABELS, **plan)


def _frame(values: Any) -> pl.DataFrame:
    n = len(values)
    persons = n // len(LABELS)
    return pl.DataFrame(
        {
            "id": [f"p{number:03d}" for number in range(persons) for _ in LABELS],
            "wave": list(LABELS) * persons,
            "day": [0.0, 7.0, 14.0] * persons,
            "MOOD": values,
            "LOAD": np.random.default_rng(1).integers(0, 6, n),
        }
    )


def _said(panel: Panel, code: str) -> list[Finding]:
    return [one for one in panel.findings if one.code == code]


def _mood(study: Study) -> Instrument:
    return study.instruments["mood"]


@pytest.mark.parametrize("layout", ["occasion", "person", "item"])
@settings(max_examples=25, deadline=None)
@given(
    values=st.lists(
        st.decimals(0, 7, places=2, allow_nan=False).map(float), min_size=9, max_size=9
    ),
    declared=st.booleans(),
    missing=st.booleans(),
)
def test_decimals_inside_the_range_are_kept(
    layout: str, values: list[float], declared: bool, missing: bool
) -> None:
    source = {"occasion": by_occasion, "person": by_person, "item": by_item}[layout]()
    study = _study(
        {"answers": "0..7"} | ({"total": True} if declared else {}),
        source,
        invalid="missing" if missing else "refuse",
    )
    frame = _frame(values)
    data = {
        "occasion": lambda: frame,
        "person": lambda: widen(frame),
        "item": lambda: lengthen(frame),
    }
    panel = read_panel(study, data[layout]())
    assert panel.answers["mood"]["MOOD"].cast(pl.Float64).to_list() == values
    broken = any(value != round(value) for value in values)
    assert _mood(panel.study).total is (declared or broken)
    assert bool(_said(panel, "taken-for-total")) is (broken and not declared)


@pytest.mark.parametrize(
    ("answers", "draw", "total"),
    [
        ("0..63", lambda rng, n: rng.integers(0, 3, n), True),
        ("0..10", lambda rng, n: rng.integers(0, 11, n), False),
        ("1..7", lambda rng, n: rng.integers(1, 8, n), False),
        (None, lambda rng, n: rng.integers(0, 2, n), False),
        (None, lambda rng, n: rng.integers(1, 8, n), False),
        (None, lambda rng, n: rng.poisson(4, n), True),
        (None, lambda rng, n: 5 * rng.integers(0, 5, n), True),
        (None, lambda rng, n: np.where(rng.random(n) < 0.1, 99, rng.integers(0, 4, n)), False),
        (None, lambda rng, n: rng.normal(size=n), True),
    ],
)
def test_a_column_is_a_score_where_no_item_has_such_values(
    answers: str | None, draw: Any, total: bool
) -> None:
    values = draw(np.random.default_rng(3), 300).tolist()
    panel = read_panel(_study({"answers": answers}), _frame(values))
    assert _mood(panel.study).total is total
    said = _said(panel, "taken-for-total")
    assert bool(said) is total
    if total:
        assert "'mood'" in said[0].text
        assert "total: true" in said[0].mend
        assert "total: false" in said[0].mend


def test_what_is_said_decides() -> None:
    values = np.random.default_rng(3).integers(0, 28, 300).tolist()
    for declared in (True, False):
        panel = read_panel(_study({"total": declared, "answers": None}), _frame(values))
        assert _mood(panel.study).total is declared
        assert not _said(panel, "taken-for-total")


def test_decimals_of_an_item_are_refused_and_the_mend_says_what_it_costs() -> None:
    values = [1.5] * 20 + [2.0] * 10
    study = _study({"answers": "0..7", "total": False})
    with pytest.raises(PanelError) as refused:
        read_panel(study, _frame(values))
    (one,) = refused.value.findings
    assert one.code == "impossible-answer"
    assert "total: true" in one.mend
    assert "20 values of the 30" in one.mend


def test_decimals_of_a_factor_at_baseline_are_kept() -> None:
    values = [1.25, 1.25, 1.25] * 10
    entries = [
        instrument("mood", "MOOD", "0..7", "resource", measured="baseline"),
        instrument("events", "LOAD", "0..5", "exposure"),
    ]
    panel = read_panel(make_study({"answers": by_occasion()}, entries, LABELS), _frame(values))
    assert set(panel.baseline["mood"]["MOOD"].to_list()) == {1.25}
    assert panel.study.instruments["mood"].total is True


def test_outside_its_range_a_total_is_refused() -> None:
    study = _study({"answers": "0..7", "total": True})
    with pytest.raises(PanelError) as refused:
        read_panel(study, _frame([7.5] + [2.25] * 29))
    (one,) = refused.value.findings
    assert one.evidence.rows == (1,)
    assert "a number from 0 to 7" in one.text
    assert "1 value of the 30" in one.mend


def test_dropped_values_are_counted_against_all() -> None:
    study = _study({"answers": "0..7", "total": True}, invalid="missing")
    panel = read_panel(study, _frame([99.0] * 5 + [2.25] * 25))
    (one,) = _said(panel, "impossible-answer-missing")
    assert "5 cells of 30" in one.text


def test_whole_scores_stay_whole_numbers() -> None:
    panel = read_panel(_study({"answers": "0..63"}), _frame(list(range(30))))
    assert panel.answers["mood"]["MOOD"].dtype == pl.Int8
