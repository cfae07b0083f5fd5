"""What some terms of a line explain beside the others: squared semipartial correlation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salutogen.models.linear_algebra import combine, orthonormalise
from salutogen.models.regression.least_squares import checked

Float = NDArray[np.float64]

NOTHING = 1e-12
FULL = 1e-8  # one minus a leverage of 1


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
    X: ArrayLike,
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
    X : array (n, p)
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
    The interval is made on Fisher's z of the root of the share. Its variance is the sum over units
    (persons) of their squared influences, predictors taken as drawn like the outcome (Ogasawara
    2006), each squared residual divided by one minus its leverage. With q tested columns the
    squared z is larger than the true one by (q − 1) times its variance, which is taken off. A lower
    limit of 0 says that the share cannot be told from none.
    """
    from scipy.special import stdtrit

    outcome, columns = checked(y, X, names)
    n, p = columns.shape
    asked = np.asarray(tested, dtype=bool)
    centred = outcome - np.mean(outcome)
    total = float(np.sum(centred**2))
    order = np.concatenate([np.flatnonzero(~asked), np.flatnonzero(asked)])
    Q, _ = orthonormalise(columns[:, order], [names[j] for j in order])
    q = int(asked.sum())
    without, leverage_without = _left(outcome, Q[: p - q])
    within, leverage = _left(outcome, Q)
    rss_without, rss = float(np.sum(without**2)), float(np.sum(within**2))
    share = max(rss_without - rss, 0.0) / total
    adjusted = (n - 1) / total * (rss_without / (n - p + q) - rss / (n - p))
    if not NOTHING < share < 1 - NOTHING:
        return ExplainedShare(share, adjusted, None, None)
    rest = total - centred**2 * n / (n - 1)  # the sum of squares without each unit
    if np.min(rest) <= FULL * total:  # one unit alone differs from the others
        return ExplainedShare(share, adjusted, None, None)
    own = np.maximum(1 - leverage, FULL)
    own_without = np.maximum(1 - leverage_without, FULL)
    influence = (without**2 / own_without - within**2 / own - share * (total - rest)) / rest
    if cluster is not None:
        influence = np.bincount(np.asarray(cluster), influence)
        influence = influence[np.bincount(np.asarray(cluster)) > 0]
    units = influence.size
    variance = float(np.sum((influence - np.mean(influence)) ** 2)) * units / (units - 1)
    error = float(np.sqrt(variance / (4 * share))) / (1 - share)
    z = float(np.arctanh(np.sqrt(share)))
    centre = float(np.sqrt(max(z**2 - (q - 1) * error**2, 0.0)))
    reach = float(stdtrit(min(units, n) - p, 0.975)) * error
    low, high = max(centre - reach, 0.0), centre + reach
    return ExplainedShare(share, adjusted, float(np.tanh(low) ** 2), float(np.tanh(high) ** 2))


def _left(outcome: Float, Q: Float) -> tuple[Float, Float]:
    """What orthonormal terms (p, n) leave of the outcome, and their leverages (n,)."""
    left = outcome
    for _ in range(2):  # one refinement: full accuracy
        left = left - combine(Q.T, np.array([np.sum(q * left) for q in Q]))
    return left, np.sum(Q**2, axis=0)
