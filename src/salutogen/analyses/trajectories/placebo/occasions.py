"""Placebo anchors: occasions of the anchored persons at which no listed event happened.

A placebo occasion meets the eligibility of an anchor (an earlier and two later observed occasions),
has no listed event and a complete course from pre to post2. That course ends before the first
anchor of the person; who has none such there is held beside occasions far enough after its anchors,
where a response may be assumed to be over. All that a person has count, together as one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.trajectories.anchors.events import BoolArray, EventGrid
from salutogen.analyses.trajectories.anchors.rules import Anchors, eligible
from salutogen.analyses.trajectories.courses.locks import OFFSETS, FloatArray

MARGIN = 2  # further occasions after an anchor that no comparator course touches


@dataclass(frozen=True, kw_only=True, repr=False)
class PlaceboOccasions:
    """All placebo occasions of the anchors that have some, a row each.

    Attributes
    ----------
    anchor : ndarray of int, shape (m,)
        Places of the anchors that have a placebo occasion.
    person : ndarray of int, shape (m,)
        Whose anchor it is.
    before : ndarray of bool, shape (m,)
        Whether its placebo occasions lie before the first anchor of the person; else after.
    of : ndarray of int, shape (rows,)
        Place in `anchor` of the anchor that each occasion stands beside.
    occasion : ndarray of int, shape (rows,)
        Place of the planned occasion.
    until : ndarray of int, shape (rows,)
        Where the next anchor of the person stands, or the number of planned occasions: what
        follows a placebo occasion is looked at until then.
    further : ndarray of bool, shape (m,)
        Whether a listed event counts at post1 or post2 of the anchor, the same or another one.
    further_around : ndarray of bool, shape (rows,)
        Whether one counts there after each placebo occasion.
    """

    anchor: NDArray[np.int64]
    person: NDArray[np.int64]
    before: BoolArray
    of: NDArray[np.int64]
    occasion: NDArray[np.int64]
    until: NDArray[np.int64]
    further: BoolArray
    further_around: BoolArray

    def __repr__(self) -> str:
        """Say how many anchors have placebo occasions, and how many these are."""
        return f"PlaceboOccasions({self.occasion.size} of {self.anchor.size} anchors)"

    def among(self, kept: BoolArray) -> PlaceboOccasions:
        """Keep the occasions of some of the anchors (m,)."""
        return self._kept(kept, kept[self.of])

    def without_further(self) -> PlaceboOccasions:
        """Keep what holds no listed event at post1 and post2, around events and elsewhere."""
        rows = ~self.further_around & ~self.further[self.of]
        return self._kept(np.bincount(self.of[rows], minlength=self.anchor.size) > 0, rows)

    def _kept(self, kept: BoolArray, rows: BoolArray) -> PlaceboOccasions:
        """Keep some of the anchors, and some of the occasions that stand beside these."""
        return PlaceboOccasions(
            anchor=self.anchor[kept],
            person=self.person[kept],
            before=self.before[kept],
            of=(np.cumsum(kept) - 1)[self.of[rows]],
            occasion=self.occasion[rows],
            until=self.until[rows],
            further=self.further[kept],
            further_around=self.further_around[rows],
        )

    def drawn(self, draws: int, seed: int | np.random.SeedSequence) -> NDArray[np.int64]:
        """Draw one row for each anchor, each with the same chance; shape (draws, m)."""
        number = np.bincount(self.of, minlength=self.anchor.size)
        chance = np.random.default_rng(seed).random((draws, self.anchor.size))
        return np.asarray(np.cumsum(number) - number + np.floor(chance * number).astype(np.int64))

    def courses(self, rows: FloatArray) -> FloatArray:
        """Values at the four positions around each occasion, shape (rows, 4).

        Parameters
        ----------
        rows : ndarray, shape (n, occasions)
            Values of the person of each anchor.
        """
        place = self.occasion[:, None] + np.asarray(OFFSETS)
        return np.asarray(rows[self.anchor[self.of][:, None], place])

    def elsewhere(self, calm: FloatArray) -> FloatArray:
        """Mean over the occasions outside the course around each, shape (rows,).

        Parameters
        ----------
        calm : ndarray, shape (n, occasions)
            As `rows` in `courses`, NaN where an event acts.
        """
        own = calm[self.anchor[self.of]]
        there = np.isfinite(own)
        place = self.occasion[:, None] + np.asarray(OFFSETS)
        there[np.arange(place.shape[0])[:, None], place] = False
        n = there.sum(axis=1)
        total = np.where(there, own, 0.0).sum(axis=1)
        return np.asarray(np.where(n > 0, total / np.maximum(n, 1), np.nan))

    def afterwards(self, rows: FloatArray) -> FloatArray:
        """Values from each occasion until the next anchor, (rows, occasions), then NaN.

        Column 0 is the occasion itself; `rows` as in `courses`.
        """
        place = self.occasion[:, None] + np.arange(rows.shape[1])
        inside = place < self.until[:, None]
        found = rows[self.anchor[self.of][:, None], np.where(inside, place, 0)]
        return np.where(inside, found, np.nan)


def own_means(values: FloatArray, of: NDArray[np.int64], m: int) -> FloatArray:
    """Mean of each anchor over its placebo occasions, (m,); NaN without a finite value.

    Parameters
    ----------
    values : ndarray, shape (rows,)
        NaN where an occasion is not to count.
    of : ndarray of int, shape (rows,)
        Which of the `m` anchors it belongs to.
    m : int
    """
    there = np.isfinite(values)
    number = np.bincount(of[there], minlength=m)
    total = np.bincount(of[there], values[there], minlength=m)
    return np.asarray(np.where(number > 0, total / np.maximum(number, 1), np.nan))


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


def placebos_of(grid: EventGrid, anchors: Anchors, rows: FloatArray) -> PlaceboOccasions:
    """List the placebo occasions of each anchor that has some.

    Parameters
    ----------
    grid, anchors, rows
        As in `placebo_occasions`.
    """
    pool = placebo_occasions(grid, anchors, rows)
    anchor = np.flatnonzero(pool.any(axis=1))
    of, occasion = np.nonzero(pool[anchor])
    person = anchors.person[anchor]
    early = _before_all(anchors, rows.shape[1])[anchor]
    later = _event_after(grid, rows.shape[1])
    return PlaceboOccasions(
        anchor=anchor,
        person=person,
        before=early[np.arange(anchor.size), pool[anchor].argmax(axis=1)],
        of=of.astype(np.int64),
        occasion=occasion.astype(np.int64),
        until=_next_anchor(anchors, person[of], occasion.astype(np.int64), rows.shape[1]),
        further=later[person, anchors.occasion[anchor]],
        further_around=later[person[of], occasion],
    )


def _event_after(grid: EventGrid, k: int) -> BoolArray:
    """Whether a listed event counts at one of the two occasions after each; (persons, k)."""
    hit = np.zeros((grid.hits.shape[0], k + max(OFFSETS)), dtype=bool)
    hit[:, :k] = grid.hits.any(axis=2)
    return np.asarray(
        np.logical_or.reduce([hit[:, after : after + k] for after in OFFSETS if after > 0])
    )


def _next_anchor(
    anchors: Anchors, person: NDArray[np.int64], occasion: NDArray[np.int64], k: int
) -> NDArray[np.int64]:
    """First anchor of the person after each occasion, or `k`; anchors are in person order."""
    first = np.searchsorted(anchors.person, person, "left")
    number = np.searchsorted(anchors.person, person, "right") - first
    until = np.full_like(occasion, k)
    for episode in range(int(number.max(initial=0)) - 1, -1, -1):
        at = anchors.occasion[np.minimum(first + episode, anchors.n - 1)]
        until = np.where((number > episode) & (occasion < at), at, until)
    return until
