"""`codebook.csv` and `items.csv` say where columns and items come from and what was adapted."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from salutogen.pipeline.codebook import codebook, instruments_behind
from salutogen.pipeline.items_file import ITEM_COLUMNS, items_table
from salutogen.study import Study, read_study
from tests.study.small_study import changed

LOG = [
    {"change": "added", "items": "NW_{1..2}", "block": "night-work", "reason": "missing"},
    {"change": "left-out", "items": [4], "reason": "asked elsewhere"},
    {"change": "reworded", "items": [5], "reason": "plain language", "when": 2024},
]
HEADER = ("subject", "E", "P", "E_low", "E_general", "E_general_standard", "E_general_night-work")


@pytest.fixture
def study() -> Study:
    columns = [f"GE_{number:02}" for number in range(1, 12) if number != 4]
    use: dict[str, Any] = {"instrument": "dynacore-general", "columns": [*columns, "NW_{1..2}"]}
    metadata = [{"items": "NW_{1..2}", "domain": "work", "size": "micro"}]
    return read_study(
        changed({"instruments/general": use | {"adaptations": LOG, "item_metadata": metadata}})
    )


def described(study: Study) -> dict[str, dict[str, Any]]:
    table = pl.DataFrame(schema=dict.fromkeys(HEADER, pl.Float64))
    book = codebook(study, {"scores.csv": table, "items.csv": items_table(study)})
    return {f"{row['file']}:{row['column']}": row for row in book.to_dicts()}


def test_scores_say_where_they_come_from_and_what_was_adapted(study: Study) -> None:
    book = described(study)
    general, P = book["scores.csv:E_general"], book["scores.csv:P"]
    assert general["source"].startswith("DynaCORE list of general stressors; version 1; Bögemann")
    assert "item 4 left out (reason: asked elsewhere)" in general["adaptations"]
    assert "item 5 reworded (2024; reason: plain language)" in general["adaptations"]
    assert "scoring 'likert' by Goldberg" in P["source"]
    assert P["adaptations"] == ""
    assert book["scores.csv:E_low"]["source"] == book["scores.csv:subject"]["source"] == ""
    block = book["scores.csv:E_general_night-work"]
    assert block["meaning"] == "Exposure from part of general: night-work, 2 items"
    assert block["adaptations"] == general["adaptations"]


def test_every_column_of_the_items_is_described(study: Study) -> None:
    book = described(study)
    columns = [name for name in book if name.startswith("items.csv:")]
    assert columns == [f"items.csv:{column.name}" for column in ITEM_COLUMNS]
    assert all(book[name]["meaning"] and book[name]["unit"] for name in columns)


def test_several_instruments_are_told_by_name(study: Study) -> None:
    values = changed({"instruments/brs": {"columns": "B{1..6}"}})
    values["exposure"]["types"] = ["general", "more"]
    values["instruments"]["more"] = {"instrument": "lte-q", "columns": "L{1..12}"}
    both = read_study(values)
    assert [one.name for one in instruments_behind("E", both)] == ["general", "more"]
    table = pl.DataFrame(schema={"E": pl.Float64})
    (row,) = codebook(both, {"scores.csv": table}).to_dicts()
    assert row["source"].startswith("more: List of Threatening Experiences")
    assert instruments_behind("factor:optimism", both)[0].name == "optimism"
    assert instruments_behind("E_nothing", both) == ()


def test_items_are_listed_with_what_is_known_of_them(study: Study) -> None:
    table = items_table(study).filter(pl.col("instrument") == "general")
    rows = {row["item"]: row for row in table.to_dicts()}
    assert len(rows) == table.height == 10 + 2 + 1
    assert rows["GE_05"] == {
        "instrument": "general", "item": "GE_05", "column": "GE_05", "number": 5,
        "block": "standard", "domain": None, "size": None, "population": None,
        "objectivity": None, "source": "Bögemann et al. 2023", "change": "reworded",
    }  # fmt: skip
    added, gone = rows["NW_1"], rows[None]
    assert (added["number"], added["block"], added["change"]) == (None, "night-work", "added")
    assert (added["domain"], added["size"], added["source"]) == ("work", "micro", None)
    assert (gone["number"], gone["column"], gone["change"]) == (4, None, "left-out: 4")
    assert rows["GE_01"]["change"] is None
    assert set(items_table(study)["instrument"]) == {"general", "ghq-12", "optimism"}


def test_a_change_of_the_whole_format_speaks_of_every_item() -> None:
    log = [{"change": "format", "what": "asked about one day", "reason": "diary"}]
    table = items_table(read_study(changed({"instruments/ghq-12/adaptations": log})))
    own = table.filter(pl.col("instrument") == "ghq-12")
    assert own["change"].to_list() == ["format"] * 12
