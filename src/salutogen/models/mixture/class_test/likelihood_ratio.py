"""Bootstrap likelihood-ratio test of the number of classes, simulated without rows."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.checks import refuse_not_whole
from salutogen.models.mixture.class_test.null_model import (
    Null,
    ParametricNull,
    ResampledNull,
    coordinates_of,
)
from salutogen.models.mixture.likelihood.maximisation import quasi_newton
from salutogen.models.mixture.likelihood.parameters import ClassParameters, Layout
from salutogen.models.mixture.likelihood.problem import MixtureProblem
from salutogen.models.mixture.likelihood.search import one_class, search
from salutogen.models.mixture.model import GrowthMixture
from salutogen.models.parallel.executors import Progress, run_each
from salutogen.models.resampling.early_stopping import stopping_bounds
from salutogen.models.short_repr import short_repr

Float = NDArray[np.float64]
NullKind = Literal["parametric", "semiparametric"]

STARTS = 8  # starts of the larger model in each draw
LEVEL = 0.05  # of the test, where draws may stop early
AT_ONCE = 16  # draws sent to an executor before the verdict is looked at


@short_repr("classes", "null", "statistic", "draws", "n_failed", "p_value")
@dataclass(frozen=True, kw_only=True)
class BootstrapLikelihoodRatio:
    """Whether k classes describe the data better than k − 1, beyond what chance gives.

    Attributes
    ----------
    classes : int
        k.
    null : str
        `parametric` or `semiparametric`: how persons vary within the k − 1 classes of the draws.
    statistic : float
        2 (log-likelihood of k − log-likelihood of k − 1).
    draws : array (n,)
        The same in data simulated from the model with k − 1 classes.
    n_failed : int
        Draws in which all starts with k classes were degenerate; left out of `draws`.
    n_asked : int
        Draws asked for; there are fewer where the verdict was clear earlier.
    p_value : float
        (1 + draws at or above the statistic) / (1 + draws).
    """

    classes: int
    null: NullKind
    statistic: float
    draws: Float
    n_failed: int
    n_asked: int

    @property
    def p_value(self) -> float:
        """Share of draws at or above the statistic, itself counted among them."""
        return float((1 + np.sum(self.draws >= self.statistic)) / (1 + len(self.draws)))

    @property
    def stopped_early(self) -> bool:
        """Whether the verdict was clear before all draws were made."""
        return len(self.draws) + self.n_failed < self.n_asked


@dataclass(frozen=True, kw_only=True)
class _Draw:
    """Likelihood ratios of outcomes drawn from the smaller model."""

    null: Null
    smaller: Layout
    larger: Layout
    free: Float
    pooled: ClassParameters

    def statistic(self, seed: np.random.SeedSequence) -> float:
        """Likelihood ratio of one draw; NaN where every start is degenerate."""
        own, starts = seed.spawn(2)
        problem = self.null.outcome(np.random.default_rng(own))
        smaller = quasi_newton(problem, self.smaller, self.free).value
        found = search(
            problem, self.larger, self.pooled, starts=STARTS, seed=starts, polish=False
        ).best
        return np.nan if found is None else max(0.0, 2 * (found.value - smaller))


def bootstrap_likelihood_ratio(
    formula: str,
    data: Any,
    classes: int,
    *,
    draws: int = 100,
    null: NullKind = "parametric",
    smoothing: float = 1.0,
    stop_early: bool = False,
    seed: int = 1,
    executor: Executor | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> BootstrapLikelihoodRatio:
    """Test k classes against k − 1 by simulating from the latter (McLachlan 1987).

    Parameters
    ----------
    formula : str
        As for `GrowthMixture`.
    data : data frame, mapping of arrays, or Moments
        Rows or their reduction.
    classes : int
        k, from 2.
    draws : int
        Simulated data sets. No rows are simulated: an outcome's cross-products with the persons'
        own predictors are drawn directly.
    null : {"parametric", "semiparametric"}
        Persons vary normally within the k − 1 classes; or as the residuals of the data do, which
        are resampled by person. The latter does not take skewness or a floor for a further class.
        So that it can find one, residuals are smoothed, along the direction in which the k classes
        lie apart, until they have one peak in each of the k − 1 classes (Silverman 1981). It
        finds classes that leave a gap between them, and misses those that only differ in variance.
    smoothing : float
        Where residuals have several peaks, the semiparametric null smooths them so many times as
        far as leaves one: the least smoothing leaves a flat top, which is parted again. From 1.
        Not for data at a floor, whose heap counts as a peak.
    stop_early : bool
        Whether to stop when the p-value is clearly above or below .05: the probability that all
        draws would have said otherwise is below .001 on either side (Gandy 2009).
    seed : int
        Each draw has its own stream, so neither the executor nor its workers change the result.
    executor : concurrent.futures.Executor, optional
        Where the draws run, for example a process pool (`executor_for`); by default here.
    progress : callable, optional
        Called as ``progress(done, draws)``.
    **settings
        Further settings of `GrowthMixture`.

    Raises
    ------
    ModelError
        What `GrowthMixture` refuses, fewer than 2 classes or 1 draw, an unknown `null`.
    """
    refuse_not_whole(2, classes=classes)
    refuse_not_whole(1, draws=draws)
    refuse_not_whole(0, seed=seed)
    if not smoothing >= 1:
        raise ModelError(f"smoothing: expected a number from 1, got {smoothing!r}.")
    if null not in get_args(NullKind):
        raise ModelError(f"null: expected one of {', '.join(get_args(NullKind))}, got {null!r}.")
    settings = {"seed": seed, **settings}
    larger = GrowthMixture(formula, classes=classes, **settings)
    smaller = replace(larger, classes=classes - 1)
    moments, problem, terms = larger.prepare(data)
    fits = [spec.search(problem, moments, terms) for spec in (smaller, larger)]
    bests = [found.best for _, found in fits]
    if bests[0] is None or bests[1] is None:
        k = classes - 1 if bests[0] is None else classes
        raise ModelError(f"{formula}: every start with {k} classes is degenerate.")
    statistic = 2 * (bests[1].value - bests[0].value)
    draw = _draw(problem, null, smoothing, fits[0][0], bests[0].free, fits[1][0], bests[1].free)
    values = _values(
        draw.statistic,
        np.random.SeedSequence(seed).spawn(draws),
        statistic if stop_early else None,
        executor,
        progress,
    )
    failed = np.isnan(values)
    return BootstrapLikelihoodRatio(
        classes=classes,
        null=null,
        statistic=statistic,
        draws=values[~failed],
        n_failed=int(failed.sum()),
        n_asked=draws,
    )


def _values(
    task: Callable[[np.random.SeedSequence], float],
    seeds: list[np.random.SeedSequence],
    statistic: float | None,
    executor: Executor | None,
    progress: Progress | None,
) -> Float:
    """Make the draws; given the statistic, only as many as its verdict needs."""
    total = len(seeds)
    if statistic is None:
        return np.array(run_each(task, seeds, executor=executor, progress=progress))
    low, high = stopping_bounds(total, level=LEVEL)
    values: list[float] = []
    size = 1 if executor is None else AT_ONCE

    def told(done: int, _: int) -> None:
        if progress is not None:
            progress(len(values) + done, total)

    above = proper = looked_at = 0
    while len(values) < total:
        values += run_each(
            task, seeds[len(values) : len(values) + size], executor=executor, progress=told
        )
        for value in values[looked_at:]:
            looked_at += 1
            if np.isnan(value):
                continue
            proper += 1
            above += value >= statistic
            if above <= low[proper - 1] or above >= high[proper - 1]:
                return np.array(values[:looked_at])
    return np.array(values)


def _draw(
    problem: MixtureProblem,
    null: NullKind,
    smoothing: float,
    smaller: Layout,
    free: Float,
    larger: Layout,
    larger_free: Float,
) -> _Draw:
    at, coordinates = smaller.unpack(free), coordinates_of(problem)
    single = replace(smaller, classes=1, shared=(False,) * problem.p, lowest=1e-8)
    pooled = one_class(problem, smaller.blocks, polish=False)
    drawn: Null = ParametricNull(problem=problem, at=at, coordinates=coordinates)
    if null == "semiparametric":
        drawn = ResampledNull(
            problem=problem,
            at=at,
            larger=larger.unpack(larger_free),
            coordinates=coordinates,
            smoothing=smoothing,
        )
    return _Draw(
        null=drawn, smaller=smaller, larger=larger, free=free, pooled=single.unpack(pooled.free)
    )
