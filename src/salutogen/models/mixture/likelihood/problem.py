"""From moments to the well-scaled arrays of a mixture, and from its solution back to units."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.mixed.likelihood.problem import mixed_problem
from salutogen.models.mixture.likelihood._kernels_layout import empty_classes
from salutogen.models.mixture.likelihood._kernels_pass import (
    Classes,
    People,
    pass_over,
    pass_over_starts,
)
from salutogen.models.mixture.likelihood._kernels_quasi_newton import (
    outer_products,
    score,
    sums_by_class,
)
from salutogen.models.mixture.likelihood.parameters import ClassParameters, Layout
from salutogen.models.mixture.membership import covariate_messages, scaled_covariates
from salutogen.models.moments.moments import Moments

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
    covariates : array (m, n_persons)
        Covariates of membership, centred; m is 0 without them.
    membership_map : array (1 + m, 1 + m)
        Log odds of the constant and the covariates as given = map @ those of the scaled ones.
    means : array (p,)
        Means of X* over all rows.
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
    covariates: Float
    membership_map: Float
    means: Float
    p: int
    q: int
    fixed_map: Float
    shift: Float
    random_map: Float
    scale: float
    offset: float
    messages: tuple[str, ...]

    @cached_property
    def people(self) -> People:
        """What the kernels read of the persons."""
        return People(
            data=as_compiled(self.data),
            weight=as_compiled(self.weight),
            covariates=as_compiled(self.covariates),
            p=self.p,
            q=self.q,
        )

    def pass_over(self, at: ClassParameters) -> tuple[float, Float]:
        """Return the log-likelihood and posteriors (K, n)."""
        K, n = len(at.coefficients), self.data.shape[1]
        posterior = np.empty((K, n))
        packed = (self.p + 1) * (self.p + 2) // 2
        statistics = np.empty((1, K, 4 + packed + self.q**2 + at.membership.shape[1]))
        value, start = np.empty(1), as_classes(at)
        pass_over_starts(pass_over.address, 0, 1, self.people, start, posterior, statistics, value)
        return float(value[0]), posterior

    def prior(self, at: ClassParameters) -> Float:
        """Return each person's probabilities of the classes (K, n) before the outcome is seen."""
        logits = at.log_share[:, None] + np.zeros((1, self.data.shape[1]))
        for j in range(at.membership.shape[1]):
            logits = logits + at.membership[:, j : j + 1] * self.covariates[j]
        odds = np.exp(logits - logits.max(axis=0))
        shares: Float = odds / odds.sum(axis=0)
        return shares

    def shares(self, at: ClassParameters) -> Float:
        """Return the classes' shares (K,) among all persons."""
        if at.membership.shape[1] == 0:
            return np.exp(at.log_share)
        weighted: Float = np.sum(self.prior(at) * self.weight, axis=1) / self.weight.sum()
        return weighted

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
        value, gradient, _ = self._score(layout, free, by_person=False)
        return value, gradient

    def outer_products(self, layout: Layout, free: Float) -> Float:
        """Return the weighted sum over persons of their gradients' outer products (size, size)."""
        _, _, scores = self._score(layout, free, by_person=True)
        products = np.empty((layout.size, layout.size))
        outer_products(self.people, layout.plan, free, scores, products)
        return products

    def _score(self, layout: Layout, free: Float, *, by_person: bool) -> tuple[float, Float, Float]:
        plan = layout.plan
        posterior, statistics = sums_by_class(self.people, plan)
        width = 2 + plan.p + plan.q**2 + plan.m
        n = self.data.shape[1] if by_person else 0
        scores = np.empty((plan.classes * width if by_person else 0, n))
        gradient = np.empty(layout.size)
        value = score(
            pass_over.address, self.people, plan, free, empty_classes(plan), posterior, statistics,
            scores, np.empty((plan.classes, width)), gradient,
        )  # fmt: skip
        return float(value), gradient, scores


def as_compiled(values: Float) -> Float:
    """Numbers as they lie in what is compiled by address: one after the other, not read-only."""
    return values if values.flags.carray else np.require(values, requirements=("C", "W"))


def as_classes(at: ClassParameters) -> Classes:
    """Parameters as the kernels read those of one start."""
    values = (at.log_share, at.membership, at.coefficients, at.factors, at.variances)
    return Classes(*(as_compiled(one)[None] for one in values))


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
        no person has enough rows for; weights that are not positive; collinear covariates of
        membership.
    """
    if moments.log_weights is not None:
        raise ModelError("These moments weight rows, for mixed models; a mixture weights persons.")
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
    covariates, membership_map = scaled_covariates(moments)
    return MixtureProblem(
        data=np.ascontiguousarray(data.T),
        weight=weights,
        covariates=covariates,
        membership_map=membership_map,
        means=mixed.right[:, :p].T @ moments.reduction.total[:, 0] / np.sqrt(n),
        p=p,
        q=q,
        fixed_map=mixed.fixed_map * np.sqrt(n) * mixed.scale,
        shift=mixed.shift,
        random_map=mixed.random_map * mixed.scale,
        scale=mixed.scale,
        offset=-float(np.sum(weights * data[:, 0]) * np.log(mixed.scale)),
        messages=(*mixed.messages, *covariate_messages(moments)),
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
