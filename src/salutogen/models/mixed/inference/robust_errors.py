"""Cluster-robust covariance of a mixed model's fixed effects, from persons' moments."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.mixed.inference.fixed_effects import ContrastTest, f_test, t_test
from salutogen.models.mixed.likelihood.problem import MixedProblem
from salutogen.models.moments.moments import Moments
from salutogen.models.short_repr import short_repr

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
    covariance : array (p, p)
        Covariance of the fixed effects.
    n_persons : int
        G, the number of clusters.
    loads, sizes : array (n_persons, p, p), (n_persons, p)
        CR2 only. With a working covariance that is right, the variance estimate of a contrast is
        a quadratic form whose matrix is diagonal but for rank p; these are its parts.
    middle, back : array (p, p)
        Model-based covariance, and the map from the user's contrasts.
    """

    kind: str
    covariance: Float
    n_persons: int
    loads: Float
    sizes: Float
    middle: Float
    back: Float

    def df(self, contrast: Float) -> float:
        """Degrees of freedom of a contrast (p,): G − 1, for CR2 those of Bell & McCaffrey."""
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
        covariance = contrasts @ self.covariance @ contrasts.T
        errors = np.sqrt(np.diag(covariance))
        if len(contrasts) == 1:
            return t_test(float(estimates[0]), float(errors[0]), self.df(contrasts[0]))
        if self.kind == "CR2":
            raise ModelError("errors: CR2 tests one combination at a time; use CR1 for several.")
        rank = int(np.linalg.matrix_rank(covariance))
        wald = float(estimates @ np.linalg.pinv(covariance, hermitian=True) @ estimates)
        return f_test(estimates, errors, wald / rank, rank, self.df(contrasts[0]))


def robust_inference(
    moments: Moments, problem: MixedProblem, theta: Float, kind: str
) -> RobustInference:
    """Return the sandwich covariance with persons as clusters.

    Parameters
    ----------
    moments, problem : Moments, MixedProblem
        Cross-products and the problem made of them.
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
    columns = np.column_stack([problem.left, problem.right])
    columns[:, criterion.q : -1] *= unit
    beta = at.coefficients / unit
    scores, loads, sizes = [], [], []
    for start in range(0, moments.n_persons, CHUNK):
        some = moments.reduction.cross[start : start + CHUNK]
        products = (
            replace(moments.reduction, cross=some)
            .project(columns, columns)
            .reshape(-1, columns.shape[1], columns.shape[1])
        )
        if kind == "CR2":
            score, load, size = _adjusted(products, L, beta, bread)
            loads.append(load)
            sizes.append(size)
            scores.append(score)
        else:
            scores.append(_scores(products, L, beta))
    each = np.concatenate(scores)
    G = moments.n_persons
    meat = _crossed(each) * (G / (G - 1) if kind == "CR1" else 1.0)
    outer = problem.scale * unit * problem.fixed_map @ bread
    empty = np.empty((0, p, p))
    return RobustInference(
        kind=kind,
        covariance=outer @ meat @ outer.T,
        n_persons=G,
        loads=np.concatenate(loads) if loads else empty,
        sizes=np.concatenate(sizes) if sizes else empty,
        middle=bread,
        back=(unit * problem.fixed_map).T,
    )


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
