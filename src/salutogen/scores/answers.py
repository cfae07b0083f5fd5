"""An instrument's answers item by item, with the reason where an answer is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.panel import Panel, Reason
from salutogen.panel.missing_reasons import unasked_reasons
from salutogen.panel.numeric import smallest_integer
from salutogen.study import Instrument

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

PIECE = 1 << 17  # rows scored at a time: what is made on the way stays in a core's cache


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

    def of(self, items: tuple[str, ...]) -> Form:
        """Give the same rows with some of the items alone."""
        return replace(self, instrument=replace(self.instrument, items=items))

    def items(self) -> Iterator[ItemAnswers]:
        """Give the items in the instrument's order, one at a time."""
        if self.answers.height > PIECE:
            for item in self.instrument.items:
                yield self.item(item)
            return
        answers = self.answers.select(pl.selectors.by_name(*self.instrument.items))
        answers = answers if self.keep is None else answers.filter(self.keep)
        blanks = answers.select(pl.all().is_null())
        for series, blank in zip(answers.fill_null(0), blanks, strict=True):
            missing = blank.to_numpy()
            if missing.any():
                not_asked = self._not_asked(series.name, missing)
                yield ItemAnswers(series.name, series.to_numpy(), missing, not_asked)
            else:
                yield ItemAnswers(series.name, series.to_numpy())

    def pieces(self) -> Iterator[Form]:
        """Give the form in pieces of some thousand rows, for what is made of each row alone."""
        height = self.answers.height
        if height <= PIECE:
            yield self
            return
        for start in range(0, height, PIECE):
            yield replace(
                self,
                answers=self.answers.slice(start, PIECE),
                reasons=None if self.reasons is None else self.reasons.slice(start, PIECE),
                keep=None if self.keep is None else self.keep.slice(start, PIECE),
            )

    def item(self, item: str) -> ItemAnswers:
        """Give one item."""
        series = self._kept(self.answers[item])
        if series.null_count() == 0:
            return ItemAnswers(item, series.to_numpy())
        missing = series.is_null().to_numpy()
        values = series.fill_null(0).to_numpy()
        return ItemAnswers(item, values, missing, self._not_asked(item, missing))

    def _not_asked(self, item: str, missing: BoolArray) -> BoolArray | None:
        if self.reasons is None or item not in self.reasons.columns:
            return None
        codes = self._kept(self.reasons[item]).to_numpy()
        return np.asarray(missing & (codes == Reason.NOT_ASKED), dtype=bool)

    def _kept(self, series: pl.Series) -> pl.Series:
        return series if self.keep is None else series.filter(self.keep)


def joined[T](parts: Sequence[T]) -> T:
    """Put what was made of the pieces of a form together: arrays end to end, the rest is one."""
    first = parts[0]
    if len(parts) == 1:
        return first
    long = [one.name for one in fields(first) if isinstance(getattr(first, one.name), np.ndarray)]  # type: ignore[arg-type]
    return replace(  # type: ignore[type-var]
        first, **{name: np.concatenate([getattr(part, name) for part in parts]) for name in long}
    )


def repeated_form(panel: Panel, name: str, keep: pl.Series | None) -> Form:
    """Form of a repeated instrument, rows in the order of `panel.rows`."""
    return Form(
        instrument=panel.study.instruments[name],
        answers=panel.answers[name],
        reasons=unasked_reasons(panel, name),
        keep=keep,
    )


def baseline_form(panel: Panel, name: str) -> Form:
    """Form of a baseline instrument, rows in the order of `panel.persons`."""
    return Form(
        instrument=panel.study.instruments[name],
        answers=panel.baseline[name],
        reasons=unasked_reasons(panel, name),
    )


def answered_rows(panel: Panel) -> pl.Series | None:
    """Which rows of the panel have at least one answered item; None if all have."""
    answered = pl.repeat(False, panel.n_rows, dtype=pl.Boolean, eager=True).alias("keep")
    for name in panel.answers:
        frame = panel.answers[name]
        if any(frame[item].null_count() == 0 for item in frame.columns):
            return None
        for item in frame.columns:
            answered |= frame[item].is_not_null()  # of bits, not of bytes
    return None if answered.all() else answered


def to_series(name: str, values: FloatArray) -> pl.Series:
    """Turn a float array into a column, NaN becoming null."""
    return pl.Series(name, values, dtype=pl.Float64, nan_to_null=True)


def to_floats(series: pl.Series) -> FloatArray:
    """Turn a column into a float array, null becoming NaN."""
    column = series.cast(pl.Float64)
    values: FloatArray = (
        column.fill_null(float("nan")) if column.null_count() else column
    ).to_numpy()
    return values


def to_small_series(name: str, values: FloatArray) -> pl.Series:
    """Turn a float array into a column as `to_series`, whole numbers into small integers."""
    known = np.isfinite(values)
    whole = np.where(known, values, 0.0)
    if not whole.size or not (whole == np.rint(whole)).all():
        return to_series(name, values)
    dtype = smallest_integer(float(whole.min()), float(whole.max()))
    small = pl.Series(name, whole).cast(dtype)
    return pl.select(pl.when(pl.Series(known)).then(small).alias(name)).to_series()
