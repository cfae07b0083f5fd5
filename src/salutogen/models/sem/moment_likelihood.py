"""The Gaussian likelihood as a function of means and covariances, with missing values.

Moments are packed: the p means, then the covariances of the pairs (i, j), j ≤ i, by rows. Every
structural model is a function from its parameters to packed moments, so its gradient, its expected
and its observed information are those of the moments, multiplied by the function's derivatives.
Sums over patterns and persons are NumPy's own, in their order, never those of a threaded library.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from salutogen.models.sem.patterns import Patterns

Float = NDArray[np.float64]
Int = NDArray[np.intp]

LOG_2PI = float(np.log(2 * np.pi))


@lru_cache(maxsize=64)
def pairs(p: int) -> tuple[Int, Int]:
    """Rows i and columns j ≤ i of packed covariances."""
    rows, columns = np.tril_indices(p)
    return rows, columns


@lru_cache(maxsize=64)
def place_of_pair(p: int) -> Int:
    """Where each (i, j), in either order, is among packed covariances (p, p)."""
    rows, columns = pairs(p)
    places = np.empty((p, p), dtype=np.intp)
    places[rows, columns] = places[columns, rows] = np.arange(len(rows))
    return places


def pack(mean: Float, covariance: Float) -> Float:
    """Return packed moments from means (p,) and covariances (p, p)."""
    return np.concatenate([mean, covariance[pairs(len(mean))]])


def unpack(moments: Float, p: int) -> tuple[Float, Float]:
    """Return means (p,) and covariances (p, p) from packed moments."""
    covariance: Float = moments[p:][place_of_pair(p)]
    return moments[:p], covariance


@dataclass(frozen=True)
class MomentLikelihood:
    """The likelihood of grouped persons at one place.

    Attributes
    ----------
    patterns : Patterns
    mean, covariance : array (p,), (p, p)
        The moments at which it is taken.
    precision : array (n_patterns, p, p)
        Inverse covariance of the variables that a pattern has, 0 elsewhere.
    log_likelihood : float
    """

    patterns: Patterns
    mean: Float
    covariance: Float
    precision: Float
    log_likelihood: float

    @cached_property
    def _residual(self) -> Float:
        """Precision times mean deviation, by pattern (n_patterns, p)."""
        return _times(self.precision, self._deviation)

    @cached_property
    def _deviation(self) -> Float:
        found: Float = np.where(self.patterns.observed, self.patterns.means - self.mean, 0.0)
        return found

    @cached_property
    def _weighted_scatter(self) -> Float:
        """Precision × scatter about the model's means × precision, by pattern."""
        d = self._deviation
        about = self.patterns.scatters + d[:, :, None] * d[:, None, :]
        found: Float = self.precision @ about @ self.precision
        return found

    @cached_property
    def gradient(self) -> Float:
        """Derivatives of the log-likelihood by packed moments."""
        counts = self.patterns.counts
        by_mean = np.einsum("k,ki->i", counts, self._residual)
        excess = np.einsum("k,kij->ij", counts, self._weighted_scatter - self.precision)
        rows, columns = pairs(len(self.mean))
        return np.concatenate([by_mean, excess[rows, columns] * _multiplicity(len(self.mean))])

    def information(self, *, observed: bool) -> Float:
        """Return the information about packed moments (m, m).

        Parameters
        ----------
        observed : bool
            Minus the second derivatives; otherwise their expectation where the moments are true.
        """
        p = len(self.mean)
        counts, rows, columns = self.patterns.counts, *pairs(p)
        found = np.zeros((p + len(rows), p + len(rows)))
        found[:p, :p] = np.einsum("k,kij->ij", counts, self.precision)
        precision = self.precision[:, rows, columns]
        other = precision
        if observed:
            other = 2 * self._weighted_scatter[:, rows, columns] - precision
            cross = self._cross_information()
            found[:p, p:], found[p:, :p] = cross, cross.T
        products = np.einsum("ka,kb->ab", other * counts[:, None], precision)
        found[p:, p:] = _of_pairs(products, p)
        return found

    def _cross_information(self) -> Float:
        """Observed information between means and covariances (p, number of pairs)."""
        p = len(self.mean)
        rows, columns = pairs(p)
        weighted = self.patterns.counts[:, None] * self._residual
        table = np.einsum("kri,kj->rij", self.precision, weighted)
        both = table[:, rows, columns] + table[:, columns, rows]
        found: Float = both * _multiplicity(p)
        return found

    def scores(self) -> Float:
        """Return each person's derivatives of the log-likelihood (n_persons, m)."""
        p = len(self.mean)
        rows, columns = pairs(p)
        of_person = self.patterns.pattern
        values = self.patterns.values
        deviation = np.where(np.isfinite(values), values - self.mean, 0.0)
        by_mean = _times(self.precision[of_person], deviation)
        by_pair = by_mean[:, rows] * by_mean[:, columns]
        by_pair -= self.precision[:, rows, columns][of_person]
        return np.concatenate([by_mean, by_pair * _multiplicity(p)], axis=1)


def likelihood_at(patterns: Patterns, mean: Float, covariance: Float) -> MomentLikelihood | None:
    """Return the likelihood at means (p,) and covariances (p, p); None where not definite."""
    present = patterns.observed
    both = present[:, :, None] & present[:, None, :]
    # Missing variables are given variance 1 and no covariance: they change neither determinant
    # nor inverse of the others.
    padded = np.where(both, covariance, np.eye(len(mean)))
    try:
        factor = np.linalg.cholesky(padded)
        inverse = np.linalg.inv(padded)
    except np.linalg.LinAlgError:
        return None
    inverse = (inverse + inverse.transpose(0, 2, 1)) / 2
    precision = np.where(both, inverse, 0.0)
    log_determinants = 2 * np.sum(np.log(np.einsum("kii->ki", factor)), axis=1)
    deviation = np.where(present, patterns.means - mean, 0.0)
    about = patterns.scatters + deviation[:, :, None] * deviation[:, None, :]
    distances = np.sum(precision * about, axis=(1, 2))
    constants = LOG_2PI * np.sum(present, axis=1)
    total = np.sum(patterns.counts * (constants + log_determinants + distances))
    if not np.isfinite(total):
        return None
    return MomentLikelihood(patterns, mean, covariance, precision, -float(total) / 2)


def _times(matrices: Float, vectors: Float) -> Float:
    """Each matrix (k, p, p) times its vector (k, p)."""
    found: Float = np.einsum("kij,kj->ki", matrices, vectors)
    return found


@lru_cache(maxsize=64)
def _multiplicity(p: int) -> Float:
    """Weight of a packed covariance in a sum over all (i, j), halved: ½ on the diagonal."""
    rows, columns = pairs(p)
    found: Float = np.where(rows == columns, 0.5, 1.0)
    return found


def _of_pairs(products: Float, p: int) -> Float:
    """Information between packed covariances, from summed products of U and W by pair.

    ½ Σ tr(U dₐΣ W dᵦΣ), where dₐΣ has ones at (i, j) and (j, i).
    """
    both = (products + products.T).ravel()
    across, along = _crossed_pairs(p)
    total: Float = both.take(across)
    total += both.take(along)
    weight = _multiplicity(p)
    total *= weight[:, None]
    total *= weight / 2
    return total


@lru_cache(maxsize=4)
def _crossed_pairs(p: int) -> tuple[Int, Int]:
    """Where pairs (k, i), (j, m) and (m, i), (j, k) are in a table of pairs, by (i, j) and (k, m).

    Each has the number of pairs as rows and columns.
    """
    place, (rows, columns) = place_of_pair(p), pairs(p)
    i, j, k, m = rows[:, None], columns[:, None], rows[None, :], columns[None, :]
    n = len(rows)
    return place[k, i] * n + place[j, m], place[m, i] * n + place[j, k]
