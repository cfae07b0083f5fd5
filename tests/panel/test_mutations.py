"""Valid data damaged in hundreds of ways: a panel, or one clear error with findings."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from salutogen.errors import PanelError
from salutogen.findings import Severity
from salutogen.panel import Panel, read_panel
from tests.panel.small_studies import (
    answers,
    by_item,
    by_occasion,
    by_person,
    lengthen,
    make_study,
    wide_instruments,
    widen,
)

STUDIES = {
    "rows": make_study(),
    "wide": make_study({"answers": by_person()}, wide_instruments()),
    "long": make_study({"answers": by_item()}),
    "dates": make_study({"answers": by_occasion(time={"column": "day", "unit": "date"})}),
    "lenient": make_study(invalid="missing"),
}
CELLS = ["", " ", "NA", "abc", "1e12", "-1e12", "inf", "nan", "1,5", "2.5", "99", "-9", "0",
         "1e400", "0x10", "²", "١", '"', "'", "\t", "\x00", "\n", "é", "☃", "1e", "--1", "+1",
         "2020-01-01", "31.12.2020", "12/31/2020", "True", "9" * 400, "=1+1",
         "<script>"]  # fmt: skip
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "latin-1", "cp1251",
             "utf-32", "mac_roman", "cp037"]  # fmt: skip

Rows = list[list[str]]


def _cell(rows: Rows, rng: random.Random) -> None:
    row = rng.choice(rows)
    row[rng.randrange(len(row))] = rng.choice(CELLS)


def _column(rows: Rows, rng: random.Random) -> None:
    place, value = rng.randrange(len(rows[0])), rng.choice(CELLS)
    for row in rows[1:]:
        row[place : place + 1] = [value]


def _drop_column(rows: Rows, rng: random.Random) -> None:
    place = rng.randrange(len(rows[0]))
    for row in rows:
        if place < len(row):
            del row[place]


def _rename(rows: Rows, rng: random.Random) -> None:
    place = rng.randrange(len(rows[0]))
    name = rows[0][place]
    rows[0][place] = rng.choice([name.lower(), name + " ", name[:-1], "", rows[0][0], name + name])


def _duplicate(rows: Rows, rng: random.Random) -> None:
    rows.append(list(rows[rng.randrange(len(rows))]))


def _shuffle(rows: Rows, rng: random.Random) -> None:
    body = rows[1:]
    rng.shuffle(body)
    rows[1:] = body


def _shorten(rows: Rows, rng: random.Random) -> None:
    rows[rng.randrange(len(rows))] = rows[-1][: rng.randrange(len(rows[-1]))]


def _lengthen(rows: Rows, rng: random.Random) -> None:
    rows[rng.randrange(len(rows))].append("1")


def _cut(rows: Rows, rng: random.Random) -> None:
    del rows[rng.randrange(len(rows)) :]
    if not rows:
        rows.append([""])


def _blank_row(rows: Rows, rng: random.Random) -> None:
    rows.insert(rng.randrange(1, len(rows) + 1), [""] * len(rows[0]))


def _swap_columns(rows: Rows, rng: random.Random) -> None:
    first, second = rng.randrange(len(rows[0])), rng.randrange(len(rows[0]))
    rows[0][first], rows[0][second] = rows[0][second], rows[0][first]


MUTATIONS: list[Callable[[Rows, random.Random], None]] = [
    _cell, _cell, _column, _drop_column, _rename, _duplicate, _shuffle, _shorten, _lengthen,
    _cut, _blank_row, _swap_columns,
]  # fmt: skip


def _frame(name: str) -> pl.DataFrame:
    frame = answers(4)
    if name == "dates":
        return frame.with_columns(
            day=pl.date(2020, 1, 1).dt.offset_by(pl.format("{}d", pl.col("day").cast(pl.Int64)))
        )
    return {"wide": widen, "long": lengthen}.get(name, lambda given: given)(frame)


def _sound(result: Panel) -> None:
    """What every panel must be, however odd its data."""
    assert result.n_rows > 0
    assert result.persons["subject"].n_unique() == result.n_persons
    assert result.rows["person"].max() == result.n_persons - 1
    assert not result.rows.select("person", "occasion").is_duplicated().any()
    for name, frame in result.answers.items():
        limits = result.study.instruments[name].answers
        assert limits is not None
        assert frame.height == result.n_rows
        for column in frame.iter_columns():
            assert column.null_count() == 0 or column.name in result.reasons[name].columns
            assert column.drop_nulls().is_between(limits.minimum, limits.maximum).all()
        for reasons in result.reasons[name].iter_columns():
            missing = frame[reasons.name].is_null()
            assert (missing == (reasons >= 2)).all()


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(sorted(STUDIES)),
    seed=st.integers(0, 10**6),
    times=st.integers(1, 3),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    encoding=st.sampled_from(ENCODINGS),
    line_end=st.sampled_from(["\n", "\r\n", "\r", "\n\n"]),
)
@example(name="rows", seed=0, times=0, delimiter=";", encoding="utf-16", line_end="\r\n")
def test_damaged_text(
    tmp_path: Path, name: str, seed: int, times: int, delimiter: str, encoding: str, line_end: str
) -> None:
    rng = random.Random(seed)
    frame = _frame(name)
    rows = [list(frame.columns), *([str(cell) for cell in row] for row in frame.iter_rows())]
    for _ in range(times):
        rng.choice(MUTATIONS)(rows, rng)
        rows = [row for row in rows if row] or [[""]]
    text = line_end.join(delimiter.join(row) for row in rows) + line_end
    path = tmp_path / "answers.csv"
    path.write_bytes(text.encode(encoding, errors="replace"))
    _outcome(STUDIES[name], path)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6), suffix=st.sampled_from([".csv", ".parquet", ".sav", ".xlsx"]))
def test_damaged_bytes(tmp_path: Path, seed: int, suffix: str) -> None:
    rng = random.Random(seed)
    path = tmp_path / f"answers{suffix}"
    source = tmp_path / "whole"
    if suffix == ".parquet":
        answers(4).write_parquet(source)
    else:
        answers(4).write_csv(source)
    data = bytearray(source.read_bytes())
    for _ in range(rng.randrange(1, 20)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    path.write_bytes(bytes(data[: rng.randrange(1, len(data) + 1)]))
    _outcome(STUDIES["rows"], path)


def _outcome(study: object, path: Path) -> None:
    try:
        panel = read_panel(study, path)  # type: ignore[arg-type]
    except PanelError as error:
        _clear(error)
    else:
        _sound(panel)


def _clear(error: PanelError) -> None:
    """What every refusal must be."""
    assert error.findings
    assert all(finding.severity is Severity.REFUSAL for finding in error.findings)
    assert all(finding.text and finding.mend for finding in error.findings)


def test_undamaged_text_is_read(tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    answers(4).write_csv(path)
    panel = read_panel(STUDIES["rows"], path)
    _sound(panel)
    assert panel.n_rows == 12
    assert not panel.findings


@pytest.mark.parametrize("name", sorted(STUDIES))
def test_undamaged_frames_are_read(name: str) -> None:
    panel = read_panel(STUDIES[name], _frame(name))
    _sound(panel)
    assert panel.n_rows == 12
    assert not panel.findings
