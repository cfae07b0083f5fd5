"""Dates and date-times written as text: what the clock on the wall showed, and its zone."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from salutogen.panel.numeric import BLANK_WORDS
from salutogen.panel.places import since_1970

_ISO = (
    "%Y-%m-%d",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M",
)
_OTHER_FORMATS = (
    "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d", "%Y%m%d", "%d.%m.%y", "%d/%m/%y",
    "%m/%d/%y", "%d %b %Y", "%d %B %Y", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%d/%m/%Y %H:%M",
    "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S",
)  # fmt: skip
_TIME_MARKS = ("%H", "%I", "%k", "%l", "%T", "%M", "%S", "%R", "%r", "%X", "%c", "%+", "%s")
_ZONE_MARKS = ("%:z", "%#z", "%z")
_MINUS = "\u2212"  # ISO 8601 allows the typographic minus sign
# After a time of day: its offset from UTC, and perhaps the name of the zone in brackets.
_OFFSET = (
    r"(?i)(:\d{2}(?:[.,]\d+)?(?:\s?[ap]m)?)\s*"
    r"(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)\s*(?:\[[^\]]*\])?$"
)
_FARTHEST = 18 * 60  # minutes from UTC; no zone is farther


@dataclass(frozen=True, slots=True)
class WrittenDates:
    """A column of dates as they are written.

    Attributes
    ----------
    texts : Series of str
        The cells, null where blank.
    local : Series of Float64
        Days since 1970-01-01 by the clock that the cell shows; null where it cannot be read.
    clocked : Series of bool
        Whether the cell has a time of day.
    offset : Series of Float64
        Days by which that clock is ahead of UTC; null where none is written.
    """

    texts: pl.Series
    local: pl.Series
    clocked: pl.Series
    offset: pl.Series

    @property
    def bad(self) -> pl.Series:
        """Cells that are not blank and cannot be read."""
        return self.local.is_null() & self.texts.is_not_null()


def read_written(raw: pl.Series, given: str | None) -> WrittenDates:
    """Read dates and date-times.

    Parameters
    ----------
    raw : Series of str
    given : str or None
        How they are written (`strftime`); ISO 8601 if left out. An offset from UTC may follow the
        time of day in either case.
    """
    texts = raw.str.strip_chars().str.replace(_MINUS, "-", literal=True)
    blank = texts.str.to_lowercase().is_in([*BLANK_WORDS, "nat"])
    texts = pl.select(pl.when(~blank).then(texts)).to_series()
    shown, offset = texts, pl.Series([None], dtype=pl.Float64).new_from_index(0, texts.len())
    timed = texts.str.contains(":", literal=True).fill_null(value=False)
    if given is None:
        if timed.any():
            shown, offset = _apart(texts)
        return WrittenDates(texts, parse_dates(shown, _ISO), timed, offset)
    before = _without_zone(given)
    if before != given:
        shown, offset = _apart(texts)
    local = parse_dates(shown, (before,))
    if any(mark in before for mark in _ZONE_MARKS):
        offset = local * 0.0  # an offset amid the rest is read, but only the moment is kept
    clocked = pl.repeat(_has_time(before), texts.len(), dtype=pl.Boolean, eager=True)
    return WrittenDates(texts, local, clocked, offset)


def parse_dates(texts: pl.Series, formats: tuple[str, ...]) -> pl.Series:
    """Days since 1970-01-01 by the first format that fits each cell; null where none does."""
    days = pl.Series([None], dtype=pl.Float64).new_from_index(0, texts.len())
    for given in formats:
        if days.null_count() <= texts.null_count():
            break
        days = pl.select(pl.coalesce(days, _parse(texts, given))).to_series()
    return days


def formats_that_fit(texts: pl.Series) -> list[str]:
    """Usual formats other than ISO 8601 that fit every one of these cells."""
    return [one for one in _OTHER_FORMATS if parse_dates(texts, (one,)).null_count() == 0]


def _apart(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Take the offset from UTC off each cell; offsets as days, null where there is none."""
    mark = texts.str.extract(_OFFSET, 2).str.to_uppercase()
    if mark.null_count() == mark.len():
        return texts, mark.cast(pl.Float64)
    digits = mark.str.replace(":", "", literal=True)
    hours = digits.str.slice(1, 2).cast(pl.Float64, strict=False)
    minutes = digits.str.slice(3, 2).cast(pl.Float64, strict=False).fill_null(0.0)
    ahead = hours * 60 + minutes
    named = mark.is_in(["Z", "UTC", "GMT"])
    signed = pl.select(
        pl.when(named)
        .then(0.0)
        .when((ahead <= _FARTHEST) & (minutes < 60))
        .then(pl.when(mark.str.starts_with("-")).then(-ahead).otherwise(ahead))
    ).to_series()
    shown = texts.str.replace(_OFFSET, "${1}")
    wrong = mark.is_not_null() & signed.is_null()
    return shown.zip_with(~wrong, texts), signed / 1440


def _without_zone(given: str | None) -> str:
    """Return the format of what stands before the offset from UTC."""
    text = (given or "").rstrip()
    for mark in _ZONE_MARKS:
        text = text.removesuffix(mark).rstrip()
    return text


def _has_time(given: str | None) -> bool:
    return given is not None and any(mark in given for mark in _TIME_MARKS)


def _parse(texts: pl.Series, given: str) -> pl.Series:
    if _has_time(given):
        moments = texts.str.strptime(pl.Datetime("us"), given, strict=False)
        return since_1970(moments)
    dates = texts.str.strptime(pl.Date, given, strict=False)
    return dates.cast(pl.Int32).cast(pl.Float64)
