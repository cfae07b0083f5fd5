"""How far changes around events differ between courses, beside what fluctuation alone gives.

The SD of changes over courses holds ordinary fluctuation: it is no spread of persons' responses.
Changes over the same span away from anchors have that fluctuation too; only what the SD exceeds
theirs by can be of the events and of persons.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.trajectories.anchors.rules import Anchors
from salutogen.analyses.trajectories.courses.locks import OFFSETS, FloatArray, level_after
from salutogen.analyses.trajectories.placebo.occasions import MARGIN, acting
from salutogen.columns import POINTS, Kind, Record, figure, record

FEWEST = 20  # persons with such changes, below which nothing is compared


@record
class Spread(Record):
    """SD of a change over courses, beside that of the same change away from anchors."""

    n: int = figure("Courses with the change", kind=Kind.COUNT)
    sd: float = figure("SD over courses, fluctuation included", unit=POINTS)
    n_persons_calm: int = figure("Persons with such changes away from anchors", kind=Kind.COUNT)
    sd_calm: float = figure("SD of changes over the same span away from anchors", unit=POINTS)
    ratio: float = figure("The first SD over the second")
    ratio_low: float = figure("Lower end of its 95 % interval, clustered by person")
    ratio_high: float = figure("Upper end of it")
    sd_beyond: float | None = figure(
        "SD that is left without fluctuation; null where the ratio is not told to lie above 1",
        unit=POINTS,
    )


def spread_beside(
    values: FloatArray,
    person: NDArray[np.int64],
    calm: FloatArray,
    calm_person: NDArray[np.int64],
) -> Spread | None:
    """Compare two SDs by the logarithm of their ratio, errors clustered by person.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Change of each course; NaN where unknown.
    person : ndarray of int, shape (n,)
    calm : ndarray, shape (m,)
        Changes away from anchors; NaN where unknown.
    calm_person : ndarray of int, shape (m,)

    Returns
    -------
    Spread or None
        None where fewer than 20 persons have either, or one does not vary.
    """
    from scipy.special import stdtrit

    sides = []
    for given, who in ((values, person), (calm, calm_person)):
        there = np.isfinite(given)
        found, whose = given[there], who[there]
        if np.unique(whose).size < FEWEST:
            return None
        variance = float(np.var(found, ddof=1))
        if variance <= 0.0:
            return None
        sides.append((whose, ((found - found.mean()) ** 2 / variance - 1.0) / found.size, variance))
    (own, first, variance), (theirs, second, variance_calm) = sides
    everyone = np.unique(np.concatenate([own, theirs]))
    g = everyone.size
    moved = np.bincount(np.searchsorted(everyone, own), first, minlength=g)
    moved = moved - np.bincount(np.searchsorted(everyone, theirs), second, minlength=g)
    se = float(np.sqrt(g / (g - 1.0) * (moved**2).sum()))
    half = float(stdtrit(g - 1, 0.975)) * se
    middle = np.log(variance / variance_calm)
    low, high = (float(np.exp(0.5 * end)) for end in (middle - half, middle + half))
    return Spread(
        n=int(own.size),
        sd=float(np.sqrt(variance)),
        n_persons_calm=int(np.unique(theirs).size),
        sd_calm=float(np.sqrt(variance_calm)),
        ratio=float(np.exp(0.5 * middle)),
        ratio_low=low,
        ratio_high=high,
        sd_beyond=float(np.sqrt(variance - variance_calm)) if low > 1.0 else None,
    )


def calm_courses(rows: FloatArray, anchors: Anchors) -> tuple[FloatArray, NDArray[np.int64]]:
    """SR at pre, peri, post1 and post2 around every occasion away from anchors.

    Parameters
    ----------
    rows : ndarray, shape (n, occasions)
        SR of the person of each anchor; NaN where missing.
    anchors : Anchors

    Returns
    -------
    courses : ndarray, shape (m, 4)
        None of the four is an occasion at which an anchor acts, or one of the two after those.
    person : ndarray of int, shape (m,)
    """
    _, first = np.unique(anchors.person, return_index=True)
    person, own = anchors.person[first], rows[first]
    busy = acting(anchors, (int(anchors.person.max()) + 1, rows.shape[1]), MARGIN)[person]
    places = np.arange(-min(OFFSETS), rows.shape[1] - max(OFFSETS))[:, None] + np.asarray(OFFSETS)
    free = ~busy[:, places].any(axis=2)
    which, place = np.nonzero(free)
    return own[which[:, None], places[place]], person[which]


def adjacent_changes(rows: FloatArray, anchors: Anchors) -> tuple[FloatArray, NDArray[np.int64]]:
    """Changes of SR from an occasion to the next, both away from anchors, and whose they are."""
    _, first = np.unique(anchors.person, return_index=True)
    person, own = anchors.person[first], rows[first]
    busy = acting(anchors, (int(anchors.person.max()) + 1, rows.shape[1]), MARGIN)[person]
    changes = np.diff(np.where(busy, np.nan, own), axis=1)
    return changes.ravel(), np.repeat(person, changes.shape[1])


def jump_spread(jumps: FloatArray, rows: FloatArray, anchors: Anchors) -> Spread | None:
    """Spread of jumps beside changes from one occasion to the next."""
    return spread_beside(jumps, anchors.person, *adjacent_changes(rows, anchors))


def change_spread(changes: FloatArray, rows: FloatArray, anchors: Anchors) -> Spread | None:
    """Spread of mean changes beside those of courses around occasions away from anchors."""
    courses, person = calm_courses(rows, anchors)
    return spread_beside(changes, anchors.person, level_after(courses) - courses[:, 0], person)
