"""SR with a slope of its own within persons: what an event raises beyond its own exposure.

Where problems follow a person's own ups and downs of exposure by another slope than they follow
differences between persons, SR by one line moves with exposure: it jumps at an event by arithmetic.
"""

from __future__ import annotations

import numpy as np

from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.norm.mixed import MixedLine


def scored_within(P: FloatArray, E: FloatArray, line: MixedLine | None) -> FloatArray | None:
    """P minus the line with slopes between and within persons; points of P, positive = worse.

    Parameters
    ----------
    P, E : ndarray, shape (persons, occasions)
        NaN where missing.
    line : MixedLine or None

    Returns
    -------
    ndarray, shape (persons, occasions), or None
        Uses the mean exposure over all of a person's occasions, later ones too; in a change from
        one occasion to another that mean cancels. None without a line.
    """
    if line is None:
        return None
    there = np.isfinite(P) & np.isfinite(E)
    n = np.maximum(there.sum(axis=1), 1)
    mean = (np.where(there, E, 0.0).sum(axis=1) / n)[:, None]
    between = line.between_slope * (mean - line.mean_E) / line.sd_E
    within = line.within_slope * (E - mean) / line.sd_E
    expected = line.mean_P + line.sd_P * (line.split_intercept + between + within)
    return np.where(there, P - expected, np.nan)
