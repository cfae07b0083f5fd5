"""No cell of a CSV file is a formula to a spreadsheet, and every text can be had back."""

from __future__ import annotations

import csv
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salutogen.pipeline import csv_files
from salutogen.pipeline.csv_files import write_csv
from salutogen.pipeline.spreadsheet_text import harmless, harmless_name, to_the_letter

WICKED = {
    "=1+1": "'=1+1", "+49 89": "'+49 89", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\t1": "'\t1",
    "\t=1": "'\t'=1", "\r=1": "'\r'=1", "\n=1": "'\n'=1", "＝1": "'＝1", "'=1": "''=1",
    "''-1": "'\''-1", "a;=1+1": "a;'=1+1", "a;'=1": "a;''=1", "b\n@x;+1": "b\n'@x;'+1",
    "=a;=b": "'=a;'=b", ";;＋1": ";;'＋1",
}  # fmt: skip
PLAIN = ["", "a", "a; b", "a;1", "a; =1", "a=1", "'tis", "'", " =1", "1-2", "–", "−3", "é+", None]
texts = st.text(st.sampled_from(["=", "+", "-", "@", "'", "\t", ";", "\n", "a", "é"]), max_size=7)


@pytest.mark.parametrize(("text", "told"), WICKED.items())
def test_a_text_that_begins_as_a_formula_gets_an_apostrophe(text: str, told: str) -> None:
    made, changed = harmless(pl.DataFrame({"x": [text], "n": [-1.5]}))
    assert made["x"].to_list() == [told]
    assert harmless_name(text) == told
    assert to_the_letter(told) == text
    assert made["n"].to_list() == [-1.5]
    assert changed == {"x": 1}


def test_other_texts_and_all_numbers_stay() -> None:
    table = pl.DataFrame({"x": PLAIN, "n": [-1] * len(PLAIN)})
    made, changed = harmless(table)
    assert made.equals(table)
    assert changed == {}


@given(st.lists(texts | st.none(), min_size=1), texts)
def test_taking_one_apostrophe_away_gives_every_text_back(
    cells: list[str | None], name: str
) -> None:
    made, changed = harmless(pl.DataFrame({name: cells}, schema={name: pl.String}))
    back = [None if text is None else to_the_letter(text) for text in made.to_series()]
    assert back == cells
    assert to_the_letter(made.columns[0]) == name
    touched = sum(one != two for one, two in zip(made.to_series(), cells, strict=True))
    assert sum(changed.values()) == touched + (made.columns[0] != name)
    assert not any((text or "").startswith(("=", "+", "-", "@", "\t")) for text in made.to_series())


def test_categories_and_names_of_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = pl.DataFrame(
        {
            "=cmd": pl.Series(["-a", "b", "-a"], dtype=pl.Categorical),
            "-n": [-1, -2, 3],
            "lists": [["=x"], [], None],
        }
    )
    monkeypatch.setattr(csv_files, "ROWS_AT_ONCE", 2)
    changed = write_csv(table, tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["'=cmd", "'-n", "lists"]
    assert [row[:2] for row in rows[1:]] == [["'-a", "-1"], ["b", "-2"], ["'-a", "3"]]
    assert {name: changed[name] for name in ("=cmd", "-n")} == {"=cmd": 3, "-n": 1}
    assert not any(cell[:1] in ("=", "+", "@") for row in rows for cell in row)
    assert write_csv(table, tmp_path / "v.csv", verbatim=True) == {}
    assert (tmp_path / "v.csv").read_text("utf-8").startswith("=cmd,-n,lists\n-a,-1,")
    assert harmless_name("n") == "n"
