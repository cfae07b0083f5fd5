"""Write an output folder: complete or not at all."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from salutogen.analyses.labelled import identified
from salutogen.analyses.plain_data import DIGITS, to_plain
from salutogen.context import Progress
from salutogen.findings import Finding, finding
from salutogen.norm.norm_for_others import norm_for
from salutogen.page.section import Table
from salutogen.page.small_counts import as_told
from salutogen.page.words import cell
from salutogen.pipeline.codebook import codebook
from salutogen.pipeline.items_file import items_table
from salutogen.pipeline.manifest import manifest
from salutogen.pipeline.results_json import results_for
from salutogen.pipeline.spreadsheet_text import IN_CODEBOOK, harmless, harmless_name
from salutogen.report.report import Report
from salutogen.resilience.levels import POSITIONS, completed

if TYPE_CHECKING:
    from salutogen.analyses.contract import ResultFile
    from salutogen.analyses.running import Outcome
    from salutogen.norm import Norm
    from salutogen.norm.lines import Level
    from salutogen.page.audience import Audience
    from salutogen.page.drawing_processes import DrawingProcesses
    from salutogen.pipeline.output_folder import OutputFolder
    from salutogen.pipeline.results import Results

type Whole = Callable[[pl.DataFrame], pl.DataFrame]

NORM_DIGITS = 16  # another study must get the same scores from the file
ROWS_FOR_PARQUET = 1_000_000
ROWS_AT_ONCE = 250_000


def write_results(
    results: Results,
    place: OutputFolder,
    progress: Progress,
    *,
    drawing: DrawingProcesses | None = None,
    verbatim: bool = False,
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
        texts = Texts(folder, verbatim=verbatim)
        # The engine that writes tables leaves the interpreter to the report, whose figures are
        # drawn by other processes.
        with ThreadPoolExecutor(1) as beside:
            tables = beside.submit(_write_tables, results, folder, texts)
            progress("report", 5, 7)
            report = results.report(drawing)
            _write_report(report, folder, texts)
            progress("files", 6, 7)
            tables.result()
        written = replace(results, findings=(*results.findings, *report.findings))
        written = replace(written, findings=(*written.findings, *texts.findings()))
        _write_account(written, folder, verbatim=verbatim)

    left = place.write(fill, then=lambda: progress("files", 7, 7))
    return replace(written, findings=(*written.findings, *left))


class Texts:
    """Writes the CSV files of one folder, and keeps account of texts that were made harmless."""

    def __init__(self, folder: Path, *, verbatim: bool) -> None:
        self._folder, self._verbatim = folder, verbatim
        self._changed: dict[str, Mapping[str, int]] = {}

    def write(self, table: pl.DataFrame, name: str, whole: Whole | None = None) -> None:
        """Write a table under a name in the folder; `whole` as in `write_csv`."""
        changed = write_csv(table, self._folder / name, verbatim=self._verbatim, whole=whole)
        if changed:
            self._changed[name] = changed

    def remarks(self) -> dict[str, dict[str, str]]:
        """What the codebook says of columns with texts that were changed, by file."""
        return {
            name: dict.fromkeys(columns, IN_CODEBOOK) for name, columns in self._changed.items()
        }

    def findings(self) -> tuple[Finding, ...]:
        """Say what was changed, if anything."""
        if not self._changed:
            return ()
        n = sum(sum(columns.values()) for columns in self._changed.values())
        return (finding("text-like-formulas", n=n, files=sorted(self._changed)),)


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


def _write_tables(results: Results, folder: Path, texts: Texts) -> None:
    """Write the row-level tables and their codebook."""
    columns: dict[str, pl.DataFrame] = {}  # each file with its columns, for the codebook
    for name, (level, table) in _levels(results).items():
        whole = partial(_whole, level=level, norm=results.norm)
        if level == "occasion" and table.height > ROWS_FOR_PARQUET:
            whole(table).write_parquet(folder / "scores.parquet")
        texts.write(table, name, whole)
        columns[name] = whole(table.clear())
    extra = files_of(results.analyses)
    persons, audience = results.panel.persons, results.context.audience
    more = {
        name: identified(_told_table(file, audience), persons, audience)
        for name, file in extra.items()
    }
    more["items.csv"] = items_table(results.study)
    for name, table in more.items():
        texts.write(table, name)
    declared = {name: file.columns for name, file in extra.items()}
    described = codebook(results.study, columns | more, declared, texts.remarks())
    texts.write(described, "codebook.csv")


def _levels(results: Results) -> dict[str, tuple[Level, pl.DataFrame]]:
    """Scores of each level by the file that holds them."""
    found = results.resilience
    levels: dict[str, tuple[Level, pl.DataFrame]] = {
        "scores.csv": ("occasion", found.occasions),
        "windows.csv": ("window", found.windows),
        "person.csv": ("person", found.persons),
    }
    return levels | ({"phases.csv": ("phase", found.phases)} if found.phases.height else {})


def _whole(rows: pl.DataFrame, *, level: Level, norm: Norm) -> pl.DataFrame:
    """Return some rows of a level as a file has them."""
    return completed(rows, level, norm).drop(*POSITIONS, strict=False)


def _write_account(results: Results, folder: Path, *, verbatim: bool) -> None:
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


def write_csv(
    table: pl.DataFrame, path: Path, *, verbatim: bool = False, whole: Whole | None = None
) -> Mapping[str, int]:
    """Write a table as CSV: UTF-8, floats with ten significant digits, missing values empty.

    What CSV has no form for, such as lists, is written as words, and texts that a spreadsheet
    would take for formulas are made harmless. A long table is made ready part by part, so that it
    never stands in memory twice.

    Parameters
    ----------
    table : DataFrame
    path : Path
    verbatim : bool, default False
        Keep texts to the letter.
    whole : callable, optional
        Makes of some rows what is written of them.

    Returns
    -------
    mapping of str to int
        How many texts were made harmless, by column; columns without any are left out.
    """
    changed: Counter[str] = Counter()
    with path.open("wb") as file:
        for start in range(0, max(table.height, 1), ROWS_AT_ONCE):
            rows = table.slice(start, ROWS_AT_ONCE)
            part = _for_csv(rows if whole is None else whole(rows))
            if not verbatim:
                part, found = harmless(part)
                changed.update(found if start == 0 else _cells_only(found))
            part.write_csv(file, include_header=start == 0)
    return dict(changed)


def _cells_only(found: Mapping[str, int]) -> dict[str, int]:
    """Counts of one part of a table, whose names were counted with the first."""
    return {name: n - (harmless_name(name) != name) for name, n in found.items()}


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
