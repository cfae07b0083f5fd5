"""What gaps are drawn from: each column once, of those who are completed."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.analyses.completing import CONSTANT, Columns, categories_known

MEMBERS = np.array([True, True, True, True, False])


def test_a_column_that_tells_the_same_of_members_stands_once() -> None:
    columns = Columns(MEMBERS)
    age = np.array([30.0, 41.0, np.nan, 25.0, np.nan])
    assert columns.add("age", age) == 0
    known_of_more = np.where(MEMBERS, age, 77.0)  # also of somebody who is not completed
    assert columns.add("later age", known_of_more) == 0
    fewer = np.array([30.0, 41.0, np.nan, np.nan, np.nan])
    assert columns.add("age of two", fewer) == 0
    more = np.array([30.0, 41.0, 52.0, 25.0, np.nan])
    assert columns.add("age of all", more) == 1, "it knows more than the first does"
    assert columns.names == ["age", "age of all"]
    assert columns.table.shape == (4, 2)


def test_a_mean_of_equal_numbers_is_the_same_column() -> None:
    columns = Columns(MEMBERS)
    age = np.array([30.1, 41.7, 52.3, 25.9, 30.0])
    mean = (age + age + age) / 3
    assert not np.array_equal(mean, age)
    assert columns.add_each(["age", "mean of age"], np.column_stack([age, mean])) == (0, 0)
    assert columns.add("another", age + 1e-6) == 1


@pytest.mark.parametrize(
    "values", [[4.0, 4.0, np.nan, 4.0, 5.0], [np.nan, np.nan, np.nan, np.nan, 5.0]]
)
def test_what_is_the_same_in_all_members_is_no_column(values: list[float]) -> None:
    columns = Columns(MEMBERS)
    assert columns.add("same", np.array(values)) == CONSTANT
    assert columns.names == []


def test_categories_have_to_be_known_and_numbers_need_not() -> None:
    values = np.array([[1.0, 1.0], [np.nan, 0.0], [2.0, np.nan]])
    assert categories_known(("age", "town=B"), values).tolist() == [True, True, False]
    assert categories_known(("age", "height"), values).all()
    assert categories_known((), np.empty((3, 0))).all()
