"""Reads the adaptations of an instrument: which items and blocks they name, and what is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from salutogen.study.findings_by_line import FindingsByLine
from salutogen.study.format import GAP, Adaptation, InstrumentUse
from salutogen.study.instruments.adaptation_log import STANDARD, AdaptationLog, LoggedChange
from salutogen.study.instruments.item_names import Items, known_items, written_out
from salutogen.study.instruments.registry import RegisteredInstrument

ADDED = "added"


@dataclass(frozen=True, slots=True, kw_only=True)
class Composition:
    """What was added and left out.

    Attributes
    ----------
    added : mapping of str to tuple of str
        Names of the added items, by block.
    left_out : tuple of int
        Numbers of the published list.
    spoken_of : mapping of int to tuple of str
        Items of each of these changes, by its place in the log.
    """

    added: Mapping[str, tuple[str, ...]]
    left_out: tuple[int, ...]
    spoken_of: Mapping[int, tuple[str, ...]]

    @property
    def added_items(self) -> tuple[str, ...]:
        """Names of all added items."""
        return tuple(item for items in self.added.values() for item in items)


def composition_of(
    name: str,
    use: InstrumentUse,
    items: Items,
    entry: RegisteredInstrument | None,
    found: FindingsByLine,
) -> Composition:
    """Find out which items were added and left out: the others are numbered by that."""
    added: dict[str, tuple[str, ...]] = {}
    spoken_of: dict[int, tuple[str, ...]] = {}
    for index, one in enumerate(use.adaptations):
        path = f"instruments.{name}.adaptations.{index}"
        if one.change == "added":
            spoken_of[index] = _added(one, items, entry, found, path)
            block = one.block or ADDED
            added[block] = (*added.get(block, ()), *spoken_of[index])
        elif one.change == "left-out":
            spoken_of[index] = _left_out(one, items, entry, found, path)
    here = f"instruments.{name}.adaptations"
    everything = [item for own in added.values() for item in own]
    for item, times in Counter(everything).items():
        if times > 1:
            found.tell("adaptation-invalid", at=here, variant="twice", name=name, item=item)
    if everything and set(everything) >= set(items.names):
        found.tell("adaptation-invalid", at=here, variant="nothing-left", name=name)
    published = entry is not None and entry.items is not None
    left_out = [
        int(item)
        for index, spoken in spoken_of.items()
        for item in spoken
        if published and use.adaptations[index].change == "left-out"
    ]
    return Composition(
        added={block: tuple(dict.fromkeys(own)) for block, own in added.items() if own},
        left_out=tuple(dict.fromkeys(left_out)),
        spoken_of=spoken_of,
    )


def _added(
    one: Adaptation,
    items: Items,
    entry: RegisteredInstrument | None,
    found: FindingsByLine,
    path: str,
) -> tuple[str, ...]:
    named = written_out(one.items, found, f"{path}.items")
    if named is None:
        found.tell("adaptation-invalid", at=path, variant="items", change=one.change)
        return ()
    numbers = [item for item in named if isinstance(item, int) or item.isdecimal()]
    if numbers and entry is not None and entry.items is not None:
        found.tell(
            "adaptation-invalid",
            at=f"{path}.items",
            variant="added-by-number",
            item=numbers[0],
            registered=entry.name,
        )
        named = tuple(item for item in named if item not in numbers)
    return known_items(named, items, found, f"{path}.items")


def _left_out(
    one: Adaptation,
    items: Items,
    entry: RegisteredInstrument | None,
    found: FindingsByLine,
    path: str,
) -> tuple[str, ...]:
    """Numbers of the published list; as written where the registry does not know it."""
    named = written_out(one.items, found, f"{path}.items")
    published = None if entry is None else entry.items
    if named is None:
        if published is not None or one.what is None:
            found.tell("adaptation-invalid", at=path, variant="items", change=one.change)
        return ()
    left_out: list[str] = []
    for item in named:
        number = int(item) if isinstance(item, int) or item.isdecimal() else None
        if number is None and items.resolve(item):
            found.tell("adaptation-invalid", at=f"{path}.items", variant="present", item=item)
        elif published is None:
            left_out.append(str(item))
        elif number is not None and 1 <= number <= published:
            left_out.append(str(number))
        elif item != GAP:
            found.tell(
                "adaptation-invalid",
                at=f"{path}.items",
                variant="no-number",
                item=item,
                items=published,
            )
    return tuple(left_out)


def log_of(
    name: str,
    use: InstrumentUse,
    items: Items,
    made: Composition,
    subscales: Mapping[str, tuple[str, ...]],
    found: FindingsByLine,
    *,
    published: int = 0,
) -> AdaptationLog:
    """Read the log, once the items are numbered and the subscales known.

    `published` is how many items the published list has, where the registry knows it: these are
    spoken of by number, so that two studies with other columns say the same.
    """
    here = f"instruments.{name}.adaptations"
    for block in made.added:
        if block == STANDARD or block in subscales:
            found.tell("adaptation-invalid", at=here, variant="block-taken", block=block)
    blocks = {**subscales, **made.added}
    changes = []
    for index, one in enumerate(use.adaptations):
        spoken_of = made.spoken_of.get(index)
        if spoken_of is None:
            names = _changed(one, items, blocks, found, f"{here}.{index}")
            numbers = {item: items.number_of(item) for item in dict.fromkeys(names)}
            spoken_of = tuple(
                str(number) if number <= published else item for item, number in numbers.items()
            )
        changes.append(
            LoggedChange(
                change=one.change,
                items=spoken_of,
                block=one.block or (ADDED if one.change == "added" else None),
                what=one.what,
                reason=one.reason,
                when=one.when,
                source=one.source,
            )
        )
    standard = tuple(item for item in items.names if item and item not in made.added_items)
    return AdaptationLog(
        changes=tuple(changes), added=made.added, standard=standard if made.added else ()
    )


def _changed(
    one: Adaptation,
    items: Items,
    blocks: Mapping[str, tuple[str, ...]],
    found: FindingsByLine,
    path: str,
) -> tuple[str, ...]:
    """Names of the items that were reworded, or whose format was changed."""
    if one.block is not None and one.block not in blocks and one.block != GAP:
        found.unknown_name(f"{path}.block", one.block, blocks, "block")
        return ()
    if one.items is not None:
        named = written_out(one.items, found, f"{path}.items") or ()
        return known_items(named, items, found, f"{path}.items")
    if one.block is not None:
        return blocks.get(one.block, ())
    if one.change == "reworded":
        found.tell("adaptation-invalid", at=path, variant="items", change=one.change)
    return ()
