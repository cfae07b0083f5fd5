"""How far variants agree: correlations, ranks, and persons who change their quarter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from salutogen.columns import Kind, Record, figure, record
from salutogen.models.descriptive import pearson

Matrix = list[list[float | None]]
FEWEST_IN_QUARTERS = 4
FEWEST_VALUES = 3
VALUES_LOOKED_AT = 1000
ROUNDING = 1e-10  # of a correlation that is 1


@record
class ChangedQuarter(Record):
    """Persons who stand in another quarter than by the primary variant; null for few values."""

    n: int = figure("Persons known by both", kind=Kind.COUNT)
    changed: int | None = figure("Persons in another quarter", kind=Kind.COUNT)
    share: float | None = figure("Their share", kind=Kind.SHARE)


def correlations(values: Mapping[str, np.ndarray]) -> Matrix:
    """Pearson correlations over what is known in both, in the order of the names."""
    columns = list(values.values())
    size = len(columns)
    cells: Matrix = [[None] * size for _ in range(size)]
    for i in range(size):
        for j in range(i, size):
            r = 1.0 if i == j else pearson(columns[i], columns[j])
            cells[i][j] = cells[j][i] = r
    return cells


def same_by_arithmetic(names: Sequence[str], correlation: Matrix, primary: str) -> dict[str, str]:
    """Find the variants that are another one in other units, and which.

    The primary score comes first, then the order of the names.
    """
    order = sorted(range(len(names)), key=lambda place: (names[place] != primary, place))
    found: dict[str, str] = {}
    for at, place in enumerate(order):
        for earlier in order[:at]:
            r = correlation[place][earlier]
            if names[earlier] not in found and r is not None and r > 1 - ROUNDING:
                found[names[place]] = names[earlier]
                break
    return found


def _ranks(values: np.ndarray) -> np.ndarray:
    """Average ranks of known values; NaN elsewhere."""
    series = pl.Series(values).fill_nan(None)
    ranks: np.ndarray = series.rank("average").cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return ranks


def rank_correlations(values: Mapping[str, np.ndarray]) -> Matrix:
    """Spearman correlations over the persons known in both; ranked anew for each such set."""
    names = list(values)
    known = {name: np.isfinite(column) for name, column in values.items()}
    cells: Matrix = [[1.0] * len(names) for _ in names]
    by_set: dict[bytes, list[tuple[int, int]]] = {}
    for i, left in enumerate(names):
        for j in range(i):
            both = np.packbits(known[left] & known[names[j]]).tobytes()
            by_set.setdefault(both, []).append((i, j))
    for pairs in by_set.values():
        i, j = pairs[0]
        both_known = known[names[i]] & known[names[j]]
        ranks = {
            k: _ranks(values[names[k]][both_known])
            for k in sorted({at for pair in pairs for at in pair})
        }
        for i, j in pairs:
            cells[i][j] = cells[j][i] = pearson(ranks[i], ranks[j])
    return cells


def quarters(values: np.ndarray) -> np.ndarray:
    """Quarter (0 to 3) of each value by average rank: 0 holds the least reactive."""
    ranks = _ranks(values)
    n = np.isfinite(values).sum()
    result: np.ndarray = np.minimum(np.floor(4.0 * (ranks - 0.5) / max(n, 1)), 3.0)
    return result


def changed_quarter(primary: np.ndarray, other: np.ndarray) -> ChangedQuarter:
    """Count the persons whose quarter by another variant is not that by the primary one."""
    known = np.isfinite(primary) & np.isfinite(other)
    n = int(known.sum())
    of_few_values = np.unique(other[known][:VALUES_LOOKED_AT]).size < FEWEST_VALUES
    if n < FEWEST_IN_QUARTERS or of_few_values:
        return ChangedQuarter(n=n, changed=None, share=None)
    changed = int((quarters(primary[known]) != quarters(other[known])).sum())
    return ChangedQuarter(n=n, changed=changed, share=changed / n)
