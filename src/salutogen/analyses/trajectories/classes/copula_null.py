"""Draw courses that vary as the data do at each position and together, but without classes.

A mixture takes any shape that its classes do not have for a further class: skewness of a jump, a
floor, persons who vary more than others (Bauer and Curran 2003). Here each position keeps the
distribution that it has within each class of the smaller model, whatever its shape, and every two
positions keep their correlation; persons keep how far they lie from the middle. What joins the
positions is elliptical otherwise (a copula, Nelsen 2006): it has one centre. A position with
several peaks is smoothed until it has one, so that two heaps become one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from salutogen.analyses.trajectories.classes.course_bases import proper_correlation
from salutogen.analyses.trajectories.classes.mixtures import Courses
from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.models import GrowthMixtureResult
from salutogen.models.mixture.class_test.critical_bandwidth import smoothing

GRID = 400  # quantiles by which a distribution is kept
PLACES = (np.arange(GRID) + 0.5) / GRID
SMOOTH = 51  # quantiles of the noise that smooths
SAMPLE = 4000  # persons among whom correlations are matched
MATCHING = 60  # seed of these
ROUNDS = 12
TWICE = 2.0  # times as far as leaves one peak are positions with two heaps smoothed
PARTED = 0.15  # bandwidth, in SD, from which on: noise blurs heaps at a single position
CERTAIN = 1e-12  # probabilities nearer to 0 or 1 count as this near


@dataclass(frozen=True, kw_only=True)
class CopulaNull:
    """Courses with the classes of a fit; within each the data's margins and correlations.

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
        kind = np.searchsorted(np.cumsum(self.fit.shares)[:-1], generator.random(len(values)))
        drawn = np.empty(values.shape)
        for k, group in enumerate(self.classes):
            takers = kind == k
            drawn[takers] = group.draw(int(takers.sum()), generator)
        drawn = np.clip(drawn, self.low, self.high)
        return replace(self.courses, values=np.where(np.isfinite(values), drawn, np.nan))

    @cached_property
    def classes(self) -> list[ClassCopula]:
        """How courses vary within each class."""
        return [
            class_copula(self.courses.values, given, self.low, self.high)
            for given in self.fit.posterior.T
        ]


@dataclass(frozen=True, kw_only=True)
class ClassCopula:
    """How the courses of one class vary.

    Attributes
    ----------
    margins : ndarray, shape (T, GRID)
        Quantiles of each position.
    distances : ndarray, shape (GRID,)
        Quantiles of squared distances from the middle that give persons theirs.
    scores : ndarray, shape (GRID,)
        Quantiles of one score, which these distances make other than normal.
    root : ndarray, shape (T, T)
        Lower factor of the correlation of scores.
    """

    margins: FloatArray
    distances: FloatArray
    scores: FloatArray
    root: FloatArray

    def draw(self, n: int, generator: np.random.Generator) -> FloatArray:
        """Return courses (n, T) of n persons."""
        round_ = spherical(n, len(self.margins), self.distances, generator)
        return courses_of(round_ @ self.root.T, self.scores, self.margins)


def class_copula(
    values: FloatArray, given: FloatArray, low: FloatArray, high: FloatArray
) -> ClassCopula:
    """Learn how courses (n, T) vary, persons having these weights (n,)."""
    T = values.shape[1]
    margins = np.stack([margin(values[:, t], given, low[:, t], high[:, t]) for t in range(T)])
    distances = _radial(weighted_quantiles(_distances(values, given), given, PLACES), T)
    round_ = spherical(SAMPLE, T, distances, np.random.default_rng(MATCHING))
    scores = np.quantile(round_, PLACES)
    wanted = weighted_correlation(values, given)
    latent = wanted
    for _ in range(ROUNDS):
        root = np.linalg.cholesky(proper_correlation(latent))
        found = np.corrcoef(courses_of(round_ @ root.T, scores, margins).T)
        latent = latent + np.where(np.isfinite(found), wanted - found, 0.0)
    root = np.linalg.cholesky(proper_correlation(latent))
    return ClassCopula(margins=margins, distances=distances, scores=scores, root=root)


def spherical(n: int, T: int, distances: FloatArray, generator: np.random.Generator) -> FloatArray:
    """Draw scores (n, T) in every direction alike, with these distances from the middle."""
    normal = generator.normal(size=(n, T))
    size = np.sqrt(np.sum(normal**2, axis=1))
    far = np.sqrt(np.interp(generator.random(n), PLACES, distances))
    scores: FloatArray = normal * (far / size)[:, None]
    return scores


def courses_of(drawn: FloatArray, scores: FloatArray, margins: FloatArray) -> FloatArray:
    """Values with these margins (T, GRID) in the places that scores (n, T) have among theirs."""
    return np.column_stack([
        np.interp(np.interp(column, scores, PLACES), PLACES, row)
        for column, row in zip(drawn.T, margins, strict=True)
    ])  # fmt: skip


def _radial(wanted: FloatArray, T: int) -> FloatArray:
    """Quantiles of squared distances that are the wanted ones by normal scores of ranks.

    Ranks take from each position what makes its tails long, and so from the distances.
    """
    from scipy.special import ndtri

    distances = wanted
    for _ in range(ROUNDS):
        drawn = spherical(SAMPLE, T, distances, np.random.default_rng(MATCHING))
        places = (np.argsort(np.argsort(drawn, axis=0), axis=0) + 0.5) / SAMPLE
        found = np.quantile(np.sum(ndtri(places) ** 2, axis=1), PLACES)
        distances = np.maximum.accumulate(distances * wanted / found)
    return distances


def _distances(values: FloatArray, given: FloatArray) -> FloatArray:
    """Squared distances of persons from the middle by normal scores of their ranks.

    A person with missing positions gets the distance that is as rare with all of them.
    """
    from scipy.special import chdtr, chdtri, ndtri

    n, T = values.shape
    seen, scores = np.isfinite(values), np.zeros((n, T))
    for t in range(T):
        there = seen[:, t]
        scores[there, t] = ndtri(_weighted_ranks(values[there, t], given[there]))
    latent = proper_correlation(weighted_correlation(np.where(seen, scores, np.nan), given))
    rarity = np.empty(n)
    patterns, pattern = np.unique(seen, axis=0, return_inverse=True)
    for number, there in enumerate(patterns):
        rows = np.flatnonzero(pattern.ravel() == number)
        part = scores[np.ix_(rows, there)]
        square = np.sum(part * np.linalg.solve(latent[np.ix_(there, there)], part.T).T, axis=1)
        rarity[rows] = chdtr(int(there.sum()), square)
    found: FloatArray = chdtri(T, 1 - np.clip(rarity, CERTAIN, 1 - CERTAIN))
    return found


def _weighted_ranks(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Share of the weight below each value, ties in the middle of theirs."""
    _, place = np.unique(values, return_inverse=True)
    each = np.bincount(place, weights)
    middle = np.cumsum(each) - each / 2
    return np.clip(middle[place] / each.sum(), CERTAIN, 1 - CERTAIN)


def margin(values: FloatArray, given: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """Quantiles of one position's values with these weights, smoothed until they have one peak.

    Values at a bound stay there: a floor is no peak. Smoothing keeps mean and variance of the
    others.
    """
    seen = np.isfinite(values) & (given > 0)
    inside = seen & (values > low) & (values < high)
    bounded = seen & ~inside
    if not inside.any():
        return weighted_quantiles(values[seen], given[seen], PLACES)
    free = _one_peak(values[inside], given[inside])
    if not bounded.any():
        return free
    share = float(given[bounded].sum() / given[seen].sum())
    weights = np.concatenate([
        np.full(GRID, (1 - share) / GRID), share * given[bounded] / given[bounded].sum()
    ])  # fmt: skip
    return weighted_quantiles(np.concatenate([free, values[bounded]]), weights, PLACES)


def _one_peak(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Quantiles of values, smoothed until they have one peak and shrunk to their variance."""
    from scipy.special import ndtri

    plain = weighted_quantiles(values, weights, PLACES)
    mean, variance = float(plain.mean()), float(plain.var())
    if variance == 0:
        return plain
    bandwidth = smoothing(values, weights, TWICE, PARTED)
    noise = bandwidth * ndtri((np.arange(SMOOTH) + 0.5) / SMOOTH)
    spread = (plain[:, None] + noise).ravel() - mean
    shrunk = mean + spread / np.sqrt(1 + bandwidth**2 / variance)
    quantiles: FloatArray = np.quantile(shrunk, PLACES)
    return quantiles


def weighted_quantiles(values: FloatArray, weights: FloatArray, places: FloatArray) -> FloatArray:
    """Quantiles of weighted values, between the middles of their weights."""
    order = np.argsort(values, kind="stable")
    share = weights[order] / weights.sum()
    return np.interp(places, np.cumsum(share) - share / 2, values[order])


def weighted_correlation(values: FloatArray, given: FloatArray) -> FloatArray:
    """Correlations (T, T) of positions with these weights, over persons with both."""
    seen = np.isfinite(values)
    filled = np.where(seen, values, 0.0)
    T = values.shape[1]
    found = np.eye(T)
    for a in range(T):
        for b in range(a):
            weight = given * seen[:, a] * seen[:, b]
            total = weight.sum()
            if total <= 0:
                continue
            x, y = (filled[:, t] - weight @ filled[:, t] / total for t in (a, b))
            size = np.sqrt((weight @ x**2) * (weight @ y**2))
            found[a, b] = found[b, a] = weight @ (x * y) / size if size > 0 else 0.0
    return found
