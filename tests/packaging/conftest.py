"""The wheel, built once and installed into an environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel in it; dependencies come from the environment of the tests."""

    folder: Path

    @property
    def _scripts(self) -> Path:
        return self.folder / ("Scripts" if os.name == "nt" else "bin")

    @property
    def python(self) -> Path:
        return self._scripts / ("python.exe" if os.name == "nt" else "python")

    def salutogen(self, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run the installed command with nothing of the checkout on its path."""
        return run([str(self._scripts / "salutogen"), *words], cwd=cwd)

    def python_says(self, script: str, cwd: Path) -> str:
        return run([str(self.python), "-c", script], cwd=cwd).stdout.strip()


def run(command: list[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command} said:\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="session")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built by the locked backend without asking the index."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    run(command, cwd=repository)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel installed with `--no-deps`, as a user's pip does it."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=True, symlinks=os.name != "nt")
    home = Installed(folder)
    pip = [str(home.python), "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    run([*pip, "--disable-pip-version-check", str(wheel)], cwd=folder)
    own = Path(home.python_says("import sysconfig; print(sysconfig.get_path('purelib'))", folder))
    # A line in a .pth file adds the folder, but reads no .pth file in it: the editable checkout
    # of the environment of the tests stays out.
    (own / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return home


@pytest.fixture
def says(installed: Installed, tmp_path: Path) -> Callable[..., str]:
    """What the installed command prints to stdout, run in an empty folder."""
    return lambda *words: installed.salutogen(*words, cwd=tmp_path).stdout
