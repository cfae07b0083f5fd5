"""From a column as it stands in a file to numbers, with every cell that is not one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import polars as pl

BLANK_WORDS = frozenset({"", "na", "n/a", "nan", "null", "none", ".", "#null!", "#n/a", "<na>"})
_DECIMAL_COMMA = re.compile(r"[+-]?(\d+,\d*|,\d+)([eE][+-]?\d+)?")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class Numbers:
    """A column as numbers.

    `values` is an integer or Float64 column without NaN, null where blank or not a number. `text`
    marks cells that hold something else than a number (None when there is none). `blank_words`
    counts cells that say in a word that they are blank.
    """

    values: pl.Series
    text: pl.Series | None = None
    blank_words: dict[str, int] = field(default_factory=dict)


def to_numbers(raw: pl.Series, decimal: str | None = None) -> Numbers:
    """Read a column as numbers; nothing that is not a number is coerced to one.

    Parameters
    ----------
    raw : Series
        Text, numbers, booleans (1 and 0) or categories (by their text).
    decimal : {".", ","} or None
        The decimal mark of text; None accepts either, one per column. A column in which every
        comma could as well part the thousands (1,000) needs to be told.
    """
    if raw.dtype.is_integer():
        return Numbers(raw)
    if raw.dtype.is_float() or isinstance(raw.dtype, pl.Decimal):
        values = raw.cast(pl.Float64)
        nans = int(values.is_nan().sum() or 0)
        return Numbers(values.fill_nan(None) if nans else values)
    if raw.dtype == pl.Boolean:
        return Numbers(raw.cast(pl.Int8))
    if raw.dtype == pl.Null:
        return Numbers(raw.cast(pl.Int8))
    if raw.dtype == pl.String:
        return _from_text(raw, decimal)
    if isinstance(raw.dtype, pl.Categorical | pl.Enum):
        return _from_text(raw.cast(pl.String), decimal)
    not_null = raw.is_not_null()
    return Numbers(pl.Series(raw.name, [None] * raw.len(), dtype=pl.Int8), not_null)


def finite_numbers(raw: pl.Series, decimal: str | None = None) -> tuple[pl.Series, pl.Series]:
    """Return a column as Float64, null where it holds no finite number, and which cells those are.

    Blank cells are null as well, but not among those that hold something else.
    """
    read = to_numbers(raw, decimal)
    values = read.values.cast(pl.Float64)
    bad = ~values.is_finite().fill_null(value=True)
    if read.text is not None:
        bad |= read.text
    if bad.any():
        values = pl.select(pl.when(~bad).then(values)).to_series()
    return values, bad


def _from_text(raw: pl.Series, decimal: str | None) -> Numbers:
    whole = raw.cast(pl.Int64, strict=False)
    if whole.null_count() == raw.null_count():
        return Numbers(whole)
    odd = raw.filter(whole.is_null() & raw.is_not_null())
    texts = odd.unique()
    parsed, words = _parse_texts(texts, decimal)
    counts: dict[str, int] = {}
    if words:
        found = odd.filter(odd.is_in(words)).value_counts(sort=True)
        counts = {word.strip(): count for word, count in found.iter_rows() if word and word.strip()}
    as_number = raw.replace_strict(texts, parsed, default=None, return_dtype=pl.Float64)
    is_word = raw.is_in(words) if words else None
    bad = whole.is_null() & raw.is_not_null() & as_number.is_null()
    if is_word is not None:
        bad &= ~is_word.fill_null(value=False)
    if as_number.null_count() == raw.len():
        values = whole
    else:
        values = pl.select(pl.coalesce(whole.cast(pl.Float64), as_number)).to_series()
        values = values.rename(raw.name)
    return Numbers(values, bad if bool(bad.any()) else None, counts)


def _parse_texts(texts: pl.Series, decimal: str | None) -> tuple[pl.Series, list[str]]:
    """Parse the distinct texts that are not plain whole numbers."""
    stripped = texts.str.strip_chars()
    words = texts.filter(stripped.str.to_lowercase().is_in(list(BLANK_WORDS))).to_list()
    listed = stripped.to_list()
    points = any(_NUMBER.fullmatch(text) and "." in text for text in listed)
    thousands = all(_THOUSANDS.fullmatch(text) for text in listed if "," in text)
    commas = any(_DECIMAL_COMMA.fullmatch(text) for text in listed)
    mark = decimal or ("," if commas and not points and not thousands else ".")
    pattern = _DECIMAL_COMMA if mark == "," else _NUMBER
    parsed = [_number(text, mark, pattern) for text in listed]
    return pl.Series(parsed, dtype=pl.Float64), words


def _number(text: str, mark: str, pattern: re.Pattern[str]) -> float | None:
    if pattern.fullmatch(text):
        return float(text.replace(",", ".") if mark == "," else text)
    if text.lstrip("+-").isdecimal() and text.isascii():
        return float(text) if len(text) < 300 and text.count("+") + text.count("-") <= 1 else None
    if text.lower().lstrip("+-") in ("inf", "infinity"):
        return float("-inf") if text.startswith("-") else float("inf")
    return None


def whole_numbers(values: pl.Series) -> pl.Series:
    """Boolean column: which values are whole numbers (null where there is no value)."""
    return values == values.round(0)


def smallest_integer(minimum: float, maximum: float) -> type[pl.DataType]:
    """Return the smallest signed integer type that holds both ends."""
    for dtype, bits in ((pl.Int8, 7), (pl.Int16, 15), (pl.Int32, 31)):
        if -(2**bits) <= minimum and maximum < 2**bits:
            return dtype
    return pl.Int64
