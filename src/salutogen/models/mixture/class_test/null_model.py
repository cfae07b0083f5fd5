"""Draw outcomes from a growth mixture without rows: their cross-products with X and Z suffice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from salutogen.models.mixture.class_test.critical_bandwidth import smoothing
from salutogen.models.mixture.likelihood.parameters import ClassParameters
from salutogen.models.mixture.likelihood.problem import MixtureProblem
from salutogen.models.moments.person_coordinates import NO_RANK, Coordinates

Float = NDArray[np.float64]
Int = NDArray[np.int64]


class Null(Protocol):
    """Draws outcomes from a model."""

    def outcome(self, generator: np.random.Generator) -> MixtureProblem:
        """Return the problem with a drawn outcome."""


def coordinates_of(problem: MixtureProblem) -> Coordinates:
    """Factor the cross-products of [X Z] of each person."""
    p, q = problem.p, problem.q
    d, n, m = p + 1, problem.data.shape[1], p + q
    zb = 1 + d * (d + 1) // 2
    cross = np.empty((n, m, m))
    cross[:, :p, :p] = np.moveaxis(problem.data[1 + packed_places(d)[:p, :p]], 2, 0)
    with_z = problem.data[zb : zb + q * d].reshape(q, d, n)[:, :p]
    cross[:, p:, :p] = np.moveaxis(with_z, 2, 0)
    cross[:, :p, p:] = np.swapaxes(cross[:, p:, :p], 1, 2)
    cross[:, p:, p:] = np.moveaxis(problem.data[zb + q * d :].reshape(q, q, n), 2, 0)
    return Coordinates.factored(cross, problem.data[0])


def packed_places(d: int) -> Int:
    """Places (d, d) in a packed upper triangle."""
    places = np.zeros((d, d), dtype=np.int64)
    places[np.triu_indices(d)] = np.arange(d * (d + 1) // 2)
    both: Int = places + np.triu(places, 1).T
    return both


@dataclass(frozen=True, kw_only=True)
class ParametricNull:
    """Person effects and residuals are normal, as the model says."""

    problem: MixtureProblem
    at: ClassParameters
    coordinates: Coordinates

    def outcome(self, generator: np.random.Generator) -> MixtureProblem:
        """Return the problem with an outcome drawn from the model."""
        at, problem, place = self.at, self.problem, self.coordinates
        n, p, q = problem.data.shape[1], problem.p, problem.q
        k = _classes(problem, at, generator)
        c = k if len(at.factors) > 1 else np.zeros(n, dtype=np.int64)
        normal = generator.normal(size=(n, q))
        effects = np.sum(at.factors[c] * normal[:, None, :], axis=2)
        sd = np.sqrt(at.variances[c])
        noise = generator.normal(size=(n, p + q)) * sd[:, None]
        rest = np.where(place.left > 0, generator.chisquare(np.maximum(place.left, 1)), 0.0)
        away = np.sum(place.basis[:, :, p:] * effects[:, None, :], axis=2) + noise * place.seen
        return with_outcome(problem, place, at.coefficients[k], away, rest * sd**2)


@dataclass(frozen=True, kw_only=True)
class ResampledNull:
    """Person effects and residuals are those of persons of the data, with one peak per class.

    A person's residuals are brought to unit covariance in each class by its own model, so that
    they can be given to persons with other times. Along the direction in which the larger model
    tells persons of a class apart, they are smoothed until they have one peak, and shrunk to the
    spread that they had: little happens to one skewed heap, with or without a floor; two heaps
    become one.
    """

    problem: MixtureProblem
    at: ClassParameters
    larger: ClassParameters
    coordinates: Coordinates
    smoothing: float = 1.0  # times the least bandwidth that leaves one peak, where heaps lie apart

    def outcome(self, generator: np.random.Generator) -> MixtureProblem:
        """Return the problem with an outcome of resampled residuals."""
        at, place = self.at, self.coordinates
        n = self.problem.data.shape[1]
        k = _classes(self.problem, at, generator)
        at_random: Float = generator.random((n,))
        donor = np.empty(n, dtype=np.int64)
        for persons, donors in self._alike:
            for c in range(len(at.coefficients)):
                takers = persons[k[persons] == c]
                edges = np.cumsum(self._given[c, donors])
                found = np.searchsorted(edges, at_random[takers] * edges[-1], side="right")
                donor[takers] = donors[np.minimum(found, len(donors) - 1)]
        standard, ratio = self._residuals
        noise: Float = generator.normal(size=(n,))
        away = np.zeros((n, place.seen.shape[1]))
        rest = np.zeros(n)
        for c in range(len(at.coefficients)):
            takers = np.flatnonzero(k == c)
            drawn = standard[c][donor[takers]]
            drawn = drawn + np.outer(self._smoothed(c, drawn, noise[takers]), self._apart[c])
            away[takers] = np.sum(self._roots[c][takers] * drawn[:, None, :], axis=2)
            rest[takers] = ratio[c][donor[takers]] * place.left[takers]
        return with_outcome(self.problem, place, at.coefficients[k], away * place.seen, rest)

    @cached_property
    def _given(self) -> Float:
        """Weights (K, n) with which each person gives its residuals to members of a class."""
        weights: Float = self.problem.pass_over(self.at)[1] * self.problem.weight
        return weights

    @cached_property
    def _roots(self) -> Float:
        """Lower factors (K, n, m, m) of the covariance of the coordinates."""
        at, p = self.at, self.problem.p
        factors = at.factors + np.zeros((len(at.coefficients), 1, 1))
        variances = at.variances + np.zeros(len(at.coefficients))
        spread = np.matmul(self.coordinates.basis[None, :, :, p:], factors[:, None])
        noise = variances[:, None, None, None] * np.eye(spread.shape[2])
        roots: Float = np.linalg.cholesky(np.matmul(spread, np.swapaxes(spread, 2, 3)) + noise)
        return roots

    @cached_property
    def _residuals(self) -> tuple[Float, Float]:
        """Standard coordinates (K, n, m) of the residuals, and mean squares (K, n) of the rest."""
        problem, at, place = self.problem, self.at, self.coordinates
        p, m = problem.p, place.seen.shape[1]
        with_y, square = outcome_products(problem)
        K, n = len(at.coefficients), len(square)
        standard, rest = np.empty((K, n, m)), np.empty((K, n))
        for k, b in enumerate(at.coefficients):
            found = place.along(with_y - place.cross[:, :, :p] @ b)
            fitted = 2 * with_y[:, :p] @ b - (place.cross[:, :p, :p] @ b) @ b
            left = square - fitted - np.sum(found**2, axis=1)
            rest[k] = np.where(place.left > 0, np.maximum(left, 0.0) / np.maximum(place.left, 1), 0)
            standard[k] = np.linalg.solve(self._roots[k], found[:, :, None])[:, :, 0]
        return standard, rest

    @cached_property
    def _apart(self) -> Float:
        """Direction (K, m) in which the larger model tells the persons of each class apart."""
        groups = self.problem.pass_over(self.larger)[1]
        return np.array([
            _apart(standard, groups * given)
            for standard, given in zip(self._residuals[0], self._given, strict=True)
        ])  # fmt: skip

    @cached_property
    def _peaks(self) -> Float:
        """Mean, variance and bandwidth (K, 3) of the residuals along these directions."""
        found = []
        for standard, given, apart in zip(
            self._residuals[0], self._given, self._apart, strict=True
        ):
            along = standard @ apart
            mean = float(given @ along / given.sum())
            variance = float(given @ (along - mean) ** 2 / given.sum())
            found.append((mean, variance, smoothing(along, given, self.smoothing)))
        return np.array(found)

    def _smoothed(self, c: int, standard: Float, noise: Float) -> Float:
        """How far residuals (n, m) of class c are moved along its direction."""
        mean, variance, bandwidth = self._peaks[c]
        along = standard @ self._apart[c] - mean
        if variance == 0:
            return np.zeros(len(along))
        moved: Float = (along + bandwidth * noise) / np.sqrt(1 + bandwidth**2 / variance) - along
        return moved

    @cached_property
    def _alike(self) -> list[tuple[Int, Int]]:
        """Persons of the same number of rows and terms, with those who can give residuals.

        These have all of the terms, and at least half of the rows that go beyond them.
        """
        place = self.coordinates
        pattern = np.column_stack([place.left, place.seen])
        kinds, kind = np.unique(pattern, axis=0, return_inverse=True)
        pairs = []
        for number, row in enumerate(kinds):
            covers = (place.seen >= row[1:]).all(axis=1) & (2 * place.left >= row[0])
            pairs.append((np.flatnonzero(kind.ravel() == number), np.flatnonzero(covers)))
        return pairs


def _apart(standard: Float, weights: Float) -> Float:
    """Direction (m,) in which groups with these weights (L, n) lie most apart; zero if nowhere."""
    sizes = np.maximum(weights.sum(axis=1), 1e-300)
    means = (weights @ standard) / sizes[:, None]
    centre = (sizes @ means) / sizes.sum()
    between = ((means - centre) * sizes[:, None]).T @ (means - centre)
    values, vectors = np.linalg.eigh(between)
    direction: Float = vectors[:, -1] * (values[-1] > NO_RANK * sizes.sum())
    return direction


def _classes(problem: MixtureProblem, at: ClassParameters, generator: np.random.Generator) -> Int:
    edges: Float = np.cumsum(problem.prior(at), axis=0)[:-1]
    classes: Int = np.sum(edges < generator.random(problem.data.shape[1]), axis=0)
    return classes


def outcome_products(problem: MixtureProblem) -> tuple[Float, Float]:
    """Products (n, p + q) of the outcome with [X Z], and its square (n,)."""
    p, q = problem.p, problem.q
    d = p + 1
    last: Int = 1 + packed_places(d)[:, p]
    with_z = 1 + d * (d + 1) // 2 + np.arange(q) * d + p
    return problem.data[np.concatenate([last[:p], with_z])].T, problem.data[last[p]]


def with_outcome(
    problem: MixtureProblem, place: Coordinates, mean: Float, away: Float, rest: Float
) -> MixtureProblem:
    """Return the problem with the outcome X mean + basis · away + a part outside [X Z].

    Parameters
    ----------
    mean : array (n, p)
        Coefficients.
    away : array (n, p + q)
        Coordinates of what is added; zero where a basis has no row.
    rest : array (n,)
        Square of the part that is orthogonal to [X Z].
    """
    p, q = problem.p, problem.q
    added = place.products(away)
    with_mean = np.sum(place.cross[:, :, :p] * mean[:, None, :], axis=2)
    both = with_mean + added
    square = np.sum(mean * (with_mean[:, :p] + 2 * added[:, :p]), axis=1)
    d = p + 1
    data = problem.data.copy()
    last = 1 + packed_places(d)[:, p]
    data[last[:p]] = both[:, :p].T
    data[last[p]] = square + np.sum(away**2, axis=1) + rest
    data[1 + d * (d + 1) // 2 + np.arange(q) * d + p] = both[:, p:].T
    return replace(problem, data=data)
