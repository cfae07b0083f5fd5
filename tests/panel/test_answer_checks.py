"""Straight-lining and flipped keys, against formulas computed another way."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from salutogen.findings import Finding
from salutogen.panel import Panel, read_panel
from salutogen.panel.answer_checks import item_rest_correlations
from salutogen.study import Instrument
from tests.panel.small_studies import by_occasion, instrument, make_study

ITEMS = [f"M_{number}" for number in range(1, 9)]


def _answers(n: int = 300, flip: tuple[int, ...] = (), seed: int = 4) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    level = rng.normal(size=n)
    columns = {"id": [str(number) for number in range(n)], "wave": ["1"] * n}
    for place, item in enumerate(ITEMS):
        values = np.clip(np.round(1.5 + level + rng.normal(0, 0.8, n)), 0, 3).astype(int)
        columns[item] = (3 - values if place in flip else values).tolist()
    columns["E_1"] = rng.integers(0, 2, n).tolist()
    return pl.DataFrame(columns)


def _read(frame: pl.DataFrame, mood: Instrument | None = None) -> Panel:
    entries = [
        mood or instrument("mood", "M_{1..8}", "0..3"),
        instrument("events", "E_1", "0..1", "exposure"),
    ]
    study = make_study({"answers": by_occasion(time=None)}, entries, labels=("1",))
    return read_panel(study, frame)


def _said(panel: Panel, code: str) -> list[Finding]:
    return [finding for finding in panel.findings if finding.code == code]


def test_item_rest_correlations_by_their_definition() -> None:
    values = _answers(flip=(2,)).select(ITEMS).to_numpy()
    slow = [
        np.corrcoef(values[:, item], np.delete(values, item, axis=1).sum(axis=1))[0, 1]
        for item in range(len(ITEMS))
    ]
    assert item_rest_correlations(values) == pytest.approx(slow, abs=1e-12)
    assert slow[2] < 0 < slow[0]


def test_an_item_that_does_not_vary_has_no_correlation() -> None:
    values = _answers().select(ITEMS).to_numpy().copy()
    values[:, 0] = 1
    result = item_rest_correlations(values)
    assert np.isnan(result[0])
    assert (result[1:] > 0).all()


@pytest.mark.parametrize("flip", [(0,), (3, 7)])
def test_flipped_items_are_reported(flip: tuple[int, ...]) -> None:
    findings = _said(_read(_answers(flip=flip)), "flipped-item")
    assert [finding.evidence.column for finding in findings] == [ITEMS[place] for place in flip]
    assert all(finding.evidence.numbers["item_rest_correlation"] < 0 for finding in findings)


def test_keys_that_are_right_are_not_reported() -> None:
    assert not _said(_read(_answers()), "flipped-item")
    reverse = frozenset({"M_4", "M_8"})
    turned = instrument("mood", "M_{1..8}", "0..3", reverse=reverse)
    assert not _said(_read(_answers(flip=(3, 7)), turned), "flipped-item")
    findings = _said(_read(_answers(), turned), "flipped-item")
    assert {finding.evidence.column for finding in findings} == set(reverse)


def test_checklists_and_unrelated_items_have_no_keys_to_check() -> None:
    checklist = instrument("mood", "M_{1..8}", "0..3", "exposure")
    assert not _said(_read(_answers(flip=(0,)), checklist), "flipped-item")
    noise = _answers().with_columns(
        pl.Series(item, np.random.default_rng(place).integers(0, 4, 300))
        for place, item in enumerate(ITEMS)
    )
    assert not _said(_read(noise), "flipped-item")


def _constant(code: int, rows: int) -> pl.DataFrame:
    varied = pl.int_range(pl.len()) >= rows
    return _answers().with_columns(
        pl.when(varied).then((pl.col(item) + place) % 4).otherwise(code).alias(item)
        for place, item in enumerate(ITEMS)
    )


def test_straight_lining_spares_the_healthiest_code() -> None:
    (finding,) = _said(_read(_constant(2, 3)), "straight-lining")
    assert finding.evidence.rows == (1, 2, 3)
    assert finding.evidence.numbers["forms"] == 3
    assert not _said(_read(_constant(0, 3)), "straight-lining")
    better = instrument("mood", "M_{1..8}", "0..3", higher="better")
    assert _said(_read(_constant(0, 3), better), "straight-lining")
    assert not _said(_read(_constant(3, 3), better), "straight-lining")


def test_straight_lining_over_turned_items_is_never_spared() -> None:
    turned = instrument("mood", "M_{1..8}", "0..3", reverse=frozenset({"M_4"}))
    (finding,) = _said(_read(_constant(0, 2), turned), "straight-lining")
    assert finding.evidence.n_rows == 2
    assert "turned round" in finding.text


def test_short_scales_are_not_judged() -> None:
    short = instrument("mood", "M_{1..7}", "0..3")
    assert not _said(_read(_constant(2, 3), short), "straight-lining")
