"""The lock: every version pinned with its hashes, no address, nothing forgotten."""

from __future__ import annotations

import re
import tomllib
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)")


def pinned(path: Path) -> dict[str, set[str]]:
    """Versions by name; a name may have several, each with a marker of its own."""
    versions: dict[str, set[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        match = REQUIREMENT.match(line)
        if match:
            versions.setdefault(normal(match[1]), set()).add(match[2])
    return versions


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.fixture
def project(repository: Path) -> dict[str, Any]:
    return tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["lock.txt", "spark.txt", "uv.txt"])
def test_every_requirement_has_hashes_and_none_an_address(repository: Path, name: str) -> None:
    text = (repository / "requirements" / name).read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=[A-Za-z0-9])", text.strip())
    assert blocks
    for block in blocks:
        assert REQUIREMENT.match(block), block.splitlines()[0]
        assert "--hash=sha256:" in block, block.splitlines()[0]
    assert "://" not in text
    assert "--index-url" not in text
    assert "--find-links" not in text


def test_everything_the_project_asks_for_is_locked(
    repository: Path, project: dict[str, Any]
) -> None:
    asked = list(project["project"]["dependencies"])
    extras = dict(project["project"]["optional-dependencies"])
    spark = extras.pop("spark")  # large, and of use to few: locked apart
    asked += chain(*extras.values(), *project["dependency-groups"].values())
    folder = repository / "requirements"
    assert names_of(asked) <= pinned(folder / "lock.txt").keys()
    assert (folder / "spark.in").read_text(encoding="utf-8").splitlines() == spark
    assert names_of(spark) <= pinned(folder / "spark.txt").keys()


def names_of(requirements: list[str]) -> set[str]:
    return {normal(re.split(r"[<>=!~\[; ]", line)[0]) for line in requirements}


def test_the_build_backend_is_pinned_like_the_lock(
    repository: Path, project: dict[str, Any]
) -> None:
    (backend,) = project["build-system"]["requires"]
    name, version = backend.split("==")
    assert pinned(repository / "requirements" / "lock.txt")[name] == {version}


def test_uv_is_pinned_once(repository: Path) -> None:
    versions = pinned(repository / "requirements" / "uv.txt")
    assert versions.keys() == {"uv"}
    assert len(versions["uv"]) == 1


def test_versions_agree(repository: Path, project: dict[str, Any]) -> None:
    import salutogen

    citation = (repository / "CITATION.cff").read_text(encoding="utf-8")
    assert project["project"]["version"] == salutogen.__version__
    assert f"\nversion: {salutogen.__version__}\n" in citation
    assert salutogen.__version__ in (repository / "CHANGELOG.md").read_text(encoding="utf-8")
