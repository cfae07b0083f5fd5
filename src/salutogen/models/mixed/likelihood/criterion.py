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

from salutogen.models.parallel.threads import share_work

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
    products : array (q (q + 1)/2 + q (p + 1), n_persons)
        Each person's Z'Z (upper triangle by rows) and Z'[X y] (by rows), a column per person.
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
        return int(self.products.shape[1])

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
        return self.profiled(self.sums(L))

    def __call__(self, theta: Float) -> tuple[float, Float]:
        """Return the criterion and its gradient by the free entries of L."""
        L = self.factor(theta)
        sums = self.sums(L)
        at = self.profiled(sums)
        if at is None:
            return float("inf"), np.zeros(len(theta))
        slope = self.slope(sums, L, at.coefficients, at.precision, at.rss / self.df)
        return at.value, slope[self.free]

    def modes(self, L: Float, coefficients: Float, units: Float) -> Float:
        """Return `units` (q, q) times the conditional modes of each person (n_persons, q)."""
        from salutogen.models.mixed.likelihood._kernels_sums import conditional_modes
        from salutogen.models.moments._kernels_reduction import CHUNK

        n = self.n_persons
        out = np.empty((n, self.q))
        share_work(
            lambda first, last: conditional_modes(
                first, last, self.products, L, coefficients, units, out
            ),
            -(-n // CHUNK),
            cost=CHUNK * len(self.products),
        )
        return out

    def products_of(self, places: Int | slice) -> tuple[Float, Float]:
        """Return Z'Z (n, q, q) and Z'[X y] (n, q, p + 1) of the persons at some places."""
        q, p = self.q, self.p
        own = self.products[:, places].T
        crossed = np.empty((len(own), q, q))
        rows, columns = np.triu_indices(q)
        crossed[:, rows, columns] = crossed[:, columns, rows] = own[:, : len(rows)]
        return crossed, own[:, len(rows) :].reshape(-1, q, p + 1)

    def of_persons(self, places: Int, total: Float, n_obs: int) -> ProfiledCriterion:
        """Return the criterion of some persons, repeated as their places are."""
        products = np.take(self.products, places, axis=1)
        return replace(self, products=products, total=total, n_obs=n_obs)

    def with_outcome(self, random: Float, fixed: Float, square: float) -> ProfiledCriterion:
        """Return the criterion of another outcome.

        Parameters
        ----------
        random : array (n_persons, q)
            Each person's Z'y.
        fixed, square : array (p,), float
            X'y and y'y over all persons.
        """
        q, c = self.q, self.p + 1
        products = self.products.copy()
        products[q * (q + 1) // 2 + c - 1 :: c] = random.T
        total = self.total.copy()
        total[-1, :-1] = total[:-1, -1] = fixed
        total[-1, -1] = square
        return replace(self, products=products, total=total)

    def sums(self, L: Float) -> Float:
        """All that value and gradient need, from one pass over the persons.

        The chunks of persons are added up in their order.
        """
        from salutogen.models.mixed.likelihood._kernels_sums import sums_over_persons
        from salutogen.models.moments._kernels_reduction import CHUNK

        q, c = self.q, self.p + 1
        n_chunks = -(-self.n_persons // CHUNK)
        m = c * (c + 1) // 2
        out = np.empty((n_chunks, 1 + m + q * (q + 1) // 2 * (1 + m)))
        share_work(
            lambda first, last: sums_over_persons(first, last, self.products, L, c, out),
            n_chunks,
            cost=CHUNK * (len(self.products) + out.shape[1]) / 2,
        )
        total: Float = out.sum(axis=0)
        return total

    def profiled(self, sums: Float) -> Profiled | None:
        """Profile out fixed effects and residual variance, given the sums over persons."""
        from salutogen.models.mixed.likelihood._kernels_profile import products_left

        return profile_out(products_left(self.total, sums), float(sums[0]), self.df, self.reml)

    def slope(
        self, sums: Float, L: Float, coefficients: Float, precision: Float, variance: float
    ) -> Float:
        """Return the derivatives (q, q) of −2 log-likelihood by every entry of L.

        Coefficients are the best ones at L (under whatever constraint holds), the residual
        variance is given; both are held, as is right where they are optimal or fixed.
        """
        from salutogen.models.mixed.likelihood._kernels_profile import slope_by_factor

        found: Float = slope_by_factor(sums, L, coefficients, precision, variance, self.reml)
        return found


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
    from salutogen.models.mixed.likelihood._kernels_profile import profile_products

    coefficients = np.empty(len(G) - 1)
    value, rss = profile_products(G, log_determinant, df, reml, coefficients)
    if not np.isfinite(value):
        return None
    return Profiled(coefficients=coefficients, precision=G[:-1, :-1], rss=rss, value=value)


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
