"""Write a model's entries while keeping what its parameters are called and measured in."""

from __future__ import annotations

from dataclasses import dataclass, field

from salutogen.models.sem.samples import Scaling
from salutogen.models.sem.structure import Entry


@dataclass
class Draft:
    """Entries of one group's model, with the units of its parameters.

    Attributes
    ----------
    scaling : Scaling
    group : str
        Label; empty where there is one group.
    shared : tuple of str
        Kinds of parameters that all groups have in common.
    entries : list of Entry
    units : dict
        Factor and shift that make a parameter's estimate one of the user's units.
    """

    scaling: Scaling
    group: str = ""
    shared: tuple[str, ...] = ()
    entries: list[Entry] = field(default_factory=list)
    units: dict[str, tuple[float, float]] = field(default_factory=dict)

    def name(self, stem: str, kind: str, occasion: str = "") -> str:
        """Return a parameter's name: with its occasion and its group, where it has these."""
        named = f"{stem}@{occasion}" if occasion else stem
        own = self.group and kind not in self.shared
        return f"{named} [{self.group}]" if own else named

    def path(self, to: str, source: str, name: str, start: float, of: tuple[str, str]) -> None:
        """Add a free path between variables that are measured as `of` (to, source) are."""
        self.entries.append(Entry("path", to, source, name, start))
        self.units[name] = (self.scaling.scale[of[0]] / self.scaling.scale[of[1]], 0.0)

    def covary(self, one: str, two: str, name: str, start: float, of: tuple[str, str]) -> None:
        """Add a free variance or covariance."""
        self.entries.append(Entry("covariance", one, two, name, start))
        self.units[name] = (self.scaling.scale[of[0]] * self.scaling.scale[of[1]], 0.0)

    def mean(self, variable: str, name: str, start: float, of: str) -> None:
        """Add a free mean."""
        self.entries.append(Entry("mean", variable, "", name, start))
        self.units[name] = (self.scaling.scale[of], self.scaling.centre[of])

    def one(self, to: str, source: str) -> None:
        """Let a variable be part of another."""
        self.entries.append(Entry("path", to, source, value=1.0))
