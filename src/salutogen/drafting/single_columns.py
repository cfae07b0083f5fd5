"""Columns that are neither keys nor answers: background, arms, and what went nowhere."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from salutogen.drafting.cells import DataColumn, DataTable
from salutogen.drafting.layout import Layout
from salutogen.drafting.roles import a_word
from salutogen.drafting.words_of_names import names_age, names_arm, names_background

_FEW_KINDS = 6
_MOST_KINDS = 30
_OLDEST = 120


@dataclass(frozen=True, slots=True)
class BackgroundColumn:
    """A column that describes persons: its name in the study file, and its kind."""

    name: str
    column: str
    kind: str


@dataclass(frozen=True, slots=True)
class SingleColumns:
    """What is left beside keys and answers.

    `doubtful` gives columns of a known kind that were not used, each with the reason; `unused`
    the rest.
    """

    background: tuple[BackgroundColumn, ...]
    doubtful: tuple[tuple[str, str], ...]
    unused: tuple[str, ...]


def sort_singles(table: DataTable, layout: Layout, answers: Collection[str]) -> SingleColumns:
    """Sort the columns that hold no answers."""
    background: list[BackgroundColumn] = []
    doubtful: list[tuple[str, str]] = []
    unused: list[str] = []
    used: set[str] = set()
    for name, column in table.columns.items():
        if name in layout.taken:
            if name in layout.ruled_out:
                doubtful.append((name, "numbers rows"))
            continue
        if name in answers:
            continue
        if names_arm(name) and 2 <= column.distinct <= _FEW_KINDS:
            doubtful.append((name, "looks like the arms of a trial: see `arms`"))
        elif names_background(name):
            why = _unusable(name, column, table, layout)
            if why:
                doubtful.append((name, why))
            else:
                background.append(BackgroundColumn(a_word(name, used), name, _kind(column)))
        else:
            unused.append(name)
    return SingleColumns(tuple(background), tuple(doubtful), tuple(unused))


def _unusable(name: str, column: DataColumn, table: DataTable, layout: Layout) -> str:
    """Why a column of background is not used; empty where it can be."""
    if not name or column.filled == 0:
        return "is empty"
    if names_age(name):
        low, high = column.numbers.min(), column.numbers.max()
        if not column.numeric and column.distinct > _FEW_KINDS:
            return "is an age, but holds text"
        if (
            column.numeric
            and isinstance(low, float)
            and isinstance(high, float)
            and (low < 0 or high > _OLDEST)
        ):
            return f"is an age, but goes from {low:g} to {high:g}"
    elif not layout.single and table.varies_within(name, layout.person):
        return "changes within persons"
    if not column.numeric and column.distinct > _MOST_KINDS:
        return "holds many different texts"
    return ""


def _kind(column: DataColumn) -> str:
    return "category" if not column.numeric or column.distinct <= _FEW_KINDS else "number"
