"""Test k against k − 1 classes of courses by draws that keep every shape but the k-th class.

The statistic is that of mixtures with an unstructured covariance: courses that only covary in
another way than a random intercept and slope allow gain nothing by a further class there.
"""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np

from salutogen.analyses.trajectories.classes.copula_null import CopulaNull
from salutogen.analyses.trajectories.classes.mixtures import Courses
from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.errors import ModelError
from salutogen.models import GrowthMixture
from salutogen.models.parallel.executors import Progress, run_each
from salutogen.models.resampling.early_stopping import stopping_bounds

STARTS = 8  # starts of each model in a draw
AT_ONCE = 16  # draws that are sent to an executor together


def richest_formula(courses: Courses) -> str:
    """The formula that allows most covariances among those that these courses can carry.

    Where nobody is seen at enough positions, an unstructured covariance has no estimate.
    """
    formulas = [courses.formula(model) for model in ("unstructured", "random-intercept-and-jump")]
    for formula in formulas:
        try:
            GrowthMixture(formula, classes=1).prepare(courses.moments(formula))
        except ModelError:
            continue
        return formula
    return courses.formula("random-intercept")


@dataclass(frozen=True, kw_only=True)
class _Draw:
    """Likelihood ratios of courses drawn from the null."""

    null: CopulaNull
    spec: GrowthMixture

    def statistic(self, seed: np.random.SeedSequence) -> float:
        """Likelihood ratio of one draw; NaN where either model has no proper solution."""
        generator = np.random.default_rng(seed)
        drawn = self.null.draw(generator)
        return likelihood_ratio(self.spec, drawn, int(generator.integers(2**31)))


def likelihood_ratio(spec: GrowthMixture, courses: Courses, seed: int) -> float:
    """Twice the gain in log-likelihood of a mixture over one with a class fewer.

    NaN where either has no proper solution.
    """
    moments, problem, terms = spec.prepare(courses.moments(spec.formula))
    found = [
        replace(spec, classes=k, starts=STARTS, seed=seed)
        .search(problem, moments, terms, polish=False)[1]
        .best
        for k in (spec.classes - 1, spec.classes)
    ]
    if found[0] is None or found[1] is None:
        return float("nan")
    return max(0.0, 2 * (found[1].value - found[0].value))


def copula_p(
    courses: Courses,
    classes: int,
    bounds: tuple[FloatArray, FloatArray],
    *,
    starts: int,
    draws: int,
    below: float,
    seed: int,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> float:
    """Test k classes against k − 1 of any shape and covariance.

    Ends once p cannot fall below `below` any more, or is clearly below it.

    Parameters
    ----------
    courses : Courses
    classes : int
        k, from 2.
    bounds : pair of ndarray, shape (n, T)
        Lowest and highest that each value could be; infinite where there is none.
    starts : int
        Of the fits to the data.
    draws : int
        Draws at most.
    below : float
    seed : int
        Each draw has a stream of its own, so that neither the executor nor its workers change p.
    executor : concurrent.futures.Executor, optional
        Where the draws are fitted; by default here, one after the other.
    progress : callable, optional
        Called as ``progress(done, draws)``.

    Returns
    -------
    float
        (1 + draws at or above the statistic) / (1 + draws made); 1 where such classes cannot be
        fitted without restrictions on their covariance.
    """
    formula = richest_formula(courses)
    spec = GrowthMixture(formula, classes=classes, starts=starts, seed=seed)
    moments = courses.moments(spec.formula)
    larger, smaller = (each.try_fit(moments) for each in (spec, replace(spec, classes=classes - 1)))
    if isinstance(larger, str) or isinstance(smaller, str):
        return 1.0
    statistic = 2 * (larger.log_likelihood - smaller.log_likelihood)
    null = CopulaNull(fit=smaller, courses=courses, low=bounds[0], high=bounds[1])
    _ = null.classes  # learned once, before workers get a copy
    task = _Draw(null=null, spec=spec)
    seeds = np.random.SeedSequence([seed, 2]).spawn(draws)
    low, _ = stopping_bounds(draws, level=below)
    size = 1 if executor is None else AT_ONCE
    above = made = 0
    for first in range(0, draws, size):
        if progress is not None:
            progress(first, draws)
        for found in run_each(task.statistic, seeds[first : first + size], executor=executor):
            if np.isnan(found):
                continue
            made += 1
            above += found >= statistic
            if (1 + above) / (1 + draws) >= below or above <= low[made - 1]:
                return float((1 + above) / (1 + made))
    return float((1 + above) / (1 + made))
