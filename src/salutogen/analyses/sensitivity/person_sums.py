"""Means and covariances from sums by person, in the data and in bootstrap samples of persons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Places = Mapping[tuple[str, ...], int]

MANY = 5_000  # persons from which sums are drawn by their normal approximation
DRAWS_AT_ONCE = 50


class SumMoments:
    """Means and covariances from sums (..., k) of products, by the names of the columns."""

    def __init__(self, sums: Float, places: Mapping[tuple[str, ...], int]) -> None:
        self._sums, self._places = sums, places

    def _of(self, *names: str) -> Float:
        return self._sums[..., self._places[names], None, None]

    def mean(self, name: str) -> Float:
        """Mean of a column; NaN where nobody has it."""
        n = self._of("n", name)
        return np.where(n > 0, self._of(name) / np.maximum(n, 1.0), np.nan)

    def covariance(self, first: str, second: str) -> Float:
        """Covariance (n − 1) of two columns of the same rows; NaN with fewer than two."""
        pair = (first, second) if (first, second) in self._places else (second, first)
        n = self._of("n", first)
        products = self._of(*pair) - self._of(first) * self._of(second) / np.maximum(n, 1.0)
        return np.where(n > 1, products / np.maximum(n - 1.0, 1.0), np.nan)


def sums_by_person(
    parts: Sequence[tuple[Int, Mapping[str, Float]]],
) -> tuple[tuple[Float, dict[tuple[str, ...], int]], int]:
    """Sums of products by person (persons, k) of several sets of rows, and where each stands.

    Columns are centred so that little cancels, except jumps (`d…`), whose mean is wanted.
    """
    labels = np.concatenate([np.asarray(person) for person, _ in parts])
    if (np.diff(labels) <= 0).any():
        labels = np.unique(labels)
    places: dict[tuple[str, ...], int] = {}
    columns: list[Float] = []
    for person, given in parts:
        known = np.isfinite(np.stack(list(given.values()))).all(axis=0)
        index = np.searchsorted(labels, np.asarray(person)[known])
        values = {
            name: column[known] - (0.0 if name.startswith("d") or not known.any()
                                   else float(np.mean(column[known])))
            for name, column in given.items()
        }  # fmt: skip
        ones = np.ones(int(known.sum()))
        products: dict[tuple[str, ...], Float] = {}
        names = list(values)
        for i, first in enumerate(names):
            products["n", first] = ones
            products[first,] = values[first]
            for second in names[i:]:
                products[first, second] = values[first] * values[second]
        for key, product in products.items():
            places[key] = len(columns)
            columns.append(np.bincount(index, product, minlength=labels.size))
    return (np.stack(columns, axis=1), places), int(labels.size)


def drawn_sums(sums: Float, draws: int, seed: int) -> Float:
    """Sums (draws, k) of bootstrap samples of persons; of many, by their normal approximation."""
    n, k = sums.shape
    generator = np.random.default_rng(seed)
    if n > MANY:
        mean = np.mean(sums, axis=0)
        away = sums - mean
        spread = np.einsum("ni,nj->ij", away, away)
        sizes, vectors = np.linalg.eigh(spread)
        root = vectors * np.sqrt(np.clip(sizes, 0.0, None))
        steps = np.einsum("dk,jk->dj", generator.normal(size=(draws, k)), root)
        return np.asarray(np.sum(sums, axis=0) + steps)
    found = np.empty((draws, k))
    for start in range(0, draws, DRAWS_AT_ONCE):
        size = min(DRAWS_AT_ONCE, draws - start)
        chosen = generator.integers(0, n, (size, n))
        places = (chosen + n * np.arange(size)[:, None]).ravel()
        weight = np.bincount(places, minlength=size * n).reshape(size, n).astype(float)
        found[start : start + size] = np.einsum("dn,nk->dk", weight, sums)
    return found
