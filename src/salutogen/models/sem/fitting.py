"""Fit a structural model to groups of persons."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.convergence import ConvergenceWarning
from salutogen.models.sem.fit_indices import fit_indices
from salutogen.models.sem.inference import (
    ERRORS,
    Errors,
    estimate_covariance,
    refuse_undetermined,
)
from salutogen.models.sem.patterns import Patterns
from salutogen.models.sem.problem import Place, structural_problem
from salutogen.models.sem.saturated import Saturated
from salutogen.models.sem.scoring import climb
from salutogen.models.sem.structure import Structure

Float = NDArray[np.float64]

NOT_SETTLED = (
    "The search for the greatest likelihood did not settle: the estimates are no maximum. Hold "
    "more parameters equal, or look for a variable that hardly varies."
)
NO_ERRORS = (
    "Second derivatives at the estimates are not those of a maximum: there are no observed or "
    "robust standard errors."
)


@dataclass(frozen=True, kw_only=True)
class Units:
    """How estimates of scaled variables become those of the user's.

    Attributes
    ----------
    factor, shift : array (q,)
        An estimate is factor × scaled estimate + shift.
    log_scale : float
        Sum over all values of the log of the number they were divided by.
    """

    factor: Float
    shift: Float
    log_scale: float


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """A structural model at its estimates, in the user's units.

    Attributes
    ----------
    place : Place
        The likelihood there, in scaled units.
    units : Units
    estimates : array (q,)
    covariance : array (q, q)
        NaN where there is none.
    log_likelihood, saturated_log_likelihood : float
        The latter NaN where moments without a model do not exist.
    fit_indices : dict
        By name; NaN where one cannot be computed.
    converged : bool
    messages : tuple of str
    path : tuple of float
        Log-likelihood after each step of the search.
    evaluations : int
    """

    place: Place
    units: Units
    estimates: Float
    covariance: Float
    log_likelihood: float
    saturated_log_likelihood: float
    fit_indices: dict[str, float]
    converged: bool
    messages: tuple[str, ...]
    path: tuple[float, ...]
    evaluations: int


def fit_structure(
    groups: Sequence[tuple[Patterns, Structure]],
    without: Sequence[Saturated | None],
    units: Units,
    errors: Errors,
) -> Fitted:
    """Maximise the likelihood and describe its top.

    Parameters
    ----------
    groups : sequence of (Patterns, Structure)
        Variables in scaled units.
    without : sequence of Saturated or None
        Each group's moments without a model.
    units : Units
    errors : str
        `expected`, `observed` or `robust`.

    Raises
    ------
    ModelError
        The data cannot tell the parameters apart.

    Warns
    -----
    ConvergenceWarning
        The search did not settle.
    """
    refuse_unknown_errors(errors)
    problem = structural_problem(groups)
    top = climb(problem, problem.start)
    place = problem.at(top.theta)
    assert place is not None
    refuse_undetermined(place, problem.parameters)
    messages = [] if top.converged else [NOT_SETTLED]
    covariance = scaled_covariance(place, units, errors)
    if not np.isfinite(covariance).all():
        messages.append(NO_ERRORS)
    messages += _impossible(place)
    known = [group for group in without if group is not None]
    indices: dict[str, float] = {}
    saturated_log = float("nan")
    if len(known) == len(without):
        indices = fit_indices(place, known, robust=errors == "robust")
        saturated_log = sum(group.log_likelihood for group in known) - units.log_scale
    if not top.converged:
        warnings.warn(NOT_SETTLED, ConvergenceWarning, stacklevel=3)
    return Fitted(
        place=place,
        units=units,
        estimates=units.factor * top.theta + units.shift,
        covariance=covariance,
        log_likelihood=place.log_likelihood - units.log_scale,
        saturated_log_likelihood=saturated_log,
        fit_indices=indices,
        converged=top.converged,
        messages=tuple(messages),
        path=tuple(value - units.log_scale for value in top.path),
        evaluations=top.evaluations,
    )


def refuse_unknown_errors(errors: str) -> None:
    """Refuse a kind of standard errors that there is not."""
    if errors not in ERRORS:
        raise ModelError(f"standard_errors: expected one of {', '.join(ERRORS)}, got {errors!r}.")


def scaled_covariance(place: Place, units: Units, errors: Errors) -> Float:
    """Return the covariance of estimates in the user's units, NaN where there is none."""
    found = estimate_covariance(place, errors)
    if found is None:
        q = len(units.factor)
        return np.full((q, q), np.nan)
    return found * np.outer(units.factor, units.factor)


def _impossible(place: Place) -> list[str]:
    """Say which variances are below zero and which covariances are too large for them."""
    negative: list[str] = []
    beyond: list[str] = []
    for group, _, _ in place.parts:
        structure = group.structure
        placed, names = structure.covariances, structure.parameters
        theta = place.theta[group.places]
        variance = structure.fixed_covariances.diagonal().copy()
        own = placed.rows == placed.columns
        variance[placed.rows[own]] = theta[placed.parameters[own]]
        for row, column, parameter in zip(
            placed.rows, placed.columns, placed.parameters, strict=True
        ):
            value, name = theta[parameter], names[parameter]
            if row == column and value < 0:
                negative.append(name)
            elif value**2 > variance[row] * variance[column] >= 0 and variance[row] >= 0:
                beyond.append(name)
    messages = []
    if negative:
        messages.append(
            f"Below zero, which no variance can be: {_listed(negative)}. What it stands for may "
            "not be there; a model without it may do as well."
        )
    if beyond:
        messages.append(f"Correlations beyond 1 or −1: {_listed(beyond)}.")
    return messages


def _listed(names: list[str], most: int = 8) -> str:
    unique = list(dict.fromkeys(names))
    more = f" and {len(unique) - most} more" if len(unique) > most else ""
    return ", ".join(unique[:most]) + more
