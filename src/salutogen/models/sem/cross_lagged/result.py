"""A fitted cross-lagged panel model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.models.sem.cross_lagged.plan import (
    Plan,
    latent_variables,
    level,
    observed_variables,
    within,
)
from salutogen.models.sem.problem import Group
from salutogen.models.sem.result import StructuralFit

Float = NDArray[np.float64]

STEP = 1e-6  # of differences that give derivatives of standardised lags


@dataclass(frozen=True, kw_only=True, repr=False)
class CrossLaggedFit(StructuralFit):
    """A cross-lagged panel model at its estimates; see `StructuralFit` for what every fit has.

    Attributes
    ----------
    plan : Plan
        What the model holds equal, and what it is made of.
    groups : tuple of str
        Labels of the groups; one empty label without a grouping.
    """

    plan: Plan
    groups: tuple[str, ...]

    def standardised_lags(self, level: float = 0.95) -> pl.DataFrame:
        """Return lags in standard deviations within persons.

        Of x on y at an occasion: by how many of y's standard deviations of deviations at that
        occasion y moves where x moved by one of its own before. These differ over occasions also
        where lags are equal. Columns `outcome, source, lag, occasion, group, estimate, std_error,
        conf_low, conf_high`; errors by the delta method.
        """
        from scipy.special import ndtri

        place, units = self.fitted.place, self.fitted.units
        scaled = self.covariance / np.outer(units.factor, units.factor)
        theta = place.theta
        values = self._standardised(theta)
        slopes = np.empty((len(values), len(theta)))
        for j in range(len(theta)):
            step = np.zeros(len(theta))
            step[j] = STEP * max(1.0, abs(float(theta[j])))
            above, below = self._standardised(theta + step), self._standardised(theta - step)
            slopes[:, j] = (above - below) / (2 * step[j])
        with np.errstate(invalid="ignore"):
            errors = np.sqrt(np.einsum("ra,ab,rb->r", slopes, scaled, slopes))
        half = float(ndtri((1 + level) / 2)) * errors
        table = pl.DataFrame(
            self._lag_rows(),
            schema={"outcome": pl.String, "source": pl.String, "lag": pl.Int64,
                    "occasion": pl.String, "group": pl.String},
            orient="row",
        ).with_columns(
            pl.Series("estimate", values),
            pl.Series("std_error", errors),
            pl.Series("conf_low", values - half),
            pl.Series("conf_high", values + half),
        )  # fmt: skip
        return table.with_columns(pl.col(pl.Float64).fill_nan(None))

    def level_correlations(self) -> dict[str, float]:
        """Return correlations of the persons' levels by name: ``x,y``, with the group where there
        are several; NaN where a variance is not above zero. Empty without random intercepts.
        """
        found: dict[str, float] = {}
        if not self.plan.random_intercepts:
            return found
        for label, group in zip(self.groups, self.fitted.place.problem.groups, strict=True):
            everyone = self._everyone(group, self.fitted.place.theta)
            names = self.plan.outcomes
            for i, one in enumerate(names):
                for two in names[i + 1 :]:
                    a, b = self._place(level(one)), self._place(level(two))
                    both = everyone[a, a] * everyone[b, b]
                    sd = np.sqrt(both) if min(everyone[a, a], everyone[b, b]) > 0 else np.nan
                    end = f" [{label}]" if label else ""
                    found[f"{one},{two}{end}"] = float(everyone[a, b] / sd)
        return found

    def _lag_rows(self) -> list[tuple[str, str, int, str, str]]:
        plan = self.plan
        return [
            (to, source, back, occasion, label)
            for label in self.groups
            for occasion in plan.occasions[plan.lag :]
            for back in range(1, plan.lag + 1)
            for to in plan.outcomes
            for source in plan.outcomes
        ]

    def _standardised(self, theta: Float) -> Float:
        """Standardised lags at parameters theta (q,), in the order of `_lag_rows`."""
        plan, found = self.plan, []
        for group in self.fitted.place.problem.groups:
            structure = group.structure
            everyone = self._everyone(group, theta)
            with np.errstate(invalid="ignore"):
                sd = np.sqrt(np.diag(everyone))
            paths = structure.fixed_paths.copy()
            at = structure.paths
            paths[at.rows, at.columns] = theta[group.places][at.parameters]
            for t in range(plan.lag, len(plan.occasions)):
                for back in range(1, plan.lag + 1):
                    for to in plan.outcomes:
                        row = self._place(within(to, plan.occasions[t]))
                        for source in plan.outcomes:
                            column = self._place(within(source, plan.occasions[t - back]))
                            found.append(paths[row, column] * sd[column] / sd[row])
        return np.array(found)

    def _everyone(self, group: Group, theta: Float) -> Float:
        return group.structure.implied(theta[group.places]).everyone

    def _place(self, latent: str) -> int:
        """Place of a variable that nobody observes, among all."""
        return len(observed_variables(self.plan)) + latent_variables(self.plan).index(latent)
