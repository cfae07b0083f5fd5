"""Correlations of every two of several columns, each over the rows that both know.

Rows are gone through in pieces that stay in a core's cache, all pairs at a time, and values are
sorted once, however many sets of rows they are ranked in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.models.descriptive import FEWEST, NOISE
from salutogen.models.linear_algebra import PIECE, sum_in_pieces

Float = NDArray[np.float64]

DIGITS = 11  # of values that are ranked: further ones are another processor's


class Column(Protocol):
    """Values (n,) of which slices can be taken: an array, or what makes them when asked."""

    def __len__(self) -> int:
        """Return the number of values."""
        ...

    def __getitem__(self, piece: slice, /) -> Any:
        """Return some of the values as an array."""
        ...


Bool = NDArray[np.bool_]
Matrix = list[list[float | None]]


@dataclass(frozen=True)
class Order:
    """Place of each value among the distinct ones, from which ranks in any set of rows follow.

    Attributes
    ----------
    code : ndarray of int32, shape (n,)
        From 0 for the lowest; −1 where the value is unknown.
    """

    code: NDArray[np.int32]

    @classmethod
    def of(cls, values: Float) -> Order:
        """Sort values (n,), NaN where unknown; what differs by rounding is the same."""
        finite = np.isfinite(values)
        largest = float(np.abs(values[finite]).max(initial=0.0)) or 1.0
        rounded = np.round(np.where(finite, values, np.nan) / largest, DIGITS)
        known = pl.Series(rounded).fill_nan(None)
        places = known.rank("dense").fill_null(0)
        return cls(places.to_numpy().astype(np.int32) - np.int32(1))

    @property
    def known(self) -> Bool:
        """Which rows have a value (n,)."""
        return self.code >= 0

    def ranks(self, rows: Bool | None = None) -> Float:
        """Average ranks among some known rows, of each of these; of all known ones by default."""
        code = self.code[self.known if rows is None else rows]
        if not code.size:
            return np.empty(0)
        count = np.bincount(code)
        of_code = np.cumsum(count) - (count - 1) / 2
        return np.asarray(of_code[code], dtype=np.float64)


def correlation_matrix(columns: Sequence[Column]) -> Matrix:
    """Return Pearson correlations of columns (n,), each over the rows that both know.

    None with fewer than 3 such rows, or where one side varies by no more than rounding; 1 of each
    column with itself.
    """
    cells = _empty(len(columns))
    known = [_known_of(column) for column in columns]
    for rows, pairs in _sets_of_rows(known):
        _fill(cells, pairs, {at: columns[at] for pair in pairs for at in pair}, rows)
    return cells


def rank_correlation_matrix(orders: Sequence[Order]) -> Matrix:
    """Return Spearman correlations; ranks are made anew for each set of rows known to a pair."""
    cells = _empty(len(orders))
    known = [_known(order.known) for order in orders]
    for rows, pairs in _sets_of_rows(known):
        ranks = {at: orders[at].ranks(rows) for at in sorted({at for pair in pairs for at in pair})}
        _fill(cells, pairs, ranks, None)
    return cells


def _empty(size: int) -> Matrix:
    return [[1.0 if i == j else None for j in range(size)] for i in range(size)]


def _known_of(column: Column) -> Bool | None:
    """Return which values are known, looked at in pieces; None for all of them."""
    pieces = [slice(start, start + PIECE) for start in range(0, len(column), PIECE)]
    if all(np.isfinite(column[piece]).all() for piece in pieces):
        return None
    return np.concatenate([np.isfinite(column[piece]) for piece in pieces])


def _known(mask: Bool) -> Bool | None:
    """Return which rows are known; None for all of them."""
    return None if mask.all() else mask


def _sets_of_rows(
    known: Sequence[Bool | None],
) -> list[tuple[Bool | None, list[tuple[int, int]]]]:
    """Find the sets of rows that pairs of columns know, and the pairs of each."""
    found: dict[bytes, tuple[Bool | None, list[tuple[int, int]]]] = {}
    for i, left in enumerate(known):
        for j, right in enumerate(known[:i]):
            both = left if right is None else right if left is None else left & right
            key = b"" if both is None else np.packbits(both).tobytes()
            found.setdefault(key, (both, []))[1].append((i, j))
    return list(found.values())


def _fill(
    cells: Matrix,
    pairs: Sequence[tuple[int, int]],
    columns: Mapping[int, Column],
    rows: Bool | None,
) -> None:
    """Write the correlations of some pairs over one set of rows."""
    length = len(next(iter(columns.values())))
    n = length if rows is None else int(np.count_nonzero(rows))
    if n < FEWEST:
        return
    place = {at: index for index, at in enumerate(columns)}
    wanted = [(at, at) for at in range(len(columns))]
    wanted += [(place[i], place[j]) for i, j in pairs]
    values = list(columns.values())
    means = (_sums(values, rows) / n).tolist()
    room = np.empty((len(values), 0))

    def products(piece: slice) -> Float:
        nonlocal room
        size = piece.stop - piece.start
        if room.shape[1] != size:
            room = np.empty((len(values), size))
        for own, one, mean in zip(room, values, means, strict=True):
            np.subtract(one[piece], mean, out=own)
            if rows is not None:
                own[~rows[piece]] = 0.0
        return np.array([np.sum(room[i] * room[j]) for i, j in wanted])

    sums = sum_in_pieces(length, products)
    flat = sums[: len(values)] <= NOISE * n * _largest(values, rows) ** 2
    for (i, j), product in zip(pairs, sums[len(values) :].tolist(), strict=True):
        a, b = place[i], place[j]
        if not flat[a] and not flat[b]:
            r = float(np.clip(product / np.sqrt(sums[a] * sums[b]), -1.0, 1.0))
            cells[i][j] = cells[j][i] = r


def _sums(columns: Sequence[Column], rows: Bool | None) -> Float:
    """Sum of each column over some rows."""

    def part(piece: slice) -> Float:
        where = True if rows is None else rows[piece]
        return np.array([np.sum(one[piece], where=where) for one in columns])

    return sum_in_pieces(len(columns[0]), part)


def _largest(columns: Sequence[Column], rows: Bool | None) -> Float:
    """Largest size of each column's values over some rows."""
    found = np.zeros(len(columns))
    for start in range(0, len(columns[0]), PIECE):
        piece = slice(start, start + PIECE)
        where = True if rows is None else rows[piece]
        sizes = [np.max(np.abs(one[piece]), initial=0.0, where=where) for one in columns]
        found = np.maximum(found, sizes)
    return found
