"""The correlations of which a network is made, and what they may not be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from salutogen.errors import ModelError

Float = NDArray[np.float64]
Int = NDArray[np.int64]

Method = Literal["pearson", "spearman", "polychoric"]
METHODS: tuple[str, ...] = get_args(Method)
LEAST = 1e-10  # eigenvalue below which a variable can be computed from the others


def correlations_of(values: Float, rows: Int, method: Method, names: Sequence[str]) -> Float:
    """Return the correlations (k, k) of some rows of values (n, k).

    Raises
    ------
    ModelError
        A variable that does not vary, or that can be computed from the others.
    """
    found = correlations_if_any(values, rows, method, names)
    if found is None:
        drawn = values[rows]
        still = [name for name, column in zip(names, drawn.T, strict=True) if not _varies(column)]
        raise ModelError(f"{', '.join(still)}: the same in all of {len(rows)} rows. Leave it out.")
    sizes, vectors = np.linalg.eigh(found)
    if sizes[0] < LEAST:
        weights = np.abs(vectors[:, 0])
        listed = ", ".join(
            name for name, weight in zip(names, weights, strict=True) if weight > 0.1
        )
        raise ModelError(
            f"{listed}: one of them can be computed from the others (the least eigenvalue of the "
            f"correlations is {sizes[0]:.2g}). Leave one out"
            + ("." if method != "polychoric" else ", or use method='spearman'.")
        )
    return found


def correlations_if_any(
    values: Float, rows: Int, method: Method, names: Sequence[str]
) -> Float | None:
    """Return the correlations; None where a variable does not vary."""
    from salutogen.models.networks._kernels_lasso import correlate

    if method == "polychoric":
        return _polychoric(values[rows], names)
    if method == "spearman":
        from scipy.stats import rankdata

        values = np.ascontiguousarray(rankdata(values[rows], axis=0))
        rows = np.arange(len(values))
    found = np.empty((values.shape[1], values.shape[1]))
    return found if correlate(values, rows, found) else None


def _polychoric(values: Float, names: Sequence[str]) -> Float | None:
    from salutogen.models.ordered.polychoric import polychoric

    coded = [np.unique(column, return_inverse=True) for column in values.T]
    sizes = [len(found) for found, _ in coded]
    if min(sizes) < 2:
        return None
    codes = np.column_stack([code for _, code in coded]).astype(np.intp)
    return polychoric(codes, sizes, names).correlations


def _varies(column: Float) -> bool:
    return bool(np.ptp(column) > 1e-12 * np.max(np.abs(column)))
