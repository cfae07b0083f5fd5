"""One model of ordered items, fitted."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.convergence import ConvergenceWarning
from salutogen.models.ordered.one_factor.inference import Sums, indices, sums_of
from salutogen.models.ordered.one_factor.moments import residual_variances
from salutogen.models.ordered.one_factor.search import Sample, Settled, least_squares
from salutogen.models.ordered.one_factor.specification import (
    OrderedPlan,
    Places,
    places_of_groups,
)
from salutogen.models.ordered.one_factor.starts import starting_values
from salutogen.models.sem.estimates import NamedEstimates
from salutogen.models.short_repr import short_repr

Float = NDArray[np.float64]

NOT_SETTLED = (
    "The search for the smallest weighted squares did not settle. Hold more parameters equal, or "
    "look for a category that hardly anybody uses."
)


@dataclass(frozen=True, kw_only=True)
class FittedPlan:
    """What tests of a fit need.

    Attributes
    ----------
    samples : tuple of Sample
        By group.
    places : tuple of Places
    settled : Settled
    sums : Sums
    """

    samples: tuple[Sample, ...]
    places: tuple[Places, ...]
    settled: Settled
    sums: Sums


@short_repr("n_persons", "n_parameters", "converged")
@dataclass(frozen=True, kw_only=True, repr=False)
class OrderedFit(NamedEstimates):
    """A one-factor model of ordered items by diagonally weighted least squares.

    Attributes
    ----------
    parameters, coefficients, covariance
        As in `NamedEstimates`; errors are robust, right although weights are diagonal.
    fit_indices : dict
        `chi_square, df, p, cfi, tli, rmsea, rmsea_low, rmsea_high` (90 % interval), `srmr` of the
        correlations, as lavaan defines them; adjusted in mean and variance each as `_scaled`, with
        `scaling_factor` and `shift`.
    converged : bool
    messages : tuple of str
        What is doubtful.
    n_persons : int
    path : tuple of float
        Weighted squares after each step of the search.
    """

    fit_indices: dict[str, float]
    converged: bool
    messages: tuple[str, ...]
    n_persons: int
    path: tuple[float, ...]
    fitted: FittedPlan = field(compare=False)


def fit_plan(
    plan: OrderedPlan,
    samples: Sequence[Sample],
    groups: Sequence[str],
    said: Sequence[str] = (),
) -> OrderedFit:
    """Fit a plan to thresholds and correlations of groups.

    Parameters
    ----------
    plan : OrderedPlan
    samples : sequence of Sample
        By group.
    groups : sequence of str
        Labels; one empty label without a grouping.
    said : sequence of str
        Messages about the data.

    Raises
    ------
    ModelError
        More parameters than persons, or parameters that cannot be told apart.
    """
    names, places = places_of_groups(plan, groups)
    n = sum(one.n for one in samples)
    if len(names) > n:
        raise ModelError(
            f"The model has {len(names)} parameters, but there are only {n} persons. Use fewer "
            "items or occasions, or join categories."
        )
    start = starting_values(
        len(names), [(one.observed, place) for one, place in zip(samples, places, strict=True)]
    )
    settled = least_squares(samples, places, start)
    if not settled.converged:
        warnings.warn(NOT_SETTLED, ConvergenceWarning, stacklevel=2)
    sums = sums_of(samples, settled, names)
    doubts = [] if settled.converged else [NOT_SETTLED]
    for group, place in zip(groups, places, strict=True):
        doubts += _outside(plan, place, settled.parameters, group)
    return OrderedFit(
        parameters=names,
        coefficients=settled.parameters,
        covariance=sums.covariance,
        fit_indices=indices(samples, settled, sums),
        converged=settled.converged,
        messages=(*said, *doubts),
        n_persons=n,
        path=settled.path,
        fitted=FittedPlan(samples=tuple(samples), places=tuple(places), settled=settled, sums=sums),
    )


def _outside(plan: OrderedPlan, places: Places, parameters: Float, group: str) -> list[str]:
    """Say which estimates lie outside what is possible."""
    told = []
    where = f" [{group}]" if group else ""
    left = residual_variances(places, parameters)
    k = len(plan.items)
    below = [
        f"resid({plan.seen(plan.items[v % k], v // k)}){where}"
        for v in np.flatnonzero(left < 0).tolist()
    ]
    if below:
        told.append(f"Below zero: the variance {', '.join(below)}. The model may not be right.")
    full = np.concatenate([parameters, [0.0, 1.0]])
    together = full[places.variances]
    if np.linalg.eigvalsh(together)[0] < 0:
        told.append(f"Factors{where} go together more closely than is possible.")
    return told
