"""Simulated answers as files: in blocks, so that memory does not grow with persons."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import polars as pl
from polars.io.plugins import register_io_source

from salutogen.errors import SimulationError
from salutogen.findings import finding
from salutogen.study.format import Source

Format = Literal["parquet", "csv"]
ROW_GROUP = 262_144
TRUTH = "truth"
_WRITTEN = {".parquet": "parquet", ".csv": "csv", ".tsv": "csv"}


def source_file(name: str, source: Source, file_format: Format) -> tuple[str, Format]:
    """File name of a source and the format it is written in.

    A suffix in the study file is kept; without one the format asked for decides.

    Raises
    ------
    SimulationError
        The suffix belongs to a format that is not written, or the file lies outside the folder.
    """
    stated = source.file or name
    if Path(stated).is_absolute() or ".." in Path(stated).parts:
        raise SimulationError([finding("simulation-file-outside", source=name, stated=stated)])
    suffix = Path(stated).suffix.lower()
    if suffix in _WRITTEN:
        return stated, "parquet" if suffix == ".parquet" else "csv"
    if suffix in {".sav", ".zsav", ".dta", ".xlsx", ".xls", ".ods", ".feather", ".arrow"}:
        raise SimulationError([finding("simulation-file-format", source=name, stated=stated)])
    return f"{stated}.{file_format}", file_format


def prepare_folder(out: Path) -> None:
    """Make the folder, or make sure that all it holds was simulated.

    Raises
    ------
    SimulationError
        It holds something and no earlier simulation's truth.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        if not (out / TRUTH / "parameters.json").is_file():
            raise SimulationError([finding("simulation-output-in-use", file=out.name)])
        _remove_earlier(out)
    (out / TRUTH).mkdir(parents=True, exist_ok=True)


def _remove_earlier(out: Path) -> None:
    """Remove the files that the earlier simulation lists as its own."""
    earlier = json.loads((out / TRUTH / "parameters.json").read_text(encoding="utf-8"))
    for name in earlier.get("files", []):
        target = (out / name).resolve()
        if target.is_relative_to(out.resolve()) and target.is_file():
            target.unlink()


def write_table(
    blocks: Iterator[pl.DataFrame], path: Path, file_format: Format, source: Source
) -> None:
    """Write one source's tables, one after the other, into one file.

    The file gets its name only when it is complete.
    """
    first = next(blocks)

    def produce(
        with_columns: list[str] | None,
        predicate: pl.Expr | None,
        n_rows: int | None,
        batch_size: int | None,
    ) -> Iterator[pl.DataFrame]:
        yield first
        yield from blocks

    path.parent.mkdir(parents=True, exist_ok=True)
    frame = register_io_source(produce, schema=first.schema)
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        if file_format == "parquet":
            frame.sink_parquet(
                unfinished, compression="zstd", compression_level=1, row_group_size=ROW_GROUP
            )
        else:
            frame.sink_csv(
                unfinished,
                separator=source.delimiter or ("\t" if path.suffix == ".tsv" else ","),
                decimal_comma=source.decimal == ",",
            )
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def write_truth(out: Path, persons: pl.DataFrame, parameters: Mapping[str, Any]) -> None:
    """Write `truth/persons.csv` and `truth/parameters.json`."""
    persons.write_csv(out / TRUTH / "persons.csv", float_precision=6)
    text = json.dumps(parameters, indent=2, sort_keys=True, ensure_ascii=False)
    (out / TRUTH / "parameters.json").write_text(text + "\n", encoding="utf-8")
