"""Persons and occasions: ids to the letter, labels matched to the plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import PanelError
from salutogen.findings import Findings, listed
from salutogen.page.identifiers import Identifiers
from salutogen.panel.joined_columns import (
    as_number,
    joined,
    match_combinations,
    tell_combinations,
)
from salutogen.panel.marked_rows import first_marked
from salutogen.panel.numeric import id_text
from salutogen.panel.readers.excel_errors import ERRORS

if TYPE_CHECKING:
    from salutogen.panel.readers.source_table import SourceTable
    from salutogen.study import Study

Codes = NDArray[np.int64]


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


def identifiers_in(study: Study, tables: Mapping[str, Sequence[SourceTable]]) -> Identifiers:
    """Return the identifiers of every table that could be opened, to keep them out of messages."""
    texts: list[pl.Series] = []
    for name, parts in tables.items():
        columns = study.plan.sources[name].person_columns
        for table in parts:
            if set(columns) <= set(table.columns):
                with suppress(PanelError):  # a file that vanished meanwhile
                    whole = id_text(joined(table, columns)).drop_nulls().unique()
                    texts.append(whole.alias("subject"))
    subjects = pl.concat(texts).unique() if texts else pl.Series(dtype=pl.String)
    return Identifiers(subjects, columns_of_identifiers(study))


def columns_of_identifiers(study: Study) -> frozenset[str]:
    """Columns that hold identifiers, and what the study file takes them for besides.

    A part of several columns that is a background of its own, such as the site, tells no person.
    """
    described = {item.column for item in study.plan.background.values()}
    columns: set[str] = set()
    for source in study.plan.sources.values():
        parts = set(source.person_columns)
        columns |= parts if len(parts) == 1 else parts - described
    named = {name for name, item in study.plan.background.items() if item.column in columns}
    return frozenset(columns | named)


def person_codes(
    table: SourceTable, columns: Sequence[str], findings: Findings
) -> tuple[Codes, pl.Series]:
    """Number the persons of one source; rows without an id are refused unless wholly blank."""
    codes, texts = factorise(joined(table, columns))
    refuse_nameless(table, columns, codes < 0, "empty-subject", findings)
    if _holds_errors(texts, columns):
        refuse_errors(table, columns, findings)
    return codes, texts


def refuse_nameless(
    table: SourceTable,
    columns: Sequence[str],
    nameless: NDArray[np.bool_],
    code: str,
    findings: Findings,
) -> None:
    """Refuse, by a finding of this code, the rows of a mask that are not wholly blank."""
    rows = np.flatnonzero(nameless)
    if not rows.size:
        return
    bad = rows[~blank_rows(table, rows)]
    if not bad.size:
        return
    cells = table.cells(columns, bad[:1]).row(0)
    blank = [name for name, cell in zip(columns, cells, strict=True) if not str(cell or "").strip()]
    findings.tell(
        code,
        file=table.label,
        column=(blank or columns)[0],
        rows=[int(row) + 1 for row in bad[:10]],
        n_rows=int(bad.size),
    )


def _holds_errors(texts: pl.Series, columns: Sequence[str]) -> bool:
    """Whether one of the distinct texts may hold an error of a spreadsheet."""
    return len(columns) > 1 or bool(texts.is_in(list(ERRORS)).any())


def refuse_errors(table: SourceTable, columns: Sequence[str], findings: Findings) -> None:
    """Refuse errors of a spreadsheet in columns that name persons, occasions, items or groups."""
    for column in columns:
        cells = table.column(column)
        if cells.dtype != pl.String:
            continue
        bad = cells.is_in(list(ERRORS)).fill_null(value=False)
        if bad.any():
            told = first_marked(bad, cells)
            findings.tell("error-cell", file=table.label, column=column, **told)


def blank_rows(table: SourceTable, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell which of these rows hold nothing at all."""
    taken = table.cells(table.columns, rows)
    empty = pl.all_horizontal(
        pl.all().is_null() | (pl.all().cast(pl.String).str.strip_chars() == "")
    )
    return taken.select(empty).to_series().to_numpy()


def occasion_codes(
    table: SourceTable,
    columns: Sequence[str],
    labels: Sequence[str],
    findings: Findings,
    exempt: Callable[[Codes], NDArray[np.bool_]],
) -> Codes:
    """Match the occasions of one source to the plan: as text, else as numbers.

    Parameters
    ----------
    columns : sequence of str
        The column that names the occasion, or several that make it (`match_combinations`).
    exempt : callable
        Tells which of some rows (0-based) may be without a planned occasion: they hold nothing
        that belongs to one.

    Returns
    -------
    (n,) int64
        Place in the plan; -1 where the occasion is empty or not planned (both are said).
    """
    codes, texts = factorise(joined(table, columns))
    if _holds_errors(texts, columns):
        refuse_errors(table, columns, findings)
    if len(columns) > 1:
        matched = match_combinations(texts.to_list(), labels)
        tell_combinations(table, columns, matched, labels, findings)
    else:
        matched = match_labels(texts.to_list(), labels)
    lookup = np.array([*(-2 if place is None else place for place in matched), -1], dtype=np.int64)
    found = lookup[codes]
    odd = np.flatnonzero(found < 0)
    odd = odd[~exempt(odd)] if odd.size else odd
    strange = odd[found[odd] == -2]
    if strange.size:
        unplanned = [texts[int(code)] for code in np.unique(codes[strange])]
        _tell_unplanned(table, ", ".join(columns), labels, unplanned, strange, findings)
    nameless = np.zeros(found.size, dtype=bool)
    nameless[odd] = codes[odd] < 0
    refuse_nameless(table, columns, nameless, "empty-occasion", findings)
    return np.maximum(found, -1)


def match_labels(texts: Sequence[str], labels: Sequence[str]) -> list[int | None]:
    """Find the place of each text in the plan: as text, else as a number."""
    places = {label: place for place, label in enumerate(labels)}
    by_number: dict[float, int] = {}
    for label, place in places.items():
        number = as_number(label)
        if number is not None:
            by_number.setdefault(number, place)
    matched: list[int | None] = []
    for text in texts:
        known = places.get(text, places.get(text.strip()))
        number = as_number(text)
        if known is None and number is not None:
            known = by_number.get(number)
        matched.append(known)
    return matched


def _tell_unplanned(
    table: SourceTable,
    column: str,
    labels: Sequence[str],
    unplanned: list[str],
    rows: Codes,
    findings: Findings,
) -> None:
    findings.tell(
        "unplanned-occasion",
        file=table.label,
        column=column,
        rows=[int(row) + 1 for row in rows[:10]],
        n_rows=int(rows.size),
        occasions=len(unplanned),
        named=listed(unplanned, quotes=True),
        planned=listed(labels, quotes=True, most=12),
        numbers={"unplanned": unplanned[:10]},
    )
