"""Indirect effects over completed data sets: draws of persons from every set, pooled.

Of the ways to join both (Schomaker and Heumann 2018), persons are drawn within each completed set
and the draws of all sets make one distribution, whose percentiles are the limits: products of paths
keep their skewness. The draws of each set lie about its own estimate; these are moved apart by
``√((m + 1) / (m − 1))``, so that the scatter of all draws has the variance of Rubin's rules. As few
sets tell little of how sets scatter, limits are wider by t over the normal quantile, as his are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.mediation.model import e_value_of, unit_of
from salutogen.models.mediation.one_level import OneLevel, Steps
from salutogen.models.mediation.result import Limits
from salutogen.models.mediation.rows import Columns, read_rows
from salutogen.models.mediation.samples import Samples, is_path
from salutogen.models.parallel.executors import Progress, run_each
from salutogen.models.pooling.e_value import EValue
from salutogen.models.pooling.estimates import pool_estimates
from salutogen.models.resampling.bca import percentile_intervals
from salutogen.models.short_repr import short_repr

Float = NDArray[np.float64]
INDIRECT = "indirect"


@short_repr("estimate", "standard_error", "df", "percentile", "fraction_missing")
@dataclass(frozen=True, kw_only=True)
class PooledEffect:
    """One path or effect, pooled.

    Attributes
    ----------
    estimate : float
    standard_error, df, fraction_missing : float
        By Rubin's rules from errors by leaving out one person after the other; degrees of freedom
        of Barnard and Rubin; share of the information that is missing.
    percentile : Limits
        95 % limits over draws of persons from all sets, widened for few sets.
    p : float or None
        Two-sided, of t; None for products of paths.
    """

    estimate: float
    standard_error: float
    df: float
    fraction_missing: float
    percentile: Limits
    p: float | None


@short_repr("n_sets", "n_persons")
@dataclass(frozen=True, kw_only=True)
class PooledMediation:
    """Effects of a factor through a mechanism over completed sets.

    Attributes
    ----------
    effects : dict from name to PooledEffect
        As in `Mediation`.
    rho_at_zero : float
        Correlation of errors at which the indirect effect vanishes, pooled as Fisher z.
    e_value : EValue
    n_persons, n_sets, draws : int
        Persons of each set; draws of persons in all sets together.
    """

    effects: dict[str, PooledEffect]
    rho_at_zero: float
    e_value: EValue
    n_persons: int
    n_sets: int
    draws: int

    def joint_p(self) -> float:
        """Return the larger p of the paths to and from the mechanism."""
        a, b = self.effects["a"].p, self.effects["b"].p
        assert a is not None
        assert b is not None
        return max(a, b)


def mediate_sets(
    sets: Sequence[Mapping[str, Float]],
    *,
    factor: str,
    mechanism: str,
    outcome: str,
    covariates: Sequence[str] = (),
    exposure: Sequence[str] = (),
    steps: Steps = 1,
    difference: float | None = None,
    bootstrap: int = 5000,
    seed: int = 1,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> PooledMediation:
    """Estimate over completed sets how much of a factor's effect goes through a mechanism.

    Parameters
    ----------
    sets : sequence of mappings from column to array (n,)
        The same persons in each, without gaps.
    factor, mechanism, outcome, covariates, exposure, steps, seed
        As in `mediate`.
    difference : float, optional
        Of the factor, for which the E-value is given; by default that of each set as in `mediate`.
        Where gaps of a factor with two values were drawn, it has others besides.
    bootstrap : int
        Draws of persons, in all sets together.
    executor, progress
        Where the sets are worked on, as in `ChainedImputation.fit`.

    Raises
    ------
    ModelError
        As in `mediate`; fewer than two sets, or an effect that rests on one person.
    """
    if len(sets) < 2:
        raise ModelError("One completed set hides that values were missing; make more.")
    columns = Columns(
        factor=factor, mechanisms=(mechanism,), outcome=outcome, covariates=tuple(covariates),
        exposure=tuple(exposure),
    )  # fmt: skip
    draws = max(2, -(-bootstrap // len(sets)))
    task = _Drawn(columns=columns, steps=steps, draws=draws, difference=difference)
    seeds = np.random.SeedSequence(seed).generate_state(len(sets))
    work = [(data, int(own)) for data, own in zip(sets, seeds, strict=True)]
    found = run_each(task.of, work, executor=executor, progress=progress)
    first = found[0]
    df = first.n_persons - 1 - len(columns.numbers)
    estimates = np.array([one.estimates for one in found])
    errors = np.array([one.errors for one in found])
    pooled = pool_estimates(estimates, errors, df_complete=df)
    centre = np.asarray(pooled.estimate)
    limits = centre + (percentile_intervals(_together(found)) - centre) * pooled.widening
    figures = [np.asarray(part) for part in (
        pooled.estimate, pooled.standard_error, pooled.df, pooled.fraction_missing, pooled.p,
    )]  # fmt: skip
    effects = {}
    for place, name in enumerate(first.names):
        estimate, error, own_df, missing, p = (float(part[place]) for part in figures)
        effects[name] = PooledEffect(
            estimate=estimate,
            standard_error=error,
            df=own_df,
            fraction_missing=missing,
            percentile=Limits(*map(float, limits[:, place])),
            p=p if is_path(name) else None,
        )
    whole = effects[INDIRECT]
    return PooledMediation(
        effects=effects,
        rho_at_zero=float(np.tanh(np.mean([np.arctanh(one.rho) for one in found]))),
        e_value=e_value_of(
            whole.estimate, whole.percentile, float(np.mean([one.unit for one in found]))
        ),
        n_persons=first.n_persons,
        n_sets=len(sets),
        draws=sum(len(one.drawn) for one in found),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Found:
    """What one set gives."""

    names: tuple[str, ...]
    estimates: Float
    errors: Float
    drawn: Float
    rho: float
    unit: float
    n_persons: int


@dataclass(frozen=True, kw_only=True)
class _Drawn:
    """What is done with each set; can be sent to another process."""

    columns: Columns
    steps: Steps
    draws: int
    difference: float | None

    def of(self, work: tuple[Mapping[str, Any], int]) -> _Found:
        """Fit all paths to a set and to draws of its persons."""
        data, seed = work
        rows = read_rows(data, self.columns)
        model = OneLevel(columns=self.columns, rows=rows, steps=self.steps)
        samples = Samples.of(model, self.draws, seed, None)
        return _Found(
            names=samples.names,
            estimates=samples.estimates,
            errors=samples.errors,
            drawn=samples.drawn,
            rho=float(model.confounding(samples.whole)[INDIRECT][2, 0]),
            unit=unit_of(model, INDIRECT, samples.whole, self.difference),
            n_persons=samples.n_persons,
        )


def _together(found: Sequence[_Found]) -> Float:
    """Draws of all sets (draws, q), their centres moved apart."""
    m = len(found)
    centres = np.array([one.estimates for one in found])
    more = np.sqrt((m + 1) / (m - 1)) - 1
    away = more * (centres - centres.mean(axis=0))
    return np.concatenate([one.drawn + own for one, own in zip(found, away, strict=True)])
