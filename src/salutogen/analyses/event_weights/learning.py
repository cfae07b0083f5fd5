"""Weights of events learned on one half of the persons, and what they tell of the other half."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from salutogen.models.descriptive import pearson
from salutogen.models.linear_algebra import combine

Float = NDArray[np.float64]
Int = NDArray[np.int64]
STREAM = 0xE7E
FOLDS = 5
# Penalties as multiples of n times the mean variance of an item; infinite: equal weights.
PENALTIES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, np.inf)
Method = Literal["ridge", "log-odds"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Weighted:
    """A weighted sum of events with its line, as learned on some persons.

    Expected P of a person is ``level + sum of weights * (items - means)``.
    """

    weights: Float
    means: Float
    level: float
    equal: bool

    def expected(self, items: Float) -> Float:
        """Expected problems (n,) of persons with these items (n, k)."""
        return self.level + combine(items - self.means, self.weights)


def learn(items: Float, P: Float, method: Method, rng: np.random.Generator) -> Weighted:
    """Learn weights from persons' mean items (n, k) and mean problems (n,)."""
    if method == "log-odds":
        return _with_line(items, P, log_odds(items, P))
    return _Products(items, P).fitted(_best_penalty(items, P, rng))


def equal_weights(items: Float, P: Float) -> Weighted:
    """The plain sum of the items with its least-squares line."""
    return _with_line(items, P, np.ones(items.shape[1]))


def log_odds(items: Float, P: Float) -> Float:
    """Log odds ratio of P above the median, of those who met an event against the others.

    Half a person is added to each of the four cells (Haldane 1956), so that rare events have a
    finite weight.
    """
    high = np.median(P) < P
    found = np.empty(items.shape[1])
    for place, item in enumerate(items.T):
        met = item > 0
        a, b = np.sum(met & high) + 0.5, np.sum(met & ~high) + 0.5
        c, d = np.sum(~met & high) + 0.5, np.sum(~met & ~high) + 0.5
        found[place] = np.log(a * d / (b * c))
    return found


def _with_line(items: Float, P: Float, weights: Float) -> Weighted:
    """Scale weights by the least-squares line of P on the weighted sum."""
    means = items.mean(axis=0)
    total = combine(items - means, weights)
    square = float(np.sum(total**2))
    slope = float(np.sum(total * P)) / square if square > 0 else 0.0
    return Weighted(
        weights=slope * weights,
        means=means,
        level=float(P.mean()),
        equal=bool(np.ptp(weights) == 0),
    )


class _Products:
    """Sums of products of some persons, from which weights under every penalty are found.

    ``P = a + b * sum(items) + sum of d * items``; only the deviations d are penalised, so that
    weights are drawn towards one common weight.
    """

    def __init__(self, items: Float, P: Float) -> None:
        self.items, self.P = items, P
        self.means, self.level = items.mean(axis=0), float(P.mean())
        x, y = items - self.means, P - self.level
        both = np.column_stack([x.sum(axis=1), x])
        self.left = np.einsum("ij,ik->jk", both, both)  # plain loops: the same on any machine
        self.right = np.einsum("ij,i->j", both, y)
        self.scale = float(np.mean(np.diag(self.left)[1:]))

    def fitted(self, penalty: float) -> Weighted:
        """Weights under a penalty; infinite: the least-squares line of the plain sum."""
        if not np.isfinite(penalty):
            return equal_weights(self.items, self.P)
        left = self.left.copy()
        left[1:, 1:] += penalty * self.scale * np.eye(len(left) - 1)
        found = np.linalg.solve(left, self.right)
        return Weighted(
            weights=found[0] + found[1:], means=self.means, level=self.level, equal=False
        )


def _best_penalty(items: Float, P: Float, rng: np.random.Generator) -> float:
    """Penalty of the smallest error in five parts of these persons, each predicted by the others.

    Parts are of the training half alone: the half that is tried later has no say.
    """
    part = np.arange(len(P)) % FOLDS
    rng.shuffle(part)
    errors = np.zeros(len(PENALTIES))
    for fold in range(FOLDS):
        out = part == fold
        products = _Products(items[~out], P[~out])
        for place, penalty in enumerate(PENALTIES):
            left = P[out] - products.fitted(penalty).expected(items[out])
            errors[place] += float(np.sum(left**2))
    return PENALTIES[int(np.argmin(errors))]


@dataclass(frozen=True, kw_only=True, eq=False)
class Splits:
    """What the splits gave; each split learns on either half and tries on the other.

    Attributes
    ----------
    weights : array (splits, 2, k)
        In points of P per unit of the item.
    equal : array of bool (splits, 2)
        Whether equal weights were chosen.
    explained, explained_equal : array (splits,)
        Share of the variance of P explained in persons left out, mean of both halves.
    stability : array (splits,)
        Correlation of the weights of both halves, which share no person; NaN where one is equal.
    left : array (n,)
        Observed less expected P of each person, by weights of the other half; mean over splits.
    """

    weights: Float
    equal: NDArray[np.bool_]
    explained: Float
    explained_equal: Float
    stability: Float
    left: Float

    @property
    def gain(self) -> tuple[float, float, float]:
        """Mean gain of explained variance over equal weights, and its 95 % interval.

        By t with the variance of splits that overlap (Nadeau & Bengio 2003): the splits use the
        same persons over and over, so that their plain variance would be too small.
        """
        from scipy.special import stdtrit

        gains = self.explained - self.explained_equal
        splits = len(gains)
        se = float(np.sqrt((1 / splits + 1) * np.var(gains, ddof=1)))  # test half = training half
        half = float(stdtrit(splits - 1, 0.975)) * se
        mean = float(gains.mean())
        return mean, mean - half, mean + half


def try_splits(items: Float, P: Float, *, method: Method, splits: int, seed: int) -> Splits:
    """Split persons into halves, learn on one and try on the other, both ways, many times.

    Parameters
    ----------
    items : array (n, k)
        Mean of each item over a person's occasions.
    P : array (n,)
        Mean problems.
    """
    n, k = items.shape
    weights = np.empty((splits, 2, k))
    equal = np.zeros((splits, 2), dtype=bool)
    explained, explained_equal = np.empty(splits), np.empty(splits)
    stability, left = np.full(splits, np.nan), np.zeros(n)
    for split in range(splits):
        rng = np.random.default_rng([seed, STREAM, split])
        first = np.zeros(n, dtype=bool)
        first[rng.permutation(n)[: n // 2]] = True
        shares = np.empty((2, 2))
        for side, train in enumerate((first, ~first)):
            fit = learn(items[train], P[train], method, rng)
            plain = equal_weights(items[train], P[train])
            weights[split, side], equal[split, side] = fit.weights, fit.equal
            rest = P[~train] - fit.expected(items[~train])
            left[~train] += rest / splits
            total = float(np.sum((P[~train] - fit.level) ** 2))
            other = P[~train] - plain.expected(items[~train])
            shares[side] = 1 - np.array([np.sum(rest**2), np.sum(other**2)]) / total
        explained[split], explained_equal[split] = shares.mean(axis=0)
        if not equal[split].any():
            r = pearson(weights[split, 0], weights[split, 1])
            stability[split] = np.nan if r is None else r
    return Splits(
        weights=weights,
        equal=equal,
        explained=explained,
        explained_equal=explained_equal,
        stability=stability,
        left=left,
    )
