"""Where the search for a model of ordered items begins."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from salutogen.models.ordered.one_factor.specification import Places
from salutogen.models.ordered.polychoric import Polychoric

Float = NDArray[np.float64]

ALIKE = 0.5  # correlation of the factor's values at two occasions
LEAST, MOST = 0.2, 0.9  # loadings
NARROWEST, WIDEST = 0.3, 3.0  # scales


def starting_values(n: int, groups: Sequence[tuple[Polychoric, Places]]) -> Float:
    """Return values of all n free parameters; what is shared begins as at the first place."""
    found = np.full(n, np.nan)

    def begin(place: int, value: float) -> None:
        if place >= 0 and np.isnan(found[place]):
            found[place] = value

    for observed, places in groups:
        slopes = _loadings(observed.correlations, places)
        for v, thresholds in enumerate(observed.thresholds):
            own = places.thresholds[v, : len(thresholds)]
            for place, value in zip(own, thresholds, strict=True):
                begin(place, value)
            shift, width = _apart(found[own], thresholds)
            begin(places.intercepts[v], shift)
            begin(places.scales[v], 1 / width)
            begin(places.loadings[v], slopes[v] * width)
        for place in places.means:
            begin(place, 0.0)
        for place in np.diag(places.variances):
            begin(place, 1.0)
        for place in places.variances[np.triu_indices(len(places.means), 1)]:
            begin(place, ALIKE)
    return np.where(np.isnan(found), 0.0, found)


def _apart(equal: Float, own: Float) -> tuple[float, float]:
    """Mean and SD of a response by which own thresholds become the equal ones."""
    if len(own) == 1:
        return float(equal[0] - own[0]), 1.0
    width = float(np.ptp(equal) / np.ptp(own))
    width = float(np.clip(width, 1 / WIDEST, 1 / NARROWEST))
    return float(np.mean(equal) - width * np.mean(own)), width


def _loadings(correlations: Float, places: Places) -> Float:
    """Standardised loadings of each occasion, by the centroid method."""
    found = np.zeros(len(correlations))
    for t in range(len(places.means)):
        here = np.flatnonzero(places.occasion == t)
        common = (correlations[np.ix_(here, here)] - np.eye(len(here))).sum(axis=1)
        total = float(common.sum())
        found[here] = np.clip(common / np.sqrt(total), LEAST, MOST) if total > 0 else LEAST
    return found
