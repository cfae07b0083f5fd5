"""Runs of the real command, shared by the end-to-end tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., subprocess.CompletedProcess[str]]


def call(
    *arguments: str | Path, cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Call `salutogen` as a user would, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "salutogen", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
        cwd=cwd,
        env={**os.environ, **environment},
    )


@pytest.fixture(scope="session")
def salutogen() -> Command:
    """The command `salutogen`."""
    return call


@pytest.fixture(scope="session")
def dynacore_out(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Output folder of the shipped DynaCORE-L study, run once."""
    study = Path(__file__).parents[2] / "examples" / "dynacore-l" / "study.yaml"
    out = tmp_path_factory.mktemp("dynacore") / "out"
    done = call("run", study, "--data", shared_data / "dynacore-l", "--out", out)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="session")
def dynacore_results(dynacore_out: Path) -> dict[str, Any]:
    """`results.json` of the DynaCORE-L run."""
    content: dict[str, Any] = json.loads((dynacore_out / "results.json").read_text("utf-8"))
    return content
