"""Small output folders, as a run writes them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from salutogen.findings import Finding
from salutogen.pipeline.output_folder import OutputRefusedError, claimed

posix = pytest.mark.skipif(sys.platform == "win32", reason="links and signals of POSIX")


def new(folder: Path) -> None:
    """Fill a folder as a run does: two files, and the list of them."""
    (folder / "tables").mkdir()
    (folder / "tables" / "t.csv").write_text("new")
    (folder / "scores.csv").write_text("new")
    listed(folder, "scores.csv", "tables/t.csv")


def listed(folder: Path, *names: str) -> None:
    content = {"salutogen": "0.1.0", "outputs": [{"file": name} for name in names]}
    (folder / "manifest.json").write_text(json.dumps(content))


def old(folder: Path) -> None:
    """An earlier output."""
    folder.mkdir()
    for name in ("scores.csv", "old.csv"):
        (folder / name).write_text("old")
    listed(folder, "scores.csv", "old.csv")


def write(
    out: Path, fill: Callable[[Path], None] = new, *, force: bool = False
) -> tuple[Finding, ...]:
    with claimed(out, force=force) as place:
        return place.write(fill)


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


NEW = {"manifest.json", "scores.csv", "tables/t.csv"}


@contextmanager
def refused_with(*codes: str) -> Iterator[None]:
    with pytest.raises(OutputRefusedError) as refused:
        yield
    assert tuple(one.code for one in refused.value.findings) == codes


def gone() -> int:
    """Number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid
