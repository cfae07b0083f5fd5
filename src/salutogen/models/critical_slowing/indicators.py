"""Autocorrelation, spread, skewness and cross-correlation of one person's windows of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Int = NDArray[np.int64]

AUTOCORRELATION, SPREAD = "autocorrelation", "spread"
SKEWNESS, CROSS_CORRELATION = "skewness", "cross-correlation"
INDICATORS = (AUTOCORRELATION, SPREAD, SKEWNESS, CROSS_CORRELATION)

_SAME = 1e-12  # share of the mean square below which a variance is rounding


@dataclass(frozen=True, kw_only=True, repr=False)
class WindowRows:
    """The rows of one window, what is removed from them, and which follow each other.

    Attributes
    ----------
    rows : array of int (m,)
        Places in the person's series; windows may share rows.
    removed : array (m, q)
        Orthonormal columns: the mean and trends.
    before, after : array of int (pairs,)
        Places within the window of answers that follow each other on the same day.
    """

    rows: Int
    removed: Float
    before: Int
    after: Int

    def __repr__(self) -> str:
        """Say how many answers and pairs there are."""
        return f"WindowRows({self.rows.size} answers, {self.pairs} pairs)"

    @property
    def pairs(self) -> int:
        """Number of answers that have one before them."""
        return int(self.after.size)

    def left_over(self, series: Float) -> Float:
        """Return series (…, n) within the window, less their mean and trends."""
        own = series[..., self.rows]
        left: Float = own - (own @ self.removed) @ self.removed.T
        return left


def window_rows(rows: Int, day: Int, hours: Float, trends: Float, longest_gap: float) -> WindowRows:
    """Make a window of a series in the order of time.

    Parameters
    ----------
    rows : array of int (m,)
        Its places in the series.
    day, hours : array (n,)
        Day and time of each answer of the series.
    trends : array (n, q)
        What is removed within the window, beside its mean.
    longest_gap : float
        Hours up to which two answers of a day follow each other.
    """
    gap = np.diff(hours[rows])
    follow = (np.diff(day[rows]) == 0) & (gap > 0) & (gap <= longest_gap)
    before = np.flatnonzero(follow)
    columns = np.column_stack([np.ones(rows.size), trends[rows]])
    columns[:, 1:] -= columns[:, 1:].mean(axis=0)
    left, sizes, _ = np.linalg.svd(columns, full_matrices=False)
    removed = left[:, sizes > 1e-9 * sizes.max(initial=0.0)]
    return WindowRows(rows=rows, removed=removed, before=before, after=before + 1)


def seen_of(window: WindowRows, day: Int, gaps: Float, correlation: float) -> float:
    """Autocorrelation that a window shows on average of an autoregression within days.

    The ratio of products that are expected once the mean and trends are removed, to the second
    order of how numerator and denominator scatter together. Without anything removed, of a long
    series, it is lower than the correlation by twice that over the pairs (Marriott & Pope 1954).

    Parameters
    ----------
    window : WindowRows
    day, gaps : array (n,)
        Day of each answer of the series, and its time in typical gaps.
    correlation : float
        Of answers one gap apart.
    """
    own, at = day[window.rows], gaps[window.rows]
    apart = np.abs(at[:, None] - at)
    true = np.where(own[:, None] == own, correlation**apart, 0.0)
    U = window.removed
    left = true - U @ (U.T @ true)
    left -= (left @ U) @ U.T
    b, a = window.before, window.after
    counted = (np.bincount(b, minlength=own.size) + np.bincount(a, minlength=own.size)) / 2
    product, square = float(left[b, a].sum()), float(counted @ np.diag(left))
    if not square > 0:
        return correlation
    both = (left * counted) @ left
    together, spread = 2 * float(both[b, a].sum()), 2 * float(counted @ np.diag(both))
    ratio = product / square
    return ratio - (together - ratio * spread) / square**2


def indicators_of(
    windows: Sequence[WindowRows], series: Float, other: Float | None = None
) -> dict[str, Float]:
    """Indicators of each window: autocorrelation, spread, skewness, cross-correlation.

    Parameters
    ----------
    windows : sequence of WindowRows
    series : array (…, n)
        One series, or many of the same times.
    other : array (…, n), optional
        A second one, for the cross-correlation.

    Returns
    -------
    dict of str to array (…, windows)
        NaN where a window does not vary.
    """
    parts: dict[str, list[Float]] = {}
    for window in windows:
        left = window.left_over(series)
        size = (series[..., window.rows] ** 2).mean(axis=-1)
        square = (left**2).mean(axis=-1)
        varies = square > _SAME * size
        square = np.where(varies, square, np.nan)
        degrees = max(window.rows.size - window.removed.shape[1], 1)
        made = {
            AUTOCORRELATION: _correlation(
                left[..., window.before], left[..., window.after], varies
            ),
            SPREAD: np.sqrt(square * window.rows.size / degrees),
            SKEWNESS: (left**3).mean(axis=-1) / square**1.5,
        }
        if other is not None:
            beside = window.left_over(other)
            known = varies & ((beside**2).mean(axis=-1) > _SAME * (other**2).mean(axis=-1))
            made[CROSS_CORRELATION] = _correlation(left, beside, known)
        for name, values in made.items():
            parts.setdefault(name, []).append(values)
    return {name: np.stack(values, axis=-1) for name, values in parts.items()}


def _correlation(x: Float, y: Float, known: NDArray[np.bool_]) -> Float:
    """Correlation about zero along the last axis."""
    size = np.sqrt((x**2).sum(axis=-1) * (y**2).sum(axis=-1))
    known = known & (size > 0)
    found: Float = np.where(known, (x * y).sum(axis=-1) / np.where(known, size, 1.0), np.nan)
    return found


def rise_of(indicator: Float, at: Float, weight: Float) -> Float:
    """Change of an indicator from the first to the last window, along a weighted straight line.

    Parameters
    ----------
    indicator : array (…, windows)
        Windows without a value (NaN) are left out.
    at, weight : array (windows,)
        Time of each window, and its weight.

    Returns
    -------
    array (…,)
        NaN where fewer than three windows have a value.
    """
    known = np.isfinite(indicator)
    w = np.where(known, weight, 0.0)
    y = np.where(known, indicator, 0.0)
    total = np.maximum(w.sum(axis=-1), 1e-300)
    middle = (w * at).sum(axis=-1) / total
    apart = at - middle[..., None]
    square = (w * apart**2).sum(axis=-1)
    slope = (w * apart * y).sum(axis=-1) / np.where(square > 0, square, np.nan)
    rise: Float = np.where(known.sum(axis=-1) >= 3, slope * (at.max() - at.min()), np.nan)
    return rise
