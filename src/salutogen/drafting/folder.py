"""A draft from a folder: one data file, or one file for each occasion."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from salutogen.drafting.draft import Draft, draft_study
from salutogen.drafting.format_keys import source_takes
from salutogen.drafting.header_rows import further_header_rows, rows_above_names
from salutogen.errors import PanelError
from salutogen.findings import finding
from salutogen.panel.readers.registry import readable_suffixes, suffix_of
from salutogen.panel.readers.source_table import SourceFile
from salutogen.panel.readers.text import title_lines
from salutogen.panel.sources import open_table
from salutogen.study.format import Source

_TEXT = (".csv", ".tsv", ".txt")
_OCCASION = "wave no of study"  # a name that speaks of occasions, and that no file has
_MOST_FILES = 400
_ALIKE = 0.5
_PARTS = re.compile(r"\d+|[^\W\d_]+|[\W_]")
_FEWEST_PARTS = 2


def draft_file(path: Path) -> Draft:
    """Draft a study file from one data file; files beside it that look alike are said.

    Raises
    ------
    PanelError
        The file cannot be read.
    """
    draft = _of_file(path)
    others = _of_the_same_name(path)
    if not draft.layout.single or not others:
        return draft
    doubt = (
        f"{', '.join(others[:3])} {'lies' if len(others) == 1 else 'lie'} beside it: if there are "
        f"other occasions, draft from the folder (`init --from {path.parent.name or '.'}`)."
    )
    layout = replace(draft.layout, doubts=(*draft.layout.doubts, doubt))
    return replace(draft, layout=layout)


def _of_file(path: Path) -> Draft:
    """Draft from one file; where a title stands above the names of the columns, from below it."""
    frame, above = _opened(path)
    return replace(draft_study(frame, path.name), skip_rows=above)


def _opened(path: Path) -> tuple[pl.DataFrame, int]:
    """Read a file from the names of its columns on, and count the rows above them."""
    above = _lines_above(path)
    frame = open_table(path, skip_rows=above)
    further = rows_above_names(frame)
    if further:
        above += further
        frame = open_table(path, skip_rows=above)
    return frame, above


def _lines_above(path: Path) -> int:
    """Lines of a text file that stand above its columns, such as a title."""
    if suffix_of(path) not in _TEXT:
        return 0
    return title_lines(SourceFile(name=path.stem, path=path, source=Source(person="person")))


def _of_the_same_name(path: Path) -> list[str]:
    """Names of files in the same folder that differ from a file's in one number or word."""
    names = sorted(other.name for other in path.parent.iterdir() if other.is_file())
    parts = len(_PARTS.findall(path.name.removesuffix(suffix_of(path))))
    if parts < _FEWEST_PARTS:  # of a single word nothing is left that two files could share
        return []
    return [name for name in names if name != path.name and labels_of([path.name, name])]


def draft_folder(folder: Path) -> Draft:
    """Draft a study file from the data files of a folder.

    Several files are taken together where they hold the same columns and their names differ in one
    number or word: one file for each occasion.

    Raises
    ------
    PanelError
        There is no data file, or several that cannot be taken together.
    """
    readable = readable_suffixes()
    paths = sorted(path for path in folder.iterdir() if path.is_file())
    paths = [path for path in paths if suffix_of(path) in readable]
    if len(paths) == 1:
        return _of_file(paths[0])
    labels = labels_of([path.name for path in paths])
    opened = [_opened(path) for path in paths] if labels else []
    frames = [frame for frame, _ in opened]
    above = {rows for _, rows in opened}
    if not frames or len(above) > 1 or not source_takes("files") or not _alike(frames):
        variant = "several" if paths else "empty"
        names = [path.name for path in paths]
        told = finding("nothing-to-draft-from", variant=variant, path=str(folder), names=names)
        raise PanelError([told])
    below = {further_header_rows(frame) for frame in frames}
    rows = min(below) if len(below) == 1 else 0
    parts = [
        frame.slice(rows)
        .select(pl.all().cast(pl.String, strict=False))
        .with_columns(pl.lit(label).alias(_OCCASION))
        for frame, label in zip(frames, labels, strict=True)
    ]
    draft = draft_study(pl.concat(parts, how="diagonal"), folder.name)
    files = {label: path.name for label, path in zip(labels, paths, strict=True)}
    layout = replace(draft.layout, occasion=(), labels=tuple(files))
    return replace(draft, files=files, layout=layout, header_rows=rows, skip_rows=min(above))


def labels_of(names: Sequence[str]) -> list[str]:
    """Labels of occasions from names of files that differ in one place; empty where they do not.

    Examples
    --------
    >>> labels_of(["wave1.csv", "wave2.csv"]), labels_of(["study_pre.csv", "study_post.csv"])
    (['1', '2'], ['pre', 'post'])
    """
    suffixes = {suffix_of(Path(name)) for name in names}
    if not 2 <= len(names) <= _MOST_FILES or len(suffixes) > 1:
        return []
    parts = [_PARTS.findall(name) for name in names]
    if len({len(part) for part in parts}) != 1:
        return []
    differing = [
        place for place, column in enumerate(zip(*parts, strict=True)) if len(set(column)) > 1
    ]
    if len(differing) != 1:
        return []
    return [part[differing[0]] for part in parts]


def _alike(frames: Sequence[pl.DataFrame]) -> bool:
    """Whether all files share most of their columns."""
    common = set(frames[0].columns)
    for frame in frames[1:]:
        common &= set(frame.columns)
    return len(common) >= _ALIKE * max(frame.width for frame in frames) and len(common) > 1
