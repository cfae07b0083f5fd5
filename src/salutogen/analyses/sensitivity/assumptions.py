"""What is thought plausible of exposure, and the weights that give SR by true exposure under it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Float = NDArray[np.float64]

# Reliability of persons' E where the study file gives none: one range for all that rests on it.
ASSUMED = (0.5, 1.0)
STEPS = 6  # values of each assumption in the grid of a band


@dataclass(frozen=True, kw_only=True)
class Assumptions:
    """What is thought plausible of exposure, at the level that is scored.

    Attributes
    ----------
    reliability : (float, float)
        Lowest and highest reliability of E, in (0, 1].
    mood : (float, float)
        Lowest and highest strength g of mood-congruent reporting (SDs of true E per SD of P). The
        band for error alone is at g = 0.
    reliability_P : float
        Reliability of P; combinations in which true E and true P would correlate beyond 1 are
        left out.
    draws, seed : int
        Bootstrap samples of persons.
    """

    reliability: tuple[float, float] = ASSUMED
    mood: tuple[float, float] = (0.0, 0.4)
    reliability_P: float = 1.0
    draws: int = 1000
    seed: int = 1

    @property
    def reliabilities(self) -> Float:
        """The grid of reliabilities (R,)."""
        return np.unique(np.linspace(*self.reliability, STEPS))

    @property
    def strengths(self) -> Float:
        """The grid of strengths (G,), with 0."""
        return np.unique(np.append(np.linspace(*self.mood, STEPS), 0.0))


class Weights(NamedTuple):
    """SR by true exposure is `on_P * P - on_E * observed E` plus error of mean 0.

    Attributes
    ----------
    on_P, on_E : array
        Weights; `on_E` is the slope of P on true exposure. NaN where the combination is impossible.
    rho : array
        Correlation of P with true exposure.
    """

    on_P: Float
    on_E: Float
    rho: Float


def corrected_weights(
    r: ArrayLike,
    sd_P: ArrayLike,
    sd_E: ArrayLike,
    reliability_E: ArrayLike,
    g: ArrayLike,
    reliability_P: float = 1.0,
) -> Weights:
    """Return the weights of P and observed E that give SR by true exposure.

    Parameters
    ----------
    r, sd_P, sd_E : array
        Observed correlation of E and P, and their SDs; broadcast against the assumptions.
    reliability_E, g : array
        Assumed reliability of E and strength of mood-congruent reporting.
    reliability_P : float
        Reliability of P, for what is possible.

    Notes
    -----
    Error is taken out first: r / √rE is the correlation with the reliable part of E. That part is
    true E + g P, solved for the correlation ρ of true E and P as in `mood_reporting`. With the
    spread s = √(1 + g² + 2 g ρ) of the reliable part in SDs of true E, the slope on true E is
    ρ sd_P s / (√rE sd_E) and true E is observed E less g P, so that P − slope · true E gives P the
    weight 1 + ρ g.
    """
    r, sd_P, sd_E, reliability_E, g = map(np.asarray, (r, sd_P, sd_E, reliability_E, g))
    with np.errstate(invalid="ignore", divide="ignore"):
        reliable = r / np.sqrt(reliability_E)
        rest = 1.0 - reliable**2
        rho = -g * rest + reliable * np.sqrt(1.0 - g**2 * rest)
        spread = np.sqrt(1.0 + g**2 + 2.0 * g * rho)
        possible = (reliable**2 < reliability_P) & (np.abs(rho) < 1.0)
        rho = np.where(possible, rho, np.nan)
        on_E = rho * sd_P * spread / (np.sqrt(reliability_E) * sd_E)
    return Weights(1.0 + rho * g, on_E, rho)
