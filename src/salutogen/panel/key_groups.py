"""Items of a scale that fall into two groups by their sign on the first principal component."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FEWEST_ITEMS = 4
LOADS = 0.3  # a loading below it has no sign to speak of
MOST_WITHOUT = 1 / 3  # share of the items that may have no sign
APART = 0.15  # mean correlation within the groups, and between them with a minus
ABOVE_NOISE = 1.2  # first eigenvalue in those that unrelated items give


@dataclass(frozen=True, slots=True)
class OpposedGroups:
    """Places of the items of two groups, and mean correlations within and between them."""

    one: tuple[int, ...]
    other: tuple[int, ...]
    within: float
    between: float


def opposed_groups(values: NDArray[np.float64]) -> OpposedGroups | None:
    """Find two groups of items that go against each other.

    The first eigenvalue of the correlation matrix must exceed what unrelated items give,
    (1 + sqrt(k / n))^2 (Marchenko and Pastur 1967); items with a loading below .3 belong to
    neither group.

    Parameters
    ----------
    values : array (n, k)
        Complete answers, reversed items turned round; every item varies.

    Returns
    -------
    OpposedGroups or None
        The larger group first (that of the first item, if they are equal); None where the items
        point one way, or nowhere.
    """
    n, k = values.shape
    if k < FEWEST_ITEMS:
        return None
    matrix: NDArray[np.float64] = np.asarray(np.corrcoef(values, rowvar=False))
    roots, vectors = np.linalg.eigh(matrix)
    if roots[-1] < ABOVE_NOISE * (1 + np.sqrt(k / n)) ** 2:
        return None
    loadings = vectors[:, -1] * np.sqrt(roots[-1])
    plus, minus = np.flatnonzero(loadings >= LOADS), np.flatnonzero(loadings <= -LOADS)
    if min(plus.size, minus.size) < 2 or k - plus.size - minus.size > MOST_WITHOUT * k:
        return None
    pairs = [matrix[np.ix_(group, group)] for group in (plus, minus)]
    inside = np.concatenate([pair[np.triu_indices(len(pair), 1)] for pair in pairs])
    within, between = float(inside.mean()), float(matrix[np.ix_(plus, minus)].mean())
    if within < APART or between > -APART:
        return None
    groups = sorted((plus.tolist(), minus.tolist()), key=lambda group: (-len(group), group[0]))
    return OpposedGroups(tuple(groups[0]), tuple(groups[1]), within, between)
