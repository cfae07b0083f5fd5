"""The greatest likelihood of a continuous-time model as a function of one parameter.

Rates, effects and means are held as they are. A variance is held as the first entry of a Cholesky
root, for which its process stands first; a covariance, for which its two stand first, as what the
other entry of its row must then be.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from salutogen.models.optimise import minimise
from salutogen.models.state_space.fitting import (
    RIDGE,
    SETTLED,
    natural_of,
    root_gradient,
    roots_of,
)
from salutogen.models.state_space.layout import Layout
from salutogen.models.state_space.problem import Problem

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Kind = Literal["plain", "variance", "covariance"]

EXACT = 1e-6  # of a limit, relative to its distance from the estimate
TRIES = 40  # steps outwards in search of a limit
FARTHEST = 200.0  # standard errors beyond which there is no limit
AT_BOUND = 0.05  # of the whole variance: first step from a variance at its bound


@dataclass(frozen=True)
class Held:
    """Which entry of the roots is held, and how.

    Attributes
    ----------
    layout : Layout
        With its processes in an order in which the parameter can be held.
    index : int
        Place of the entry among the roots.
    kind : str
        `plain`: the parameter itself; `variance`: its root; `covariance`: the entry that gives it
        together with the one above it.
    """

    layout: Layout
    index: int
    kind: Kind

    @property
    def above(self) -> int:
        """Place of the diagonal entry that a covariance is a product with."""
        return self.index - 1

    def roots(self, rest: Float, value: float) -> Float:
        """Return all roots (m,) from those that are free (m − 1,)."""
        found = np.insert(rest, self.index, value)
        if self.kind == "variance":
            found[self.index] = np.sqrt(value)
        elif self.kind == "covariance":
            found[self.index] = value / found[self.above]
        return found

    def gradient(self, roots: Float, gradient: Float) -> Float:
        """Return derivatives over the free roots from those over all."""
        found = gradient.copy()
        if self.kind == "covariance":
            found[self.above] -= gradient[self.index] * roots[self.index] / roots[self.above]
        return np.delete(found, self.index)


@dataclass
class Profile:
    """The greatest likelihood at each value of one parameter, in scaled units.

    Attributes
    ----------
    problem : Problem
        With its processes in the order of `held`.
    held : Held
    natural : array (m,)
        Estimates.
    log_likelihood : float
        There.
    along : array (m,)
        How the estimates move for one unit of the parameter if the likelihood is a parabola.
    place : int
        Of the parameter among the estimates.
    size : float
        About a standard error of it.
    ratio : float
        What likelihood ratios are multiplied by where errors are robust.
    """

    problem: Problem
    held: Held
    natural: Float
    log_likelihood: float
    along: Float
    place: int
    size: float
    ratio: float
    _hessian: Float | None = field(default=None, repr=False)

    @classmethod
    def of(cls, problem: Problem, natural: Float, index: int, errors: Float, ratio: float) -> Self:
        """Make the profile of a parameter (by its place) around the estimates (m,).

        Parameters
        ----------
        errors : array (m, m)
            Covariance of the estimates by observed information; NaN of those at a bound.
        """
        layout = problem.layout
        order, kind, place = _order_of(layout, index)
        turned, moved = layout.reordered(order, natural)
        rows = replace(problem.rows, values=np.ascontiguousarray(problem.rows.values[:, order]))
        own = float(errors[index, index])
        along = np.nan_to_num(errors[index] / own) if own > 0 else np.zeros(len(natural))
        top = Problem(turned, rows)
        scored = top.at(moved)
        assert scored is not None, "the model was fitted there"
        return cls(
            problem=top,
            held=Held(turned, place, kind),
            natural=moved,
            log_likelihood=scored.log_likelihood,
            along=layout.reordered(order, along)[1],
            place=place,
            size=float(np.sqrt(own)) if own > 0 else AT_BOUND,
            ratio=ratio,
        )

    def root(self, value: float) -> float:
        """Return the signed root of the likelihood ratio of a value; NaN where it is not found."""
        away = value - float(self.natural[self.place])
        if away == 0:
            return 0.0
        if self.held.kind == "variance" and value < 0:
            return float("nan")
        for start in self._starts(value, away):
            if not np.isfinite(self._criterion(value, start)[0]):
                continue
            found = minimise(
                lambda rest: self._criterion(value, rest), start, hessian=self._hessian,
                settled=SETTLED,
            )  # fmt: skip
            if found.converged:
                self._hessian = found.hessian
                ratio = 2 * (self.log_likelihood + found.value) * self.ratio
                return float(np.sign(away) * np.sqrt(max(ratio, 0.0)))
        return float("nan")

    def limit(self, sign: int, z: float) -> float:
        """Return the value below (−1) or above (1) the estimate whose root is ±z; NaN if none."""
        from scipy.optimize import brentq

        if self.held.kind == "variance" and sign < 0 and abs(self.root(0.0)) < z:
            return 0.0
        estimate = float(self.natural[self.place])
        unit = sign * self.size / float(np.sqrt(self.ratio))

        def beyond(step: float) -> float:
            height = abs(self.root(estimate + step * unit))
            return height - z if np.isfinite(height) else z

        between = self._between(beyond, z)
        if between is None:
            return float("nan")
        near, far = between
        step = brentq(beyond, near, far, xtol=EXACT * far, rtol=1e-12)
        return float(estimate + step * unit)

    def _between(self, beyond: Callable[[float], float], z: float) -> tuple[float, float] | None:
        """Steps from the estimate between which the likelihood has fallen enough; None if none."""
        near, far, none_from = 0.0, z, FARTHEST
        for _ in range(TRIES):
            excess = beyond(far)
            if excess == z:  # no likelihood there
                none_from, far = far, (near + far) / 2
            elif excess >= 0:
                return near, far
            else:
                onwards = far * float(np.clip(1.05 * z / max(excess + z, 1e-3), 1.1, 10.0))
                near, far = far, min(onwards, (far + none_from) / 2)
        return None

    def _starts(self, value: float, away: float) -> list[Float]:
        """Where the others may be: by a parabola, part of the way, or where they were."""
        layout, found = self.held.layout, []
        for share in (1.0, 0.5):
            guess = self.natural + share * away * self.along
            guess[self.place] = value
            try:
                found.append(roots_of(layout, guess, ridge=RIDGE))
            except np.linalg.LinAlgError:
                continue
        found.append(roots_of(layout, self.natural, ridge=RIDGE))
        return [np.delete(roots, self.held.index) for roots in found]

    def _criterion(self, value: float, rest: Float) -> tuple[float, Float]:
        layout, roots = self.held.layout, self.held.roots(rest, value)
        scored = self.problem.at(natural_of(layout, roots))
        if scored is None:
            return float("inf"), np.zeros_like(rest)
        gradient = root_gradient(layout, roots, scored.gradient)
        return -scored.log_likelihood, -self.held.gradient(roots, gradient)


def _order_of(layout: Layout, index: int) -> tuple[Int, Kind, int]:
    """Order of the processes in which a parameter can be held, how, and its place in it."""
    k, at = len(layout.processes), layout.places
    plain: Int = np.arange(k)
    for part in layout.covariance_parts:
        if at[part].start <= index < at[part].stop:
            row, column = (int(ends[index - at[part].start]) for ends in layout.lower)
            first = [column] if row == column else [column, row]
            order = np.array([*first, *(i for i in range(k) if i not in first)])
            return (
                order,
                "variance" if row == column else "covariance",
                at[part].start + len(first) - 1,
            )
    return plain, "variance" if at["error"].start <= index < at["error"].stop else "plain", index
