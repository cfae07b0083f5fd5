"""Six odd forms of one person, an arm of three and a late date are not given away either."""

from __future__ import annotations

import json
import re
from typing import Any

import polars as pl
import pytest

import salutogen as sg
from tests.end_to_end.few_forms import PLANTED, plant
from tests.end_to_end.recovery import Shared, leaves, significant

pytestmark = pytest.mark.figures

# Counts of persons who stand elsewhere by another line, which the forms of any person move.
PLACES = re.compile(r"^\.findings|n_other_side$|\.changed$|clear_|outside$|n_changed$")
CODED = re.compile(r"\d+ (?:more |forms |of the forms )")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Shared]:
    """What may be passed on with everything planted, and without the odd forms."""
    folder = tmp_path_factory.mktemp("few-forms")
    found = {}
    for name, planted in (("all", PLANTED), ("plain", PLANTED - {"forms"})):
        sg.run(plant(folder / name / "study", planted), out=folder / name / "out")
        found[name] = Shared.of(folder / name / "out")
    return found


@pytest.fixture(scope="module")
def results(runs: dict[str, Shared]) -> dict[str, Any]:
    """Results in which everything is planted."""
    found: dict[str, Any] = runs["all"].json("results.json")
    return found


def _finding(shared: Shared, code: str) -> dict[str, Any]:
    (found,) = [one for one in shared.json("findings.json") if one["code"] == code]
    return dict(found)


def test_forms_of_one_code_are_not_counted(runs: dict[str, Shared]) -> None:
    found = _finding(runs["all"], "straight-lining")
    assert not re.search(r"\d", found["text"])
    assert found["evidence"]["n_rows"] is None
    assert not CODED.search(runs["all"].texts["report.html"].partition("straight-lining")[2][:400])


def test_nobody_is_told_to_be_at_an_end_of_the_scale(
    runs: dict[str, Shared], results: dict[str, Any]
) -> None:
    problems = results["scores"]["problems"]
    assert (problems["floor_share"], problems["ceiling_share"]) == (None, None)
    assert (problems["persons_at_floor"], problems["slope_above_floor"]) == (None, None)
    page = runs["all"].texts["report.html"]
    assert "(0) in few of the valid occasions and at the highest in few" in page
    for name, table in runs["all"].tables():
        if name.endswith("scales.csv"):
            scales = table.filter(scale="P")
            assert scales["floor_share"].null_count() == scales.height == 2
            assert scales["ceiling_share"].null_count() == 2


def test_an_item_that_one_person_met_six_times_has_no_share(runs: dict[str, Shared]) -> None:
    items = dict(runs["all"].tables())["tables/item-quality.csv"]
    row = items.row(by_predicate=pl.col("item") == "E7", named=True)
    assert (row["persons"], row["endorsed_share"], row["r_with_P"]) == (None, None, None)


def test_no_count_tells_of_the_odd_forms(runs: dict[str, Shared]) -> None:
    """Every count that is told is the same without the forms of four persons."""
    with_them, without = (
        {
            path: value
            for path, value in leaves(runs[name].json("results.json"))
            if type(value) is int and not PLACES.search(path)
        }
        for name in ("all", "plain")
    )
    same = with_them.keys() & without.keys()
    assert len(same) > 50
    assert {path: (with_them[path], without[path]) for path in same
            if abs(with_them[path] - without[path]) > 0} == {}  # fmt: skip


def test_names_of_rare_groups_stand_nowhere(runs: dict[str, Shared]) -> None:
    assert [name for name, text in runs["all"].texts.items() if "zwx" in text] == []
    assert [name for name, text in runs["all"].texts.items() if "pilot" in text] == []
    found = _finding(runs["all"], "change-groups-left-out")
    assert "groups of few persons of arm" in found["text"]


def test_no_date_is_told(runs: dict[str, Shared]) -> None:
    for name, text in runs["all"].texts.items():
        if name != "manifest.json":
            assert not re.search(r"\b202[1-5]-\d\d-\d\d", text), name


def test_figures_of_the_page_hold_no_more_digits_than_their_tables(runs: dict[str, Shared]) -> None:
    page = runs["all"].texts["report.html"]
    specs = re.findall(r'<script type="application/json" id="spec-[^>]*>(.*?)</script>', page)
    assert specs
    numbers = [value for spec in specs for _, value in leaves(json.loads(spec))]
    assert [
        one for one in numbers if isinstance(one, float) and significant(f"{one:.12g}") > 3
    ] == []
