"""From moments to the well-scaled arrays of a mixture, and from its solution back to units."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models._kernels_mixture import class_statistics
from salutogen.models.mixed_problem import mixed_problem
from salutogen.models.mixture_parameters import ClassParameters, Layout
from salutogen.models.moments import Moments

Float = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class MixtureProblem:
    """Cross-products of each person in columns X*, Z*, y* of unit size.

    Attributes
    ----------
    data : array (1 + (p + 1)(p + 2)/2 + q (p + 1) + q², n_persons)
        As the kernels read it: rows, [X* y*]'[X* y*] packed, Z*'[X* y*], Z*'Z*.
    weight : array (n_persons,)
        Case weights.
    p, q : int
        Numbers of fixed and random terms.
    fixed_map, shift, random_map, scale
        Fixed effects = fixed_map @ b + shift; random effects = random_map @ u; residuals of the
        outcome = scale · residuals of y*.
    offset : float
        To be added to the log-likelihood for the user's units.
    messages : tuple of str
        What is doubtful about the design.
    """

    data: Float
    weight: Float
    p: int
    q: int
    fixed_map: Float
    shift: Float
    random_map: Float
    scale: float
    offset: float
    messages: tuple[str, ...]

    def pass_over(
        self, at: ClassParameters, *, scores: bool = False
    ) -> tuple[float, Float, Float, Float]:
        """Return log-likelihood, posteriors (K, n), statistics and, if wanted, persons' scores."""
        n, K = self.data.shape[1], len(at.coefficients)
        packed = (self.p + 1) * (self.p + 2) // 2
        posterior = np.empty((K, n))
        statistics = np.empty((K, 3 + packed + self.q**2))
        derivatives = np.empty((K * (self.p + self.q**2 + 2) if scores else 0, n))
        value = np.empty(1)
        class_statistics(
            0,
            1,
            self.data,
            self.weight,
            self.p,
            self.q,
            at.log_share[None],
            at.coefficients[None],
            at.factors[None],
            at.variances[None],
            posterior,
            statistics[None],
            derivatives,
            value,
        )
        return float(value[0]), posterior, statistics, derivatives

    def least_squares(self) -> tuple[Float, float]:
        """Return the coefficients of least squares over all rows, and the residual variance."""
        d = self.p + 1
        total = np.zeros((d, d))
        total[np.triu_indices(d)] = self.data[1 : 1 + d * (d + 1) // 2].sum(axis=1)
        square = total[: self.p, : self.p] + np.triu(total[: self.p, : self.p], 1).T
        coefficients = np.linalg.solve(square, total[: self.p, self.p])
        rest = total[self.p, self.p] - coefficients @ total[: self.p, self.p]
        return coefficients, float(rest / self.data[0].sum())

    def score(self, layout: Layout, free: Float) -> tuple[float, Float]:
        """Return the log-likelihood and its gradient by the free parameters."""
        at = layout.unpack(free)
        value, _, statistics, _ = self.pass_over(at)
        return value, layout.gather(free, at, self.class_gradient(at, statistics))

    def person_scores(self, layout: Layout, free: Float) -> tuple[float, Float]:
        """Return the log-likelihood and each person's gradient (size, n)."""
        value, _, _, scores = self.pass_over(layout.unpack(free), scores=True)
        return value, layout.jacobian(free).T @ scores

    def class_gradient(self, at: ClassParameters, statistics: Float) -> Float:
        """Gradient (K, p + q² + 2) by the classes' own parameters, from sums over persons."""
        p, q = self.p, self.q
        packed = (p + 1) * (p + 2) // 2
        out = np.empty((len(at.coefficients), p + q * q + 2))
        mass = statistics[:, 0]
        out[:, 0] = mass - mass.sum() * np.exp(at.log_share)
        square = statistics[:, 2 + self._square]  # (K, p, p + 1)
        out[:, 1 : 1 + p] = (
            square[:, :, p] - (square[:, :, :p] @ at.coefficients[:, :, None])[:, :, 0]
        )
        sums = statistics[:, 2 + packed : 2 + packed + q * q].reshape(len(out), q, q)
        out[:, 1 + p : 1 + p + q * q] = np.matmul(sums, at.factors).reshape(len(out), q * q)
        out[:, -1] = 0.5 * statistics[:, -1]
        return out

    @cached_property
    def _square(self) -> NDArray[np.int64]:
        """Places (p, p + 1) of the symmetric cross-products in their packed upper triangle."""
        d = self.p + 1
        places = np.zeros((d, d), dtype=np.int64)
        places[np.triu_indices(d)] = np.arange(d * (d + 1) // 2)
        return (places + np.triu(places, 1).T)[: self.p]


def mixture_problem(
    moments: Moments,
    fixed: tuple[str, ...],
    random: tuple[tuple[str, ...], ...],
    weight: Float | None = None,
) -> MixtureProblem:
    """Prepare fits of terms that `moments` holds, for any number of classes.

    Raises
    ------
    ModelError
        As for a mixed model: one person, constant outcome, collinear terms, random effects that
        no person has enough rows for; weights that are not positive.
    """
    mixed = mixed_problem(moments, fixed, random, reml=False)
    terms = tuple(name for block in random for name in block)
    n, p, q = moments.n_obs, len(fixed), len(terms)
    Z, B = mixed.left, mixed.right * np.append(np.full(p, np.sqrt(n)), 1.0)
    d = p + 1
    cross = moments.reduction.project(np.column_stack([B, Z]), np.column_stack([B, Z]))
    cross = cross.reshape(-1, d + q, d + q)
    rows, columns = np.triu_indices(d)
    data = np.concatenate(
        [
            moments.reduction.cross[:, :1],
            cross[:, rows, columns],
            cross[:, d:, :d].reshape(len(cross), -1),
            cross[:, d:, d:].reshape(len(cross), -1),
        ],
        axis=1,
    )
    weights = _checked(weight, len(data))
    return MixtureProblem(
        data=np.ascontiguousarray(data.T),
        weight=weights,
        p=p,
        q=q,
        fixed_map=mixed.fixed_map * np.sqrt(n) * mixed.scale,
        shift=mixed.shift,
        random_map=mixed.random_map * mixed.scale,
        scale=mixed.scale,
        offset=-float(np.sum(weights * data[:, 0]) * np.log(mixed.scale)),
        messages=mixed.messages,
    )


def _checked(weight: Float | None, n: int) -> Float:
    if weight is None:
        return np.ones(n)
    values = np.asarray(weight, dtype=float)
    if values.shape != (n,):
        raise ModelError(f"weights: expected one for each of {n} persons, got {values.shape}.")
    if not (np.isfinite(values) & (values > 0)).all():
        bad = np.flatnonzero(~(np.isfinite(values) & (values > 0))) + 1
        raise ModelError(
            f"weights: expected positive numbers, got {bad.size} that are not "
            f"(persons {', '.join(map(str, bad[:10]))} in sorted order)."
        )
    return values
