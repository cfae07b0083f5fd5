"""Answers as numbers of categories; categories that hardly anybody uses are joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salutogen.errors import ModelError

Float = NDArray[np.float64]
Int = NDArray[np.intp]

MOST = 15  # categories of an item


@dataclass(frozen=True, kw_only=True)
class Categories:
    """The categories of one item.

    Attributes
    ----------
    answers : tuple of tuple of float
        Answers that each category holds, in order; more than one where categories were joined.
    values : array (c,)
        What each counts: the answer, or the mean of all answers that it holds.
    """

    answers: tuple[tuple[float, ...], ...]
    values: Float

    @property
    def n_thresholds(self) -> int:
        """Thresholds between them."""
        return len(self.answers) - 1

    @property
    def joined(self) -> tuple[tuple[float, ...], ...]:
        """Those that hold more than one answer."""
        return tuple(one for one in self.answers if len(one) > 1)

    def numbers(self, answers: Float) -> Int:
        """Return the number of each answer's category; -1 where it is missing."""
        bounds = np.array([one[0] for one in self.answers[1:]])
        known = np.isfinite(answers)
        found: Int = np.where(
            known, np.searchsorted(bounds, np.where(known, answers, 0.0), side="right"), -1
        ).astype(np.intp)
        return found


def categories_of(places: Sequence[Float], *, fewest: int, item: str) -> Categories:
    """Return an item's categories, such that each is used at every place.

    Parameters
    ----------
    places : sequence of array
        Answers at each occasion of each group, NaN where missing.
    fewest : int
        Persons who must have given a category's answer at every place; a category of fewer is
        joined with the neighbour that fewer use.
    item : str
        Its name, for refusals.

    Raises
    ------
    ModelError
        Too many different answers, or fewer than two categories left.
    """
    known = [one[np.isfinite(one)] for one in places]
    levels = np.unique(np.concatenate(known))
    if len(levels) > MOST:
        raise ModelError(
            f"{item}: {len(levels)} different answers are no categories; up to {MOST} can be told "
            "apart. Take its answers as quantities."
        )
    counts = np.array([[np.sum(one == level) for level in levels] for one in known])
    held = [[place] for place in range(len(levels))]
    while len(held) > 1 and counts.min() < fewest:
        rare = int(np.argmin(counts.min(axis=0)))
        beside = [one for one in (rare - 1, rare + 1) if 0 <= one < len(held)]
        other = min(beside, key=lambda one: int(counts[:, one].sum()))
        low, high = sorted((rare, other))
        held[low] += held.pop(high)
        counts[:, low] += counts[:, high]
        counts = np.delete(counts, high, axis=1)
    if len(held) < 2:
        raise ModelError(
            f"{item}: no two categories are used by {fewest} persons or more at every occasion and "
            "in every group; nothing is left to tell apart. Leave the item out."
        )
    everybody = np.concatenate(known)
    return Categories(
        answers=tuple(tuple(levels[one].tolist()) for one in held),
        values=np.array([everybody[np.isin(everybody, levels[one])].mean() for one in held]),
    )
