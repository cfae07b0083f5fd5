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
        line = self.norm.lines.variants.get(name)
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


def line_residual(y: np.ndarray, x: np.ndarray) -> np.ndarray | None:
    """Residual of y on x by least squares over rows in which both are known."""
    known = np.isfinite(x) & np.isfinite(y)
    if known.sum() < 3:
        return None
    dx = x[known] - np.mean(x[known])
    xx = float(np.sum(dx * dx))
    if xx <= 0:
        return None
    mean_y = float(np.mean(y[known]))
    slope = float(np.sum(dx * (y[known] - mean_y))) / xx
    return y - mean_y - slope * (x - float(np.mean(x[known])))


def z_scores(values: np.ndarray) -> np.ndarray | None:
    """Z values over known entries; None without variation."""
    known = values[np.isfinite(values)]
    if known.size < 2 or float(np.ptp(known)) == 0:
        return None
    result: np.ndarray = (values - np.mean(known)) / np.std(known, ddof=1)
    return result


def first_component(columns: list[np.ndarray]) -> np.ndarray | None:
    """First principal component of z values, its sign fixed so that the loadings sum up > 0."""
    z = [value for value in (z_scores(column) for column in columns) if value is not None]
    if not z:
        return None
    stacked = np.column_stack(z)
    known = np.isfinite(stacked).all(axis=1)
    if known.sum() < 3:
        return None
    if stacked.shape[1] == 1:
        single: np.ndarray = stacked[:, 0]
        return single
    products = np.array(
        [[float(np.sum(a * b)) for b in stacked[known].T] for a in stacked[known].T]
    )
    loadings = np.linalg.eigh(products)[1][:, -1]
    loadings = loadings if loadings.sum() >= 0 else -loadings
    component: np.ndarray = sum(
        (weight * column for weight, column in zip(loadings, stacked.T, strict=True)),
        start=np.zeros(stacked.shape[0]),
    )
    return component
