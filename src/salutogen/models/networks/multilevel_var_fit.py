"""A fitted multilevel vector autoregression."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.models.false_discovery import adjusted_p
from salutogen.models.formula.mixed_formula import INTERCEPT
from salutogen.models.networks.edges import edges_of, pairs_of
from salutogen.models.networks.prompts import PromptPairs
from salutogen.models.networks.two_steps import TwoSteps, first_residuals
from salutogen.models.short_repr import short_repr
from salutogen.version import VERSION

if TYPE_CHECKING:
    from salutogen.models.networks.multilevel_var import MultilevelVAR
    from salutogen.models.networks.person_bootstrap import VARStability
    from salutogen.models.parallel.executors import Progress

Float = NDArray[np.float64]


@short_repr("variables", "n_persons", "n_pairs", "converged")
@dataclass(frozen=True, kw_only=True, repr=False)
class MultilevelVARFit:
    """Three networks: from prompt to prompt, within a prompt, and between persons' means.

    Attributes
    ----------
    spec : MultilevelVAR
    variables : tuple of str
    persons : polars.Series
        In the order of `person_temporal`.
    n_pairs : int
        Prompts with a prompt just before them, of which lags are made.
    n_prompts : int
        Complete prompts.
    log_likelihood : float
        Sum of the temporal regressions' own; no likelihood of all variables at once.
    converged : bool
        Whether every regression settled.
    messages : tuple of str
        What was left out, and what is doubtful.
    version : str
    """

    spec: MultilevelVAR
    variables: tuple[str, ...]
    persons: pl.Series
    n_pairs: int
    n_prompts: int
    log_likelihood: float
    converged: bool
    messages: tuple[str, ...]
    version: str
    steps: TwoSteps = field(compare=False)
    pairs: PromptPairs = field(compare=False)

    @classmethod
    def from_steps(
        cls,
        spec: MultilevelVAR,
        pairs: PromptPairs,
        steps: TwoSteps,
        messages: tuple[str, ...],
    ) -> Self:
        """Keep what both steps found."""
        return cls(
            spec=spec,
            variables=pairs.variables,
            persons=pairs.persons,
            n_pairs=len(pairs.code),
            n_prompts=pairs.n_prompts,
            log_likelihood=sum(result.log_likelihood for result in steps.first),
            converged=all(result.converged for result in (*steps.first, *steps.second)),
            messages=messages,
            version=VERSION,
            steps=steps,
            pairs=pairs,
        )

    @property
    def n_persons(self) -> int:
        """Number of persons with prompts in a row."""
        return len(self.persons)

    @property
    def temporal(self) -> Float:
        """Effects (k, k) of a variable (column) one prompt earlier on each (row), all others held.

        Of an average person, in units of the outcome per unit of the variable.
        """
        return self.steps.temporal

    @property
    def temporal_errors(self) -> Float:
        """Their standard errors (k, k)."""
        return self.steps.temporal_errors

    @property
    def contemporaneous(self) -> Float:
        """Partial correlations (k, k) within a prompt of what the prompt before leaves open."""
        return self.steps.contemporaneous.partial

    @property
    def between(self) -> Float:
        """Partial correlations (k, k) of persons' means; NaN where means do not differ."""
        return self.steps.between.partial

    @property
    def temporal_sd(self) -> Float:
        """Standard deviations (k, k) between persons of the temporal effects."""
        return np.array([list(result.random_sd.values())[1:] for result in self.steps.first])

    @property
    def person_temporal(self) -> Float:
        """Temporal effects (persons, k, k) of each person, drawn towards the average person's."""
        own = np.stack([result.modes[:, 1:] for result in self.steps.first], axis=1)
        found: Float = self.temporal + own
        return found

    @property
    def standardised(self) -> Float:
        """Temporal effects (k, k) in standard deviations within persons."""
        spread = np.sqrt(np.mean(self.pairs.lagged**2, axis=0))
        found: Float = self.temporal * spread[None, :] / spread[:, None]
        return found

    @property
    def estimates(self) -> dict[str, float]:
        """Temporal effects ``y<-x``, and ``contemporaneous(x,y)`` and ``between(x,y)``."""
        return dict(zip(self._names, edge_values(self.steps).tolist(), strict=True))

    @property
    def standard_errors(self) -> dict[str, float]:
        """Standard error of each estimate; NaN where there is none."""
        return dict(zip(self._names, self._errors.tolist(), strict=True))

    @property
    def _errors(self) -> Float:
        steps = self.steps
        networks = (steps.contemporaneous, steps.between)
        return np.concatenate(
            [steps.temporal_errors.ravel(), *(edges_of(one.errors) for one in networks)]
        )

    @cached_property
    def _names(self) -> list[str]:
        names = self.variables
        return [
            *(f"{outcome}<-{cause}" for outcome in names for cause in names),
            *(
                f"{network}({one},{other})"
                for network in ("contemporaneous", "between")
                for one, other in pairs_of(names)
            ),
        ]

    def table(self, level: float = 0.95) -> pl.DataFrame:
        """Return one row per edge.

        Parameters
        ----------
        level : float
            Coverage of the intervals.

        Returns
        -------
        polars.DataFrame
            `network, edge, estimate, std_error, df, p_value, p_adjusted, conf_low, conf_high`, by
            Student's t with Satterthwaite's degrees of freedom. `p_adjusted` is over the edges of
            the same network (Benjamini & Hochberg 1995); effects of variables on themselves do not
            count among them.
        """
        from scipy.special import stdtr, stdtrit

        k = len(self.variables)
        sizes = (k * k, k * (k - 1) // 2, k * (k - 1) // 2)
        network = np.repeat(["temporal", "contemporaneous", "between"], sizes)
        estimates, errors, df = (
            edge_values(self.steps),
            self._errors,
            np.minimum(self.steps.df, 1e12),
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            p = 2 * stdtr(df, -np.abs(estimates / errors))
        half = stdtrit(df, (1 + level) / 2) * errors
        itself = np.append(np.eye(k, dtype=bool).ravel(), np.zeros(2 * sizes[1], dtype=bool))
        adjusted = np.full(len(p), np.nan)
        for name in ("temporal", "contemporaneous", "between"):
            own = (network == name) & ~itself
            adjusted[own] = adjusted_p(p[own])
        columns = {
            "network": network,
            "edge": self._names,
            "estimate": estimates,
            "std_error": errors,
            "df": df,
            "p_value": p,
            "p_adjusted": adjusted,
            "conf_low": estimates - half,
            "conf_high": estimates + half,
        }
        return pl.DataFrame(columns).with_columns(pl.col(pl.Float64).fill_nan(None))

    def residuals(self) -> pl.DataFrame:
        """Return what the prompt before leaves open: `row` of the data, and each variable."""
        left = first_residuals(self.pairs, self.steps.first)
        return pl.DataFrame(
            {"row": self.pairs.rows, **dict(zip(self.variables, left, strict=True))}
        )

    @property
    def mean_sd(self) -> dict[str, float]:
        """Standard deviation between persons of what is left of each variable's means."""
        own = (result.random_sd[INTERCEPT] for result in self.steps.first)
        return dict(zip(self.variables, own, strict=True))

    def stability(
        self,
        *,
        draws: int = 500,
        seed: int = 1,
        level: float = 0.95,
        executor: Executor | None = None,
        progress: Progress | None = None,
    ) -> VARStability:
        """Draw persons with replacement, and fit all regressions to each sample.

        Parameters
        ----------
        draws, seed : int
        level : float
            Coverage of the intervals.
        executor : concurrent.futures.Executor, optional
            Where samples are fitted; by default here, one after the other.
        progress : callable, optional
            Called as ``progress(done, total)``.

        Returns
        -------
        VARStability
            Percentile intervals of all edges.
        """
        from salutogen.models.networks.person_bootstrap import var_stability

        return var_stability(
            self, draws=draws, seed=seed, level=level, executor=executor, progress=progress
        )


def edge_values(steps: TwoSteps) -> Float:
    """All edges in the order of `MultilevelVARFit.estimates`."""
    networks = (steps.contemporaneous, steps.between)
    return np.concatenate([steps.temporal.ravel(), *(edges_of(one.partial) for one in networks)])
