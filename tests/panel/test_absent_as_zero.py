"""Absent forms stored as 0, on totals and lists, both ways round; zeros of healthy data."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

from salutogen.findings import Finding
from salutogen.panel import Panel, read_panel
from salutogen.panel.absent_as_zero import chance_of_so_many
from tests.panel.small_studies import by_occasion, instrument, make_study

LABELS = ("1", "2", "3", "4")
KINDS = ("total", "tick-list", "explicit")


def _columns(kind: str) -> list[str]:
    return ["LOAD"] if kind == "total" else [f"L_{item}" for item in range(1, 7)]


def _frame(kind: str, rng: np.random.Generator, persons: int, rate: float) -> pl.DataFrame:
    n = persons * len(LABELS)
    load = {
        item: (rng.poisson(6 * rate, n) if kind == "total" else (rng.random(n) < rate)).astype(
            float
        )
        for item in _columns(kind)
    }
    return pl.DataFrame(
        {
            "id": np.repeat([f"p{number}" for number in range(persons)], len(LABELS)),
            "wave": list(LABELS) * persons,
            "MOOD": rng.integers(3, 28, n).astype(float),
            **load,
        }
    )


def _read(kind: str, frame: pl.DataFrame) -> Panel:
    form = "tick-list" if kind == "tick-list" else "explicit"
    columns = "LOAD" if kind == "total" else "L_{1..6}"
    span = {"answers": None, "total": True} if kind == "total" else {"answers": "0..1"}
    entries = [
        instrument("mood", "MOOD", "0..27", total=True),
        instrument("events", columns, span.pop("answers"), "exposure", form=form, **span),  # type: ignore[arg-type]
    ]
    study = make_study({"answers": by_occasion(time=None)}, entries, LABELS)
    return read_panel(study, frame)


def _said(panel: Panel) -> list[Finding]:
    return [one for one in panel.findings if one.code == "absent-as-zero"]


def _without(frame: pl.DataFrame, rows: Any, blank: list[str], zero: list[str]) -> pl.DataFrame:
    hit = pl.Series(np.isin(np.arange(frame.height), rows))
    return frame.with_columns(
        *(pl.when(hit).then(None).otherwise(pl.col(name)).alias(name) for name in blank),
        *(pl.when(hit).then(0.0).otherwise(pl.col(name)).alias(name) for name in zero),
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(5))
def test_absent_forms_stored_as_zero_are_told_with_their_rows(kind: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    frame = _frame(kind, rng, 40, 0.3)
    rows = np.sort(rng.choice(frame.height, 24, replace=False))
    (one,) = _said(_read(kind, _without(frame, rows, ["MOOD"], _columns(kind))))
    assert one.severity == "warning"
    assert one.evidence.n_rows == 24
    assert one.evidence.rows == tuple(int(row) + 1 for row in rows[:10])
    assert "'events'" in one.text
    assert "'mood'" in one.text
    assert "complete:" in one.mend
    assert one.evidence.column == ("LOAD" if kind == "total" else None)


@pytest.mark.parametrize("kind", KINDS)
def test_problems_stored_as_zero_are_told_as_well(kind: str) -> None:
    """A blank tick-list is read as nothing ticked, so that it must seldom be blank otherwise."""
    rate = 0.6 if kind == "tick-list" else 0.3
    frame = _frame(kind, np.random.default_rng(1), 40, rate)
    rows = np.arange(3, frame.height, 8)
    (one,) = _said(_read(kind, _without(frame, rows, _columns(kind), ["MOOD"])))
    assert one.evidence.column == "MOOD"
    assert one.evidence.n_rows == len(rows)
    assert "absent: [0]" in one.mend


def test_a_few_others_do_not_hide_them() -> None:
    rng = np.random.default_rng(3)
    frame = _frame("total", rng, 60, 0.5)
    rows = np.arange(0, frame.height, 5)
    zeros = _without(frame, rows[3:], ["MOOD"], ["LOAD"])
    (one,) = _said(_read("total", _without(zeros, rows[:3], ["MOOD"], [])))
    assert one.evidence.n_rows == len(rows) - 3
    assert one.text.startswith("Nearly all rows")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rate", [0.02, 0.1, 0.4])
def test_healthy_zeros_are_not_told(kind: str, rate: float) -> None:
    told = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        frame = _frame(kind, rng, 40, rate)
        rows = rng.choice(frame.height, 20, replace=False)
        told += bool(_said(_read(kind, _without(frame, rows, ["MOOD"], []))))
    assert told == 0


def test_persons_are_counted_not_their_rows() -> None:
    """One unexposed person who never answers about mood is no wave of absent forms."""
    frame = _frame("total", np.random.default_rng(1), 40, 0.5)
    for people in (1, 2):
        rows = np.arange(people * len(LABELS))
        assert not _said(_read("total", _without(frame, rows, ["MOOD"], ["LOAD"])))


@pytest.mark.parametrize(("k", "n", "share"), [(5, 5, 0.3), (18, 20, 0.4), (95, 100, 0.8)])
def test_the_bound_holds(k: int, n: int, share: float) -> None:
    exact = float(stats.binom.sf(k - 1, n, share))
    assert exact <= chance_of_so_many(k, n, share) * (1 + 1e-12)
    assert chance_of_so_many(n, n, share) == pytest.approx(share**n, rel=1e-9)
    assert chance_of_so_many(1, n, share) == 1.0
