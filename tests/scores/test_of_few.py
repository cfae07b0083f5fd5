import numpy as np
import polars as pl
import pytest

from salutogen.scores import score
from salutogen.scores.of_few import few_differ, few_others, others_of_few, without_few_others
from salutogen.study import AnswerRange
from tests.scores.factory import build_panel, build_study, checklist, instrument


@pytest.mark.parametrize("others", [1, 4])
def test_few_that_differ_from_everybody_else_are_found(others: int) -> None:
    values = pl.Series([0.0] * 60 + [1.0] * others + [None, float("nan")])
    found = others_of_few(values)
    assert found is not None
    assert found.arg_true().to_list() == list(range(60, 60 + others))


@pytest.mark.parametrize(
    "values", [[0.0] * 60 + [1.0] * 5, [1.0] * 60, list(range(60)), [], [0.0, 1.0, 2.0]]
)
def test_enough_that_differ_and_nobody_are_not_few(values: list[float]) -> None:
    assert others_of_few(pl.Series(values, dtype=pl.Float64)) is None


def test_rows_of_one_person_are_those_of_one_person() -> None:
    person = pl.Series(np.repeat(np.arange(20), 6))
    assert others_of_few(pl.Series([0] * 114 + [1] * 6), person) is not None
    assert others_of_few(pl.Series(([0] * 5 + [1]) * 20), person) is None
    assert others_of_few(pl.Series(["a"] * 114 + ["b", None] * 3), person) is not None


def test_a_factor_that_few_have_is_told_and_taken_as_the_same_in_everybody() -> None:
    problems, events = instrument("ghq", ["g"]), checklist("events", ["e1", "e2"])
    names = {
        "rare": [1.0 * (i < 4) for i in range(40)],
        "enough": [1.0 * (i < 5) for i in range(40)],
    }
    factors = [
        instrument(name, [name], answers=AnswerRange(0, 1), measured="baseline") for name in names
    ]
    study = build_study(
        [problems, events, *factors], problems="ghq", exposure={"types": ["events"]}, factors=names
    )
    panel = build_panel(
        study,
        {"ghq": [[i % 4] for i in range(40)], "events": [[i % 6, i % 5] for i in range(40)]},
        baseline={name: [[value] for value in values] for name, values in names.items()},
    )
    scores = score(panel)
    assert {name: one.persons for name, one in few_others(scores).items()} == {"rare": 4}
    (told,) = (one for one in scores.findings if one.code == "values-of-few")
    assert told.text.startswith("rare: all but 4 persons have the same value")
    seen = without_few_others(scores)
    assert seen.persons["rare"].to_list() == [None] * 4 + [0.0] * 36
    assert seen.persons["enough"].equals(scores.persons["enough"])
    assert scores.persons["rare"].to_list() == names["rare"], "files keep all values"


def test_values_of_few_are_counted_by_row_and_by_person() -> None:
    values = np.repeat([0.0, 1.0, np.nan], [50, 6, 2])
    assert few_differ(values) == 0
    assert few_differ(values, np.r_[np.arange(50), np.zeros(8)].astype(np.int64)) == 6


@pytest.mark.parametrize("name", ["rows", "value", "count", ""])
def test_a_column_may_have_any_name(name: str) -> None:
    others = others_of_few(pl.Series(name, [0] * 20 + [1]))
    assert others is not None
    assert others.sum() == 1
