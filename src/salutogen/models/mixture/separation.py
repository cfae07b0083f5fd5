"""Log odds of classes that have no finite estimate, since a predictor tells classes apart.

Where some combination of predictors puts everybody into the class that the person is in, the
likelihood rises for ever along that direction (Albert & Anderson 1984): estimates there are only
where a search stopped, and have no error. What is orthogonal to these directions is estimated
from the persons who are not told apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

IMPOSSIBLE = 0.05  # persons expected in a class, over all, below which none need be there
BOX = 1.0  # bound of a direction's entries, in log odds per unit of size of a column
UNLIKELY = 1e-3  # probability of a class that a search which runs away undercuts by far
SEEN = 1e-4  # entry of a direction that is not rounding


@dataclass(frozen=True, kw_only=True)
class Separation:
    """Directions in which log odds of the classes (against the last one) have no estimate.

    Attributes
    ----------
    finite : array ((K - 1) p, s)
        Spans, beside them, all log odds, class by class; the identity where none is found.
    infinite : array (K - 1, p) of bool
        Which single log odds have no finite estimate.
    words : str
        Which predictors tell which classes apart, and by how many persons; empty where none.
    """

    finite: Float
    infinite: Bool
    words: str

    @property
    def found(self) -> bool:
        """Whether any estimate is at infinity."""
        return bool(self.infinite.any())


def find_separation(
    columns: Float,
    membership: Float,
    expected: Float,
    terms: Sequence[str],
    *,
    numbers: Sequence[int] = (),
) -> Separation:
    """Look for directions along which nobody's log odds of a possible class fall.

    Parameters
    ----------
    columns : array (n, p)
        Predictors as given, with the constant.
    membership : array (n, K)
        Probability or weight of each class for each person, at the estimates. Weights that are
        negative, or so small that fewer than a twentieth of a person is expected over all, count
        as a class that the person cannot be in.
    expected : array (n, K)
        Probability of each class from the predictors alone, at the estimates: where none is near
        0, a search has run away in no direction.
    terms : sequence of str, length p
        Names of the columns.
    numbers : sequence of int, length K, optional
        Numbers of the classes, for the words; by default from 1.

    Notes
    -----
    A direction d separates if x'(d_k − d_l) ≥ 0 for each person x, each class k that the person
    may be in and each other class l, without being 0 for all. These d form a cone; linear
    programs find what it spans (Konis 2007; here all of it, so that each coefficient is judged).
    """
    (n, p), K = columns.shape, membership.shape[1]
    size = (K - 1) * p
    none = Separation(finite=np.eye(size), infinite=np.zeros((K - 1, p), bool), words="")
    possible = membership > IMPOSSIBLE / n
    if K < 2 or expected.min() > UNLIKELY or (possible.sum(axis=1) > 1).all():
        return none
    scale = np.sqrt(np.mean(columns**2, axis=0))
    scaled = columns / scale
    rows = np.unique(np.column_stack([scaled, possible]), axis=0)
    span = _span(_rises(rows[:, :p], rows[:, p:] > 0))
    if not span.shape[1]:
        return none
    beside = np.linalg.svd(span)[0][:, span.shape[1] :] / np.tile(scale, K - 1)[:, None]
    infinite = (np.abs(span) > SEEN).any(axis=1).reshape(K - 1, p)
    classes = np.array(numbers or range(1, K + 1))[np.argmax(membership, axis=1)]
    words = _words(columns, classes, infinite.any(axis=0), terms)
    return Separation(finite=beside, infinite=infinite, words=words)


def _rises(columns: Float, possible: Bool) -> Float:
    """Rows whose products with a separating direction are at least 0."""
    K, p = possible.shape[1], columns.shape[1]
    parts = []
    for k in range(K):
        for other in range(K):
            if other == k:
                continue
            own = columns[possible[:, k]]
            row = np.zeros((len(own), K, p))
            row[:, k], row[:, other] = own, -own
            parts.append(row[:, : K - 1].reshape(len(own), -1))
    return np.unique(np.concatenate(parts), axis=0)


def _span(rises: Float) -> Float:
    """Orthonormal columns that span all d with rises @ d >= 0."""
    size = rises.shape[1]
    span = np.empty((size, 0))
    if _furthest(rises, rises.sum(axis=0)) is None:
        return span  # nothing rises anywhere
    looked_at = 0
    while looked_at < size - span.shape[1]:
        rest = np.linalg.svd(span)[0][:, span.shape[1] :] if span.size else np.eye(size)
        along = rest[:, looked_at]
        found = [_furthest(rises, side * along) for side in (1.0, -1.0)]
        directions = [direction for direction in found if direction is not None]
        if not directions:
            looked_at += 1
            continue
        span = np.linalg.qr(np.column_stack([span, directions[0]]))[0]
        looked_at = 0
    return span


def _furthest(rises: Float, along: Float) -> Float | None:
    """The d with rises @ d >= 0 that goes furthest along a direction; None where none does."""
    from scipy.optimize import linprog

    found = linprog(-along, A_ub=-rises, b_ub=np.zeros(len(rises)), bounds=(-BOX, BOX))
    if found.status != 0 or -found.fun <= SEEN:
        return None
    direction: Float = np.asarray(found.x)
    return direction


def _words(columns: Float, classes: NDArray[np.int64], infinite: Bool, terms: Sequence[str]) -> str:
    """Name the predictors that tell classes apart, with the persons who show it."""
    places = [j for j in np.flatnonzero(infinite).tolist() if terms[j] != "Intercept"]
    told, others = [], []
    for j in places:
        values, counts = np.unique(columns[:, j], return_counts=True)
        support = ""
        if len(values) == 2:
            rare = values[np.argmin(counts)]
            support = _support(columns[:, j] == rare, classes, f" with {rare:g}")
        if support:
            told.append(f"{terms[j]} ({support})")
        else:
            others.append(terms[j])
    if others:
        neither = _support((columns[:, places] == 0).all(axis=1), classes, " with 0 in each")
        told.append(f"{', '.join(others)} ({neither or 'whose values part the classes'})")
    return ", ".join(told)


def _support(there: Bool, classes: NDArray[np.int64], words: str) -> str:
    """How many persons there are and which classes have none of them; empty where all have."""
    n = int(there.sum())
    absent = sorted(set(classes.tolist()) - set(classes[there].tolist()))
    if not n or not absent:
        return ""
    *first, last = map(str, absent)
    listed = f"{', '.join(first)} or {last}" if first else last
    return f"{n} {'person' if n == 1 else 'persons'}{words}, none in class {listed}"
