"""The likelihood with correlated or unequal residuals: rows made independent at each evaluation.

The parameters of the residuals come first (the logit of the correlation at the median distance,
then logarithms of the levels' standard deviations relative to the first level's), the relative
factors' free entries follow. One pass over the rows makes them independent and alike and adds up
their cross-products; from there on it is the criterion of moments. A second pass gives the exact
derivatives by the parameters of the residuals.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from salutogen.models.mixed.structured.nested_criterion import Layout, NestedAt, NestedCriterion
from salutogen.models.mixed.structured.residual_structures import ResidualLayout

Float = NDArray[np.float64]
Int = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class RowsCriterion:
    """−2 log (restricted) likelihood as a function of the residuals' parameters and both factors.

    Attributes
    ----------
    layout : Layout
        Sizes.
    rows : array (n, q + w)
        [Z S X y], sorted by site, person and time.
    residuals : ResidualLayout
        Of the same rows.
    """

    layout: Layout
    rows: Float
    residuals: ResidualLayout

    @property
    def n_residual(self) -> int:
        """Number of parameters of the residuals."""
        return self.residuals.n_parameters

    @property
    def diagonal(self) -> Int:
        """Places of the factors' diagonals among the parameters."""
        return self.layout.diagonal + self.n_residual

    def starts(self) -> list[Float]:
        """Points to search from: weak and strong correlation, which may both be local optima."""
        start = np.zeros(self.n_residual + self.layout.n_free)
        start[self.diagonal] = 1.0
        if not self.residuals.is_correlated:
            return [start]
        weak, strong = start.copy(), start.copy()
        weak[0], strong[0] = logit(0.15), logit(0.75)
        return [weak, strong]

    def near(self, x: Float) -> Float:
        """Return the point moved off the ends of the residuals' parameters, where slopes vanish."""
        moved = x.copy()
        count = int(self.residuals.is_correlated)
        moved[:count] = np.clip(moved[:count], logit(0.1), logit(0.95))
        moved[count : self.n_residual] = np.clip(moved[count : self.n_residual], -3.0, 3.0)
        return moved

    def part(self, every: int) -> RowsCriterion:
        """Return the criterion of every so-manieth person."""
        starts = self.residuals.row_starts
        persons = np.arange(0, len(starts) - 1, every)
        sizes = np.diff(starts)[persons]
        kept = np.repeat(starts[persons] - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())
        return RowsCriterion(
            layout=self.layout.part(persons, int(sizes.sum())),
            rows=self.rows[kept],
            residuals=replace(
                self.residuals,
                row_starts=np.append(0, np.cumsum(sizes)),
                gaps=self.residuals.gaps[kept],
                levels=self.residuals.levels[kept],
            ),
        )

    def share(self, x: Float) -> float:
        """Correlation of residuals at the median distance; 0 without a correlation."""
        if not self.residuals.is_correlated:
            return 0.0
        return float(np.exp(-np.logaddexp(0.0, -x[0])))

    def spreads(self, x: Float) -> Float:
        """Standard deviation of each level's residuals, relative to the first level's."""
        logs = x[int(self.residuals.is_correlated) : self.n_residual]
        spreads: Float = np.exp(np.append(0.0, logs))
        return spreads

    def decay(self, x: Float) -> float:
        """Rate at which the correlation falls with the distance in median distances."""
        share = self.share(x)
        if share <= 0:
            return float("inf")
        return float(np.logaddexp(0.0, -x[0]))

    def whitened(self, x: Float) -> tuple[NestedCriterion, Float, Float]:
        """Return the criterion of the factors, given the residuals' parameters.

        Also what the row before predicts of each row (n,), and the standard deviation left (n,).
        """
        from salutogen.models.mixed.structured._kernels_residual import whitened_products

        layout, r = self.layout, self.residuals
        q, k = layout.q, self.rows.shape[1]
        products = np.empty((layout.starts[-1], q * k))
        rest = np.empty((layout.n_sites, layout.w**2))
        logs, shares, lefts = np.empty(layout.n_sites), np.empty(len(r.gaps)), np.empty(len(r.gaps))
        decay, spreads = self.decay(x), self.spreads(x)
        layout.by_site(
            lambda first, last: whitened_products(
                first, last, layout.starts, r.row_starts, self.rows, r.gaps, r.levels,
                decay, spreads, q, shares, lefts, products, rest, logs,
            ),
            per_person=self._per_person(),
        )  # fmt: skip
        inner = NestedCriterion(
            layout=layout, products=products, rest=rest, log_determinant=float(logs.sum())
        )
        return inner, shares, lefts

    def solved(self, x: Float) -> tuple[NestedCriterion, Float, NestedAt | None]:
        """Return the criterion of the factors, their free entries, and what is profiled out."""
        inner, theta = self.whitened(x)[0], x[self.n_residual :]
        return inner, theta, inner.at(theta)

    def _with_gradient(
        self, x: Float, variance: float | None = None
    ) -> tuple[NestedAt, Float] | None:
        """What is profiled out, and the gradient by all parameters; None where that is impossible.

        With a residual variance it is held there.
        """
        inner, shares, lefts = self.whitened(x)
        theta = x[self.n_residual :]
        at = inner.at(theta)
        if at is None:
            return None
        by_theta, weights = inner.gradient(theta, at, variance)
        by_residuals = self._by_residuals(x, inner, weights, shares, lefts)
        return at, np.concatenate([by_residuals, by_theta])

    def beside(self, x: Float, variance: float) -> tuple[Float, Float] | None:
        """Gradient by all parameters and log σ² at σ² = `variance`, and X' V⁻¹ X."""
        found = self._with_gradient(x, variance)
        if found is None:
            return None
        profiled = found[0].profiled
        by_log = self.layout.df - profiled.rss / variance
        return np.append(found[1], by_log), profiled.precision

    def __call__(self, x: Float) -> tuple[float, Float]:
        """Return the criterion and its gradient."""
        found = self._with_gradient(x)
        if found is None:
            return float("inf"), np.zeros(len(x))
        return found[0].profiled.value, found[1]

    def _by_residuals(
        self, x: Float, inner: NestedCriterion, weights: Float, shares: Float, lefts: Float
    ) -> Float:
        """Derivatives by the residuals' parameters."""
        from salutogen.models.mixed.structured._kernels_residual import residual_gradient

        layout, r = self.layout, self.residuals
        out = np.empty((layout.n_sites, 1 + len(r.labels)))
        L, _ = layout.factors(x[self.n_residual :])
        spreads = self.spreads(x)
        layout.by_site(
            lambda first, last: residual_gradient(
                first, last, layout.starts, r.row_starts, self.rows, r.gaps, r.levels,
                shares, lefts, spreads, layout.q, inner.products, L, weights, out,
            ),
            per_person=2 * self._per_person(),
        )  # fmt: skip
        sums = out.sum(axis=0)
        by_logit = sums[:1] * (self.share(x) - 1) if r.is_correlated else sums[:0]
        return np.concatenate([by_logit, sums[2:]])

    def _per_person(self) -> float:
        """Numbers touched per person in one pass."""
        n, k = self.rows.shape
        return float(n / self.layout.starts[-1] * k * k)


def logit(share: float) -> float:
    """Return log(share / (1 − share))."""
    return float(np.log(share / (1 - share)))
