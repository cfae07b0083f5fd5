"""Words on stdout and stderr, whether these are open, full, or of another encoding."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from typing import Any

import typer


def prepare_streams() -> None:
    """Make the standard streams safe to print to.

    A stream that was closed from outside leads nowhere; otherwise the next file that is opened
    would take its place and receive what libraries say. What an encoding has no sign for is
    escaped.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != number:  # a lower one was closed as well, and is opened already
                os.dup2(opened, number)
                os.close(opened)
        if getattr(sys, name) is None:
            mode = "r" if number == 0 else "w"
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def json_text(content: Any, *, indent: int | None = None) -> str:
    """Write plain data as JSON that stdout can hold: real characters where it is UTF-8."""
    encoding = str(getattr(sys.stdout, "encoding", None) or "utf-8")
    escape = encoding.lower().replace("-", "") != "utf8"
    return json.dumps(content, ensure_ascii=escape, allow_nan=False, indent=indent)


def printed(text: str, *, err: bool = False) -> OSError | ValueError | None:
    """Print a line; return what went wrong, if anything did.

    A stream that fails is led nowhere from then on, so that nothing fails when Python empties it
    at its end.
    """
    try:
        typer.echo(text, err=err)
    except (OSError, ValueError) as error:  # full, closed, or a pipe that nobody reads
        with suppress(OSError, ValueError, AttributeError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, (sys.stderr if err else sys.stdout).fileno())
            os.close(nowhere)
        return error
    return None
