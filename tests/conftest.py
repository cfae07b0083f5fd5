"""What every test can ask for: the real data where they are, a fair share of the machine."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
ABSENT = "absent folder:"
FOLDERS = {
    "shared_data": ("SALUTOGEN_DATA", "../shared/data"),
    "shared_reference": ("SALUTOGEN_REFERENCE", "../shared/reference"),
    "shared_formats": ("SALUTOGEN_FORMATS", "../shared/formats"),
}


def _share_the_cores() -> None:
    """Let each worker of pytest-xdist use its part of the cores, before any library asks."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if workers == 1:
        return
    threads = str(max(1, (os.cpu_count() or 1) // workers))
    for name in ("NUMBA_NUM_THREADS", "POLARS_MAX_THREADS"):
        os.environ.setdefault(name, threads)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def _listen_to_stop_signals() -> None:
    """Let tests be interrupted where a shell started them in the background, ignoring Ctrl-C."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _set_hypothesis_profiles() -> None:
    from hypothesis import HealthCheck, settings

    slow_is_fine = [HealthCheck.too_slow]
    settings.register_profile(
        "fixed", derandomize=True, deadline=None, database=None, suppress_health_check=slow_is_fine
    )
    settings.register_profile(
        "search", max_examples=1000, deadline=None, suppress_health_check=slow_is_fine
    )
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))


_share_the_cores()
_listen_to_stop_signals()
os.environ.setdefault("SALUTOGEN_STRICT_PAGE", "1")  # a part of a page that fails fails the test
_set_hypothesis_profiles()


def _folder(fixture: str) -> Path:
    variable, default = FOLDERS[fixture]
    folder = Path(os.environ.get(variable) or REPOSITORY / default).resolve()
    if not folder.is_dir():
        pytest.skip(f"{ABSENT} {variable} (default {default}) is not there")
    return folder


@pytest.fixture(scope="session")
def repository() -> Path:
    """Folder of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real data; the test is skipped, and counted, where it is absent."""
    return _folder("shared_data")


@pytest.fixture(scope="session")
def shared_reference() -> Path:
    """Folder of values of other programs; skipped, and counted, where it is absent."""
    return _folder("shared_reference")


@pytest.fixture(scope="session")
def shared_formats() -> Path:
    """Folder of other systems' example files; skipped, and counted, where it is absent."""
    return _folder("shared_formats")


@pytest.fixture(scope="module", autouse=True)
def _figures(request: pytest.FixtureRequest) -> Iterator[None]:
    """Leave figures of runs in this process blank, unless the module is marked `figures`."""
    from tests.blank_figures import blank_figures

    if request.node.get_closest_marker("figures"):
        yield
    else:
        yield from blank_figures()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: Iterable[pytest.Item]) -> None:
    """Mark what needs a folder outside the repository, so that `-m "not data"` leaves it out."""
    for item in items:
        if FOLDERS.keys() & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.data)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Generator[None]:
    """Say, just above the last line, how many tests were skipped for want of real data."""
    yield
    skipped: Counter[str] = Counter()
    for report in terminalreporter.stats.get("skipped", []):
        reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
        _, found, rest = reason.partition(ABSENT)
        if found:
            skipped[rest.split()[0]] += 1
    for name, number in sorted(skipped.items()):
        terminalreporter.write_line(
            f"{number} tests were skipped because the folder {name} is absent", yellow=True
        )
