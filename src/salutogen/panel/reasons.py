"""Why an answer is missing: not asked, skipped in an answered form, or the form absent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.findings import Findings
from salutogen.panel.items import TypedItem
from salutogen.panel.panel import Reason

if TYPE_CHECKING:
    from salutogen.study import Instrument

Mask = NDArray[np.bool_]
Codes = NDArray[np.uint8]


def answered_rows(columns: Mapping[str, TypedItem], height: int) -> Mask:
    """Tell in which rows at least one item has an answer."""
    if any(cells.values.null_count() == 0 for cells in columns.values()):
        return np.ones(height, dtype=bool)
    answered = pl.repeat(False, height, dtype=pl.Boolean, eager=True)
    for cells in columns.values():
        answered |= cells.values.is_not_null()  # of bits, not of bytes
    found: Mask = answered.to_numpy().copy()
    return found


def seen_rows(columns: Mapping[str, TypedItem], answered: Mask) -> Mask:
    """Tell which forms were in front of the person: answered, or skipped by code."""
    seen = answered.copy()
    for cells in columns.values():
        if cells.marks is not None:
            seen |= (cells.marks == int(Reason.SKIPPED)).to_numpy()
    return seen


def asked_rows(
    instrument: Instrument, item: str, labels: Sequence[str], occasions: NDArray[np.int64]
) -> Mask | None:
    """Tell in which rows an item was asked; None where it always is."""
    asked = np.array([instrument.asks(item, label) for label in labels])
    return None if bool(asked.all()) else asked[occasions]


def explain_blanks(
    instrument: Instrument,
    columns: Mapping[str, TypedItem],
    seen: Mask,
    labels: Sequence[str],
    occasions: NDArray[np.int64],
    findings: Findings,
    submitted: Mask | None = None,
) -> tuple[pl.DataFrame, dict[str, Codes]]:
    """Give every blank its reason.

    Parameters
    ----------
    columns : mapping of item to TypedItem
        Typed answers, one per row of the panel.
    seen : (n,) bool
        Rows in which the form was answered.
    submitted : (n,) bool, optional
        For a tick-list: rows whose blanks mean that the event did not occur.

    Returns
    -------
    answers : DataFrame
    reasons : dict of item to array
        UInt8 `Reason` of each missing answer, in the order of rows; only items with one.
    """
    answers: dict[str, pl.Series] = {}
    reasons: dict[str, Codes] = {}
    filled, unasked = 0, {}
    for item, cells in columns.items():
        values, marks = cells.values, cells.marks
        asked = asked_rows(instrument, item, labels, occasions)
        if asked is not None:
            extra = int((values.is_not_null().to_numpy() & ~asked).sum())
            if extra:
                unasked[item] = extra
                values = pl.select(pl.when(pl.Series(asked)).then(values)).to_series()
        if submitted is not None and values.null_count():
            values, more = _ticked(instrument, values, marks, submitted, asked)
            filled += more
        answers[item] = values.rename(item)
        if values.null_count():
            reasons[item] = _reasons(values, marks, seen, asked)
    _tell(instrument, filled, unasked, findings)
    return pl.DataFrame(answers), reasons


def _ticked(
    instrument: Instrument,
    values: pl.Series,
    marks: pl.Series | None,
    submitted: Mask,
    asked: Mask | None,
) -> tuple[pl.Series, int]:
    """Read the blanks of a submitted tick-list as an event that did not occur."""
    blank = values.is_null().to_numpy() & submitted
    if asked is not None:
        blank &= asked
    if marks is not None:
        blank &= (marks == 0).to_numpy()
    none = 0.0 if instrument.did_not_occur is None else instrument.did_not_occur
    code = pl.lit(none).cast(values.dtype)
    full = pl.select(pl.when(pl.Series(blank)).then(code).otherwise(values)).to_series()
    return full, int(blank.sum())


def _reasons(values: pl.Series, marks: pl.Series | None, seen: Mask, asked: Mask | None) -> Codes:
    """Reason of each missing answer, in the order of rows."""
    rows = np.flatnonzero(values.is_null().to_numpy())
    reasons = np.where(seen[rows], int(Reason.SKIPPED), int(Reason.ABSENT)).astype(np.uint8)
    if marks is not None:
        given = marks.to_numpy()[rows]
        reasons = np.where(given > 0, given, reasons)
    if asked is not None:  # a code written into a cell that nobody was asked says nothing
        reasons[~asked[rows]] = int(Reason.NOT_ASKED)
    return reasons


def _tell(
    instrument: Instrument, filled: int, unasked: Mapping[str, int], findings: Findings
) -> None:
    if filled:
        findings.tell("tick-list-blanks", instrument=instrument.name, cells=filled)
    if unasked:
        findings.tell(
            "answered-though-not-asked",
            instrument=instrument.name,
            answers=sum(unasked.values()),
            items=", ".join(list(unasked)[:5]),
            numbers=dict(unasked),
        )
