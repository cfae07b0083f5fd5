"""Likelihood of exponential times in intervals, with a normal person effect on the log rate.

Given the effect u, a time is exponential with rate λ = exp(μ + σ u). What is seen of it is an
interval, whose log probability is -λ left + log(1 - exp(-λ width)). The first part is linear in
the ends, so that a person's sum stands for them; the second is computed once for each width that
occurs.

The effect is integrated out over equally spaced nodes: for a smooth integrand that dies away on
both sides this sum errs by less than rounding once nodes are no farther apart than the narrowest
peak is wide (Trefethen & Weideman 2014), which holds for persons with hundreds of times as well.
Gauss-Hermite nodes, which lie where the prior is, would need a placing of their own for each such
person.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Float = NDArray[np.float64]
Int = NDArray[np.int64]

FARTHEST, WIDEST = 6.0, 0.1  # where nodes end, and how far apart they are at most
LARGEST_SPREAD = 1.5  # for which nodes are close enough to those of the person with most times


@dataclass(frozen=True, kw_only=True)
class Posterior:
    """What the times of each person say of the log rate.

    Attributes
    ----------
    mean, variance : array (n_persons,)
    """

    mean: Float
    variance: Float


def effect_nodes(most: int = 1) -> tuple[Float, Float]:
    """Nodes of a standard normal effect, and their weights, where nobody has more times."""
    apart = min(WIDEST, 1.0 / (LARGEST_SPREAD * np.sqrt(most)))
    nodes = np.linspace(-FARTHEST, FARTHEST, 2 * int(np.ceil(FARTHEST / apart)) + 1)
    prior = np.exp(-(nodes**2) / 2)
    return nodes, prior / prior.sum()


class ExponentialLikelihood:
    """The likelihood of intervals, sorted by person.

    Parameters
    ----------
    left, right : array (n,)
        Ends of each interval, `right` infinite where it was not seen to end.
    starts : array (n_persons,)
        First interval of each person.
    """

    def __init__(self, left: Float, right: Float, starts: Int) -> None:
        sizes = np.diff(np.append(starts, left.size))
        self.nodes, self.weights = effect_nodes(int(sizes.max()))
        ended = np.isfinite(right)
        person = np.repeat(np.arange(starts.size), sizes)
        self._waited = np.bincount(person, weights=left, minlength=starts.size)
        widths, kind = np.unique(right[ended] - left[ended], return_inverse=True)
        self._widths = widths
        self._counts = csr_array(
            (np.ones(kind.size), (person[ended], kind)), shape=(starts.size, widths.size)
        )

    def negative(self, point: Float) -> tuple[float, Float]:
        """Minus the log-likelihood at (μ, σ), with its gradient."""
        log, slope = self._by_node(point)
        weight, total = self._posterior_weights(log)
        pulled = weight * slope
        gradient = -np.array([pulled.sum(), (pulled * self.nodes).sum()])
        return -float(total.sum()), gradient

    def posterior(self, point: Float) -> Posterior:
        """Mean and variance of each person's log rate, given the own times."""
        rates = point[0] + point[1] * self.nodes
        weight, _ = self._posterior_weights(self._by_node(point)[0])
        mean = (weight * rates).sum(axis=1)
        variance = (weight * (rates - mean[:, None]) ** 2).sum(axis=1)
        return Posterior(mean=mean, variance=variance)

    def _by_node(self, point: Float) -> tuple[Float, Float]:
        """Log-likelihood of persons at each node, and its derivative by the log rate."""
        rate = np.exp(point[0] + point[1] * self.nodes)
        log, slope = log_of_width(self._widths, rate)
        waited = np.multiply.outer(self._waited, rate)
        return self._counts @ log - waited, self._counts @ slope - waited

    def _posterior_weights(self, log: Float) -> tuple[Float, Float]:
        """Weights of the nodes given the times of each person, and the persons' log-likelihoods."""
        highest = log.max(axis=1, keepdims=True)
        weight = np.exp(log - highest) * self.weights
        total = weight.sum(axis=1, keepdims=True)
        return weight / total, (np.log(total) + highest)[:, 0]


def log_of_width(width: Float, rate: Float) -> tuple[Float, Float]:
    """Log probability of a return within some widths, and its derivative by the log rate.

    Parameters
    ----------
    width : array (n,)
        Finite and above 0.
    rate : array (q,)

    Returns
    -------
    log, slope : array (n, q)
    """
    across = np.multiply.outer(width, rate)
    share = -np.expm1(-across)
    return np.log(share), across * np.exp(-across) / share
