"""Align every source by person and occasion, with one numbering of persons for all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.findings import Findings, Persons
from salutogen.panel.expected_columns import (
    ITEM,
    expected_columns,
    instruments_of,
    is_per_person,
)
from salutogen.panel.identifiers import Codes, occasion_codes, person_codes
from salutogen.panel.layouts.aligned_source import AlignedSource, Integers, places_in
from salutogen.panel.layouts.row_per_item import RowPerItem, read_items
from salutogen.panel.layouts.row_per_occasion import RowPerOccasion
from salutogen.panel.layouts.row_per_person import RowPerPerson
from salutogen.panel.readers.source_table import SourceTable

if TYPE_CHECKING:
    from salutogen.study import Study


@dataclass(frozen=True)
class PanelRows:
    """Union of the person-occasions of all sources with repeated answers.

    `places` gives for each source where its rows stand: the place of each panel row in the source
    (null where it has none), or None where the source has exactly these rows.
    """

    keys: Integers
    persons: Integers
    occasions: Integers
    places: Mapping[str, pl.Series | None]

    def place(self, source: str, values: pl.Series) -> pl.Series:
        """Put one source's column into the rows of the panel; null where it has no row."""
        index = self.places[source]
        return values if index is None else values.gather(index)


def join_rows(study: Study, aligned: Mapping[str, AlignedSource]) -> PanelRows:
    """Join the person-occasions of all sources; nothing is copied where they agree."""
    repeated = [name for name in aligned if not is_per_person(study, name)]
    every = [aligned[name].keys for name in repeated]
    places: dict[str, pl.Series | None] = dict.fromkeys(repeated)
    if every and all(np.array_equal(every[0], keys) for keys in every[1:]):
        keys = every[0]
    else:
        keys = np.unique(np.concatenate(every)) if every else np.zeros(0, dtype=np.int64)
        places = {name: places_in(aligned[name].keys, keys) for name in repeated}
    n_occasions = len(study.labels)
    return PanelRows(keys, keys // n_occasions, keys % n_occasions, places)


def align(
    study: Study, tables: Mapping[str, SourceTable], findings: Findings
) -> tuple[dict[str, AlignedSource], pl.Series]:
    """Align each source.

    Returns
    -------
    aligned : mapping of source name to AlignedSource
    subjects : Series of str
        Every person, in order of first appearance, sources with repeated answers first.
    """
    order = sorted(tables, key=lambda name: is_per_person(study, name))
    local = {
        name: person_codes(tables[name], study.plan.sources[name].person, findings)
        for name in order
    }
    subjects = pl.concat([texts for _, texts in local.values()]).unique(maintain_order=True)
    aligned: dict[str, AlignedSource] = {}
    _tell_one_sided(tables, {name: texts for name, (_, texts) in local.items()}, subjects, findings)
    for name in order:
        codes, texts = local[name]
        shared = codes if texts.len() == subjects.len() and texts.equals(subjects) else (
            _renumber(codes, texts, subjects)
        )  # fmt: skip
        aligned[name] = _layout(study, tables[name], shared, findings)
    return aligned, subjects


def _tell_one_sided(
    tables: Mapping[str, SourceTable],
    texts: Mapping[str, pl.Series],
    subjects: pl.Series,
    findings: Findings,
) -> None:
    """Say how many persons of the study each file lacks."""
    for name, known in texts.items():
        lacking = subjects.len() - known.len()
        if lacking:
            findings.tell(
                "persons-in-one-source",
                file=tables[name].label,
                lacking=Persons(lacking, of=subjects.len()),
                present=Persons(known.len(), of=subjects.len()),
                all=Persons(subjects.len()),
            )


def _renumber(codes: Codes, texts: pl.Series, subjects: pl.Series) -> Codes:
    lookup = pl.DataFrame(
        {"text": subjects, "code": pl.int_range(subjects.len(), dtype=pl.Int64, eager=True)}
    )
    joined = pl.DataFrame({"text": texts}).join(
        lookup, on="text", how="left", maintain_order="left"
    )
    numbers: NDArray[np.int64] = np.append(joined["code"].to_numpy(), -1)
    return numbers[codes]


def _layout(study: Study, table: SourceTable, persons: Codes, findings: Findings) -> AlignedSource:
    plan = study.plan.sources[table.name]
    used = [
        entry.column
        for entry in expected_columns(study, table.name)
        if entry.column in table.columns and entry.column not in (plan.person, plan.occasion)
    ]
    if plan.layout == "row-per-person":
        return RowPerPerson(table, persons, study.labels, used, plan.decimal, findings)
    if plan.layout == "row-per-item":
        return _by_item(study, table, persons, findings)
    occasions = _occasions(study, table, persons, findings)
    return RowPerOccasion(
        table, persons, occasions, len(study.labels), used, plan.decimal, findings
    )


def _by_item(study: Study, table: SourceTable, persons: Codes, findings: Findings) -> AlignedSource:
    plan = study.plan.sources[table.name]
    here = instruments_of(study, table.name)
    once = {c for i in here if i.measured == "baseline" for c in i.columns.values()}
    repeated = {c for i in here if i.measured == "repeated" for c in i.columns.values()}
    items, names = read_items(table, plan.item or ITEM, findings)
    is_once = np.array([name in once for name in names] + [False])[items]
    occasions = _occasions(study, table, persons, findings, exempt=is_once)
    return RowPerItem(
        table, plan, persons, occasions, len(study.labels), items, names, repeated, findings
    )


def _occasions(
    study: Study,
    table: SourceTable,
    persons: Codes,
    findings: Findings,
    exempt: NDArray[np.bool_] | None = None,
) -> Codes:
    column = study.plan.sources[table.name].occasion
    if column is not None:
        return occasion_codes(table, column, study.labels, findings, exempt)
    if len(study.labels) > 1 and not is_per_person(study, table.name):
        findings.tell("occasion-not-named", file=table.label, source=table.name)
    return np.zeros(persons.size, dtype=np.int64)
