"""Times of answers: which column holds them, in which unit, and how far apart they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import polars as pl

from salutogen.drafting.cells import DataColumn, DataTable
from salutogen.drafting.waves import Waves
from salutogen.drafting.words_of_names import names_time, tokens
from salutogen.panel.written_dates import parse_dates, read_written
from salutogen.study.format import DAYS_IN

_OTHER = (
    "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d-%m-%Y", "%d.%m.%Y %H:%M",
    "%d.%m.%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S", "%m-%d-%Y", "%m-%d-%Y %H:%M:%S", "%d-%m-%Y %H:%M:%S", "%m-%d-%Y %H:%M",
    "%d-%m-%Y %H:%M",
)  # fmt: skip
_LOOKED_AT = 400
_RISING = 0.95
_FEWEST_FILLED = 0.5
_EPOCH_DAYS, _EPOCH_SECONDS = (3_650, 40_000), (3e8, 4e9)


@dataclass(frozen=True, slots=True)
class TimeOfAnswers:
    """A column of times, or a pattern with one column for each occasion.

    `unit` and `format` are None where they cannot be told; `interval` is the median of days
    between a person's rows.
    """

    column: str
    columns: tuple[str, ...]
    unit: str | None
    format: str | None = None
    interval: float | None = None


def is_date(column: DataColumn) -> bool:
    """Whether the values are dates, written in any of the usual ways."""
    return bool(column.n_words) and date_format(column) is not None


def date_format(column: DataColumn) -> tuple[str, str | None] | None:
    """Unit and format of a column of dates; a format of `???` where two fit."""
    sample = column.texts.drop_nulls().unique(maintain_order=True).head(_LOOKED_AT)
    if not sample.len() or not column.n_words:
        return None
    iso = read_written(sample, None)
    if iso.local.null_count() == 0 and iso.clocked.n_unique() == 1:
        return "datetime" if iso.clocked[0] else "date", None
    fitting = [one for one in _OTHER if parse_dates(sample, (one,)).null_count() == 0]
    if not fitting:
        return None
    unit = "datetime" if "%H" in fitting[0] else "date"
    return unit, fitting[0] if len(fitting) == 1 else "???"


def find_time(
    table: DataTable, person: Sequence[str], occasion: Sequence[str]
) -> TimeOfAnswers | None:
    """Find the time of the answers: dates, or numbers that rise from occasion to occasion."""
    found: list[tuple[bool, bool, int, TimeOfAnswers]] = []
    for place, (name, column) in enumerate(table.columns.items()):
        if name in person or name in occasion or not names_time(name):
            continue
        if column.filled <= _FEWEST_FILLED or not table.varies_within(name, person):
            continue
        written = date_format(column)
        unit, form = written or (_unit_of_numbers(column), None)
        days = _days(column, unit, form)
        if written is None and not _counts_time(table, column, person, occasion):
            continue
        interval = None if days is None else _interval(table, person, days)
        later = bool({"end", "ended", "submitted", "completed"} & set(tokens(name)))
        time = TimeOfAnswers(name, (name,), unit, form, interval)
        found.append((written is None, later, place, time))
    return min(found, key=lambda one: one[:3])[3] if found else None


def find_time_per_occasion(table: DataTable, waves: Waves) -> TimeOfAnswers | None:
    """Find the times of a file with one row per person: dates, or rising numbers."""
    for pattern, columns in waves.patterns.items():
        if len(columns) < len(waves.labels) or not names_time(pattern):
            continue
        written = {date_format(table.columns[name]) for name in columns.values()}
        if len(written) == 1 and None not in written:
            unit, form = next(one for one in written if one is not None)
            return TimeOfAnswers(pattern, tuple(columns.values()), unit, form)
        if _rises_over(table, [columns[label] for label in waves.labels]):
            counted = {"days", "tage"} & set(tokens(pattern))
            return TimeOfAnswers(pattern, tuple(columns.values()), "days" if counted else None)
    return None


def _rises_over(table: DataTable, names: Sequence[str]) -> bool:
    """Whether columns of numbers are higher at each occasion than at the one before."""
    columns = [table.columns[name] for name in names]
    if not all(column.numeric for column in columns):
        return False
    middles = [column.numbers.median() for column in columns]
    return all(
        isinstance(before, float) and isinstance(after, float) and before < after
        for before, after in pairwise(middles)
    )


def _unit_of_numbers(column: DataColumn) -> str | None:
    low, high = column.numbers.min(), column.numbers.max()
    if not isinstance(low, float) or not isinstance(high, float):
        return None
    if low > _EPOCH_DAYS[0] and high < _EPOCH_DAYS[1] and column.whole:
        return "days since 1970-01-01"
    if low > _EPOCH_SECONDS[0] and high < _EPOCH_SECONDS[1]:
        return "seconds since 1970-01-01"
    return None


def _days(column: DataColumn, unit: str | None, form: str | None) -> pl.Series | None:
    """Times as days, where unit and format are known."""
    if unit is None or form == "???":
        return None
    if unit in ("date", "datetime"):
        return read_written(column.texts, form).local
    if unit.startswith("seconds"):
        return column.numbers * (DAYS_IN["minute"] / 60)
    return column.numbers


def _counts_time(
    table: DataTable, column: DataColumn, person: Sequence[str], occasion: Sequence[str]
) -> bool:
    """Whether numbers grow over a person's rows, and are no other count of the occasions."""
    if not column.numeric or not table.varies_within(column.name, occasion):
        return False
    return _rises(table, column, person)


def _rises(table: DataTable, column: DataColumn, person: Sequence[str]) -> bool:
    """Whether numbers grow from row to row of a person."""
    if not person:
        return False
    steps = _steps(table, person, column.numbers)
    return steps.len() > 0 and (steps > 0).sum() >= _RISING * steps.len()


def always_rises(table: DataTable, column: DataColumn, person: Sequence[str]) -> bool:
    """Whether numbers grow from each row of a person to the next."""
    steps = _steps(table, person, column.numbers)
    return steps.len() > 0 and bool((steps > 0).all())


def _interval(table: DataTable, person: Sequence[str], days: pl.Series) -> float | None:
    """Median days between a person's rows, in the order of time."""
    if not person:
        return None
    keys = [table.columns[name].texts.alias(f"p{place}") for place, name in enumerate(person)]
    ordered = pl.DataFrame([*keys, days.alias("day")]).drop_nulls().sort("day", maintain_order=True)
    steps = ordered.select(pl.col("day").diff().over([key.name for key in keys]))["day"]
    median = steps.filter(steps > 0).median()
    return float(median) if isinstance(median, float) else None


def _steps(table: DataTable, person: Sequence[str], numbers: pl.Series) -> pl.Series:
    keys = [table.columns[name].texts.alias(f"p{place}") for place, name in enumerate(person)]
    frame = pl.DataFrame([*keys, numbers.alias("number")]).drop_nulls()
    steps = frame.select(pl.col("number").diff().over([key.name for key in keys]))["number"]
    return steps.drop_nulls()
