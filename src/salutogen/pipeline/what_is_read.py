"""Everything a run reads from disk, so that its results never take the place of any of it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from salutogen.study import Study


@dataclass(frozen=True)
class WhatIsRead:
    """What a run reads.

    Attributes
    ----------
    paths : tuple of Path
        Files and folders; none may lie in the output folder.
    searched : tuple of Path
        Folders that are searched for files; the output folder may not lie in them either.
    """

    paths: tuple[Path, ...] = ()
    searched: tuple[Path, ...] = ()

    def held_by(self, folder: Path) -> Path | None:
        """Return something read that is `folder`, lies in it or leads through it, if there is any.

        Folders are compared as the disk knows them, so that links, other spellings of a name and
        places that are mounted twice make no difference. A file with a second name in the folder
        counts as lying in it.
        """
        if not folder.exists():
            return None
        own = folder.stat()
        everything = (*self.paths, *self.searched)
        for path in everything:
            if any(_is(place, own) for step in _steps(path) for place in (step, *step.parents)):
                return path
        files = [path for path in everything if os.path.isfile(path)]
        named_twice = [path for path in files if path.stat().st_nlink > 1]
        inside = [item for item in folder.rglob("*") if os.path.isfile(item)] if named_twice else []
        return next((path for path in named_twice if any(map(path.samefile, inside))), None)

    def holding(self, folder: Path) -> Path | None:
        """Return a searched folder that `folder` lies in, if there is any."""
        for path in self.searched:
            if os.path.isdir(path):
                own = path.stat()
                if any(_is(place, own) for place in Path(os.path.realpath(folder)).parents):
                    return path
        return None


def _is(place: Path, known: os.stat_result) -> bool:
    try:
        return os.path.samestat(place.stat(), known)
    except (OSError, ValueError):
        return False


def _steps(path: Path) -> Iterator[Path]:
    """The path as it is written, and each place that its symbolic links lead to."""
    here, seen = Path(os.path.abspath(path)), set[Path]()
    while here not in seen:
        seen.add(here)
        yield here
        here = Path(os.path.realpath(here.parent)) / here.name
        yield here
        if here.is_symlink():
            here = Path(os.path.normpath(here.parent / os.readlink(here)))


def what_is_read(study: Study, data: Any = None) -> WhatIsRead:
    """Return what a run of a study reads: study file, plan, answers, norms, instruments.

    Parameters
    ----------
    study : Study
    data : as in `salutogen.run`
    """
    from salutogen.study.plan import plan_path

    home = study.path.parent if study.path else Path()
    paths: list[Path] = []
    if study.path is not None:
        paths += [study.path, plan_path(study.path)]
    if isinstance(data, Mapping):
        paths += [Path(given) for given in _files_given(data)]
    elif data is None or isinstance(data, str | Path):
        folder = home if data is None else Path(data)
        paths.append(folder)
        for name, source in study.plan.sources.items():
            for file in source.file_names or (name,):
                paths += _spelled_out(folder / file)
    if study.plan.norm.file is not None:
        paths.append(home / study.plan.norm.file)
    paths += [home / text for text in _texts(study.plan.analyses) if os.path.isfile(home / text)]
    instruments = study.plan.instrument_folder
    return WhatIsRead(tuple(paths), (home / instruments,) if instruments is not None else ())


def _files_given(data: Mapping[Any, Any]) -> Iterator[str | Path]:
    """Files among what is given by source, or by occasion of a source; the rest are frames."""
    for given in data.values():
        if isinstance(given, str | Path):
            yield given
        elif isinstance(given, Mapping):
            yield from _files_given(given)


def _spelled_out(path: Path) -> list[Path]:
    """The file of that name, and those that it may stand for without its suffix."""
    try:
        near = [item for item in path.parent.iterdir() if item.name.startswith(f"{path.name}.")]
    except OSError:
        near = []
    return [path, *near]


def _texts(value: Any) -> Iterator[str]:
    """Every text in the settings of analyses; some name files."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
