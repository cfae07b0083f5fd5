"""Partial correlations from the regressions of each variable on all others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

LEAST = 1e-3  # eigenvalue of a scaled precision that it is brought to where it has lower ones


@dataclass(frozen=True, kw_only=True)
class NodewiseNetwork:
    """A network without directions.

    Attributes
    ----------
    partial : array (k, k)
        Partial correlations, 0 on the diagonal.
    errors : array (k, k)
        Their standard errors, as if there were none in the variances.
    was_shrunk : bool
        Whether the two sides of edges contradicted each other so much that all edges had to be made
        smaller to be partial correlations of anything.
    """

    partial: Float
    errors: Float
    was_shrunk: bool


def nodewise_network(slopes: Float, slope_errors: Float, variances: Float) -> NodewiseNetwork:
    """Join the regressions.

    Parameters
    ----------
    slopes, slope_errors : array (k, k)
        Row: outcome; 0 on the diagonal.
    variances : array (k,)
        What is left of each outcome.

    Notes
    -----
    With D the reciprocal variances and Γ the slopes, the precision is D (I − Γ), of which both
    triangles are averaged (Epskamp, Waldorp, Mõttus & Borsboom 2018). So an edge is
    ``½ (γ_ij √(d_i / d_j) + γ_ji √(d_j / d_i))``, and its error the same of the slopes' errors:
    both slopes tell the same, so that errors do not average out.
    """
    if not (variances > 0).all():
        nothing = np.full_like(slopes, np.nan)
        return NodewiseNetwork(partial=nothing, errors=nothing, was_shrunk=False)
    scale = np.sqrt(variances[None, :] / variances[:, None])
    both = [(part * scale + (part * scale).T) / 2 for part in (slopes, slope_errors)]
    partial, errors = both
    lowest = float(np.linalg.eigvalsh(np.eye(len(partial)) - partial)[0])
    shrink = 1 / (1 + max(0.0, LEAST - lowest)) if lowest < 0 else 1.0
    return NodewiseNetwork(
        partial=partial * shrink,
        errors=errors * shrink,
        was_shrunk=shrink < 1,
    )
