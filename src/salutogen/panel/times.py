"""Times of answers and events: days that went by, and the day on the person's own calendar.

Two clocks are kept. `time` counts days that truly went by (in UTC where an offset is written);
`local_time` counts days by the clock on the wall where the person was, so that its whole part is
the day of the person's own calendar. Only the second says whether two things fell on one day.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.findings import Findings
from salutogen.panel.numeric import finite_numbers
from salutogen.panel.written_dates import (
    MICROSECONDS_PER_DAY,
    WrittenDates,
    formats_that_fit,
    read_written,
)
from salutogen.study.format import DAYS_IN

if TYPE_CHECKING:
    from salutogen.study.format import TimeColumn

_SECONDS_PER_DAY = 86_400.0
_NO_ZONE = ("UTC", "Etc/UTC", "GMT", "Etc/GMT", "Zulu", "Etc/Zulu", "Universal", "Etc/Universal")


class Clock(IntEnum):
    """What is known of a time. Stored as UInt8."""

    COUNTED = 0
    """A number of days, weeks, … from a start of its own: no calendar."""
    DAY = 1
    """A day of the calendar, without time of day."""
    LOCAL = 2
    """Day and time of day where the person was."""
    ZONED = 3
    """Day and time of day where the person was, and their offset from UTC."""
    UTC = 4
    """A moment in UTC; not where the person was, so that its day is that of UTC."""


TIMES = pl.Struct({"time": pl.Float64, "local_time": pl.Float64, "clock": pl.UInt8})


def to_days(
    raw: pl.Series,
    time: TimeColumn,
    *,
    column: str,
    label: str,
    findings: Findings,
    decimal: str | None = None,
) -> pl.Series:
    """Turn a column of times into days by both clocks.

    Dates and date-times count from 1970-01-01. Numbers are multiplied by the length of their unit;
    a month is 365.25 / 12 days. Where no cell has a time of day other than midnight the column
    holds days; so it does under `unit: date`, which leaves times of day out with a note.

    Returns
    -------
    Series of `TIMES`
        `time` and `local_time` in days, and `clock`; null where blank.
    """
    if raw.dtype == pl.Date:
        return _days(raw.cast(pl.Int32).cast(pl.Float64))
    if isinstance(raw.dtype, pl.Datetime):
        return _typed(raw, time, column, label, findings)
    if time.unit in ("date", "datetime"):
        return _written(raw.cast(pl.String), time, column, label, findings)
    values, bad = finite_numbers(raw, decimal)
    if bad.any():
        places = bad.arg_true()
        findings.tell(
            "time-not-a-number",
            file=label,
            column=column,
            rows=_rows(bad),
            n_rows=places.len(),
            unit=time.unit,
            shown=raw[int(places[0])],
            first=int(places[0]) + 1,
        )
    if time.unit == "days since 1970-01-01":
        return _by_calendar(values, values, Clock.LOCAL)
    if time.unit == "seconds since 1970-01-01":
        return _by_calendar(values / _SECONDS_PER_DAY, values / _SECONDS_PER_DAY, Clock.UTC)
    counted = values * DAYS_IN[time.unit.removesuffix("s")]
    return _times(counted, counted, Clock.COUNTED)


def no_times(n: int) -> pl.Series:
    """Return a column of unknown times."""
    return pl.Series([None], dtype=TIMES).new_from_index(0, n)


def _times(time: pl.Series, local: pl.Series, clock: Clock) -> pl.Series:
    frame = pl.DataFrame({"time": time, "local_time": local})
    every = pl.struct("time", "local_time", clock=pl.lit(int(clock), dtype=pl.UInt8))
    known = pl.col("time").is_not_null()
    return frame.select(pl.when(known).then(every)).to_series().cast(TIMES)


def _days(days: pl.Series) -> pl.Series:
    return _times(days, days, Clock.DAY)


def _by_calendar(time: pl.Series, local: pl.Series, clock: Clock) -> pl.Series:
    """Times by the calendar: mere days where all of them are at midnight."""
    return _times(time, local, clock) if _off_midnight(local).any() else _days(local)


def _off_midnight(local: pl.Series) -> pl.Series:
    """Tell which cells have a time of day other than midnight."""
    return (local != local.floor()).fill_null(value=False)


def _typed(
    raw: pl.Series, time: TimeColumn, column: str, label: str, findings: Findings
) -> pl.Series:
    """Times of a column that its file holds as date-times."""
    zone = raw.dtype.time_zone if isinstance(raw.dtype, pl.Datetime) else None
    local = _since_1970(raw.dt.replace_time_zone(None))
    if time.unit == "date":
        return _as_days(local, zone in _NO_ZONE, column, label, findings)
    if zone is None:
        return _by_calendar(local, local, Clock.LOCAL)
    moment = _since_1970(raw.dt.convert_time_zone("UTC"))
    return _by_calendar(moment, local, Clock.UTC if zone in _NO_ZONE else Clock.ZONED)


def _since_1970(moments: pl.Series) -> pl.Series:
    return moments.dt.timestamp("us").cast(pl.Float64) / MICROSECONDS_PER_DAY


def _written(
    raw: pl.Series, time: TimeColumn, column: str, label: str, findings: Findings
) -> pl.Series:
    """Times of a column of text; what mixes zones, or days and moments, is refused."""
    cells = read_written(raw, time.format)
    if cells.bad.any():
        _tell_bad_dates(cells, time.format, column, label, findings)
        return _days(cells.local)
    zoned = cells.offset.is_not_null()
    clocked = cells.clocked & cells.local.is_not_null()
    without_zone = clocked & ~zoned
    if zoned.any() and without_zone.any():
        _tell_mixed("zoned-and-local-times", cells, zoned, without_zone, column, label, findings)
    only_utc = bool(zoned.any()) and bool((cells.offset == 0).all(ignore_nulls=True))
    if time.unit == "date":
        return _as_days(cells.local, only_utc, column, label, findings)
    days = ~clocked & cells.local.is_not_null()
    if days.any() and _off_midnight(cells.local).any():
        _tell_mixed("dates-and-date-times", cells, clocked, days, column, label, findings)
    if not zoned.any():
        return _by_calendar(cells.local, cells.local, Clock.LOCAL)
    moment = cells.local - cells.offset.fill_null(0.0)
    moment = (moment * MICROSECONDS_PER_DAY).round() / MICROSECONDS_PER_DAY  # equal if the same
    return _by_calendar(moment, cells.local, Clock.UTC if only_utc else Clock.ZONED)


def _as_days(
    local: pl.Series, only_utc: bool, column: str, label: str, findings: Findings
) -> pl.Series:
    """Days of the calendar, under `unit: date`."""
    timed = _off_midnight(local)
    if timed.any():
        findings.tell(
            "time-of-day-left-out",
            variant="utc" if only_utc else "",
            file=label,
            column=column,
            rows=_rows(timed),
            n_rows=int(timed.sum()),
        )
    return _days(local.floor())


def _rows(cells: pl.Series | NDArray[np.bool_]) -> list[int]:
    """First rows of the file, from 1, that are marked."""
    return [int(place) + 1 for place in np.flatnonzero(np.asarray(cells))[:10]]


def _tell_mixed(
    code: str,
    cells: WrittenDates,
    these: pl.Series,
    others: pl.Series,
    column: str,
    label: str,
    findings: Findings,
) -> None:
    """Refuse two kinds of cells in one column; the rows are those of the rarer kind."""
    rare = these if int(these.sum()) < int(others.sum()) else others
    findings.tell(
        code,
        file=label,
        column=column,
        rows=_rows(rare),
        n_rows=int(rare.sum()),
        n_with=int(these.sum()),
        n_without=int(others.sum()),
        with_example=cells.texts.filter(these)[0],
        without_example=cells.texts.filter(others)[0],
        first_with=_rows(these)[0],
        first_without=_rows(others)[0],
    )


def _tell_bad_dates(
    cells: WrittenDates, given: str | None, column: str, label: str, findings: Findings
) -> None:
    bad = cells.bad
    places = bad.arg_true()
    first = int(places[0])
    fitting = formats_that_fit(cells.texts.filter(bad))
    expected = f"the format {given}" if given else "ISO dates such as 2020-05-01"
    mixed = places.len() < cells.texts.len() - cells.texts.null_count()
    hint = f" These cells fit {' or '.join(fitting[:3])}." if fitting else ""
    findings.tell(
        "mixed-date-formats" if mixed else "unreadable-dates",
        file=label,
        column=column,
        rows=_rows(bad),
        n_rows=places.len(),
        expected=expected,
        shown=cells.texts[first],
        first=first + 1,
        hint=hint,
        numbers={"fitting": fitting[:3]},
    )
