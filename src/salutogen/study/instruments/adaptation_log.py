"""How an instrument of a study differs from the one published: change by change, in words too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from salutogen.findings import listed
from salutogen.study.format import Change

STANDARD = "standard"
MOST_NAMED = 12
_DONE: Mapping[Change, str] = {
    "added": "added",
    "left-out": "left out",
    "reworded": "reworded",
    "format": "format changed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedChange:
    """One change. `items` are numbers of the published list, or names where it has none."""

    change: Change
    items: tuple[str, ...] = ()
    block: str | None = None
    what: str | None = None
    reason: str = ""
    when: str | None = None
    source: str | None = None

    def __str__(self) -> str:
        """Say what was done, when, why and from where."""
        told = words_of_change(self.change, self.items, self.block)
        told += f": {self.what.rstrip('.')}" if self.what else ""
        parts = {"": self.when, "source: ": self.source, "reason: ": self.reason}
        details = "; ".join(f"{key}{said.rstrip('.')}" for key, said in parts.items() if said)
        return f"{told} ({details})" if details else told


@dataclass(frozen=True, slots=True, kw_only=True)
class AdaptationLog:
    """All changes of an instrument; false where it is as published.

    Attributes
    ----------
    changes : tuple of LoggedChange
    added : mapping of str to tuple of str
        Item names of each block of added items.
    standard : tuple of str
        The items that were not added; only where some were.
    """

    changes: tuple[LoggedChange, ...] = ()
    added: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    standard: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything was changed."""
        return bool(self.changes)

    def __str__(self) -> str:
        """Every change in words."""
        return "; ".join(str(one) for one in self.changes)

    @property
    def blocks(self) -> dict[str, tuple[str, ...]]:
        """Item names of the standard items and of each added block; empty if none was added."""
        return {STANDARD: self.standard, **self.added} if self.added else {}

    def composition(self) -> list[str]:
        """What makes it another list: items added and left out, another format.

        Neither dates and reasons nor the order of the entries matter, so that two studies that
        changed a list alike are equal.
        """
        made = [words_of_change("added", items, block) for block, items in self.added.items()]
        left_out = self._items_of("left-out")
        made += [words_of_change("left-out", left_out, None)] if left_out else []
        formats = {
            f"{words_of_change('format', one.items, one.block)}: {one.what}"
            for one in self.changes
            if one.change == "format"
        }
        return sorted([*made, *formats])

    def rewordings(self) -> list[str]:
        """Items with other words than published, which leave the list as long as it was."""
        return list(self._items_of("reworded"))

    def _items_of(self, change: Change) -> tuple[str, ...]:
        items = {item for one in self.changes if one.change == change for item in one.items}
        return tuple(sorted(items, key=lambda item: (not item.isdecimal(), item.zfill(4))))

    def touches(self, item: str) -> bool:
        """Whether an item (number or name) was left out or reworded."""
        return item in (*self._items_of("left-out"), *self._items_of("reworded"))


def words_of_change(change: Change, items: Iterable[str], block: str | None) -> str:
    """Say what was done to which items, as in `items 4 and 7 left out`."""
    items = tuple(items)
    done = _DONE[change]
    if change == "added":
        named = f"{len(items)} item{'s' if len(items) != 1 else ''}"
        return f"{named} {done} (block {block!r})"
    of_block = f" (block {block!r})" if block else ""
    if not items:
        return f"{done}{of_block}"
    named = f"item{'s' if len(items) != 1 else ''} {listed(items, most=MOST_NAMED)}"
    return f"{named}{of_block}: {done}" if change == "format" else f"{named} {done}{of_block}"
