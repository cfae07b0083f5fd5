"""Cluster-robust covariance of a mixed model's fixed effects, from persons' moments."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.mixed.inference.fixed_effects import ContrastTest, f_test, t_test, untested
from salutogen.models.mixed.likelihood.problem import MixedProblem
from salutogen.models.moments.moments import Moments
from salutogen.models.short_repr import short_repr
from salutogen.models.support import Support, SupportWarning, cluster_support

Float = NDArray[np.float64]

KINDS = ("CR0", "CR1", "CR2")
CHUNK = 8192  # persons treated at once: bounds memory
NO_RANK = 1e-11  # eigenvalues below this share of the largest are zero


@short_repr("kind", "n_persons")
@dataclass(frozen=True, kw_only=True)
class RobustInference:
    """A cluster-robust covariance and the degrees of freedom that go with it.

    Attributes
    ----------
    kind : str
        `CR0`, `CR1` or `CR2`.
    sandwich : array (p, p)
        Covariance of the fixed effects, before it is asked which of them it serves.
    n_persons : int
        G, the number of clusters.
    loads, sizes : array (n_persons, p, p), (n_persons, p)
        CR2 only. With a working covariance that is right, the variance estimate of a contrast is
        a quadratic form whose matrix is diagonal but for rank p; these are its parts.
    middle, back : array (p, p)
        Model-based covariance, and the map from the user's contrasts.
    terms : tuple of str
        Names of the fixed effects.
    support : Support
        How many persons each of them rests on.

    Notes
    -----
    Where a combination of the fixed effects cannot be told without one person (the only one of a
    site, say), that person's residual is zero by construction and no sandwich knows its error:
    error, statistic, degrees of freedom and p are NaN and the test's `note` says why. With CR0
    and CR1, whose G − 1 degrees of freedom take many persons for granted, the same holds below
    three effective persons (intervals of two persons beside 38 would hold the truth in 69 %).
    """

    kind: str
    sandwich: Float
    n_persons: int
    loads: Float
    sizes: Float
    middle: Float
    back: Float
    terms: tuple[str, ...]
    support: Support

    @cached_property
    def covariance(self) -> Float:
        """Covariance of the fixed effects (p, p); NaN in rows and columns that have none."""
        lacking = np.array([bool(self._lack(row)) for row in np.eye(len(self.terms))])
        return np.where(lacking[:, None] | lacking, np.nan, self.sandwich)

    @cached_property
    def messages(self) -> tuple[str, ...]:
        """Which fixed effects have no such error, or one that is too small."""
        return tuple(
            f"{name}: {said}."
            for name, row in zip(self.terms, np.eye(len(self.terms)), strict=True)
            if (said := self._lack(row) or ("" if self.kind == "CR2" else self.support.doubt(row)))
        )

    def _lack(self, contrasts: Float) -> str:
        """Why contrasts (p,) or (k, p) have no robust error; empty if they have one."""
        return self.support.lack(contrasts, small_sample=self.kind == "CR2")

    def df(self, contrast: Float) -> float:
        """Degrees of freedom of a contrast (p,): G − 1, for CR2 those of Bell & McCaffrey.

        NaN where it rests on too few persons.
        """
        if self._lack(contrast):
            return float("nan")
        if self.kind != "CR2":
            return float(self.n_persons - 1)
        c = self.back @ contrast
        u = np.einsum("iab,b->ia", self.loads, c)
        a = np.einsum("iab,a,b->i", self.sizes, c, c)
        inner = _crossed(u)
        trace = float(np.sum(a) - np.sum(self.middle * inner))
        square = float(
            np.sum(a**2)
            - 2 * np.einsum("i,ia,ab,ib->", a, u, self.middle, u)
            + np.trace(self.middle @ inner @ self.middle @ inner)
        )
        return trace**2 / square

    def test(self, coefficients: Float, contrasts: Float, values: Float) -> ContrastTest:
        """Test contrasts (k, p) of the fixed effects against values (k,)."""
        estimates = contrasts @ coefficients - values
        covariance = contrasts @ self.sandwich @ contrasts.T
        lacks = [self._lack(row) for row in contrasts]
        errors = np.where([bool(said) for said in lacks], np.nan, np.sqrt(np.diag(covariance)))
        said = self._lack(contrasts)
        if said:
            return untested(estimates, errors, said)
        if len(contrasts) == 1:
            return t_test(float(estimates[0]), float(errors[0]), self.df(contrasts[0]))
        if self.kind == "CR2":
            raise ModelError("errors: CR2 tests one combination at a time; use CR1 for several.")
        rank = int(np.linalg.matrix_rank(covariance))
        wald = float(estimates @ np.linalg.pinv(covariance, hermitian=True) @ estimates)
        return f_test(estimates, errors, wald / rank, rank, self.df(contrasts[0]))


def robust_inference(
    moments: Moments, problem: MixedProblem, terms: tuple[str, ...], theta: Float, kind: str
) -> RobustInference:
    """Return the sandwich covariance with persons as clusters.

    Parameters
    ----------
    moments, problem : Moments, MixedProblem
        Cross-products and the problem made of them.
    terms : tuple of str
        Names of the fixed effects.
    theta : array (m,)
        Free entries of the relative factor at the fit.
    kind : str
        `CR0`: plain (Liang & Zeger 1986). `CR1`: times G/(G − 1), with G − 1 degrees of freedom.
        `CR2`: residuals adjusted so that the covariance is unbiased if the model's own is right
        (Bell & McCaffrey 2002; Pustejovsky & Tipton 2018, working covariance = the fit's).

    Notes
    -----
    The adjustment of a person, A with A (V − X B X') A = V, is the identity outside the space
    that the person's columns of X and Z span; within it everything follows from cross-products,
    so no rows are needed. Weighted rows are adjusted after multiplication by the roots of their
    weights.
    """
    if kind not in KINDS:
        raise ModelError(f"errors: expected one of {', '.join(KINDS)}, got {kind!r}.")
    criterion = problem.criterion
    L = criterion.factor(theta)
    at = criterion.profile(L)
    if at is None:
        raise ModelError("The likelihood has no value at its maximum.")
    p = criterion.p
    unit = np.sqrt(moments.n_obs)  # X* has columns of length 1: make them of mean square 1
    bread = np.linalg.inv(at.precision) / unit**2
    beta = at.coefficients / unit
    scores, loads, sizes, information = [], [], [], []
    for products in _products(moments, problem, unit):
        information.append(_information(products, L))
        if kind == "CR2":
            score, load, size = _adjusted(products, L, beta, bread)
            loads.append(load)
            sizes.append(size)
            scores.append(score)
        else:
            scores.append(_scores(products, L, beta))
    G = moments.n_persons
    meat = _crossed(np.concatenate(scores)) * (G / (G - 1) if kind == "CR1" else 1.0)
    outer = problem.scale * unit * problem.fixed_map @ bread
    back = (unit * problem.fixed_map).T
    empty = np.empty((0, p, p))
    found = RobustInference(
        kind=kind,
        sandwich=outer @ meat @ outer.T,
        n_persons=G,
        loads=np.concatenate(loads) if loads else empty,
        sizes=np.concatenate(sizes) if sizes else empty,
        middle=bread,
        back=back,
        terms=terms,
        support=cluster_support(np.concatenate(information), at.precision * unit**2, back),
    )
    for message in found.messages:
        warnings.warn(f"{kind}: {message}", SupportWarning, stacklevel=3)
    return found


def _products(moments: Moments, problem: MixedProblem, unit: float) -> Iterator[Float]:
    """Cross-products of [Z X y] of some persons at a time (n, q + p + 1, q + p + 1)."""
    columns = np.column_stack([problem.left, problem.right])
    columns[:, problem.criterion.q : -1] *= unit
    for start in range(0, moments.n_persons, CHUNK):
        some = moments.reduction.cross[start : start + CHUNK]
        yield (
            replace(moments.reduction, cross=some)
            .project(columns, columns)
            .reshape(-1, columns.shape[1], columns.shape[1])
        )


def _information(products: Float, L: Float) -> Float:
    """X' V⁻¹ X of each person (n, p, p)."""
    q = len(L)
    A, B = products[:, :q, :q], products[:, q:-1, :q] @ L
    M = np.eye(q) + L.T @ A @ L
    found: Float = products[:, q:-1, q:-1] - B @ np.linalg.solve(M, np.swapaxes(B, 1, 2))
    return found


def _crossed(rows: Float) -> Float:
    """Cross-products of the columns, summed by NumPy: BLAS may split long sums by threads."""
    products: Float = np.sum(rows[:, :, None] * rows[:, None, :], axis=0)
    return products


def _scores(products: Float, L: Float, beta: Float) -> Float:
    """X' V⁻¹ e of each person (n, p)."""
    q = len(L)
    residual = np.concatenate([np.zeros(q), -beta, [1.0]])
    along = products @ residual  # [Z X y]' e
    A, B = products[:, :q, :q], products[:, q:-1, :q]
    M = np.eye(q) + L.T @ A @ L
    weighted = np.linalg.solve(M, (along[:, :q] @ L)[:, :, None])[:, :, 0] @ L.T
    scores: Float = along[:, q:-1] - np.einsum("ipq,iq->ip", B, weighted)
    return scores


def _adjusted(products: Float, L: Float, beta: Float, bread: Float) -> tuple[Float, Float, Float]:
    """CR2's scores (n, p), X' A V⁻¹ X B and B X' V⁻¹ A V A V⁻¹ X B of each person (n, p, p).

    In an orthonormal basis Q of a person's columns of Z and X, coordinates beyond its rank are
    those of a unit covariance and zero columns.
    """
    q = len(L)
    r = products.shape[1] - 1
    residual = np.concatenate([np.zeros(q), -beta, [1.0]])
    along = (products @ residual)[:, :r]
    lengths, vectors = np.linalg.eigh(products[:, :r, :r])
    seen = lengths > NO_RANK * lengths[:, -1:]
    lengths = np.sqrt(np.where(seen, lengths, 1.0))
    basis = np.swapaxes(vectors, 1, 2)
    columns = np.where(seen[:, :, None], lengths[:, :, None] * basis, 0.0)  # Q'[Z X]
    e = np.where(seen, np.einsum("iab,ib->ia", basis, along) / lengths, 0.0)  # Q'e
    Z, X = columns[:, :, :q] @ L, columns[:, :, q:]
    V = np.eye(r) + Z @ np.swapaxes(Z, 1, 2)
    left = V - X @ bread @ np.swapaxes(X, 1, 2)
    root = _power(V, 0.5)
    A = root @ _power(root @ left @ root, -0.5) @ root
    weighted = np.linalg.solve(V, X)  # V⁻¹ X
    turned = A @ weighted
    scores = np.einsum("iap,ia->ip", turned, e)
    load = np.swapaxes(X, 1, 2) @ turned @ bread
    size = bread @ np.swapaxes(turned, 1, 2) @ V @ turned @ bread
    return scores, load, size


def _power(matrices: Float, exponent: float) -> Float:
    """Symmetric powers; directions without variance stay zero."""
    values, vectors = np.linalg.eigh(matrices)
    kept = values > NO_RANK * values[:, -1:]
    powers = np.where(kept, np.where(kept, values, 1.0) ** exponent, 0.0)
    result: Float = (vectors * powers[:, None, :]) @ np.swapaxes(vectors, 1, 2)
    return result
