"""Minimise where random effects are independent: Newton steps in variances, which may be zero.

Along a standard deviation the criterion is flat at zero, so that a search for one crawls there.
Along the variance it has a slope, and zero is a bound like any other: variances whose slope points
below it are held there (projected Newton steps; Bertsekas 1982).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salutogen.models.mixed.likelihood.criterion import ProfiledCriterion
from salutogen.models.optimise import ROUNDING, SETTLED, Optimum, updated

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

FEWEST = 3  # independent random terms from which on this is the shorter way
GUESSES = 5  # rounds by which the residual variance settles
LEAST = 0.1  # variance to begin with at least, in residual variances of a person's mean
TINY = 1e-6  # relative standard deviation at which the slope along a variance of 0 is taken
STEP = 1e-3  # of differences, in standard errors of a variance
MOST = 60
SLOW = 0.8  # share of the slopes left after a step beyond which second derivatives are renewed


@dataclass(frozen=True, kw_only=True)
class _Point:
    """Variances, the criterion there and its slopes by them."""

    variances: Float
    value: float
    slopes: Float

    @property
    def free(self) -> Bool:
        """Which variances may move: all but those at 0 that would fall below it."""
        return ~((self.variances <= 0) & (self.slopes >= 0))


def is_independent(criterion: ProfiledCriterion) -> bool:
    """Whether random terms are many and independent of each other."""
    return criterion.q >= FEWEST and all(size == 1 for size in criterion.blocks)


def minimise_variances(
    criterion: ProfiledCriterion, start: Float | None = None, settled: float | None = None
) -> Optimum:
    """Minimise over the relative standard deviations of independent random effects.

    Parameters
    ----------
    criterion : ProfiledCriterion
        Every block of one term.
    start : array (q,), optional
        Relative standard deviations.
    settled : float, optional
        Gain of a further step at which the search ends.

    Returns
    -------
    Optimum
        Its point holds relative standard deviations, none of them negative, some perhaps zero.
    """
    search = _Search(criterion, settled or SETTLED)
    return search.run(_guess(criterion) if start is None else start**2)


def _guess(criterion: ProfiledCriterion) -> Float:
    """Variances by moments: what persons' products with what is left hold beyond chance.

    Each random term as if it were alone; fixed effects by least squares.
    """
    q, c = criterion.q, criterion.p + 1
    rows, columns = np.triu_indices(q)
    size = criterion.products[: len(rows)][rows == columns]  # z'z of each term and person
    crossed = criterion.products[len(rows) :].reshape(q, c, -1)
    total = criterion.total
    fixed = np.linalg.lstsq(total[:-1, :-1], total[:-1, -1], rcond=None)[0]
    left = crossed[:, -1] - np.sum(crossed[:, :-1] * fixed[:, None], axis=1)
    rss = float(total[-1, -1] - np.sum(total[:-1, -1] * fixed))
    squares, mean, wide = (np.sum(one, axis=1) for one in (left**2, size, size**2))
    found = np.zeros(q)
    for _ in range(GUESSES):
        residual = rss / (criterion.n_obs + float(np.sum(found * mean)))
        found = np.maximum((squares / residual - mean) / np.maximum(wide, 1e-300), 0.0)
    least = LEAST * criterion.n_persons / criterion.n_obs
    return np.maximum(found, least)


class _Search:
    def __init__(self, criterion: ProfiledCriterion, enough: float) -> None:
        self.criterion, self.enough, self.rough = criterion, enough, enough > SETTLED
        self.evaluations = 0
        n = criterion.n_persons
        self.step = STEP * np.sqrt(2 / n) * n / criterion.n_obs

    def at(self, variances: Float) -> _Point:
        self.evaluations += 1
        theta = np.sqrt(np.maximum(variances, TINY**2))
        value, gradient = self.criterion(theta)
        return _Point(variances=variances, value=value, slopes=gradient / (2 * theta))

    def bend(self, here: _Point) -> Float:
        """Second derivatives by differences of slopes, away from zero."""
        m = len(here.variances)
        H = np.empty((m, m))
        for j in range(m):
            moved = here.variances.copy()
            moved[j] += self.step
            H[j] = (self.at(moved).slopes - here.slopes) / self.step
        return (H + H.T) / 2

    def run(self, start: Float) -> Optimum:
        here = self.at(start)
        H, fresh, converged = self.bend(here), True, False
        path = [here.value]
        for _ in range(MOST):
            direction, gain = _newton(here, H)
            if gain < self.enough:
                if fresh or self.rough:
                    converged = True
                    break
                H, fresh = self.bend(here), True  # updated ones may see too steep a bend
                continue
            moved = self.line(here, direction, gain)
            if moved is None:
                if fresh:
                    break
                H, fresh = self.bend(here), True
                continue
            path.append(moved.value)
            slow = _size(moved) > SLOW * _size(here)
            H = updated(H, moved.variances - here.variances, moved.slopes - here.slopes)
            here, fresh = moved, False
            if slow and _newton(here, H)[1] >= self.enough:
                H, fresh = self.bend(here), True
        return self.ended(here, H, path, converged=converged)

    def line(self, here: _Point, direction: Float, gain: float) -> _Point | None:
        """Halve the step until the criterion falls enough; no variance goes below zero."""
        share, noise = 1.0, ROUNDING * max(1.0, abs(here.value))
        for _ in range(30):
            moved = self.at(np.maximum(here.variances + share * direction, 0.0))
            if np.isfinite(moved.value) and moved.value <= here.value - 2e-4 * share * gain + noise:
                return moved
            share *= 0.5
        return None

    def ended(self, here: _Point, H: Float, path: list[float], *, converged: bool) -> Optimum:
        theta = np.sqrt(here.variances)
        value, gradient = self.criterion(theta)
        along = 2 * np.where(theta > 0, theta, 0.0)
        return Optimum(
            point=theta,
            value=value,
            gradient=gradient,
            hessian=along[:, None] * H * along + np.diag(2 * np.maximum(here.slopes, 0.0)),
            path=tuple(path),
            evaluations=self.evaluations + 1,
            converged=converged and bool(np.isfinite(value)),
        )


def _newton(here: _Point, H: Float) -> tuple[Float, float]:
    """Newton's step of the free variances, eigenvalues made positive, and what it would gain."""
    free = here.free
    direction = np.zeros(len(free))
    if not free.any():
        return direction, 0.0
    values, vectors = np.linalg.eigh(H[np.ix_(free, free)])
    size = np.abs(values)
    size = np.maximum(size, 1e-10 * max(size.max(), 1e-300))
    slopes = here.slopes[free]
    direction[free] = -np.sum(vectors * (np.sum(vectors * slopes[:, None], axis=0) / size), axis=1)
    return direction, -float(np.sum(direction * here.slopes)) / 2


def _size(here: _Point) -> float:
    """Length of the slopes that count."""
    return float(np.sqrt(np.sum(here.slopes[here.free] ** 2)))
