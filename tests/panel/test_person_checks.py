"""Arms that nobody is in, and codes of missing answers as numbers."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from salutogen.errors import PanelError
from salutogen.findings import Finding
from salutogen.panel import Panel, read_panel
from tests.panel.small_studies import answers, make_study


def read(cells: list[Any], kind: str = "category", column: str = "sex", **plan: Any) -> Panel:
    frame = answers().with_columns(pl.Series(column, [cell for cell in cells for _ in range(3)]))
    described = {} if "arms" in plan else {"sex": {"column": column, "kind": kind}}
    return read_panel(make_study(background=described, **plan), frame)


def only(panel: Panel) -> Finding:
    (told,) = panel.findings
    return told


ARMS: dict[str, Any] = {"column": "arm", "control": "usual", "labels": ["usual", "new"]}


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (["0", "1"] * 3, "it holds '0' and '1'."),
        (["Usual", "New"] * 3, "Did you mean 'Usual'?"),
        ([None] * 6, "blank"),
    ],
)
def test_arms_that_nobody_is_in_are_refused(cells: list[str | None], words: str) -> None:
    with pytest.raises(PanelError) as error:
        read(cells, column="arm", arms=ARMS)
    (told,) = error.value.findings
    assert told.code == "arms-unknown"
    assert words in told.text
    assert told.evidence.column == "arm"


def test_without_labels_the_control_must_be_there() -> None:
    arms = {"column": "arm", "control": "usual"}
    with pytest.raises(PanelError) as error:
        read(["a", "b"] * 3, column="arm", arms=arms)
    assert [one.code for one in error.value.findings] == ["arms-unknown"]
    assert not read(["usual", "b"] * 3, column="arm", arms=arms).findings


def test_arms_beside_those_named() -> None:
    panel = read(["usual", "new", "usual", "new", "other", "new"], column="arm", arms=ARMS)
    assert only(panel).text.startswith("1 person is in 'other', which `arms.labels` does not name")
    assert panel.persons["arm"].to_list()[4] == "other"
    lacking = read(["usual"] * 6, column="arm", arms=ARMS)
    assert only(lacking).text == "Nobody is in 'new', which `arms.labels` names."
    assert not read(["usual", "new"] * 3, column="arm", arms=ARMS).findings


@pytest.mark.parametrize("code", [-999, -99, -9, 999, 9999, 888, 777])
def test_a_code_of_missing_answers_among_ages(code: int) -> None:
    ages = [31, 45, code, 62, 27, 58]
    panel = read(ages, "number", "children")
    told = only(panel)
    assert (told.code, told.severity) == ("missing-code-as-number", "warning")
    assert f"{code}, far from all other values" in told.text
    assert told.evidence.rows == (7, 8, 9)
    assert panel.persons["sex"].to_list() == ages
    declared = read(ages, "number", "children", missing={"codes": {"skipped": [code]}})
    assert "declares as missing" in only(declared).text
    assert declared.persons["sex"].to_list() == [31, 45, None, 62, 27, 58]


@pytest.mark.parametrize(
    "numbers",
    [
        [31, 45, 99, 62, 27, 58], [-9, -4, 0, 3, 5, -1], [9, 8, 7, 9, 8, 7], [0, 1, 2, 3, 8, 4],
        [900, 999, 870, 700, 910, 1000], [0.1, 0.9, 0.77, 0.88, 0.99, 0.5], [-9] * 6,
    ],
)  # fmt: skip
def test_numbers_that_may_be_real_stay(numbers: list[float]) -> None:
    for codes in ([], [-9, 8, 99, 999]):
        panel = read(numbers, "number", missing={"codes": {"skipped": codes}})
        assert not panel.findings
        assert panel.persons["sex"].to_list() == numbers


@pytest.mark.parametrize("kind", [pl.Boolean, pl.String])
def test_true_is_no_number(kind: Any) -> None:
    cells = [True, False] * 3 if kind == pl.Boolean else ["TRUE", "FALSE"] * 3
    with pytest.raises(PanelError) as error:
        read(cells, "number")
    assert [one.code for one in error.value.findings] == ["background-not-a-number"]
