"""Run many fits on this machine's cores or on a Dask cluster, with progress and a clean stop."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from salutogen.errors import ModelError
from salutogen.models.parallel.threads import n_threads

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

Progress = Callable[[int, int], None]

BATCHES = 64  # parts in which many small tasks are sent, at most
GLANCE = 0.5  # seconds after which a wait looks up, so that a signal is acted on
ANSWER_WITHIN = 20  # seconds in which a scheduler must answer
ONE_THREAD = (
    "NUMBA_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "POLARS_MAX_THREADS",
)


class Interrupted(KeyboardInterrupt):
    """A long computation was stopped by the user.

    Attributes
    ----------
    finished : dict
        Results that were complete, by the place of their task (by number of classes, or by
        assumption set, where the function says so); nothing is half-done.
    total : int
        Number of tasks.
    """

    def __init__(self, finished: dict[Any, Any], total: int, words: str = "") -> None:
        self.finished = finished
        self.total = total
        super().__init__(words or f"Interrupted: {len(finished)} of {total} tasks were finished.")


def run_each(
    task: Callable[[Any], Any],
    items: Sequence[Any],
    *,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> list[Any]:
    """Apply a task to each item and return the results in the order of the items.

    Parameters
    ----------
    task : callable
        Takes an item. For processes or a cluster it must be importable or a method of a
        dataclass that can be sent.
    items : sequence
        Each carries its own seed, so that the results do not depend on who computes what.
    executor : concurrent.futures.Executor, optional
        Where the tasks run; by default one after the other, here.
    progress : callable, optional
        Called as ``progress(done, total)`` in this thread, first with 0 done.

    Raises
    ------
    Interrupted
        On Ctrl-C: tasks that wait are cancelled; the exception holds what was finished.
    ModelError
        A worker process ended abruptly.
    """
    results: dict[int, Any] = {}
    total = len(items)

    def keep(first: int, values: list[Any]) -> None:
        results.update(enumerate(values, first))
        if progress is not None:
            progress(len(results), total)

    futures: dict[Future[list[Any]], int] = {}
    try:
        keep(0, [])
        if executor is None:
            for place, item in enumerate(items):
                keep(place, [task(item)])
        else:
            size = -(-total // BATCHES)
            for first in range(0, total, max(size, 1)):
                batch = list(items[first : first + size])
                futures[executor.submit(_run, task, batch)] = first
            for future in _as_completed(futures):
                keep(futures[future], future.result())
    except KeyboardInterrupt as stop:
        _cancel(futures)
        raise Interrupted(results, total) from stop
    except BrokenProcessPool as error:
        raise ModelError(
            "A worker process ended abruptly: out of memory, killed from outside, or a script "
            "without `if __name__ == '__main__':` around what it runs. Use fewer workers, or "
            "leave the executor out."
        ) from error
    except BaseException:
        _cancel(futures)
        raise
    return [results[place] for place in range(total)]


@contextmanager
def executor_for(scheduler: str | None = None, *, workers: int | None = None) -> Iterator[Executor]:
    """Provide an executor: a pool of processes, or a Dask cluster that is already running.

    Parameters
    ----------
    scheduler : str, optional
        Address of a Dask scheduler, such as ``tcp://node-7:8786``; needs the extra `cluster`.
        By default, processes on this machine.
    workers : int, optional
        Number of processes; by default the cores that this process may use. A cluster has the
        workers it has.

    Yields
    ------
    concurrent.futures.Executor
        Its processes use one thread each, and leave Ctrl-C to this process.

    Raises
    ------
    ModelError
        No package for clusters, or no scheduler at that address.

    Examples
    --------
    >>> with executor_for(workers=2) as executor:
    ...     list(executor.map(abs, [-1, -2]))
    [1, 2]
    """
    if scheduler is None:
        if workers is not None and workers < 1:
            raise ModelError(f"workers: expected a whole number from 1, got {workers!r}.")
        pool, processes = _processes(workers or n_threads())
        try:
            yield pool
        except KeyboardInterrupt:
            for process in processes:
                process.terminate()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
        return
    if workers is not None:
        raise ModelError(
            "workers: a cluster has the workers that were started for it; leave this out."
        )
    client = _client(scheduler)
    try:
        yield client.get_executor(pure=False)
    finally:
        client.close()


@contextmanager
def given_or_scheduled(
    executor: Executor | None, scheduler: str | None
) -> Iterator[Executor | None]:
    """Provide the executor that was given, or one for a scheduler; None for neither."""
    if scheduler is None:
        yield executor
        return
    if executor is not None:
        raise ModelError("executor, scheduler: give one of the two, not both.")
    with executor_for(scheduler) as made:
        yield made


@contextmanager
def progress_bar(description: str = "Fitting") -> Iterator[Progress]:
    """Provide a `progress` callable that draws a bar on the terminal (stderr) or in a notebook.

    Examples
    --------
    ``with progress_bar() as progress: compare_classes(..., progress=progress)``
    """
    from rich.console import Console
    from rich.progress import Progress as Bars

    with Bars(console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task(description, total=None)
        yield lambda done, total: bars.update(bar, completed=done, total=total)


def _run(task: Callable[[Any], Any], items: list[Any]) -> list[Any]:
    return [task(item) for item in items]


def _as_completed(futures: Iterable[Future[Any]]) -> Iterator[Future[Any]]:
    """Futures as they are done; a signal that another thread took is acted on all the same."""
    pending = set(futures)
    while pending:
        done, pending = wait(pending, timeout=GLANCE, return_when=FIRST_COMPLETED)
        yield from done


def _cancel(futures: dict[Future[list[Any]], int]) -> None:
    for future in futures:
        future.cancel()


def _processes(workers: int) -> tuple[ProcessPoolExecutor, set[BaseProcess]]:
    """Start processes that find one thread in their environment: libraries read it on loading."""
    from multiprocessing import active_children, get_context

    others = set(active_children())
    pool = ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_ignore_interrupt
    )
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    in_main = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN) if in_main else None  # inherited
    try:
        for _ in range(workers):  # a process starts when a task finds all others busy starting
            pool.submit(_ignore_interrupt)
    finally:
        if handler is not None:
            signal.signal(signal.SIGINT, handler)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
    return pool, set(active_children()) - others


def _ignore_interrupt() -> None:
    """Leave Ctrl-C, which a terminal sends to all processes, to the one that gives the work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _client(scheduler: str) -> Any:
    try:
        from distributed import Client
    except ImportError as error:
        raise ModelError(
            "scheduler: work on a cluster needs the package 'distributed'. Install "
            "salutogen[cluster], or leave scheduler out to use this machine's cores."
        ) from error
    try:
        return Client(  # type: ignore[no-untyped-call]
            scheduler, timeout=ANSWER_WITHIN, set_as_default=False
        )
    except (OSError, ValueError) as error:
        raise ModelError(
            f"scheduler: nothing that is a Dask scheduler answers at {scheduler!r}. Start one with "
            "`dask scheduler`, and give the address that it prints, such as tcp://node-7:8786."
        ) from error
