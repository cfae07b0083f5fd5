"""From the events of a YAML text to plain values.

YAML is read from its event stream without recursion, so that a hostile file can neither grow in
memory (aliases are refused) nor exhaust the stack.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from salutogen.errors import StudyError
from salutogen.findings import Finding, finding
from salutogen.study.format.plain_yaml import DEEPEST, MOST_VALUES, Loaded

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS = {"": None, "~": None, "null": None, "Null": None, "NULL": None} | {
    word: word.lower() == "true" for word in ("true", "True", "TRUE", "false", "False", "FALSE")
}


@dataclass
class _Open:
    """A mapping or list that is being filled."""

    path: str
    values: dict[str, Any] | list[Any]
    key: str | None = None
    seen: set[str] = field(default_factory=set)


def read_events(text: str, name: str) -> Loaded:
    """Read YAML of the plain kind.

    Raises
    ------
    StudyError
        The text is not YAML at all, or empty.
    """
    reader = _EventReader(name)
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            reader.take(event)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = None if mark is None else mark.line + 1
        broken = _broken(str(error.problem or error.context), name, line)
        raise StudyError([*reader.findings, broken]) from error
    except (YAMLError, ValueError) as error:
        line = _line_of_control_character(text)
        raise StudyError([_broken(str(error), name, line)]) from error
    if reader.values is None and not reader.findings:
        raise StudyError([finding("study-file-empty", file=name)])
    return Loaded(values=reader.values, lines=reader.lines, findings=tuple(reader.findings))


def _broken(problem: str, name: str, line: int | None) -> Finding:
    words = " ".join(problem.split())[:200].rstrip(".")
    return finding("study-file-not-yaml", variant="syntax", problem=words, file=name, line=line)


def _line_of_control_character(text: str) -> int | None:
    for number, line in enumerate(text.split("\n"), 1):
        if any((ord(sign) < 32 and sign != "\r") or 0x7F <= ord(sign) < 0xA0 for sign in line):
            return number
    return None


class _EventReader:
    """Builds plain values from YAML events, one after the other."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.values: Any = None
        self.lines: dict[str, int] = {}
        self.findings: list[Finding] = []
        self._open: list[_Open] = []
        self._documents = self._values = 0

    def take(self, event: Any) -> None:
        """Take the next event."""
        if isinstance(event, DocumentStartEvent):
            self._documents += 1
            if self._documents == 2:
                self._refuse("study-file-several-documents", event)
        if self._documents > 1:
            return
        self._values += isinstance(event, ScalarEvent)
        if self._values > MOST_VALUES:
            much = self._finding("study-file-too-large", event, variant="values", most=MOST_VALUES)
            raise StudyError([much])
        if getattr(event, "anchor", None) is not None:
            kind = "alias" if isinstance(event, AliasEvent) else "anchor"
            sign = "*" if kind == "alias" else "&"
            self._refuse("study-file-alias", event, name=f"{sign}{event.anchor}", kind=kind)
        if isinstance(event, AliasEvent):
            self._place(None, event)
        elif isinstance(event, ScalarEvent):
            self._scalar(event)
        elif isinstance(event, MappingStartEvent | SequenceStartEvent):
            self._begin(event)
        elif isinstance(event, MappingEndEvent | SequenceEndEvent):
            self._open.pop()

    def _begin(self, event: Any) -> None:
        if len(self._open) >= DEEPEST:
            deep = self._finding("study-file-not-yaml", event, variant="deep", deepest=DEEPEST)
            raise StudyError([deep])
        values: dict[str, Any] | list[Any] = {} if isinstance(event, MappingStartEvent) else []
        parent = self._open[-1] if self._open else None
        if parent is not None and isinstance(parent.values, dict) and parent.key is None:
            no_word = self._finding("study-file-not-yaml", event, variant="key")
            raise StudyError([*self.findings, no_word])
        path = self._place(values, event)
        self._open.append(_Open(path, values))

    def _scalar(self, event: Any) -> None:
        if event.tag is not None and event.tag != "!":
            self._refuse("study-file-not-yaml", event, variant="tag", tag=str(event.tag))
        parent = self._open[-1] if self._open else None
        if parent is not None and isinstance(parent.values, dict) and parent.key is None:
            self._key(parent, event)
            return
        plain = event.implicit[0] and event.style is None
        self._place(plain_value(event.value) if plain else event.value, event)

    def _key(self, parent: _Open, event: Any) -> None:
        key = str(event.value)
        parent.key = key
        path = f"{parent.path}.{key}" if parent.path else key
        if key in parent.seen:
            self._refuse("study-file-duplicate-key", event, name=key, first=self.lines.get(path))
        else:
            self.lines[path] = event.start_mark.line + 1
        parent.seen.add(key)

    def _place(self, value: Any, event: Any) -> str:
        """Put a value where it belongs and return its dotted path."""
        if not self._open:
            self.values = value
            return ""
        parent = self._open[-1]
        if isinstance(parent.values, dict):
            key = parent.key or ""
            parent.values.setdefault(key, value)
            parent.key = None
        else:
            key = str(len(parent.values))
            parent.values.append(value)
        path = f"{parent.path}.{key}" if parent.path else key
        self.lines.setdefault(path, event.start_mark.line + 1)
        return path

    def _finding(self, code: str, event: Any, **given: Any) -> Finding:
        return finding(code, file=self.name, line=event.start_mark.line + 1, **given)

    def _refuse(self, code: str, event: Any, **given: Any) -> None:
        self.findings.append(self._finding(code, event, **given))


def plain_value(text: str) -> Any:
    """Read an unquoted word: nothing, true or false, a number, else the text itself.

    Numbers with zeros in front (`01`) and numbers beyond the range of floats stay text, and so
    do dates, `yes` and `no`.
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        number = float(text)
        if math.isfinite(number):
            return number
    return text
