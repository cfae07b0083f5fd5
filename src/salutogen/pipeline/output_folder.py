"""The output folder: refused where it holds something, written complete or not at all.

A sibling is filled, then renamed into place. Light, since the command line asks it first.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from salutogen.errors import ReportError
from salutogen.findings import finding


class OutputNotEmptyError(ReportError):
    """The output folder holds something and was not to be replaced."""


def require_free(out: Path, *, force: bool, inputs: Iterable[Path | None] = ()) -> None:
    """Refuse an output folder that already holds something, unless `force`.

    Parameters
    ----------
    out : Path
    force : bool
        Whether what is there may be replaced.
    inputs : iterable of Path or None
        What a run reads; a folder that holds any of it is never replaced.

    Raises
    ------
    OutputNotEmptyError
        `out` is a file, a folder with content and `force` is not set, or holds an input or the
        folder one works in.
    """
    name = out.resolve().name
    if out.is_dir():
        needed = [Path.cwd(), *(path for path in inputs if path is not None)]
        held = next((path for path in needed if path.resolve().is_relative_to(out.resolve())), None)
        if force and held is not None and any(out.iterdir()):
            raise _refusal(out, "held", name=name, held=held.name)
        if force or not any(out.iterdir()):
            return
        raise _refusal(out, "folder", name=name)
    if out.exists():
        raise _refusal(out, "file", name=out.name)


def _refusal(out: Path, variant: str, **values: Any) -> OutputNotEmptyError:
    return OutputNotEmptyError(
        [finding("output-not-empty", variant=variant, file=out.name, **values)]
    )


def write_folder(out: Path, fill: Callable[[Path], None], *, force: bool = False) -> Path:
    """Let `fill` write into a temporary sibling of `out`; rename it when it is complete.

    Where `out` is a symbolic link, the folder it points to is written and the link stays.

    Raises
    ------
    ReportError
        `out` holds something and `force` is not set, or the disk refuses.
    """
    folder = out.resolve()
    if folder.parent.is_dir():
        _clear_abandoned(folder)
    require_free(out, force=force)
    partial = folder.parent / f".{folder.name}.partial-{os.getpid()}"
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial.mkdir()
        fill(partial)
        _swap(partial, folder)
    except OSError as error:
        reason = "the disk is full" if error.errno == errno.ENOSPC else str(error.strerror or error)
        told = finding("output-not-written", reason=reason, file=out.name)
        raise ReportError([told]) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return out


def _swap(partial: Path, out: Path) -> None:
    """Move the finished folder into place; an old one is put aside and deleted last."""
    aside = out.parent / f".{out.name}.replaced-{os.getpid()}"
    had_old = out.exists()
    if had_old:
        out.rename(aside)
    try:
        partial.rename(out)
    except OSError:
        if had_old:
            aside.rename(out)
        raise
    if had_old:
        shutil.rmtree(aside)


def _clear_abandoned(out: Path) -> None:
    """Undo what killed runs left: put back an old folder they had set aside, drop the rest."""
    for folder in _abandoned(out, "replaced"):
        if out.exists():
            shutil.rmtree(folder, ignore_errors=True)
        else:
            folder.rename(out)
    for folder in _abandoned(out, "partial"):
        shutil.rmtree(folder, ignore_errors=True)


def _abandoned(out: Path, kind: str) -> list[Path]:
    """Folders of processes that are gone."""
    prefix = f".{out.name}.{kind}-"
    found = [item for item in out.parent.iterdir() if item.name.startswith(prefix)]
    owners = [item.name.removeprefix(prefix) for item in found]
    return [
        folder
        for folder, owner in zip(found, owners, strict=True)
        if owner.isdigit() and int(owner) != os.getpid() and not _is_running(int(owner))
    ]


def _is_running(process: int) -> bool:
    if os.name == "nt":
        return True  # asking on Windows would end the process
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
