"""Persons and occasions: ids to the letter, labels matched to the plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import PanelError
from salutogen.findings import Findings, Persons, listed
from salutogen.page.identifiers import Identifiers

if TYPE_CHECKING:
    from salutogen.panel.readers.source_table import SourceTable
    from salutogen.study import Study

Codes = NDArray[np.int64]


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


def identifiers_in(study: Study, tables: Mapping[str, SourceTable]) -> Identifiers:
    """Return the identifiers of every table that could be opened, to keep them out of messages."""
    texts: list[pl.Series] = []
    for name, table in tables.items():
        for column in _person_columns(study, name):
            if column in table.columns:
                with suppress(PanelError):  # a file that vanished meanwhile
                    texts.append(id_text(table.column(column)).drop_nulls().unique())
    subjects = pl.concat(texts).unique() if texts else pl.Series(dtype=pl.String)
    return Identifiers(subjects, columns_of_identifiers(study))


def _person_columns(study: Study, source: str) -> tuple[str, ...]:
    person: Any = study.plan.sources[source].person  # one column, or several
    return (person,) if isinstance(person, str) else tuple(person)


def columns_of_identifiers(study: Study) -> frozenset[str]:
    """Columns that hold identifiers, and what the study file takes them for besides."""
    columns = {name for source in study.plan.sources for name in _person_columns(study, source)}
    named = {name for name, item in study.plan.background.items() if item.column in columns}
    return frozenset(columns | named)


def person_codes(table: SourceTable, column: str, findings: Findings) -> tuple[Codes, pl.Series]:
    """Number the persons of one source; rows without an id are refused unless wholly blank."""
    codes, texts = factorise(table.column(column))
    refuse_nameless(table, column, codes < 0, "empty-subject", findings)
    alike = texts.str.strip_chars().str.to_lowercase()
    if alike.n_unique() < texts.len():
        twice = texts.filter(alike.is_duplicated())
        findings.tell(
            "similar-subjects", file=table.label, column=column, persons=Persons(twice.len())
        )
    return codes, texts


def refuse_nameless(
    table: SourceTable,
    column: str,
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
    findings.tell(
        code,
        file=table.label,
        column=column,
        rows=[int(row) + 1 for row in bad[:10]],
        n_rows=int(bad.size),
    )


def blank_rows(table: SourceTable, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell which of these rows hold nothing at all."""
    taken = table.cells(table.columns, rows)
    empty = pl.all_horizontal(
        pl.all().is_null() | (pl.all().cast(pl.String).str.strip_chars() == "")
    )
    return taken.select(empty).to_series().to_numpy()


def occasion_codes(
    table: SourceTable,
    column: str,
    labels: Sequence[str],
    findings: Findings,
    exempt: NDArray[np.bool_] | None = None,
) -> Codes:
    """Match the occasions of one source to the plan: as text, else as numbers.

    Parameters
    ----------
    exempt : (n,) bool, optional
        Rows that may be without an occasion (answers given once).

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
        known = places.get(text, places.get(text.strip()))
        number = _number(text)
        if known is None and number is not None:
            known = by_number.get(number)
        matched.append(-2 if known is None else known)
    lookup = np.array([*matched, -1], dtype=np.int64)
    found = lookup[codes]
    unplanned = [text for text, place in zip(texts.to_list(), matched, strict=True) if place == -2]
    if unplanned:
        _tell_unplanned(table, column, labels, unplanned, np.flatnonzero(found == -2), findings)
    nameless = (codes < 0) if exempt is None else (codes < 0) & ~exempt
    refuse_nameless(table, column, nameless, "empty-occasion", findings)
    return found


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


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
