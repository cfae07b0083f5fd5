"""Correlations with bootstrap samples of persons, from sums by person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.columns import Kind, Record, figure, record
from salutogen.models.descriptive import pearson_of_sums

DRAWS_AT_ONCE = 100
FEWEST = 20
NEARLY_ONE = 1.0 - 1e-12
Pair = tuple[FloatArray, FloatArray]


@record
class Estimate(Record):
    """A figure with its 95 % interval over persons; null where it cannot be given."""

    n: int = figure("Rows with both values", kind=Kind.COUNT)
    value: float | None = figure("Estimate")
    low: float | None = figure("Lower end of its 95 % interval")
    high: float | None = figure("Upper end of its 95 % interval")
    p: float | None = figure("p of 0, by the same t as the interval", default=None)


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
        Persons that intervals and p are made with, as these follow from their number too
        (`Audience.told_size`).
    """

    n: NDArray[np.int64]
    value: FloatArray
    drawn: FloatArray
    told_size: Callable[[int], int] = int

    def estimate(self, place: int) -> Estimate:
        """One of the correlations."""
        return self._of_r(int(self.n[place]), float(self.value[place]), self.drawn[:, place])

    def difference(self, first: int, second: int) -> Estimate:
        """First minus second of two correlations over the same rows."""
        n = int(min(self.n[first], self.n[second]))
        value = float(self.value[first] - self.value[second])
        drawn = self.drawn[:, first] - self.drawn[:, second]
        if not _usable(n, value, drawn):
            return Estimate(n=n, value=None, low=None, high=None)
        size = self.told_size(n)
        se = float(np.nanstd(drawn, ddof=1)) * float(np.sqrt(size / (size - 1)))
        return _with_t(n, size, value, se)

    def partial(self, xy: int, xz: int, yz: int) -> Estimate:
        """Correlation of x and y at the same z, from three correlations over the same rows."""
        every = np.vstack([self.value, self.drawn])
        with np.errstate(invalid="ignore", divide="ignore"):
            left = (1.0 - every[:, xz] ** 2) * (1.0 - every[:, yz] ** 2)
            found = (every[:, xy] - every[:, xz] * every[:, yz]) / np.sqrt(left)
        return self._of_r(int(self.n[xy]), float(found[0]), found[1:])

    def _of_r(self, n: int, value: float, drawn: FloatArray) -> Estimate:
        """A correlation with interval and p of one t on Fisher's z; left out for few rows.

        The error is the larger of two, since each is too small somewhere: 1 / sqrt(n - 3) knows
        nothing of several rows of a person, and the bootstrap's standard error is too small in few
        persons.
        """
        if not _usable(n, value, drawn):
            return Estimate(n=n, value=None, low=None, high=None)
        size = self.told_size(n)
        inside = np.clip(np.append(drawn[np.isfinite(drawn)], value), -NEARLY_ONE, NEARLY_ONE)
        z = np.arctanh(inside)
        se = max(float(z[:-1].std(ddof=1)), float(1.0 / np.sqrt(size - 3)))
        found = _with_t(n, size, float(z[-1]), se)
        ends = (None if end is None else float(np.tanh(end)) for end in (found.low, found.high))
        low, high = ends
        return replace(found, value=value, low=low, high=high)


def _usable(n: int, value: float, drawn: FloatArray) -> bool:
    """Whether there are rows and samples enough for a figure."""
    return n >= FEWEST and bool(np.isfinite(value) and np.isfinite(drawn).mean() >= 0.5)


def _with_t(n: int, size: int, value: float, se: float) -> Estimate:
    """A figure with interval and p by Student's t, which leave out 0 together or not at all.

    Of `n` rows; the t is that of `size` of them.
    """
    from scipy.special import stdtr, stdtrit

    half = float(stdtrit(size - 2, 0.975)) * se
    p = float(2.0 * stdtr(size - 2, -abs(value) / se)) if se > 0.0 else None
    return Estimate(n=n, value=value, low=value - half, high=value + half, p=p)


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
