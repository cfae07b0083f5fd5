"""Share work among threads; the result does not depend on how many."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from itertools import pairwise

WORTH_A_THREAD = 200_000  # numbers touched, below which starting threads costs more than it saves

AT_ONCE = 2  # tasks that hold long arrays of their own: more would cost memory


def n_threads() -> int:
    """Threads to use: `NUMBA_NUM_THREADS` if set, else the cores this process may run on."""
    chosen = os.environ.get("NUMBA_NUM_THREADS", "")
    if chosen.isdigit() and int(chosen) > 0:
        return int(chosen)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def share_work(task: Callable[[int, int], None], n_parts: int, *, cost: float) -> None:
    """Call ``task(first, last)`` on contiguous ranges that cover ``range(n_parts)``.

    Parameters
    ----------
    task : callable
        Works on parts first … last − 1, each in its own place; releases the interpreter lock.
    n_parts : int
        Number of parts.
    cost : float
        Numbers touched per part: small work stays in this thread.
    """
    threads = worthwhile(n_parts, cost)
    if threads <= 1:
        task(0, n_parts)
        return
    edges = [n_parts * i // threads for i in range(threads + 1)]
    others = [_workers(threads - 1).submit(_alone, task, a, b) for a, b in pairwise(edges[1:])]
    try:
        task(edges[0], edges[1])
    finally:
        wait(others)
    for other in others:
        other.result()


def at_once[T](tasks: Sequence[Callable[[], T]], *, cost: float) -> list[T]:
    """Call tasks that do not touch each other, two at a time where that is worth it.

    Parameters
    ----------
    tasks : sequence of callable
        Mostly work of NumPy on long arrays, which releases the interpreter lock.
    cost : float
        Numbers touched per task: small work stays in this thread.

    Returns
    -------
    list
        What they return, in their order.
    """
    threads = min(worthwhile(len(tasks), cost), AT_ONCE)
    if threads <= 1:
        return [task() for task in tasks]
    begun = [_workers(threads).submit(_alone, task) for task in tasks]
    try:
        wait(begun)
    finally:  # after Ctrl-C the tasks that wait for a thread are left out
        for one in begun:
            one.cancel()
        wait(begun)
    return [one.result() for one in begun]


def worthwhile(n_parts: int, cost: float) -> int:
    """How many threads are worth starting; one within a thread that shares work already."""
    if getattr(_here, "busy", False):
        return 1
    threads = min(n_parts, int(n_parts * cost / WORTH_A_THREAD))
    return min(n_threads(), threads) if threads > 1 else 1


_here = threading.local()
_pools: dict[int, ThreadPoolExecutor] = {}


def _workers(n: int) -> ThreadPoolExecutor:
    """The threads of this process, started once; a forked process starts its own."""
    if n not in _pools:
        _pools[n] = ThreadPoolExecutor(n, thread_name_prefix="salutogen")
    return _pools[n]


def _alone[**P, T](task: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a part, and anything it shares in its turn, in this thread."""
    _here.busy = True
    return task(*args, **kwargs)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pools.clear)
