"""Type one item's column by the study file: codes, range, missing codes, impossible answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from salutogen.findings import Findings
from salutogen.panel.impossible_answers import tell_impossible
from salutogen.panel.numeric import (
    BLANK_WORDS,
    ERROR_WORDS,
    id_text,
    is_number,
    smallest_integer,
    to_numbers,
    whole_numbers,
)
from salutogen.panel.panel import Reason
from salutogen.panel.readers.source_table import Declared, declared_missing
from salutogen.study.answers_in_words import BOOLEAN_WORDS, plain_word

if TYPE_CHECKING:
    from salutogen.study import Instrument
    from salutogen.study.format import Source

HUGE = 1e12
_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRules:
    """What the answers of an instrument may be.

    `codes` gives the reason each missing code stands for; `refuse` whether an impossible answer
    stops the reading or becomes missing with a finding. `decimals` tells that the column is, or
    may be, a ready-made score: numbers between the whole ones are values too. `words` are texts
    that stand for a number, as `plain_word` writes them; `recoded` tells that numbers are among
    them, so that numbers which are not are impossible. `blanks` are words that say that a cell is
    blank. `instrument` is whose answers these are.
    """

    minimum: float | None
    maximum: float | None
    whole: bool
    did_not_occur: float | None
    codes: Mapping[float, Reason]
    refuse: bool
    decimals: bool = False
    words: Mapping[str, float] = field(default_factory=dict)
    recoded: bool = False
    blanks: frozenset[str] = BLANK_WORDS
    instrument: str = ""

    @property
    def dtype(self) -> type[pl.DataType]:
        """Type of the answers in the panel."""
        return pl.Float64 if self.decimals else self._whole_dtype

    @property
    def _whole_dtype(self) -> type[pl.DataType]:
        if self.minimum is None or self.maximum is None or not self.whole:
            return pl.Float64
        extra = self.minimum if self.did_not_occur is None else self.did_not_occur
        return smallest_integer(min(self.minimum, extra), max(self.maximum, extra))

    def smallest(self, values: pl.Series) -> pl.Series:
        """Give whole answers the type that an item's have, where decimals were possible."""
        if not self.decimals or not bool(whole_numbers(values).all()):
            return values
        return values.cast(self._whole_dtype)

    def expected(self) -> str:
        """Describe the permitted answers."""
        if self.minimum is None or self.maximum is None:
            return "a number"
        kind = "a whole number" if self.whole and not self.decimals else "a number"
        also = ""
        if self.did_not_occur is not None and not (
            self.minimum <= self.did_not_occur <= self.maximum
        ):
            also = f" or {self.did_not_occur:g}"
        words = " or a word of `recode`" if self.words.keys() - BOOLEAN_WORDS.keys() else ""
        return f"{kind} from {self.minimum:g} to {self.maximum:g}{also}{words}"


@dataclass(frozen=True, slots=True)
class TypedItem:
    """Typed answers of one column; `marks` gives the `Reason` of coded cells (0 elsewhere)."""

    values: pl.Series
    marks: pl.Series | None = None


def rules_for(instrument: Instrument, source: Source) -> ItemRules:
    """Say what the answers of an instrument may be in its source."""
    codes: dict[float, Reason] = {}
    for reason, values in (
        (Reason.NOT_ASKED, instrument.codes.not_asked),
        (Reason.SKIPPED, instrument.codes.skipped),
        (Reason.ABSENT, instrument.codes.absent),
    ):
        codes.update(dict.fromkeys(values, reason))
    answers = instrument.answers
    extra = instrument.did_not_occur
    whole = answers is not None and answers.is_whole and (extra is None or extra == int(extra))
    recode = {plain_word(text): number for text, number in instrument.recode.items()}
    # in a tick-list a blank is an answer, which a spreadsheet's error is not
    blanks = BLANK_WORDS - ERROR_WORDS if instrument.form == "tick-list" else BLANK_WORDS
    return ItemRules(
        minimum=answers.minimum if answers else None,
        maximum=answers.maximum if answers else None,
        whole=whole,
        did_not_occur=extra,
        codes=codes,
        refuse=instrument.invalid == "refuse",
        decimals=instrument.may_be_total,
        words=(BOOLEAN_WORDS if source.boolean == "answer" else {}) | recode,
        recoded=any(is_number(text) for text in recode),
        blanks=blanks,
        instrument=instrument.name,
    )


def type_item(
    raw: pl.Series,
    rules: ItemRules,
    *,
    column: str,
    label: str,
    findings: Findings,
    decimal: str | None = None,
    user_missing: Declared = (),
    rows: pl.Series | None = None,
) -> TypedItem:
    """Type one column.

    Parameters
    ----------
    raw : Series
        The column as it stands in the file, in file order.
    rows : Series, optional
        1-based data row of each cell, where that is not simply its place.
    """
    declared = declared_missing(raw, user_missing) if user_missing else None
    read = to_numbers(raw, decimal, words=rules.words, blanks=rules.blanks)
    if read.blank_words:
        words = ", ".join(f"{word!r} ({count})" for word, count in sorted(read.blank_words.items()))
        findings.tell(
            "blank-words",
            file=label,
            column=column,
            n_rows=sum(read.blank_words.values()),
            words=words,
            numbers=dict(sorted(read.blank_words.items())),
        )
    values = read.values
    marks: pl.Series | None = None
    text = read.text
    if text is not None and declared is not None:
        text = text & ~declared
    if rules.recoded:
        text = _with_unlisted(raw, values, text, rules)
    if _is_clean(values, rules) and text is None and declared is None:
        return TypedItem(values.cast(rules.dtype))
    values, marks = _take_codes(values, rules, declared)
    wrong = _impossible(values, rules)
    if text is not None and text.any():
        wrong = text if wrong is None else wrong | text
    if wrong is not None:
        tell_impossible(raw, values, wrong, rules, column, label, findings, rows)
        keep = pl.when(wrong).then(None).otherwise(values)
        values = pl.select(keep).to_series().rename(raw.name)
        fresh = marks if marks is not None else pl.repeat(0, raw.len(), dtype=pl.UInt8, eager=True)
        invalid = pl.lit(int(Reason.INVALID), dtype=pl.UInt8)
        marks = pl.select(pl.when(wrong).then(invalid).otherwise(fresh)).to_series()
    return TypedItem(values.cast(rules.dtype), marks)


def _with_unlisted(
    raw: pl.Series, values: pl.Series, text: pl.Series | None, rules: ItemRules
) -> pl.Series:
    """Add numbers that `recode` does not list to the cells that are no answer."""
    known = [*rules.codes, *([] if rules.did_not_occur is None else [rules.did_not_occur])]
    texts = id_text(raw)
    listed = {one for one in texts.unique().to_list() if one and plain_word(one) in rules.words}
    other = values.is_not_null() & ~texts.is_in(list(listed)) & ~values.is_in(known)
    other = other.fill_null(value=False)
    return other if text is None else text | other


def _is_clean(values: pl.Series, rules: ItemRules) -> bool:
    """Whether every value is a permitted answer, by the column's ends alone where possible."""
    low, high = values.min(), values.max()
    if not isinstance(low, int | float) or not isinstance(high, int | float):
        return True
    if rules.minimum is None or rules.maximum is None:
        return not rules.codes and abs(low) < HUGE and abs(high) < HUGE
    if low < rules.minimum or high > rules.maximum:
        return False
    if any(low <= code <= high for code in rules.codes):
        return False
    if not rules.whole or rules.decimals:
        return True
    return values.dtype.is_integer() or bool(whole_numbers(values).all())


def _take_codes(
    values: pl.Series, rules: ItemRules, declared: pl.Series | None
) -> tuple[pl.Series, pl.Series | None]:
    """Turn missing codes, and cells that the file itself declares missing, into nulls."""
    marks: pl.Series | None = None
    coded: list[tuple[pl.Series, Reason]] = [
        (values == code, reason) for code, reason in rules.codes.items()
    ]
    if declared is not None:
        named = values.is_in(list(rules.codes)).fill_null(value=False)
        coded.append((declared & ~named, Reason.SKIPPED))
    for where, reason in coded:
        if not where.any():
            continue
        if marks is None:
            marks = pl.repeat(0, values.len(), dtype=pl.UInt8, eager=True)
        code = pl.lit(int(reason), dtype=pl.UInt8)
        marks = pl.select(
            pl.when(where.fill_null(value=False)).then(code).otherwise(marks)
        ).to_series()
    if marks is not None:
        name = values.name
        values = pl.select(pl.when(marks == 0).then(values)).to_series().rename(name)
    return values, marks


def _impossible(values: pl.Series, rules: ItemRules) -> pl.Series | None:
    if rules.minimum is None or rules.maximum is None:
        wrong = ~values.cast(pl.Float64).is_finite() | (values.abs() >= HUGE)
    else:
        wrong = (values < rules.minimum) | (values > rules.maximum)
        if rules.whole and not rules.decimals and values.dtype.is_float():
            wrong |= ~whole_numbers(values)
        if rules.did_not_occur is not None:
            wrong &= values != rules.did_not_occur
    wrong = wrong.fill_null(value=False)
    return wrong if wrong.any() else None
