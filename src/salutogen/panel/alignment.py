"""Align every source by person and occasion, with one numbering of persons for all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.findings import Findings, Persons, listed
from salutogen.panel.alike import tell_similar_ids
from salutogen.panel.complete_forms import without_open_forms
from salutogen.panel.days_as_occasions import day_codes
from salutogen.panel.expected_columns import (
    ITEM,
    answer_columns,
    expected_columns,
    instruments_of,
    is_per_person,
)
from salutogen.panel.identifiers import Codes, blank_rows, occasion_codes, person_codes
from salutogen.panel.layouts.aligned_source import AlignedSource, Integers, places_in
from salutogen.panel.layouts.duplicates import CopyRules
from salutogen.panel.layouts.file_per_occasion import FilePerOccasion
from salutogen.panel.layouts.row_per_item import RowPerItem, read_items
from salutogen.panel.layouts.row_per_occasion import RowPerOccasion
from salutogen.panel.layouts.row_per_person import RowPerPerson
from salutogen.panel.meant_rows import meant_rows
from salutogen.panel.numeric import is_blank
from salutogen.panel.readers.source_table import SourceTable
from salutogen.panel.sources import Tables
from salutogen.study.instruments.instrument import columns_at

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
    study: Study, tables: Tables, findings: Findings
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
        name: [
            person_codes(table, study.plan.sources[name].person_columns, findings)
            for table in tables[name]
        ]
        for name in order
    }
    columns = {name: study.plan.sources[name].person_columns for name in order}
    tell_similar_ids(tables, columns, local, findings)
    subjects = pl.concat([texts for parts in local.values() for _, texts in parts]).unique(
        maintain_order=True
    )
    _tell_one_sided(tables, local, subjects, findings)
    aligned: dict[str, AlignedSource] = {}
    for name in order:
        handed_in = without_open_forms(study, tables[name], findings)
        parts = [
            _layout(study, table, _shared(codes, texts, subjects), findings)
            for table, (codes, texts) in zip(handed_in, local[name], strict=True)
        ]
        aligned[name] = parts[0] if len(parts) == 1 else FilePerOccasion(parts)
    return aligned, subjects


def _tell_one_sided(
    tables: Tables,
    local: Mapping[str, Sequence[tuple[Codes, pl.Series]]],
    subjects: pl.Series,
    findings: Findings,
) -> None:
    """Say how many persons of the study each source lacks."""
    for name, parts in local.items():
        known = pl.concat([texts for _, texts in parts]).n_unique()
        lacking = subjects.len() - known
        if lacking:
            findings.tell(
                "persons-in-one-source",
                file=listed([table.label for table in tables[name]]),
                lacking=Persons(lacking, of=subjects.len()),
                present=Persons(known, of=subjects.len()),
                all=Persons(subjects.len()),
            )


def _shared(codes: Codes, texts: pl.Series, subjects: pl.Series) -> Codes:
    """Number the persons of one table as all of them are numbered."""
    same = texts.len() == subjects.len() and texts.equals(subjects)
    return codes if same else _renumber(codes, texts, subjects)


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
    if plan.layout == "row-per-item":
        return _by_item(study, table, persons, findings)
    if plan.layout == "row-per-person" or table.occasion is not None:
        labels = study.labels if table.occasion is None else (table.occasion,)
        places = [study.labels.index(label) for label in labels]
        rules = _copy_rules(study, table, "person")
        number = len(study.labels)
        return RowPerPerson(table, persons, labels, places, number, rules, plan.decimal, findings)
    meant = meant_rows(table, plan.only, findings)
    occasions = _occasions_of(study, table, persons, meant, findings)
    outside = np.flatnonzero((occasions < 0) & meant)
    if outside.size:
        _tell_without_occasion(table, outside[_unanswered(study, table, outside)], findings)
    rules = _copy_rules(study, table, "occasion")
    return RowPerOccasion(
        table, persons, occasions, len(study.labels), rules, plan.decimal, findings
    )


def _copy_rules(study: Study, table: SourceTable, what: Literal["person", "occasion"]) -> CopyRules:
    """What to do with rows of the same person or the same person and occasion."""
    plan = study.plan.sources[table.name]
    have = set(table.columns)
    keys = {*plan.person_columns, *(plan.occasion_columns if what == "occasion" else ())}
    expected = expected_columns(study, table.name, table.occasion)
    used = [one.column for one in expected if one.column in have and one.column not in keys]
    items = {
        column
        for instrument in instruments_of(study, table.name)
        for pattern in instrument.columns.values()
        for column in columns_at(pattern, study.labels)
    }
    times = set(columns_at(plan.time.column, study.labels)) if plan.time else set()
    return CopyRules(
        what=what,
        differing=plan.duplicates,
        used=used,
        answers=[column for column in used if column in items] or used,
        apart=[column for column in table.columns if column not in keys | items | times],
        person=plan.person_columns,
        occasion=plan.occasion_columns if what == "occasion" else (),
    )


def _by_item(study: Study, table: SourceTable, persons: Codes, findings: Findings) -> AlignedSource:
    plan = study.plan.sources[table.name]
    here = instruments_of(study, table.name)
    once = {c for i in here if i.measured == "baseline" for c in i.columns.values()}
    repeated = {c for i in here if i.measured == "repeated" for c in i.columns.values()}
    items, names = read_items(table, plan.item or ITEM, findings)
    is_once = np.array([name in once for name in names] + [False])[items]
    occasions = _occasions(study, table, findings, lambda rows: is_once[rows])
    scales = [tuple(one.columns.values()) for one in here]
    return RowPerItem(
        table, plan, persons, occasions, len(study.labels), items, names, repeated, scales, findings
    )


def _unanswered(study: Study, table: SourceTable, rows: Codes) -> NDArray[np.bool_]:
    """Tell which rows hold no answer to a repeated instrument, so that they need no occasion."""
    empty = np.ones(rows.size, dtype=bool)
    for column in answer_columns(study, table.name, table.occasion):
        if column in table.columns and empty.any():
            empty &= is_blank(table.column(column).gather(pl.Series(rows))).to_numpy()
    return empty


def _tell_without_occasion(table: SourceTable, rows: Codes, findings: Findings) -> None:
    """Say how many rows belong to no occasion and describe the person alone."""
    held = rows[~blank_rows(table, rows)] if rows.size else rows
    if held.size:
        findings.tell(
            "rows-without-occasion",
            file=table.label,
            rows=[int(row) + 1 for row in held[:10]],
            n_rows=int(held.size),
        )


def _occasions_of(
    study: Study,
    table: SourceTable,
    persons: Codes,
    meant: NDArray[np.bool_],
    findings: Findings,
) -> Codes:
    """Place of each row's occasion in the plan; -1 for rows that are not meant."""
    if study.plan.sources[table.name].occasion_by is not None:
        every = np.arange(table.n_rows)
        answered = ~_unanswered(study, table, every)
        return day_codes(study, table, persons, meant, answered, findings)
    if meant.all():
        return _occasions(study, table, findings, lambda rows: _unanswered(study, table, rows))
    named = _occasions(
        study, table, findings, lambda rows: ~meant[rows] | _unanswered(study, table, rows)
    )
    return np.where(meant, named, -1)


def _occasions(
    study: Study,
    table: SourceTable,
    findings: Findings,
    exempt: Callable[[Codes], NDArray[np.bool_]],
) -> Codes:
    """Place of each row's occasion in the plan; rows that are exempt may name none."""
    columns = study.plan.sources[table.name].occasion_columns
    if table.occasion is not None:
        return np.full(table.n_rows, study.labels.index(table.occasion), dtype=np.int64)
    if columns:
        return occasion_codes(table, columns, study.labels, findings, exempt)
    if len(study.labels) > 1 and not is_per_person(study, table.name):
        findings.tell("occasion-not-named", file=table.label, source=table.name)
    return np.zeros(table.n_rows, dtype=np.int64)
