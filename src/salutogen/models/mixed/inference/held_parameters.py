"""Fits of a mixed model in which one parameter is held at a value.

With the user's terms ``t`` as rows of the map from the scaled problem, an SD is
``σ |t L|``. An orthogonal turn of L makes that a single entry, and a correlation a fixed ratio of
two, so that every constraint is met exactly and the rest is a smooth minimum without bounds.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from salutogen.models.mixed.likelihood.criterion import ProfiledCriterion
from salutogen.models.mixed.likelihood.deviance import DeviancePoint, Held, deviance
from salutogen.models.optimise import Function

Float = NDArray[np.float64]


class Family(Protocol):
    """Fits in which one parameter is held."""

    def start(self) -> Float:
        """Return the other parameters at the maximum."""
        ...

    def at(self, held: float) -> Function:
        """Return −2 log-likelihood and its gradient with the parameter held at a value."""
        ...

    @property
    def edges(self) -> tuple[int, int]:
        """Two of the other parameters that must not differ in sign; twice the same if none."""
        ...


@dataclass(frozen=True, kw_only=True)
class _FactorFamily(ABC):
    """The free entries of the relative factor are the other parameters."""

    criterion: ProfiledCriterion
    theta: Float

    @property
    def edges(self) -> tuple[int, int]:
        """None: no sign matters."""
        return (0, 0)

    def start(self) -> Float:
        """Return the other parameters at the maximum."""
        return self.theta

    def at(self, held: float) -> Function:
        """Return −2 log-likelihood with the parameter held."""

        def function(x: Float) -> tuple[float, Float]:
            point = self.point(self.criterion.factor(x), held)
            if point is None:
                return float("inf"), np.zeros(len(x))
            return point.value, point.slope[self.criterion.free]

        return function

    @abstractmethod
    def point(self, L: Float, held: float) -> DeviancePoint | None:
        """Return the likelihood at a factor with the parameter held."""


@dataclass(frozen=True, kw_only=True)
class FixedFamily(_FactorFamily):
    """A fixed effect held: ``row @ coefficients = value − shift`` in the scaled problem."""

    row: Float
    shift: float

    def point(self, L: Float, held: float) -> DeviancePoint | None:
        """Return the likelihood at a factor with the effect held."""
        constraint = Held(row=self.row, value=held - self.shift)
        return deviance(self.criterion, L, held=constraint)


@dataclass(frozen=True, kw_only=True)
class ResidualFamily(_FactorFamily):
    """The residual SD held; `unit` is the user's unit in the scaled problem's."""

    unit: float

    def point(self, L: Float, held: float) -> DeviancePoint | None:
        """Return the likelihood at a factor with the residual SD held."""
        return deviance(self.criterion, L, variance=(held / self.unit) ** 2)


@dataclass(frozen=True, kw_only=True)
class SdFamily:
    """An SD held: after the turn it is `unit` σ times the entry at `place`.

    The free entry at `place` is replaced by log σ².
    """

    criterion: ProfiledCriterion
    turn: Float
    entries: Float
    place: int
    unit: float
    log_variance: float

    def start(self) -> Float:
        """Return the other parameters at the maximum."""
        x = self.entries.copy()
        x[self.place] = self.log_variance
        return x

    @property
    def edges(self) -> tuple[int, int]:
        """None: no sign matters."""
        return (0, 0)

    def at(self, held: float) -> Function:
        """Return −2 log-likelihood with the parameter held."""

        def function(x: Float) -> tuple[float, Float]:
            variance = float(np.exp(np.clip(x[self.place], -600, 600)))
            entries = x.copy()
            entries[self.place] = held / (self.unit * np.sqrt(variance))
            L = self.turn @ self.criterion.factor(entries)
            point = deviance(self.criterion, L, variance=variance)
            if point is None or not np.isfinite(point.value):
                return float("inf"), np.zeros(len(x))
            gradient = (self.turn.T @ point.slope)[self.criterion.free]
            by_entry = gradient[self.place] * entries[self.place]
            gradient[self.place] = point.by_log_variance - by_entry / 2
            return point.value, gradient

        return function


@dataclass(frozen=True, kw_only=True)
class CorrelationFamily:
    """A correlation held: two entries of the turned factor follow from another two.

    With the first term's row (a, 0) and the second's r (c, √(1 − c²)), the entries are linear in
    a and r; `mix` gives the second row as α, γ in the turned rows.
    """

    criterion: ProfiledCriterion
    turn: Float
    entries: Float
    places: tuple[int, int, int]
    mix: tuple[float, float]

    def start(self) -> Float:
        """Return the other parameters at the maximum."""
        first, below, second = self.places
        alpha, gamma = self.mix
        x = self.entries.copy()
        along = alpha * x[first] + gamma * x[below]
        x[second] = np.hypot(along, gamma * x[second])
        return np.delete(x, below)

    @property
    def edges(self) -> tuple[int, int]:
        """The two that must not differ in sign: a and r."""
        first, _, second = self.places
        return first, second - 1

    def at(self, held: float) -> Function:
        """Return −2 log-likelihood with the parameter held."""
        first, below, second = self.places
        alpha, gamma = self.mix
        spread = np.delete(np.eye(len(self.entries)), below, axis=1)
        spread[below] = held / gamma * spread[second] - alpha / gamma * spread[first]
        spread[second] *= np.sqrt(max(0.0, 1 - held**2)) / gamma

        def function(x: Float) -> tuple[float, Float]:
            L = self.turn @ self.criterion.factor(spread @ x)
            point = deviance(self.criterion, L)
            if point is None:
                return float("inf"), np.zeros(len(x))
            return point.value, spread.T @ (self.turn.T @ point.slope)[self.criterion.free]

        return function


def sd_family(
    criterion: ProfiledCriterion, theta: Float, row: Float, *, scale: float, variance: float
) -> SdFamily:
    """Return the fits with an SD held.

    Parameters
    ----------
    criterion, theta : ProfiledCriterion, array (m,)
        Likelihood and its maximum.
    row : array (q,)
        The term in the scaled problem's random terms.
    scale, variance : float
        User's unit of the outcome in the scaled problem's, and the residual variance there.
    """
    start, size = _block_of(criterion.blocks, row)
    length = float(np.sqrt(np.sum(row**2)))
    turn = _turn(criterion.q, start, size, row[None, start : start + size])
    return SdFamily(
        criterion=criterion,
        turn=turn,
        entries=_turned_entries(criterion, theta, turn, start, size),
        place=_place(criterion, start, start),
        unit=scale * length,
        log_variance=float(np.log(variance)),
    )


def correlation_family(criterion: ProfiledCriterion, theta: Float, rows: Float) -> (
    CorrelationFamily
):  # fmt: skip
    """Return the fits with the correlation of two terms (2, q) held."""
    start, size = _block_of(criterion.blocks, rows[0])
    turn = _turn(criterion.q, start, size, rows[:, start : start + size])
    along = rows[1] @ turn
    return CorrelationFamily(
        criterion=criterion,
        turn=turn,
        entries=_turned_entries(criterion, theta, turn, start, size),
        places=(
            _place(criterion, start, start),
            _place(criterion, start + 1, start),
            _place(criterion, start + 1, start + 1),
        ),
        mix=(float(along[start]), float(along[start + 1])),
    )


def _block_of(blocks: tuple[int, ...], row: Float) -> tuple[int, int]:
    """Start and size of the block in which a row has its entries."""
    first = int(np.flatnonzero(row)[0])
    start = 0
    for size in blocks:
        if first < start + size:
            break
        start += size
    return start, size


def _turn(q: int, start: int, size: int, rows: Float) -> Float:
    """Orthogonal matrix whose first columns in the block span the rows, in their order."""
    basis, triangle = np.linalg.qr(np.vstack([rows, np.eye(size)]).T)
    signs = np.where(np.diag(triangle)[:size] < 0, -1.0, 1.0)
    turn = np.eye(q)
    turn[start : start + size, start : start + size] = basis * signs
    return turn


def _turned_entries(
    criterion: ProfiledCriterion, theta: Float, turn: Float, start: int, size: int
) -> Float:
    """Free entries of the turned factor, lower triangular again, with positive diagonal."""
    factor = turn.T @ criterion.factor(theta)
    part = slice(start, start + size)
    lower = np.linalg.qr(factor[part, part].T, mode="r").T
    factor[part, part] = lower * np.where(np.diag(lower) < 0, -1.0, 1.0)
    return criterion.entries(factor)


def _place(criterion: ProfiledCriterion, row: int, column: int) -> int:
    """Place of an entry of the factor among the free ones."""
    rows, columns = criterion.free
    return int(np.flatnonzero((rows == row) & (columns == column))[0])
