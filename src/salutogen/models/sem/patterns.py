"""Persons sorted by which variables they have: all that a Gaussian likelihood needs of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salutogen.models.short_repr import short_repr

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]


@short_repr("n_persons", "n_variables", "n_patterns")
@dataclass(frozen=True, kw_only=True)
class Patterns:
    """Counts, means and scatter of persons who have the same variables.

    Attributes
    ----------
    values : array (n_persons, p)
        The persons' values, NaN where missing; each person has at least one.
    observed : array (n_patterns, p)
        Which variables the persons of a pattern have.
    pattern : array (n_persons,)
        Each person's pattern.
    counts : array (n_patterns,)
        Persons of each pattern.
    means : array (n_patterns, p)
        Their means, 0 where missing.
    scatters : array (n_patterns, p, p)
        Their mean products of deviations from these means (divided by the count), 0 where missing.
    """

    values: Float
    observed: Bool
    pattern: NDArray[np.intp]
    counts: Float
    means: Float
    scatters: Float

    @property
    def n_persons(self) -> int:
        """Number of persons."""
        return len(self.values)

    @property
    def n_variables(self) -> int:
        """Number of variables."""
        return int(self.values.shape[1])

    @property
    def n_patterns(self) -> int:
        """Number of patterns."""
        return len(self.counts)

    @property
    def is_complete(self) -> bool:
        """Whether every person has every variable."""
        return bool(self.observed.all())

    @property
    def coverage(self) -> Float:
        """Number of persons who have both of two variables (p, p)."""
        present = self.observed.astype(float)
        found: Float = np.einsum("k,ki,kj->ij", self.counts, present, present)
        return found


def patterns_of(values: Float) -> Patterns:
    """Sort persons by what they have.

    Parameters
    ----------
    values : array (n_persons, p)
        NaN where missing; each person has at least one value.
    """
    present = np.isfinite(values)
    # One row of bytes per person sorts faster than rows of truth values.
    packed = np.packbits(present, axis=1)
    keys = packed.view([("", packed.dtype)] * packed.shape[1]).ravel()
    _, first, pattern = np.unique(keys, return_index=True, return_inverse=True)
    n, p = len(first), values.shape[1]
    counts, means, scatters = np.zeros(n), np.zeros((n, p)), np.zeros((n, p, p))
    order = np.argsort(pattern, kind="stable")
    edges = np.searchsorted(pattern[order], np.arange(n + 1))
    filled = np.where(present, values, 0.0)[order]
    for k in range(n):
        rows = filled[edges[k] : edges[k + 1]]
        counts[k] = len(rows)
        means[k] = np.mean(rows, axis=0)
        deviations = rows - means[k]
        scatters[k] = np.einsum("ni,nj->ij", deviations, deviations) / len(rows)
    return Patterns(
        values=values,
        observed=present[first],
        pattern=pattern,
        counts=counts,
        means=means,
        scatters=scatters,
    )
