"""Bootstrap likelihood-ratio test of the number of classes, simulated without rows."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.growth_mixture import GrowthMixture
from salutogen.models.mixture_climb import climb
from salutogen.models.mixture_parameters import ClassParameters, Layout
from salutogen.models.mixture_problem import MixtureProblem
from salutogen.models.mixture_search import one_class, search

Float = NDArray[np.float64]

NO_RANK = 1e-9  # eigenvalues below this share of the largest are zero
STARTS = 8  # starts of the larger model in each draw


@dataclass(frozen=True, kw_only=True)
class BootstrapLikelihoodRatio:
    """Whether k classes describe the data better than k − 1, beyond what chance gives.

    Attributes
    ----------
    classes : int
        k.
    statistic : float
        2 (log-likelihood of k − log-likelihood of k − 1).
    draws : array (n,)
        The same in data simulated from the model with k − 1 classes.
    n_failed : int
        Draws in which all starts with k classes were degenerate; left out of `draws`.
    p_value : float
        (1 + draws at or above the statistic) / (1 + draws).
    """

    classes: int
    statistic: float
    draws: Float
    n_failed: int

    @property
    def p_value(self) -> float:
        """Share of draws at or above the statistic, itself counted among them."""
        return float((1 + np.sum(self.draws >= self.statistic)) / (1 + len(self.draws)))


@dataclass(frozen=True, kw_only=True)
class _Simulator:
    """Draws outcomes' cross-products: those with X and Z and of the residuals suffice."""

    problem: MixtureProblem
    cross: Float
    root: Float
    rank: Float
    null: Layout
    larger: Layout
    null_free: Float
    pooled: ClassParameters

    def outcome(self, generator: np.random.Generator) -> MixtureProblem:
        """Return the problem with an outcome drawn from the smaller model."""
        at, problem = self.null.unpack(self.null_free), self.problem
        n, p, q = problem.data.shape[1], problem.p, problem.q
        edges = np.cumsum(np.exp(at.log_share))[:-1]
        k = np.searchsorted(edges, generator.random(n))
        c = k if len(at.factors) > 1 else np.zeros(n, dtype=np.int64)
        normal = generator.normal(size=(n, q))
        effects = np.sum(at.factors[c] * normal[:, None, :], axis=2)
        mean = np.concatenate([at.coefficients[k], effects], axis=1)
        sd = np.sqrt(at.variances[c])
        noise = generator.normal(size=(n, p + q)) * sd[:, None]
        along = np.sum(self.root * noise[:, None, :], axis=2)
        seen = np.arange(p + q) >= (p + q - self.rank)[:, None]  # eigenvalues rise
        left = problem.data[0] - self.rank
        rest = np.where(left > 0, generator.chisquare(np.maximum(left, 1)), 0.0) * sd**2
        with_mean = np.sum(self.cross * mean[:, None, :], axis=2)
        square = (
            np.sum(mean * (with_mean + 2 * along), axis=1) + np.sum(noise**2 * seen, axis=1) + rest
        )
        data = problem.data.copy()
        d = p + 1
        last = 1 + _packed(d)[:, p]
        both = with_mean + along
        data[last[:p]] = both[:, :p].T
        data[last[p]] = square
        data[1 + d * (d + 1) // 2 + np.arange(q) * d + p] = both[:, p:].T
        return replace(problem, data=data)

    def statistic(self, seed: np.random.SeedSequence) -> float:
        """Likelihood ratio of one draw; NaN where every start is degenerate."""
        own, starts = seed.spawn(2)
        problem = self.outcome(np.random.default_rng(own))
        smaller = climb(problem, self.null, self.null_free).value
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
    seed: int = 1,
    executor: Executor | None = None,
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
        Simulated data sets. No rows are simulated: a Gaussian outcome's cross-products with the
        persons' own predictors are drawn directly.
    seed : int
        Each draw has its own stream, so neither the executor nor its workers change the result.
    executor : concurrent.futures.Executor, optional
        Where the draws run, for example a process pool; by default here.
    **settings
        Further settings of `GrowthMixture`.

    Raises
    ------
    ModelError
        What `GrowthMixture` refuses, or fewer than 2 classes or 1 draw.
    """
    if classes < 2 or draws < 1:
        raise ModelError(
            f"Expected at least 2 classes and 1 draw, got {classes} classes and {draws} draws."
        )
    settings = {"seed": seed, **settings}
    larger = GrowthMixture(formula, classes=classes, **settings)
    smaller = replace(larger, classes=classes - 1)
    moments, problem, terms = larger.prepare(data)
    fits = [spec.search(problem, moments, terms) for spec in (smaller, larger)]
    bests = [found.best for _, found in fits]
    if bests[0] is None or bests[1] is None:
        k = classes - 1 if bests[0] is None else classes
        raise ModelError(f"{formula}: every start with {k} classes is degenerate.")
    simulator = _simulator(problem, fits[0][0], fits[1][0], bests[0].free)
    seeds = np.random.SeedSequence(seed).spawn(draws)
    mapped = map if executor is None else executor.map
    values = np.array(list(mapped(simulator.statistic, seeds)))
    failed = np.isnan(values)
    return BootstrapLikelihoodRatio(
        classes=classes,
        statistic=2 * (bests[1].value - bests[0].value),
        draws=values[~failed],
        n_failed=int(failed.sum()),
    )


def _packed(d: int) -> NDArray[np.int64]:
    """Places (d, d) in a packed upper triangle."""
    places = np.zeros((d, d), dtype=np.int64)
    places[np.triu_indices(d)] = np.arange(d * (d + 1) // 2)
    both: NDArray[np.int64] = places + np.triu(places, 1).T
    return both


def _simulator(
    problem: MixtureProblem, null: Layout, larger: Layout, null_free: Float
) -> _Simulator:
    p, q = problem.p, problem.q
    d, n = p + 1, problem.data.shape[1]
    zb = 1 + d * (d + 1) // 2
    cross = np.empty((n, p + q, p + q))
    cross[:, :p, :p] = np.moveaxis(problem.data[1 + _packed(d)[:p, :p]], 2, 0)
    with_z = problem.data[zb : zb + q * d].reshape(q, d, n)[:, :p]
    cross[:, p:, :p] = np.moveaxis(with_z, 2, 0)
    cross[:, :p, p:] = np.swapaxes(cross[:, p:, :p], 1, 2)
    cross[:, p:, p:] = np.moveaxis(problem.data[zb + q * d :].reshape(q, q, n), 2, 0)
    values, vectors = np.linalg.eigh(cross)
    values = np.where(values > NO_RANK * values[:, -1:], values, 0.0)
    single = replace(null, classes=1, shared=(False,) * p, lowest=1e-8)
    pooled = one_class(problem, null.blocks, polish=False)
    return _Simulator(
        problem=problem,
        cross=cross,
        root=vectors * np.sqrt(values)[:, None, :],
        rank=np.sum(values > 0, axis=1).astype(float),
        null=null,
        larger=larger,
        null_free=null_free,
        pooled=single.unpack(pooled.free),
    )
