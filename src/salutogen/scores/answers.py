"""An instrument's answers item by item, with the reason where an answer is missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.panel import Panel, Reason
from salutogen.study import Instrument

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ItemAnswers:
    """One item over all rows of a form.

    Attributes
    ----------
    values : ndarray, shape (n,)
        As answered; 0 where missing.
    missing : ndarray of bool or None
        No answer for any reason; None where every row has one.
    not_asked : ndarray of bool or None
        Missing because the item was not on the list then.
    """

    item: str
    values: NDArray[Any]
    missing: BoolArray | None = None
    not_asked: BoolArray | None = None


@dataclass(frozen=True, kw_only=True)
class Form:
    """One instrument's answers at the rows to be scored, read column by column.

    `keep` selects rows of the panel (None: all). What was not asked stands in the reasons.
    """

    instrument: Instrument
    answers: pl.DataFrame
    reasons: pl.DataFrame | None = None
    keep: pl.Series | None = None

    @property
    def n_rows(self) -> int:
        """Number of rows scored."""
        return self.answers.height if self.keep is None else int(self.keep.sum())

    def items(self) -> Iterator[ItemAnswers]:
        """Give the items in the instrument's order, one at a time."""
        for item in self.instrument.items:
            yield self.item(item)

    def item(self, item: str) -> ItemAnswers:
        """Give one item."""
        series = self._kept(self.answers[item])
        if series.null_count() == 0:
            return ItemAnswers(item, series.to_numpy())
        missing = series.is_null().to_numpy()
        values = series.fill_null(0).to_numpy()
        not_asked = None
        if self.reasons is not None and item in self.reasons.columns:
            codes = self._kept(self.reasons[item]).to_numpy()
            not_asked = missing & (codes == Reason.NOT_ASKED)
        return ItemAnswers(item, values, missing, not_asked)

    def _kept(self, series: pl.Series) -> pl.Series:
        return series if self.keep is None else series.filter(self.keep)


def repeated_form(panel: Panel, name: str, keep: pl.Series | None) -> Form:
    """Form of a repeated instrument, rows in the order of `panel.rows`."""
    return Form(
        instrument=panel.study.instruments[name],
        answers=panel.answers[name],
        reasons=panel.reasons.get(name),
        keep=keep,
    )


def baseline_form(panel: Panel, name: str) -> Form:
    """Form of a baseline instrument, rows in the order of `panel.persons`."""
    return Form(
        instrument=panel.study.instruments[name],
        answers=panel.baseline[name],
        reasons=panel.reasons.get(name),
    )


def answered_rows(panel: Panel) -> pl.Series | None:
    """Which rows of the panel have at least one answered item; None if all have."""
    answered = np.zeros(panel.n_rows, dtype=bool)
    for name in panel.answers:
        frame = panel.answers[name]
        if any(frame[item].null_count() == 0 for item in frame.columns):
            return None
        for item in frame.columns:
            answered |= frame[item].is_not_null().to_numpy()
    return None if answered.all() else pl.Series("keep", answered)


def to_series(name: str, values: FloatArray) -> pl.Series:
    """Turn a float array into a column, NaN becoming null."""
    return pl.Series(name, values, dtype=pl.Float64, nan_to_null=True)
