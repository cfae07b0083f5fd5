"""Thresholds and correlations that a one-factor model implies, with their derivatives."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from salutogen.models.ordered.one_factor.specification import Places

Float = NDArray[np.float64]


def implied(places: Places, parameters: Float) -> tuple[Float, Float]:
    """Return standardised thresholds and correlations (m,), and derivatives by parameters (m, q).

    Thresholds come variable by variable, then correlations of variables (0, 1), (0, 2), …
    """
    q = len(parameters)
    full = np.concatenate([parameters, [0.0, 1.0]])
    loading, scale = full[places.loadings], full[places.scales]
    mean = full[places.means][places.occasion]
    variable, number = np.nonzero(places.thresholds >= 0)
    rows, columns = np.triu_indices(len(loading), 1)
    n_thresholds, n = len(variable), len(variable) + len(rows)
    slopes = np.zeros((n, q + 2))

    def add(at: NDArray[np.intp], by: NDArray[np.intp], values: Float) -> None:
        np.add.at(slopes, (at, by), values)

    at = np.arange(n_thresholds)
    own = places.thresholds[variable, number]
    left = full[own] - (full[places.intercepts] + loading * mean)[variable]
    factor = scale[variable]
    add(at, own, factor)
    add(at, places.intercepts[variable], -factor)
    add(at, places.loadings[variable], -factor * mean[variable])
    add(at, places.means[places.occasion[variable]], -factor * loading[variable])
    add(at, places.scales[variable], left)

    at = np.arange(n_thresholds, n)
    s, t = places.occasion[rows], places.occasion[columns]
    together, residual = full[places.variances[s, t]], full[places.residuals[rows, columns]]
    factors = scale[rows] * scale[columns]
    inner = loading[rows] * loading[columns] * together + residual
    add(at, places.loadings[rows], factors * loading[columns] * together)
    add(at, places.loadings[columns], factors * loading[rows] * together)
    add(at, places.variances[s, t], factors * loading[rows] * loading[columns])
    add(at, places.residuals[rows, columns], factors)
    add(at, places.scales[rows], scale[columns] * inner)
    add(at, places.scales[columns], scale[rows] * inner)
    return np.concatenate([factor * left, factors * inner]), slopes[:, :q]


def residual_variances(places: Places, parameters: Float) -> Float:
    """Return what is left of each response's variance beside the factor's part (p,)."""
    full = np.concatenate([parameters, [0.0, 1.0]])
    own = full[np.diag(places.variances)][places.occasion]
    found: Float = full[places.scales] ** -2.0 - full[places.loadings] ** 2 * own
    return found
