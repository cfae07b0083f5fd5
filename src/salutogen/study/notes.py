"""Collects what is wrong with a study file, each with its line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from salutogen.findings import Finding, Severity, finding
from salutogen.study.registry import nearest

GAP = "???"
MOST_SHOWN = 80


class Notes:
    """Findings about one study file, in the order they are made.

    Parameters
    ----------
    file : str or None
        Name of the study file, for messages.
    lines : mapping of str to int
        Line of each dotted path.
    """

    def __init__(self, file: str | None, lines: Mapping[str, int]) -> None:
        self.file = file
        self.lines = lines
        self.findings: list[Finding] = []
        self.open: set[str] = set()

    def line_of(self, path: str) -> int | None:
        """Line of a dotted path, or of its nearest parent."""
        while path:
            if path in self.lines:
                return self.lines[path]
            path = path.rpartition(".")[0]
        return None

    def is_open(self, path: str) -> bool:
        """Whether something at or below a path is a gap or wrong, so that more cannot be said."""
        return any(one == path or one.startswith(f"{path}.") for one in self.open)

    def add(
        self,
        code: str,
        path: str,
        text: str,
        *,
        mend: str | None = None,
        severity: Severity | None = None,
        column: str | None = None,
        **numbers: Any,
    ) -> None:
        """Add a finding about the value at a dotted path."""
        self.findings.append(
            finding(
                code,
                text,
                mend=mend,
                severity=severity,
                numbers={"key": path, **numbers},
                file=self.file,
                line=self.line_of(path),
                column=column,
            )
        )

    def unknown_name(self, path: str, name: str, names: Iterable[str], what: str) -> None:
        """Say that a name does not exist, which names do, and which is nearest."""
        known = sorted(names)
        if name == GAP or GAP in known:
            return
        near = nearest(name, known)
        choices = ", ".join(known[:12]) + (", …" if len(known) > 12 else "")
        self.add(
            "unknown-name",
            path,
            f"`{path}` names the {what} {shown(name)}, which the study file does not have.",
            mend=f"Did you mean {near!r}?" if near else f"Use one of: {choices or 'none exist'}.",
            nearest=near,
        )


def shown(value: Any) -> str:
    """Write a value as it was found, shortened."""
    text = repr(value)
    return text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 1] + "…"
