"""Cells that hold no possible answer: what stands there, in which rows, and which mend fits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from salutogen.findings import ROWS_SHOWN, Findings, shortened
from salutogen.panel.numeric import id_text, is_number
from salutogen.panel.readers.excel_errors import ERRORS
from salutogen.panel.refused_words import WORDS
from salutogen.study.answers_in_words import MOST_WORDS, plain_word

if TYPE_CHECKING:
    from salutogen.panel.items import ItemRules

_SHOWN = 3


def tell_impossible(
    raw: pl.Series,
    values: pl.Series,
    wrong: pl.Series,
    rules: ItemRules,
    column: str,
    label: str,
    findings: Findings,
    rows: pl.Series | None,
) -> None:
    """Tell the cells of a column that are no possible answer; words apart from numbers.

    Parameters
    ----------
    raw, values : Series
        The cells as they stand in the file, and as numbers.
    wrong : Series of bool
    rows : Series, optional
        1-based data row of each cell, where that is not simply its place.
    """
    answers = int((values.is_not_null() | wrong).sum())
    for kind, places in _kinds(raw, values, wrong, rules):
        found = raw.gather(places)
        numbers = rows.gather(places) if rows is not None else places + 1
        examples = [
            f"{_show(found[int(place)])} (row {int(numbers[int(place)])})"
            for place in numbers.arg_sort()[:_SHOWN]
        ]
        evidence: dict[str, Any] = {
            "minimum": rules.minimum,
            "maximum": rules.maximum,
            "instrument": rules.instrument,
        }
        if kind == WORDS:  # told once for all columns of the instrument, see `refused_words`
            evidence[WORDS] = _counts(found)
        findings.tell(
            "impossible-answer" if rules.refuse else "impossible-answer-missing",
            file=label,
            column=column,
            rows=[int(row) for row in numbers.sort().head(ROWS_SHOWN)],
            n_rows=places.len(),
            examples=", ".join(examples) + (", …" if places.len() > _SHOWN else ""),
            expected=rules.expected(),
            answers=answers,
            variant="values" if kind == WORDS else kind,
            numbers=evidence,
        )


def _kinds(
    raw: pl.Series, values: pl.Series, wrong: pl.Series, rules: ItemRules
) -> list[tuple[str, pl.Series]]:
    """Part the cells by the mend that fits them."""
    places = wrong.arg_true()
    if not rules.refuse:
        return [("", places)]
    texts = id_text(raw.gather(places))
    distinct = texts.unique().to_list()
    if set(distinct) & ERRORS:
        return [("error", places)]
    words = [text for text in distinct if not is_number(text)]
    if not 0 < len({plain_word(text) for text in words}) <= MOST_WORDS:
        return [(_kind(values.gather(places), rules), places)]
    worded = texts.is_in(words)
    numbers = places.filter(~worded)
    if not numbers.len():
        return [(WORDS, places)]
    if worded.sum() == 1:
        return [("values", places)]
    return [(WORDS, places.filter(worded)), (_kind(values.gather(numbers), rules), numbers)]


def _kind(values: pl.Series, rules: ItemRules) -> str:
    """Tell decimals between two codes from other values."""
    low, high = rules.minimum, rules.maximum
    if low is None or high is None:
        return "values"
    between = values.is_between(low, high).all(ignore_nulls=False)
    return "decimals" if between else "values"  # the codes themselves are possible


def _counts(found: pl.Series) -> dict[str, int]:
    """How often each text stands in the cells, without spaces around it."""
    texts = id_text(found).str.strip_chars().value_counts()
    return {str(text): int(count) for text, count in texts.sort(texts.columns[0]).iter_rows()}


def _show(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.12g}"
    text = repr(str(value)) if isinstance(value, str) else str(value)
    return shortened(text, 40)
