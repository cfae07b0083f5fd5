"""Share the work of a compiled kernel among threads; the result does not depend on how many."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

WORTH_A_THREAD = 200_000  # numbers touched, below which starting threads costs more than it saves


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
    threads = min(n_threads(), n_parts, max(1, int(n_parts * cost / WORTH_A_THREAD)))
    if threads <= 1:
        task(0, n_parts)
        return
    edges = [n_parts * i // threads for i in range(threads + 1)]
    with ThreadPoolExecutor(threads) as pool:
        for future in [pool.submit(task, a, b) for a, b in pairwise(edges)]:
            future.result()
