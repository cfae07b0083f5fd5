"""Persons' random intercepts with autocorrelated residuals, as sums that a bootstrap can redraw.

Rows of a person are whitened by their gaps; what is left of the random intercept is one rank per
person. So every person adds one matrix of cross-products to the generalised least squares of the
fixed effects, and a resample of persons is a sum of these matrices.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from salutogen.models.lowest_point import lowest_point, where_level
from salutogen.models.quantiles import CHI_SQUARE_95

Float = NDArray[np.float64]
Int = NDArray[np.int64]

LARGEST_RATIO = 1e6  # of the variance between persons to that within them
LAGS = (-0.6, 0.95)
SETTLED = 1e-4  # of the share of variance between persons, before the slope tells the rest
SETTLED_LAG = 1e-4  # of the autocorrelation
LAG_DIGITS = 4
MOST_PERSONS = 2000  # whose rows tell the autocorrelation
FEWEST_OCCASIONS = 3
STEP = 0.02  # of differences, in the share of variance between persons and in the lag
COLLINEAR = 1e-10  # smallest eigenvalue of the correlations of columns that are told apart


@dataclass(frozen=True, kw_only=True)
class PersonRows:
    """Rows sorted by person, then occasion.

    Attributes
    ----------
    person : ndarray of int64, shape (n,)
        Codes 0, 1, …, each present.
    follows : ndarray of int64
        Places of the rows that are not their person's first.
    gap : ndarray of int64
        Planned occasions from the row before to each of these.
    """

    person: Int
    follows: Int
    gap: Int

    @property
    def n_persons(self) -> int:
        """Number of persons."""
        return int(self.person[-1]) + 1


def person_rows(person: Int, occasion: Int) -> PersonRows:
    """Prepare rows that are sorted by person, then occasion."""
    same = np.diff(person) == 0
    codes = np.concatenate([[0], np.cumsum(~same)]).astype(np.int64)
    follows = np.flatnonzero(same) + 1
    return PersonRows(person=codes, follows=follows, gap=occasion[follows] - occasion[follows - 1])


@dataclass(frozen=True, kw_only=True)
class Persistence:
    """How rows of one person go together.

    Attributes
    ----------
    ratio : float
        Variance between persons over that of the residuals.
    lag : float
        Correlation of residuals at adjacent planned occasions; over a gap of g, its g-th power.
    """

    ratio: float
    lag: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Whitened:
    """Whitened columns, and the sums of each person's with the random intercept's column."""

    columns: Float
    own: Float
    size: Float
    log_determinant: float

    @cached_property
    def total(self) -> Float:
        """Cross-products (m, m) of all rows."""
        from salutogen.models.resampling._kernels_bootstrap import group_cross_products

        everyone = np.zeros(len(self.columns), dtype=np.int64)
        return unpacked(group_cross_products(self.columns, everyone, 1)[0])


def whiten(columns: Float, rows: PersonRows, lag: float) -> Whitened:
    """Take the autocorrelation out of columns (n, m), and add up what the intercept needs."""
    from salutogen.models.resampling._kernels_bootstrap import group_sums

    white, n = np.ascontiguousarray(columns), rows.n_persons
    if not lag:
        return Whitened(
            columns=white,
            own=group_sums(white, np.ones(len(white)), rows.person, n),
            size=np.bincount(rows.person).astype(np.float64),
            log_determinant=0.0,
        )
    share = lag**rows.gap
    rest = 1.0 - share * share
    one = np.ones(len(columns))
    one[rows.follows] = (1.0 - share) / np.sqrt(rest)
    white = white.copy()
    white[rows.follows] -= share[:, None] * columns[rows.follows - 1]
    white[rows.follows] /= np.sqrt(rest)[:, None]
    return Whitened(
        columns=white,
        own=group_sums(white, one, rows.person, n),
        size=np.bincount(rows.person, one * one),
        log_determinant=float(np.sum(np.log(rest))),
    )


def unpacked(packed: Float) -> Float:
    """Return symmetric matrices (…, m, m) from their upper triangles (…, m (m + 1) / 2)."""
    m = int((np.sqrt(8 * packed.shape[-1] + 1) - 1) / 2)
    upper = np.triu_indices(m)
    full = np.empty((*packed.shape[:-1], m, m))
    full[..., upper[0], upper[1]] = packed
    full[..., upper[1], upper[0]] = packed
    return full


def person_products(
    columns: Float, rows: PersonRows, persistence: Persistence, unit: Int, n_units: int
) -> Float:
    """Sum each unit's cross-products of columns, weighted by the inverse covariance of its rows.

    Parameters
    ----------
    columns : ndarray, shape (n, m)
        Design and outcomes.
    rows : PersonRows
    persistence : Persistence
    unit : ndarray of int64, shape (persons,)
        Unit of each person.

    Returns
    -------
    ndarray, shape (n_units, m (m + 1) / 2)
        Upper triangles of `C' V^-1 C` times the residual variance.
    """
    from salutogen.models.resampling._kernels_bootstrap import group_cross_products

    white = whiten(columns, rows, persistence.lag)
    weight = np.sqrt(persistence.ratio / (1.0 + persistence.ratio * white.size))
    products: Float = group_cross_products(white.columns, unit[rows.person], n_units)
    taken: Float = group_cross_products(white.own * weight[:, None], unit, n_units)
    return products - taken


def fit_persistence(
    columns: Float, rows: PersonRows, occasion: Int, *, lag: bool = True
) -> Persistence | None:
    """Estimate how rows of a person go together, by restricted maximum likelihood.

    The autocorrelation is kept only where the data tell it: where it raises twice the restricted
    log-likelihood by more than the 5 % point of chi-square with one degree of freedom. It is told
    from the rows of up to 2,000 persons, evenly taken.

    Parameters
    ----------
    columns : ndarray, shape (n, p + 1)
        Fixed columns of full rank, then the outcome.
    rows : PersonRows
    occasion : ndarray of int64, shape (n,)
    lag : bool
        Whether to look for autocorrelation.

    Returns
    -------
    Persistence or None
        None where columns are collinear or nothing is left of the outcome.
    """
    n, p = columns.shape[0], columns.shape[1] - 1
    if n <= p + 1 or not rows.follows.size or are_collinear(columns[:, :-1], rows):
        return None
    found = 0.0
    if lag and np.unique(occasion).size >= FEWEST_OCCASIONS:
        found = _told_lag(*_thinned(columns, rows, occasion))
    best = _best_ratio(whiten(columns, rows, found), n, p)
    return None if best is None else Persistence(ratio=float(best[0]), lag=found)


def are_collinear(columns: Float, rows: PersonRows) -> bool:
    """Whether columns are, but for rounding, combinations of each other."""
    total = whiten(columns, rows, 0.0).total
    size = np.sqrt(np.diag(total))
    if not (size > 0).all():
        return True
    return bool(np.linalg.eigvalsh(total / np.outer(size, size))[0] < COLLINEAR)


def residual_variance(total: Float, n: int) -> float:
    """Residual variance from the weighted cross-products (p + 1, p + 1) of design and outcome."""
    p = total.shape[0] - 1
    solved = np.linalg.solve(total[:p, :p], total[:p, p])
    return float((total[p, p] - np.sum(solved * total[:p, p])) / (n - p))


def _thinned(columns: Float, rows: PersonRows, occasion: Int) -> tuple[Float, PersonRows]:
    step = 1 + (rows.n_persons - 1) // MOST_PERSONS
    if step == 1:
        return columns, rows
    kept = rows.person % step == 0
    return columns[kept], person_rows(rows.person[kept], occasion[kept])


def _told_lag(columns: Float, rows: PersonRows) -> float:
    """Autocorrelation that the restricted likelihood tells, or 0."""
    n, p = columns.shape[0], columns.shape[1] - 1

    def criterion(lag: float) -> float:
        best = _best_ratio(whiten(columns, rows, lag), n, p, exact=False)
        return float("inf") if best is None else best[1]

    none = criterion(0.0)
    lag, value = lowest_point(criterion, *LAGS, settled=SETTLED_LAG)
    told = np.isfinite(none) and none - value > CHI_SQUARE_95
    # No digit beyond those looked for: they would be another processor's rounding.
    return round(float(lag), LAG_DIGITS) if told else 0.0


def _best_ratio(
    white: Whitened, n: int, p: int, *, exact: bool = True
) -> tuple[float, float] | None:
    """Ratio of variances with the lowest criterion, and the criterion there."""

    def criterion(share: float) -> float:
        return _criterion(white, n, p, share / (1.0 - share))[0]

    share, value = lowest_point(criterion, 0.0, 1.0 - 1.0 / LARGEST_RATIO, settled=SETTLED)
    none = criterion(0.0)
    if not np.isfinite(min(value, none)):
        return None
    if none <= value:
        return 0.0, none
    if exact:
        share = where_level(lambda at: _slope(white, n, p, at), share, SETTLED)
    return share / (1.0 - share), value


def _slope(white: Whitened, n: int, p: int, share: float) -> float:
    """Derivative of the criterion over the share of variance between persons."""
    from salutogen.models.resampling._kernels_bootstrap import group_cross_products

    ratio = share / (1.0 - share)
    inner = 1.0 + ratio * white.size
    total = _criterion(white, n, p, ratio)[1]
    zeros = np.zeros(len(inner), dtype=np.int64)
    moved = -unpacked(group_cross_products(white.own / inner[:, None], zeros, 1)[0])
    effects = np.append(np.linalg.solve(total[:p, :p], total[:p, p]), -1.0)
    left = float(total[p, p] - np.sum(effects[:p] * total[:p, p]))
    of_left = float(np.sum(np.outer(effects, effects) * moved))
    of_size = float(np.trace(np.linalg.solve(total[:p, :p], moved[:p, :p])))
    slope = (n - p) * of_left / left + of_size + float(np.sum(white.size / inner))
    return slope / (1.0 - share) ** 2


def _criterion(white: Whitened, n: int, p: int, ratio: float) -> tuple[float, Float]:
    """Twice the negative restricted log-likelihood, and the weighted cross-products there."""
    from salutogen.models.resampling._kernels_bootstrap import group_cross_products

    inner = 1.0 + ratio * white.size
    zeros = np.zeros(len(inner), dtype=np.int64)
    taken = group_cross_products(white.own * np.sqrt(ratio / inner)[:, None], zeros, 1)
    total = white.total - unpacked(taken[0])
    sign, log_size = np.linalg.slogdet(total[:p, :p])
    if sign <= 0:
        return float("inf"), total
    variance = residual_variance(total, n)
    if not variance > 0:
        return float("inf"), total
    more = float(log_size) + white.log_determinant + float(np.sum(np.log(inner)))
    return (n - p) * float(np.log(variance)) + more, total


def error_of_persistence(
    columns: Float, rows: PersonRows, occasion: Int, persistence: Persistence, contrasts: Float
) -> Float:
    """Variance that contrasts of effects have because the variances are estimated.

    By the delta method: the gradient of the contrast over the ratio of variances and the
    autocorrelation, and the curvature of the restricted likelihood (Kackar & Harville 1984), both
    by differences, over the rows of up to 2,000 persons. Where persons leave by what was seen, the
    effects of late occasions hang on how rows of a person go together, so that it is not nothing.

    Parameters
    ----------
    columns : ndarray, shape (n, p + 1)
        Fixed columns, then the outcome.
    rows : PersonRows
    occasion : ndarray of int64, shape (n,)
    persistence : Persistence
        From `fit_persistence`.
    contrasts : ndarray, shape (m, p)
        Weights of the effects.

    Returns
    -------
    ndarray, shape (m,)
        0 where the ratio is at the end of its range, or the curvature is none.
    """
    persons = rows.n_persons
    columns, rows = _thinned(columns, rows, occasion)
    n, p = columns.shape[0], columns.shape[1] - 1
    share = persistence.ratio / (1.0 + persistence.ratio)
    if not STEP < share < 1 - STEP:
        return np.zeros(len(contrasts))
    free = 2 if persistence.lag else 1

    def at(*move: float) -> tuple[float, Float]:
        moved = share + STEP * move[0]
        lag = persistence.lag + STEP * (move[1] if free == 2 else 0.0)
        value, total = _criterion(whiten(columns, rows, lag), n, p, moved / (1.0 - moved))
        effects = np.linalg.solve(total[:p, :p], total[:p, p])
        return value, np.sum(contrasts * effects, axis=1)

    here = at(0.0, 0.0)[0]
    curvature, gradient = np.empty((free, free)), np.empty((free, len(contrasts)))
    for place, move in enumerate(np.eye(2)[:free]):
        (above, right), (below, left) = at(*move), at(*-move)
        curvature[place, place] = (above - 2 * here + below) / STEP**2
        gradient[place] = (right - left) / (2 * STEP)
    if free == 2:
        corners = [at(a, b)[0] * a * b for a in (1.0, -1.0) for b in (1.0, -1.0)]
        curvature[0, 1] = curvature[1, 0] = sum(corners) / (4 * STEP**2)
    if np.linalg.eigvalsh(curvature)[0] <= 0:
        return np.zeros(len(contrasts))
    variance: Float = 2 * np.sum(gradient * np.linalg.solve(curvature, gradient), axis=0)
    return variance * rows.n_persons / persons
