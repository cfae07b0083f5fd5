"""Compiled loops from rows to per-person cross-products, and linear maps of these.

Symmetric matrices are packed as their upper triangle, row by row. Kernels with `first, last`
work on these chunks of persons and write into `out`, so that threads can share the work.

No BLAS: persons have a handful of rows and columns, where the call costs more than the sums, and
its order of addition depends on the number of threads. Here every person has one fixed order.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from salutogen.models.compiling.njit import njit

Float = NDArray[np.float64]
Int = NDArray[np.int64]

CHUNK = 1024  # persons per partial sum; part of the results' last digits, so it stays fixed
BLOCK = 128  # persons at a time, whose intermediate numbers stay in the nearest cache
LOOSE = {"reassoc", "contract", "nsz"}  # sums over persons may be vectorised


@njit(cache=True, nogil=True)
def find_edges(labels: Int, edges: Int) -> int:
    """Write where each person's rows begin, and last where they end; return how many persons.

    −1 if the labels do not ascend. `edges` has room for one more than there are rows.
    """
    # One pass that gives up at the first fall: most files come sorted by person, and then neither
    # a sort nor a table of codes is needed.
    n = len(labels)
    edges[0] = 0
    persons = 1
    for row in range(1, n):
        if labels[row] != labels[row - 1]:
            if labels[row] < labels[row - 1]:
                return -1
            edges[persons] = row
            persons += 1
    edges[persons] = n
    return persons


@njit(cache=True, nogil=True)
def sort_by_code(codes: Int, n_persons: int) -> tuple[Int, Int]:
    """Return the rows in the order of their person, else as they were, and the edges."""
    # A counting sort: linear in rows, and stable, so that a person's rows are added up in the order
    # in which they stand. A comparison sort is slower, and stable only on request.
    edges = np.zeros(n_persons + 1, np.int64)
    for row in range(len(codes)):
        edges[codes[row] + 1] += 1
    for person in range(n_persons):
        edges[person + 1] += edges[person]
    place = edges[:-1].copy()
    order = np.empty(len(codes), np.int64)
    for row in range(len(codes)):
        person = codes[row]
        order[place[person]] = row
        place[person] += 1
    return order, edges


@njit(cache=True, nogil=True, fastmath=LOOSE)
def squared_distance(column: Float, centre: float) -> float:
    """Sum of squared deviations from a centre."""
    # The second of two passes: the mean is known. One pass by Σx² − n·mean² would cancel all
    # digits of columns such as calendar years.
    value = 0.0
    for row in range(len(column)):
        value += (column[row] - centre) ** 2
    return value


@njit(cache=True, nogil=True)
def group_rows(block: Float, edges: Int, out: Float) -> None:
    """Write packed cross-products by person.

    `block` (k, rows) holds the rows of some persons one after the other, person i those from
    ``edges[i] - edges[0]`` up to ``edges[i + 1] - edges[0]``; `out` has (persons, k (k + 1)/2).
    """
    # Rows innermost: they lie side by side in `block`, and each product is summed in a register.
    # Not `LOOSE`: a person's few rows gain nothing by it, and are added up as they stand.
    k = block.shape[0]
    for person in range(len(edges) - 1):
        begin, end = edges[person] - edges[0], edges[person + 1] - edges[0]
        position = 0
        for i in range(k):
            for j in range(i, k):
                value = 0.0
                for row in range(begin, end):
                    value += block[i, row] * block[j, row]
                out[person, position] = value
                position += 1


@njit(cache=True, nogil=True, fastmath=LOOSE)
def map_packed(first: int, last: int, packed: Float, weights: Float, out: Float) -> None:
    """Write weights' times each person's packed numbers: (n, m) and (m, h) give (h, n)."""
    # Persons innermost, a block at a time: the block's sums stay in the nearest cache while all
    # sources are added to them, and one instruction serves several persons. Most weights are zero
    # (a term is a combination of few columns), so these are left out rather than multiplied.
    n, m = packed.shape
    h = weights.shape[1]
    for chunk in range(first, last):
        for begin in range(chunk * CHUNK, min(n, (chunk + 1) * CHUNK), BLOCK):
            end = min(n, begin + BLOCK)
            for column in range(h):
                for person in range(begin, end):
                    out[column, person] = 0.0
                for source in range(m):
                    weight = weights[source, column]
                    if weight != 0.0:
                        for person in range(begin, end):
                            out[column, person] += weight * packed[person, source]
