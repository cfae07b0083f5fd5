"""A structural model of one or several groups of persons, as a function of its parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from salutogen.models.sem.moment_likelihood import MomentLikelihood, likelihood_at
from salutogen.models.sem.patterns import Patterns
from salutogen.models.sem.structure import Implied, Structure

Float = NDArray[np.float64]
Int = NDArray[np.intp]


@dataclass(frozen=True)
class Group:
    """Persons who share a structure.

    Attributes
    ----------
    patterns : Patterns
    structure : Structure
    places : array of int
        Where the structure's parameters are among those of the whole model.
    """

    patterns: Patterns
    structure: Structure
    places: Int


@dataclass(frozen=True)
class StructuralProblem:
    """Groups and the names of all parameters; a name that several groups have is one parameter."""

    groups: tuple[Group, ...]
    parameters: tuple[str, ...]
    start: Float

    @property
    def n_persons(self) -> int:
        """Number of persons."""
        return sum(group.patterns.n_persons for group in self.groups)

    @property
    def n_moments(self) -> int:
        """Number of means, variances and covariances of all groups."""
        sizes = (group.patterns.n_variables for group in self.groups)
        return sum(p + p * (p + 1) // 2 for p in sizes)

    def at(self, theta: Float) -> Place | None:
        """Return the likelihood at parameters theta (q,); None where it does not exist."""
        found = []
        for group in self.groups:
            try:
                implied = group.structure.implied(theta[group.places])
            except np.linalg.LinAlgError:
                return None
            likelihood = likelihood_at(group.patterns, implied.mean, implied.covariance)
            if likelihood is None:
                return None
            found.append((group, implied, likelihood))
        return Place(self, theta, tuple(found))


@dataclass(frozen=True)
class Place:
    """The likelihood, its derivatives and information at some parameters."""

    problem: StructuralProblem
    theta: Float
    parts: tuple[tuple[Group, Implied, MomentLikelihood], ...]

    @property
    def log_likelihood(self) -> float:
        """Log-likelihood of all groups."""
        return sum(likelihood.log_likelihood for _, _, likelihood in self.parts)

    @cached_property
    def jacobians(self) -> tuple[Float, ...]:
        """Derivatives of each group's packed moments by its own parameters."""
        return tuple(group.structure.jacobian(implied) for group, implied, _ in self.parts)

    @cached_property
    def gradient(self) -> Float:
        """Derivatives (q,) of the log-likelihood."""
        total = np.zeros(len(self.theta))
        for (group, _, likelihood), jacobian in zip(self.parts, self.jacobians, strict=True):
            total[group.places] += np.sum(jacobian * likelihood.gradient[:, None], axis=0)
        return total

    def information(self, *, observed: bool) -> Float:
        """Return the expected or the observed information (q, q)."""
        q = len(self.theta)
        total = np.zeros((q, q))
        for (group, implied, likelihood), jacobian in zip(self.parts, self.jacobians, strict=True):
            own = jacobian.T @ likelihood.information(observed=observed) @ jacobian
            if observed:
                own = own - group.structure.curvature(implied, likelihood.gradient)
            total[np.ix_(group.places, group.places)] += own
        return (total + total.T) / 2

    def scores(self) -> Float:
        """Return each person's derivatives of the log-likelihood (n_persons, q), by group."""
        rows = []
        for (group, _, likelihood), jacobian in zip(self.parts, self.jacobians, strict=True):
            own = np.zeros((group.patterns.n_persons, len(self.theta)))
            own[:, group.places] = likelihood.scores() @ jacobian
            rows.append(own)
        return np.concatenate(rows)


def structural_problem(groups: Sequence[tuple[Patterns, Structure]]) -> StructuralProblem:
    """Join groups; parameters with one name are one parameter.

    Parameters
    ----------
    groups : sequence of (Patterns, Structure)
    """
    number: dict[str, int] = {}
    start: list[float] = []
    joined = []
    for patterns, structure in groups:
        for name, value in zip(structure.parameters, structure.start.tolist(), strict=True):
            if name not in number:
                number[name] = len(number)
                start.append(value)
        places = np.array([number[name] for name in structure.parameters], dtype=np.intp)
        joined.append(Group(patterns, structure, places))
    return StructuralProblem(tuple(joined), tuple(number), np.array(start))
