"""From a study's sources and what the caller gave to one table per source."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from salutogen.errors import PanelError
from salutogen.findings import Findings
from salutogen.names import did_you_mean
from salutogen.panel.expected_columns import known_columns
from salutogen.panel.readers.frames import read_frame
from salutogen.panel.readers.registry import readable_suffixes, reader_of, suffix_of
from salutogen.panel.readers.source_table import SourceFile, SourceTable, reason_of
from salutogen.study.format import Source

if TYPE_CHECKING:
    from salutogen.study import Study


def open_sources(study: Study, data: Any, findings: Findings) -> dict[str, SourceTable]:
    """Open each source; what cannot be opened is said and left out.

    Parameters
    ----------
    data : None, path, frame or mapping
        Nothing: the study file's folder. A folder, one file, one frame (a study with one source),
        or a mapping of source name to file or frame.
    """
    tables: dict[str, SourceTable] = {}
    for name, given in _given_by_source(study, data, findings).items():
        expected = known_columns(study, name)
        if isinstance(given, Path):
            source = study.plan.sources[name]
            file = SourceFile(name=name, path=given, source=source, expected=expected)
            table = _open_file(file, findings)
        else:
            table = read_frame(name, given, findings)
        if table is not None:
            tables[name] = table
            _tell_declared(table, expected, findings)
    return tables


def open_table(path: Path) -> pl.DataFrame:
    """Read a whole data file of any readable kind, before there is a study file.

    Raises
    ------
    PanelError
        The file cannot be read.
    """
    findings = Findings()
    file = SourceFile(name=path.stem, path=path, source=Source(person="person"))
    table = _open_file(file, findings)
    findings.raise_refusals(PanelError)
    if table is None:
        raise PanelError(tuple(findings))
    return table.read(table.columns)


def _given_by_source(study: Study, data: Any, findings: Findings) -> dict[str, Path | Any]:
    """Find the file or frame of each source; those that were not found are left out and said."""
    sources = study.plan.sources
    if isinstance(data, Mapping):
        return _from_mapping(study, data, findings)
    folder: Path | None = None
    if data is None:
        folder = study.path.parent if study.path is not None else Path()
    elif isinstance(data, str | Path):
        folder = Path(data)
        if not folder.is_dir():
            if not folder.exists() and not suffix_of(folder):
                place = str(folder)
                findings.tell("data-not-found", variant="path", path=place, file=place)
                return {}
            return _single(sources, folder, findings)
    if folder is None:
        return _single(sources, data, findings)
    found: dict[str, Path | Any] = {}
    for name, source in sources.items():
        path = _in_folder(folder, source.file or name, name, findings)
        if path is not None:
            found[name] = path
    return found


def _single(sources: Mapping[str, Any], data: Any, findings: Findings) -> dict[str, Any]:
    if len(sources) == 1:
        return {next(iter(sources)): data}
    findings.tell("one-input-for-several-sources", sources=len(sources), names=list(sources))
    return {}


def _from_mapping(study: Study, data: Mapping[str, Any], findings: Findings) -> dict[str, Any]:
    sources = study.plan.sources
    for name in data:
        if name not in sources:
            findings.tell(
                "unknown-source",
                source=name,
                names=list(sources),
                hint=did_you_mean(name, sources),
            )
    for name in sources:
        if name not in data:
            findings.tell("source-not-given", source=name)
    return {
        name: Path(data[name]) if isinstance(data[name], str) else data[name]
        for name in sources
        if name in data
    }


def _in_folder(folder: Path, file: str, source: str, findings: Findings) -> Path | None:
    """Find a source's file in a folder, by its whole name or without its suffix."""
    path = folder / file
    if path.is_file():
        return path
    parent = path.parent
    if not parent.is_dir():
        place = str(parent)
        findings.tell("data-not-found", variant="folder", folder=place, source=source, file=place)
        return None
    names = sorted(entry.name for entry in parent.iterdir() if entry.is_file())
    readable = [name for name in names if suffix_of(Path(name)) in readable_suffixes()]
    with_stem = [name for name in readable if name[: -len(suffix_of(Path(name)))] == path.name]
    if len(with_stem) == 1:
        return parent / with_stem[0]
    if with_stem:
        findings.tell(
            "ambiguous-file", source=source, file=file, files=len(with_stem), names=with_stem
        )
        return None
    findings.tell(
        "data-not-found",
        variant="in-folder" if readable else "nothing-readable",
        source=source,
        file=file,
        folder=str(parent),
        hint=did_you_mean(path.name, readable),
    )
    return None


def _open_file(file: SourceFile, findings: Findings) -> SourceTable | None:
    suffix, reader = suffix_of(file.path), reader_of(file.path)
    if reader is None:
        findings.tell(
            "unknown-format",
            file=file.label,
            suffix=suffix or "(none)",
            readable=", ".join(readable_suffixes()),
        )
        return None
    try:
        if file.path.stat().st_size == 0:
            findings.tell("empty-file", file=file.label)
            return None
        with file.path.open("rb"):
            pass
    except FileNotFoundError:
        findings.tell("data-not-found", variant="file", path=str(file.path), file=file.label)
        return None
    except OSError as error:
        findings.tell("unreadable-file", file=file.label, reason=str(error.strerror or error))
        return None
    try:
        return reader.read(file, findings)
    except (Exception, pl.exceptions.PanicException) as error:
        if not reader.means_damage(error):
            raise
        findings.tell(
            "unreadable-file",
            variant="suffix",
            file=file.label,
            suffix=suffix,
            reason=reason_of(error),
        )
        return None


def _tell_declared(table: SourceTable, expected: Collection[str], findings: Findings) -> None:
    declared = {
        column: ranges for column, ranges in table.user_missing.items() if column in expected
    }
    if declared:
        codes = sorted({end for ranges in declared.values() for pair in ranges for end in pair})
        findings.tell(
            "declared-missing",
            file=table.label,
            columns=len(declared),
            named=", ".join(f"{code:g}" for code in codes[:6]),
            numbers={"codes": codes[:6]},
        )
