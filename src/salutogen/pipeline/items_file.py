"""`items.csv`: every item of the study, what is known of it, and what was changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, fields

import polars as pl

from salutogen.columns import Column, Kind
from salutogen.study import Instrument, Study
from salutogen.study.instruments.item_facts import ItemFacts


def _label(name: str, meaning: str, unit: str = "text") -> Column:
    return Column(name=name, meaning=meaning, unit=unit, kind=Kind.LABEL)


ITEM_COLUMNS = (
    _label("instrument", "Instrument, as the study file calls it"),
    _label("item", "Item; empty where it was left out"),
    _label("column", "Its column in the data"),
    _label("number", "Its number in the published instrument", "number"),
    _label("block", "Blocks and subscales it belongs to"),
    _label("domain", "Domain of life"),
    _label("size", "Daily hassle or life event", "micro/macro"),
    _label("population", "Population it was made for"),
    _label("objectivity", "How far it names an event alone", "verifiable/reported/appraised"),
    _label("source", "Where the item comes from"),
    _label("change", "How it differs from the one published", "added/left-out/reworded/format"),
)


def items_table(study: Study) -> pl.DataFrame:
    """List the items of all instruments in their order; columns `ITEM_COLUMNS`."""
    every = (*study.instruments.values(), *study.prompted.values())
    rows = [row for one in every for row in _rows(one)]
    schema = {one.name: pl.String for one in ITEM_COLUMNS} | {"number": pl.Int64}
    return pl.DataFrame(rows, schema=schema)


def _rows(instrument: Instrument) -> Iterator[dict[str, object]]:
    nothing = dict.fromkeys(field.name for field in fields(ItemFacts))
    for item in instrument.items:
        number = instrument.numbers.get(item)
        blocks = [name for name, items in instrument.blocks.items() if item in items]
        yield {
            "instrument": instrument.name,
            "item": item,
            "column": instrument.columns[item],
            "number": number,
            "block": ", ".join(blocks) or None,
            **asdict(instrument.fact(item)),
            "change": _changes(instrument, {item, str(number)}),
        }
    for change in instrument.log.changes:
        for item in change.items if change.change == "left-out" else ():
            yield {
                "instrument": instrument.name,
                "item": None,
                "column": None,
                "number": int(item) if item.isdecimal() else None,
                "block": None,
                **nothing,
                "change": f"{change.change}: {item}",
            }


def _changes(instrument: Instrument, called: set[str]) -> str | None:
    """Which changes speak of an item; a change of the whole format speaks of all."""
    changes = [
        one.change
        for one in instrument.log.changes
        if called & set(one.items) or (one.change == "format" and not one.items)
    ]
    return ", ".join(dict.fromkeys(changes)) or None
