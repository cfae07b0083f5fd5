import numpy as np
import polars as pl
import pytest

from salutogen.scores import score
from salutogen.scores.of_few import few_others, others_of_few, without_few_others
from tests.scores.factory import build_study, checklist, instrument


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
