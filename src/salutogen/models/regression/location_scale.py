"""A line for the level of an outcome and a log-linear line for its SD, by maximum likelihood.

``y = X b + exp(Z g) e`` with e normal (Harvey 1976, Econometrica 44, 461-465; dispersion models of
Aitkin 1987). The fit needs e to be normal only to be efficient: b and g are consistent whatever its
distribution, as long as that is the same along X.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salutogen.errors import ModelError
from salutogen.models.linear_algebra import combine, orthonormalise, triangular_inverse
from salutogen.models.regression.least_squares import checked
from salutogen.models.short_repr import short_repr

Float = NDArray[np.float64]
Int = NDArray[np.int64]

STEPS, HALVINGS, CLOSE = 200, 30, 1e-10
ON_THE_LINE = 1e-8  # an SD below this share of the outcome's own is rounding
FARTHEST = 15.0  # log SDs further from the common one than this are of a fit that runs away
AT_ONCE = 2_000_000  # numbers in one array of draws by units


@short_repr("names", "scale_names", "n")
@dataclass(frozen=True, kw_only=True)
class LocationScale:
    """A fitted line with its line of the log SD.

    Attributes
    ----------
    names, scale_names : tuple of str
        Columns of X and of Z.
    location : array (p,)
        Coefficients of the expected outcome, units of the outcome per unit of the term.
    scale : array (q,)
        Coefficients of the log SD.
    log_likelihood : float
    n : int
        Units.
    """

    names: tuple[str, ...]
    scale_names: tuple[str, ...]
    location: Float
    scale: Float
    log_likelihood: float
    n: int

    def standardised(self, y: ArrayLike, X: ArrayLike, Z: ArrayLike) -> Float:
        """Return (outcome - expected) / SD at these units, shape (n,)."""
        outcome = np.asarray(y, dtype=float)
        return (outcome - combine(np.asarray(X), self.location)) / self.sd(Z)

    def sd(self, Z: ArrayLike) -> Float:
        """Return the SD about the line at Z, shape (n,)."""
        return np.exp(combine(np.asarray(Z, dtype=float), self.scale))


def fit_location_scale(
    y: ArrayLike, X: ArrayLike, Z: ArrayLike, *, names: Sequence[str], scale_names: Sequence[str]
) -> LocationScale:
    """Fit by maximum likelihood, with Fisher's scoring in turn for both lines.

    Parameters
    ----------
    y : array (n,)
        Outcome.
    X, Z : array (n, p), (n, q)
        Terms of the line and of the log SD, each with a column of ones.
    names, scale_names : sequence of str
        Names of these columns.

    Raises
    ------
    ModelError
        Terms are collinear, values are missing, there are not more units than coefficients, or the
        likelihood has no maximum (some units lie on the line exactly).
    """
    units = _Units(y, X, Z, names, scale_names)
    b, g, value = units.fitted(np.ones((1, units.n)))
    if not np.isfinite(value[0]):
        raise ModelError("The spread about the line cannot be estimated: it runs to 0 or infinity.")
    return LocationScale(
        names=tuple(names),
        scale_names=tuple(scale_names),
        location=b[0],
        scale=g[0],
        log_likelihood=float(value[0]),
        n=units.n,
    )


def draws_of_location_scale(
    y: ArrayLike, X: ArrayLike, Z: ArrayLike, *, person: ArrayLike, draws: int, seed: int
) -> Iterator[tuple[Float, Float, Float]]:
    """Draw persons with replacement and fit each sample; in batches, so that memory stays small.

    Parameters
    ----------
    y, X, Z
        As in `fit_location_scale`.
    person : integer array (n,)
        Codes of the persons that are drawn.
    draws, seed : int

    Yields
    ------
    location : array (k, p)
    scale : array (k, q)
    times : array (k, n)
        How often each unit stands in each sample. Samples without a fit are left out.
    """
    names = [f"term {j + 1}" for j in range(np.shape(X)[1])]
    scale_names = [f"term {j + 1} of the SD" for j in range(np.shape(Z)[1])]
    units = _Units(y, X, Z, names, scale_names)
    labels, index = np.unique(np.asarray(person), return_inverse=True)
    generator = np.random.default_rng(seed)
    batch = max(1, AT_ONCE // max(units.n, 1))
    for first in range(0, draws, batch):
        size = min(batch, draws - first)
        times = np.empty((size, len(labels)))
        for row in range(size):
            drawn = generator.integers(0, len(labels), len(labels))
            times[row] = np.bincount(drawn, minlength=len(labels))
        of_units = times[:, index]
        b, g, value = units.fitted(of_units)
        good = np.isfinite(value)
        yield b[good], g[good], of_units[good]


class _Units:
    """Units in orthonormal terms, fitted under many sets of weights at once."""

    def __init__(
        self,
        y: ArrayLike,
        X: ArrayLike,
        Z: ArrayLike,
        names: Sequence[str],
        scale_names: Sequence[str],
    ) -> None:
        self.y, columns = checked(y, X, names)
        _, scale_columns = checked(y, Z, scale_names)
        self.n = len(self.y)
        Q, R = orthonormalise(columns, names)
        S, T = orthonormalise(scale_columns, scale_names)
        root = np.sqrt(self.n)  # terms of size 1
        self.X, self.Z = Q.T * root, S.T * root
        self._back, self._scale_back = triangular_inverse(R) * root, triangular_inverse(T) * root

    def fitted(self, times: Float) -> tuple[Float, Float, Float]:
        """Fit under weights (k, n); the log-likelihood is NaN where there is no maximum."""
        k = len(times)
        b = self._weighted(times, np.ones_like(times))
        r = self.y - self._line(b, self.X)
        total = times.sum(axis=1)
        with np.errstate(divide="ignore"):
            common = 0.5 * np.log((times * r * r).sum(axis=1) / total)
        g = np.zeros((k, self.Z.shape[1]))
        ones = self._weighted_of(np.ones(self.n), self.Z)
        g += common[:, None] * ones
        value = self._value(times, b, g)
        going = np.isfinite(value) & (np.exp(common) > ON_THE_LINE * np.std(self.y))
        value = np.where(going, value, np.nan)
        for _ in range(STEPS):
            rows = np.flatnonzero(going)
            if not rows.size:
                break
            nb, ng, nv = self._step(times[rows], b[rows], g[rows], value[rows])
            gain = nv - value[rows]
            b[rows], g[rows], value[rows] = nb, ng, nv
            far = np.abs(self._line(ng, self.Z) - common[rows, None]).max(axis=1) > FARTHEST
            value[rows[far]] = np.nan
            going[rows] = (gain > CLOSE * (1 + np.abs(nv))) & ~far
        return self._out(b, self._back), self._out(g, self._scale_back), value

    def _step(self, times: Float, b: Float, g: Float, value: Float) -> tuple[Float, Float, Float]:
        """One step of the log SD, halved until the likelihood does not fall, and the line after."""
        log_sd = self._line(g, self.Z)
        r = self.y - self._line(b, self.X)
        excess = 0.5 * (r * r * np.exp(-2 * log_sd) - 1)
        delta = self._regressed(times, excess, self.Z)
        size = np.ones(len(times))
        waiting = np.ones(len(times), dtype=bool)
        for _ in range(HALVINGS):
            ng = g + size[:, None] * delta
            nb = self._weighted(times, np.exp(-2 * np.clip(self._line(ng, self.Z), -300, 300)))
            nv = self._value(times, nb, ng)
            better = waiting & (nv >= value)
            b, g = np.where(better[:, None], nb, b), np.where(better[:, None], ng, g)
            value = np.where(better, nv, value)
            waiting &= ~better
            if not waiting.any():
                break
            size[waiting] /= 2
        return b, g, value

    def _weighted(self, times: Float, precision: Float) -> Float:
        return self._regressed(times * precision, np.broadcast_to(self.y, times.shape), self.X)

    def _weighted_of(self, target: Float, columns: Float) -> Float:
        ones = np.ones((1, self.n))
        found: Float = self._regressed(ones, target[None, :], columns)[0]
        return found

    @staticmethod
    def _regressed(weights: Float, target: Float, columns: Float) -> Float:
        """Weighted least squares of each row of targets (k, n) on columns (n, p)."""
        p = columns.shape[1]
        left = np.empty((len(weights), p, p))
        right = np.empty((len(weights), p))
        for i in range(p):
            part = weights * columns[:, i]
            right[:, i] = (part * target).sum(axis=1)
            for j in range(i + 1):
                left[:, i, j] = left[:, j, i] = (part * columns[:, j]).sum(axis=1)
        # A sample in which terms do not vary has no fit; the others go on.
        bad = np.linalg.cond(left) > 1e13
        left[bad] = np.eye(p)
        right[bad] = np.nan
        solved: Float = np.linalg.solve(left, right[:, :, None])[:, :, 0]
        return solved

    def _value(self, times: Float, b: Float, g: Float) -> Float:
        log_sd = self._line(g, self.Z)
        r = self.y - self._line(b, self.X)
        with np.errstate(over="ignore", invalid="ignore"):
            one = -log_sd - 0.5 * r * r * np.exp(-2 * log_sd) - 0.5 * np.log(2 * np.pi)
            return np.asarray(np.where(times > 0, times * one, 0.0).sum(axis=1))

    @staticmethod
    def _line(coefficients: Float, columns: Float) -> Float:
        total = np.zeros((len(coefficients), len(columns)))
        for j in range(columns.shape[1]):
            total = total + coefficients[:, j : j + 1] * columns[:, j]
        return total

    @staticmethod
    def _out(coefficients: Float, back: Float) -> Float:
        return np.stack([combine(coefficients, row) for row in back], axis=1)
