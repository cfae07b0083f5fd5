"""What is known of each item of an instrument: registry and study file, entry after entry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace

from salutogen.study.findings_by_line import FindingsByLine
from salutogen.study.format import InstrumentUse, ItemMetadata
from salutogen.study.instruments.item_facts import ItemFacts
from salutogen.study.instruments.item_names import Items, known_items, written_out
from salutogen.study.instruments.registry import RegisteredInstrument


def facts_of(
    name: str,
    use: InstrumentUse,
    items: Items,
    entry: RegisteredInstrument | None,
    added: Iterable[str],
    found: FindingsByLine,
) -> dict[str, ItemFacts]:
    """Put together what is known of each item, by its name.

    The registry speaks of the published items only; entries of the study file go before it, later
    ones before earlier ones.
    """
    own = [item for item in items.names if item]
    published = [item for item in own if item not in set(added)]
    facts = dict.fromkeys(own, ItemFacts())
    for one in entry.item_metadata if entry else ():
        numbers = written_out(one.items, found, "")
        chosen = published if numbers is None else [items.resolve(number) for number in numbers]
        _add(one, (item for item in chosen if item), facts)
    for index, one in enumerate(use.item_metadata):
        path = f"instruments.{name}.item_metadata.{index}.items"
        named = written_out(one.items, found, path)
        _add(one, own if named is None else known_items(named, items, found, path), facts)
    return facts


def _add(one: ItemMetadata, chosen: Iterable[str], facts: dict[str, ItemFacts]) -> None:
    said = {
        field.name: value
        for field in fields(ItemFacts)
        if (value := getattr(one, field.name)) is not None
    }
    for item in chosen:
        facts[item] = replace(facts[item], **said)
