"""A study file in the making, and what the answers to it must know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from salutogen.study.format import expand_numbers
from tests.end_to_end.random_studies.drawing import Lot
from tests.end_to_end.random_studies.naming import Naming

BY_OCCASION = "_w{occasion}"
NAMES, HABITS = 1, 2  # purposes of draws beside those of the plan and its answers


@dataclass(frozen=True, kw_only=True)
class Scale:
    """An instrument, as answers to it are drawn.

    Attributes
    ----------
    name : str
    role : {"problems", "exposure", "factor", "functioning"}
    columns : tuple of str
        Columns, in a file with one row per person with the place of the occasion.
    low, high : int
        Lowest and highest answer.
    turned : bool
        Whether a high answer means few problems.
    ticks : bool
        Whether only what happened is ticked.
    measured : {"repeated", "baseline"}
    words : mapping of str to str
        How an answer is written in the file, where not by its number.
    decimals : bool
        Whether it is a ready-made score with values between the whole ones.
    impossible : bool
        Whether some cells hold what is no answer.
    """

    name: str
    role: str
    columns: tuple[str, ...]
    low: int
    high: int
    turned: bool = False
    ticks: bool = False
    measured: str = "repeated"
    words: Mapping[str, str] = field(default_factory=dict)
    decimals: bool = False
    impossible: bool = False

    @property
    def items(self) -> tuple[str, ...]:
        """Names of the items, without the occasion."""
        return tuple(column.removesuffix(BY_OCCASION) for column in self.columns)


@dataclass(kw_only=True)
class Habits:
    """What is unusual about the rows of the sources; nothing is, at first.

    Attributes
    ----------
    sites : bool
        Identifiers are unique only within a centre.
    beeps : bool
        Two columns make the occasion.
    per_occasion : bool
        Each occasion has a file of its own.
    duplicates : {"", "exact", "blank", "first", "last", "merge"}
    done : str
        The code by which a column says that a form was handed in; empty without such a column.
    stamps : {"", "offset", "utc", "local", "points"}
        How moments and dates are written.
    per_day : float
        What times count, to a day.
    split : bool
        Exposure stands in a file of its own, not for everybody at each occasion.
    """

    sites: bool = False
    beeps: bool = False
    per_occasion: bool = False
    duplicates: str = ""
    done: str = ""
    stamps: str = ""
    per_day: float = 1.0
    split: bool = False


@dataclass(kw_only=True)
class Plan:
    """A study file in the making, and what the answers must know of it."""

    lot: Lot
    naming: Naming
    layout: str
    labels: tuple[str, ...]
    days: tuple[float, ...]
    values: dict[str, Any]
    scales: list[Scale] = field(default_factory=list)
    background: dict[str, str] = field(default_factory=dict)  # plain column by name
    people: bool = False  # whether background stands in a file of its own
    arms: bool = False
    register: bool = False  # whether events stand in a file of their own, with dates
    borrowed: bool = False  # whether the lines come from the norm file of another study
    time: str = ""
    habits: Habits = field(default_factory=Habits)

    @property
    def wide(self) -> bool:
        """Whether the columns carry the occasion in their names."""
        return self.layout == "row-per-person"

    def scale(self, name: str, role: str, columns: str, low: int, high: int, **given: Any) -> None:
        """Add a scale to the plan and to the study file."""
        how = {key: given.pop(key) for key in ("turned", "ticks") if key in given}
        measured = given.get("measured", "repeated")
        plain = expand_numbers(columns)
        called = tuple(self.naming.column(column) for column in plain)
        end = BY_OCCASION if self.wide and measured == "repeated" else ""
        made = Scale(
            name=name,
            role=role,
            columns=tuple(f"{column}{end}" for column in called),
            low=low,
            high=high,
            measured=measured,
            **how,
        )
        self.scales.append(made)
        named: Any = f"{columns}{end}" if called == plain else list(made.columns)
        entry = {"columns": named, **given}
        if self.people:
            entry["source"] = "answers"
        self.values["instruments"][name] = entry

    def change(self, name: str, **given: Any) -> None:
        """Change how the answers to a scale are drawn or written."""
        self.scales = [replace(one, **given) if one.name == name else one for one in self.scales]
