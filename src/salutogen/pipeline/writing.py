"""Write an output folder: complete or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from salutogen.analyses.labelled import identified
from salutogen.analyses.plain_data import DIGITS, to_plain
from salutogen.context import Progress
from salutogen.findings import Finding
from salutogen.norm.norm_for_others import norm_for
from salutogen.page.section import Table
from salutogen.page.small_counts import as_told
from salutogen.pipeline.codebook import codebook
from salutogen.pipeline.csv_files import Texts
from salutogen.pipeline.items_file import items_table
from salutogen.pipeline.level_tables import LevelTables, tables_beside, write_parquet
from salutogen.pipeline.manifest import manifest
from salutogen.pipeline.results_json import results_for
from salutogen.report.report import Report

if TYPE_CHECKING:
    import polars as pl

    from salutogen.analyses.contract import ResultFile
    from salutogen.analyses.running import Outcome
    from salutogen.page.audience import Audience
    from salutogen.page.drawing_processes import DrawingProcesses
    from salutogen.pipeline.output_folder import OutputFolder
    from salutogen.pipeline.results import Results

NORM_DIGITS = 16  # another study must get the same scores from the file


def write_results(
    results: Results,
    place: OutputFolder,
    progress: Progress,
    *,
    drawing: DrawingProcesses | None = None,
    verbatim: bool = False,
    tables: LevelTables | None = None,
) -> Results:
    """Write every file of a run into a sibling folder, then move it into place.

    Parameters
    ----------
    results : Results
    place : OutputFolder
        As claimed before the run.
    progress : callable
        Told `("files", 7, 7)` as soon as the folder has its place.
    drawing : DrawingProcesses, optional
        Drawing processes that are started already.
    verbatim : bool, default False
        Keep texts in CSV files to the letter.
    tables : LevelTables, optional
        What writes the tables of levels into the place already.

    Returns
    -------
    Results
        The same, with what drawing and writing found among the findings.

    Raises
    ------
    ReportError
        The folder may not be replaced, or cannot be written; it is then as it was.
    """
    written = results

    def fill(folder: Path) -> None:
        nonlocal written
        with ExitStack() as held:
            beside = tables or held.enter_context(tables_beside(folder, verbatim=verbatim))
            if not beside.begun:
                beside.begin(results.resilience, results.norm)
            others = beside.then(partial(_write_others, results, folder, beside))
            progress("report", 5, 7)
            report = results.report(drawing)
            _write_report(report, folder, beside.texts)
            progress("files", 6, 7)
            others.result()
            written = replace(written, findings=(*results.findings, *report.findings))
            written = replace(written, findings=(*written.findings, *beside.texts.findings()))
            _write_account(written, folder, beside.digests, verbatim=verbatim)

    left = place.write(fill, then=lambda: progress("files", 7, 7))
    return replace(written, findings=(*written.findings, *left))


def _write_report(report: Report, folder: Path, texts: Texts) -> None:
    (folder / "report.html").write_text(report.html, encoding="utf-8", newline="\n")
    for name, figure in report.figures.items():
        target = folder / "figures"
        target.mkdir(exist_ok=True)
        (target / f"{name}.svg").write_bytes(figure.svg)
        (target / f"{name}.png").write_bytes(figure.png)
    (folder / "tables").mkdir()
    for name, table in report.tables.items():
        texts.write(table, f"tables/{name}.csv")


def _write_others(results: Results, folder: Path, beside: LevelTables) -> None:
    """Write what comes after the tables of levels: those of analyses, items, the codebook."""
    columns = beside.columns()
    write_parquet(results.resilience, results.norm, folder)
    extra = files_of(results.analyses)
    persons, audience = results.panel.persons, results.context.audience
    more = {
        name: identified(_told_table(file, audience), persons, audience)
        for name, file in extra.items()
    }
    for name, file in extra.items():
        for end, text_of in file.formats.items():
            target = folder / f"{name.removesuffix('.csv')}-{end}"
            target.write_text(text_of(more[name]), encoding="utf-8", newline="\n")
    more["items.csv"] = items_table(results.study)
    for name, table in more.items():
        beside.texts.write(table, name)
    declared = {name: file.columns for name, file in extra.items()}
    described = codebook(results.study, {**columns, **more}, declared, beside.texts.remarks())
    beside.texts.write(described, "codebook.csv")


def _write_account(
    results: Results, folder: Path, digests: Mapping[str, str], *, verbatim: bool
) -> None:
    """Write what programs read: results, norm, findings, and the list of all files."""
    audience = results.context.audience
    content, told = results_for(results)
    write_json(content, folder / "results.json")
    norm, left_out = norm_for(results.norm, audience)
    norm = results.panel.identifiers.plain(norm)
    write_json(norm, folder / "norm.json", digits=NORM_DIGITS)
    findings: list[Finding] = [*results.told_findings, *told, *left_out]
    write_json([item.to_dict() for item in findings], folder / "findings.json")
    made = manifest(
        _told_origin(results.provenance, audience),
        folder,
        [path for path in folder.rglob("*") if path.is_file()],
        individuals=results.study.plan.report.individuals,
        personal_files=[name for name, file in files_of(results.analyses).items() if file.personal],
        verbatim=verbatim,
        digests=digests,
    )
    write_json(made, folder / "manifest.json")


def _told_table(file: ResultFile, audience: Audience) -> pl.DataFrame:
    """Return an analysis's file; one that is no personal data hides what the page hides."""
    if audience.individuals or file.personal:
        return file.table
    table = Table(name="file", title="", frame=file.table, columns=file.columns)
    return as_told(table, audience).frame


def _told_origin(origin: Mapping[str, Any], audience: Audience) -> dict[str, Any]:
    """Round numbers of rows of inputs; one that few persons lack or have is left out."""
    inputs = [
        {**item, "rows": None if audience.hides(item["rows"]) else audience.told(item["rows"])}
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
