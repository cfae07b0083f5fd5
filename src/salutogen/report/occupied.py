"""Refusing an output folder that already holds something; light, for the command line."""

from __future__ import annotations

from pathlib import Path

from salutogen.errors import ReportError
from salutogen.findings import finding


class OutputNotEmptyError(ReportError):
    """The output folder holds something and was not to be replaced."""


def require_free(out: Path, *, force: bool) -> None:
    """Refuse an output folder that already holds something, unless `force`.

    Raises
    ------
    OutputNotEmptyError
        `out` is a file, or a folder with content and `force` is not set.
    """
    if out.is_dir():
        if force or not any(out.iterdir()):
            return
        text = f"The folder {out.name!r} is not empty."
    elif out.exists():
        text = f"{out.name!r} is a file, not a folder."
    else:
        return
    raise OutputNotEmptyError([finding("output-not-empty", text, file=out.name)])
