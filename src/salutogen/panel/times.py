"""Times of answers and events: days that went by, and the day on the person's own calendar.

Two clocks are kept. `time` counts days that truly went by (in UTC where an offset is written);
`local_time` counts days by the clock on the wall where the person was, so that its whole part is
the day of the person's own calendar. Only the second says whether two things fell on one day.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

import polars as pl

from salutogen.findings import Findings
from salutogen.panel.marked_rows import first_marked, marked_rows
from salutogen.panel.numeric import finite_numbers
from salutogen.panel.places import in_zone, is_zone, since_1970, to_the_microsecond
from salutogen.panel.written_dates import (
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
        tell_no_numbers(bad, raw, time.unit, column, label, findings)
    if time.unit.endswith("since 1970-01-01"):
        in_seconds = time.unit.startswith("seconds")
        days = to_the_microsecond(values / _SECONDS_PER_DAY if in_seconds else values)
        clock = Clock.UTC if in_seconds else Clock.LOCAL
        return _dated(days, days, clock, time, column, label, findings)
    counted = values * DAYS_IN[time.unit.removesuffix("s")]
    return _times(counted, counted, Clock.COUNTED)


def tell_no_numbers(
    bad: pl.Series, raw: pl.Series, unit: str, column: str, label: str, findings: Findings
) -> None:
    """Refuse cells of a column of times that should be numbers and are none."""
    told = first_marked(bad, raw)
    findings.tell("time-not-a-number", file=label, column=column, unit=unit, **told)


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


def _dated(
    moment: pl.Series,
    local: pl.Series,
    clock: Clock,
    time: TimeColumn,
    column: str,
    label: str,
    findings: Findings,
) -> pl.Series:
    """Times by the calendar: mere days where all are at midnight, or where days are asked for."""
    timed = _off_midnight(local)
    if not timed.any():
        return _days(local)
    if time.zone is not None and clock != Clock.ZONED:
        if is_zone(time.zone):
            moment, local = in_zone(local, time.zone, is_utc=clock == Clock.UTC)
            clock = Clock.ZONED
        else:
            findings.tell("unknown-zone", file=label, column=column, zone=time.zone)
    if time.unit != "date":
        return _times(moment, local, clock)
    findings.tell(
        "time-of-day-left-out",
        variant="utc" if clock == Clock.UTC else "",
        file=label,
        column=column,
        **marked_rows(timed),
    )
    return _days(local.floor())


def _off_midnight(local: pl.Series) -> pl.Series:
    """Tell which cells have a time of day other than midnight."""
    return (local != local.floor()).fill_null(value=False)


def _typed(
    raw: pl.Series, time: TimeColumn, column: str, label: str, findings: Findings
) -> pl.Series:
    """Times of a column that its file holds as date-times."""
    zone = raw.dtype.time_zone if isinstance(raw.dtype, pl.Datetime) else None
    local = since_1970(raw.dt.replace_time_zone(None))
    moment, clock = local, Clock.LOCAL
    if zone is not None:
        moment = since_1970(raw.dt.convert_time_zone("UTC"))
        clock = Clock.UTC if zone in _NO_ZONE else Clock.ZONED
    return _dated(moment, local, clock, time, column, label, findings)


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
    days = ~clocked & cells.local.is_not_null()
    if time.unit != "date" and days.any() and _off_midnight(cells.local).any():
        _tell_mixed("dates-and-date-times", cells, clocked, days, column, label, findings)
    clock = Clock.LOCAL
    if zoned.any():
        clock = Clock.UTC if (cells.offset == 0).all(ignore_nulls=True) else Clock.ZONED
    moment = to_the_microsecond(cells.local - cells.offset.fill_null(0.0))
    return _dated(moment, cells.local, clock, time, column, label, findings)


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
        **marked_rows(rare),
        n_with=int(these.sum()),
        n_without=int(others.sum()),
        with_example=cells.texts.filter(these)[0],
        without_example=cells.texts.filter(others)[0],
        first_with=marked_rows(these)["rows"][0],
        first_without=marked_rows(others)["rows"][0],
    )


def _tell_bad_dates(
    cells: WrittenDates, given: str | None, column: str, label: str, findings: Findings
) -> None:
    bad = cells.bad
    fitting = formats_that_fit(cells.texts.filter(bad))
    expected = f"the format {given}" if given else "ISO dates such as 2020-05-01"
    mixed = int(bad.sum()) < cells.texts.len() - cells.texts.null_count()
    hint = f" These cells fit {' or '.join(fitting[:3])}." if fitting else ""
    findings.tell(
        "mixed-date-formats" if mixed else "unreadable-dates",
        file=label,
        column=column,
        **first_marked(bad, cells.texts),
        expected=expected,
        hint=hint,
        numbers={"fitting": fitting[:3]},
    )
