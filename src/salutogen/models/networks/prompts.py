"""From prompts in any order to pairs of prompts that follow each other within a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.descriptive import group_means
from salutogen.models.formula.columns import numeric, read_columns, refuse_words
from salutogen.models.networks.rows import mostly_equal
from salutogen.models.row_checks import listed_rows, missing_in, refuse_rows

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]

ROUNDING = 1e-12  # share of a variable's own size below which differences within persons are none


@dataclass(frozen=True, kw_only=True)
class PromptPairs:
    """Prompts with a complete prompt just before them on the same day, sorted by person and time.

    Attributes
    ----------
    variables : tuple of str
    current : array (n, k)
        Values at a prompt.
    lagged : array (n, k)
        Values one prompt earlier, less the person's mean of values that are not the last of a day.
    means : array (n, k)
        The person's mean of all values.
    code : array (n,)
        Person of each row, from 0, not falling.
    persons : polars.Series
        Label of each.
    rows : array (n,)
        Row of the frame that each was.
    n_prompts : int
        Rows of the frame with all values.
    messages : tuple of str
        What was left out, and variables that hardly vary.
    """

    variables: tuple[str, ...]
    current: Float
    lagged: Float
    means: Float
    code: Int
    persons: pl.Series
    rows: Int
    n_prompts: int
    messages: tuple[str, ...]

    @property
    def n_persons(self) -> int:
        """Number of persons."""
        return len(self.persons)


@dataclass(frozen=True, kw_only=True)
class _Sorted:
    """All rows by person, day and beep; `code` and `day` are numbers of persons and days."""

    values: Float
    code: Int
    day: Int
    beep: Int
    order: Int
    labels: pl.Series


def read_prompts(
    data: Any, variables: Sequence[str], person: str, day: str | None, beep: str
) -> PromptPairs:
    """Read a long frame.

    Raises
    ------
    ModelError
        Columns that are absent or no numbers; rows without person, day or beep; beeps that are no
        whole numbers; two rows for one prompt; variables that do not vary within anybody; no two
        prompts that follow each other.
    """
    prompts = _sorted(data, variables, person, day, beep)
    values, code = prompts.values, prompts.code
    n = int(code[-1]) + 1
    _refuse_still(values, code, variables)
    before = _places_before(prompts)
    followed = _is_followed(prompts)
    pairs = np.flatnonzero(before >= 0)
    complete = np.isfinite(values).all(axis=1)
    pairs = pairs[complete[pairs] & complete[before[pairs]]]
    if not pairs.size:
        raise ModelError(
            f"{beep}: no two complete prompts of a day follow each other. A lag is from one beep "
            "to the next whole number; count the prompts of each day from 1."
        )
    means, of_lags = (
        np.column_stack([_means(column, rows, code, n) for column in values.T])
        for rows in (np.ones(len(code), dtype=bool), followed)
    )
    seen, own = np.unique(code[pairs], return_inverse=True)
    first = np.searchsorted(code, seen)
    return PromptPairs(
        variables=tuple(variables),
        current=values[pairs],
        lagged=values[before[pairs]] - of_lags[code[pairs]],
        means=means[code[pairs]],
        code=own.astype(np.int64),
        persons=prompts.labels.gather(prompts.order[first]),
        rows=prompts.order[pairs],
        n_prompts=int(complete.sum()),
        messages=(
            *_lost(complete, pairs, n - len(seen)),
            *mostly_equal(variables, values[complete]),
        ),
    )


def _sorted(
    data: Any, variables: Sequence[str], person: str, day: str | None, beep: str
) -> _Sorted:
    keys = [person, *([] if day is None else [day])]
    frame = read_columns(data, [*keys, beep, *variables], labels=keys)
    refuse_words(frame, [beep, *variables])
    for name in (*keys, beep):
        refuse_rows(missing_in(frame[name]), name, "missing", "Leave those rows out.")
    if not frame.height:
        raise ModelError("There are no rows.")
    columns = {name: numeric(frame, name) for name in (beep, *variables)}
    for name, column in columns.items():
        refuse_rows(np.isinf(column), name, "infinite", "Mend them or make them missing.")
    beeps = columns[beep]
    refuse_rows(
        beeps != np.round(beeps),
        beep,
        "no whole number",
        "Expected the number of the prompt within its day: a lag is from one to the next.",
    )
    code, days = (
        _numbers(frame[name]) if name is not None else np.zeros(frame.height, dtype=np.int64)
        for name in (person, day)
    )
    order = np.lexsort((beeps, days, code))
    same = np.all([np.diff(column[order]) == 0 for column in (code, days, beeps)], axis=0)
    twice = np.flatnonzero(same) + 1
    if twice.size:
        raise ModelError(
            f"{', '.join([*keys, beep])}: {twice.size} rows are of the same prompt as another "
            f"({listed_rows(order[twice])}). Keep one row for each prompt."
        )
    values = np.column_stack([columns[name] for name in variables])
    return _Sorted(
        values=values[order],
        code=code[order],
        day=days[order],
        beep=beeps[order].astype(np.int64),
        order=order,
        labels=frame[person],
    )


def _numbers(labels: pl.Series) -> Int:
    return labels.rank("dense").to_numpy().astype(np.int64) - 1


def _same_day(prompts: _Sorted) -> Bool:
    """Whether each row but the first is of the same person and day as the row before."""
    found: Bool = (np.diff(prompts.code) == 0) & (np.diff(prompts.day) == 0)
    return found


def _places_before(prompts: _Sorted) -> Int:
    """Row of the beep just before, −1 where there is none."""
    follows = _same_day(prompts) & (np.diff(prompts.beep) == 1)
    places = np.arange(len(prompts.code)) - 1
    return np.where(np.append(False, follows), places, -1)


def _is_followed(prompts: _Sorted) -> Bool:
    """Whether something is known of a later beep of the day; a row without values is as no row."""
    n = len(prompts.code)
    starts = np.append(0, np.flatnonzero(~_same_day(prompts)) + 1)
    known = np.where(np.isfinite(prompts.values).any(axis=1), np.arange(n), -1)
    last = np.maximum.reduceat(known, starts)
    found: Bool = np.arange(n) < np.repeat(last, np.diff(np.append(starts, n)))
    return found


def _means(column: Float, rows: Bool, code: Int, n: int) -> Float:
    """Mean of each person's known values among some rows; NaN without any."""
    known = rows & np.isfinite(column)
    return group_means(column[known], code[known], n)


def _refuse_still(values: Float, code: Int, variables: Sequence[str]) -> None:
    """Refuse variables that nobody's values vary in."""
    still = []
    for name, column in zip(variables, values.T, strict=True):
        known = np.isfinite(column)
        own = group_means(column[known], code[known], int(code.max()) + 1)
        away = np.abs(column[known] - own[code[known]])
        if not away.size or away.max() <= ROUNDING * max(
            float(np.abs(column[known]).max()), 1e-300
        ):
            still.append(name)
    if still:
        raise ModelError(
            f"{', '.join(still)}: no person's values vary, so that nothing follows from what was "
            "before. Leave out what does not vary within persons."
        )


def _lost(complete: Bool, pairs: Int, persons: int) -> list[str]:
    messages = []
    blank = int(np.sum(~complete))
    if blank:
        messages.append(f"{blank} prompts have a missing value and stand in no pair.")
    messages.append(
        f"{len(pairs)} of {int(complete.sum())} complete prompts follow a complete one on the same "
        "day; lags are made of these alone."
    )
    if persons:
        who = "1 person has" if persons == 1 else f"{persons} persons have"
        messages.append(f"{who} no two prompts in a row and tell nothing here.")
    return messages
