"""Fill gaps in trajectories by the course of the others (copyMean; Genolini et al. 2013)."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salutogen.errors import ModelError

LARGEST = 1e100  # values whose squares are still within range

Float = NDArray[np.float64]
Variant = Literal["locf", "global", "local"]


def copy_mean(
    values: ArrayLike, *, variant: Variant = "locf", bounded: bool = True
) -> NDArray[np.float64]:
    """Fill missing values with the mean trajectory, shifted to meet the person's own values.

    The person's deviation from the mean trajectory is drawn straight across a gap; before the
    first and after the last value it goes on as `variant` says.

    Parameters
    ----------
    values : array (n_persons, n_occasions)
        Trajectories with NaN where missing.
    variant : {"locf", "global", "local"}
        Deviation beyond the ends: held at its end value; on the line through its first and last
        value; on the line through the two values next to that end. Persons with one value are
        always held.
    bounded : bool
        Keep filled values within the smallest and largest value seen in anyone (default).

    Returns
    -------
    array (n_persons, n_occasions)
        Complete trajectories; values that were seen are as they were.

    Raises
    ------
    ModelError
        Not a table of numbers, infinite values, persons without any value, unknown variant.

    Notes
    -----
    Named and defined as in R's longitudinalData, whose default is the first variant with bounds.
    An occasion at which nobody was seen gets its mean by the same rule from the other means.

    Examples
    --------
    >>> copy_mean([[1, 2, 4], [3, 4, 6], [6, float("nan"), 10]]).round(9).tolist()
    [[1.0, 2.0, 4.0], [3.0, 4.0, 6.0], [6.0, 6.0, 10.0]]
    """
    if variant not in get_args(Variant):
        raise ModelError(f"variant: expected one of {get_args(Variant)}, got {variant!r}.")
    table = trajectories(values)
    seen = ~np.isnan(table)
    if seen.all():
        return table.copy()
    course = _mean_course(table, seen, variant)
    filled = course + _straight(table - course, seen, variant)
    if bounded:
        filled = np.clip(filled, np.nanmin(table), np.nanmax(table))
    complete: Float = np.where(seen, table, filled)
    return complete


def trajectories(values: ArrayLike) -> Float:
    """Return trajectories as a float array (n_persons, n_occasions), missing as NaN.

    Raises
    ------
    ModelError
        Anything but numbers, not two-dimensional, infinite values, persons without any value.
    """
    try:
        table = np.ascontiguousarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise ModelError(f"data: expected numbers, with NaN where missing: {error}.") from error
    if np.asarray(values).dtype.kind in "US":
        raise ModelError("data: expected numbers, with NaN where missing, got text.")
    if table.ndim != 2:
        raise ModelError(
            f"data: expected an array (persons, occasions), got the shape {table.shape}."
        )
    problems = []
    for rows, what in (
        (np.flatnonzero(np.isinf(table).any(axis=1)), "persons with infinite values"),
        (
            np.flatnonzero(
                (np.abs(np.nan_to_num(table, posinf=0, neginf=0)) > LARGEST).any(axis=1)
            ),
            f"persons with values beyond {LARGEST:g}",
        ),
        (np.flatnonzero(np.isnan(table).all(axis=1)), "persons without any value"),
    ):
        if rows.size:
            first = ", ".join(str(row + 1) for row in rows[:10])
            problems.append(f"{rows.size} {what}, rows {first}")
    if problems:
        raise ModelError(f"data: {'; '.join(problems)}. Mend them or leave these persons out.")
    return table


def few_different(complete: Float, classes: int) -> list[str]:
    """Say that there are more classes than different trajectories."""
    first = 50 * classes  # these few are nearly always enough to see that all is well
    different = len(np.unique(complete[:first], axis=0))
    if different < classes and len(complete) > first:
        different = len(np.unique(complete, axis=0))
    if different >= classes:
        return []
    return [
        f"There are {different} different trajectories only; further classes divide persons who "
        "are alike, and criteria built on the scatter within classes mean nothing."
    ]


def own_means(table: Float) -> Float:
    """Mean of each person's values seen (n, 1)."""
    seen = ~np.isnan(table)
    total = np.where(seen, table, 0.0).sum(axis=1)
    means: Float = (total / seen.sum(axis=1))[:, None]
    return means


def _mean_course(table: Float, seen: NDArray[np.bool_], variant: Variant) -> Float:
    """Mean over the persons seen, by occasion; occasions without anyone are filled."""
    counts = seen.sum(axis=0)
    known = counts > 0
    course = np.where(known, np.where(seen, table, 0.0).sum(axis=0) / np.maximum(counts, 1), 0.0)
    if known.all():
        return course
    filled: Float = _straight(course[None], known[None], variant)[0]
    return filled


def _straight(deviation: Float, seen: NDArray[np.bool_], variant: Variant) -> Float:
    """Draw straight lines between values seen, and beyond them as the variant says."""
    n, width = deviation.shape
    times = np.arange(width)
    at = np.where(seen, times, -1)
    before = np.maximum.accumulate(at, axis=1)
    after = np.minimum.accumulate(np.where(seen, times, width)[:, ::-1], axis=1)[:, ::-1]
    first, last = after[:, 0], before[:, -1]
    rows = np.arange(n)
    if variant == "global":
        second, last_but_one = last, first
    else:
        second = after[rows, np.minimum(first + 1, width - 1)]
        last_but_one = before[rows, np.maximum(last - 1, 0)]
    left = np.where(
        before < 0, first[:, None], np.where(after >= width, last_but_one[:, None], before)
    )
    right = np.where(before < 0, second[:, None], np.where(after >= width, last[:, None], after))
    if variant == "locf":
        left = np.where(after >= width, last[:, None], left)
        right = np.where(before < 0, first[:, None], right)
    single = first == last
    left[single] = right[single] = first[single, None]
    start = np.take_along_axis(deviation, left, axis=1)
    rise = np.take_along_axis(deviation, right, axis=1) - start
    share = (times - left) / np.maximum(right - left, 1)
    lines: Float = start + rise * share
    return lines
