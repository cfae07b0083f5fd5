"""Answers as numbers of categories; categories that hardly anybody uses anywhere are joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from salutogen.errors import ModelError

Float = NDArray[np.float64]
Int = NDArray[np.intp]

MOST = 15  # categories of an item
CLEARLY = 2  # times the fewest: as many that are expected, and not there, are a difference


class UnequalUseError(ModelError):
    """An answer is given at one place and hardly at another: joining it would hide that.

    Parameters
    ----------
    item : str
    answers : tuple of float
        What counts as the category that is used unequally.
    rare, used : int
        Numbers of the places at which hardly anybody, and at which some, gave it.
    fewest : int
    """

    def __init__(
        self, item: str, answers: tuple[float, ...], *, rare: int, used: int, fewest: int
    ) -> None:
        told = " or ".join(f"{one:g}" for one in answers)
        super().__init__(
            f"{item}: the answer {told} is given by fewer than {fewest} persons at one occasion or "
            "in one group, and clearly more often at another. Thresholds cannot be compared, and "
            "to join the answer with its neighbour would hide the difference. Take answers as "
            "quantities, or leave the item out."
        )
        self.item, self.answers, self.rare, self.used = item, answers, rare, used


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

    A category of few is joined with a neighbour where that hides no difference between places: it
    has few at every place, or has few at one because responses are lower or higher there, or
    because persons are few. Where thresholds as far apart as at a place that uses it would put
    twice the fewest into it, an answer that one place lacks and another has is a difference, not a
    matter of few persons.

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
    UnequalUseError
        A category that hardly anybody uses at one place, and clearly more at another.
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
        if (apart := _hidden(counts, low, rare, fewest)) is not None:
            answers = tuple(levels[held[rare]].tolist())
            raise UnequalUseError(item, answers, rare=apart[0], used=apart[1], fewest=fewest)
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


def _hidden(counts: Int, low: int, rare: int, fewest: int) -> tuple[int, int] | None:
    """Numbers of a place that lacks a category and of one that has it, where joining hides that."""
    for place in np.flatnonzero(counts[:, rare] < fewest).tolist():
        for other in np.flatnonzero(counts[:, rare] >= fewest).tolist():
            if _expected(counts[place], counts[other], low, rare) >= CLEARLY * fewest:
                return place, other
    return None


def _expected(here: Int, there: Int, low: int, rare: int) -> float:
    """Persons of a category that a place would have if only the level of responses were another.

    Of a pair of neighbours, `low` and the next, the threshold between is put as far from its
    neighbours as it is at the other place, in normal responses.
    """
    ends = low, low + 2
    shares = np.concatenate([[0], np.cumsum(here)]) / here.sum()
    others = np.concatenate([[0], np.cumsum(there)]) / there.sum()
    bottom, top = (float(ndtri(shares[end])) for end in ends)
    bottom_there, top_there = (float(ndtri(others[end])) for end in ends)
    middle_there = float(ndtri(others[low + 1]))
    below, above = np.isfinite([bottom, bottom_there]).all(), np.isfinite([top, top_there]).all()
    if below and above:
        part = (middle_there - bottom_there) / (top_there - bottom_there)
        middle = bottom + part * (top - bottom)
    elif below:
        middle = min(bottom + (middle_there - bottom_there), top)
    elif above:
        middle = max(top - (top_there - middle_there), bottom)
    else:  # nothing beside the pair
        pair = there[low : low + 2].sum()
        return float(there[rare] / pair * here[low : low + 2].sum())
    inside = float(ndtr(middle))
    share = inside - shares[low] if rare == low else shares[low + 2] - inside
    return float(share * here.sum())
