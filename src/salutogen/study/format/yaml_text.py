"""Texts as YAML values, keys and comments that read back as the same text, whatever they hold."""

from __future__ import annotations

import json
import re

from salutogen.study.format.part import GAP

_RESERVED = {"null", "true", "false", "yes", "no", "on", "off", "y", "n", ""}
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.\-]*")
_LONGEST_COMMENT = 300


def quoted(text: str) -> str:
    """Write a text in quotes; signs that YAML does not print are written by their number."""
    written = json.dumps(text, ensure_ascii=False)
    return "".join(sign if _prints(sign) else f"\\U{ord(sign):08x}" for sign in written)


def scalar(text: str) -> str:
    """Write a text as a value or key: plain where that reads back as the same text."""
    if text == GAP:
        return quoted(GAP)
    plain = _PLAIN.fullmatch(text) and text.lower() not in _RESERVED and len(text) < 100
    return text if plain else quoted(text)


def listed(texts: tuple[str, ...] | list[str]) -> str:
    """Write texts as a list in one line."""
    return f"[{', '.join(map(scalar, texts))}]"


def comment(text: str) -> str:
    """Write a text as part of a comment: in one line, at most 300 characters."""
    line = " ".join("".join(sign if _prints(sign) else " " for sign in text).split())
    return line if len(line) <= _LONGEST_COMMENT else f"{line[: _LONGEST_COMMENT - 1]}…"


def _prints(sign: str) -> bool:
    return sign.isprintable() and sign != "\ufeff"
