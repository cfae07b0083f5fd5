"""JSON of another study: read within bounds, without numbers that JSON does not know."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from salutogen.findings import shortened
from salutogen.plain_files import TooLargeError, read_plain

MOST_BYTES = 50_000_000
DEEPEST = 40  # objects and lists within one another
SHOWN = 60


def read_json(path: Path) -> Any:
    """Read a JSON file that may come from anywhere.

    Raises
    ------
    OSError
        It is no file, or cannot be read.
    ValueError
        It is too large, is no JSON in UTF-8, is nested too deeply, has a key twice in one place, or
        NaN or Infinity for a number.
    """
    try:
        text = read_plain(path, MOST_BYTES).decode("utf-8")
    except TooLargeError as error:
        raise ValueError(f"{error}, more than {MOST_BYTES / 1e6:,.0f}") from error
    try:
        content = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if _is_deep(content):
        raise ValueError("it is nested too deeply")
    return content


def _is_deep(content: Any) -> bool:
    """Whether something stands in more objects and lists than any result has."""
    layer: list[Any] = [content]
    for _ in range(DEEPEST):
        inner = [one for one in layer if isinstance(one, dict | list)]
        layer = [part for one in inner for part in (one.values() if isinstance(one, dict) else one)]
    return bool(layer)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise ValueError(f"the key {shortened(twice, SHOWN)!r} stands twice in one place")
    return made


def _no_number(constant: str) -> float:
    raise ValueError(f"{constant} is no number of JSON")
