"""Many fits on processes or a cluster: the same results, clear words when something stops."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from salutogen.errors import ModelError
from salutogen.models.mixture.comparison import compare_classes
from salutogen.models.moments.moments import Moments
from salutogen.models.parallel import executors
from salutogen.models.parallel.executors import Interrupted, executor_for, progress_bar, run_each

FORMULA = "y ~ t + I(t**2) + (1 | id)"


def three_groups(n=150, occasions=5):
    generator = np.random.default_rng(3)
    person, t = np.repeat(np.arange(n), occasions), np.tile(np.arange(float(occasions)), n)
    mean = np.array([0.0, 3.0, -3.0])[person % 3] + np.array([0.0, 1.0, 0.5])[person % 3] * t
    y = mean + generator.normal(size=n)[person] + generator.normal(size=len(t))
    return {"id": person, "t": t, "y": y}


def double(number):
    return 2 * number


def stop_at_three(number):
    if number == 3:
        raise KeyboardInterrupt
    return number


def fail(number):
    raise ModelError(f"No fit of {number}.")


def leave(number):
    os._exit(number)


def threads_of(_):
    return [os.environ.get(name) for name in executors.ONE_THREAD]


@pytest.mark.parametrize("workers", [None, 3])
def test_results_keep_the_order_and_progress_is_told(workers):
    told = []
    with ThreadPoolExecutor(workers or 1) as pool:
        found = run_each(
            double,
            range(150),
            executor=pool if workers else None,
            progress=lambda done, total: told.append((done, total)),
        )
    assert found == [2 * number for number in range(150)]
    assert told[0] == (0, 150)
    assert told[-1] == (150, 150)
    assert told == sorted(told)
    assert run_each(double, []) == []


def test_an_interruption_says_what_was_finished():
    with pytest.raises(Interrupted, match=r"3 of 9 tasks were finished") as caught:
        run_each(stop_at_three, range(9))
    assert caught.value.finished == {0: 0, 1: 1, 2: 2}
    assert caught.value.total == 9
    assert isinstance(caught.value, KeyboardInterrupt)


def test_an_interruption_cancels_what_waits():
    begun = []

    def slow(number):
        begun.append(number)
        time.sleep(0.02)
        return number

    def after_two(done, total):
        if done == 2:
            raise KeyboardInterrupt

    with ThreadPoolExecutor(1) as pool, pytest.raises(Interrupted) as caught:
        run_each(slow, range(60), executor=pool, progress=after_two)
    assert caught.value.finished == {0: 0, 1: 1}
    assert len(begun) < 10


def test_a_refusal_in_a_task_comes_through():
    with ThreadPoolExecutor(2) as pool, pytest.raises(ModelError, match="No fit of"):
        run_each(fail, range(5), executor=pool)


def test_processes_use_one_thread_and_say_when_they_end():
    with executor_for(workers=1) as pool:
        assert pool.submit(threads_of, 0).result() == ["1"] * len(executors.ONE_THREAD)
        with pytest.raises(ModelError, match="A worker process ended abruptly"):
            run_each(leave, [3], executor=pool)
    with pytest.raises(ModelError, match="workers: expected"), executor_for(workers=0):
        pass


def test_progress_bar_takes_counts(capsys):
    with progress_bar("Fitting classes") as progress:
        progress(0, 4)
        progress(4, 4)
    assert capsys.readouterr().out == ""


def test_comparison_is_the_same_everywhere():
    moments = Moments.from_frame(FORMULA, three_groups(60))
    here = compare_classes(FORMULA, moments, classes=(1, 2, 3), starts=6)
    with executor_for(workers=2) as pool:
        there = compare_classes(FORMULA, moments, classes=(1, 2, 3), starts=6, executor=pool)
    assert there.table.equals(here.table)
    assert set(there.results) == {1, 2, 3}


def test_interrupted_comparison_names_the_finished_numbers():
    def after_two(done, total):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted, match=r"Finished of 4 numbers of classes: 1, 2\.") as caught:
        compare_classes(
            FORMULA, three_groups(60), classes=(1, 2, 3, 4), starts=4, progress=after_two
        )
    assert caught.value.finished[2].n_classes == 2


SCRIPT = """
import numpy as np
from salutogen.models import bootstrap_likelihood_ratio, executor_for

def told(done, total):
    print(done, flush=True)

if __name__ == "__main__":
    person, t = np.repeat(np.arange(100), 4), np.tile(np.arange(4.0), 100)
    y = np.random.default_rng(1).normal(size=400) + 4 * (person % 3 == 0)
    with executor_for(workers=2) as executor:
        bootstrap_likelihood_ratio("y ~ t + (1 | id)", {"id": person, "t": t, "y": y}, 2,
                                   draws=600, executor=executor, progress=told)
"""


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT to a process on Windows")
def test_ctrl_c_ends_all_processes(tmp_path):
    path = tmp_path / "script.py"
    path.write_text(SCRIPT, encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout.readline() == "0\n"
        process.stdout.readline()  # the first draws are there
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers too
        _, words = process.communicate(timeout=30)  # ends when no worker holds the pipes any more
    assert "of 600 tasks were finished" in words.splitlines()[-1]
    assert words.count("Traceback") <= 2  # of this process, and what it came from; none of workers


def test_a_cluster_needs_its_package_and_an_answer(monkeypatch):
    data = three_groups(20)
    with pytest.raises(ModelError, match="give one of the two"), ThreadPoolExecutor(1) as pool:
        compare_classes(FORMULA, data, executor=pool, scheduler="tcp://127.0.0.1:1")
    with pytest.raises(ModelError, match="a cluster has the workers"):
        executor_for("tcp://127.0.0.1:1", workers=3).__enter__()
    monkeypatch.setattr(executors, "ANSWER_WITHIN", 0.5)
    with pytest.raises(ModelError, match="nothing that is a Dask scheduler answers at"):
        compare_classes(FORMULA, data, scheduler="tcp://127.0.0.1:1")
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ModelError, match=r"Install salutogen\[cluster\]"):
        compare_classes(FORMULA, data, scheduler="tcp://127.0.0.1:1")


def test_a_worker_of_a_cluster_may_die_in_mid_fit():
    """Two worker processes; the first that has work is killed while it works."""
    distributed = pytest.importorskip("distributed")
    moments = Moments.from_frame(FORMULA, three_groups())
    here = compare_classes(FORMULA, moments, classes=range(1, 5), starts=10)
    killed = []

    def kill_one(client):
        pids = client.run(os.getpid)
        while not killed:
            busy = [address for address, tasks in client.processing().items() if tasks]
            if busy:
                killed.append(busy[0])
                os.kill(pids[busy[0]], signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
            time.sleep(0.02)

    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        killer = threading.Thread(target=kill_one, args=(client,), daemon=True)
        killer.start()
        there = compare_classes(
            FORMULA, moments, classes=range(1, 5), starts=10, scheduler=cluster.scheduler_address
        )
        killer.join(timeout=10)
    assert len(killed) == 1
    assert there.table.equals(here.table)
    for k in here.results:
        np.testing.assert_array_equal(here.results[k].posterior, there.results[k].posterior)
