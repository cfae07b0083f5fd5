"""Line every source up by person and occasion, with one numbering of persons for all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.panel.aligned import Aligned
from salutogen.panel.collecting import Gathering, counted
from salutogen.panel.locating import nearest
from salutogen.panel.persons import Codes, occasion_codes, person_codes
from salutogen.panel.row_per_item import RowPerItem, read_items
from salutogen.panel.row_per_occasion import RowPerOccasion
from salutogen.panel.row_per_person import RowPerPerson
from salutogen.panel.tables import SourceTable
from salutogen.panel.wanted import (
    ITEM,
    VALUE,
    instruments_of,
    is_per_person,
    person_columns,
    wanted_columns,
)

if TYPE_CHECKING:
    from salutogen.study import Study


def check_columns(study: Study, tables: Mapping[str, SourceTable], gathering: Gathering) -> bool:
    """Refuse missing columns with the nearest name; tell whether lining up can go on."""
    usable = True
    for name, table in tables.items():
        have = set(table.columns)
        plan = study.plan.sources[name]
        needed = {plan.person, plan.occasion}
        if plan.layout == "row-per-item":
            needed |= {plan.item or ITEM, plan.value or VALUE}
        if plan.layout == "row-per-event":
            needed |= {plan.event, plan.rating, plan.time.column if plan.time else None}
        for entry in wanted_columns(study, name):
            if entry.column in have:
                continue
            usable &= entry.column not in needed
            gathering.add(
                "column-missing",
                f"{table.label} has no column {entry.column!r}, which the study file names under "
                f"`{entry.path}`." + nearest(entry.column, table.columns),
                file=table.label,
                column=entry.column,
            )
    answers = {name: table for name, table in tables.items() if name in study.plan.answer_sources}
    for _, column, given, _, path in person_columns(study):
        if given is None and len(answers) > 1:
            everywhere = [known for table in answers.values() for known in table.columns]
            if column not in everywhere:
                gathering.add(
                    "column-missing",
                    f"No file has the column {column!r}, which the study file names under "
                    f"`{path}.column`." + nearest(column, everywhere),
                    column=column,
                )
    return usable


def line_up(
    study: Study, tables: Mapping[str, SourceTable], gathering: Gathering
) -> tuple[dict[str, Aligned], pl.Series]:
    """Line up each source.

    Returns
    -------
    aligned : mapping of source name to Aligned
    subjects : Series of str
        Every person, in order of first appearance, sources with repeated answers first.
    """
    order = sorted(tables, key=lambda name: is_per_person(study, name))
    local = {
        name: person_codes(tables[name], study.plan.sources[name].person, gathering)
        for name in order
    }
    subjects = pl.concat([texts for _, texts in local.values()]).unique(maintain_order=True)
    aligned: dict[str, Aligned] = {}
    _say_one_sided(tables, {name: texts for name, (_, texts) in local.items()}, subjects, gathering)
    for name in order:
        codes, texts = local[name]
        shared = codes if texts.len() == subjects.len() and texts.equals(subjects) else (
            _renumber(codes, texts, subjects)
        )  # fmt: skip
        aligned[name] = _layout(study, tables[name], shared, gathering)
    return aligned, subjects


def _say_one_sided(
    tables: Mapping[str, SourceTable],
    texts: Mapping[str, pl.Series],
    subjects: pl.Series,
    gathering: Gathering,
) -> None:
    """Say how many persons of the study each file lacks."""
    for name, known in texts.items():
        lacking = subjects.len() - known.len()
        if lacking:
            gathering.add(
                "persons-in-one-source",
                f"{counted(lacking, 'person')} of {subjects.len()} "
                f"{'is' if lacking == 1 else 'are'} not in {tables[name].label}, but in another "
                "file.",
                file=tables[name].label,
                numbers={"lacking": lacking, "present": known.len(), "all": subjects.len()},
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


def _layout(study: Study, table: SourceTable, persons: Codes, gathering: Gathering) -> Aligned:
    plan = study.plan.sources[table.name]
    used = [
        entry.column
        for entry in wanted_columns(study, table.name)
        if entry.column in table.columns and entry.column not in (plan.person, plan.occasion)
    ]
    if plan.layout == "row-per-person":
        return RowPerPerson(table, persons, study.labels, used, plan.decimal, gathering)
    if plan.layout == "row-per-item":
        return _by_item(study, table, persons, gathering)
    occasions = _occasions(study, table, persons, gathering)
    return RowPerOccasion(
        table, persons, occasions, len(study.labels), used, plan.decimal, gathering
    )


def _by_item(study: Study, table: SourceTable, persons: Codes, gathering: Gathering) -> Aligned:
    plan = study.plan.sources[table.name]
    here = instruments_of(study, table.name)
    once = {c for i in here if i.measured == "baseline" for c in i.columns.values()}
    repeated = {c for i in here if i.measured == "repeated" for c in i.columns.values()}
    items, names = read_items(table, plan.item or ITEM, gathering)
    is_once = np.array([name in once for name in names] + [False])[items]
    occasions = _occasions(study, table, persons, gathering, exempt=is_once)
    return RowPerItem(
        table, plan, persons, occasions, len(study.labels), items, names, repeated, gathering
    )


def _occasions(
    study: Study,
    table: SourceTable,
    persons: Codes,
    gathering: Gathering,
    exempt: NDArray[np.bool_] | None = None,
) -> Codes:
    column = study.plan.sources[table.name].occasion
    if column is not None:
        return occasion_codes(table, column, study.labels, gathering, exempt)
    if len(study.labels) > 1 and not is_per_person(study, table.name):
        gathering.add(
            "occasion-not-named",
            f"The source {table.name!r} has several rows per person, but the study file names no "
            "column with the occasion.",
            file=table.label,
        )
    return np.zeros(persons.size, dtype=np.int64)
