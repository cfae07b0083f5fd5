"""Items of an instrument by name, column and number, as a study file writes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from salutogen.namespaces import item_column
from salutogen.study.findings_by_line import FindingsByLine
from salutogen.study.format import GAP, InstrumentUse, expand_numbers, item_name
from salutogen.study.format.item_bank import ItemNames
from salutogen.study.instruments.registry import RegisteredInstrument


@dataclass(frozen=True, slots=True)
class Items:
    """Item names in the order of their numbers, and the column of each; "" where one is not asked.

    Numbers are those of the published instrument, where the registry knows it; items that a study
    added come after them.
    """

    names: tuple[str, ...]
    columns: tuple[str, ...]

    def resolve(self, item: str | int) -> str | None:
        """Name of an item given by number (from 1), by column or by name."""
        if isinstance(item, int) or item.isdecimal():
            number = int(item)
            return self.names[number - 1] if 1 <= number <= len(self.names) else None
        if item_column(item) in self.names:
            return item_column(item)
        return self.names[self.columns.index(item)] if item in self.columns else None

    def number_of(self, name: str) -> int:
        """Number of an item, from 1."""
        return self.names.index(name) + 1

    def without(self, names: Collection[str]) -> Items:
        """Take items out; the others close up."""
        pairs = zip(self.names, self.columns, strict=True)
        return _of_pairs([pair for pair in pairs if pair[0] not in names])

    def numbered(self, places: Iterable[int], number: int, added: Iterable[str]) -> Items:
        """Put the items at their places in a published list of so many, and added ones after it."""
        later = set(added)
        own = self.without(later)
        pairs = [("", "")] * number
        for place, *pair in zip(places, own.names, own.columns, strict=True):
            pairs[place - 1] = (pair[0], pair[1])
        more = self.without(set(self.names) - later)
        return _of_pairs([*pairs, *zip(more.names, more.columns, strict=True)])


def _of_pairs(pairs: list[tuple[str, str]]) -> Items:
    return Items(tuple(name for name, _ in pairs), tuple(column for _, column in pairs))


def items_of(name: str, use: InstrumentUse, found: FindingsByLine) -> Items | None:
    """Write out the columns; None (and a finding) where that is impossible."""
    patterns = (use.columns,) if isinstance(use.columns, str) else use.columns
    path = f"instruments.{name}.columns"
    if GAP in patterns:
        return None
    try:
        columns = tuple(column for pattern in patterns for column in expand_numbers(pattern))
    except ValueError as error:
        _tell_pattern(error, path, found)
        return None
    if not columns or not all(columns):
        found.tell("columns-invalid", at=path, variant="none")
        return None
    names = tuple(item_name(column) for column in columns)
    twice = sorted(item for item, times in Counter(names).items() if times > 1)
    if twice:
        found.tell("columns-invalid", at=path, variant="twice", item=twice[0])
        return None
    return Items(names, columns)


def numbered_items(
    name: str,
    items: Items,
    entry: RegisteredInstrument | None,
    found: FindingsByLine,
    *,
    added: Collection[str] = (),
    left_out: Collection[int] = (),
) -> Items | None:
    """Number items as the published instrument does; None (and a finding) if they are not its own.

    Fillers may be missing from the data, all of them or none.
    """
    if entry is None or entry.items is None:
        return items
    own = len(items.names) - len(added)
    full = [number for number in range(1, entry.items + 1) if number not in left_out]
    scored = [number for number in entry.scored or () if number not in left_out]
    for places in (full, scored):
        if own == len(places):
            return items.numbered(places, entry.items, added)
    sizes = sorted({len(places) for places in (full, scored if entry.scored else full)})
    found.tell(
        "item-number-differs",
        at=f"instruments.{name}.columns",
        variant="adapted" if added or left_out else "plain",
        registered=entry.name,
        items=" or ".join(str(size) for size in sizes),
        instrument=name,
        expected=entry.items,
        found=own,
    )
    return None


def known_items(
    named: Iterable[str | int], items: Items, found: FindingsByLine, path: str
) -> tuple[str, ...]:
    """Names of the items asked for; those that do not exist are said."""
    names = []
    for item in named:
        name = items.resolve(item)
        if name:
            names.append(name)
        elif item != GAP:
            known = [one for one in (*items.names, *items.columns) if one]
            found.unknown_name(path, str(item), known, "item")
    return tuple(names)


def written_out(
    named: ItemNames | None, found: FindingsByLine, path: str
) -> tuple[str | int, ...] | None:
    """Write out numbers, columns and patterns; None where nothing was named."""
    if named is None:
        return None
    items: list[str | int] = []
    for one in named if isinstance(named, tuple) else (named,):
        if isinstance(one, int):
            items.append(one)
            continue
        try:
            items += expand_numbers(one)
        except ValueError as error:
            _tell_pattern(error, path, found)
    return tuple(items)


def _tell_pattern(error: ValueError, path: str, found: FindingsByLine) -> None:
    """Say why a pattern of columns cannot be written out."""
    problem = str(error)
    problem = problem[:1].upper() + problem[1:]
    found.tell("columns-invalid", at=path, variant="pattern", problem=problem)
