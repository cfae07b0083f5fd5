"""Work among threads: the same as without them, in order, and errors come through."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from salutogen.models.parallel.threads import at_once, share_work

LONG = 1e6  # numbers per part: always worth a thread


@pytest.fixture(autouse=True)
def two_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_NUM_THREADS", "2")


def test_tasks_at_once_give_their_values_in_order_from_two_threads() -> None:
    together = threading.Barrier(2, timeout=60)

    def task(number: int) -> tuple[int, int]:
        if number < 2:  # the first two can only pass together
            together.wait()
        return number, threading.get_ident()

    found = at_once([lambda n=n: task(n) for n in range(5)], cost=LONG)
    assert [number for number, _ in found] == [0, 1, 2, 3, 4]
    assert found[0][1] != found[1][1]


def test_small_tasks_stay_in_this_thread() -> None:
    here = threading.get_ident()
    assert at_once([threading.get_ident] * 3, cost=10.0) == [here] * 3
    assert at_once([], cost=LONG) == []


def test_an_error_of_one_task_is_raised() -> None:
    def fails() -> None:
        raise ValueError("third")

    with pytest.raises(ValueError, match="third"):
        at_once([int, int, fails, int], cost=LONG)


def test_what_a_task_shares_stays_in_its_thread() -> None:
    def task() -> bool:
        seen: set[int] = set()
        out = np.zeros(4)

        def part(first: int, last: int) -> None:
            seen.add(threading.get_ident())
            out[first:last] = 1.0

        share_work(part, 4, cost=LONG)
        return seen == {threading.get_ident()} and bool(out.all())

    assert at_once([task, task], cost=LONG) == [True, True]
