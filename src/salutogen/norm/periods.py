"""The units a line is fitted on: rows, persons, windows and phases, with their means.

Sums run in row order (`numpy.bincount`), so that means do not depend on the number of threads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from salutogen.scores import Scores


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
    """

    person: np.ndarray
    occasion: np.ndarray
    time: np.ndarray
    values: Mapping[str, np.ndarray]
    n_persons: int

    @property
    def n(self) -> int:
        """Number of valid rows."""
        return int(self.person.size)


@dataclass(frozen=True, kw_only=True)
class Period:
    """A stretch of occasions: a window, a phase or the whole follow-up.

    `rows` are positions in `ValidRows`, ascending.
    """

    name: str
    rows: np.ndarray
    first: str | None = None
    last: str | None = None
    number: int | None = None
    labels: tuple[str, ...] = field(default=(), repr=False)


def valid_rows(scores: Scores) -> ValidRows:
    """Take the valid rows of the scores as arrays."""
    table = scores.table.filter(pl.col("valid"))
    names = ("P", "E", *scores.type_columns)
    return ValidRows(
        person=table["person"].to_numpy().astype(np.int64),
        occasion=table["occasion_index"].to_numpy().astype(np.int64),
        time=table["time"].cast(pl.Float64).fill_null(float("nan")).to_numpy(),
        values={name: table[name].cast(pl.Float64).to_numpy() for name in names},
        n_persons=scores.persons.height,
    )


def count_distinct(person: np.ndarray) -> int:
    """Number of distinct person indices."""
    return int(np.count_nonzero(np.bincount(person))) if person.size else 0


def occasion_table(rows: ValidRows, keep: np.ndarray | None = None) -> pl.DataFrame:
    """Return valid rows as a table: `person, occasion_index, P, E, E_<type>`."""
    take = slice(None) if keep is None else keep
    return pl.DataFrame(
        {
            "person": rows.person[take].astype(np.uint32),
            "occasion_index": rows.occasion[take].astype(np.uint16),
            **{name: values[take] for name, values in rows.values.items()},
        }
    )


def period_means(
    rows: ValidRows,
    period: Period,
    subjects: pl.Series,
    *,
    valid: int = 1,
    occasion_labels: Sequence[str] = (),
) -> pl.DataFrame:
    """Average a period's valid rows by person.

    Parameters
    ----------
    rows : ValidRows
    period : Period
    subjects : Series
        Text of each person, by index.
    valid : int
        Fewest valid occasions for a person to be kept.
    occasion_labels : sequence of str
        Labels of the planned occasions, for periods whose ends differ between persons.

    Returns
    -------
    DataFrame
        `person, subject, first_occasion, last_occasion, n_valid, E, P, E_<type>, time`, one row
        per person, sorted by person. `time` is the mean day of the averaged occasions: the date
        the means speak of.
    """
    person = rows.person[period.rows]
    count = np.bincount(person, minlength=rows.n_persons)
    kept = np.flatnonzero(count >= max(valid, 1))
    size = count[kept]
    means = {
        name: np.bincount(person, values[period.rows], minlength=rows.n_persons)[kept] / size
        for name, values in rows.values.items()
    }
    time = np.bincount(person, rows.time[period.rows], minlength=rows.n_persons)[kept] / size
    first, last = _ends(rows, period, kept, occasion_labels)
    return pl.DataFrame(
        {
            "person": kept.astype(np.uint32),
            "subject": subjects.gather(kept),
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
    rows: ValidRows, period: Period, kept: np.ndarray, labels: Sequence[str]
) -> tuple[pl.Series, pl.Series]:
    """Return the first and last occasion: as planned, or each person's own where not planned."""
    if period.first is not None and period.last is not None:
        return (
            pl.repeat(period.first, kept.size, dtype=pl.String, eager=True),
            pl.repeat(period.last, kept.size, dtype=pl.String, eager=True),
        )
    person, occasion = rows.person[period.rows], rows.occasion[period.rows]
    first = np.full(rows.n_persons, np.iinfo(np.int64).max)
    last = np.full(rows.n_persons, -1)
    np.minimum.at(first, person, occasion)
    np.maximum.at(last, person, occasion)
    names = pl.Series(list(labels), dtype=pl.String)
    return names.gather(first[kept]), names.gather(last[kept])


def whole_follow_up(rows: ValidRows, name: str = "all") -> Period:
    """Return the period of all valid rows."""
    return Period(name=name, rows=np.arange(rows.n))
