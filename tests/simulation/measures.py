"""What tests measure on simulated tables, by formulas of their own."""

from __future__ import annotations

import numpy as np
import polars as pl


def total(frame: pl.DataFrame, prefix: str, occasions: int = 1) -> np.ndarray:
    """Sum of the items whose columns begin with a prefix: persons by occasions, nobody missing."""
    items = [column for column in frame.columns if column.startswith(prefix)]
    return frame.select(items).to_numpy().astype(np.float64).sum(axis=1).reshape(-1, occasions)


def slope(x: np.ndarray, y: np.ndarray) -> float:
    """Least-squares slope of y on x."""
    return float(np.cov(x.ravel(), y.ravel())[0, 1] / x.var(ddof=1))


def correlation(x: np.ndarray, y: np.ndarray) -> float:
    """Pearson correlation."""
    return float(np.corrcoef(x.ravel(), y.ravel())[0, 1])


def deviations(values: np.ndarray) -> np.ndarray:
    """Departures from each person's mean."""
    return values - values.mean(axis=1, keepdims=True)


def icc(values: np.ndarray) -> float:
    """ICC(1) from mean squares (Shrout and Fleiss 1979); balanced, persons by occasions."""
    persons, occasions = values.shape
    between = occasions * values.mean(axis=1).var(ddof=1)
    within = ((values - values.mean(axis=1, keepdims=True)) ** 2).sum() / (
        persons * (occasions - 1)
    )
    return float((between - within) / (between + (occasions - 1) * within))
