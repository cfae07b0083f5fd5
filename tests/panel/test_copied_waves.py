"""Occasions that are copies of another: found; stable people and rare events are not told."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from salutogen.findings import Finding
from salutogen.panel import Panel, read_panel
from tests.panel.small_studies import by_occasion, instrument, make_study

LABELS = ("1", "2", "3", "4")
MOOD = {"total": ["MOOD"], "items": [f"M_{item}" for item in range(1, 9)]}
LOAD = {"total": ["LOAD"], "items": [f"L_{item}" for item in range(1, 9)]}


def _frame(kind: str, rng: np.random.Generator, persons: int, stable: float) -> pl.DataFrame:
    n = persons * len(LABELS)
    level = np.repeat(rng.normal(size=persons), len(LABELS)) * np.sqrt(stable)
    state = level + rng.normal(size=n) * np.sqrt(1 - stable)
    if kind == "total":
        mood = {"MOOD": np.clip(np.round(10 + 5 * state), 0, 27)}
        load = {"LOAD": rng.poisson(np.exp(1.5 + 0.4 * state))}
    else:
        mood = {
            item: np.clip(np.round(1.5 + state + rng.normal(0, 0.5, n)), 0, 3)
            for item in MOOD["items"]
        }
        load = {item: rng.random(n) < 0.1 for item in LOAD["items"]}
    return pl.DataFrame(
        {
            "id": np.repeat([f"p{number}" for number in range(persons)], len(LABELS)),
            "wave": list(LABELS) * persons,
            **{name: np.asarray(values, dtype=float) for name, values in (mood | load).items()},
        }
    )


def _read(kind: str, frame: pl.DataFrame) -> Panel:
    if kind == "total":
        entries = [
            instrument("mood", "MOOD", "0..27", total=True),
            instrument("events", "LOAD", None, "exposure", total=True),
        ]
    else:
        entries = [
            instrument("mood", "M_{1..8}", "0..3"),
            instrument("events", "L_{1..8}", "0..1", "exposure"),
        ]
    return read_panel(make_study({"answers": by_occasion(time=None)}, entries, LABELS), frame)


def _said(panel: Panel) -> list[Finding]:
    return [one for one in panel.findings if one.code == "wave-copied"]


def _copied(
    frame: pl.DataFrame, columns: list[str], first: int, second: int, spare: Any = ()
) -> pl.DataFrame:
    """Answers of the first occasion put in the place of the second's, but for some persons."""
    values = frame.select(columns).to_numpy().copy()
    source, target = np.arange(first, len(values), 4), np.arange(second, len(values), 4)
    kept = ~np.isin(np.arange(len(source)), spare)
    values[target[kept]] = values[source[kept]]
    return frame.with_columns(pl.DataFrame(values, schema=columns).iter_columns())


@pytest.mark.parametrize("kind", ["total", "items"])
@pytest.mark.parametrize(("first", "second"), [(0, 1), (0, 3), (2, 3)])
def test_a_copied_wave_is_told(kind: str, first: int, second: int) -> None:
    frame = _frame(kind, np.random.default_rng(first), 60, 0.5)
    copied = _copied(frame, MOOD[kind] + LOAD[kind], first, second, spare=(5, 9, 30))
    said = _said(_read(kind, copied))
    assert "'mood'" in said[0].text
    for one in said:
        assert f"occasion {LABELS[second]!r}" in one.text
        assert f"occasion {LABELS[first]!r}" in one.text
    assert all(one.evidence.numbers["same"] >= 57 for one in said)
    assert said[0].evidence.numbers["both"] == 60
    assert said[0].evidence.column == ("MOOD" if kind == "total" else None)


def test_one_copied_score_is_told_by_itself() -> None:
    frame = _frame("total", np.random.default_rng(1), 60, 0.5)
    (one,) = _said(_read("total", _copied(frame, ["LOAD"], 1, 2)))
    assert "'events'" in one.text
    assert "'mood'" not in one.text


def test_answers_carried_forward_are_told_once() -> None:
    frame = _frame("total", np.random.default_rng(1), 60, 0.5)
    for second in (1, 2, 3):
        frame = _copied(frame, ["MOOD"], 0, second)
    (one,) = _said(_read("total", frame))
    assert "'2' (of '1'), '3' (of '1') and '4' (of '1')" in one.text


@pytest.mark.parametrize("kind", ["total", "items"])
@pytest.mark.parametrize("stable", [0.0, 0.6, 0.95])
@pytest.mark.parametrize("persons", [10, 100])
def test_stable_people_are_no_copies(kind: str, stable: float, persons: int) -> None:
    told = 0
    for seed in range(25):
        rng = np.random.default_rng(seed)
        told += bool(_said(_read(kind, _frame(kind, rng, persons, stable))))
    assert told == 0


def test_a_list_that_nobody_ticks_is_no_copy() -> None:
    frame = _frame("items", np.random.default_rng(1), 60, 0.5)
    assert not _said(
        _read("items", frame.with_columns(pl.lit(0.0).alias(c) for c in LOAD["items"]))
    )
