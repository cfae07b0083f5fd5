"""Every output column with its unit, sign and meaning: `codebook.csv` and the docs page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from salutogen.columns import Column, declared

SIGN = "positive = over-reactive = less resilient"
POINTS = "points of P"


@dataclass(frozen=True, slots=True)
class OutputColumn:
    """One column of one output file; `<type>` or `<name>` stands for a name from the study file."""

    file: str
    column: str
    unit: str
    meaning: str
    sign: str = ""


def _same(files: tuple[str, ...], *columns: tuple[str, str, str, str]) -> list[OutputColumn]:
    return [
        OutputColumn(file, name, unit, meaning, sign)
        for file in files
        for name, unit, meaning, sign in columns
    ]


_LEVELS = ("scores.csv", "windows.csv", "person.csv", "phases.csv")
_LINED = ("scores.csv", "person.csv")

OUTPUT_COLUMNS: tuple[OutputColumn, ...] = (
    *_same(
        _LEVELS,
        ("subject", "text", "Person, as written in the data", ""),
        ("E", "points of E", "Stressor exposure at this level", "higher = more exposed"),
        ("P", POINTS, "Mental-health problems at this level", "higher = more problems"),
        ("E_<type>", "points of its list", "Exposure of one type", "higher = more exposed"),
        (
            "SR_<type>",
            POINTS,
            "SR given one exposure type alone, from a line of its own",
            SIGN,
        ),
        ("extrapolated", "true/false", "E lies outside the range the line was fitted on", ""),
    ),
    *_same(
        _LINED,
        ("P_expected", POINTS, "Problems that the line expects at this exposure", ""),
        ("SR", POINTS, "Stressor reactivity: observed minus expected problems", SIGN),
        ("SR_z", "residual SDs", "SR divided by the residual SD of its line", SIGN),
        ("SR_se", POINTS, "Standard error of SR: uncertainty of the line and of the answers", ""),
        ("SR_low", POINTS, "Lower end of the 95 % interval of SR", SIGN),
        ("SR_high", POINTS, "Upper end of the 95 % interval of SR", SIGN),
    ),
    *_same(
        ("windows.csv", "person.csv", "phases.csv"),
        ("n_valid", "occasions", "Valid occasions (both E and P present) averaged here", ""),
    ),
    *_same(
        ("windows.csv", "phases.csv"),
        ("SR_frozen", POINTS, "SR from the reference line, the same for every period", SIGN),
        ("SR_refit", POINTS, "SR from this period's own line", SIGN),
        ("SR_frozen_z", "residual SDs", "SR_frozen divided by its line's residual SD", SIGN),
        ("SR_refit_z", "residual SDs", "SR_refit divided by its line's residual SD", SIGN),
        ("time", "days", "Centre of the period", ""),
        ("first_occasion", "label", "First occasion of the period", ""),
        ("last_occasion", "label", "Last occasion of the period", ""),
    ),
    OutputColumn("windows.csv", "window", "number", "Window, counted from 1"),
    OutputColumn(
        "phases.csv", "SR_common", POINTS, "SR from the person line, the same for all phases", SIGN
    ),
    OutputColumn("phases.csv", "phase", "label", "Named phase of the study file"),
    OutputColumn("scores.csv", "occasion", "label", "Occasion, as labelled in the plan"),
    OutputColumn("scores.csv", "time", "days", "Time of the answers (dates: since 1970-01-01)"),
    OutputColumn("scores.csv", "valid", "true/false", "Both E and P are present"),
    OutputColumn("scores.csv", "P_prorated", "true/false", "P was prorated from valid items"),
    OutputColumn("scores.csv", "P_low", POINTS, "P with every skipped item at its minimum"),
    OutputColumn("scores.csv", "P_high", POINTS, "P with every skipped item at its maximum"),
    OutputColumn(
        "scores.csv", "E_skipped", "true/false", "A skipped checklist item was counted as 0"
    ),
    OutputColumn("scores.csv", "E_low", "points of E", "E with every skipped item at 0"),
    OutputColumn("scores.csv", "E_high", "points of E", "E with every skipped item at maximum"),
)


def codebook(
    tables: Mapping[str, pl.DataFrame],
    types: tuple[str, ...],
    more: Mapping[str, Sequence[Column]] | None = None,
) -> pl.DataFrame:
    """Describe each column of each output table.

    Parameters
    ----------
    tables : mapping of file name to DataFrame
        Row-level tables as they are written.
    types : tuple of str
        Exposure types, which name the columns `E_<type>` and `SR_<type>`.
    more : mapping of file name to Columns
        Columns of files that analyses write.
    """
    known = {(entry.file, entry.column): entry for entry in OUTPUT_COLUMNS}
    rows = []
    for file, table in tables.items():
        for column in table.columns:
            if more and file in more:
                rows.append(_declared(file, column, more[file]))
            else:
                rows.append(_describe(file, column, known, types))
    return pl.DataFrame(
        rows, schema=["file", "column", "unit", "sign", "meaning"], orient="row"
    ).cast(pl.String)


def _declared(file: str, column: str, columns: Sequence[Column]) -> tuple[str, str, str, str, str]:
    found = declared(column, columns)
    if found is None:
        return file, column, "", "", ""
    return file, column, found.unit, found.sign, found.meaning


def _describe(
    file: str,
    column: str,
    known: Mapping[tuple[str, str], OutputColumn],
    types: tuple[str, ...],
) -> tuple[str, str, str, str, str]:
    entry = known.get((file, column))
    if entry is None:
        for prefix in ("E_", "SR_"):
            if column.removeprefix(prefix) in types and column.startswith(prefix):
                entry = known.get((file, f"{prefix}<type>"))
    if entry is None:
        return (file, column, "as in the data", "", "Factor or scale of the study file")
    return (file, column, entry.unit, entry.sign, entry.meaning)
