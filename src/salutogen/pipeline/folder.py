"""Write a folder complete or not at all: fill a sibling, then rename it into place."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from salutogen.errors import ReportError
from salutogen.findings import finding
from salutogen.pipeline.output_folder import require_free


def write_folder(out: Path, fill: Callable[[Path], None], *, force: bool = False) -> Path:
    """Let `fill` write into a temporary sibling of `out`; rename it when it is complete.

    Raises
    ------
    ReportError
        `out` holds something and `force` is not set, or the disk refuses.
    """
    if out.parent.is_dir():
        _clear_abandoned(out)
    require_free(out, force=force)
    partial = out.parent / f".{out.name}.partial-{os.getpid()}"
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        partial.mkdir()
        fill(partial)
        _swap(partial, out)
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
