"""From a study's sources and what the caller gave to one table per source."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from salutogen.errors import PanelError
from salutogen.findings import Findings, shortened
from salutogen.names import did_you_mean
from salutogen.panel.expected_columns import known_columns
from salutogen.panel.readers.frames import read_frame
from salutogen.panel.readers.opening import open_file, without_odd_columns
from salutogen.panel.readers.registry import readable_suffixes, reader_of, suffix_of
from salutogen.panel.readers.source_table import (
    SourceFile,
    SourceTable,
    declared_missing,
)
from salutogen.study.format import Source

if TYPE_CHECKING:
    from salutogen.study import Study


Tables = Mapping[str, tuple[SourceTable, ...]]  # one table a source, or one an occasion
_NAME_SHOWN, _PLACE_SHOWN = 80, 200
_OF_TEXT = ("header_rows", "skip_rows")  # what only text and Excel files have


def open_sources(study: Study, data: Any, findings: Findings) -> dict[str, tuple[SourceTable, ...]]:
    """Open each source; what cannot be opened is said and left out.

    Parameters
    ----------
    data : None, path, frame or mapping
        Nothing: the study file's folder. A folder, one file, one frame (a study with one source),
        or a mapping of source name to file or frame; to a mapping of occasion to file or frame
        where the source has a file for each occasion.

    Returns
    -------
    mapping of source name to its tables: one, or one for each occasion in the order of the plan.
    """
    tables: dict[str, tuple[SourceTable, ...]] = {}
    for name, given in _given_by_source(study, data, findings).items():
        order = {label: place for place, label in enumerate(study.labels)}
        labels = sorted(given, key=lambda label: order.get(label or "", -1))
        opened = [_open(study, name, label, given[label], findings) for label in labels]
        found = tuple(table for table in opened if table is not None)
        if found and len(found) == len(opened):
            tables[name] = found
    return tables


def _open(
    study: Study, name: str, label: str | None, given: Any, findings: Findings
) -> SourceTable | None:
    """Open one file or frame of a source: all of it, or one occasion of it."""
    source = study.plan.sources[name]
    expected = known_columns(study, name, label)
    if isinstance(given, Path):
        file = SourceFile(name=name, path=given, source=source, expected=expected)
        table = open_file(file, findings)
        reader = reader_of(given)
        parsed = reader is not None and not reader.has_header_rows
    else:
        table = read_frame(name, given, findings)
        parsed = True
    table = None if table is None else without_odd_columns(table, expected, findings)
    if table is None:
        return None
    without_use = [key for key in _OF_TEXT if key in source.model_fields_set]
    if parsed and without_use:
        findings.tell("key-without-use", file=table.label, keys=without_use)
    keys = {*source.person_columns, *source.occasion_columns}
    _tell_declared(table, set(expected) - keys, findings)
    return replace(table, occasion=label)


def open_table(path: Path, *, skip_rows: int = 0) -> pl.DataFrame:
    """Read a whole data file of any readable kind, before there is a study file.

    Parameters
    ----------
    path : Path
    skip_rows : int
        Rows above the names of the columns.

    Raises
    ------
    PanelError
        The file cannot be read.
    """
    findings = Findings()
    source = Source(person="person", skip_rows=skip_rows)
    file = SourceFile(name=path.stem, path=path, source=source)
    table = open_file(file, findings)
    findings.raise_refusals(PanelError)
    if table is None:
        raise PanelError(tuple(findings))
    return table.read(table.columns)


Given = dict[str, dict[str | None, Any]]  # path or frame by source and occasion (None: all)


def _given_by_source(study: Study, data: Any, findings: Findings) -> Given:
    """Find what was given for each source; what was not found is left out and said."""
    sources = study.plan.sources
    if isinstance(data, Mapping):
        return _from_mapping(study, data, findings)
    folder: Path | None = None
    if data is None:
        folder = study.path.parent if study.path is not None else Path()
    elif isinstance(data, str | Path):
        folder = Path(data)
        if not os.path.isdir(folder):  # also of a name that no file can have
            if not os.path.exists(folder) and not suffix_of(folder):
                place = shortened(str(folder), _PLACE_SHOWN)
                findings.tell("data-not-found", variant="path", path=place, file=place)
                return {}
            return _single(sources, folder, findings)
    if folder is None:
        return _single(sources, data, findings)
    return {name: _files(folder, source, name, findings) for name, source in sources.items()}


def _files(folder: Path, source: Source, name: str, findings: Findings) -> dict[str | None, Any]:
    """Find the files of one source in a folder; those that are missing are said."""
    named: dict[str | None, str] = {}
    if source.files is None:
        named[None] = source.file or name
    else:
        named.update(source.files)
    found: dict[str | None, Any] = {
        label: _in_folder(folder, file, name, findings) for label, file in named.items()
    }
    return {} if None in found.values() else found


def _single(sources: Mapping[str, Source], data: Any, findings: Findings) -> Given:
    if len(sources) > 1:
        findings.tell("one-input-for-several-sources", sources=len(sources), names=list(sources))
        return {}
    name, source = next(iter(sources.items()))
    return {name: _for_source(name, source, data, findings)}


def _for_source(name: str, source: Source, given: Any, findings: Findings) -> dict[str | None, Any]:
    """Take what was given for one source apart by occasion, where it has a file for each."""
    plain = Path(given) if isinstance(given, str) else given
    if source.files is None:
        return {None: plain}
    if isinstance(plain, Path) and os.path.isdir(plain):
        return _files(plain, source, name, findings)
    if not isinstance(plain, Mapping):
        findings.tell("file-for-each-occasion", source=name, files=len(source.files))
        return {}
    by_label = {str(label): one for label, one in plain.items()}
    for label in source.files:
        if label not in by_label:
            findings.tell("source-not-given", variant="occasion", source=name, occasion=label)
    for label in by_label:
        if label not in source.files:
            findings.tell(
                "unknown-source",
                variant="occasion",
                source=name,
                occasion=label,
                names=list(source.files),
            )
    return {
        label: Path(by_label[label]) if isinstance(by_label[label], str) else by_label[label]
        for label in source.files
        if label in by_label
    }


def _from_mapping(study: Study, data: Mapping[str, Any], findings: Findings) -> Given:
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
        name: _for_source(name, source, data[name], findings)
        for name, source in sources.items()
        if name in data
    }


def _in_folder(folder: Path, file: str, source: str, findings: Findings) -> Path | None:
    """Find a source's file in a folder, by its whole name or without its suffix."""
    path = folder / file
    try:
        os.stat(path)
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:  # a name that no file can have, a place not to be seen
        reason = str(getattr(error, "strerror", None) or error)
        findings.tell("unreadable-file", file=shortened(file, _NAME_SHOWN), reason=reason)
        return None
    if path.is_file() or (suffix_of(path) in readable_suffixes() and path.exists()):
        return path
    parent = path.parent
    if not parent.is_dir():
        place = str(parent)
        findings.tell("data-not-found", variant="folder", folder=place, source=source, file=place)
        return None
    names = sorted(entry.name for entry in parent.iterdir() if _is_no_folder(entry))
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


def _is_no_folder(path: Path) -> bool:
    """Whether a file stands here, or what only has a file's place: its reader says so."""
    return path.exists() and not path.is_dir()


def _tell_declared(table: SourceTable, expected: Collection[str], findings: Findings) -> None:
    """Say which values that the file itself declares as missing were taken as missing."""
    used = {column: given for column, given in table.user_missing.items() if column in expected}
    cells = {
        column: int(declared_missing(table.column(column), given).sum())
        for column, given in used.items()
    }
    if not used:
        return
    ends = {end for given in used.values() for pair in given for end in _ends(pair)}
    codes = sorted(ends, key=lambda end: (isinstance(end, str), end))
    findings.tell(
        "declared-missing",
        file=table.label,
        columns=len(used),
        named=", ".join(end if isinstance(end, str) else f"{end:g}" for end in codes[:6]),
        cells=sum(cells.values()),
        numbers={"codes": codes[:6]},
    )


def _ends(declared: tuple[float, float] | str) -> tuple[float | str, ...]:
    return (declared,) if isinstance(declared, str) else declared
