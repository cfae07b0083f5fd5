"""Write an output folder: complete or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from salutogen.analyses.labelled import identified
from salutogen.analyses.plain_data import DIGITS, to_plain
from salutogen.context import Progress
from salutogen.findings import Finding
from salutogen.norm.norm_for_others import norm_for
from salutogen.page.drawing_processes import DrawingProcesses
from salutogen.page.section import Table
from salutogen.page.small_counts import hide_small, with_few_digits
from salutogen.page.words import cell
from salutogen.pipeline.codebook import codebook
from salutogen.pipeline.manifest import manifest
from salutogen.pipeline.output_folder import write_folder
from salutogen.pipeline.results_json import results_for
from salutogen.report.report import Report
from salutogen.resilience.levels import POSITIONS

if TYPE_CHECKING:
    from salutogen.analyses.contract import ResultFile
    from salutogen.analyses.running import Outcome
    from salutogen.page.audience import Audience
    from salutogen.pipeline.results import Results

NORM_DIGITS = 16  # another study must get the same scores from the file
ROWS_FOR_PARQUET = 1_000_000
ROWS_AT_ONCE = 250_000


def write_results(
    results: Results,
    out: Path,
    *,
    force: bool,
    progress: Progress,
    drawing: DrawingProcesses | None = None,
) -> Path:
    """Write every file of a run into a sibling folder, then move it into place.

    Returns
    -------
    Path
        The output folder.

    Raises
    ------
    ReportError
        The folder may not be replaced, or cannot be written; `out` is then as it was.
    """

    def fill(folder: Path) -> None:
        progress("report", 5, 7)
        _write_report(results.report(drawing), folder)
        progress("files", 6, 7)
        _write_files(results, folder)

    return write_folder(out, fill, force=force)


def _write_report(report: Report, folder: Path) -> None:
    (folder / "report.html").write_text(report.html, encoding="utf-8", newline="\n")
    for name, figure in report.figures.items():
        target = folder / "figures"
        target.mkdir(exist_ok=True)
        (target / f"{name}.svg").write_bytes(figure.svg)
        (target / f"{name}.png").write_bytes(figure.png)
    (folder / "tables").mkdir()
    for name, table in report.tables.items():
        write_csv(table, folder / "tables" / f"{name}.csv")


def _write_files(results: Results, folder: Path) -> None:
    tables: dict[str, pl.DataFrame] = {
        "scores.csv": results.scores,
        "windows.csv": results.windows,
        "person.csv": results.persons,
    }
    if results.resilience.phases.height:
        tables["phases.csv"] = results.resilience.phases
    tables = {name: table.drop(*POSITIONS, strict=False) for name, table in tables.items()}
    for name, table in tables.items():
        write_csv(table, folder / name)
    if results.scores.height > ROWS_FOR_PARQUET:
        tables["scores.csv"].write_parquet(folder / "scores.parquet")
    extra = files_of(results.analyses)
    persons, audience = results.panel.persons, results.context.audience
    for name, file in extra.items():
        tables[name] = identified(_told_table(file, audience), persons, audience)
        write_csv(tables[name], folder / name)
    columns = {name: file.columns for name, file in extra.items()}
    described = codebook(tables, columns)
    write_csv(described, folder / "codebook.csv")
    content, told = results_for(results)
    write_json(content, folder / "results.json")
    norm, left_out = norm_for(results.norm, audience)
    norm = results.panel.identifiers.plain(norm)
    write_json(norm, folder / "norm.json", digits=NORM_DIGITS)
    findings: list[Finding] = [*results.told_findings, *told, *left_out]
    write_json([item.to_dict() for item in findings], folder / "findings.json")
    outputs = [path for path in folder.rglob("*") if path.is_file()]
    made = manifest(
        _told_origin(results.provenance, audience),
        folder,
        outputs,
        individuals=results.study.plan.report.individuals,
        personal_files=[name for name, file in extra.items() if file.personal],
    )
    write_json(made, folder / "manifest.json")


def _told_table(file: ResultFile, audience: Audience) -> pl.DataFrame:
    """Return an analysis's file; one that is no personal data hides what the page hides."""
    if audience.individuals or file.personal:
        return file.table
    table = Table(name="file", title="", frame=file.table, columns=file.columns)
    return with_few_digits(hide_small(table, audience), audience).frame


def _told_origin(origin: Mapping[str, Any], audience: Audience) -> dict[str, Any]:
    """Leave out a number of rows of an input that few persons lack or have."""
    inputs = [
        {**item, "rows": None if audience.hides(item["rows"]) else item["rows"]}
        for item in origin["inputs"]
    ]
    return {**origin, "inputs": inputs}


def files_of(outcomes: Sequence[Outcome]) -> dict[str, ResultFile]:
    """Tables of all analyses by file name.

    A name that an earlier analysis already uses gets the later analysis's place in front; capitals
    do not tell names apart, since some machines' folders do not.
    """
    found: dict[str, ResultFile] = {}
    for place, outcome in enumerate(outcomes, start=1):
        for name, file in outcome.files.items():
            while name.lower() in {used.lower() for used in found}:
                name = f"{place}-{name}"
            found[name] = file
    return found


def write_json(content: Mapping[str, Any] | list[Any], path: Path, *, digits: int = DIGITS) -> None:
    """Write JSON with two spaces, real characters and no NaN."""
    text = json.dumps(to_plain(content, digits), indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def write_csv(table: pl.DataFrame, path: Path) -> None:
    """Write a table as CSV: UTF-8, floats with ten significant digits, missing values empty.

    What CSV has no form for, such as lists, is written as words. A long table is made ready part
    by part, so that it never stands in memory twice.
    """
    with path.open("wb") as file:
        for start in range(0, max(table.height, 1), ROWS_AT_ONCE):
            part = _for_csv(table.slice(start, ROWS_AT_ONCE))
            part.write_csv(file, include_header=start == 0)


def _for_csv(table: pl.DataFrame) -> pl.DataFrame:
    floats = [name for name, kind in table.schema.items() if kind.is_float()]
    rounded = table.with_columns(
        pl.when(pl.col(name).is_finite()).then(pl.col(name)).round_sig_figs(DIGITS).alias(name)
        for name in floats
    )
    nested = [name for name, kind in table.schema.items() if kind.is_nested() or kind == pl.Object]
    in_words = [
        pl.Series(name, [None if item is None else cell(item) for item in table[name].to_list()])
        for name in nested
    ]
    return rounded.with_columns(in_words)
