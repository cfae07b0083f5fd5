"""Bootstrap over persons from per-person cross-products: the rows are read once."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salutogen.errors import ModelError
from salutogen.models.linear_algebra import combine
from salutogen.models.parallel.executors import run_each
from salutogen.models.parallel.threads import share_work

Float = NDArray[np.float64]

PARTS = 16  # in which draws are sent to an executor: each takes the table along
ALONE = 1e-6  # what rests on one person, in units of the coefficients it is made of


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
        np.ascontiguousarray(columns), codes.astype(np.int64, copy=False), n_persons
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
    sums = _checked(moments, n_columns, draws)
    return _drawn(sums, n_columns, draws, seed, np.eye(n_columns), errors=False)[0]


@dataclass(frozen=True, kw_only=True)
class StudentisedDraws:
    """Bootstrap of a least-squares line with a robust standard error in every draw.

    Attributes
    ----------
    estimates, standard_errors : array (r,)
        Of the persons as they are; errors by leaving out one person after the other, NaN where an
        estimate rests on one person alone.
    draws, errors : array (draws, r)
        Of each sample of persons; errors by the clustered sandwich.
    """

    estimates: Float
    standard_errors: Float
    draws: Float
    errors: Float

    def interval(self, level: float = 0.95) -> Float:
        """Return symmetric bootstrap-t intervals (2, r) (Hall 1988).

        Each sample's distance from the line, in units of the sample's own standard error, says how
        far the line may lie from the truth in units of its own. The line's error is the one of the
        jackknife: the sandwich is too small where few persons pull the line.
        """
        if not 0 < level < 1:
            raise ModelError(f"level: expected a number between 0 and 1, got {level}.")
        usable = np.where(self.errors > 0, self.errors, np.nan)
        distance = np.nanquantile(np.abs(self.draws - self.estimates) / usable, level, axis=0)
        half = distance * self.standard_errors
        return np.stack([self.estimates - half, self.estimates + half])


def studentised_bootstrap(
    moments: ArrayLike,
    n_columns: int,
    *,
    draws: int = 1000,
    seed: int = 1,
    maps: ArrayLike | None = None,
) -> StudentisedDraws:
    """Bootstrap over persons as `bootstrap_least_squares`, with errors: for bootstrap-t intervals.

    Parameters
    ----------
    moments, n_columns, draws, seed
        As in `bootstrap_least_squares`; the same seed gives the same samples.
    maps : array (r, p), optional
        What of the coefficients is asked for: `maps` times the coefficients, themselves by default.
    """
    sums = _checked(moments, n_columns, draws)
    wanted = np.eye(n_columns) if maps is None else np.ascontiguousarray(maps, dtype=float)
    if wanted.ndim != 2 or wanted.shape[1] != n_columns:
        raise ModelError(f"maps: expected (r, {n_columns}), got an array of shape {wanted.shape}.")
    estimates, errors = _jackknifed(sums, n_columns, wanted)
    drawn, own = _drawn(sums, n_columns, draws, seed, wanted, errors=True)
    return StudentisedDraws(estimates=estimates, standard_errors=errors, draws=drawn, errors=own)


def _jackknifed(sums: Float, p: int, maps: Float) -> tuple[Float, Float]:
    """Estimates (r,) and their errors from lines without each person in turn (HC3, by person).

    NaN where an estimate rests on one person, without whom there is no line.
    """
    from salutogen.models.resampling._kernels_bootstrap import leave_one_out, solve_packed

    k = p + 1
    whole = np.empty(p)
    if not solve_packed(np.sum(sums, axis=0), k, np.empty((k, k)), whole):
        raise ModelError("The predictors are collinear.")
    without = np.empty((len(sums), p))
    leave_one_out(sums, k, without)
    alone = np.isnan(without).any(axis=1)
    without[alone] = whole  # fitted exactly by a coefficient of its own: moves no other
    moved = np.stack([combine(without - whole, row) for row in maps], axis=1)
    n = len(sums)
    errors = np.sqrt(np.sum(moved**2, axis=0) * (n - 1) / n)
    for person in np.flatnonzero(alone):
        left = _predictors(np.sum(sums, axis=0) - sums[person], p)
        scale = np.sqrt(np.diag(_predictors(np.sum(sums, axis=0), p)))
        unknown = np.linalg.eigh(left / np.outer(scale, scale))[1][:, 0] / scale
        # Against the coefficients' own scale: where one is known, rounding is all that is left.
        rests = np.abs(combine(maps, unknown))
        errors[rests > ALONE * combine(np.abs(maps), 1 / scale)] = np.nan
    return combine(maps, whole), errors


def _predictors(packed: Float, p: int) -> Float:
    """Cross-products (p, p) of the predictors from packed ones with the outcome."""
    k = p + 1
    square = np.zeros((k, k))
    square[np.triu_indices(k)] = packed
    found: Float = (square + np.triu(square, 1).T)[:p, :p]
    return found


def _checked(moments: ArrayLike, n_columns: int, draws: int) -> Float:
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
    return sums


def _drawn(
    sums: Float, n_columns: int, draws: int, seed: int, maps: Float, *, errors: bool
) -> tuple[Float, Float]:
    """Maps (r, p) of the coefficients (draws, r) and, where asked for, their robust errors."""
    from salutogen.models.resampling._kernels_bootstrap import REDRAWS, bootstrap_coefficients

    states = np.random.SeedSequence(seed).generate_state(draws, np.uint64).astype(np.uint64)
    result = np.empty((draws, len(maps)))
    own = np.empty((draws if errors else 0, len(maps)))
    share_work(
        lambda first, last: bootstrap_coefficients(
            first, last, sums, n_columns + 1, states, maps, result, own
        ),
        draws,
        cost=len(sums) * sums.shape[1],
    )
    failed = int(np.isnan(result).any(axis=1).sum())
    if failed:
        raise ModelError(
            f"The predictors are collinear in {failed} of {draws} bootstrap samples, each drawn "
            f"{REDRAWS} times: too few persons vary in them."
        )
    return result, own


def bootstrap_sums(
    sums: ArrayLike, *, draws: int = 1000, seed: int = 1, executor: Executor | None = None
) -> Float:
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
    executor : concurrent.futures.Executor, optional
        Where the samples are drawn (see `executor_for`); by default in threads of this process.
        The result is the same.

    Returns
    -------
    array (draws, m)

    Raises
    ------
    ModelError
        Fewer than two units or one draw, or values are not finite.
    """
    table = np.ascontiguousarray(sums, dtype=float)
    if table.ndim != 2 or table.shape[0] < 2 or draws < 1 or not np.isfinite(table).all():
        raise ModelError(
            "Expected finite sums of at least 2 units and at least 1 draw, got sums of shape "
            f"{table.shape} and {draws} draws."
        )
    states = np.random.SeedSequence(seed).generate_state(draws, np.uint64).astype(np.uint64)
    task = _Totals(table)
    if executor is None:
        return task.of(states)
    parts = np.array_split(states, min(PARTS, draws))
    return np.concatenate(run_each(task.of, parts, executor=executor))


@dataclass(frozen=True)
class _Totals:
    """Sums of samples of units; can be sent to another process."""

    table: Float

    def of(self, states: NDArray[np.uint64]) -> Float:
        """Return the sums of one sample for each state of the generator."""
        from salutogen.models.resampling._kernels_bootstrap import bootstrap_totals

        result = np.empty((states.size, self.table.shape[1]))
        share_work(
            lambda first, last: bootstrap_totals(first, last, self.table, states, result),
            states.size,
            cost=self.table.size,
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
