"""Names that people give, among them those that a program might use for something of its own."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.end_to_end.names_in_use import any_names
from tests.end_to_end.random_studies.drawing import Lot

OWN_COLUMNS = ("id", "wave", "day", "item", "answer", "age", "sex", "site", "ward", "income",
               "cohort", "arm", "who", "on", "kind", "burden", "centre", "number", "half", "beep",
               "done", "notes", "person")  # fmt: skip


@dataclass(kw_only=True)
class Naming:
    """Names of scales, background and phases, and of columns: the plain ones, or odd ones.

    Attributes
    ----------
    lot : Lot
    names : float
        Share of names that are odd.
    columns : float
        Share of columns that are called oddly.
    """

    lot: Lot
    names: float
    columns: float
    given: dict[str, str] = field(default_factory=dict)
    given_columns: dict[str, str] = field(default_factory=dict)

    def name(self, plain: str) -> str:
        """Name of a scale, a background, a phase or a subscale; the same each time it is asked."""
        if plain not in self.given:
            taken = {*self.given, *self.given.values()}
            odd = self.lot.chance(self.names)
            self.given[plain] = self._odd(taken, any_names()) if odd else plain
        return self.given[plain]

    def column(self, plain: str) -> str:
        """Name of a column; the same each time it is asked."""
        if plain not in self.given_columns:
            taken = {*OWN_COLUMNS, *self.given_columns, *self.given_columns.values()}
            odd = self.lot.chance(self.columns)
            possible = [one for one in any_names() if _may_be_column(one)]
            self.given_columns[plain] = self._odd(taken, possible) if odd else plain
        return self.given_columns[plain]

    def _odd(self, taken: set[str], possible: tuple[str, ...] | list[str]) -> str:
        while (name := self.lot.one(*possible)) in taken or not name.strip() or name == "???":
            pass
        return str(name)


def _may_be_column(name: str) -> bool:
    """Whether a study file can speak of a column of this name; braces are patterns there."""
    return name == name.strip() and not set(name) & set("{}\t") and not name.isdecimal()
