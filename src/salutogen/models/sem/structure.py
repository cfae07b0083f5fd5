"""Means and covariances that follow from paths, covariances and means of named variables.

Variables v = m + A v + e with e ~ N(0, S) (the reticular action model: McArdle & McDonald 1984), of
which some are observed. With E = (I − A)⁻¹ their means are E m and their covariances C = E S Eᵀ.
A growth curve, a factor with indicators and a cross-lagged panel are all of this kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from salutogen.models.sem.moment_likelihood import pairs

Float = NDArray[np.float64]
Int = NDArray[np.intp]
Kind = Literal["path", "covariance", "mean"]


@dataclass(frozen=True)
class Entry:
    """One number of a model: a path, a covariance (or variance), or a mean (or intercept).

    Attributes
    ----------
    kind : str
        `path`, `covariance` or `mean`.
    variable : str
        Where a path ends; one of the two that covary; whose mean it is.
    other : str
        Where a path begins; the other that covaries (the same for a variance); empty for a mean.
    parameter : str
        Name of the parameter; entries with one name are equal. Empty where the number is fixed.
    value : float
        The fixed number, or where a search for the parameter starts.
    """

    kind: Kind
    variable: str
    other: str = ""
    parameter: str = ""
    value: float = 0.0


@dataclass(frozen=True)
class Placed:
    """Free entries of one matrix: rows, columns, and the parameter of each."""

    rows: Int
    columns: Int
    parameters: Int


@dataclass(frozen=True, kw_only=True)
class Implied:
    """Moments at some parameters, with what their derivatives need.

    Attributes
    ----------
    mean, covariance : array (p,), (p, p)
        Of the observed variables.
    total : array (v, v)
        Total effects E = (I − A)⁻¹.
    everyone : array (v, v)
        Covariances C of all variables.
    means : array (v,)
        Means of all variables.
    """

    mean: Float
    covariance: Float
    total: Float
    everyone: Float
    means: Float


@dataclass(frozen=True, kw_only=True)
class Structure:
    """A model of observed variables, from parameters to moments.

    Attributes
    ----------
    observed : tuple of str
        Observed variables; they come first among all.
    parameters : tuple of str
        Names, in the order of the vectors.
    start : array (q,)
        Where a search starts.
    fixed_paths, fixed_covariances, fixed_means : array (v, v), (v, v), (v,)
        Numbers that are not free; 0 where they are.
    paths, covariances, free_means : Placed
        Free entries.
    """

    observed: tuple[str, ...]
    parameters: tuple[str, ...]
    start: Float
    fixed_paths: Float
    fixed_covariances: Float
    fixed_means: Float
    paths: Placed
    covariances: Placed
    free_means: Placed

    def implied(self, theta: Float) -> Implied:
        """Return the moments at parameters theta (q,)."""
        p = len(self.observed)
        A, S, m = self.fixed_paths.copy(), self.fixed_covariances.copy(), self.fixed_means.copy()
        A[self.paths.rows, self.paths.columns] = theta[self.paths.parameters]
        placed = self.covariances
        S[placed.rows, placed.columns] = theta[placed.parameters]
        S[placed.columns, placed.rows] = theta[placed.parameters]
        m[self.free_means.rows] = theta[self.free_means.parameters]
        E = np.linalg.inv(np.eye(len(m)) - A)
        C = E @ S @ E.T
        C = (C + C.T) / 2
        means = np.sum(E * m, axis=1)
        return Implied(mean=means[:p], covariance=C[:p, :p], total=E, everyone=C, means=means)

    def jacobian(self, at: Implied) -> Float:
        """Return derivatives of the packed moments by the parameters (m, q)."""
        p = len(self.observed)
        rows, columns = pairs(p)
        found = np.zeros((p + len(rows), len(self.parameters)))
        E, C = at.total[:p], at.everyone[:p]
        effect, source = E[:, self.paths.rows], C[:, self.paths.columns]
        by_path = np.empty((len(found), effect.shape[1]))
        by_path[:p] = effect * at.means[self.paths.columns]
        by_path[p:] = effect[rows] * source[columns] + effect[columns] * source[rows]
        placed = self.covariances
        one, two = E[:, placed.rows], E[:, placed.columns]
        by_covariance = one[rows] * two[columns] + one[columns] * two[rows]
        by_covariance *= np.where(placed.rows == placed.columns, 0.5, 1.0)
        _add_columns(found, by_path, self.paths.parameters)
        _add_columns(found[p:], by_covariance, placed.parameters)
        _add_columns(found[:p], E[:, self.free_means.rows], self.free_means.parameters)
        return found

    def curvature(self, at: Implied, gradient: Float) -> Float:
        """Return second derivatives (q, q) of the packed moments, weighted by a gradient (m,)."""
        p, v, q = len(self.observed), len(at.means), len(self.parameters)
        E, C, means = at.total, at.everyone, at.means
        rows, columns = pairs(p)
        H = np.zeros((v, v))
        H[rows, columns] += gradient[p:] / 2
        H[columns, rows] += gradient[p:] / 2
        h = np.zeros(v)
        h[:p] = gradient[:p]
        HE = H @ E
        Q, U, r = E.T @ HE, C @ HE, np.sum(E * h[:, None], axis=0)
        found = np.zeros((q, q))
        i, j, path = self.paths.rows, self.paths.columns, self.paths.parameters
        grid = np.ix_
        forth = E[grid(j, i)]  # [a, b]: from where path b ends to where path a begins
        both = forth * (2 * U[grid(j, i)].T + np.outer(r[i], means[j]))
        by_paths = both + both.T + 2 * C[grid(j, j)] * Q[grid(i, i)]
        np.add.at(found, (path[:, None], path[None, :]), by_paths)
        k, l_, other = self.covariances.rows, self.covariances.columns, self.covariances.parameters
        mixed = 2 * (E[grid(j, k)] * Q[grid(i, l_)] + E[grid(j, l_)] * Q[grid(i, k)])
        mixed *= np.where(k == l_, 0.5, 1.0)
        _add_both_ways(found, mixed, path, other)
        at_mean = self.free_means
        shift = E[grid(j, at_mean.rows)] * r[i][:, None]
        _add_both_ways(found, shift, path, at_mean.parameters)
        return found


def structure(
    observed: Sequence[str], latent: Sequence[str], entries: Iterable[Entry]
) -> Structure:
    """Make a model of named variables.

    Parameters
    ----------
    observed, latent : sequence of str
        Names of the variables.
    entries : iterable of Entry
        What is not zero. The first entry of a parameter says where a search for it starts.
    """
    place = {name: index for index, name in enumerate((*observed, *latent))}
    v = len(place)
    fixed: dict[Kind, Float] = {
        "path": np.zeros((v, v)), "covariance": np.zeros((v, v)), "mean": np.zeros((v, 1))
    }  # fmt: skip
    free: dict[Kind, list[tuple[int, int, int]]] = {"path": [], "covariance": [], "mean": []}
    number: dict[str, int] = {}
    start: list[float] = []
    for entry in entries:
        row, column = place[entry.variable], place[entry.other] if entry.other else 0
        if not entry.parameter:
            fixed[entry.kind][row, column] = entry.value
            if entry.kind == "covariance":
                fixed[entry.kind][column, row] = entry.value
            continue
        if entry.parameter not in number:
            number[entry.parameter] = len(number)
            start.append(entry.value)
        free[entry.kind].append((row, column, number[entry.parameter]))
    return Structure(
        observed=tuple(observed),
        parameters=tuple(number),
        start=np.array(start),
        fixed_paths=fixed["path"],
        fixed_covariances=fixed["covariance"],
        fixed_means=fixed["mean"][:, 0],
        paths=_placed(free["path"]),
        covariances=_placed(free["covariance"]),
        free_means=_placed(free["mean"]),
    )


def _placed(entries: list[tuple[int, int, int]]) -> Placed:
    table = np.array(entries, dtype=np.intp).reshape(-1, 3)
    return Placed(table[:, 0], table[:, 1], table[:, 2])


def _add_columns(total: Float, columns: Float, parameters: Int) -> None:
    """Add the column of each entry to that of its parameter, in place."""
    np.add.at(total.T, parameters, columns.T)


def _add_both_ways(total: Float, block: Float, rows: Int, columns: Int) -> None:
    """Add a block and its transpose to the parameters of its rows and columns, in place."""
    np.add.at(total, (rows[:, None], columns[None, :]), block)
    np.add.at(total, (columns[:, None], rows[None, :]), block.T)
