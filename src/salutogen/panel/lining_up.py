"""Line every source up by person and occasion, with one numbering of persons for all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.panel.aligned import Aligned
from salutogen.panel.collecting import Gathering
from salutogen.panel.locating import nearest
from salutogen.panel.persons import Codes, occasion_codes, person_codes
from salutogen.panel.row_per_occasion import RowPerOccasion
from salutogen.panel.tables import SourceTable
from salutogen.panel.wanted import is_per_person, person_columns, wanted_columns

if TYPE_CHECKING:
    from salutogen.study import Study


def check_columns(study: Study, tables: Mapping[str, SourceTable], gathering: Gathering) -> bool:
    """Refuse missing columns with the nearest name; tell whether lining up can go on."""
    usable = True
    for name, table in tables.items():
        have = set(table.columns)
        plan = study.plan.sources[name]
        needed = {plan.person, plan.occasion, plan.item, plan.value}
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
    for _, column, given, _, path in person_columns(study):
        if given is None and len(tables) > 1:
            everywhere = [known for table in tables.values() for known in table.columns]
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
    for name in order:
        codes, texts = local[name]
        shared = codes if texts.len() == subjects.len() and texts.equals(subjects) else (
            _renumber(codes, texts, subjects)
        )  # fmt: skip
        aligned[name] = _layout(study, tables[name], shared, gathering)
    return aligned, subjects


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
    if plan.occasion is not None:
        occasions = occasion_codes(table, plan.occasion, study.labels, gathering)
    else:
        occasions = np.zeros(persons.size, dtype=np.int64)
        if len(study.labels) > 1 and not is_per_person(study, table.name):
            gathering.add(
                "occasion-not-named",
                f"The source {table.name!r} has one row per occasion, but the study file names no "
                "column with the occasion.",
                file=table.label,
            )
    return RowPerOccasion(
        table, persons, occasions, len(study.labels), used, plan.decimal, gathering
    )
