"""Registry of ways to quantify resilience, all turned so that positive = less resilient.

To add one, write a small function of a `VariantContext` and register it with its level and a
sentence that says what it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from salutogen.norm import Line, Norm
from salutogen.norm.periods import ValidRows
from salutogen.scores import Scores

VariantLevel = Literal["occasion", "window", "person"]


@dataclass(frozen=True, kw_only=True)
class VariantContext:
    """What a variant may use.

    Attributes
    ----------
    rows : ValidRows
        Valid person-occasions.
    occasions : DataFrame
        The same rows with all columns a line may need.
    alternatives : DataFrame
        The same rows with other scorings of E and P.
    persons : DataFrame
        Person means (`Norm.period_tables["person"]`), sorted by person.
    windows : DataFrame
        Window scores with `person, SR_frozen, SR_refit`.
    SR, SR_person : ndarray
        Primary occasion and person scores.
    """

    scores: Scores
    norm: Norm
    rows: ValidRows
    occasions: pl.DataFrame
    alternatives: pl.DataFrame
    persons: pl.DataFrame
    windows: pl.DataFrame
    SR: np.ndarray
    SR_person: np.ndarray

    def by_line(self, name: str, *, level: VariantLevel = "occasion") -> np.ndarray | None:
        """SR by a variant line of the norm."""
        line = self.norm.variants.get(name)
        if line is None:
            return None
        table = self.occasions if level == "occasion" else self.persons
        return residual(line, table, level)


Compute = Callable[[VariantContext], np.ndarray | None]


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One registered variant: its values come per valid row, window row or person."""

    name: str
    level: VariantLevel
    description: str
    compute: Compute


_REGISTRY: dict[str, Variant] = {}


def variant(name: str, level: VariantLevel, description: str) -> Callable[[Compute], Compute]:
    """Register a function as a variant."""

    def register(compute: Compute) -> Compute:
        _REGISTRY[name] = Variant(name=name, level=level, description=description, compute=compute)
        return compute

    return register


def registered() -> Iterator[Variant]:
    """Registered variants, in order of registration."""
    yield from _REGISTRY.values()


def residual(line: Line, table: pl.DataFrame, level: VariantLevel) -> np.ndarray:
    """Observed minus expected P; NaN where unknown."""
    SR: np.ndarray = table["P"].to_numpy() - line.expected(table, level=level)
    return SR
