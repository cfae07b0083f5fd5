"""How far the variants agree: correlations, ranks, and persons who change their quarter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from salutogen.resilience.between_within import pearson
from salutogen.resilience.variants import VariantContext, registered

Matrix = list[list[float | None]]


def compare_variants(context: VariantContext, primary: str) -> dict[str, Any]:
    """Compute every registered variant and compare them.

    Parameters
    ----------
    context : VariantContext
    primary : str
        Variant the others are compared with: `person` or `pooled`.

    Returns
    -------
    dict
        `names`, `descriptions`; person level (occasion and window variants averaged per person):
        `correlation` (Pearson), `rank_agreement` {`spearman` matrix}, `changed_quarter` (share and
        number of persons in another quarter than by the primary variant), `table` (subject by
        variant); per occasion: `occasion_names`, `occasion_correlation`. All turned so that
        positive = less resilient.
    """
    values, occasion_values, descriptions = _compute(context)
    names = list(values)
    return {
        "names": names,
        "primary": primary,
        "sign": "every variant is turned so that positive = less resilient",
        "descriptions": descriptions,
        "correlation": _matrix(values, pearson),
        "rank_agreement": {"spearman": _spearman(values)},
        "changed_quarter": {
            name: _changed_quarter(values[primary], values[name])
            for name in names
            if name != primary
        },
        "n": {name: int(np.isfinite(column).sum()) for name, column in values.items()},
        "occasion_names": list(occasion_values),
        "occasion_correlation": _matrix(occasion_values, pearson),
        "table": pl.DataFrame(
            {
                "subject": context.persons["subject"],
                **{
                    name: pl.Series(column, dtype=pl.Float64).fill_nan(None)
                    for name, column in values.items()
                },
            }
        ),
    }


def _compute(
    context: VariantContext,
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], dict[str, str]]:
    """Person-level values, occasion-level values and descriptions, by name."""
    present = context.persons["person"].to_numpy().astype(np.int64)
    by_person: dict[str, np.ndarray] = {}
    by_occasion: dict[str, np.ndarray] = {}
    descriptions: dict[str, str] = {}
    for item in registered():
        values = item.compute(context)
        if values is None:
            continue
        if item.level == "occasion":
            by_occasion[item.name] = values
            values = _average(values, context.rows.person, context.rows.n_persons)[present]
        elif item.level == "window":
            owner = context.windows["person"].to_numpy().astype(np.int64)
            values = _average(values, owner, context.rows.n_persons)[present]
        by_person[item.name] = values
        descriptions[item.name] = item.description
    return by_person, by_occasion, descriptions


def _average(values: np.ndarray, person: np.ndarray, n_persons: int) -> np.ndarray:
    """Mean of known values by person index; NaN where there is none."""
    known = np.isfinite(values)
    if not known.all():
        values, person = values[known], person[known]
    count = np.bincount(person, minlength=n_persons)
    total = np.bincount(person, values, minlength=n_persons)
    result: np.ndarray = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return result


def _matrix(values: Mapping[str, np.ndarray], measure: Any) -> Matrix:
    columns = list(values.values())
    size = len(columns)
    cells: Matrix = [[None] * size for _ in range(size)]
    for i in range(size):
        for j in range(i, size):
            r = 1.0 if i == j else measure(columns[i], columns[j])
            cells[i][j] = cells[j][i] = r
    return cells


def _ranks(values: np.ndarray) -> np.ndarray:
    """Average ranks of known values; NaN elsewhere."""
    series = pl.Series(values).fill_nan(None)
    ranks: np.ndarray = series.rank("average").cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return ranks


def _spearman(values: Mapping[str, np.ndarray]) -> Matrix:
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


def _changed_quarter(primary: np.ndarray, other: np.ndarray) -> dict[str, float | int | None]:
    known = np.isfinite(primary) & np.isfinite(other)
    n = int(known.sum())
    if n < 4 or np.unique(other[known][:1000]).size < 3:
        return {"n": n, "changed": None, "share": None}
    changed = int((quarters(primary[known]) != quarters(other[known])).sum())
    return {"n": n, "changed": changed, "share": changed / n}
