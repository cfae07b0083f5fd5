"""Type one item's column by the study file: codes, range, missing codes, impossible answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from salutogen.findings import Findings, shortened
from salutogen.panel.numeric import smallest_integer, to_numbers, whole_numbers
from salutogen.panel.panel import Reason

if TYPE_CHECKING:
    from salutogen.study import Instrument

HUGE = 1e12
_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRules:
    """What the answers of an instrument may be.

    `codes` gives the reason each missing code stands for; `refuse` whether an impossible answer
    stops the reading or becomes missing with a finding.
    """

    minimum: float | None
    maximum: float | None
    whole: bool
    did_not_occur: float | None
    codes: Mapping[float, Reason]
    refuse: bool

    @property
    def dtype(self) -> type[pl.DataType]:
        """Type of the answers in the panel."""
        if self.minimum is None or self.maximum is None or not self.whole:
            return pl.Float64
        extra = self.minimum if self.did_not_occur is None else self.did_not_occur
        return smallest_integer(min(self.minimum, extra), max(self.maximum, extra))

    def expected(self) -> str:
        """Describe the permitted answers."""
        if self.minimum is None or self.maximum is None:
            return "a number"
        kind = "a whole number" if self.whole else "a number"
        also = ""
        if self.did_not_occur is not None and not (
            self.minimum <= self.did_not_occur <= self.maximum
        ):
            also = f" or {self.did_not_occur:g}"
        return f"{kind} from {self.minimum:g} to {self.maximum:g}{also}"


@dataclass(frozen=True, slots=True)
class TypedItem:
    """Typed answers of one column; `marks` gives the `Reason` of coded cells (0 elsewhere)."""

    values: pl.Series
    marks: pl.Series | None = None


def rules_for(instrument: Instrument) -> ItemRules:
    """Say what the answers of an instrument may be."""
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
    return ItemRules(
        minimum=answers.minimum if answers else None,
        maximum=answers.maximum if answers else None,
        whole=whole,
        did_not_occur=extra,
        codes=codes,
        refuse=instrument.invalid == "refuse",
    )


def type_item(
    raw: pl.Series,
    rules: ItemRules,
    *,
    column: str,
    label: str,
    findings: Findings,
    decimal: str | None = None,
    user_missing: tuple[tuple[float, float], ...] = (),
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
    read = to_numbers(raw, decimal)
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
    if _is_clean(values, rules) and read.text is None and not user_missing:
        return TypedItem(values.cast(rules.dtype))
    values, marks = _take_codes(values, rules, user_missing)
    wrong = _impossible(values, rules)
    if read.text is not None:
        wrong = read.text if wrong is None else wrong | read.text
    if wrong is not None:
        _tell_impossible(raw, wrong, rules, column, label, findings, rows)
        keep = pl.when(wrong).then(None).otherwise(values)
        values = pl.select(keep).to_series().rename(raw.name)
        fresh = marks if marks is not None else pl.repeat(0, raw.len(), dtype=pl.UInt8, eager=True)
        invalid = pl.lit(int(Reason.INVALID), dtype=pl.UInt8)
        marks = pl.select(pl.when(wrong).then(invalid).otherwise(fresh)).to_series()
    return TypedItem(values.cast(rules.dtype), marks)


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
    return not rules.whole or values.dtype.is_integer() or bool(whole_numbers(values).all())


def _take_codes(
    values: pl.Series, rules: ItemRules, user_missing: tuple[tuple[float, float], ...]
) -> tuple[pl.Series, pl.Series | None]:
    """Turn missing codes into nulls with their reason."""
    marks: pl.Series | None = None
    coded: list[tuple[pl.Series, Reason]] = [
        (values == code, reason) for code, reason in rules.codes.items()
    ]
    coded += [
        (values.is_between(low, high) & ~values.is_in(list(rules.codes)), Reason.SKIPPED)
        for low, high in user_missing
    ]
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
        if rules.whole and values.dtype.is_float():
            wrong |= ~whole_numbers(values)
        if rules.did_not_occur is not None:
            wrong &= values != rules.did_not_occur
    wrong = wrong.fill_null(value=False)
    return wrong if wrong.any() else None


def _tell_impossible(
    raw: pl.Series,
    wrong: pl.Series,
    rules: ItemRules,
    column: str,
    label: str,
    findings: Findings,
    rows: pl.Series | None,
) -> None:
    places = wrong.arg_true()
    found = raw.gather(places)
    numbers = rows.gather(places) if rows is not None else places + 1
    order = numbers.arg_sort()
    examples = [
        f"{_show(found[int(place)])} (row {int(numbers[int(place)])})" for place in order[:_SHOWN]
    ]
    more = ", …" if places.len() > _SHOWN else ""
    findings.tell(
        "impossible-answer" if rules.refuse else "impossible-answer-missing",
        file=label,
        column=column,
        rows=[int(row) for row in numbers.sort().head(10)],
        n_rows=places.len(),
        examples=", ".join(examples) + more,
        expected=rules.expected(),
        numbers={"minimum": rules.minimum, "maximum": rules.maximum},
    )


def _show(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.12g}"
    text = repr(str(value)) if isinstance(value, str) else str(value)
    return shortened(text, 40)
