"""Correlations with bootstrap samples of persons, from sums by person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.columns import Kind, Record, figure, record
from salutogen.models.descriptive import pearson_of_sums
from salutogen.models.resampling.bootstrap import percentile_interval

DRAWS_AT_ONCE = 100
FEWEST = 20
NEARLY_ONE = 1.0 - 1e-12
Pair = tuple[FloatArray, FloatArray]


@record
class Estimate(Record):
    """A figure with its 95 % bootstrap interval; null where it cannot be given."""

    n: int = figure("Rows with both values", kind=Kind.COUNT)
    value: float | None = figure("Estimate")
    low: float | None = figure("Lower end of its 95 % interval")
    high: float | None = figure("Upper end of its 95 % interval")
    p: float | None = figure(
        "p of 0, from the bootstrap's standard error with Student's t", default=None
    )


@dataclass(frozen=True, kw_only=True)
class Correlations:
    """Correlations of several pairs in the data and in the same bootstrap samples.

    Attributes
    ----------
    n : ndarray of int, shape (m,)
        Rows with both values.
    value : ndarray, shape (m,)
    drawn : ndarray, shape (draws, m)
    told_size : callable
        Persons that a p which follows from a correlation and their number is made with
        (`Audience.told_size`).
    """

    n: NDArray[np.int64]
    value: FloatArray
    drawn: FloatArray
    told_size: Callable[[int], int] = int

    def estimate(self, place: int) -> Estimate:
        """One of the correlations."""
        n, value, drawn = int(self.n[place]), float(self.value[place]), self.drawn[:, place]
        found = estimate(n, value, drawn)
        if found.p is None:
            return found
        return replace(found, p=_p_of_r(self.told_size(n), value, drawn))

    def difference(self, first: int, second: int) -> Estimate:
        """First minus second of two correlations over the same rows."""
        n = int(min(self.n[first], self.n[second]))
        drawn = self.drawn[:, first] - self.drawn[:, second]
        return estimate(n, self.value[first] - self.value[second], drawn)

    def partial(self, xy: int, xz: int, yz: int) -> Estimate:
        """Correlation of x and y at the same z, from three correlations over the same rows."""
        every = np.vstack([self.value, self.drawn])
        with np.errstate(invalid="ignore", divide="ignore"):
            left = (1.0 - every[:, xz] ** 2) * (1.0 - every[:, yz] ** 2)
            found = (every[:, xy] - every[:, xz] * every[:, yz]) / np.sqrt(left)
        return estimate(int(self.n[xy]), found[0], found[1:])


def estimate(n: int, value: float, drawn: FloatArray) -> Estimate:
    """A figure with the percentile interval of its draws, left out for few rows."""
    from scipy.special import stdtr

    usable = drawn[np.isfinite(drawn)]
    if n < FEWEST or not np.isfinite(value) or usable.size < drawn.size / 2:
        return Estimate(n=n, value=None, low=None, high=None)
    low, high = percentile_interval(usable)
    se = float(usable.std(ddof=1)) * float(np.sqrt(n / (n - 1)))
    p = float(2.0 * stdtr(n - 2, -abs(value) / se)) if se > 0.0 else None
    return Estimate(n=n, value=float(value), low=float(low), high=float(high), p=p)


def _p_of_r(n: int, value: float, drawn: FloatArray) -> float:
    """P of a correlation being 0: the larger of two, since each is too small somewhere.

    Student's t of r knows nothing of several rows of a person; the bootstrap's standard error, on
    Fisher's z, is too small in few persons.
    """
    from scipy.special import stdtr

    inside = np.clip(np.append(drawn[np.isfinite(drawn)], value), -NEARLY_ONE, NEARLY_ONE)
    z = np.arctanh(inside)
    sizes = abs(float(z[-1])) / float(z[:-1].std(ddof=1)), abs(float(inside[-1])) * float(
        np.sqrt((n - 2) / (1.0 - inside[-1] ** 2))
    )  # fmt: skip
    return float(max(2.0 * stdtr(n - 2, -size) for size in sizes))


def correlate(
    pairs: Sequence[Pair],
    person: NDArray[np.int64],
    *,
    draws: int,
    seed: int | np.random.SeedSequence,
    told_size: Callable[[int], int] = int,
) -> Correlations:
    """Correlate each pair of columns over the rows that have both.

    Parameters
    ----------
    pairs : sequence of (ndarray, ndarray), each of shape (n,)
    person : ndarray of int, shape (n,)
        Whose row it is; persons are drawn whole.
    draws, seed : int
    told_size : callable
        As in `Correlations`.
    """
    _, index = np.unique(person, return_inverse=True)
    sums = np.stack([_sums(x, y, index) for x, y in pairs], axis=1)
    n_persons = sums.shape[0]
    flat = sums.reshape(n_persons, -1)
    generator = np.random.default_rng(seed)
    drawn = np.empty((draws, len(pairs)))
    for start in range(0, draws, DRAWS_AT_ONCE):
        size = min(DRAWS_AT_ONCE, draws - start)
        chosen = generator.integers(0, n_persons, (size, n_persons))
        weight = np.stack([np.bincount(row, minlength=n_persons) for row in chosen]).astype(float)
        total = np.einsum("dp,pm->dm", weight, flat).reshape(size, len(pairs), 6)
        drawn[start : start + size] = pearson_of_sums(total)
    total = sums.sum(axis=0)
    return Correlations(
        n=total[:, 0].astype(np.int64),
        value=pearson_of_sums(total),
        drawn=drawn,
        told_size=told_size,
    )


def _sums(x: FloatArray, y: FloatArray, index: NDArray[np.intp]) -> FloatArray:
    """Count and sums of x, y, xx, yy, xy by person; both centred to lose no digits."""
    there = np.isfinite(x) & np.isfinite(y)
    a = np.where(there, x - (np.mean(x[there]) if there.any() else 0.0), 0.0)
    b = np.where(there, y - (np.mean(y[there]) if there.any() else 0.0), 0.0)
    columns = (there.astype(float), a, b, a * a, b * b, a * b)
    size = int(index.max()) + 1 if index.size else 0
    return np.stack([np.bincount(index, column, minlength=size) for column in columns], axis=1)
