"""Values that look like a missing code: found where they lie outside, silent on healthy data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from salutogen.panel import Panel, read_panel
from salutogen.panel.missing_codes import suspects_of, without_suspects
from tests.panel.small_studies import by_occasion, instrument, make_study

Draw = Callable[[np.random.Generator, int], Any]
HEALTHY: dict[str, Draw] = {
    "sum of 9 items": lambda rng, n: np.clip(np.round(rng.gamma(1.5, 4, n)), 0, 27),
    "sum of 21 items": lambda rng, n: np.clip(np.round(rng.gamma(1.2, 9, n)), 0, 63),
    "events": lambda rng, n: rng.poisson(3, n),
    "rare events": lambda rng, n: rng.poisson(0.5, n),
    "events of few": lambda rng, n: rng.negative_binomial(0.3, 0.3, n),
    "hassles of few": lambda rng, n: rng.negative_binomial(0.5, 0.05, n),
    "long tail": lambda rng, n: np.round(rng.lognormal(2.5, 1, n)),
    "minutes": lambda rng, n: np.round(rng.exponential(60, n)),
    "percent": lambda rng, n: np.clip(np.round(rng.normal(60, 25, n)), 0, 100),
    "ends of a slider": lambda rng, n: np.where(
        rng.random(n) < 0.2, rng.choice([0, 99, 100], n), np.round(rng.uniform(0, 100, n))
    ),
    "change": lambda rng, n: np.round(rng.normal(0, 8, n)),
    "mostly gains": lambda rng, n: np.round(rng.normal(15, 8, n)),
    "means": lambda rng, n: np.round(rng.uniform(1, 7, n), 2),
    "z values": lambda rng, n: rng.normal(0, 1, n),
    "0 to 3": lambda rng, n: rng.integers(0, 4, n),
    "1 to 9": lambda rng, n: rng.integers(1, 10, n),
    "days of a month": lambda rng, n: np.where(rng.random(n) < 0.7, 0, rng.integers(0, 31, n)),
}
CODES = (99, 999, -9, -99, -999, 77, 88, 8888)


def _is_odd(name: str, code: int) -> bool:
    """Whether a value is not to be expected among those of a healthy column."""
    if name in ("percent", "ends of a slider"):
        return not 0 < code <= 100
    if name in ("long tail", "minutes", "hassles of few"):
        return not 0 < code < 1000
    return name not in ("change", "mostly gains") or code != -9


def _column(values: Any) -> pl.Series:
    return pl.Series("x", np.asarray(values, dtype=np.float64))


@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_columns_hold_no_codes(name: str) -> None:
    rng = np.random.default_rng(1)
    told = sum(
        bool(suspects_of(_column(HEALTHY[name](rng, n))))
        for n in (30, 100, 400)
        for _ in range(200)
    )
    assert told <= 6  # of 600


@pytest.mark.parametrize(
    ("name", "code"), [(name, code) for name in HEALTHY for code in CODES if _is_odd(name, code)]
)
@pytest.mark.parametrize(("n", "cells"), [(60, 5), (400, 4)])
def test_codes_are_found_with_their_number(name: str, code: int, n: int, cells: int) -> None:
    rng = np.random.default_rng(2)
    right = 0
    for _ in range(20):
        values = np.asarray(HEALTHY[name](rng, n), dtype=np.float64)
        values[rng.choice(n, cells, replace=False)] = code
        right += [(one.value, one.cells) for one in suspects_of(_column(values))] == [(code, cells)]
    assert right >= 19


@pytest.mark.parametrize("name", ["0 to 3", "rare events"])
def test_a_nine_beside_few_answers_is_a_code(name: str) -> None:
    values = np.asarray(HEALTHY[name](np.random.default_rng(2), 200), dtype=np.float64)
    values[:3] = 9
    assert [one.value for one in suspects_of(_column(values))] == [9]
    assert without_suspects(values).size == 197
    values[:2] = 2
    assert not suspects_of(_column(values))  # one 9 may be a slip


def test_several_codes_are_told_apart() -> None:
    values = np.asarray(HEALTHY["sum of 9 items"](np.random.default_rng(2), 300))
    values[:6] = [-99, -99, 88, 88, 88, 999]
    found = {one.value: one.cells for one in suspects_of(_column(values))}
    assert found == {-99: 2, 88: 3, 999: 1}


def test_a_column_may_be_called_as_the_numbers_of_values_are() -> None:
    values = [*range(20), 999, 999]
    assert suspects_of(pl.Series("count", values)) == suspects_of(pl.Series("x", values)) != ()


def test_nothing_is_said_of_columns_without_a_rest() -> None:
    for values in ([], [99.0] * 20, [9.0, 99.0] * 20, [5.0] * 20, [1.0, 2.0, 99.0]):
        assert not suspects_of(_column(values))


def _read(values: Any, answers: str | None = None, **mood: Any) -> Panel:
    n = len(values)
    frame = pl.DataFrame(
        {
            "id": [str(number) for number in range(n)],
            "wave": ["1"] * n,
            "MOOD": values,
            "E_1": np.random.default_rng(1).integers(0, 6, n),
        }
    )
    entries = [
        instrument("mood", "MOOD", answers, **mood),
        instrument("events", "E_1", "0..5", "exposure"),
    ]
    return read_panel(make_study({"answers": by_occasion(time=None)}, entries, ("1",)), frame)


@pytest.mark.parametrize("total", [None, True])
@pytest.mark.parametrize("code", CODES)
def test_the_finding_names_value_cells_rows_and_mend(code: int, total: bool | None) -> None:
    values = HEALTHY["sum of 9 items"](np.random.default_rng(5), 100).astype(int).tolist()
    for row in (3, 17, 40):
        values[row] = code
    panel = _read(values, total=total)
    (one,) = [one for one in panel.findings if one.code == "looks-like-missing-code"]
    assert one.severity == "warning"
    assert f"holds {code}," in one.text
    assert "3 cells have" in one.text
    assert one.evidence.numbers["cells"] == 3
    assert one.evidence.column == "MOOD"
    assert one.evidence.rows == (4, 18, 41)
    assert f"skipped: [{code}]" in one.mend
    assert panel.answers["mood"]["MOOD"].null_count() == 0  # told, never dropped unasked


def test_a_named_code_and_a_stated_range_leave_nothing_to_say() -> None:
    from salutogen.study.format import MissingCodes

    values = [99, 99, 99, *range(28), *range(28)]
    named = _read(values, total=True, codes=MissingCodes(skipped=(99.0,)))
    assert "looks-like-missing-code" not in {one.code for one in named.findings}
    assert named.answers["mood"]["MOOD"].null_count() == 3
    stated = _read(values[3:], "0..27", total=True)
    assert "looks-like-missing-code" not in {one.code for one in stated.findings}


def test_items_without_a_range_are_looked_at_as_well() -> None:
    rng = np.random.default_rng(1)
    frame = pl.DataFrame(
        {f"M_{item}": rng.integers(0, 4, 90) for item in range(1, 5)}
    ).with_columns(
        M_2=pl.Series([99] * 4 + rng.integers(0, 4, 86).tolist()),
        id=pl.int_range(90).cast(pl.String),
        wave=pl.lit("1"),
        E_1=pl.Series(rng.integers(0, 6, 90)),
    )
    entries = [
        instrument("mood", "M_{1..4}", None),
        instrument("events", "E_1", "0..5", "exposure"),
    ]
    study = make_study({"answers": by_occasion(time=None)}, entries, ("1",))
    said = [one for one in read_panel(study, frame).findings if "missing-code" in one.code]
    assert [one.evidence.column for one in said] == ["M_2"]
