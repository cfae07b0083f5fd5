"""Reliability of persons' means, against simulated true scores."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.resilience.person_means import reliability_of_person_means


@pytest.mark.parametrize("day_to_day", [0.0, 2.0])
def test_it_is_the_squared_correlation_with_the_true_means(day_to_day: float) -> None:
    """Unequal numbers of occasions; that people differ from day to day is no error."""
    rng = np.random.default_rng(1)
    n = rng.integers(1, 9, size=40_000)
    person = np.repeat(np.arange(n.size), n)
    true = 3 * rng.normal(size=n.size)[person] + day_to_day * rng.normal(size=person.size)
    seen = true + 2 * rng.normal(size=person.size)
    one = np.var(true) / np.var(seen)
    means = [np.bincount(person, values) / n for values in (true, seen)]
    found = reliability_of_person_means(one, seen, person)
    assert found == pytest.approx(np.corrcoef(*means)[0, 1] ** 2, abs=0.01)
    assert found > one


def test_with_one_occasion_each_it_is_that_of_the_occasion() -> None:
    values = np.random.default_rng(2).normal(size=50)
    assert reliability_of_person_means(0.8, values, np.arange(50)) == pytest.approx(0.8)


def test_persons_without_rows_do_not_count() -> None:
    values = np.random.default_rng(3).normal(size=60)
    person = np.repeat(np.arange(20), 3)
    assert reliability_of_person_means(0.8, values, person * 4) == pytest.approx(
        reliability_of_person_means(0.8, values, person)
    )


def test_it_is_unknown_without_a_reliability_or_differences() -> None:
    person = np.repeat(np.arange(4), 2)
    assert reliability_of_person_means(None, np.arange(8.0), person) is None
    assert reliability_of_person_means(0.8, np.tile([1.0, 2.0], 4), person) is None
    assert reliability_of_person_means(0.8, np.arange(2.0), np.zeros(2, dtype=int)) is None
