"""Rows of persons in the order that the likelihood of levels asks for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salutogen.errors import ModelError

Float = NDArray[np.float64]
Int = NDArray[np.int64]

FEWEST = 3  # persons with several occasions, without whom nothing is estimated
FEWEST_LAGS = 10  # pairs further apart than neighbours, without which rho cannot be told


@dataclass(frozen=True, kw_only=True)
class PersonRows:
    """Rows sorted by person and occasion.

    Attributes
    ----------
    y : array (n,)
        Scores.
    gap : int array (n,)
        Occasions since the person's row before; 0 at a person's first.
    start : int array (N + 1,)
        Where each person's rows begin, and the end.
    persons : int array (N,)
        Codes of the persons, ascending.
    """

    y: Float
    gap: Int
    start: Int
    persons: Int

    @cached_property
    def counts(self) -> Int:
        """Occasions of each person (N,)."""
        return np.diff(self.start)

    @property
    def n_persons(self) -> int:
        """Number of persons."""
        return int(self.persons.size)

    @property
    def n_obs(self) -> int:
        """Number of rows."""
        return int(self.y.size)

    @property
    def tells_autocorrelation(self) -> bool:
        """Whether pairs of occasions lie at several distances.

        With two occasions each, equally far apart, a level cannot be told from a fluctuation that
        lasts from one to the next.
        """
        further = int(np.maximum(self.counts - 2, 0).sum())
        gaps = np.bincount(self.gap[self.gap > 0])
        other = int(gaps.sum() - gaps.max(initial=0))
        return further + other >= FEWEST_LAGS

    def sums(self, rho: float) -> Float:
        """`1'R^-1 1, 1'R^-1 y, y'R^-1 y, log det R` of each person, array (4, N)."""
        from salutogen.models.person_levels._kernels_levels import sums_by_person

        out = np.empty((4, self.n_persons))
        sums_by_person(self.y, self.gap, self.start, rho, self._powers(rho), out)
        return out

    def spread_of_means(self, rho: float) -> Float:
        """`1'R 1 / n²` of each person (N,): what a mean over its occasions keeps of sigma²."""
        from salutogen.models.person_levels._kernels_levels import spread_of_means

        out = np.empty(self.n_persons)
        spread_of_means(self.gap, self.start, self._powers(rho), out)
        return out

    def _powers(self, rho: float) -> Float:
        powers: Float = np.power(float(rho), np.arange(int(self.gap.max(initial=0)) + 1.0))
        return powers


def rows_of_persons(values: ArrayLike, person: ArrayLike, occasion: ArrayLike) -> PersonRows:
    """Sort rows by person and occasion.

    Parameters
    ----------
    values : array (n,)
    person, occasion : int array (n,)
        Codes of persons, and places of occasions in the schedule; a person has one row at each.

    Raises
    ------
    ModelError
        Shapes differ, values are not finite, two rows of a person share an occasion, or fewer than
        three persons have several.
    """
    y = np.asarray(values, dtype=float)
    who, when = (np.asarray(codes).astype(np.int64) for codes in (person, occasion))
    if not y.shape == who.shape == when.shape or y.ndim != 1:
        raise ModelError(f"Expected three arrays (n,), got {y.shape}, {who.shape}, {when.shape}.")
    if not np.isfinite(y).all():
        raise ModelError("Scores are missing or infinite; leave these rows out first.")
    follows = np.diff(who) == 0
    if (np.diff(who) < 0).any() or (np.diff(when)[follows] < 1).any():
        order = np.lexsort((when, who))
        y, who, when = y[order], who[order], when[order]
        follows = np.diff(who) == 0
    gap = np.zeros(y.size, dtype=np.int64)
    gap[1:][follows] = np.diff(when)[follows]
    if (gap[1:][follows] < 1).any():
        raise ModelError("A person has two rows at one occasion.")
    first = np.flatnonzero(np.concatenate([[True], ~follows])) if y.size else np.zeros(0, int)
    start = np.append(first, y.size).astype(np.int64)
    if int((np.diff(start) > 1).sum()) < FEWEST:
        raise ModelError(f"Levels need {FEWEST} persons with several occasions.")
    return PersonRows(y=np.ascontiguousarray(y), gap=gap, start=start, persons=who[first])
