"""Findings about one study file: each is told at a dotted path and carries that path's line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from salutogen.findings import Findings, shortened
from salutogen.names import did_you_mean, nearest
from salutogen.study.format.part import GAP
from salutogen.study.format.plain_yaml import line_of

MOST_SHOWN = 80


class FindingsByLine(Findings):
    """The collector of findings, which also knows the file and the line of each dotted path.

    Parameters
    ----------
    file : str or None
        Name of the study file, for messages.
    lines : mapping of str to int
        Line of each dotted path.

    Attributes
    ----------
    open : set of str
        Dotted paths that are a gap or wrong, so that nothing more can be said about them.
    """

    def __init__(self, file: str | None, lines: Mapping[str, int]) -> None:
        super().__init__()
        self.file = file
        self.lines = lines
        self.open: set[str] = set()

    def is_open(self, path: str) -> bool:
        """Whether something at or below a path is a gap or wrong, so that more cannot be said."""
        return any(one == path or one.startswith(f"{path}.") for one in self.open)

    def tell(self, code: str, *, at: str = "", **given: Any) -> None:
        """Add a finding about the value at a dotted path, which sentences may name as `key`."""
        line = line_of(self.lines, at)
        super().tell(code, file=self.file, line=line, key=at, **given)

    def unknown_name(self, path: str, name: str, names: Iterable[str], what: str) -> None:
        """Say that a name does not exist, which names do, and which is nearest."""
        known = sorted(names)
        if name == GAP or GAP in known:
            return
        choices = ", ".join(known[:12]) + (", …" if len(known) > 12 else "")
        self.tell(
            "unknown-name",
            at=path,
            what=what,
            found=shown(name),
            choices=choices or "none exist",
            nearest=nearest(name, known),
            variant="given",
            mend=did_you_mean(name, known).strip() or None,
        )


def shown(value: Any) -> str:
    """Write a value as it was found, shortened."""
    return shortened(repr(value), MOST_SHOWN)
