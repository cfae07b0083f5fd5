"""From a column as it stands in a file to numbers, with every cell that is not one."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import polars as pl

from salutogen.study.answers_in_words import plain_word

BLANK_WORDS = frozenset({"", "na", "n/a", "nan", "null", "none", ".", "#null!", "#n/a", "<na>"})
ERROR_WORDS = frozenset({"#null!", "#n/a"})  # blank words that spreadsheets show as errors
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


def to_numbers(
    raw: pl.Series,
    decimal: str | None = None,
    *,
    words: Mapping[str, float] | None = None,
    blanks: Collection[str] = BLANK_WORDS,
) -> Numbers:
    """Read a column as numbers; nothing that is not a number is coerced to one.

    Parameters
    ----------
    raw : Series
        Text, numbers, or categories (by their text).
    decimal : {".", ","} or None
        The decimal mark of text; None accepts either, one per column. A column in which every
        comma could as well part the thousands (1,000) needs to be told.
    words : mapping of text to number, optional
        Texts that stand for a number, as `plain_word` writes them; `true` and `false` are also the
        two values of a column of booleans, which is no number otherwise.
    blanks : collection of str
        Words, in small letters, that say that a cell is blank.
    """
    if words:
        raw = pl.Series(raw.name, raw.cast(pl.String)) if raw.dtype == pl.Boolean else raw
        return _with_words(raw, decimal, words, blanks)
    return _plain_numbers(raw, decimal, blanks)


def id_text(values: pl.Series) -> pl.Series:
    """Write ids as text, to the letter; whole numbers of typed files without a decimal point."""
    if values.dtype == pl.String:
        return values
    if values.dtype.is_float():
        values = values.fill_nan(None)
        whole = (values == values.round(0)) & (values.abs() < 2.0**63)
        if bool(whole.all()):
            return values.cast(pl.Int64).cast(pl.String)
    return values.cast(pl.String)


def is_number(text: str) -> bool:
    """Whether a text is a number, with a point or a comma."""
    plain = text.strip()
    return bool(_NUMBER.fullmatch(plain) or _DECIMAL_COMMA.fullmatch(plain))


def is_blank(cells: pl.Series) -> pl.Series:
    """Tell which cells hold nothing, or a word that says so."""
    if cells.dtype != pl.String:
        return cells.is_null()
    # Polars takes a name such as `^a$` for all columns that fit it, be it none.
    plain = cells.alias("cells").str.strip_chars().str.to_lowercase()
    blank = plain.is_null() | plain.is_in(list(BLANK_WORDS))
    return blank.fill_null(value=True).alias(cells.name)


def _with_words(
    raw: pl.Series, decimal: str | None, words: Mapping[str, float], blanks: Collection[str]
) -> Numbers:
    """Read a column in which some texts stand for numbers."""
    texts = id_text(raw)
    distinct = [text for text in texts.unique().to_list() if text is not None]
    meant = {text: words[key] for text in distinct if (key := plain_word(text)) in words}
    if not meant:
        return _plain_numbers(raw, decimal, blanks)
    named = texts.is_in(list(meant)).fill_null(value=False)
    rest = raw.zip_with(
        ~named, pl.Series(raw.name, [None], dtype=raw.dtype).new_from_index(0, raw.len())
    )
    read = _plain_numbers(rest, decimal, blanks)
    values = texts.replace_strict(meant, default=None, return_dtype=pl.Float64)
    merged = pl.select(pl.coalesce(values, read.values.cast(pl.Float64))).to_series()
    return Numbers(merged.rename(raw.name), read.text, read.blank_words)


def _plain_numbers(raw: pl.Series, decimal: str | None, blanks: Collection[str]) -> Numbers:
    if raw.dtype.is_integer():
        return Numbers(raw)
    if raw.dtype.is_float() or isinstance(raw.dtype, pl.Decimal):
        values = raw.cast(pl.Float64)
        nans = int(values.is_nan().sum() or 0)
        return Numbers(values.fill_nan(None) if nans else values)
    if raw.dtype == pl.Null:
        return Numbers(raw.cast(pl.Int8))
    if raw.dtype == pl.String:
        return _from_text(raw, decimal, blanks)
    if isinstance(raw.dtype, pl.Categorical | pl.Enum):
        return _from_text(raw.cast(pl.String), decimal, blanks)
    not_null = raw.is_not_null()
    nothing = pl.Series(raw.name, [None], dtype=pl.Int8).new_from_index(0, raw.len())
    return Numbers(nothing, not_null if bool(not_null.any()) else None)


def finite_numbers(
    raw: pl.Series, decimal: str | None = None, *, words: Mapping[str, float] | None = None
) -> tuple[pl.Series, pl.Series]:
    """Return a column as Float64, null where it holds no finite number, and which cells those are.

    Blank cells are null as well, but not among those that hold something else.
    """
    read = to_numbers(raw, decimal, words=words)
    values = read.values.cast(pl.Float64)
    bad = ~values.is_finite().fill_null(value=True)
    if read.text is not None:
        bad |= read.text
    if bad.any():
        values = pl.select(pl.when(~bad).then(values)).to_series()
    return values, bad


def _from_text(raw: pl.Series, decimal: str | None, blanks: Collection[str]) -> Numbers:
    whole = raw.cast(pl.Int64, strict=False)
    if whole.null_count() == raw.null_count():
        return Numbers(whole)
    odd = raw.filter(whole.is_null() & raw.is_not_null())
    texts = odd.unique()
    parsed, words = _parse_texts(texts, decimal, blanks)
    counts: dict[str, int] = {}
    if words:
        found = odd.filter(odd.is_in(words)).alias("word").value_counts(sort=True)
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


def _parse_texts(
    texts: pl.Series, decimal: str | None, blanks: Collection[str]
) -> tuple[pl.Series, list[str]]:
    """Parse the distinct texts that are not plain whole numbers."""
    stripped = texts.str.strip_chars()
    words = texts.filter(stripped.str.to_lowercase().is_in(list(blanks))).to_list()
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
