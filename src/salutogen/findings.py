"""What is doubtful, with its evidence and its mend; and the one table of finding codes."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

ROWS_SHOWN = 10


class Severity(StrEnum):
    """How much a finding weighs."""

    NOTE = "note"
    WARNING = "warning"
    REFUSAL = "refusal"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeEntry:
    """One line of the table of finding codes: what `salutogen explain CODE` tells."""

    code: str
    room: str
    severity: Severity
    title: str
    story: str
    mend: str
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Where a finding was seen.

    `rows` are 1-based data rows (the header not counted), at most ten; `n_rows` counts them all.
    `line` is a line of the study file.
    """

    numbers: Mapping[str, Any] = field(default_factory=dict)
    file: str | None = None
    line: int | None = None
    column: str | None = None
    rows: tuple[int, ...] = ()
    n_rows: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One doubtful thing: a stable code, one sentence, the evidence and the mend."""

    code: str
    severity: Severity
    text: str
    mend: str
    evidence: Evidence = field(default_factory=Evidence)

    def __str__(self) -> str:
        where = self.evidence.file or ""
        if self.evidence.line is not None:
            where = f"{where or 'study file'}:{self.evidence.line}"
        prefix = f"{where}: " if where else ""
        return f"{prefix}{self.text} [{self.code}] {self.mend}".rstrip()

    def to_dict(self) -> dict[str, Any]:
        """Plain data in the shape of `findings.json`."""
        evidence = self.evidence
        return {
            "code": self.code,
            "severity": self.severity.value,
            "text": self.text,
            "evidence": {
                "numbers": dict(evidence.numbers),
                "file": evidence.file,
                "line": evidence.line,
                "column": evidence.column,
                "rows": list(evidence.rows),
                "n_rows": evidence.n_rows,
            },
            "mend": self.mend,
        }


@cache
def catalogue() -> dict[str, CodeEntry]:
    """Return every finding code, in alphabetical order."""
    entries: dict[str, CodeEntry] = {}
    folder = files("salutogen") / "finding_codes"
    for resource in sorted(folder.iterdir(), key=lambda item: item.name):
        if not resource.name.endswith(".toml"):
            continue
        room = resource.name.removesuffix(".toml")
        for code, body in tomllib.loads(resource.read_text(encoding="utf-8")).items():
            if code in entries:
                raise ValueError(f"finding code {code!r} stands in two files")
            severity = Severity(body.pop("severity"))
            entries[code] = CodeEntry(code=code, room=room, severity=severity, **body)
    return dict(sorted(entries.items()))


def finding(
    code: str,
    text: str,
    *,
    mend: str | None = None,
    severity: Severity | None = None,
    numbers: Mapping[str, Any] | None = None,
    file: str | None = None,
    line: int | None = None,
    column: str | None = None,
    rows: Sequence[int] = (),
    n_rows: int | None = None,
) -> Finding:
    """Make a finding; severity and mend come from the table of codes unless given.

    Raises
    ------
    KeyError
        The code is not in the table: every code must be explained there first.
    """
    entry = catalogue()[code]
    shown = tuple(int(row) for row in rows[:ROWS_SHOWN])
    return Finding(
        code=code,
        severity=severity or entry.severity,
        text=text,
        mend=entry.mend if mend is None else mend,
        evidence=Evidence(
            numbers={str(key): _plain(value) for key, value in (numbers or {}).items()},
            file=file,
            line=line,
            column=column,
            rows=shown,
            n_rows=len(rows) if n_rows is None and rows else n_rows,
        ),
    )


def _plain(value: Any) -> Any:
    """Turn NumPy numbers into Python's and what is not finite into None, for JSON."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    plain = value.item() if hasattr(value, "item") and not isinstance(value, str) else value
    if isinstance(plain, float) and not math.isfinite(plain):
        return None
    return plain


def refusals(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Those findings that refuse something."""
    return tuple(item for item in findings if item.severity is Severity.REFUSAL)
