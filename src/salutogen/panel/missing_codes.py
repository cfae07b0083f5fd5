"""Values that lie far outside the rest and look like the code of a missing answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.counts import Forms, forms_of
from salutogen.findings import Findings, listed

if TYPE_CHECKING:
    from salutogen.study import Instrument, Study

Values = NDArray[np.float64]

SHAPE = re.compile(r"-?(7+|8+|9+|9+[78])|-(1|6+)")  # 9, 99, 98, 777, -8, -99, -66, -1 …
NINES = re.compile(r"-?99+")
FEWEST_VALUES = 10  # fewer values say nothing about what lies outside
OFTEN = 3  # a value that so many cells share is no slip of the hand
FAR_ALONE = 1.0  # gap to the rest in ranges of the rest: of a value that stands alone
FAR_NINES = 0.5  # of 99, 999, -99 …
FAR_OFTEN = 0.2  # of one that several cells share
NEAREST = 3.0  # points that a code of one digit lies away from the rest
ONE_DIGIT = 10
SHOWN = 10


@dataclass(frozen=True, slots=True)
class Suspect:
    """A value that looks like a missing code, and in how many cells it stands."""

    value: float
    cells: int


def check_missing_codes(
    study: Study, answers: Mapping[str, pl.DataFrame], rows: pl.DataFrame, findings: Findings
) -> None:
    """Warn of values that look like a missing code, one finding for each instrument."""
    for name, frame in answers.items():
        instrument = study.instruments[name]
        found = {
            column.name: suspects
            for column in frame.iter_columns()
            if _may_hold_codes(instrument) and (suspects := suspects_of(column))
        }
        if found:
            _tell(instrument, frame, found, rows, findings)


def _may_hold_codes(instrument: Instrument) -> bool:
    """Whether a code could have passed as a value: no range bounds it, or a long one."""
    return instrument.answers is None or bool(instrument.total)


def suspects_of(column: pl.Series) -> tuple[Suspect, ...]:
    """Values of a column that look like a missing code, from the lowest to the highest.

    From either end of the sorted values those of the shape of a code are set aside as far as the
    first that has another; each is suspect if it lies further from the rest than the rest is wide
    (half as wide, if several cells share it), or is negative where the rest is not.
    """
    counts = column.alias("value").drop_nulls().value_counts(sort=False)
    if not counts.height:
        return ()
    counts = counts.sort("value")
    values = counts["value"].cast(pl.Float64).to_numpy()
    return _suspects(values, counts["count"].to_numpy().astype(np.int64))


def without_suspects(values: Values) -> Values:
    """Values of a column less those that look like a missing code."""
    different, counts = np.unique(values, return_counts=True)
    codes = [one.value for one in _suspects(different, counts)]
    return values[~np.isin(values, codes)] if codes else values


def _suspects(values: Values, counts: NDArray[np.int64]) -> tuple[Suspect, ...]:
    """Suspects among different values in ascending order, each in so many cells."""
    if counts.sum() < FEWEST_VALUES:
        return ()
    shaped = [_has_shape(value) for value in values.tolist()]
    first = next((place for place, one in enumerate(shaped) if not one), None)
    if first is None:
        return ()
    while first > 0 and values[first - 1] >= 0:  # a code below the rest is negative
        first -= 1
    last = len(values) - next(place for place, one in enumerate(reversed(shaped)) if not one)
    while last < len(values) and _is_near(values[last], values[first:last]):
        last += 1
    rest, times = values[first:last], counts[first:last]
    if len(rest) < 2:
        return ()
    outside = [*range(first), *range(last, len(values))]
    return tuple(
        Suspect(float(values[place]), int(counts[place]))
        for place in outside
        if _is_far(float(values[place]), int(counts[place]), rest, times)
    )


def _is_near(value: float, rest: Values) -> bool:
    """Whether a value above the rest goes on with it."""
    low, high = float(rest[0]), float(rest[-1])
    wide = high - low
    return value - high < max(NEAREST, wide * (1 if value < ONE_DIGIT else FAR_OFTEN))


def _has_shape(value: float) -> bool:
    return value.is_integer() and SHAPE.fullmatch(f"{value:.0f}") is not None


def _is_far(value: float, cells: int, rest: Values, times: NDArray[np.int64]) -> bool:
    """Whether a value lies outside the rest (in ascending order, each in so many cells)."""
    low, high = float(rest[0]), float(rest[-1])
    wide = high - low
    gap = low - value if value < low else value - high
    often = cells >= OFTEN
    if value < 0 <= low:
        if low == 0 and times[0] >= max(OFTEN, times[1]):
            return True  # the rest crowds at 0, so that nothing below is possible
        if often:
            return value != -1 or cells > int(times[:2].sum())
        return gap > max(NEAREST, wide * FAR_NINES)
    if 0 < value < ONE_DIGIT:
        return often and gap >= max(NEAREST, wide)
    alone = FAR_NINES if NINES.fullmatch(f"{value:.0f}") else FAR_ALONE
    return gap > wide * (FAR_OFTEN if often else alone)


def _tell(
    instrument: Instrument,
    frame: pl.DataFrame,
    found: Mapping[str, tuple[Suspect, ...]],
    rows: pl.DataFrame,
    findings: Findings,
) -> None:
    cells: dict[float, int] = {}
    where = np.zeros(frame.height, dtype=bool)
    for item, suspects in found.items():
        for one in suspects:
            cells[one.value] = cells.get(one.value, 0) + one.cells
        codes = [one.value for one in suspects]
        hit = frame[item].cast(pl.Float64).is_in(codes).fill_null(value=False)
        where |= hit.to_numpy()
    numbers = np.sort(rows["data_row"].to_numpy()[where])
    whose = forms_of(where, rows["person"].to_numpy())
    codes = sorted(cells)
    findings.tell(
        "looks-like-missing-code",
        variant="named",
        instrument=instrument.name,
        cells=sum(cells.values()),
        marks=", ".join(f"{code:g}" for code in codes),
        codes=listed(f"{code:g}" for code in codes),
        numbers={"by_code": {f"{code:g}": cells[code] for code in codes}},
        column=instrument.columns[next(iter(found))] if len(found) == 1 else None,
        rows=[int(row) for row in numbers[:SHOWN]],
        n_rows=int(where.sum()),
        when_hidden={"n_rows": whose, "cells": Forms(sum(cells.values()), persons=whose.persons)},
    )
