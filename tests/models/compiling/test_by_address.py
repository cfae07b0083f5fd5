"""A kernel that is called at its address gives what it gives by its name, or is refused."""

from __future__ import annotations

import errno
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from salutogen.models.compiling.by_address import by_address, floats, record, whole_number
from salutogen.models.compiling.njit import njit


class Pair(NamedTuple):
    values: NDArray[np.float64]
    at: int


def added(pair: Pair, matrix: NDArray[np.float64]) -> float:
    matrix[0, 1] = 7.0
    return float(pair.values[pair.at] + matrix[1, 0])


addressed = by_address(record(Pair, floats(1), whole_number), floats(2))(added)
call_added = addressed.call


@njit(cache=False)
def twice(address: int, pair: Pair, matrix: NDArray[np.float64]) -> float:
    value: float = 2.0 * call_added(address, pair, matrix)
    return value


def test_a_kernel_calls_another_at_its_address():
    matrix = np.array([[0.0, 0.0], [3.0, 0.0]])
    assert twice(addressed.address, Pair(np.array([1.0, 0.5]), 1), matrix) == 7.0
    assert matrix[0, 1] == 7.0, "what it writes is seen"


def test_arguments_of_other_types_are_refused():
    numba_errors = pytest.importorskip("numba.core.errors")
    pair = Pair(np.array([1.0, 0.5]), 1)
    with pytest.raises(numba_errors.TypingError, match="compiled for"):
        twice(addressed.address, pair, np.zeros((2, 2)).T)


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EROFS])
def test_a_disk_that_keeps_nothing_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    from numba.core import caching

    def refuse(self: Any, key: Any, data: Any) -> None:
        raise OSError(error, "refused")

    monkeypatch.setattr(caching.IndexDataCacheFile, "save", refuse)
    other = by_address(record(Pair, floats(1), whole_number), floats(2))(added)
    matrix = np.array([[0.0, 0.0], [3.0, 0.0]])
    assert twice(other.address, Pair(np.array([1.0, 0.5]), 1), matrix) == 7.0
