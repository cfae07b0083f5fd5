"""Registry of ways to quantify resilience, all turned so that positive = less resilient.

To add one, write a small function of a `VariantContext` and register it with its level and a
sentence that says what it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal, Self

import numpy as np
import polars as pl

from salutogen.models.descriptive import FEWEST, least_squares_slope
from salutogen.norm import Line, Norm
from salutogen.norm.periods import ValidRows, valid_rows
from salutogen.scores import Scores

if TYPE_CHECKING:
    from salutogen.analyses.contract import AnalysisInputs

VariantLevel = Literal["occasion", "window", "person"]


@dataclass(frozen=True)
class Pieced:
    """Values of the valid rows that are made when they are looked at, a slice at a time.

    Of a large study, ten ways to score side by side are more than all scores.
    """

    n: int
    part: Callable[[slice], np.ndarray]

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.n

    def __getitem__(self, piece: slice) -> np.ndarray:
        """Make the values of some rows."""
        return self.part(piece)


@dataclass(frozen=True, kw_only=True)
class VariantContext:
    """What a variant may use.

    Attributes
    ----------
    rows : ValidRows
        Valid person-occasions.
    occasions : DataFrame
        The same rows with the columns a line may need: scores and factors, without bounds,
        flags and labels.
    persons : DataFrame
        Person scores with the means they come from, sorted by person.
    windows : DataFrame
        Window scores with `person, SR_frozen, SR_refit`.
    SR, SR_person : ndarray
        Primary occasion and person scores.
    """

    scores: Scores
    norm: Norm
    rows: ValidRows
    occasions: pl.DataFrame
    persons: pl.DataFrame
    windows: pl.DataFrame
    SR: np.ndarray
    SR_person: np.ndarray

    @classmethod
    def of(cls, inputs: AnalysisInputs) -> Self:
        """Take it from the rooms' results."""
        scores, resilience = inputs.scores, inputs.resilience
        valid, table = scores.table["valid"], scores.valid_rows()
        return cls(
            scores=scores,
            norm=inputs.norm,
            rows=valid_rows(scores, table),
            occasions=inputs.norm.with_covariates(table),
            persons=resilience.persons,
            windows=resilience.windows,
            SR=_known_or_nan(resilience.occasions["SR"].filter(valid)),
            SR_person=_known_or_nan(resilience.persons["SR"]),
        )

    def alternative(self, name: str) -> np.ndarray | None:
        """Another scoring of E or P in the valid rows, NaN where unknown; None where there is none.

        One at a time: of a large study all of them are larger than the scores.
        """
        if name not in self.scores.alternatives.columns:
            return None
        return _known_or_nan(self.scores.alternatives[name].filter(self.scores.table["valid"]))

    @property
    def summed_exposure(self) -> np.ndarray:
        """Exposure of the valid rows, added up over its types in their raw points."""
        values = self.rows.values
        total: np.ndarray = np.sum([values[name] for name in self.scores.type_columns or ("E",)], 0)
        return total

    @property
    def first_rows(self) -> np.ndarray:
        """Places of each person's first valid row."""
        places: np.ndarray = np.flatnonzero(np.diff(self.rows.person, prepend=-1) != 0)
        return places

    def by_line(self, name: str) -> Pieced | None:
        """SR of occasions by a line of another shape or fit, such as `robust`."""
        line = self.norm.lines.of("occasion", variant=name)
        return None if line is None else Pieced(self.rows.n, partial(self._by_line, line))

    def _by_line(self, line: Line, piece: slice) -> np.ndarray:
        table = self.occasions[piece]
        SR: np.ndarray = table["P"].to_numpy() - line.expected(table, level="occasion")
        return SR

    def residual(self, E: np.ndarray) -> Pieced | None:
        """P of the valid rows less its least-squares line on another exposure (n,).

        None where the exposure does not vary.
        """
        P, known = self.rows.values["P"], np.isfinite(E)
        x, y = (E, P) if known.all() else (E[known], P[known])
        slope = least_squares_slope(y, x) if x.size >= FEWEST else None
        if slope is None:
            return None
        middle, centre, short = float(np.mean(y)), float(np.mean(x)), _short(E)

        def part(piece: slice) -> np.ndarray:
            return P[piece] - middle - slope * (short[piece].astype(np.float64) - centre)

        return Pieced(self.rows.n, part)


Values = np.ndarray | Pieced
Compute = Callable[[VariantContext], Values | None]


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One registered variant: its values come per valid row, window row or person.

    Values of valid rows may be made piece by piece (`Pieced`).
    """

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
    from salutogen.analyses.concordance import variant_scores  # noqa: F401  registers those built in

    yield from _REGISTRY.values()


def _short(values: np.ndarray) -> np.ndarray:
    """Return values in half the room where that takes nothing from them: whole numbers, say."""
    short = values.astype(np.float32)
    return short if np.array_equal(short, values, equal_nan=True) else values


def _known_or_nan(values: pl.Series) -> np.ndarray:
    found: np.ndarray = values.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return found
