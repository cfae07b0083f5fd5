"""`codebook.csv`: every column of every output file, from where it is declared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from salutogen.columns import Column, declared
from salutogen.namespaces import (
    factor_column,
    part_columns,
    renamed_types,
    scale_column,
    type_column,
)
from salutogen.pipeline.items_file import ITEM_COLUMNS
from salutogen.resilience.levels import COLUMNS, TYPE
from salutogen.scores.scores import BLOCK_COLUMN
from salutogen.study import Instrument, Study

FILES: Mapping[str, tuple[Column, ...]] = {
    "scores.csv": COLUMNS["occasion"],
    "windows.csv": COLUMNS["window"],
    "person.csv": COLUMNS["person"],
    "phases.csv": COLUMNS["phase"],
    "items.csv": ITEM_COLUMNS,
}
OF_THE_STUDY = Column(name="", unit="as in the data", meaning="Factor or scale of the study file")


def codebook(
    study: Study,
    tables: Mapping[str, pl.DataFrame],
    more: Mapping[str, Sequence[Column]] | None = None,
    remarks: Mapping[str, Mapping[str, str]] | None = None,
) -> pl.DataFrame:
    """Describe each column of each output table.

    Parameters
    ----------
    study : Study
        Tells the instruments behind a score.
    tables : mapping of file name to DataFrame
        Tables as they are written.
    more : mapping of file name to Columns
        Columns of files that analyses write.
    remarks : mapping of file name to mapping of column to str
        What is to be said of single columns beside their meaning.

    Returns
    -------
    DataFrame
        `file, column, unit, sign, meaning, source, adaptations`. `source` says where a registered
        instrument and its scoring come from, with its version; `adaptations` how it differs from
        that. Both are empty for columns that are not a score of instruments.
    """
    known = {**FILES, **(more or {})}
    parts = [*parts_of_lists(study), *types_renamed(study)]
    rows = []
    for file, table in tables.items():
        for name in table.columns:
            found = declared(name, (*parts, *known[file])) or OF_THE_STUDY
            behind = instruments_behind(name, study) if file in FILES else ()
            said = (remarks or {}).get(file, {}).get(name)
            rows.append(
                (
                    file,
                    name,
                    found.unit,
                    found.sign,
                    f"{found.meaning}; {said}" if said else found.meaning,
                    _joined({one.name: one.origin for one in behind}),
                    _joined({one.name: str(one.log) for one in behind}),
                )
            )
    header = ["file", "column", "unit", "sign", "meaning", "source", "adaptations"]
    return pl.DataFrame(rows, schema=header, orient="row").cast(pl.String)


def parts_of_lists(study: Study) -> list[Column]:
    """Declare the columns of this study's parts of event lists, `E_<type>_<block>`."""
    columns = _part_columns(study)
    return [
        replace(
            BLOCK_COLUMN,
            name=columns[name, block],
            meaning=f"Exposure from part of {name}: {block}, {len(items)} "
            f"item{'s' if len(items) != 1 else ''}",
        )
        for name in study.exposure_types
        for block, items in study.instruments[name].blocks.items()
    ]


def types_renamed(study: Study) -> list[Column]:
    """Declare the columns of types that cannot stand as `E_<type>` and `SR_<type>`."""
    plain = {item.name.partition("_")[0]: item for item in COLUMNS["person"] if TYPE in item.name}
    return [
        replace(plain[column.partition("_")[0]], name=column,
                meaning=f"{plain[column.partition('_')[0]].meaning}: {name}")
        for name, columns in renamed_types(study.exposure_types).items()
        for column in columns
    ]  # fmt: skip


def _part_columns(study: Study) -> dict[tuple[str, str], str]:
    types = study.exposure_types
    parts = [(name, block) for name in types for block in study.instruments[name].blocks]
    return part_columns(parts, types)


def instruments_behind(column: str, study: Study) -> tuple[Instrument, ...]:
    """Instruments whose score a column is; none for columns made of something else."""
    types, problems = study.exposure_types, study.problems.instruments
    made_of: dict[str, tuple[str, ...]] = {"P": problems, "E": types}
    made_of |= {scale_column(name, problems): (name,) for name in problems}
    made_of |= {type_column(name, types): (name,) for name in types}
    made_of |= {made: (name,) for (name, _), made in _part_columns(study).items()}
    made_of |= {factor_column(name): (name,) for name in study.plan.factors}
    return tuple(study.instruments[name] for name in made_of.get(column, ()))


def _joined(told: Mapping[str, str]) -> str:
    """Write what is told of one instrument, or of several with their names."""
    said = {name: words for name, words in told.items() if words}
    if len(told) == 1:
        return next(iter(said.values()), "")
    return " | ".join(f"{name}: {words}" for name, words in said.items())
