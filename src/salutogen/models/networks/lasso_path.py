"""Graphical lassos along a path of penalties."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Int = NDArray[np.int64]

SETTLED = 1e-9  # change of a covariance in a round below which a search ends
ROUNDS = 10_000


@dataclass(frozen=True, kw_only=True)
class LassoPath:
    """What was found along a path.

    Attributes
    ----------
    penalties : array (m,)
        Rising.
    place : int
        The penalty chosen.
    precision : array (k, k)
        Of the network chosen.
    criteria, log_likelihoods : array (m,)
        Extended BIC, and log-likelihood of standardised variables.
    edges : array (m,)
        How many there are.
    converged : bool
    """

    penalties: Float
    place: int
    precision: Float
    criteria: Float
    log_likelihoods: Float
    edges: Int
    converged: bool

    @property
    def penalty(self) -> float:
        """The penalty chosen."""
        return float(self.penalties[self.place])

    @property
    def partial_correlations(self) -> Float:
        """Edges (k, k); 0 on the diagonal."""
        return partial_correlations(self.precision)


def partial_correlations(precision: Float) -> Float:
    """Return −K_ij / √(K_ii K_jj), with 0 on the diagonal."""
    size = np.sqrt(np.diag(precision))
    found: Float = -precision / np.outer(size, size)
    found[precision == 0] = 0.0  # no negative zeros
    np.fill_diagonal(found, 0.0)
    return found


def search_path(S: Float, n: int, gamma: float, n_penalties: int, smallest: float) -> LassoPath:
    """Fit a path to a correlation matrix (k, k) of n persons and choose by extended BIC."""
    from salutogen.models.networks._kernels_lasso import lasso_path

    largest = float(np.max(np.abs(S - np.diag(np.diag(S)))))
    # Variables without any correlation at all have no path; any penalty leaves no edge.
    largest = largest if largest > 0 else 1.0
    penalties = np.exp(np.linspace(np.log(smallest * largest), np.log(largest), n_penalties))
    penalties[-1] = largest  # not a rounding below it, where an edge would be left
    m = len(penalties)
    best, criteria, likelihoods = np.empty_like(S), np.empty(m), np.empty(m)
    edges = np.empty(m, dtype=np.int64)
    place = lasso_path(S, penalties, n, gamma, SETTLED, ROUNDS, best, criteria, likelihoods, edges)
    return LassoPath(
        penalties=penalties,
        place=place if place >= 0 else -1 - place,
        precision=best,
        criteria=criteria,
        log_likelihoods=likelihoods,
        edges=edges,
        converged=place >= 0,
    )
