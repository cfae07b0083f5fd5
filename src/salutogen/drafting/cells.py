"""The columns of a data file, read by the rules of the readers before there is a study file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from salutogen.panel.numeric import BLANK_WORDS, to_numbers

LOOKED_AT = 20_000
MOST_STRAY = 0.2  # of the filled cells of a column of numbers
_WORDS_KEPT = 60
_EXACT = 2.0**53
_ROUNDING = 1e-6  # of the range of all numbers


@dataclass(frozen=True, slots=True, eq=False)
class DataColumn:
    """One column as far as its values tell.

    Attributes
    ----------
    name : str
    texts : Series of str
        Each cell without blanks around it; null where it is empty or says so in a word (NA).
    numbers : Series of float
        Each cell as a number with a point or a comma; null where it is blank or none.
    filled : float
        Share of the rows that are not blank.
    distinct : int
        Number of different texts.
    words : tuple of str
        Different texts that are no numbers, in order of appearance, at most 60.
    n_words : int
        Cells that hold such a text.
    """

    name: str
    texts: pl.Series
    numbers: pl.Series
    filled: float
    distinct: int
    words: tuple[str, ...]
    n_words: int

    @property
    def numeric(self) -> bool:
        """Whether every filled cell is a number."""
        return self.filled > 0 and self.n_words == 0

    @property
    def mostly_numeric(self) -> bool:
        """Whether all but a few filled cells are numbers."""
        cells = self.texts.len() - self.texts.null_count()
        return self.filled > 0 and self.n_words <= MOST_STRAY * cells

    @property
    def whole(self) -> bool:
        """Whether all numbers are whole."""
        filled = self.numbers.drop_nulls()
        return filled.len() > 0 and bool((filled == filled.round(0)).all())


@dataclass(frozen=True, eq=False)
class DataTable:
    """The columns of a data file by name, in the order of the file."""

    columns: Mapping[str, DataColumn]

    @property
    def n_rows(self) -> int:
        """Number of rows looked at."""
        return next((one.texts.len() for one in self.columns.values()), 0)

    def repeated_share(self, names: Sequence[str]) -> float:
        """Share of rows that repeat an earlier row in these columns; exact copies do not count."""
        keys = pl.DataFrame([self.columns[name].texts for name in names])
        kept = keys.filter(self._first & ~self._hollow(names)).drop_nulls()
        return 0.0 if not kept.height else 1 - kept.n_unique() / kept.height

    def per_group(self, names: Sequence[str]) -> float:
        """Rows for each different value of these columns; exact copies do not count."""
        keys = pl.DataFrame([self.columns[name].texts for name in names])
        kept = keys.filter(self._first).drop_nulls()
        return 0.0 if not kept.height else kept.height / kept.n_unique()

    def varies_within(self, name: str, groups: Sequence[str]) -> bool:
        """Whether a column takes several values for one value of the columns `groups`."""
        if not groups:
            return True
        whole = pl.DataFrame(
            [self.columns[one].texts.alias(f"g{place}") for place, one in enumerate(groups)]
            + [self.columns[name].texts.alias("value")]
        ).filter(pl.col("value").is_not_null())
        keys = [f"g{place}" for place in range(len(groups))]
        counts = whole.group_by(keys).agg(pl.col("value").n_unique())
        varies = bool((counts["value"] > 1).any())
        return varies and not self._is_rounding(name, groups)

    def _is_rounding(self, name: str, groups: Sequence[str]) -> bool:
        """Whether numbers differ within groups by no more than how they were rounded."""
        column = self.columns[name]
        if not column.numeric or column.whole:
            return False
        keys = [self.columns[one].texts.alias(f"g{place}") for place, one in enumerate(groups)]
        numbers = pl.DataFrame([*keys, column.numbers.alias("value")]).drop_nulls()
        value = pl.col("value")
        within = numbers.group_by([key.name for key in keys]).agg(
            (value.max() - value.min()).alias("range")
        )["range"]
        widest, low, high = within.max(), numbers["value"].min(), numbers["value"].max()
        if not (isinstance(widest, float) and isinstance(low, float) and isinstance(high, float)):
            return False
        return widest <= _ROUNDING * (high - low)

    @cached_property
    def _first(self) -> pl.Series:
        """Whether a row is no exact copy of an earlier one."""
        return pl.DataFrame([one.texts for one in self.columns.values()]).is_unique() | pl.Series(
            pl.DataFrame([one.texts for one in self.columns.values()])
            .hash_rows(seed=1)
            .is_first_distinct()
        )

    def _hollow(self, names: Sequence[str]) -> pl.Series:
        """Whether a row has nothing beside these columns."""
        others = [one.texts for name, one in self.columns.items() if name not in names]
        if not others:
            return pl.repeat(False, self.n_rows, eager=True)
        return pl.DataFrame(others).select(pl.all_horizontal(pl.all().is_null())).to_series()


def read_table(frame: pl.DataFrame) -> DataTable:
    """Read the first 20,000 rows of each column as text and, where possible, as numbers."""
    head = frame.head(LOOKED_AT)
    return DataTable({name: _column(name, head[name]) for name in head.columns})


def _column(name: str, raw: pl.Series) -> DataColumn:
    texts = _texts(raw).str.strip_chars().alias(name)
    blank = texts.str.to_lowercase().is_in(list(BLANK_WORDS))
    texts = pl.select(pl.when(~blank).then(texts)).to_series().alias(name)
    readable = raw if raw.dtype.is_numeric() else texts
    read = to_numbers(readable)
    numbers = read.values.cast(pl.Float64)
    numbers = pl.select(pl.when(numbers.is_finite()).then(numbers)).to_series().alias(name)
    words = texts.filter(texts.is_not_null() & numbers.is_null())
    filled = texts.len() - texts.null_count()
    return DataColumn(
        name=name,
        texts=texts,
        numbers=numbers,
        filled=filled / texts.len() if texts.len() else 0.0,
        distinct=texts.n_unique() - int(texts.null_count() > 0),
        words=tuple(words.unique(maintain_order=True).head(_WORDS_KEPT)),
        n_words=words.len(),
    )


def _texts(raw: pl.Series) -> pl.Series:
    """Write any column as text; what has no text of its own as Python writes it."""
    if raw.dtype.is_nested() or raw.dtype in (pl.Object, pl.Binary):
        return pl.Series(raw.name, [_shown(value) for value in raw.to_list()], dtype=pl.String)
    if raw.dtype.is_float():
        whole = raw.fill_nan(None)
        if bool(((whole == whole.round(0)) & (whole.abs() < _EXACT)).all()):
            return whole.cast(pl.Int64).cast(pl.String)  # ids of typed files, without a point
    return raw.cast(pl.String)


def _shown(value: Any) -> str | None:
    return None if value is None else str(value)
