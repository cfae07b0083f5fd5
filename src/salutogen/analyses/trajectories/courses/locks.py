"""SR and P at the scheduled occasions around each anchor: pre, peri, post1, post2."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.trajectories.anchors.anchors import Anchors

POSITIONS = ("pre", "peri", "post1", "post2")
OFFSETS = (-1, 0, 1, 2)
FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Lock:
    """Values around each anchor. SR in points of P; positive = over-reactive = less resilient.

    Attributes
    ----------
    occasion : ndarray of int, shape (n, 4)
        Place of the planned occasion; -1 beyond the first or last one.
    SR, P, SR_z, SR_se : ndarray, shape (n, 4)
        NaN where missing.
    """

    occasion: NDArray[np.int64]
    SR: FloatArray
    P: FloatArray
    SR_z: FloatArray
    SR_se: FloatArray

    @property
    def complete(self) -> NDArray[np.bool_]:
        """Persons with SR at all four positions."""
        return np.asarray(np.isfinite(self.SR).all(axis=1))

    def summary(self) -> dict[str, object]:
        """Means, missing counts and number of complete courses."""
        missing = (~np.isfinite(self.SR)).sum(axis=0)
        return {
            "mean": {"SR": position_means(self.SR), "P": position_means(self.P)},
            "missing": dict(zip(POSITIONS, missing.tolist(), strict=True)),
            "n_complete": int(self.complete.sum()),
        }


def position_means(values: FloatArray) -> dict[str, float | None]:
    """Mean over the persons with a value, by position."""
    return {
        name: float(np.mean(found)) if found.size else None
        for name, found in (
            (name, column[np.isfinite(column)])
            for name, column in zip(POSITIONS, values.T, strict=True)
        )
    }


def level_after(values: FloatArray) -> FloatArray:
    """Mean over post1 and post2 (those that are there) of values by position, shape (n, 4)."""
    later = values[:, 2:]
    there = np.isfinite(later)
    n = there.sum(axis=1)
    total = np.where(there, later, 0.0).sum(axis=1)
    return np.asarray(np.where(n > 0, total / np.maximum(n, 1), np.nan))


def person_by_occasion(table: pl.DataFrame, column: str, shape: tuple[int, int]) -> FloatArray:
    """Spread a column of person-occasions over persons and planned occasions.

    Parameters
    ----------
    table : DataFrame
        With `person`, `occasion_index` and the column.
    column : str
    shape : (int, int)
        Persons, planned occasions.
    """
    grid = np.full(shape, np.nan)
    values = table[column].cast(pl.Float64).to_numpy()
    grid[table["person"].to_numpy(), table["occasion_index"].to_numpy()] = values
    return grid


def lock_courses(anchors: Anchors, table: pl.DataFrame, shape: tuple[int, int]) -> Lock:
    """Take SR and P at the scheduled occasions t - 1, t, t + 1 and t + 2.

    Parameters
    ----------
    anchors : Anchors
    table : DataFrame
        Occasions with `person, occasion_index, SR, P` and, where known, `SR_z, SR_se`.
    shape : (int, int)
        Persons, planned occasions.

    Returns
    -------
    Lock
    """
    place = anchors.occasion[:, None] + np.asarray(OFFSETS)
    inside = (place >= 0) & (place < shape[1])
    safe = np.where(inside, place, 0)

    def locked(column: str) -> FloatArray:
        if column not in table.columns:
            return np.full(place.shape, np.nan)
        grid = person_by_occasion(table, column, shape)
        return np.where(inside, grid[anchors.person[:, None], safe], np.nan)

    return Lock(
        occasion=np.where(inside, place, -1).astype(np.int64),
        SR=locked("SR"),
        P=locked("P"),
        SR_z=locked("SR_z"),
        SR_se=locked("SR_se"),
    )
