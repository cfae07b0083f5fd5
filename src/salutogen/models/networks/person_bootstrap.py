"""Edges of a multilevel vector autoregression over samples of persons."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.checks import is_between, refuse_not_whole
from salutogen.models.networks.multilevel_var_fit import edge_values
from salutogen.models.networks.person_moments import PersonMoments
from salutogen.models.networks.stability import LOST
from salutogen.models.networks.two_steps import RandomEffects, Starts, moments_of, two_steps
from salutogen.models.parallel.executors import Progress, run_each
from salutogen.models.resampling.bca import percentile_intervals
from salutogen.models.short_repr import short_repr

if TYPE_CHECKING:
    from salutogen.models.networks.multilevel_var_fit import MultilevelVARFit

Float = NDArray[np.float64]


@short_repr("draws", "n_lost", "level")
@dataclass(frozen=True, kw_only=True, repr=False)
class VARStability:
    """Edges of three networks over samples of persons.

    Attributes
    ----------
    names : tuple of str
        Edges as in `MultilevelVARFit.estimates`.
    estimates : array (m,)
    drawn : array (draws, m)
        Of each sample; NaN where it has no such network.
    level : float
    n_lost : int
        Samples that could not be fitted.
    """

    names: tuple[str, ...]
    estimates: Float
    drawn: Float
    level: float
    n_lost: int

    @property
    def draws(self) -> int:
        """Samples that could be fitted."""
        return len(self.drawn)

    def table(self) -> pl.DataFrame:
        """Return one row per edge: `edge, estimate, conf_low, conf_high, same_sign`.

        Percentile intervals, and the share of samples in which the edge has the sign it has here.
        Both are missing where the network is missing, here or in more than a tenth of the samples:
        the samples that have it are not like the others.
        """
        known = np.isfinite(self.drawn)
        told = np.isfinite(self.estimates) & (np.mean(~known, axis=0) <= LOST)
        low, high = np.where(told, percentile_intervals(self.drawn, self.level), np.nan)
        agree = np.sum(known & (np.sign(self.drawn) == np.sign(self.estimates)), axis=0)
        same = np.where(told, agree / np.maximum(np.sum(known, axis=0), 1), np.nan)
        columns = {
            "edge": list(self.names),
            "estimate": self.estimates,
            "conf_low": low,
            "conf_high": high,
            "same_sign": same,
        }
        return pl.DataFrame(columns).with_columns(pl.col(pl.Float64).fill_nan(None))


def var_stability(
    fit: MultilevelVARFit,
    *,
    draws: int,
    seed: int,
    level: float,
    executor: Executor | None,
    progress: Progress | None,
) -> VARStability:
    """Fit samples of persons; see `MultilevelVARFit.stability`."""
    refuse_not_whole(2, draws=draws)
    refuse_not_whole(0, seed=seed)
    if not is_between(level, 0, 1):
        raise ModelError(f"level: expected a number between 0 and 1, got {level!r}.")
    moments = moments_of(fit.pairs)
    task = partial(
        _edges_of_sample, moments, fit.steps.starts, fit.variables, fit.spec.random_effects
    )
    seeds = np.random.SeedSequence(seed).spawn(draws)
    drawn = np.array(run_each(task, seeds, executor=executor, progress=progress))
    k = len(fit.variables)
    known = np.isfinite(drawn[:, : k * k]).all(axis=1)
    if np.sum(~known) > LOST * draws:
        raise ModelError(
            f"{int(np.sum(~known))} of {draws} samples of persons could not be fitted: too few "
            "persons for so many variables."
        )
    return VARStability(
        names=tuple(fit.estimates),
        estimates=edge_values(fit.steps),
        drawn=drawn[known],
        level=level,
        n_lost=int(np.sum(~known)),
    )


def _edges_of_sample(
    moments: PersonMoments,
    near: Starts,
    names: tuple[str, ...],
    random_effects: RandomEffects,
    seed: np.random.SeedSequence,
) -> Float:
    """Edges of a sample of persons; NaN where it cannot be fitted."""
    n = len(moments.persons)
    sample = moments.sample(np.sort(np.random.default_rng(seed).integers(0, n, n)))
    try:
        return edge_values(two_steps(names, sample, random_effects, near=near))
    except ModelError:
        k = len(names)
        return np.full(k * k + k * (k - 1), np.nan)
