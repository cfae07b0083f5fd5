"""Files with one row per answer: which columns name the item and hold the answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import polars as pl

from salutogen.drafting.cells import DataColumn, DataTable, read_table
from salutogen.drafting.layout import (
    FEW_REPEATS,
    group_candidates,
    occasion_candidates,
    person_candidates,
)
from salutogen.drafting.words_of_names import person_rank, tokens, word_set

_ITEMS = word_set(
    "item items variable var question questions frage fragen merkmal field measure itemcode "
    "itemname questionid param parameter indicator vraag pregunta domanda"
)
_VALUES = word_set(
    "value values val answer answers response responses antwort antworten wert rating score result "
    "reponse réponse respuesta valor risposta antwoord choice"
)
_FEWEST_ITEMS, _MOST_ITEMS = 3, 2000
_MOST_TRIED = 3
_MOST_OF_ROWS = 4  # columns about a single answer: its wording, time, duration, number
_MOST_ROWS = 2_000_000  # a file may be in the order of its items
_SHARED = 0.5  # of persons and occasions that a usual item is answered by


@dataclass(frozen=True, kw_only=True, eq=False)
class ItemRows:
    """A file with one row per answer.

    Attributes
    ----------
    item, value : str
        Columns with the item and the answer.
    wide : DataFrame
        One row per person and occasion, a column for each item.
    """

    item: str
    value: str
    wide: pl.DataFrame


def find_item_rows(frame: pl.DataFrame) -> ItemRows | None:
    """Tell whether each row is the answer to one item; None where it is not.

    Person, occasion and item together must make the rows unique, while person and occasion alone
    occur in several rows.
    """
    table = read_table(frame)
    items = [name for name, one in table.columns.items() if _may_name_items(name, one)]
    for keys in _keys(table):
        for item, value in _pairs(table, items, keys):
            if not _makes_rows_unique(table, keys, item):
                continue
            wide = _widened(frame.head(_MOST_ROWS), table, keys, item, value)
            if wide is not None:
                return ItemRows(item=item, value=value, wide=wide)
    return None


def _keys(table: DataTable) -> Iterator[list[str]]:
    """Columns that may make person and occasion; at last with a group that parts persons."""
    persons = [name for name in person_candidates(table) if not _names_items(name)][:_MOST_TRIED]
    occasions = occasion_candidates(table)[:_MOST_TRIED]
    for person, occasion in product(persons, [*occasions, None]):
        yield [person] if occasion is None else [person, occasion]
    for group, person, occasion in product(group_candidates(table), persons, occasions):
        if group not in (person, occasion):
            yield [group, person, occasion]


def _names_items(name: str) -> bool:
    return bool(set(tokens(name)) & _ITEMS)


def _may_name_items(name: str, column: DataColumn) -> bool:
    """Whether a column holds what is repeated as items are: words, or numbers under such a name."""
    few = _FEWEST_ITEMS <= column.distinct <= min(_MOST_ITEMS, column.texts.len() // 3)
    worded = column.n_words == column.texts.len() and not person_rank(name)
    return few and column.filled >= 1 and (worded or _names_items(name))


def _pairs(
    table: DataTable, items: Sequence[str], keys: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Columns of item and answer by their names; else those that are the only ones left."""
    for item in items:
        if item in keys or not _names_items(item):
            continue
        for value in table.columns:
            if value not in (*keys, item) and set(tokens(value)) & _VALUES:
                yield item, value
    left = [name for name in table.columns if name not in keys]
    if len(left) == 2:
        for item, value in (left, left[::-1]):
            if item in items and table.columns[value].mostly_numeric:
                yield item, value


def _makes_rows_unique(table: DataTable, keys: Sequence[str], item: str) -> bool:
    several = table.per_group(keys) >= _FEWEST_ITEMS
    return several and table.repeated_share([*keys, item]) <= FEW_REPEATS


def _widened(
    frame: pl.DataFrame, table: DataTable, keys: Sequence[str], item: str, value: str
) -> pl.DataFrame | None:
    """Write the answers side by side; what is the same within person and occasion is kept."""
    others = [name for name in table.columns if name not in (*keys, item, value)]
    kept = [name for name in others if not table.varies_within(name, keys)]
    if len(others) - len(kept) > _MOST_OF_ROWS:
        return None  # they would be lost: these are answers, too
    by_place = {f"k{place}": name for place, name in enumerate([*keys, *kept])}
    whole = pl.DataFrame(
        [frame[name].alias(place) for place, name in by_place.items()]
        + [frame[item].cast(pl.String).str.strip_chars().alias("item"), frame[value].alias("value")]
    )
    names = whole["item"].unique(maintain_order=True).to_list()
    own = list(by_place)[: len(keys)]
    first = whole.group_by(own, maintain_order=True).agg(
        pl.col(list(by_place)[len(keys) :]).first()
    )
    usual = whole["item"].value_counts()["count"].median()
    often = isinstance(usual, float) and usual >= _SHARED * first.height
    if not often or set(names) & {None, *table.columns}:
        return None
    wide = whole.pivot("item", index=own, values="value", aggregate_function="first")
    wide = first.join(wide, on=own, how="left", maintain_order="left")
    wide.columns = [*by_place.values(), *names]
    return wide
