"""Persons and occasions: ids to the letter, labels matched to the plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.panel.collecting import Gathering, counted, quoted

if TYPE_CHECKING:
    from salutogen.panel.tables import SourceTable

Codes = NDArray[np.int64]


def id_text(values: pl.Series) -> pl.Series:
    """Write ids as text, to the letter; whole numbers of typed files without a decimal point."""
    if values.dtype == pl.String:
        return values
    if values.dtype.is_float():
        values = values.fill_nan(None)
        if bool((values.drop_nulls() == values.drop_nulls().round(0)).all()) and (
            (values.abs().max() or 0) < 2**63
        ):
            return values.cast(pl.Int64).cast(pl.String)
    return values.cast(pl.String)


def factorise(values: pl.Series) -> tuple[Codes, pl.Series]:
    """Number the distinct texts of a column in order of first appearance.

    Works on runs of equal neighbours, so that a file sorted by person costs next to nothing.

    Returns
    -------
    codes : (n,) int64
        Number of each cell; -1 where it is empty (no text, or spaces only).
    texts : Series of str
        The distinct texts.
    """
    runs = values.rle()
    texts = id_text(runs.struct.field("value"))
    empty = texts.is_null() | (texts.str.strip_chars() == "")
    distinct = texts.filter(~empty).unique(maintain_order=True)
    numbers = pl.DataFrame(
        {"text": distinct, "code": pl.int_range(distinct.len(), dtype=pl.Int64, eager=True)}
    )
    joined = pl.DataFrame({"text": texts}).join(
        numbers, on="text", how="left", maintain_order="left"
    )
    run_codes = joined["code"].fill_null(-1).to_numpy()
    lengths = runs.struct.field("len").to_numpy()
    return np.repeat(run_codes, lengths), distinct


def person_codes(table: SourceTable, column: str, gathering: Gathering) -> tuple[Codes, pl.Series]:
    """Number the persons of one source; rows without an id are refused unless wholly blank."""
    codes, texts = factorise(table.column(column))
    nameless = np.flatnonzero(codes < 0)
    if nameless.size:
        blank = blank_rows(table, nameless)
        bad = nameless[~blank]
        if bad.size:
            gathering.add(
                "empty-subject",
                f"{counted(bad.size, 'row')} of {table.label} "
                f"{'has' if bad.size == 1 else 'have'} no person in column {column!r}.",
                file=table.label,
                column=column,
                rows=[int(row) + 1 for row in bad[:10]],
                n_rows=int(bad.size),
            )
    alike = texts.str.strip_chars().str.to_lowercase()
    if alike.n_unique() < texts.len():
        twice = texts.filter(alike.is_duplicated())
        gathering.add(
            "similar-subjects",
            f"{counted(twice.len(), 'person')} of {table.label} differ only by spaces or capital "
            "letters; each was kept as a person of its own.",
            file=table.label,
            column=column,
            numbers={"persons": twice.len()},
        )
    return codes, texts


def blank_rows(table: SourceTable, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell which of these rows hold nothing at all."""
    taken = table.read(list(table.columns))[rows]
    empty = pl.all_horizontal(
        pl.all().is_null() | (pl.all().cast(pl.String).str.strip_chars() == "")
    )
    return taken.select(empty).to_series().to_numpy()


def occasion_codes(
    table: SourceTable, column: str, labels: Sequence[str], gathering: Gathering
) -> Codes:
    """Match the occasions of one source to the plan: as text, else as numbers.

    Returns
    -------
    (n,) int64
        Place in the plan; -1 where the occasion is empty or not planned (both are said).
    """
    codes, texts = factorise(table.column(column))
    places = {label: place for place, label in enumerate(labels)}
    by_number: dict[float, int] = {}
    for label, place in places.items():
        number = _number(label)
        if number is not None:
            by_number.setdefault(number, place)
    matched: list[int] = []
    for text in texts.to_list():
        place = places.get(text, places.get(text.strip()))
        if place is None:
            number = _number(text)
            place = None if number is None else by_number.get(number)
        matched.append(-2 if place is None else place)
    lookup = np.array([*matched, -1], dtype=np.int64)
    found = lookup[codes]
    _say_unplanned(table, column, labels, texts, found, matched, codes, gathering)
    return found


def _say_unplanned(
    table: SourceTable,
    column: str,
    labels: Sequence[str],
    texts: pl.Series,
    found: Codes,
    matched: list[int],
    codes: Codes,
    gathering: Gathering,
) -> None:
    unplanned = [text for text, place in zip(texts.to_list(), matched, strict=True) if place == -2]
    if unplanned:
        rows = np.flatnonzero(found == -2)
        gathering.add(
            "unplanned-occasion",
            f"Column {column!r} of {table.label} names {counted(len(unplanned), 'occasion')} that "
            f"the study does not plan: {quoted(unplanned)}. Planned are {quoted(labels, 12)}.",
            file=table.label,
            column=column,
            rows=[int(row) + 1 for row in rows[:10]],
            n_rows=int(rows.size),
            numbers={"unplanned": unplanned[:10]},
        )
    nameless = np.flatnonzero(codes < 0)
    if nameless.size:
        bad = nameless[~blank_rows(table, nameless)]
        if bad.size:
            gathering.add(
                "empty-occasion",
                f"{counted(bad.size, 'row')} of {table.label} "
                f"{'has' if bad.size == 1 else 'have'} no occasion in column {column!r}.",
                file=table.label,
                column=column,
                rows=[int(row) + 1 for row in bad[:10]],
                n_rows=int(bad.size),
            )


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
