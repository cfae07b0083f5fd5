"""Completed data sets: as arrays and frames, what one analysis of each says, and how they came."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.imputation.pooled import PooledAnalysis, pool_analyses
from salutogen.models.parallel.executors import Progress, run_each
from salutogen.models.short_repr import short_repr

Float = NDArray[np.float64]

STUCK = 100.0  # R-hat: chains keep apart and do not move
SETTLED = 1.1  # R-hat (Gelman & Rubin 1992)
CHANCE = 0.01  # that any column is named although all chains are alike
FEWEST_FOR_R_HAT = 4  # iterations, of which the second half is compared


@short_repr("columns", "n_chains", "n_iterations")
@dataclass(frozen=True, kw_only=True)
class Trace:
    """How the chains went.

    Attributes
    ----------
    columns : tuple of str
        Those with gaps.
    n_missing : tuple of int
        Gaps of each.
    values : array (n_chains, n_iterations, n_columns, 2)
        Mean and SD of the values drawn for the gaps, in each round; an SD of one value is NaN.
    """

    columns: tuple[str, ...]
    n_missing: tuple[int, ...]
    values: Float

    @property
    def n_chains(self) -> int:
        """Number of chains: one to a completed set."""
        return int(self.values.shape[0])

    @property
    def n_iterations(self) -> int:
        """Number of rounds."""
        return int(self.values.shape[1])

    def frame(self) -> pl.DataFrame:
        """Return a row per column, chain and iteration, ready to be drawn as lines."""
        chains, rounds, k, _ = self.values.shape
        figures = self.values.transpose(2, 0, 1, 3).reshape(-1, 2)
        return pl.DataFrame(
            {
                "column": np.repeat(np.array(self.columns), chains * rounds),
                "chain": np.tile(np.repeat(np.arange(1, chains + 1), rounds), k),
                "iteration": np.tile(np.arange(1, rounds + 1), k * chains),
                "mean": figures[:, 0],
                "sd": figures[:, 1],
            },
            nan_to_null=True,
        )

    @cached_property
    def r_hat(self) -> Float:
        """Potential scale reduction (n_columns, 2) of means and SDs over the second half.

        1 where chains cannot be told apart (Gelman & Rubin 1992); NaN with one chain, or fewer than
        four iterations.
        """
        half = self.values[:, self.n_iterations // 2 :]
        chains, n = half.shape[:2]
        if chains < 2 or self.n_iterations < FEWEST_FOR_R_HAT:
            return np.full(self.values.shape[2:], np.nan)
        between = np.var(np.mean(half, axis=1), axis=0, ddof=1)
        within = np.mean(np.var(half, axis=1, ddof=1), axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            found: Float = np.sqrt((n - 1) / n + between / within)
        # Gaps that are always filled alike neither move nor differ.
        return np.where((between == 0) & (within == 0), 1.0, found)

    @property
    def unsettled(self) -> list[str]:
        """Columns whose chains have not come together: R-hat above 1.1 and above chance."""
        worst = np.max(np.nan_to_num(self.r_hat), axis=1)
        limit = max(SETTLED, self._by_chance())
        return [name for name, value in zip(self.columns, worst, strict=True) if value > limit]

    @property
    def stuck(self) -> list[str]:
        """Columns whose chains stay where they began.

        They follow exactly from others that are missing in the same rows, as a total and a part do.
        """
        means = np.nan_to_num(self.r_hat[:, 0], posinf=np.inf)
        return [name for name, value in zip(self.columns, means, strict=True) if value > STUCK]

    def _by_chance(self) -> float:
        """R-hat that chains which are alike hardly go beyond: few chains or rounds scatter."""
        from scipy.special import fdtri

        n = self.n_iterations - self.n_iterations // 2
        if self.n_chains < 2 or n < 2:
            return float("inf")
        ratio = fdtri(self.n_chains - 1, self.n_chains * (n - 1), 1 - CHANCE / self.r_hat.size)
        return float(np.sqrt((n - 1 + ratio) / n))

    def convergence(self) -> pl.DataFrame:
        """Return a row per column: gaps and both R-hats."""
        return pl.DataFrame(
            {
                "column": self.columns,
                "n_missing": self.n_missing,
                "r_hat_mean": self.r_hat[:, 0],
                "r_hat_sd": self.r_hat[:, 1],
            },
            nan_to_null=True,
        )


@short_repr("columns", "n_sets", "n_rows", "n_missing")
@dataclass(frozen=True, kw_only=True)
class CompletedSets:
    """Several completed data sets.

    Attributes
    ----------
    original : data frame, mapping or array
        The data as they came.
    columns : tuple of str
        Columns that took part.
    observed : array (n_rows, n_columns)
        Their values, NaN where missing.
    imputed : array (n_sets, n_missing)
        Values of the gaps, column after column, within each by row.
    kept_type : tuple of str
        Columns whose drawn values are values that were seen: whole numbers stay whole numbers.
    trace : Trace or None
        How the chains went; None for sets made elsewhere.
    messages : tuple of str
        What is doubtful or assumed.
    """

    original: Any
    columns: tuple[str, ...]
    observed: Float
    imputed: Float
    kept_type: tuple[str, ...]
    trace: Trace | None
    messages: tuple[str, ...]

    @property
    def n_sets(self) -> int:
        """Number of sets m."""
        return len(self.imputed)

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.observed)

    @property
    def n_missing(self) -> int:
        """Number of gaps."""
        return int(self.imputed.shape[1])

    @property
    def converged(self) -> bool:
        """Whether no chain is known to be still on its way."""
        return self.trace is None or not self.trace.unsettled

    def array(self, place: int) -> Float:
        """Return one completed set (n_rows, n_columns), counted from 0."""
        filled = self.observed.T.copy()
        filled[np.isnan(filled)] = self.imputed[place]
        return filled.T

    def arrays(self) -> Float:
        """Return all completed sets (n_sets, n_rows, n_columns)."""
        return np.array([self.array(place) for place in range(self.n_sets)])

    def frame(self, place: int) -> Any:
        """Return one completed set like the original: same kind, columns, order and types.

        Whole numbers and truth values become numbers with decimals where values were drawn that
        nobody gave: rounding them would bias what follows (Horton, Lipsitz & Parzen 2003).
        """
        from salutogen.models.imputation.frames import filled_like

        return filled_like(self, place)

    def frames(self) -> Iterator[Any]:
        """Go through the completed sets, each made when it is asked for."""
        return (self.frame(place) for place in range(self.n_sets))

    def analyse(
        self,
        analysis: Callable[[Any], Any],
        *,
        df_complete: float | None = None,
        executor: Executor | None = None,
        progress: Progress | None = None,
    ) -> PooledAnalysis:
        """Do the same with each completed set and pool what is found by Rubin's rules.

        Parameters
        ----------
        analysis : callable
            Takes a completed set as `frame` gives it. Returns a fit of this package or of
            statsmodels, or a pair (estimates, standard errors) of numbers, arrays or mappings.
            Estimates should be about normal: pool a Fisher z rather than a correlation, a
            logarithm rather than a ratio or a variance.
        df_complete : float, optional
            Degrees of freedom if nothing were missing, such as persons minus coefficients; taken
            from fitted lines. Without it they count as infinite.
        executor, progress
            As in `ChainedImputation.fit`.

        Raises
        ------
        ModelError
            The analysis searched for classes, gave no errors, or not the same terms in each set.
        """
        if self.n_sets < 2:
            raise ModelError("One completed set hides that values were missing; make more.")
        task = _Analysis(self, analysis)
        found = run_each(task.of, range(self.n_sets), executor=executor, progress=progress)
        return pool_analyses(found, df_complete)


@dataclass(frozen=True)
class _Analysis:
    """An analysis of one completed set; can be sent to another process."""

    sets: CompletedSets
    analysis: Callable[[Any], Any]

    def of(self, place: int) -> Any:
        """Return what it says of a set."""
        return self.analysis(self.sets.frame(place))
