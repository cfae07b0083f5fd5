"""Placebo anchors: occasions of the anchored persons at which no listed event happened.

A placebo occasion meets the eligibility of an anchor (an earlier and two later observed occasions),
has no listed event and a complete course from pre to post2. That course ends before the first
anchor of the person; who has none such there is held beside occasions far enough after its anchors,
where a response may be assumed to be over.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.trajectories.anchors.events import BoolArray, EventGrid
from salutogen.analyses.trajectories.anchors.rules import Anchors, eligible
from salutogen.analyses.trajectories.courses.locks import OFFSETS, FloatArray

MARGIN = 2  # further occasions after an anchor that no comparator course touches


@dataclass(frozen=True, kw_only=True, repr=False)
class PlaceboDraws:
    """One placebo occasion for each anchor that has some, drawn again and again.

    Attributes
    ----------
    anchor : ndarray of int, shape (m,)
        Places of the anchors that have a placebo occasion.
    person : ndarray of int, shape (m,)
        Whose anchor it is.
    occasion : ndarray of int, shape (draws, m)
        Place of the planned occasion drawn.
    before : ndarray of bool, shape (m,)
        Whether its placebo occasions lie before the first anchor of the person; else after.
    until : ndarray of int, shape (draws, m)
        Where the next anchor of the person stands, or the number of planned occasions: what
        follows a placebo occasion is looked at until then.
    """

    anchor: NDArray[np.int64]
    person: NDArray[np.int64]
    occasion: NDArray[np.int64]
    before: BoolArray
    until: NDArray[np.int64]

    def __repr__(self) -> str:
        """Say how many anchors have placebo occasions, and how often these were drawn."""
        return f"PlaceboDraws({self.anchor.size} anchors x {self.occasion.shape[0]} draws)"

    def among(self, kept: BoolArray) -> PlaceboDraws:
        """Keep the draws of some of the anchors (m,)."""
        return replace(
            self,
            anchor=self.anchor[kept],
            person=self.person[kept],
            occasion=self.occasion[:, kept],
            before=self.before[kept],
            until=self.until[:, kept],
        )

    def courses(self, rows: FloatArray) -> FloatArray:
        """Values at the four positions around each drawn occasion, shape (draws, m, 4).

        Parameters
        ----------
        rows : ndarray, shape (n, occasions)
            Values of the person of each anchor.
        """
        place = self.occasion[:, :, None] + np.asarray(OFFSETS)
        return np.asarray(rows[self.anchor[None, :, None], place])

    def elsewhere(self, calm: FloatArray) -> FloatArray:
        """Mean over the occasions outside each drawn course, shape (draws, m).

        Parameters
        ----------
        calm : ndarray, shape (n, occasions)
            As `rows` in `courses`, NaN where an event acts.
        """
        own = calm[self.anchor]
        there = np.isfinite(own)
        place = self.occasion[:, :, None] + np.asarray(OFFSETS)
        inside = np.take_along_axis(there[None], place, axis=2)
        values = np.take_along_axis(np.where(there, own, 0.0)[None], place, axis=2)
        n = there.sum(axis=1) - inside.sum(axis=2)
        total = np.where(there, own, 0.0).sum(axis=1) - values.sum(axis=2)
        return np.asarray(np.where(n > 0, total / np.maximum(n, 1), np.nan))

    def afterwards(self, rows: FloatArray) -> FloatArray:
        """Values from each drawn occasion until the next anchor, (draws, m, occasions), then NaN.

        Column 0 is the drawn occasion; `rows` as in `courses`.
        """
        k = rows.shape[1]
        place = self.occasion[:, :, None] + np.arange(k)
        inside = place < self.until[:, :, None]
        found = rows[self.anchor[None, :, None], np.where(inside, place, 0)]
        return np.where(inside, found, np.nan)


def acting(anchors: Anchors, shape: tuple[int, int], margin: int = 0) -> BoolArray:
    """Occasions at which an anchor event acts: the anchor and the two after it.

    Parameters
    ----------
    anchors : Anchors
    shape : tuple of int
        Persons of the study, planned occasions.
    margin : int
        Further occasions after it.
    """
    found = np.zeros(shape, dtype=bool)
    for after in range(max(OFFSETS) + margin + 1):
        place = anchors.occasion + after
        inside = place < shape[1]
        found[anchors.person[inside], place[inside]] = True
    return found


def placebo_occasions(grid: EventGrid, anchors: Anchors, rows: FloatArray) -> BoolArray:
    """Where each anchor may have a placebo, shape (n, occasions).

    Parameters
    ----------
    grid : EventGrid
    anchors : Anchors
    rows : ndarray, shape (n, occasions)
        SR of the person of each anchor; NaN where missing.
    """
    free = eligible(grid) & ~grid.hits.any(axis=2)
    usable = np.isfinite(rows) & ~acting(anchors, grid.observed.shape, MARGIN)[anchors.person]
    k = rows.shape[1]
    around = np.zeros_like(usable)
    first, last = -min(OFFSETS), k - max(OFFSETS)
    if last > first:
        around[:, first:last] = np.logical_and.reduce(
            [usable[:, first + offset : last + offset] for offset in OFFSETS]
        )
    allowed = free[anchors.person] & around
    early = allowed & _before_all(anchors, k)
    return np.asarray(np.where(early.any(axis=1, keepdims=True), early, allowed))


def _before_all(anchors: Anchors, k: int) -> BoolArray:
    """Occasions whose course ends before the first anchor of the person, shape (n, k)."""
    first = anchors.occasion[np.searchsorted(anchors.person, anchors.person, "left")]
    return np.asarray(np.arange(k) + max(OFFSETS) < first[:, None])


def draw_placebos(
    grid: EventGrid,
    anchors: Anchors,
    rows: FloatArray,
    *,
    draws: int,
    seed: int | np.random.SeedSequence,
) -> PlaceboDraws:
    """Draw a placebo occasion for each anchor that has some, each with the same chance.

    Parameters
    ----------
    grid, anchors, rows
        As in `placebo_occasions`.
    draws, seed : int
    """
    pool = placebo_occasions(grid, anchors, rows)
    anchor = np.flatnonzero(pool.any(axis=1))
    pool = pool[anchor]
    order = np.argsort(~pool, axis=1, kind="stable")
    chance = np.random.default_rng(seed).random((draws, anchor.size))
    rank = np.floor(chance * pool.sum(axis=1)).astype(np.int64)
    occasion = order[np.arange(anchor.size), rank]
    person = anchors.person[anchor]
    return PlaceboDraws(
        anchor=anchor,
        person=person,
        occasion=occasion,
        before=_before_all(anchors, rows.shape[1])[anchor, occasion[0]],
        until=_next_anchor(anchors, person, occasion, rows.shape[1]),
    )


def _next_anchor(
    anchors: Anchors, person: NDArray[np.int64], occasion: NDArray[np.int64], k: int
) -> NDArray[np.int64]:
    """First anchor of the person after each drawn occasion, or `k`; anchors are in person order."""
    first = np.searchsorted(anchors.person, person, "left")
    number = np.searchsorted(anchors.person, person, "right") - first
    until = np.full_like(occasion, k)
    for episode in range(int(number.max(initial=0)) - 1, -1, -1):
        at = anchors.occasion[np.minimum(first + episode, anchors.n - 1)]
        until = np.where((number > episode) & (occasion < at), at, until)
    return until
