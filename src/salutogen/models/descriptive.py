"""Sums that every room needs: correlations, slopes, z values, means by person, first components.

Each is made by NumPy in the order of the rows, never by BLAS, whose order depends on the number of
threads; so the same rows give the same digits wherever one of these is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from salutogen.models.linear_algebra import cross_products, sum_in_pieces

Float = NDArray[np.float64]
Int = NDArray[np.int64]

FEWEST = 3  # pairs without which a correlation says nothing
NOISE = 1e-24  # squares below this share of the largest value's own are rounding errors
NO_SPREAD = 1e-18  # the same of sums that were centred before they were drawn anew


def centre_and_spread(values: Float) -> tuple[float, float]:
    """Return the mean and the standard deviation (n − 1) of known values (n,)."""
    return float(np.mean(values)), float(np.std(values, ddof=1))


def z_scores(values: Float) -> Float | None:
    """Return z values (n,) over known entries, NaN elsewhere; None without variation."""
    known = values[np.isfinite(values)]
    if known.size < 2 or float(np.ptp(known)) == 0:
        return None
    centre, spread = centre_and_spread(known)
    return (values - centre) / spread


def mean_of_z(columns: Sequence[Float]) -> Float | None:
    """Return the equal-weight composite (n,) of several columns; None where one does not vary."""
    z = [scores for scores in map(z_scores, columns) if scores is not None]
    if len(z) < len(columns):
        return None
    composite: Float = np.mean(np.array(z, dtype=float), axis=0)
    return composite


def pearson(x: Float, y: Float) -> float | None:
    """Return Pearson's correlation over pairs in which both are known.

    Parameters
    ----------
    x, y : array (n,)
        NaN where unknown.

    Returns
    -------
    float or None
        None with fewer than 3 pairs, or where one side varies by no more than rounding.
    """
    known = np.isfinite(x) & np.isfinite(y)
    if not known.all():
        x, y = x[known], y[known]
    if x.size < FEWEST:
        return None
    xx, yy, xy = _centred_products(x, y).tolist()
    if xx <= _rounding(x) or yy <= _rounding(y):
        return None
    return float(np.clip(xy / np.sqrt(xx * yy), -1.0, 1.0))


def _centred_products(x: Float, y: Float) -> Float:
    """Sums of x², y² and xy (3,) of deviations from the means of x and y (n,)."""
    mean_x, mean_y = np.mean(x), np.mean(y)

    def part(piece: slice) -> Float:
        dx, dy = x[piece] - mean_x, y[piece] - mean_y
        return np.array([np.sum(dx * dx), np.sum(dy * dy), np.sum(dx * dy)])

    return sum_in_pieces(len(x), part)


def pearson_of_sums(sums: Float) -> Float:
    """Return Pearson correlations from sums, as of many bootstrap samples at once.

    Parameters
    ----------
    sums : array (..., 6)
        Count, and sums of x, y, x², y² and xy. x and y were centred over all rows, so that little
        cancels in any sample of them.

    Returns
    -------
    array (...)
        NaN where one side does not vary.
    """
    n, x, y, xx, yy, xy = np.moveaxis(sums, -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = (xx - x * x / n) * (yy - y * y / n)
        found = (xy - x * y / n) / np.sqrt(spread)
    varies = spread > NO_SPREAD * np.maximum(xx * yy, 1e-300)
    return np.asarray(np.where(varies, found, np.nan))


def least_squares_slope(y: Float, x: Float) -> float | None:
    """Return the least-squares slope of y on x (n,); None where x does not vary."""
    dx = x - np.mean(x)
    xx = float(np.sum(dx * dx))
    if xx <= max(_rounding(x), 1e-300):
        return None
    return float(np.sum(dx * (y - np.mean(y))) / xx)


def line_residual(y: Float, x: Float) -> Float | None:
    """Return y less its least-squares line on x (n,), both NaN where unknown.

    None with fewer than 3 pairs, or where x does not vary.
    """
    known = np.isfinite(x) & np.isfinite(y)
    if known.sum() < FEWEST:
        return None
    b = least_squares_slope(y[known], x[known])
    if b is None:
        return None
    return y - float(np.mean(y[known])) - b * (x - float(np.mean(x[known])))


def numbered(codes: NDArray[Any]) -> tuple[NDArray[np.intp], int]:
    """Number the distinct codes (n,) from 0, in their order, and count them."""
    if (codes[1:] >= codes[:-1]).all():  # rows by person: nothing needs to be sorted
        index = np.cumsum(np.diff(codes, prepend=codes[:1]) != 0)
        return index, int(index[-1]) + 1 if index.size else 0
    labels, index = np.unique(codes, return_inverse=True)
    return index, len(labels)


def group_means(values: Float, group: Int, n_groups: int) -> Float:
    """Return the mean of each group's values, NaN for a group without any.

    Parameters
    ----------
    values : array (n,)
        A NaN among them makes its group's mean NaN.
    group : array (n,)
        Codes 0 … n_groups − 1, such as persons.
    """
    count = np.bincount(group, minlength=n_groups)
    total = np.bincount(group, values, minlength=n_groups)
    means = np.full(n_groups, np.nan)
    np.divide(total, count, out=means, where=count > 0)
    return means


def present_means(values: Float, group: Int, n_groups: int) -> Float:
    """Return the means of the groups that have values, in their order; see `group_means`."""
    return group_means(values, group, n_groups)[np.bincount(group, minlength=n_groups) > 0]


def covariance(columns: Sequence[NDArray[Any]]) -> tuple[Float, Float]:
    """Return means (k,) and covariance matrix (k, k), n − 1, of complete columns (n,).

    Columns may hold small integers: no more than two of them stand as floats at a time.
    """
    n, k = len(columns[0]), len(columns)
    means = np.array([float(np.sum(column, dtype=np.float64)) / n for column in columns])
    matrix = np.empty((k, k))
    left, right = np.empty(n), np.empty(n)
    for i in range(k):
        np.subtract(columns[i], means[i], out=left)
        for j in range(i + 1):
            np.subtract(columns[j], means[j], out=right)
            # Not `cross_products`, whose last digits differ: omega is found by steps from these,
            # which bring them to the front.
            matrix[i, j] = matrix[j, i] = float(np.einsum("i,i->", left, right))
    return means, matrix / (n - 1)


def leading_component(matrix: Float) -> tuple[Float, float]:
    """Return the first eigenvector (k,) of a covariance or correlation matrix, and its eigenvalue.

    Eigenvectors have no sign of their own: this one's entries sum up to no less than zero.
    """
    values, vectors = np.linalg.eigh(matrix)
    first: Float = vectors[:, -1]
    return first * (1.0 if first.sum() >= 0 else -1.0), float(values[-1])


def first_component(columns: Sequence[Float]) -> Float | None:
    """Return the first principal component (n,) of z values; higher where most columns are higher.

    Columns that do not vary are left out. None where nothing varies, or with fewer than 3 complete
    rows; NaN in rows where a column is unknown.
    """
    z = [scores for scores in map(z_scores, columns) if scores is not None]
    if not z:
        return None
    known = np.isfinite(np.column_stack(z)).all(axis=1)
    if known.sum() < FEWEST:
        return None
    if len(z) == 1:
        return z[0]
    weights, _ = leading_component(cross_products([scores[known] for scores in z]))
    component = np.zeros(len(z[0]))
    for weight, scores in zip(weights, z, strict=True):
        component = component + weight * scores
    return component


def _rounding(values: Float) -> float:
    """Sum of squares that rounding alone can leave of values that are all the same."""
    return float(NOISE * values.size * float(np.max(np.abs(values), initial=0.0)) ** 2)
