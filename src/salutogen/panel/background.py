"""What is the same on every row of a person: background, arm, baseline instruments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.panel.collecting import Gathering, counted

if TYPE_CHECKING:
    from salutogen.panel.aligned import Integers

AGE = re.compile(r"(?:^|[^a-z])(?:age|alter|leeftijd|edad|[aâ]ge)(?:[^a-z]|$)", re.IGNORECASE)
_SLACK_YEARS = 1.0
_DAYS_PER_YEAR = 365.25


def first_by_person(
    persons: Integers,
    occasions: Integers,
    rows: Integers,
    values: pl.Series,
    n_persons: int,
    *,
    column: str,
    label: str,
    gathering: Gathering,
    growing: float | None = None,
) -> pl.Series:
    """Take each person's first value; say which persons have more than one.

    Parameters
    ----------
    values : Series
        One cell per row of the file, null where blank.
    growing : float, optional
        For an age: by how much it may grow over the person's rows.

    Returns
    -------
    Series with one value per person (null where there is none), by order of occasion, then row.
    """
    have = values.is_not_null().to_numpy()
    who, when, row = persons[have], occasions[have], rows[have]
    kept = values.filter(pl.Series(have)) if not have.all() else values
    if who.size and not _sorted(who, when):
        order = np.lexsort((row, when, who))
        who, when, row = who[order], when[order], row[order]
        kept = kept.gather(pl.Series(order))
    starts = np.flatnonzero(np.diff(who, prepend=-1) != 0)
    index = pl.Series(np.full(n_persons, -1, dtype=np.int64))
    places = np.full(n_persons, -1, dtype=np.int64)
    places[who[starts]] = starts
    index = pl.select(pl.when(pl.Series(places) >= 0).then(pl.Series(places))).to_series()
    _say_changes(kept, who, row, starts, growing, column, label, gathering)
    if not kept.len():
        return pl.Series([None], dtype=values.dtype).new_from_index(0, n_persons)
    return kept.gather(index)


def _sorted(who: Integers, when: Integers) -> bool:
    later = (who[1:] > who[:-1]) | ((who[1:] == who[:-1]) & (when[1:] >= when[:-1]))
    return bool(later.all())


def _say_changes(
    kept: pl.Series,
    who: Integers,
    row: Integers,
    starts: NDArray[np.int64],
    growing: float | None,
    column: str,
    label: str,
    gathering: Gathering,
) -> None:
    if not who.size:
        return
    inside = who[1:] == who[:-1]
    changed = np.zeros(who.size, dtype=bool)
    if growing is None:
        differs = (kept != kept.shift(1)).fill_null(value=False).to_numpy()
        changed[1:] = differs[1:] & inside
    else:
        numbers = kept.cast(pl.Float64).to_numpy()
        steps = np.diff(numbers)
        base = numbers[starts][np.cumsum(np.isin(np.arange(who.size), starts)) - 1]
        changed[1:] = inside & ((steps < 0) | (numbers[1:] - base[1:] > growing + _SLACK_YEARS))
    if not changed.any():
        return
    persons = np.unique(who[changed])
    rows = np.sort(row[changed])
    gathering.add(
        "two-values-for-one-person",
        f"{counted(persons.size, 'person')} of {label} "
        f"{'has' if persons.size == 1 else 'have'} more than one value in column {column!r}, which "
        "describes the person; the first was used.",
        file=label,
        column=column,
        rows=[int(place) for place in rows[:10]],
        n_rows=int(rows.size),
        numbers={"persons": int(persons.size)},
    )
