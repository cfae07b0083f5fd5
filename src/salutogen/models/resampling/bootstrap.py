"""Bootstrap over persons from per-person cross-products: the rows are read once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salutogen.errors import ModelError
from salutogen.models.parallel.threads import share_work

Float = NDArray[np.float64]


def person_moments(X: ArrayLike, y: ArrayLike, person: ArrayLike) -> Float:
    """Sum the cross-products of `[X y]` over the rows of each person.

    Parameters
    ----------
    X : array (n, p)
        Predictors, with a column of ones if the line has an intercept.
    y : array (n,)
        Outcome.
    person : integer array (n,)
        Codes 0, 1, …: the row of the result to which each row of `X` belongs.

    Returns
    -------
    array (n_persons, (p + 1)(p + 2) / 2)
        Upper triangle of each person's cross-products, row by row.

    Raises
    ------
    ModelError
        Lengths differ, codes are negative or not integer, or values are not finite.
    """
    from salutogen.models.resampling._kernels_bootstrap import group_cross_products

    columns = np.column_stack([np.asarray(X, dtype=float), np.asarray(y, dtype=float)])
    codes = np.asarray(person)
    if codes.shape != columns.shape[:1] or not np.issubdtype(codes.dtype, np.integer):
        raise ModelError(
            f"person: expected one integer code for each of {columns.shape[0]} rows, "
            f"got {codes.dtype} of shape {codes.shape}."
        )
    if codes.size and codes.min() < 0:
        raise ModelError(f"person: codes start at 0, got {codes.min()}.")
    if not np.isfinite(columns).all():
        n_bad = int((~np.isfinite(columns)).any(axis=1).sum())
        raise ModelError(f"{n_bad} rows hold missing or infinite values; leave them out first.")
    n_persons = int(codes.max()) + 1 if codes.size else 0
    result: Float = group_cross_products(
        np.ascontiguousarray(columns), codes.astype(np.int64), n_persons
    )
    return result


def bootstrap_least_squares(
    moments: ArrayLike, n_columns: int, *, draws: int = 1000, seed: int = 1
) -> Float:
    """Draw persons with replacement and fit least squares to each sample.

    Parameters
    ----------
    moments : array (n_persons, m)
        From `person_moments`. With one row per person this is the ordinary pairs bootstrap.
    n_columns : int
        Number p of predictors, so that m = (p + 1)(p + 2) / 2.
    draws : int
        Number of samples.
    seed : int
        Seed; the same seed gives the same draws whatever the number of threads.

    Returns
    -------
    array (draws, p)
        Coefficients, in the order of the predictors. A sample whose predictors are collinear
        (possible with few persons) is drawn again.

    Raises
    ------
    ModelError
        Shapes do not fit, values are not finite, fewer than two persons, or the predictors are
        collinear in sample after sample.
    """
    from salutogen.models.resampling._kernels_bootstrap import REDRAWS, bootstrap_coefficients

    sums = np.ascontiguousarray(moments, dtype=float)
    k = n_columns + 1
    if sums.ndim != 2 or sums.shape[1] != k * (k + 1) // 2:
        raise ModelError(
            f"moments: {n_columns} predictors need {k * (k + 1) // 2} columns of cross-products, "
            f"got an array of shape {sums.shape}."
        )
    if sums.shape[0] < 2:
        raise ModelError(f"The bootstrap over persons needs at least 2 persons, got {len(sums)}.")
    if draws < 1:
        raise ModelError(f"draws: expected at least 1, got {draws}.")
    if not np.isfinite(sums).all():
        raise ModelError("moments: cross-products are missing or infinite.")
    states = np.random.SeedSequence(seed).generate_state(draws, np.uint64).astype(np.uint64)
    result = np.empty((draws, n_columns))
    share_work(
        lambda first, last: bootstrap_coefficients(first, last, sums, k, states, result),
        draws,
        cost=len(sums) * sums.shape[1],
    )
    failed = int(np.isnan(result).any(axis=1).sum())
    if failed:
        raise ModelError(
            f"The predictors are collinear in {failed} of {draws} bootstrap samples, each drawn "
            f"{REDRAWS} times: too few persons vary in them."
        )
    return result


def bootstrap_sums(sums: ArrayLike, *, draws: int = 1000, seed: int = 1) -> Float:
    """Draw units with replacement and add up what is known of each.

    Parameters
    ----------
    sums : array (n_units, m)
        Numbers that add up over units, such as cross-products.
    draws : int
        Number of samples.
    seed : int
        Seed; the samples of the same seed and number of units are those of
        `bootstrap_least_squares`.

    Returns
    -------
    array (draws, m)

    Raises
    ------
    ModelError
        Fewer than two units or one draw, or values are not finite.
    """
    from salutogen.models.resampling._kernels_bootstrap import bootstrap_totals

    table = np.ascontiguousarray(sums, dtype=float)
    if table.ndim != 2 or table.shape[0] < 2 or draws < 1 or not np.isfinite(table).all():
        raise ModelError(
            "Expected finite sums of at least 2 units and at least 1 draw, got sums of shape "
            f"{table.shape} and {draws} draws."
        )
    states = np.random.SeedSequence(seed).generate_state(draws, np.uint64).astype(np.uint64)
    result = np.empty((draws, table.shape[1]))
    share_work(
        lambda first, last: bootstrap_totals(first, last, table, states, result),
        draws,
        cost=table.size,
    )
    return result


def percentile_interval(draws: ArrayLike, level: float = 0.95) -> Float:
    """Return the percentile interval of bootstrap draws (Efron 1979).

    Parameters
    ----------
    draws : array (draws, ...)
        Bootstrap replicates along the first axis.
    level : float
        Coverage, between 0 and 1.

    Returns
    -------
    array (2, ...)
        Lower and upper limit.
    """
    if not 0 < level < 1:
        raise ModelError(f"level: expected a number between 0 and 1, got {level}.")
    tail = (1 - level) / 2
    limits: Any = np.quantile(np.asarray(draws, dtype=float), [tail, 1 - tail], axis=0)
    return np.asarray(limits, dtype=float)
