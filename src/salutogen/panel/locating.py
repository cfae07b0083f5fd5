"""From a study's sources and what the caller gave to one file or frame per source."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from salutogen.panel.collecting import Gathering, quoted

if TYPE_CHECKING:
    from salutogen.study import Study

TEXT_SUFFIXES = (".csv", ".tsv", ".txt")
SUFFIXES = (*TEXT_SUFFIXES, ".parquet", ".xlsx", ".xls", ".sav", ".zsav", ".dta")
COMPRESSED = tuple(suffix + ".gz" for suffix in TEXT_SUFFIXES)
READABLE = SUFFIXES + COMPRESSED


def suffix_of(path: Path) -> str:
    """Return the suffix that decides the reader, `.csv.gz` included, in lower case."""
    name = path.name.lower()
    return next((suffix for suffix in COMPRESSED if name.endswith(suffix)), path.suffix.lower())


def locate(study: Study, data: Any, gathering: Gathering) -> dict[str, Path | Any]:
    """Find the file or frame of each source.

    Parameters
    ----------
    data : None, path, frame or mapping
        Nothing: the study file's folder. A folder, one file, one frame (a study with one source),
        or a mapping of source name to file or frame.

    Returns
    -------
    mapping of source name to Path or frame; sources that were not found are left out and said.
    """
    sources = study.plan.sources
    if isinstance(data, Mapping):
        return _from_mapping(study, data, gathering)
    folder: Path | None = None
    if data is None:
        folder = study.path.parent if study.path is not None else Path()
    elif isinstance(data, str | Path):
        folder = Path(data)
        if not folder.is_dir():
            if not folder.exists() and not suffix_of(folder):
                gathering.add(
                    "data-not-found",
                    f"There is no file or folder {str(folder)!r}.",
                    file=str(folder),
                )
                return {}
            return _single(sources, folder, gathering)
    if folder is None:
        return _single(sources, data, gathering)
    found: dict[str, Path | Any] = {}
    for name, source in sources.items():
        path = _in_folder(folder, source.file or name, name, gathering)
        if path is not None:
            found[name] = path
    return found


def _single(sources: Mapping[str, Any], data: Any, gathering: Gathering) -> dict[str, Any]:
    if len(sources) == 1:
        return {next(iter(sources)): data}
    gathering.add(
        "one-input-for-several-sources",
        f"The study has {len(sources)} sources ({quoted(sources)}) but one file or frame was "
        "given.",
    )
    return {}


def _from_mapping(study: Study, data: Mapping[str, Any], gathering: Gathering) -> dict[str, Any]:
    sources = study.plan.sources
    for name in data:
        if name not in sources:
            gathering.add(
                "unknown-source",
                f"The data name a source {name!r}; the study has {quoted(sources)}."
                + nearest(str(name), sources),
            )
    for name in sources:
        if name not in data:
            gathering.add("source-not-given", f"No data were given for the source {name!r}.")
    return {
        name: Path(data[name]) if isinstance(data[name], str) else data[name]
        for name in sources
        if name in data
    }


def nearest(name: str, candidates: Any) -> str:
    """Say which known name is most like this one, or nothing."""
    names = [str(candidate) for candidate in candidates]
    folded = {_fold(candidate): candidate for candidate in reversed(names)}
    if _fold(name) in folded:
        return f" The nearest name is {folded[_fold(name)]!r}."
    lower = {candidate.casefold(): candidate for candidate in reversed(names)}
    close = difflib.get_close_matches(name.casefold(), list(lower), n=1, cutoff=0.6)
    return f" The nearest name is {lower[close[0]]!r}." if close else ""


def _fold(name: str) -> str:
    """Leave out what is mistyped most: capitals, spaces, points, dashes and underscores."""
    return re.sub(r"[\s._-]+", "", name.casefold()) or name


def _in_folder(folder: Path, file: str, source: str, gathering: Gathering) -> Path | None:
    path = folder / file
    if path.is_file():
        return path
    parent = path.parent
    if not parent.is_dir():
        gathering.add(
            "data-not-found",
            f"The folder {str(parent)!r} of the source {source!r} does not exist.",
            file=str(parent),
        )
        return None
    names = sorted(entry.name for entry in parent.iterdir() if entry.is_file())
    readable = [name for name in names if suffix_of(Path(name)) in READABLE]
    with_stem = [name for name in readable if name[: -len(suffix_of(Path(name)))] == path.name]
    if len(with_stem) == 1:
        return parent / with_stem[0]
    if with_stem:
        gathering.add(
            "ambiguous-file",
            f"The source {source!r} names the file {file!r}, and {len(with_stem)} files have that "
            f"name: {quoted(with_stem)}.",
            file=file,
        )
        return None
    gathering.add(
        "data-not-found",
        f"The source {source!r} names the file {file!r}, which is not in {str(parent)!r}."
        + (nearest(path.name, readable) if readable else " No readable file is there."),
        file=file,
    )
    return None
