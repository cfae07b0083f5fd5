"""Elastic net over many samples at once, with stability selection and held-out R².

The penalty is that of Zou and Hastie (2005), in which correlated predictors come in together.
Coordinate descent goes over cross-products, for every sample in one array operation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salutogen.errors import ModelError
from salutogen.models.descriptive import pearson
from salutogen.models.short_repr import short_repr

Float = NDArray[np.float64]
Int = NDArray[np.int64]
STEPS, SWEEPS = 40, 200
SMALLEST = 0.02  # of the penalty at which the first predictor comes in
TOLERANCE = 1e-7
PAIRS = 50


@short_repr("threshold", "expected_false", "at_once")
@dataclass(frozen=True, kw_only=True)
class StabilitySelection:
    """Which predictors come in among the first in most halves of the persons.

    Attributes
    ----------
    taken : array of bool (halves, k)
        Whether a predictor is among the first `at_once` of a half.
    threshold : float
        From which share on it is selected.
    at_once : int
        Predictors that are taken in each half.
    expected_false : float
        Bound on the expected number of false selections.
    """

    taken: NDArray[np.bool_]
    threshold: float
    at_once: int
    expected_false: float

    @property
    def share(self) -> Float:
        """Share of halves in which a predictor is taken (k,)."""
        return np.asarray(self.taken.mean(axis=0))

    def share_of_any(self, places: Sequence[int]) -> float:
        """Share of halves in which any of some predictors is taken."""
        return float(self.taken[:, list(places)].any(axis=1).mean())

    def expected_false_of(self, groups: int) -> float:
        """Bound on the expected number of false selections among so many groups of predictors.

        A half takes no more groups than predictors.
        """
        return self.at_once**2 / ((2 * self.threshold - 1) * groups)

    @property
    def selected(self) -> NDArray[np.bool_]:
        """Which predictors are selected (k,)."""
        return self.share >= self.threshold


def correlated_groups(X: ArrayLike, threshold: float) -> tuple[tuple[int, ...], ...]:
    """Group columns (n, k) that correlate so much, either way, directly or through others.

    Every column is in one group, by the place of its first; a column alone is a group of one.
    """
    columns = np.asarray(X, dtype=float)
    k = columns.shape[1]
    near = np.eye(k, dtype=bool)
    for i in range(k):
        for j in range(i):
            r = pearson(columns[:, i], columns[:, j])
            near[i, j] = near[j, i] = r is not None and abs(r) >= threshold
    left, groups = list(range(k)), []
    while left:
        group, reached = {left[0]}, {left[0]}
        while reached:
            reached = {j for i in reached for j in left if near[i, j]} - group
            group |= reached
        groups.append(tuple(sorted(group)))
        left = [place for place in left if place not in group]
    return tuple(groups)


def elastic_net_paths(grams: Float, products: Float, penalties: Float, mixing: float) -> Float:
    """Coefficients along a path of penalties, of several samples at once.

    Parameters
    ----------
    grams : array (samples, k, k)
        Correlations of the predictors.
    products : array (samples, k)
        Their correlations with the outcome, in SDs of the outcome.
    penalties : array (samples, steps)
        Descending.
    mixing : float
        1 is the lasso, 0 the ridge.

    Returns
    -------
    array (samples, steps, k)
        Each minimises ``1/2 (1 − 2 b'r + b'Rb) + λ (mixing |b|₁ + (1 − mixing)/2 |b|²)``.
    """
    samples, k = products.shape
    found = np.zeros((samples, penalties.shape[1], k))
    b = np.zeros((samples, k))
    for step in range(penalties.shape[1]):
        lasso = mixing * penalties[:, step]
        ridge = (1.0 - mixing) * penalties[:, step]
        for _ in range(SWEEPS):
            before = b.copy()
            for j in range(k):
                around = np.sum(grams[:, j] * b, axis=1) - grams[:, j, j] * b[:, j]
                rest = products[:, j] - around
                size = np.maximum(np.abs(rest) - lasso, 0.0)
                scale = grams[:, j, j] + ridge
                b[:, j] = np.sign(rest) * np.divide(
                    size, scale, out=np.zeros(samples), where=scale > 0
                )
            if float(np.max(np.abs(b - before))) < TOLERANCE:
                break
        found[:, step] = b
    return found


def stability_selection(
    X: ArrayLike,
    y: ArrayLike,
    *,
    expected_false: float = 1.0,
    threshold: float = 0.75,
    mixing: float = 0.5,
    pairs: int = PAIRS,
    seed: int = 1,
) -> StabilitySelection:
    """Select predictors that come in first in most halves of the persons.

    Complementary halves (Shah and Samworth 2013) and the bound of Meinshausen and Bühlmann (2010):
    with the first q of k predictors in each half, at most ``q² / ((2 threshold − 1) k)`` false ones
    are expected.

    Parameters
    ----------
    X : array (n, k)
    y : array (n,)
    expected_false : float
        The bound; q follows from it, and is at least 1.
    threshold : float
        Share of halves, above one half.
    mixing, pairs, seed
        Of the penalty, of halves, of their draw.
    """
    columns, outcome = _checked(X, y)
    n, k = columns.shape
    if not 0.5 < threshold <= 1:
        raise ModelError(f"threshold: expected a share above one half, got {threshold}.")
    at_once = int(max(1, min(k, np.floor(np.sqrt(expected_false * (2 * threshold - 1) * k)))))
    rng = np.random.default_rng([seed, 0x57AB])
    weights = np.zeros((2 * pairs, n))
    for pair in range(pairs):
        order = rng.permutation(n)
        weights[2 * pair, order[: n // 2]] = 1.0
        weights[2 * pair + 1, order[n // 2 : 2 * (n // 2)]] = 1.0
    paths = _paths(columns, outcome, weights, mixing)[0]
    in_at = np.where((paths != 0).any(axis=1), (paths != 0).argmax(axis=1), STEPS)
    # Of those that come in at the same step, the larger at that step goes first.
    size = np.take_along_axis(paths, np.minimum(in_at, STEPS - 1)[:, None, :], axis=1)[:, 0]
    rank = np.lexsort((-np.abs(size), in_at), axis=1)
    taken = np.zeros((len(weights), k), dtype=bool)
    for sample in range(len(weights)):
        first = rank[sample, :at_once]
        taken[sample, first[in_at[sample, first] < STEPS]] = True
    return StabilitySelection(
        taken=taken,
        threshold=threshold,
        at_once=at_once,
        expected_false=at_once**2 / ((2 * threshold - 1) * k),
    )


def held_out_r_squared(
    X: ArrayLike,
    y: ArrayLike,
    *,
    mixing: float = 0.5,
    folds: int = 10,
    inner: int = 5,
    seed: int = 1,
) -> float:
    """R² in persons who had no part in the fit nor in the choice of the penalty (nested).

    Parameters
    ----------
    X : array (n, k)
    y : array (n,)
    mixing : float
    folds, inner : int
        Parts of the persons, and parts of each training set for the penalty.
    seed : int

    Returns
    -------
    float
        Below 0 where the mean of the others predicts better.
    """
    columns, outcome = _checked(X, y)
    n = outcome.size
    rng = np.random.default_rng([seed, 0xF01D])
    fold = rng.permutation(np.arange(n) % folds)
    part = np.stack([rng.permutation(np.arange(n) % inner) for _ in range(folds)])
    outside = fold[None, :] != np.arange(folds)[:, None]
    weights = [outside.astype(float)]
    for own in range(inner):
        weights.append((outside & (part != own)).astype(float))
    paths, centres, scales, _ = _paths(columns, outcome, np.vstack(weights), mixing)
    error, total = 0.0, 0.0
    for one in range(folds):
        loss = np.zeros(STEPS)
        for own in range(inner):
            place = folds * (own + 1) + one
            rows = outside[one] & (part[one] == own)
            told = _predicted(columns[rows], paths[place], centres[place], scales[place])
            loss += np.sum((outcome[rows, None] - told) ** 2, axis=0)
        best = int(np.argmin(loss))
        rows = ~outside[one]
        told = _predicted(columns[rows], paths[one], centres[one], scales[one])[:, best]
        error += float(np.sum((outcome[rows] - told) ** 2))
        total += float(np.sum((outcome[rows] - centres[one, -1]) ** 2))
    return 1.0 - error / total if total > 0 else float("nan")


def _checked(X: ArrayLike, y: ArrayLike) -> tuple[Float, Float]:
    columns, outcome = np.asarray(X, dtype=float), np.asarray(y, dtype=float)
    fits = columns.ndim == 2 and outcome.shape == columns.shape[:1] and columns.shape[1] > 0
    if not fits or not (np.isfinite(columns).all() and np.isfinite(outcome).all()):
        raise ModelError(
            f"Expected finite X (n, k) and y (n,), got shapes {columns.shape} and {outcome.shape}."
        )
    if outcome.size < 20:
        raise ModelError(f"{outcome.size} units are too few to be parted.")
    return columns, outcome


def _paths(X: Float, y: Float, weights: Float, mixing: float) -> tuple[Float, Float, Float, Float]:
    """Paths of samples with weights (samples, n): coefficients, centres, scales, penalties."""
    both = np.column_stack([X, y])
    k = X.shape[1]
    n = weights.sum(axis=1)
    centres = np.einsum("sn,nj->sj", weights, both) / n[:, None]
    total = np.mean(both, axis=0)
    moved = both - total
    products = np.stack([np.einsum("n,ni,nj->ij", own, moved, moved) for own in weights])
    shift = centres - total
    covariance = products / n[:, None, None] - shift[:, :, None] * shift[:, None, :]
    scales = np.sqrt(np.maximum(np.diagonal(covariance, axis1=1, axis2=2), 0.0))
    safe = np.where(scales > 0, scales, np.inf)
    r = covariance / (safe[:, :, None] * safe[:, None, :])
    top = np.max(np.abs(r[:, :k, k]), axis=1) / max(mixing, 1e-3)
    penalties = top[:, None] * np.geomspace(0.999, SMALLEST, STEPS)[None, :]
    paths = elastic_net_paths(r[:, :k, :k], r[:, :k, k], penalties, mixing)
    return paths, centres, scales, penalties


def _predicted(X: Float, path: Float, centre: Float, scale: Float) -> Float:
    """Expected outcome (n, steps) along a path, in the outcome's own units."""
    safe = np.where(scale[:-1] > 0, scale[:-1], np.inf)
    z = (X - centre[:-1]) / safe
    return np.asarray(centre[-1] + scale[-1] * np.einsum("nk,sk->ns", z, path))
