"""Findings gathered while reading, so that everything wrong is said at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from salutogen.errors import PanelError
from salutogen.findings import Finding, finding, refusals


class Gathering:
    """A growing list of findings; `stop` raises when one of them is a refusal."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def add(self, code: str, text: str, **evidence: Any) -> None:
        """Add one finding; the arguments are those of `salutogen.findings.finding`."""
        self.findings.append(finding(code, text, **evidence))

    def extend(self, findings: Iterable[Finding]) -> None:
        """Add findings made elsewhere."""
        self.findings.extend(findings)

    def stop(self) -> None:
        """Raise PanelError with every refusal found so far, if there is one."""
        refused = refusals(self.findings)
        if refused:
            raise PanelError(refused)


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Write `1 row`, `2 rows`, `3 categories`."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def quoted(names: Iterable[str], most: int = 5) -> str:
    """Write a few names in quotes and count the rest."""
    listed = list(names)
    shown = ", ".join(repr(name) for name in listed[:most])
    rest = len(listed) - most
    return f"{shown} and {rest} more" if rest > 0 else shown
