"""The order in which edges are told, and sums over them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]


def edge_names(variables: Sequence[str]) -> list[str]:
    """Names of the edges without direction: ``x--y`` for each pair in the order of variables."""
    return [f"{one}--{other}" for one, other in pairs_of(variables)]


def pairs_of(variables: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs of variables, in the order of `edges_of`."""
    return list(combinations(variables, 2))


def edges_of(matrix: Float) -> Float:
    """Entries (k (k − 1)/2,) of a symmetric matrix above its diagonal, row by row."""
    found: Float = matrix[np.triu_indices(len(matrix), 1)]
    return found


def strengths_of(edges: Float, k: int) -> Float:
    """Sum of the sizes of each variable's edges (..., k) from edges (..., k (k − 1)/2)."""
    rows, columns = np.triu_indices(k, 1)
    touches = (rows[:, None] == np.arange(k)) | (columns[:, None] == np.arange(k))
    found: Float = np.sum(np.abs(edges)[..., None] * touches, axis=-2)
    return found
