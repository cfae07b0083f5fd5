"""YAML of the plain kind that study files are written in: values, and the line of every key."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from salutogen.errors import StudyError
from salutogen.findings import Finding, finding
from salutogen.plain_files import TooLargeError, read_plain

MOST_BYTES = 1_000_000
MOST_VALUES = 60_000  # keys and values; a plan written out in full has a few thousand
DEEPEST = 40
LARGEST_WHOLE = 10**18  # what is larger is a number with decimals


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """Plain values of a YAML file, the line of each dotted path, and what is doubtful."""

    values: Any
    lines: Mapping[str, int]
    findings: tuple[Finding, ...] = ()


def read_bytes(path: Path) -> bytes:
    """Read a study file, refusing one that is too large before its content is looked at.

    Raises
    ------
    StudyError
        The file is absent, no plain file, unreadable or larger than 1 MB.
    """
    try:
        return read_plain(path, MOST_BYTES)
    except TooLargeError as error:
        raise StudyError([_too_large(error.size, path.name)]) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        unreadable = finding(
            "study-file-unreadable", variant="file", path=str(path), reason=reason, file=path.name
        )
        raise StudyError([unreadable]) from error


def _too_large(size: int, name: str) -> Finding:
    return finding("study-file-too-large", size=size / 1e6, most=MOST_BYTES / 1e6, file=name)


def decode(content: bytes, name: str) -> str:
    """Decode UTF-8 (with or without a byte order mark) or UTF-16 with one.

    Raises
    ------
    StudyError
        The file has another encoding, contains control characters, or is empty.
    """
    utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        byte = content[error.start : error.start + 1].hex()
        wrong = finding("study-file-encoding", variant="byte", byte=byte, file=name, line=line)
        raise StudyError([wrong]) from error
    return text


def load_yaml(text: str, name: str) -> Loaded:
    """Read YAML of the plain kind a study file is written in.

    Tabs, anchors, aliases, tags, duplicate keys and several documents are refused.

    Raises
    ------
    StudyError
        The text is not YAML at all, or empty.
    """
    size = len(text.encode("utf-8", "replace"))
    if size > MOST_BYTES:
        raise StudyError([_too_large(size, name)])
    tabs = [
        finding("study-file-tab", file=name, line=number)
        for number, line in enumerate(text.split("\n"), 1)
        if "\t" in line
    ]
    if tabs:
        raise StudyError(tabs[:20])
    from salutogen.study.format.yaml_events import read_events  # its parser takes long to load

    return read_events(text, name)


def line_of(lines: Mapping[str, int], path: str) -> int | None:
    """Line of a dotted path, or of its nearest parent."""
    while path:
        if path in lines:
            return lines[path]
        path = path.rpartition(".")[0]
    return None
