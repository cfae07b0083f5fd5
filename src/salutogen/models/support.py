"""How many clusters (persons) a coefficient rests on: robust errors of too few say nothing.

A cluster-robust variance is made from residuals. A coefficient that cannot be told without one
cluster takes that cluster's residual away: its sandwich variance is near zero whatever the truth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salutogen.models.descriptive import numbered
from salutogen.models.linear_algebra import Factored
from salutogen.models.short_repr import short_repr

Float = NDArray[np.float64]

ALONE = 0.95  # share of what is known in a direction, from which it is one cluster's own
MATTERS = 0.01  # share of a variance that may lie in such directions
ROUNDING = 1e-9
FEWEST = 3.0  # effective clusters below which G − 1 degrees of freedom are out of the question
FEW = 6.0  # effective clusters below which errors with G − 1 degrees of freedom are too small


class SupportWarning(UserWarning):
    """A coefficient rests on too few persons for the error that was asked for."""


@short_repr("n_clusters")
@dataclass(frozen=True, kw_only=True)
class Support:
    """What each cluster tells of the coefficients.

    Attributes
    ----------
    information : array (n_clusters, p, p)
        Information X_i' V_i⁻¹ X_i of each cluster, in a basis where the sum is the identity.
    turn : array (p, p)
        Takes a contrast of the coefficients into that basis; the squared length of the result is
        its variance by the model, to a factor.
    directions, owners : array (k, p), (k,)
        Directions of that basis which one cluster alone tells (its share is at least 95 %; without
        it they cannot be told, or hardly), and which cluster.
    """

    information: Float
    turn: Float
    directions: Float
    owners: NDArray[np.int64]

    @property
    def n_clusters(self) -> int:
        """Number of clusters."""
        return len(self.information)

    def alone(self, contrasts: ArrayLike) -> tuple[float, int]:
        """Return how much of a variance single clusters alone tell, and how many they are.

        Parameters
        ----------
        contrasts : array (p,) or (k, p)
            Weights of the coefficients; of several, the combination that is told worst counts.

        Returns
        -------
        share : float
            From 0 to 1: the largest share of one direction that is one cluster's own.
        n : int
            Clusters that own such a share of more than 1 %.
        """
        from scipy.linalg import orth

        space = orth(self.turn @ np.atleast_2d(np.asarray(contrasts, dtype=float)).T)
        shares = np.sum((self.directions @ space) ** 2, axis=1)
        return float(np.max(shares, initial=0.0)), len(np.unique(self.owners[shares > MATTERS]))

    def effective(self, contrast: ArrayLike) -> float:
        """Return how many equal clusters would tell as much: 1 / Σ w², w their shares.

        The shares are those of the contrast's variance (Carter, Schnepel & Steigerwald 2017, with
        the model's own covariance within clusters).
        """
        a = self.turn @ np.asarray(contrast, dtype=float)
        flat = self.information.reshape(len(self.information), -1)
        shares = np.einsum("ik,k->i", flat, np.outer(a, a).ravel()) / np.sum(a**2)
        return float(np.sum(shares) ** 2 / np.sum(shares**2))

    def lack(self, contrasts: ArrayLike, *, small_sample: bool) -> str:
        """Say why there is no robust error, in the words after a name; empty if there is one.

        Parameters
        ----------
        contrasts : array (p,) or (k, p)
            Weights of the coefficients.
        small_sample : bool
            Whether the degrees of freedom follow the contrast's own clusters (CR2).
        """
        _, n = self.alone(contrasts)
        if n:
            whom = "" if n == 1 else ", each alone for a part of it"
            return (
                f"rests on {n} of {self.n_clusters} persons{whom}: where nobody else tells an "
                "effect, no residual tells its error"
            )
        effective = min(self.effective(row) for row in np.atleast_2d(contrasts))
        if not small_sample and effective < FEWEST:
            return (
                f"rests on about {effective:.1f} of {self.n_clusters} persons: too few for this "
                "error; CR2 allows for it"
            )
        return ""

    def doubt(self, contrast: ArrayLike) -> str:
        """Say that an error with G − 1 degrees of freedom is too small; empty if it is not."""
        effective = self.effective(contrast)
        if effective >= min(FEW, self.n_clusters / 2):
            return ""
        return (
            f"rests on about {effective:.1f} of {self.n_clusters} persons: its error is too "
            "small; CR2 allows for it"
        )


def cluster_support(information: Float, precision: Float, back: Float) -> Support:
    """Find what single clusters alone tell.

    Parameters
    ----------
    information : array (n_clusters, p, p)
        Information of each cluster in any basis.
    precision : array (p, p)
        Their sum.
    back : array (p, p)
        Takes a contrast of the user's coefficients into that basis.
    """
    root = np.linalg.cholesky(precision)
    inverse = np.linalg.inv(root)
    return _support(inverse @ information @ inverse.T, inverse @ back)


def least_squares_support(
    X: ArrayLike | Factored,
    names: Sequence[str],
    *,
    cluster: ArrayLike | None = None,
    weights: ArrayLike | None = None,
) -> Support:
    """Return the support of a (weighted) least-squares line's coefficients.

    Parameters
    ----------
    X : array (n, p) or Factored
        Predictors, of full rank.
    names : sequence of str
        Names of the columns of X.
    cluster : array (n,), optional
        Codes of the clusters; by default each row is one (for errors such as HC3).
    weights : array (n,), optional
        Precision weights.
    """
    if weights is not None:
        columns = np.asarray(X.X if isinstance(X, Factored) else X, dtype=float)
        X = columns * np.sqrt(np.asarray(weights, dtype=float))[:, None]
    design = Factored.of(X, names)
    Q = design.Q
    p, n = Q.shape
    index = np.arange(n) if cluster is None else numbered(np.asarray(cluster))[0]
    information = np.empty((int(index.max()) + 1, p, p))
    for a in range(p):
        for b in range(a + 1):
            information[:, a, b] = information[:, b, a] = np.bincount(index, Q[a] * Q[b])
    return _support(information, design.inverse.T)


def _support(information: Float, turn: Float) -> Support:
    """Support from information that sums to the identity."""
    # No eigenvalue is larger than the sum of them all: few clusters need to be decomposed.
    large = np.flatnonzero(np.einsum("iaa->i", information) >= ALONE * (1 - ROUNDING))
    sizes, vectors = np.linalg.eigh(information[large])
    places, which = np.nonzero(sizes >= ALONE)
    return Support(
        information=information,
        turn=turn,
        directions=vectors[places, :, which],
        owners=large[places],
    )
