"""The table of finding codes and the code that raises them know each other."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from salutogen.findings import CodeEntry, catalogue, code_entry

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "salutogen"
SOURCES = {
    path.relative_to(PACKAGE).as_posix(): path.read_text(encoding="utf-8")
    for path in sorted(PACKAGE.rglob("*.py"))
}


def codes_raised() -> dict[str, str]:
    """Every code written out in a call of `finding` or `tell`, with the file it stands in."""
    raised = {}
    for name, text in SOURCES.items():
        for node in ast.walk(ast.parse(text)):
            if (
                isinstance(node, ast.Call)
                and _called(node.func) in ("finding", "tell")
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                raised[str(node.args[0].value)] = name
    return raised


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def test_every_code_raised_is_explained() -> None:
    raised = codes_raised()
    assert raised
    assert {code: file for code, file in raised.items() if code not in catalogue()} == {}


def test_every_code_explained_is_raised() -> None:
    everything = "\n".join(SOURCES.values())
    assert [code for code in catalogue() if f'"{code}"' not in everything] == []


@pytest.mark.parametrize("entry", catalogue().values(), ids=lambda entry: entry.code)
def test_an_entry_is_complete(entry: CodeEntry) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", entry.code)
    assert entry.title
    assert entry.title[0].isupper()
    assert not entry.title.endswith(".")
    assert len(entry.story) > 30, "the long story is told by `salutogen explain`"
    assert entry.mend.endswith("."), "the mend is a sentence"


def test_one_code_is_read_as_the_whole_table_has_it() -> None:
    assert {code: code_entry(code) for code in catalogue()} == catalogue()
    with pytest.raises(KeyError):
        code_entry("no-such-code")


@pytest.mark.parametrize("entry", catalogue().values(), ids=lambda entry: entry.code)
def test_a_mend_of_its_own_has_no_field(entry: CodeEntry) -> None:
    """`mends` are filled in, `mend` stands as it is: braces in it are YAML of a study file."""
    fields = set(re.findall(r"\{(\w+)(?::[^{} ]*)?\}", entry.mend)) - {"occasion"}
    assert not fields, "what differs from study to study belongs into `text` or `mends`"
    assert "{{" not in entry.mend
