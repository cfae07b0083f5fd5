"""Draw courses from a fitted mixture with the persons' own effects and residuals, resampled.

A normal null takes skewness, heavy tails or a floor for a further class (Bauer and Curran 2003).
Here effects and residuals keep the shape they have in the data, and values stop at the same
bounds; only the classes are those of the smaller model.
"""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from salutogen.analyses.trajectories.classes.mixtures import Courses
from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.models import GrowthMixture, GrowthMixtureResult
from salutogen.models.parallel.executors import Progress, run_each

STARTS = 8  # starts of each model in a draw
MATCHING = 60  # seed of the draws by which mean and SD are matched
SAMPLE = 4000  # persons among whom they are matched, at least
ROUNDS = 40
MOST_STRETCHED = 3.0
AT_ONCE = 16  # draws that are sent to an executor together


@dataclass(frozen=True, kw_only=True)
class ResampledNull:
    """Courses with the classes of a fit, and effects and residuals of the persons.

    Attributes
    ----------
    fit : GrowthMixtureResult
        The smaller model.
    courses : Courses
        The data it was fitted to.
    low, high : ndarray, shape (n, T)
        Bounds of each value; infinite where there is none.
    """

    fit: GrowthMixtureResult
    courses: Courses
    low: FloatArray
    high: FloatArray

    def draw(self, generator: np.random.Generator) -> Courses:
        """Return courses of as many persons, missing where theirs are."""
        values = self.courses.values
        shift, scale = self.latent
        means, away = self._parts(generator)
        drawn = np.clip(means + shift + scale * away, self.low, self.high)
        return replace(self.courses, values=np.where(np.isfinite(values), drawn, np.nan))

    @cached_property
    def latent(self) -> tuple[float, float]:
        """Shift and stretch after which draws have the data's mean and SD once they stop.

        The fit saw values that had stopped at the bounds already: stopped once more they would
        spread too little, and too few would lie on the bounds. (0, 1) without bounds.
        """
        shift, scale = 0.0, 1.0
        if not np.isfinite([self.low, self.high]).any():
            return shift, scale
        seen = np.isfinite(self.courses.values)
        values = self.courses.values[seen]
        generator = np.random.default_rng(MATCHING)
        parts = [self._parts(generator) for _ in range(-(-SAMPLE // len(seen)))]
        for _ in range(ROUNDS):
            drawn = np.concatenate(
                [
                    np.clip(means + shift + scale * away, self.low, self.high)[seen]
                    for means, away in parts
                ]
            )
            shift += float(values.mean() - drawn.mean())
            scale = float(np.clip(scale * values.std() / drawn.std(), 1.0, MOST_STRETCHED))
        return shift, scale

    def _parts(self, generator: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """Class means (n, T) of drawn persons, and their effects with residuals (n, T)."""
        fit, n = self.fit, len(self.courses.values)
        kind = np.searchsorted(np.cumsum(fit.shares)[:-1], generator.random(n))
        place = generator.random(size=(n,))
        noise = self._residuals[
            generator.integers(self._residuals.size, size=self.courses.values.shape)
        ]
        away = np.empty(self.courses.values.shape)
        for k in range(fit.n_classes):
            takers = np.flatnonzero(kind == k)
            given = np.cumsum(fit.posterior[:, k])
            donors = np.searchsorted(given, place[takers] * given[-1], side="right")
            effects = self._effects[k][np.minimum(donors, n - 1)] @ self._random.T
            away[takers] = effects + np.sqrt(fit.residual_variance[k]) * noise[takers]
        return self._means[kind], away

    @cached_property
    def _means(self) -> FloatArray:
        """Mean courses of the classes (K, T)."""
        means: FloatArray = self.fit.predict(self.courses.grid()).T
        return means

    @cached_property
    def _random(self) -> FloatArray:
        """Columns of the random effects (T, q)."""
        T = len(self.courses.positions)
        columns = {"Intercept": np.ones(T), "t": np.arange(T) - 1.0}
        chosen = [columns[name] for name in self.fit.random_terms]
        return np.column_stack(chosen) if chosen else np.zeros((T, 0))

    @cached_property
    def _predicted(self) -> list[tuple[FloatArray, FloatArray]]:
        """By class: effects (n, q) that a member is predicted to have, and residuals (n, T)."""
        values, Z = self.courses.values, self._random
        seen = np.isfinite(values)
        patterns, pattern = np.unique(seen, axis=0, return_inverse=True)
        found = []
        for k in range(self.fit.n_classes):
            spread, noise = self.fit.random_covariance[k], self.fit.residual_variance[k]
            left = values - self._means[k]
            effects = np.zeros((len(values), Z.shape[1]))
            for number, there in enumerate(patterns):
                rows = np.flatnonzero(pattern.ravel() == number)
                part = Z[there]
                total = part @ spread @ part.T + noise * np.eye(int(there.sum()))
                effects[rows] = left[np.ix_(rows, there)] @ np.linalg.solve(total, part @ spread)
            found.append((effects, left - effects @ Z.T))
        return found

    @cached_property
    def _effects(self) -> list[FloatArray]:
        """By class: predicted effects, centred, with the covariance that the model has."""
        spread = []
        for k, (effects, _) in enumerate(self._predicted):
            weight = self.fit.posterior[:, k] / self.fit.posterior[:, k].sum()
            centred = effects - weight @ effects
            own = (centred * weight[:, None]).T @ centred
            root = _root(self.fit.random_covariance[k]) @ np.linalg.pinv(_root(own))
            spread.append(centred @ root.T)
        return spread

    @cached_property
    def _residuals(self) -> FloatArray:
        """Residuals of all persons and positions in their most probable class; variance 1."""
        label = np.argmax(self.fit.posterior, axis=1)
        left = np.empty_like(self.courses.values)
        for k, (_, residuals) in enumerate(self._predicted):
            own = label == k
            left[own] = residuals[own] / np.sqrt(self.fit.residual_variance[k])
        there = left[np.isfinite(left)]
        there = there - there.mean()
        return np.asarray(there / np.sqrt(np.mean(there**2)))


def _root(covariance: FloatArray) -> FloatArray:
    """Symmetric square root of a covariance."""
    values, vectors = np.linalg.eigh(covariance)
    root: FloatArray = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    return root


def likelihood_ratio(spec: GrowthMixture, courses: Courses, seed: int) -> float:
    """Twice the gain in log-likelihood of a mixture over one with a class fewer.

    NaN where either has no proper solution.
    """
    data = courses.moments(spec.formula)
    larger = replace(spec, starts=STARTS, seed=seed)
    smaller = replace(larger, classes=spec.classes - 1)
    fits = [each.try_fit(data) for each in (smaller, larger)]
    if any(isinstance(fit, str) for fit in fits):
        return float("nan")
    a, b = (fit.log_likelihood for fit in fits if not isinstance(fit, str))
    return max(0.0, 2 * (b - a))


@dataclass(frozen=True, kw_only=True)
class _Draw:
    """Likelihood ratios of courses drawn from the null."""

    null: ResampledNull
    spec: GrowthMixture

    def statistic(self, seed: np.random.SeedSequence) -> float:
        """Likelihood ratio of one draw; NaN where either model has no proper solution."""
        generator = np.random.default_rng(seed)
        drawn = self.null.draw(generator)
        return likelihood_ratio(self.spec, drawn, int(generator.integers(2**31)))


def resampled_p(
    null: ResampledNull,
    fit: GrowthMixtureResult,
    *,
    draws: int,
    below: float,
    seed: int,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> float:
    """Test a mixture against one with a class fewer, by draws of resampled persons.

    Ends once p cannot fall below `below` any more.

    Parameters
    ----------
    null : ResampledNull
        From the fit with k - 1 classes.
    fit : GrowthMixtureResult
        With k classes.
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
        (1 + draws at or above the statistic) / (1 + draws made).
    """
    statistic = 2 * (fit.log_likelihood - null.fit.log_likelihood)
    task = _Draw(null=null, spec=fit.spec)
    seeds = np.random.SeedSequence([seed, 2]).spawn(draws)
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
            if (1 + above) / (1 + draws) >= below:
                return float((1 + above) / (1 + made))
    return float((1 + above) / (1 + made))
