"""What an unmeasured confounder of mechanism and outcome would make of an indirect effect."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from salutogen.errors import ModelError
from salutogen.models.short_repr import short_repr


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
    """

    a: float
    spread_ratio: float
    rho_at_zero: float

    def indirect(self, rho: float) -> float:
        """Return the indirect effect if errors correlate by `rho` (Imai et al. 2010, theorem 4).

        At 0 it is the estimate.
        """
        if not -1 < rho < 1:
            raise ModelError(f"rho: expected a number between -1 and 1, got {rho}.")
        seen = self.rho_at_zero
        left = seen - rho * np.sqrt((1 - seen**2) / (1 - rho**2))
        return float(self.a * self.spread_ratio * left)


def confounding(
    *, a: float, sign: float, without: float, with_mechanism: float, of_mechanism: float
) -> Confounding:
    """Return it from roots of residual sums of squares.

    Parameters
    ----------
    a : float
        Path from factor to mechanism.
    sign : float
        A number with the sign of the path from mechanism to outcome.
    without, with_mechanism : float
        Of the outcome, without and with the mechanism among its predictors.
    of_mechanism : float
        Of the mechanism.
    """
    seen = np.sqrt(max(0.0, 1 - (with_mechanism / without) ** 2)) if without > 0 else 0.0
    return Confounding(
        a=a,
        spread_ratio=without / of_mechanism if of_mechanism > 0 else float("nan"),
        rho_at_zero=float(np.copysign(seen, sign)),
    )
