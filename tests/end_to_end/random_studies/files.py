"""Files as people have them: delimiters, encodings, rows around the header, short rows, formats."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl
import pyreadstat

from tests.end_to_end.random_studies.drawing import Lot
from tests.end_to_end.random_studies.layouts import Table
from tests.end_to_end.random_studies.plan import HABITS, Plan
from tests.panel.test_typed_files import write_xlsx

SUFFIXES = (".csv",) * 12 + (".tsv", ".xlsx", ".sav", ".dta", ".parquet", ".zsav")
STATISTICS = (".sav", ".zsav", ".dta")
ENCODINGS = ("utf-8",) * 10 + ("utf-8-sig", "utf-16", "utf-16-le", "cp1252", "cp1252 named")
PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,30}")  # a name that SPSS and Stata take
RESERVED = {"all", "and", "by", "eq", "ge", "gt", "le", "lt", "ne", "not", "or", "to", "with",
            "if", "in", "int", "float", "double", "byte", "long", "str", "using"}  # fmt: skip
TITLES = ("Data of the study", "", "exported 2024-05-01; by hand")


@dataclass(frozen=True, kw_only=True)
class Text:
    """How the text files of a source are written.

    Attributes
    ----------
    delimiter : str
    announced : bool
        Whether a first line tells the delimiter, as spreadsheets have it.
    comma : bool
        Whether decimals stand behind a comma.
    encoding : str
    above, further : int
        Rows above the header, and rows of it behind the first.
    ragged : bool
        Whether blank cells at the end of a row are left out.
    """

    delimiter: str
    announced: bool
    comma: bool
    encoding: str
    above: int
    further: int
    ragged: bool


def write_files(plan: Plan, tables: dict[str, Table], folder: Path, lot: Lot) -> None:
    """Write every table to a file; what must be said of it goes into the study file."""
    delimiter = lot.one(",", ",", ";", "\t")
    own = lot.apart(HABITS + 4)
    for name, table in tables.items():
        source = plan.values["sources"][name]
        suffix = own.one(*SUFFIXES)
        parts = table if isinstance(table, dict) else {None: table}
        every = [column for part in parts.values() for column in part.columns]
        refused = suffix in STATISTICS and not _fits_statistics(every)
        if refused or (suffix == ".tsv" and delimiter != "\t"):
            suffix = ".csv"
        text = _how(source, delimiter, suffix, own)
        if not _can_hold(text.encoding, parts.values()):
            text = replace(text, encoding="utf-8")
            source.pop("encoding", None)
        for label, part in parts.items():
            stem = name if label is None else f"{name} {label}"
            path = folder / f"{stem}{suffix}"
            _write(_with_notes(plan, part, own), path, text, own)
            if label is None:
                source["file"] = own.one(path.name, path.name, stem)
            else:
                source["files"][label] = own.one(path.name, stem)


def _how(source: dict[str, Any], delimiter: str, suffix: str, lot: Lot) -> Text:
    """Draw how a source's text files are written, and say of it what cannot be found."""
    encoding, named = lot.one(*ENCODINGS).partition(" ")[::2]
    above = lot.one(*((0,) * 14), 1, 3)
    further = lot.one(*((0,) * 14), 1, 2)
    if suffix in (*STATISTICS, ".parquet"):
        named, above, further = "", 0, 0
    if suffix == ".xlsx":
        named = ""
    if named:
        source["encoding"] = encoding
    if above:
        source["skip_rows"] = above
    if further:
        source["header_rows"] = 1 + further
    if lot.chance(0.1):
        source["delimiter"] = delimiter
    comma = suffix in (".csv", ".tsv") and delimiter in ";\t" and lot.chance(0.3)
    if comma and lot.chance(0.3):
        source["decimal"] = ","
    announced = not above and delimiter in ",;" and lot.chance(0.06)
    return Text(
        delimiter=delimiter,
        announced=announced,
        comma=comma,
        encoding=encoding,
        above=above,
        further=further,
        ragged=lot.chance(0.08),
    )


def _with_notes(plan: Plan, table: pl.DataFrame, lot: Lot) -> pl.DataFrame:
    """Add a column that the study does not speak of, and mix the rows, now and then."""
    if lot.chance(0.1) and not plan.habits.duplicates:
        table = table[lot.rng.permutation(table.height).tolist()]
    if not lot.chance(0.15) or "notes" in table.columns:
        return table
    words = ("", "said: “fine”, then left", "5; 6", 'a "quoted" word', "Grüße", "two\nlines")
    notes = pl.Series([lot.one(*words) for _ in range(table.height)], dtype=pl.String)
    columns = table.to_dict()
    pairs = list(columns.items())
    pairs.insert(lot.whole(0, len(pairs)), ("notes", notes))
    return pl.DataFrame(dict(pairs))


def _write(table: pl.DataFrame, path: Path, text: Text, lot: Lot) -> None:
    if path.suffix in (".csv", ".tsv"):
        _write_text(table, path, text, lot)
    elif path.suffix == ".xlsx":
        write_xlsx(path, _around(_typed(table), text))
    elif path.suffix == ".parquet":
        _typed(table).write_parquet(path)
    elif path.suffix == ".dta":
        pyreadstat.write_dta(_typed(table).to_pandas(), str(path))
    else:
        pyreadstat.write_sav(_typed(table).to_pandas(), str(path), compress=path.suffix == ".zsav")


def _around(table: pl.DataFrame, text: Text) -> pl.DataFrame:
    """Put further rows of the header under the names; rows above them become the names."""
    rows = [tuple(f"What {name}?" for name in table.columns)] * text.further
    rows += [tuple(row) for row in table.iter_rows()]
    names = list(table.columns)
    for place in range(text.above):
        rows.insert(0, tuple(names))
        titles = [f"{TITLES[0]} {text.above - place}", *[None] * (len(names) - 1)]
        names = [title or f"@{number}" for number, title in enumerate(titles)]
    if not text.above and not text.further:
        return table
    return pl.DataFrame(rows, schema=names, orient="row", strict=False, infer_schema_length=None)


def _write_text(table: pl.DataFrame, path: Path, text: Text, lot: Lot) -> None:
    """Write delimited text."""
    held = io.StringIO(newline="")
    if text.announced:
        held.write(f"sep={text.delimiter}\n")
    for place in range(text.above):
        held.write(f"{TITLES[place % len(TITLES)]}\n")
    writer = csv.writer(held, delimiter=text.delimiter, lineterminator=lot.one("\n", "\r\n"))
    writer.writerow(table.columns)
    for _ in range(text.further):
        writer.writerow([f"What {name}?" for name in table.columns])
    for row in table.iter_rows():
        cells = ["" if cell is None else str(cell) for cell in row]
        if text.comma:
            cells = [re.sub(r"^(-?\d+)\.(\d+)$", r"\1,\2", cell) for cell in cells]
        while text.ragged and len(cells) > 1 and cells[-1] == "" and lot.chance(0.9):
            cells.pop()
        writer.writerow(cells)
    path.write_bytes(held.getvalue().encode(text.encoding))


def _can_hold(encoding: str, tables: Iterable[pl.DataFrame]) -> bool:
    """Whether an encoding has every sign of these tables."""
    for table in tables:
        try:
            table.write_csv().encode(encoding)
        except UnicodeEncodeError:
            return False
    return True


def _typed(table: pl.DataFrame) -> pl.DataFrame:
    """Columns of numbers as numbers, the others as text, blank cells as null."""
    found: dict[str, pl.Series] = {}
    for name, cells in table.to_dict().items():
        known = pl.Series([cell or None for cell in cells], dtype=pl.String)
        numbers = known.cast(pl.Float64, strict=False)
        leading = any(cell and re.match(r"^0\d", cell) for cell in known)
        if numbers.null_count() > known.null_count() or leading:
            found[name] = known
        else:
            whole = bool((numbers.drop_nulls() == numbers.drop_nulls().round(0)).all())
            found[name] = numbers.cast(pl.Int64) if whole else numbers
    return pl.DataFrame(found)


def _fits_statistics(names: list[str]) -> bool:
    """Whether SPSS and Stata take these names of columns."""
    lower = {name.lower() for name in names}
    return (
        all(PLAIN.fullmatch(name) for name in names)
        and not lower & RESERVED
        and len(lower) == len(set(names))
    )
