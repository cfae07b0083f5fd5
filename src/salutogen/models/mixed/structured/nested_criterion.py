"""The profiled (restricted) likelihood with persons in sites: persons eliminated first, then sites.

With relative factors L of the persons and K of the sites, a person's random effects leave of the
cross-products of R = [S X y] (site terms, fixed terms, outcome) ``R'R − R'Z P Z'R``, P = L M⁻¹ L'.
These are added up over a site's persons, its own random effects are taken out in the same way, and
what is left of [X y] over all sites gives fixed effects and σ² as with one level.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from salutogen.models.mixed.likelihood.criterion import Profiled, free_entries, profile_out
from salutogen.models.moments.reduction import unpack
from salutogen.models.parallel.threads import share_work

Float = NDArray[np.float64]
Int = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Sizes of a two-level problem, the same at every evaluation.

    Attributes
    ----------
    starts : array (n_sites + 1,)
        First person of each site, and the number of persons.
    blocks, outer_blocks : tuple of int
        Sizes of the blocks of correlated random terms of persons (q in all) and sites (s).
    p, n_obs : int
        Fixed terms and rows.
    reml : bool
        Restricted likelihood.
    """

    starts: Int
    blocks: tuple[int, ...]
    outer_blocks: tuple[int, ...]
    p: int
    n_obs: int
    reml: bool

    @property
    def q(self) -> int:
        """Number of random terms of a person."""
        return sum(self.blocks)

    @property
    def s(self) -> int:
        """Number of random terms of a site."""
        return sum(self.outer_blocks)

    @property
    def w(self) -> int:
        """Columns of [S X y]."""
        return self.s + self.p + 1

    @property
    def n_sites(self) -> int:
        """Number of sites."""
        return len(self.starts) - 1

    @property
    def df(self) -> int:
        """Denominator of the residual variance."""
        return self.n_obs - self.p if self.reml else self.n_obs

    @cached_property
    def free(self) -> tuple[tuple[Int, Int], tuple[Int, Int]]:
        """Free entries of both factors."""
        return free_entries(self.blocks), free_entries(self.outer_blocks)

    @property
    def diagonal(self) -> Int:
        """Places of the factors' diagonals among the free entries, the persons' first."""
        return np.flatnonzero(np.concatenate([rows == columns for rows, columns in self.free]))

    @property
    def n_free(self) -> int:
        """Number of free entries of both factors."""
        return sum(len(rows) for rows, _ in self.free)

    def factors(self, theta: Float) -> tuple[Float, Float]:
        """Return the persons' (q, q) and the sites' (s, s) relative factor."""
        inner, outer = self.free
        L, K = np.zeros((self.q, self.q)), np.zeros((self.s, self.s))
        L[inner], K[outer] = theta[: len(inner[0])], theta[len(inner[0]) :]
        return L, K

    def part(self, persons: Int, n_obs: int) -> Layout:
        """Return the sizes with these persons (rising places) alone, who have `n_obs` rows."""
        return replace(self, starts=np.searchsorted(persons, self.starts), n_obs=n_obs)

    def by_site(self, task: Callable[[int, int], None], per_person: float) -> None:
        """Run a kernel over sites, in threads where that is worth it."""
        persons = self.starts[-1] / max(self.n_sites, 1)
        share_work(task, self.n_sites, cost=per_person * persons)


@dataclass(frozen=True, kw_only=True)
class NestedAt:
    """The criterion's parts at one pair of factors.

    Attributes
    ----------
    profiled : Profiled
        What is profiled out.
    eliminated : array (n_sites, w w)
        Cross-products of [S X y] less the persons' part.
    """

    profiled: Profiled
    eliminated: Float


@dataclass(frozen=True, kw_only=True)
class NestedCriterion:
    """−2 log (restricted) likelihood as a function of both factors' free entries.

    Attributes
    ----------
    layout : Layout
        Sizes.
    products : array (n_persons, q (q + w))
        Each person's Z'[Z S X y], flattened; persons in the order of their sites.
    rest : array (n_sites, w w)
        Cross-products of [S X y] by site.
    log_determinant : float
        Of the residuals' relative covariance; zero if they are independent and alike.
    """

    layout: Layout
    products: Float
    rest: Float
    log_determinant: float = 0.0

    @property
    def diagonal(self) -> Int:
        """Places of the factors' diagonals."""
        return self.layout.diagonal

    def starts(self) -> list[Float]:
        """Where to search from: random effects as large as the residual, uncorrelated."""
        start = np.zeros(self.layout.n_free)
        start[self.diagonal] = 1.0
        return [start]

    def near(self, theta: Float) -> Float:
        """Return the point itself: it has no ends."""
        return theta

    def solved(self, theta: Float) -> tuple[NestedCriterion, Float, NestedAt | None]:
        """Return the criterion, the factors' free entries, and what is profiled out."""
        return self, theta, self.at(theta)

    def at(self, theta: Float) -> NestedAt | None:
        """Profile out fixed effects and residual variance; None where that is impossible."""
        from salutogen.models.mixed.structured._kernels_nested import eliminate_sites

        layout = self.layout
        L, K = layout.factors(theta)
        c = layout.p + 1
        eliminated = np.empty_like(self.rest)
        out = np.empty((layout.n_sites, c * (c + 1) // 2 + 1))
        layout.by_site(
            lambda first, last: eliminate_sites(
                first, last, layout.starts, self.products, self.rest,
                layout.q, layout.s, L, K, eliminated, out,
            ),
            per_person=0.5 * layout.w * self.products.shape[1],
        )  # fmt: skip
        sums = out.sum(axis=0)
        profiled = profile_out(
            unpack(sums[:-1], c), float(sums[-1]) + self.log_determinant, layout.df, layout.reml
        )
        return None if profiled is None else NestedAt(profiled=profiled, eliminated=eliminated)

    def gradient(
        self, theta: Float, at: NestedAt, variance: float | None = None
    ) -> tuple[Float, Float]:
        """Return the gradient, and (n_sites, w, w) derivatives by `eliminated`.

        With a residual variance it is held there, otherwise it is profiled out.
        """
        from salutogen.models.mixed.structured._kernels_nested import gradient_by_sites

        layout = self.layout
        L, K = layout.factors(theta)
        q, s, n = layout.q, layout.s, layout.n_sites
        residual = np.append(-at.profiled.coefficients, 1.0)
        held = at.profiled.rss / layout.df if variance is None else variance
        weight = np.outer(residual, residual) / held
        if layout.reml:
            weight[:-1, :-1] += np.linalg.inv(at.profiled.precision)
        weights = np.empty((n, layout.w, layout.w))
        out = np.empty((n, q * q + s * s))
        layout.by_site(
            lambda first, last: gradient_by_sites(
                first, last, layout.starts, self.products, at.eliminated,
                q, s, L, K, weight, weights, out,
            ),
            per_person=1.0 * layout.w * self.products.shape[1],
        )  # fmt: skip
        sums = out.sum(axis=0)
        inner, outer = layout.free
        by_inner = sums[: q * q].reshape(q, q)[inner]
        by_outer = sums[q * q :].reshape(s, s)[outer]
        return np.concatenate([by_inner, by_outer]), weights

    def __call__(self, theta: Float) -> tuple[float, Float]:
        """Return the criterion and its gradient."""
        at = self.at(theta)
        if at is None:
            return float("inf"), np.zeros(len(theta))
        return at.profiled.value, self.gradient(theta, at)[0]

    def beside(self, theta: Float, variance: float) -> tuple[Float, Float] | None:
        """Gradient by the free entries and log σ² at σ² = `variance`, and X' V⁻¹ X."""
        at = self.at(theta)
        if at is None:
            return None
        slope = self.gradient(theta, at, variance)[0]
        return np.append(slope, self.layout.df - at.profiled.rss / variance), at.profiled.precision

    def modes(self, theta: Float, at: NestedAt) -> tuple[Float, Float]:
        """Return the conditional modes of persons (n_persons, q) and sites (n_sites, s)."""
        from salutogen.models.mixed.structured._kernels_nested import nested_modes

        layout = self.layout
        L, K = layout.factors(theta)
        residual = np.append(-at.profiled.coefficients, 1.0)
        sites = np.empty((layout.n_sites, layout.s))
        persons = np.empty((len(self.products), layout.q))
        nested_modes(
            0, layout.n_sites, layout.starts, self.products, at.eliminated,
            layout.q, layout.s, L, K, residual, sites, persons,
        )  # fmt: skip
        return persons, sites
