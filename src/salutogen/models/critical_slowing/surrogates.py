"""Series that a person could have given had nothing changed, or had they slowed down."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Float = NDArray[np.float64]
Int = NDArray[np.int64]

MOST = 0.95  # largest correlation of answers that follow each other
LEAST = 0.01  # a decay needs one above 0


@dataclass(frozen=True, kw_only=True, repr=False)
class Surrogates:
    """First-order autoregression within days, at a person's own times, with the person's values.

    Attributes
    ----------
    gap : array (n,)
        Hours since the answer before on the same day; infinite at the first one of a day: each day
        begins anew.
    typical_gap : float
        Hours at which correlations are told.
    values : array (n,)
        What the person answered less the mean of its window, sorted: series take these values, so
        that steps and skewness of the scale stay.
    """

    gap: Float
    typical_gap: float
    values: Float

    def __repr__(self) -> str:
        """Say how many answers a series has."""
        return f"Surrogates({self.gap.size} answers)"

    def draw(self, correlation: Float, draws: int, rng: np.random.Generator) -> Float:
        """Draw normal series (draws, n) with a correlation of neighbours that may change.

        Parameters
        ----------
        correlation : array (n,)
            Correlation of two answers `typical_gap` hours apart, at each answer.
        """
        rho = np.clip(correlation, LEAST, MOST)
        kept = np.where(np.isfinite(self.gap), rho ** (self.gap / self.typical_gap), 0.0)
        noise = rng.standard_normal((self.gap.size, draws))
        fresh = np.sqrt(1 - kept**2)
        state = np.zeros(draws)
        for row in range(self.gap.size):
            state = kept[row] * state + fresh[row] * noise[row]
            noise[row] = state
        return noise.T

    def answered(self, normal: Float) -> Float:
        """Give normal series the person's own values, by their ranks."""
        n = self.values.size
        places = np.minimum((ndtr(normal) * n).astype(np.int64), n - 1)
        found: Float = self.values[places]
        return found

    def slowed(self, normal: Float, correlation: Float) -> Float:
        """Answers of somebody who slows down: what moves the person stays, what is kept rises.

        The SD goes along as in a first-order autoregression whose innovations stay as they are.

        Parameters
        ----------
        normal : array (draws, n)
            Drawn with this `correlation`, which rises.
        """
        rho = np.clip(correlation, LEAST, MOST)
        return self.answered(normal * np.sqrt((1 - rho.mean() ** 2) / (1 - rho**2)))
