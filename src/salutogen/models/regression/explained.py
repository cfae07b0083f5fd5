"""What some terms of a line explain beside the others: squared semipartial correlation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salutogen.models.descriptive import numbered
from salutogen.models.linear_algebra import PIECE, Factored, combine, sum_in_pieces, sum_of_products
from salutogen.models.regression.least_squares import checked

Float = NDArray[np.float64]

NOTHING = 1e-12
FULL = 1e-8  # one minus a leverage of 1
MOST_SCALED = 15.0  # a share of 1 to all digits


class ExplainedShare(NamedTuple):
    """Share of the variance of the outcome that some terms explain given the others.

    `adjusted` is the difference of the two lines' adjusted R² and may be negative; `low` and `high`
    bound the 95 % interval, None where it could not be computed.
    """

    share: float
    adjusted: float
    low: float | None
    high: float | None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval, if it is known."""
        return None if self.low is None or self.high is None else (self.low, self.high)


def explained_share(
    y: ArrayLike,
    X: ArrayLike | Factored,
    tested: Sequence[bool],
    *,
    names: Sequence[str],
    cluster: ArrayLike | None = None,
) -> ExplainedShare:
    """Share of the variance of y that the tested columns explain given the others.

    Parameters
    ----------
    y : array (n,)
        Outcome.
    X : array (n, p) or Factored
        Predictors, with a column of ones among those not tested.
    tested : sequence of bool (p,)
        Which columns' share is asked for.
    names : sequence of str
        Names of the columns of X.
    cluster : integer array (n,), optional
        Codes of the persons, where units are rows.

    Returns
    -------
    ExplainedShare
        With nothing but the constant beside the tested columns the share is R².

    Notes
    -----
    The interval is made on a scale of the root of what is explained over what is not, straight 0
    and logarithmic further up, where errors of a variance are in proportion to it (`_scaled`). Its
    variance is the sum over units (persons) of their squared influences, predictors taken as drawn
    like the outcome (Ogasawara 2006), each squared residual divided by one minus its leverage. With
    q tested columns the squared value is larger than the true one by (q − 1) times its variance,
    which is taken off for the lower limit. Samples without the rare persons at the end of a skewed
    predictor explain too little and look too sure: the upper limit has the degrees of freedom that
    the fourth moments of the influences leave (Satterthwaite 1946) and is stretched by their
    skewness (Hall 1992). Where next to nothing is explained, what leverages alone do to an
    influence outweighs the rest on that scale: the upper limit is the lower of two, one of them
    with the same leverages in both lines, where influences vanish as the share does. A lower limit
    of 0 says that the share cannot be told from none.
    """
    outcome, columns = checked(y, X.X if isinstance(X, Factored) else X, names)
    n, p = columns.shape
    asked = np.asarray(tested, dtype=bool)
    order = np.concatenate([np.flatnonzero(~asked), np.flatnonzero(asked)])
    if (np.diff(order) == 1).all():
        Q = Factored.of(X, names).Q
    else:
        Q = Factored.of(columns[:, order], [names[j] for j in order]).Q
    q = int(asked.sum())
    without, within = _Left(outcome, Q[: p - q]), _Left(outcome, Q)
    mean = float(np.mean(outcome))
    total = sum_in_pieces(n, lambda piece: float(np.sum((outcome[piece] - mean) ** 2)))
    rss_without, rss = without.squares, within.squares
    share = max(rss_without - rss, 0.0) / total
    adjusted = (n - 1) / total * (rss_without / (n - p + q) - rss / (n - p))
    if not NOTHING < share < 1 - NOTHING:
        return ExplainedShare(share, adjusted, None, None)
    influence, near_none = np.empty(n), np.empty(n)
    for start in range(0, n, PIECE):
        piece = slice(start, min(start + PIECE, n))
        # The sum of squares without each unit.
        rest = total - (outcome[piece] - mean) ** 2 * n / (n - 1)
        if np.min(rest) <= FULL * total:  # one unit alone differs from the others
            return ExplainedShare(share, adjusted, None, None)
        own, room = share * (total - rest), within.room(piece)
        more, left = without.squared(piece), within.squared(piece) / room
        influence[piece] = (more / without.room(piece) - left - own) / rest
        near_none[piece] = (more / room - left - own) / rest
    if cluster is not None:
        index, n_clusters = numbered(np.asarray(cluster))
        influence = np.bincount(index, influence, minlength=n_clusters)
        near_none = np.bincount(index, near_none, minlength=n_clusters)
    df = min(influence.size, n) - p
    low, high = _limits(share, influence, q, df)
    return ExplainedShare(share, adjusted, low, min(high, _limits(share, near_none, q, df)[1]))


def _limits(share: float, influence: Float, q: int, df: int) -> tuple[float, float]:
    """95 % limits of a share of q terms from the influences of units (persons) on it."""
    from scipy.special import stdtrit

    units = influence.size
    own = influence - np.mean(influence)
    square = own * own  # far faster than powers of a long array
    squares = float(square.sum())
    third, fourth = sum_of_products(square, own), sum_of_products(square, square)
    value = float(_scaled(share))
    # Slope of the scale along the share times the share's error.
    slope = 1 / (2 * np.sqrt(share) * (1 - share) * np.sqrt(1 + 3 * share))
    error = float(slope * np.sqrt(squares * units / (units - 1)))
    if not error > 0:
        return share, share
    centre = float(np.sqrt(max(value**2 - (q - 1) * error**2, 0.0)))
    low = centre - float(stdtrit(df, 0.975)) * error
    # Of units that all pull the same the fourth powers tell nothing: as many as there are.
    beyond, twice = fourth - squares**2 / units, 2 * squares**2
    left = twice / beyond if twice < df * beyond else float(df)
    reach = float(stdtrit(min(max(left, 1.0), df), 0.975))
    high = value + max(_stretched(reach, third / squares**1.5), reach) * error
    return _share_at(low), _share_at(high)


def _scaled(share: float) -> float:
    """asinh(2 r) / 2, where r is the root of what is explained over what is not."""
    return float(np.arcsinh(2 * np.sqrt(share / (1 - share))) / 2)


def _share_at(value: float) -> float:
    """Invert `_scaled`; 0 below its range."""
    root = float(np.sinh(2 * min(max(value, 0.0), MOST_SCALED)) / 2)
    return root**2 / (1 + root**2)


def _stretched(reach: float, skewness: float) -> float:
    """How far an upper limit lies in errors where influences have this skewness (Hall 1992).

    Hall's cubic takes the skewness out of the studentised estimate and has an inverse; `skewness`
    is that of the influences over the root of their number.
    """
    if abs(skewness) < NOTHING:
        return reach
    found = np.cbrt(1 - skewness * (reach + skewness / 6)) - 1
    return float(-3 * found / skewness)


class _Left:
    """What orthonormal terms (p, n) leave of an outcome (n,), a piece at a time."""

    def __init__(self, outcome: Float, Q: Float) -> None:
        self._outcome, self._Q = outcome, Q
        self._steps: list[Float] = []
        n = len(outcome)
        for _ in range(2):  # one refinement: full accuracy
            self._steps.append(sum_in_pieces(n, self._along))
        self.squares = sum_in_pieces(n, lambda piece: float(np.sum(self._of(piece) ** 2)))

    def _along(self, piece: slice) -> Float:
        left = self._of(piece)
        return np.array([np.sum(q[piece] * left) for q in self._Q])

    def _of(self, piece: slice) -> Float:
        left = self._outcome[piece]
        for step in self._steps:
            left = left - combine(self._Q[:, piece].T, step)
        return left

    def squared(self, piece: slice) -> Float:
        """Squares of what is left."""
        found: Float = self._of(piece) ** 2
        return found

    def room(self, piece: slice) -> Float:
        """One minus the leverage of each unit."""
        found: Float = np.maximum(1 - np.sum(self._Q[:, piece] ** 2, axis=0), FULL)
        return found
