"""Errors of a change from resamples of persons, and what leaving for unseen reasons would do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from salutogen.analyses.windows.change_result import SENSITIVITY_COLUMNS, Contrast

Float = np.ndarray

SHIFTS = (-0.5, -0.25, 0.0, 0.25, 0.5)
FEWEST_DRAWS = 20
ENOUGH = 0.9  # of the draws must be possible


def contrast_of(
    estimate: float,
    drawn: Float,
    persons: int,
    more: float = 0.0,
    *,
    by_model: float | None = None,
) -> Contrast | None:
    """Give an estimate the error of its draws and a further variance; None where it is unknown.

    Where nothing was drawn, its variance by the model is taken in place of that of the draws; one
    below 0, from a model that hardly any rows are left for, is none.
    """
    if not np.isfinite(estimate):
        return None
    known = drawn[np.isfinite(drawn)]
    if not np.isfinite(more):
        return Contrast(estimate=float(estimate), se=None, interval=None)
    if not drawn.size and by_model is not None and by_model + more >= 0:
        se = float(np.sqrt(by_model + more))
    elif known.size < FEWEST_DRAWS or known.size < ENOUGH * drawn.size:
        return Contrast(estimate=float(estimate), se=None, interval=None)
    else:
        # Resamples of N persons spread by (N - 1) / N of the variance.
        se = float(np.sqrt(np.var(known, ddof=1) * persons / (persons - 1) + more))
    half = quantile(persons) * se
    return Contrast(
        estimate=float(estimate), se=se, interval=(float(estimate) - half, float(estimate) + half)
    )


def quantile(persons: int, claims: int = 1) -> float:
    """Student's quantile of a 95 % interval; of so many at once (Bonferroni)."""
    from scipy.special import stdtrit

    return float(stdtrit(persons - 1, 1 - 0.025 / claims))


@dataclass(frozen=True)
class Shift:
    """Change if those who left were some points above what the model expects of them.

    The model gives a missing occasion what it expects; a shift of it moves the mean at the
    occasion by the share of the persons who left before (a pattern-mixture model; Little 1993).
    """

    estimate: float
    share: float
    drawn: Float
    drawn_share: Float
    persons: int
    more: float

    def at(self, delta: float) -> Contrast:
        """Change under a shift of so many points."""
        drawn = self.drawn + delta * self.drawn_share
        found = contrast_of(self.estimate + delta * self.share, drawn, self.persons, self.more)
        assert found is not None
        return found

    def table(self, residual_sd: float) -> pl.DataFrame:
        """Change under each of the shifts."""
        found = []
        for size in SHIFTS:
            one = self.at(size * residual_sd)
            low, high = one.interval or (None, None)
            found.append((size, size * residual_sd, one.estimate, low, high))
        return pl.DataFrame(found, schema=no_shifts().schema, orient="row")

    def tipping(self) -> float | None:
        """Smallest shift at which an end of the interval is 0."""
        if self.at(0.0).interval is None:
            return None
        known = np.isfinite(self.drawn) & np.isfinite(self.drawn_share)
        spread = np.cov(self.drawn[known], self.drawn_share[known])
        spread = spread * self.persons / (self.persons - 1)
        spread[0, 0] += self.more
        size = quantile(self.persons) ** 2
        roots = np.roots(
            [
                self.share**2 - size * spread[1, 1],
                2 * (self.estimate * self.share - size * spread[0, 1]),
                self.estimate**2 - size * spread[0, 0],
            ]
        )
        real = roots[np.isreal(roots)].real
        return float(real[np.argmin(np.abs(real))]) if real.size else None


def no_shifts() -> pl.DataFrame:
    """Return the table of shifts without a row."""
    return pl.DataFrame(schema={column.name: pl.Float64 for column in SENSITIVITY_COLUMNS})
