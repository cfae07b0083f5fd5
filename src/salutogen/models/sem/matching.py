"""Parameters of one structural model at which it has the moments of another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from salutogen.models.sem.patterns import Patterns
from salutogen.models.sem.problem import Group, Place, StructuralProblem
from salutogen.models.sem.scoring import climb

Float = NDArray[np.float64]

SAME = 1e-7  # divergence of moments, per person, that is rounding


def place_with_moments_of(larger: Place, smaller: Place) -> Place | None:
    """Return the place of the larger model that has the moments of the smaller one.

    A model that holds more equal, or leaves more out, has moments that the larger one can have as
    well: the parameters there maximise the larger model's likelihood of a sample with just these
    moments, whatever parameters are called in either.

    Parameters
    ----------
    larger, smaller : Place
        Models of the same persons and variables, which may stand in another order.

    Returns
    -------
    Place or None
        None where the larger model cannot have these moments: the other is no special case of it.
    """
    moments = _moments(smaller, [group.structure.observed for group in larger.problem.groups])
    if moments is None:
        return None
    made = tuple(
        Group(_sample(group.patterns, *one), group.structure, group.places)
        for group, one in zip(larger.problem.groups, moments, strict=True)
    )
    problem = StructuralProblem(made, larger.problem.parameters, larger.problem.start)
    best = sum(_greatest(group.patterns) for group in made)
    for start in (problem.start, larger.theta):
        if not np.isfinite(best) or problem.at(start) is None:
            continue
        top = climb(problem, start)
        if best - top.path[-1] <= SAME * problem.n_persons:
            return larger.problem.at(top.theta)
    return None


def _moments(
    place: Place, orders: Sequence[tuple[str, ...]]
) -> list[tuple[float, Float, Float]] | None:
    """Persons, means and covariances of each group, its variables in an order; None if others."""
    if len(place.parts) != len(orders):
        return None
    found = []
    for (group, implied, _), order in zip(place.parts, orders, strict=True):
        names = group.structure.observed
        if set(names) != set(order):
            return None
        at = [names.index(name) for name in order]
        covariance = implied.covariance[np.ix_(at, at)]
        found.append((float(group.patterns.n_persons), implied.mean[at], covariance))
    return found


def _sample(like: Patterns, n: float, mean: Float, covariance: Float) -> Patterns:
    """Complete values of n persons that have these moments, summed up."""
    return Patterns(
        values=like.values,
        observed=np.ones((1, len(mean)), dtype=bool),
        pattern=np.zeros(like.n_persons, dtype=np.intp),
        counts=np.array([n]),
        means=mean[None],
        scatters=covariance[None],
    )


def _greatest(sample: Patterns) -> float:
    """Log-likelihood of such a sample at its own moments; NaN where these are not definite."""
    p = sample.n_variables
    sign, log_determinant = np.linalg.slogdet(sample.scatters[0])
    if sign <= 0:
        return float("nan")
    return -float(sample.counts[0] * (p * np.log(2 * np.pi) + log_determinant + p)) / 2
