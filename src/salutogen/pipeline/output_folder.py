"""The output folder: claimed before a run computes anything, written complete or not at all.

A sibling is filled, then renamed into place. What was there before is replaced only where the
program wrote it. Light, since the command line asks it first.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from salutogen.errors import ReportError, UsageError
from salutogen.findings import Finding, finding
from salutogen.pipeline.earlier_output import discard, strangers
from salutogen.pipeline.folder_lock import LockedError, locked
from salutogen.pipeline.stopping import unstopped
from salutogen.pipeline.what_is_read import WhatIsRead

NOTHING = WhatIsRead()
MOUNTS = Path("/proc/self/mountinfo")
SHOWN = 10  # names that a finding gives
LONGEST = 180  # bytes of a folder's name that names beside it take over


class OutputRefusedError(ReportError, UsageError):
    """The output folder cannot be what was asked for."""


class OutputNotEmptyError(OutputRefusedError):
    """The output folder holds something and was not to be replaced."""


def require_free(out: Path, *, force: bool, reads: WhatIsRead = NOTHING) -> None:
    """Refuse an output folder that cannot be written or holds what is not to be replaced.

    Parameters
    ----------
    out : Path
    force : bool
        Whether an earlier output may be replaced.
    reads : WhatIsRead
        What the run reads; it is never replaced.

    Raises
    ------
    OutputRefusedError
        The name cannot be one, or is a file, a mounted folder, a folder with content (without
        `force`, or with files that the program did not write), one that holds what is read, or the
        folder one works in.
    ReportError
        The disk refuses to say.
    """
    require_possible(out)
    _require_unread(out, reads)
    folder = Path(os.path.realpath(out))
    if not os.path.isdir(folder):
        if os.path.lexists(folder):
            raise _not_empty(out, "file", name=folder.name)
        return
    if _is_mounted(folder):
        raise OutputRefusedError([finding("output-place", variant="mounted", name=folder.name)])
    with _disk(out):
        if not any(folder.iterdir()):
            return
        if not force:
            raise _not_empty(out, "folder", name=folder.name)
        others = strangers(folder)
    if others:
        raise _not_empty(out, "strangers", name=folder.name, n=len(others), names=others[:SHOWN])


def require_possible(*paths: Path | None) -> None:
    """Refuse names of files and folders that no disk, or no text, can hold.

    Raises
    ------
    OutputRefusedError
    """
    for path in paths:
        try:
            str(path).encode("utf-8")
            if path is not None:
                os.lstat(path)
        except (FileNotFoundError, PermissionError):
            continue
        except NotADirectoryError as error:
            places = [item for item in Path(path or "").parents if os.path.lexists(item)]
            raise _not_empty(Path(path or ""), "file", name=places[0].name) from error
        except UnicodeEncodeError as error:
            shown = os.fsencode(path or "").decode("utf-8", "backslashreplace")
            told = finding("output-place", variant="not-text", name=shown)
            raise OutputRefusedError([told]) from error
        except (OSError, ValueError) as error:
            reason = str(getattr(error, "strerror", None) or error)
            shown = f"{str(path)[:60]}…"
            told = finding("output-place", variant="impossible", name=shown, reason=reason)
            raise OutputRefusedError([told]) from error


def _require_unread(out: Path, reads: WhatIsRead) -> None:
    """Refuse a folder that holds what is read or where one stands, or lies in what is searched."""
    folder = Path(os.path.realpath(out))
    around = WhatIsRead((Path.cwd(), *reads.paths), reads.searched)
    with _disk(out):
        held, holding = around.held_by(folder), reads.holding(folder)
    if held is not None:
        name = folder.name or str(folder)
        raise _not_empty(out, "held", name=name, held=held.name or str(held))
    if holding is not None:
        told = finding("output-place", variant="inside", name=folder.name, held=holding.name)
        raise OutputRefusedError([told])


def _not_empty(out: Path, variant: str, **values: Any) -> OutputNotEmptyError:
    return OutputNotEmptyError(
        [finding("output-not-empty", variant=variant, file=out.name, **values)]
    )


class OutputFolder:
    """An output folder that is this run's as long as it is claimed.

    Attributes
    ----------
    partial : Path
        A temporary sibling. What is written there, before `write` too, gets its place with it.
    """

    def __init__(
        self, out: Path, *, force: bool, reads: WhatIsRead, left: tuple[Finding, ...] = ()
    ) -> None:
        self.out, self._force, self._reads, self._left = out, force, reads, left
        self._folder = Path(os.path.realpath(out))
        self.partial = _free_name(self._folder, "partial")

    def write(
        self, fill: Callable[[Path], None], then: Callable[[], None] | None = None
    ) -> tuple[Finding, ...]:
        """Let `fill` write into a temporary sibling; rename it when it is complete.

        Parameters
        ----------
        fill : callable
            Takes the temporary folder.
        then : callable, optional
            Called as soon as the folder has its place, before any signal is acted on.

        Returns
        -------
        tuple of Finding
            What is left of the folder that was there before.

        Raises
        ------
        ReportError
            The folder was filled by others meanwhile, or the disk refuses; `out` is as it was.
        """
        with _disk(self.out):
            self.partial.mkdir(exist_ok=True)
            fill(self.partial)
        with unstopped(), _disk(self.out):
            told = self._swap(self.partial)
            if then is not None:
                then()
        return (*self._left, *told)

    def discard(self) -> None:
        """Delete what was written and did not get its place."""
        with unstopped():
            shutil.rmtree(self.partial, ignore_errors=True)

    def _swap(self, partial: Path) -> tuple[Finding, ...]:
        """Move the finished folder into place; an old one is put aside and discarded last."""
        _require_unread(self.out, self._reads)
        if not (self._force and self._folder.is_dir() and any(self._folder.iterdir())):
            require_free(self.out, force=False)
            _onto_nothing(partial, self._folder)
            return ()
        aside = _free_name(self._folder, "replaced")
        self._folder.rename(aside)
        try:
            partial.rename(self._folder)
        except OSError:
            aside.rename(self._folder)
            raise
        return _discarded(aside, self._folder)


@contextmanager
def claimed(
    out: Path, *, force: bool = False, reads: WhatIsRead = NOTHING
) -> Iterator[OutputFolder]:
    """Claim an output folder for a run: refused at once where it cannot be written in the end.

    Where `out` is a symbolic link, the folder it points to is written and the link stays. What a
    killed run left behind is cleared away first; an old folder that it had set aside comes back.

    Raises
    ------
    OutputRefusedError
        As in `require_free`, or another run writes the folder.
    ReportError
        The disk refuses.
    """
    require_possible(out)
    folder = Path(os.path.realpath(out))
    parents = [item for item in folder.parents if not os.path.exists(item)]
    try:
        with ExitStack() as held:
            with _disk(out):
                folder.parent.mkdir(parents=True, exist_ok=True)
                try:
                    held.enter_context(locked(folder.parent / f".{_stem(folder)}.lock"))
                except LockedError as error:
                    raise _in_use(folder, error) from error
                left = _clear_abandoned(folder)
            require_free(out, force=force, reads=reads)
            place = OutputFolder(out, force=force, reads=reads, left=left)
            try:
                yield place
            finally:
                place.discard()
    finally:
        for item in parents:
            with suppress(OSError):  # results stand in it
                item.rmdir()


@contextmanager
def _disk(out: Path) -> Iterator[None]:
    """Tell what the disk refuses in words."""
    try:
        yield
    except OSError as error:
        reason = "the disk is full" if error.errno == errno.ENOSPC else str(error.strerror or error)
        told = finding("output-not-written", reason=reason, file=out.name)
        raise ReportError([told]) from error


def _in_use(folder: Path, error: LockedError) -> OutputRefusedError:
    told = finding(
        "output-in-use",
        variant="here" if error.here else "elsewhere",
        name=folder.name,
        process=error.holder.get("process"),
        host=error.holder.get("host"),
        since=error.holder.get("since"),
        lock=f".{_stem(folder)}.lock",
    )
    return OutputRefusedError([told])


def _onto_nothing(partial: Path, folder: Path) -> None:
    """Rename where nothing, or an empty folder, is; what came there in between is never lost."""
    try:
        if os.name == "nt" and folder.is_dir():
            folder.rmdir()
        partial.rename(folder)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
            raise _not_empty(folder, "folder", name=folder.name) from error
        raise


def _discarded(aside: Path, folder: Path) -> tuple[Finding, ...]:
    """Delete an old output; what others put into it is kept in a folder beside the new one."""
    try:
        left, others = discard(aside), strangers(aside) if aside.exists() else ()
    except OSError:
        left, others = (), (aside.name,)
    if not aside.exists():
        return ()
    kept = aside
    if others:
        kept = _next_name(folder.parent / f"{folder.name}.kept")
        try:
            aside.rename(kept)
        except OSError:
            kept = aside
    variant, names = ("kept", others) if others else ("undeletable", left)
    told = finding(
        "output-left-over",
        variant=variant,
        name=folder.name,
        kept=kept.name,
        n=len(names),
        names=names[:SHOWN],
        file=folder.name,
    )
    return (told,)


def _clear_abandoned(folder: Path) -> tuple[Finding, ...]:
    """Undo what killed runs left: put back an old folder they had set aside, drop the rest.

    Nobody else is at work here as long as the lock is held.
    """
    aside = sorted(_abandoned(folder, "replaced"), key=lambda item: item.stat().st_mtime)
    is_there = folder.is_dir() and any(folder.iterdir())
    if aside and not is_there:
        _onto_nothing(aside.pop(), folder)
    for partial in _abandoned(folder, "partial"):
        shutil.rmtree(partial, ignore_errors=True)
    return tuple(told for old in aside for told in _discarded(old, folder))


def _abandoned(folder: Path, kind: str) -> list[Path]:
    form = re.compile(re.escape(f".{_stem(folder)}.{kind}-") + r"\d+")
    return [item for item in folder.parent.iterdir() if form.fullmatch(item.name)]


def _stem(folder: Path) -> str:
    """Name of the folder, cut where names made of it would be too long for the disk."""
    name = folder.name.encode()
    if len(name) <= LONGEST:
        return folder.name
    return f"{name[:LONGEST].decode(errors='ignore')}-{hashlib.sha256(name).hexdigest()[:8]}"


def _free_name(folder: Path, kind: str) -> Path:
    """Name of a hidden sibling that no process uses."""
    number = os.getpid()
    while os.path.lexists(found := folder.parent / f".{_stem(folder)}.{kind}-{number}"):
        number += 1
    return found


def _next_name(path: Path) -> Path:
    """The path, with a number behind it where it is taken."""
    found, number = path, 1
    while os.path.lexists(found):
        number += 1
        found = path.with_name(f"{path.name}-{number}")
    return found


def _is_mounted(folder: Path) -> bool:
    """Whether the folder is a disk of its own or another folder's second place."""
    if os.path.ismount(folder):
        return True
    try:
        mounts = MOUNTS.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return False
    places = [line.split(" ")[4] for line in mounts if line.count(" ") > 4]
    octal = re.compile(r"\\([0-7]{3})")
    return str(folder) in {octal.sub(lambda at: chr(int(at[1], 8)), place) for place in places}
