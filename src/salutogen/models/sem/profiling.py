"""Tests and intervals of one parameter from the likelihood itself, all others fitted anew.

Where a likelihood is not a parabola, as for variances near zero or where little tells levels from
lags, limits do not lie evenly about the estimate, as those of standard errors do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salutogen.models.sem.problem import Place, StructuralProblem
from salutogen.models.sem.scoring import climb

Float = NDArray[np.float64]

NEAR = 1e-6  # in standard errors, to which a limit is found
MOST_TRIALS = 40
FARTHEST = 12.0  # standard errors beyond which there is no limit


@dataclass(frozen=True)
class _Rest:
    """The likelihood as a point has it, of all parameters but one."""

    place: Place
    rest: NDArray[np.bool_]

    @property
    def log_likelihood(self) -> float:
        return self.place.log_likelihood

    @property
    def gradient(self) -> Float:
        found: Float = self.place.gradient[self.rest]
        return found

    def information(self, *, observed: bool) -> Float:
        return self.place.information(observed=observed)[np.ix_(self.rest, self.rest)]


@dataclass(frozen=True)
class _Held:
    """The likelihood of all parameters but one, which is held at a value."""

    problem: StructuralProblem
    index: int
    value: float

    def at(self, theta: Float) -> _Rest | None:
        """Return the likelihood at the other parameters (q − 1,)."""
        place = self.problem.at(np.insert(theta, self.index, self.value))
        if place is None:
            return None
        return _Rest(place, np.arange(len(theta) + 1) != self.index)


@dataclass(frozen=True)
class Profile:
    """The greatest likelihood as a function of one parameter.

    Attributes
    ----------
    top : Place
        The likelihood at the estimates.
    covariance : array (q, q)
        Of the estimates, by observed information.
    index : int
        Which parameter.
    ratio : float
        Variance by observed information over variance by the errors that are wanted: what
        likelihood ratios are multiplied by where these are robust (Rotnitzky & Jewell 1990).
    """

    top: Place
    covariance: Float
    index: int
    ratio: float

    @property
    def size(self) -> float:
        """Standard error by observed information."""
        return float(np.sqrt(self.covariance[self.index, self.index]))

    def root(self, value: float) -> float:
        """Return the signed root of the likelihood ratio of a value; NaN where it is not found.

        About standard normal at the true value, and 0 at the estimate.
        """
        theta, j = self.top.theta, self.index
        away = value - theta[j]
        if away == 0:
            return 0.0
        held = _Held(self.top.problem, j, value)
        # Where the others go if the likelihood is a parabola, or part of the way.
        drift = np.delete(self.covariance[:, j] / self.covariance[j, j] * away, j)
        others = np.delete(theta, j)
        for share in (1.0, 0.5, 0.0):
            start = others + share * drift
            if held.at(start) is not None:
                found = climb(held, start)
                if found.converged:
                    ratio = 2 * (self.top.log_likelihood - found.path[-1]) * self.ratio
                    return float(np.sign(away) * np.sqrt(max(ratio, 0.0)))
        return float("nan")

    def limit(self, sign: int, z: float) -> float:
        """Return the value below (−1) or above (1) the estimate whose root is ±z; NaN if none."""
        estimate, scale = float(self.top.theta[self.index]), self.size / np.sqrt(self.ratio)
        inside, outside, step = 0.0, FARTHEST, z
        for _ in range(MOST_TRIALS):
            root = abs(self.root(estimate + sign * step * scale))
            if abs(root - z) < NEAR:
                return float(estimate + sign * step * scale)
            if root < z:
                inside = step
            else:
                outside = step
            if outside - inside < NEAR:
                break
            # The root is nearly proportional to the distance: go where it meets z, or else halve.
            guess = step * z / root if root > 0 else float("nan")
            step = guess if inside < guess < outside else (inside + outside) / 2
        return float("nan") if outside == FARTHEST else float(estimate + sign * inside * scale)
