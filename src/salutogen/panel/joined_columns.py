"""Persons and occasions that several columns make together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from salutogen.panel.numeric import id_text

if TYPE_CHECKING:
    from salutogen.findings import Findings
    from salutogen.panel.readers.source_table import SourceTable

Part = tuple[int, float, str]  # numbers before texts, so that any two can be compared
MARK = "/"
_ESCAPE = "\\"
_BETWEEN = re.compile(r"[\s/_.,:;|-]+")


def joined(table: SourceTable, columns: Sequence[str]) -> pl.Series:
    """Join the cells of several columns to one text, so that no two rows become equal by it.

    Returns
    -------
    Series
        The column itself where there is one. Else texts such as `Berlin/007`: a stroke between the
        parts, and a backslash before each stroke or backslash inside a part. Null where any part
        is blank.
    """
    if len(columns) == 1:
        return table.column(columns[0])
    parts: list[pl.Series] = []
    for number, column in enumerate(columns):
        text = id_text(table.column(column)).alias(str(number))
        text = text.str.replace_all(_ESCAPE, _ESCAPE * 2, literal=True)
        text = text.str.replace_all(MARK, _ESCAPE + MARK, literal=True)
        filled = (text.str.strip_chars() != "").fill_null(value=False)
        parts.append(pl.select(pl.when(filled).then(text)).to_series().alias(str(number)))
    whole = pl.DataFrame(parts).select(pl.concat_str(pl.all(), separator=MARK))
    return whole.to_series().alias(", ".join(columns))


def parts_of(text: str) -> tuple[str, ...]:
    """Take a joined text apart again."""
    parts: list[str] = []
    part, escaped = "", False
    for sign in text:
        if escaped:
            part, escaped = part + sign, False
        elif sign == _ESCAPE:
            escaped = True
        elif sign == MARK:
            parts, part = [*parts, part], ""
        else:
            part += sign
    return (*parts, part)


def as_number(text: str) -> float | None:
    """Return a text as a number, if it is one."""
    try:
        return float(text)
    except ValueError:
        return None


def match_combinations(texts: Sequence[str], labels: Sequence[str]) -> list[int | None]:
    """Find the place in the plan of occasions that several columns make.

    A combination is compared with the labels part by part (`2/1` is the label `2/1`, `2-1` or `2
    1`), each as text or number. Where no label has that form and the plan only counts its
    occasions, the combinations in their order are the occasions: all that are possible (each value
    of the first column with each of the second) if they are as many as planned, else those that
    occur.
    """
    combinations = [tuple(_part(part) for part in parts_of(text)) for text in texts]
    if not combinations:
        return []
    width = len(combinations[0])
    written: dict[tuple[Part, ...], int] = {}
    for place, label in enumerate(labels):
        parts = tuple(_part(part) for part in _BETWEEN.split(label.strip()))
        if len(parts) == width:
            written.setdefault(parts, place)
    if any(one in written for one in combinations):
        return [written.get(one) for one in combinations]
    if list(labels) != [str(number + 1) for number in range(len(labels))]:
        return [None] * len(combinations)
    return _counted(combinations, len(labels))


def _part(text: str) -> Part:
    plain = text.strip()
    number = as_number(plain)
    return (1, 0.0, plain) if number is None or number != number else (0, number, "")


def _counted(combinations: Sequence[tuple[Part, ...]], planned: int) -> list[int | None]:
    """Count combinations in their order, where there are as many as planned."""
    axes = [sorted(set(axis)) for axis in zip(*combinations, strict=True)]
    possible = 1
    for axis in axes:
        possible *= len(axis)
    if possible == planned:
        places = {}
        for one in set(combinations):
            place = 0
            for axis, part in zip(axes, one, strict=True):
                place = place * len(axis) + axis.index(part)
            places[one] = place
    else:
        distinct = sorted(set(combinations))
        if len(distinct) != planned:
            return [None] * len(combinations)
        places = {one: place for place, one in enumerate(distinct)}
    return [places[one] for one in combinations]


def tell_combinations(
    table: SourceTable,
    columns: Sequence[str],
    matched: Sequence[int | None],
    labels: Sequence[str],
    findings: Findings,
) -> None:
    """Say of how many combinations the occasions were made."""
    findings.tell(
        "several-columns",
        variant="occasion",
        file=table.label,
        column=", ".join(columns),
        columns=list(columns),
        combinations=sum(place is not None for place in matched),
        planned=len(labels),
    )
