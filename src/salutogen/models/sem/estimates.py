"""Estimates by name, with errors and intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

Float = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class NamedEstimates:
    """Estimates of parameters that have names.

    Attributes
    ----------
    parameters : tuple of str
        Names of the free parameters.
    coefficients : array (q,)
        Their estimates.
    covariance : array (q, q)
        Covariance of the estimates; NaN where there is none.
    """

    parameters: tuple[str, ...]
    coefficients: Float
    covariance: Float

    @property
    def n_parameters(self) -> int:
        """Number of free parameters."""
        return len(self.parameters)

    @property
    def estimates(self) -> dict[str, float]:
        """Estimate of each parameter."""
        return dict(zip(self.parameters, self.coefficients.tolist(), strict=True))

    @property
    def standard_errors(self) -> dict[str, float]:
        """Standard error of each parameter; NaN where there is none."""
        return dict(zip(self.parameters, roots(self.covariance).tolist(), strict=True))

    def tidy(self, level: float = 0.95) -> pl.DataFrame:
        """Return one row per parameter: `term, estimate, std_error, statistic, p_value, conf_low,
        conf_high`; by the normal distribution.
        """
        from scipy.special import ndtr, ndtri

        errors = roots(self.covariance)
        with np.errstate(divide="ignore", invalid="ignore"):
            z = self.coefficients / errors
        half = float(ndtri((1 + level) / 2)) * errors
        table = pl.DataFrame(
            {
                "term": list(self.parameters),
                "estimate": self.coefficients,
                "std_error": errors,
                "statistic": z,
                "p_value": 2 * ndtr(-np.abs(z)),
                "conf_low": self.coefficients - half,
                "conf_high": self.coefficients + half,
            }
        )
        return table.with_columns(pl.col(pl.Float64).fill_nan(None))


def roots(covariance: Float) -> Float:
    """Return standard errors from a covariance; NaN where a variance is below zero."""
    with np.errstate(invalid="ignore"):
        found: Float = np.sqrt(np.diag(covariance))
    return found
