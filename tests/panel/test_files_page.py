"""The examples of the page on files are the same study, written in other ways."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest

from salutogen.panel import Panel
from salutogen.study import read_study

PAGE = Path(__file__).parents[2] / "docs" / "files.md"
BLOCK = re.compile(r"```\{code-block\} \w+\n:caption: ([^\n]+)\n(.*?)```", re.DOTALL)
INTRODUCTION, *SECTIONS = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
EXAMPLES = {section.splitlines()[0]: section for section in SECTIONS if "study.yaml\n" in section}


def read(section: str, folder: Path) -> Panel:
    """Write the files of one example into a folder and read them."""
    blocks = dict(BLOCK.findall(INTRODUCTION)) if section == INTRODUCTION else {}
    first = dict(BLOCK.findall(INTRODUCTION))["first lines of each study.yaml"]
    blocks |= dict(BLOCK.findall(section))
    for name, text in blocks.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "study.yaml").write_text(first + blocks["study.yaml"], encoding="utf-8")
    return read_study(folder / "study.yaml").read()


def table(panel: Panel, *, ticked: bool) -> pl.DataFrame:
    """Answers by person and occasion; events as counts where only these can be compared."""
    events = panel.answers["events"].select(pl.all().clip(0, 1 if ticked else 5).cast(pl.Int8))
    return panel.rows.select("person", "occasion").hstack(panel.answers["mood"]).hstack(events)


@pytest.mark.parametrize("title", EXAMPLES)
def test_each_example_is_the_same_study(tmp_path: Path, title: str) -> None:
    plain_folder, folder = tmp_path / "plain", tmp_path / "example"
    plain_folder.mkdir()
    folder.mkdir()
    plain = read(INTRODUCTION, plain_folder)
    assert not [one for one in plain.findings if one.severity != "note"]
    panel = read(EXAMPLES[title], folder)
    ticked = title == "Words as answers"
    whole = table(panel, ticked=ticked).filter(pl.col("person") < 3)
    assert whole.equals(table(plain, ticked=ticked)), title
    assert panel.n_persons == 3


def test_every_kind_has_an_example() -> None:
    assert len(EXAMPLES) == 8
