"""The README keeps its promises: its study file is valid, its links and commands exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest


@pytest.fixture
def readme(repository: Path) -> str:
    return (repository / "README.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_the_study_file_is_valid_and_short(readme: str, tmp_path: Path) -> None:
    import salutogen as sg

    (example,) = blocks(readme, "yaml")
    assert len(example.splitlines()) <= 20
    path = tmp_path / "study.yaml"
    path.write_text(example, encoding="utf-8")
    study = sg.read_study(path)
    assert study.labels == tuple("123456")
    assert study.exposure_types == ("hassles",)
    assert len(study.instruments["ghq-12"].items) == 12


def test_links_lead_somewhere(repository: Path, readme: str) -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", readme)
    assert targets
    assert [target for target in targets if not (repository / target).exists()] == []


def test_commands_exist(repository: Path, readme: str) -> None:
    makefile = (repository / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z]+)\b", "\n".join(blocks(readme, "sh"))))
    assert named == {"demo", "test"}
    assert named <= targets


def test_the_sign_is_stated(readme: str) -> None:
    assert "SR = observed − expected problems" in readme
    assert "Positive = over-reactive = less resilient" in readme
