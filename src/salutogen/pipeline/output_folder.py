"""Refusing an output folder that already holds something; light, for the command line."""

from __future__ import annotations

from collections.abc import Iterable
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
