"""The profiled (restricted) likelihood of a Gaussian mixed model, from per-person moments.

With relative factor L (random covariance = σ² L L') and M = I + L'Z'Z L per person, the fixed
effects and σ² are profiled out (Bates et al. 2015, section 3), which leaves a function of the
few free entries of L. Its gradient is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from salutogen.models.orthogonal import triangular_inverse
from salutogen.models.reduction import unpack
from salutogen.models.threads import share_work

Float = NDArray[np.float64]
Int = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Profiled:
    """What is profiled out at one relative factor.

    Attributes
    ----------
    coefficients : array (p,)
        Fixed effects.
    precision : array (p, p)
        X' V⁻¹ X with σ² = 1.
    rss : float
        Penalised residual sum of squares.
    value : float
        −2 log (restricted) likelihood, constants included.
    """

    coefficients: Float
    precision: Float
    rss: float
    value: float


@dataclass(frozen=True, kw_only=True)
class ProfiledCriterion:
    """−2 log (restricted) likelihood as a function of the free entries of L.

    Attributes
    ----------
    products : array (n_persons, q (q + p + 1))
        Each person's Z'[Z X y], flattened.
    total : array (p + 1, p + 1)
        Cross-products of [X y] over all persons.
    blocks : tuple of int
        Sizes of the blocks of correlated random terms; they add up to q.
    n_obs : int
        Number of rows.
    reml : bool
        Restricted likelihood.
    """

    products: Float
    total: Float
    blocks: tuple[int, ...]
    n_obs: int
    reml: bool

    @property
    def n_persons(self) -> int:
        """Number of persons."""
        return len(self.products)

    @property
    def q(self) -> int:
        """Number of random terms."""
        return sum(self.blocks)

    @property
    def p(self) -> int:
        """Number of fixed terms."""
        return len(self.total) - 1

    @property
    def df(self) -> int:
        """Denominator of the residual variance."""
        return self.n_obs - self.p if self.reml else self.n_obs

    @cached_property
    def free(self) -> tuple[Int, Int]:
        """Rows and columns of L's free entries: the lower triangle of each block, by columns."""
        return free_entries(self.blocks)

    @property
    def diagonal(self) -> Int:
        """Places of L's diagonal among its free entries."""
        rows, columns = self.free
        return np.flatnonzero(rows == columns)

    def start(self) -> Float:
        """Random effects as large as the residual, uncorrelated."""
        rows, columns = self.free
        return np.where(rows == columns, 1.0, 0.0)

    def factor(self, theta: Float) -> Float:
        """Return L (q, q) of its free entries."""
        L = np.zeros((self.q, self.q))
        L[self.free] = theta
        return L

    def entries(self, L: Float) -> Float:
        """Return the free entries of L."""
        return L[self.free]

    def profile(self, L: Float) -> Profiled | None:
        """Profile out fixed effects and residual variance; None where that is impossible."""
        from salutogen.models._kernels import explained_by_persons

        c = self.p + 1
        sums = self._by_chunks(explained_by_persons, c * (c + 1) // 2 + 1, L)
        return profile_out(self.total - unpack(sums[:-1], c), float(sums[-1]), self.df, self.reml)

    def __call__(self, theta: Float) -> tuple[float, Float]:
        """Return the criterion and its gradient by the free entries of L."""
        L = self.factor(theta)
        at = self.profile(L)
        if at is None:
            return float("inf"), np.zeros(len(theta))
        slope = self.slope(L, at.coefficients, at.precision, at.rss / self.df)
        return at.value, slope[self.free]

    def slope(self, L: Float, coefficients: Float, precision: Float, variance: float) -> Float:
        """Return the derivatives (q, q) of −2 log-likelihood by every entry of L.

        Coefficients are the best ones at L (under whatever constraint holds), the residual
        variance is given; both are held, as is right where they are optimal or fixed.
        """
        from salutogen.models._kernels import gradient_by_persons

        residual = np.append(-coefficients, 1.0)
        weight = np.outer(residual, residual) / variance
        if self.reml:
            weight[: self.p, : self.p] += np.linalg.inv(precision)
        sums = self._by_chunks(gradient_by_persons, self.q**2, L, weight)
        return sums.reshape(self.q, self.q)

    def modes(self, L: Float, coefficients: Float) -> Float:
        """Return the conditional modes of the random effects (n_persons, q)."""
        from salutogen.models._kernels import CHUNK, conditional_modes

        n, q = len(self.products), self.q
        out = np.empty((n, q))
        width = q + self.p + 1
        share_work(
            lambda first, last: conditional_modes(
                first, last, self.products, q, width, L, coefficients, out
            ),
            -(-n // CHUNK),
            cost=CHUNK * q * width,
        )
        return out

    def products_of(self, places: Int | slice) -> tuple[Float, Float]:
        """Return Z'Z (n, q, q) and Z'[X y] (n, q, p + 1) of the persons at some places."""
        some = self.products[places].reshape(-1, self.q, self.q + self.p + 1)
        return some[:, :, : self.q], some[:, :, self.q :]

    def of_persons(self, places: Int, total: Float, n_obs: int) -> ProfiledCriterion:
        """Return the criterion of some persons, repeated as their places are."""
        return replace(self, products=self.products[places], total=total, n_obs=n_obs)

    def with_outcome(self, random: Float, fixed: Float, square: float) -> ProfiledCriterion:
        """Return the criterion of another outcome.

        Parameters
        ----------
        random : array (n_persons, q)
            Each person's Z'y.
        fixed, square : array (p,), float
            X'y and y'y over all persons.
        """
        products = self.products.copy().reshape(self.n_persons, self.q, -1)
        products[:, :, -1] = random
        total = self.total.copy()
        total[-1, :-1] = total[:-1, -1] = fixed
        total[-1, -1] = square
        return replace(self, products=products.reshape(self.n_persons, -1), total=total)

    def _by_chunks(self, kernel, size: int, *arguments: Float) -> Float:  # type: ignore[no-untyped-def]
        """Run a kernel over chunks of persons and add the chunks up in their order."""
        from salutogen.models._kernels import CHUNK

        n_chunks = -(-len(self.products) // CHUNK)
        width = self.q + self.p + 1
        out = np.empty((n_chunks, size))
        share_work(
            lambda first, last: kernel(first, last, self.products, self.q, width, *arguments, out),
            n_chunks,
            cost=CHUNK * self.q * width * 8,
        )
        return out.sum(axis=0)


def profile_out(G: Float, log_determinant: float, df: int, reml: bool) -> Profiled | None:
    """Profile out fixed effects and residual variance; None where that is impossible.

    Parameters
    ----------
    G : array (p + 1, p + 1)
        Cross-products of [X y] less what the random effects explain.
    log_determinant : float
        Of the relative covariance of the outcomes.
    df : int
        Denominator of the residual variance.
    reml : bool
        Restricted likelihood.
    """
    p = len(G) - 1
    try:
        root = np.linalg.cholesky(G[:p, :p])
    except np.linalg.LinAlgError:
        return None
    inverse = triangular_inverse(root.T)
    half = inverse.T @ G[:p, p]
    rss = float(G[p, p] - np.sum(half**2))
    if not (rss > 0 and np.isfinite(log_determinant)):
        return None
    value = log_determinant + df * (1 + np.log(2 * np.pi * rss / df))
    if reml:
        value += 2 * float(np.sum(np.log(np.diag(root))))
    return Profiled(coefficients=inverse @ half, precision=G[:p, :p], rss=rss, value=float(value))


def free_entries(blocks: Sequence[int]) -> tuple[Int, Int]:
    """Rows and columns of the lower triangles of diagonal blocks, column by column."""
    rows, columns, start = [], [], 0
    for size in blocks:
        for j in range(size):
            for i in range(j, size):
                rows.append(start + i)
                columns.append(start + j)
        start += size
    return np.array(rows, dtype=np.int64), np.array(columns, dtype=np.int64)
