"""The occasion and event that each person's trajectory is locked to, by a named rule.

Definitions: first occurrence at occasion t with the event not there before, at least one earlier
and two later observed occasions (after Ahrens et al. 2024).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.trajectories.anchors.events import BoolArray, EventGrid
from salutogen.analyses.trajectories.anchors.settings import Rule

EARLIER, LATER = 1, 2
IntArray = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, repr=False)
class Anchors:
    """Anchors in person order: one per person at most, or one per episode.

    Attributes
    ----------
    rule : str
    person, occasion, item : ndarray of int, shape (n,)
        Places in the panel's persons, the planned occasions and the grid's items.
    rating : ndarray, shape (n,)
        Answer to the anchor event (its code).
    other_before : ndarray of bool, shape (n,)
        Some listed event counted at an earlier occasion.
    episode : ndarray of int, shape (n,)
        Number of the episode within its person, from 1.
    days_since : ndarray or None, shape (n,)
        Dated events: days from the event to the answers of the anchor occasion.
    """

    rule: Rule
    person: IntArray
    occasion: IntArray
    item: IntArray
    rating: NDArray[np.float64]
    other_before: BoolArray
    episode: IntArray
    days_since: NDArray[np.float64] | None = None

    def __repr__(self) -> str:
        """Name the rule, and how many anchors of how many persons there are."""
        return f"Anchors({self.rule!r}: {self.n} of {self.n_persons} persons)"

    @property
    def n(self) -> int:
        """Number of anchors: of anchored persons, where each has one episode."""
        return int(self.person.size)

    @property
    def n_persons(self) -> int:
        """Number of anchored persons."""
        return int(np.unique(self.person).size)

    def until(self, n_occasions: int) -> IntArray:
        """Place of the person's next anchor, or the number of planned occasions; shape (n,)."""
        ends = np.full(self.n, n_occasions, dtype=np.int64)
        again = np.flatnonzero(self.person[1:] == self.person[:-1])
        ends[again] = self.occasion[again + 1]
        return ends


def eligible(grid: EventGrid) -> BoolArray:
    """Occasions observed with at least one earlier and two later observed ones."""
    seen = np.cumsum(grid.observed, axis=1)
    earlier = seen - grid.observed
    later = seen[:, -1:] - seen
    return np.asarray(grid.observed & (earlier >= EARLIER) & (later >= LATER))


def qualifying(grid: EventGrid, rule: Rule) -> BoolArray:
    """Events that count under a rule, shape (persons, occasions, items), eligibility aside.

    Parameters
    ----------
    grid : EventGrid
    rule : {"first-strict", "first-any", "onset", "demo-loop"}
        An earlier observed occasion at which the item was not answered does not count as below
        the threshold: nobody knows.
    """
    hits = grid.hits
    if rule == "demo-loop":
        before = np.zeros_like(hits)
        before[:, 1:] = grid.below[:, :-1]
        return np.asarray(hits & before)
    if rule == "first-any":
        return np.asarray(hits & ~some_earlier(hits.any(axis=2))[:, :, None])
    absent = grid.absent if rule == "onset" else grid.below
    contrary = grid.observed[:, :, None] & ~absent
    return np.asarray(hits & ~some_earlier(contrary))


def some_earlier(marks: BoolArray) -> BoolArray:
    """Tell whether there is a mark at an earlier occasion (axis 1)."""
    counts = np.cumsum(marks, axis=1)
    return np.asarray(counts - marks > 0)


def find_anchors(
    grid: EventGrid,
    *,
    rule: Rule = "first-strict",
    occasions: tuple[int, ...] | None = None,
    ties: str = "most-severe",
    seed: int | Sequence[int] = 1,
) -> Anchors:
    """Find each person's anchor.

    Parameters
    ----------
    grid : EventGrid
    rule : {"first-strict", "first-any", "onset", "demo-loop"}
        With "demo-loop" the latest qualifying occasion and its last item win, and eligibility is
        not looked at; otherwise the earliest eligible occasion wins.
    occasions : tuple of int, optional
        Places of the occasions at which an anchor may lie; default all.
    ties : {"most-severe", "random"}
        Among several events of that occasion: highest rating, then first item; or drawn.
    seed : int or sequence of int
        Of the random draw.

    Returns
    -------
    Anchors
    """
    found = qualifying(grid, rule) & allowed_occasions(grid, occasions)[None, :, None]
    loop = rule == "demo-loop"
    if not loop:
        found &= eligible(grid)[:, :, None]
    at = found.any(axis=2)
    person = np.flatnonzero(at.any(axis=1))
    rows = at[person]
    occasion = rows.shape[1] - 1 - rows[:, ::-1].argmax(axis=1) if loop else rows.argmax(axis=1)
    candidates = found[person, occasion]
    ratings = grid.ratings[person, occasion].astype(np.float64)
    if loop:
        item = candidates.shape[1] - 1 - candidates[:, ::-1].argmax(axis=1)
    elif ties == "random":
        chance = np.random.default_rng(seed).random(candidates.shape)
        item = np.where(candidates, chance, -1.0).argmax(axis=1)
    else:
        item = np.where(candidates, ratings, -np.inf).argmax(axis=1)
    before = some_earlier(grid.hits.any(axis=2))
    return Anchors(
        rule=rule,
        person=person.astype(np.int64),
        occasion=occasion.astype(np.int64),
        item=item.astype(np.int64),
        rating=ratings[np.arange(person.size), item],
        other_before=before[person, occasion],
        episode=np.ones(person.size, dtype=np.int64),
        days_since=None if grid.days_since is None else grid.days_since[person, occasion, item],
    )


def allowed_occasions(grid: EventGrid, occasions: tuple[int, ...] | None) -> BoolArray:
    """Whether an anchor may lie at each planned occasion, shape (occasions,)."""
    allowed = np.ones(grid.observed.shape[1], dtype=bool)
    if occasions is not None:
        allowed[:] = False
        allowed[list(occasions)] = True
    return allowed
