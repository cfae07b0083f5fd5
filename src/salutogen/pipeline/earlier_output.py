"""What an output folder holds from an earlier run, told apart from what others put there.

Only what the folder's own list names is ever deleted; everything else is somebody's work.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Folder views of operating systems leave these behind; they are nobody's work.
OF_NOBODY = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
MANIFEST = "manifest.json"
TRUTH = ("truth/parameters.json", "truth/persons.csv")  # what a simulation has in its place
LISTS = (MANIFEST, TRUTH[0])


def strangers(folder: Path) -> tuple[str, ...]:
    """Names of files in a folder that no list of this program names, in alphabetical order.

    Symbolic links are strangers: the program writes none.
    """
    own = _own(folder)
    return tuple(sorted(name for name, _ in _files(folder) if name not in own))


def discard(folder: Path) -> tuple[str, ...]:
    """Delete what the program wrote into a folder, and the folder where nothing is left in it.

    Returns
    -------
    tuple of str
        Files of the program that could not be deleted, in alphabetical order.
    """
    left: list[str] = []
    for name in sorted(_own(folder), key=lambda name: (name in LISTS, name)):
        if left and name in LISTS:
            continue  # what could not be deleted stays known as the program's
        try:
            (folder / name).unlink()
        except OSError:
            left.append(name)
    for place, _, _ in os.walk(folder, topdown=False):
        try:
            os.rmdir(place)
        except OSError:
            continue  # something is left in it
    return tuple(sorted(left))


def _of_nobody(name: str) -> bool:
    return name.rpartition("/")[2] in OF_NOBODY


def _files(folder: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Every file and link below a folder, by its name from there."""
    waiting = [folder]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))
                else:
                    yield Path(entry.path).relative_to(folder).as_posix(), entry


def _own(folder: Path) -> frozenset[str]:
    """Files in the folder that its lists name, and those that are nobody's; no links."""
    listed = _listed(folder)
    return frozenset(
        name
        for name, entry in _files(folder)
        if (name in listed and entry.is_file(follow_symlinks=False)) or _of_nobody(name)
    )


def _listed(folder: Path) -> frozenset[str]:
    """Names that the folder's manifest, or its simulation's truth, has as its own."""
    made = _content(folder / MANIFEST)
    names: set[Any] = set()
    outputs = made.get("outputs")
    if made.get("salutogen") and isinstance(outputs, list):
        names |= {item.get("file") for item in outputs if isinstance(item, dict)} | {MANIFEST}
    simulated = _content(folder / TRUTH[0]).get("files")
    if isinstance(simulated, list):
        names |= {*simulated, *TRUTH}
    return frozenset(name for name in names if isinstance(name, str))


def _content(path: Path) -> dict[str, Any]:
    """The object that a JSON file holds; nothing where it cannot be read."""
    try:
        found = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
