"""Which valid rows fall into each period, and the means of persons over them.

Sums run in row order (`numpy.bincount`), so that means do not depend on the number of threads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from salutogen.counts import forms_of
from salutogen.findings import Findings
from salutogen.scores import Scores
from salutogen.scores.of_few import ENOUGH
from salutogen.study import Period, Schedule
from salutogen.study.schedule import TINY, WHOLE

PLACE = "place"


@dataclass(frozen=True, kw_only=True)
class ValidRows:
    """Person-occasions with both E and P, as arrays in the order of `Scores.table`.

    Attributes
    ----------
    person, occasion : ndarray of int64, shape (n,)
        Index of the person and of the planned occasion.
    time : ndarray, shape (n,)
        Days; NaN where unknown.
    values : mapping of str to ndarray, shape (n,)
        `P`, `E` and `E_<type>` in raw points.
    n_persons : int
        Persons in the study, with or without valid rows.
    table : DataFrame or None
        `person, occasion_index, P, E, E_<type>`: the same numbers, in the same memory.
    """

    person: np.ndarray
    occasion: np.ndarray
    time: np.ndarray
    values: Mapping[str, np.ndarray]
    n_persons: int
    table: pl.DataFrame | None = None

    @property
    def n(self) -> int:
        """Number of valid rows."""
        return int(self.person.size)


@dataclass(frozen=True, kw_only=True)
class PeriodRows:
    """A period of the schedule and the valid rows in it: places in `ValidRows`, ascending."""

    period: Period
    rows: np.ndarray


def valid_rows(scores: Scores, table: pl.DataFrame | None = None) -> ValidRows:
    """Take the valid rows of the scores as arrays.

    Parameters
    ----------
    scores : Scores
    table : DataFrame, optional
        `scores.valid_rows()`, where it is there already: scores then stand in memory once.
    """
    names = ("P", "E", *scores.type_columns)
    if table is None:
        table = scores.valid_rows("person", "occasion_index", *names)
    table = table.select(
        pl.col("person").cast(pl.UInt32),
        pl.col("occasion_index").cast(pl.UInt16),
        *(pl.col(name).cast(pl.Float64) for name in names),
    )
    time = scores.valid_rows("time")["time"].cast(pl.Float64)
    return ValidRows(
        person=table["person"].to_numpy().astype(np.int64),
        occasion=table["occasion_index"].to_numpy().astype(np.int64),
        time=time.fill_null(float("nan")).to_numpy(),
        values={name: table[name].to_numpy() for name in names},
        n_persons=scores.persons.height,
        table=table,
    )


def whole_follow_up(rows: ValidRows) -> PeriodRows:
    """Return the period of all valid rows."""
    return PeriodRows(period=WHOLE, rows=np.arange(rows.n))


def rows_of_phases(schedule: Schedule, rows: ValidRows) -> tuple[PeriodRows, ...]:
    """Put valid rows to the study's phases."""
    return tuple(_by_occasion(period, rows) for period in schedule.phases)


def rows_of_windows(
    schedule: Schedule, rows: ValidRows, findings: Findings
) -> tuple[PeriodRows, ...]:
    """Put valid rows to the study's sliding windows: by occasion, or by day.

    Windows in time take rows by the time of their answers, on each person's own clock; where no
    answer has a time, by the planned day of their occasion. Where persons are hidden, the last day
    is one that five persons reach: how many windows there are would tell of one who answered late.
    """
    if rows.n == 0:
        return ()
    if not schedule.windows_in_time:
        return tuple(_by_occasion(period, rows) for period in schedule.windows())
    days = days_of_rows(schedule, rows)
    known = np.isfinite(days)
    if not np.isfinite(rows.time).any():
        told = "windows-need-time" if schedule.last_day is None else "windows-by-planned-days"
        findings.tell(told, numbers={"key": "resilience.windows"})
    if not known.any():
        return ()
    fewest = ENOUGH if schedule.plan.report.individuals == "hide" else 1
    last = _last_day(days[known], rows.person[known], fewest)
    windows = schedule.windows(last_day=last)
    width = schedule.width_beyond(last) if schedule.last_day is None else None
    if width is not None:
        key = {"key": "resilience.windows"}
        findings.tell("window-too-wide", variant="data", width=str(width), numbers=key)
    ends = [period.end for period in windows if period.end is not None]
    beyond = days[known] >= max(ends) - TINY
    if beyond.any():
        whose = forms_of(beyond, rows.person[known])
        findings.tell("beyond-windows", answers=int(whose), when_hidden={"answers": whose})
    return tuple(_by_day(period, days, known) for period in windows)


def _last_day(days: np.ndarray, person: np.ndarray, fewest: int) -> float:
    """Last day that so many persons reach; the first of their last days where they are fewer."""
    last = np.full(int(person.max()) + 1, -np.inf)
    np.maximum.at(last, person, days)
    ends = np.sort(last[np.isfinite(last)])
    return float(ends[-min(fewest, ends.size)])


def days_of_rows(schedule: Schedule, rows: ValidRows) -> np.ndarray:
    """Return each valid row's day on its person's own clock, shape (n,).

    The clock starts so that a person's first valid occasion falls on its planned day; where the
    plan names no days, it falls on day 0. Late starters and missed first occasions therefore do
    not shift the windows. Where no answer has a time, days are the planned ones.
    """
    planned = np.array(
        [float("nan") if one.day is None else one.day for one in schedule.planned], dtype=float
    )
    if not np.isfinite(rows.time).any():
        own: np.ndarray = planned[rows.occasion]
        return own
    first_row = np.full(rows.n_persons, -1)
    first_row[rows.person[::-1]] = np.arange(rows.n)[::-1]
    start = first_row[rows.person]
    offset = np.nan_to_num(planned[rows.occasion[start]], nan=0.0)
    days: np.ndarray = rows.time - rows.time[start] + offset
    return days


def _by_occasion(period: Period, rows: ValidRows) -> PeriodRows:
    places = period.occasions
    inside = (rows.occasion >= places.start) & (rows.occasion < places.stop)
    return PeriodRows(period=period, rows=np.flatnonzero(inside))


def _by_day(period: Period, days: np.ndarray, known: np.ndarray) -> PeriodRows:
    assert period.start is not None
    assert period.end is not None
    inside = known & (days >= period.start - TINY) & (days < period.end - TINY)
    return PeriodRows(period=period, rows=np.flatnonzero(inside))


def count_distinct(person: np.ndarray) -> int:
    """Number of distinct person indices."""
    return int(np.count_nonzero(np.bincount(person))) if person.size else 0


def occasion_table(rows: ValidRows, keep: np.ndarray | None = None) -> pl.DataFrame:
    """Return valid rows as a table: `person, occasion_index, P, E, E_<type>`, `place` in `rows`."""
    if rows.table is not None and keep is None:
        return rows.table.with_columns(pl.Series(PLACE, np.arange(rows.n, dtype=np.uint32)))
    take = slice(None) if keep is None else keep
    return pl.DataFrame(
        {
            "person": rows.person[take].astype(np.uint32),
            "occasion_index": rows.occasion[take].astype(np.uint16),
            **{name: values[take] for name, values in rows.values.items()},
            PLACE: np.arange(rows.n, dtype=np.uint32)[take],
        }
    )


def period_means(
    rows: ValidRows,
    placed: PeriodRows,
    *,
    valid: int = 1,
    occasion_labels: Sequence[str],
) -> pl.DataFrame:
    """Average a period's valid rows by person.

    Parameters
    ----------
    rows : ValidRows
    placed : PeriodRows
    valid : int
        Fewest valid occasions for a person to be kept.
    occasion_labels : sequence of str
        Labels of the planned occasions.

    Returns
    -------
    DataFrame
        `person, first_occasion, last_occasion, n_valid, E, P, E_<type>, time`, one row
        per person, sorted by person. `time` is the mean day of the averaged occasions: the date
        the means speak of.
    """
    person = rows.person[placed.rows]
    count = np.bincount(person, minlength=rows.n_persons)
    kept = np.flatnonzero(count >= max(valid, 1))
    size = count[kept]
    means = {
        name: np.bincount(person, values[placed.rows], minlength=rows.n_persons)[kept] / size
        for name, values in rows.values.items()
    }
    time = np.bincount(person, rows.time[placed.rows], minlength=rows.n_persons)[kept] / size
    first, last = _ends(rows, placed, kept, occasion_labels)
    return pl.DataFrame(
        {
            "person": kept.astype(np.uint32),
            "first_occasion": first,
            "last_occasion": last,
            "n_valid": size.astype(np.uint16),
            "E": means.pop("E"),
            "P": means.pop("P"),
            **means,
            "time": pl.Series(time, dtype=pl.Float64).fill_nan(None),
        }
    )


def _ends(
    rows: ValidRows, placed: PeriodRows, kept: np.ndarray, labels: Sequence[str]
) -> tuple[pl.Series, pl.Series]:
    """Return the first and last occasion: as planned, or each person's own where not planned.

    They are labels of the plan, not texts: a byte a row.
    """
    period, kind = placed.period, pl.Enum(list(labels))
    if period.first is not None and period.last is not None:
        return (
            pl.repeat(period.first, kept.size, dtype=kind, eager=True),
            pl.repeat(period.last, kept.size, dtype=kind, eager=True),
        )
    person, occasion = rows.person[placed.rows], rows.occasion[placed.rows]
    first = np.full(rows.n_persons, np.iinfo(np.int64).max)
    last = np.full(rows.n_persons, -1)
    np.minimum.at(first, person, occasion)
    np.maximum.at(last, person, occasion)
    names = pl.Series(list(labels), dtype=kind)
    return names.gather(first[kept]), names.gather(last[kept])
