"""What an unmeasured confounder of mechanism and outcome would make of an indirect effect."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.resampling.bootstrap import percentile_interval
from salutogen.models.short_repr import short_repr

Float = NDArray[np.float64]
STEP = 0.01  # in which the correlation of errors is sought at which an effect is no longer told


@short_repr("rho_at_zero")
@dataclass(frozen=True, kw_only=True)
class Confounding:
    """Indirect effect under correlated errors of mechanism and outcome (Imai, Keele & Yamamoto).

    Attributes
    ----------
    a : float
        Path from factor to mechanism.
    spread_ratio : float
        Residual SD of the outcome without the mechanism, over that of the mechanism.
    rho_at_zero : float
        Correlation of the errors at which the indirect effect vanishes: the partial correlation of
        mechanism and outcome given all else.
    drawn : array (3, draws)
        The same three in samples of persons.
    """

    a: float
    spread_ratio: float
    rho_at_zero: float
    drawn: Float

    def indirect(self, rho: float) -> float:
        """Return the indirect effect if errors correlate by `rho` (Imai et al. 2010, theorem 4).

        At 0 it is the estimate.
        """
        return float(_under(rho, np.array([self.a, self.spread_ratio, self.rho_at_zero])))

    def interval(self, rho: float, level: float = 0.95) -> tuple[float, float]:
        """Return percentile limits of the indirect effect if errors correlate by `rho`."""
        low, high = percentile_interval(_under(rho, self.drawn), level)
        return float(low), float(high)

    def rho_interval(self, level: float = 0.95) -> tuple[float, float]:
        """Return percentile limits of the correlation at which the indirect effect vanishes."""
        low, high = percentile_interval(self.drawn[2], level)
        return float(low), float(high)

    @property
    def rho_untold(self) -> float | None:
        """Correlation of errors, nearest to 0, at which the 95 % limits hold 0; in steps of .01.

        0 where they do without any; None where they do at no correlation up to that at which the
        estimate vanishes.
        """
        sign = np.sign(self.rho_at_zero)
        for rho in np.arange(0.0, min(abs(self.rho_at_zero) + STEP, 1.0), STEP):
            low, high = self.interval(float(sign * rho))
            if low <= 0 <= high:
                return float(sign * np.round(rho, 2))
        return None


def _under(rho: float, parts: Float) -> Float:
    """Indirect effects of one sample (3,) or several (3, s)."""
    if not -1 < rho < 1:
        raise ModelError(f"rho: expected a number between -1 and 1, got {rho}.")
    a, spread_ratio, seen = parts
    left = seen - rho * np.sqrt((1 - seen**2) / (1 - rho**2))
    return np.asarray(a * spread_ratio * left)


def confounding(
    *, a: Float, sign: Float, without: Float, with_mechanism: Float, of_mechanism: Float
) -> Float:
    """Return path, ratio of residual SDs and partial correlation (3, s) of samples.

    Parameters
    ----------
    a : array (s,)
        Path from factor to mechanism.
    sign : array (s,)
        Numbers with the sign of the path from mechanism to outcome.
    without, with_mechanism : array (s,)
        Roots of residual sums of squares of the outcome, without and with the mechanism among its
        predictors.
    of_mechanism : array (s,)
        Of the mechanism.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        left = 1 - (with_mechanism / without) ** 2
        seen = np.where(without > 0, np.sqrt(np.where(left < 0, 0.0, left)), 0.0)
        ratio = np.where(of_mechanism > 0, without / of_mechanism, np.nan)
    return np.stack([a, ratio, np.copysign(seen, sign)])
