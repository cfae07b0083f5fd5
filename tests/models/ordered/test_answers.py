"""Categories: numbered in order, joined where few use them, refused where none are left."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.errors import ModelError
from salutogen.models.ordered.answers import categories_of


def places(*counts):
    """Answers 0, 1, … at each place, so many of each."""
    return [np.repeat(np.arange(len(one), dtype=float), one) for one in counts]


def test_all_categories_stay_where_each_is_used():
    found = categories_of(places([9, 8, 7], [7, 8, 9]), fewest=5, item="i")
    assert found.answers == ((0.0,), (1.0,), (2.0,))
    assert found.joined == ()
    numbers = found.numbers(np.array([2.0, np.nan, 0.0, 1.0]))
    assert numbers.tolist() == [2, -1, 0, 1]


def test_a_rare_category_is_joined_with_the_smaller_neighbour_everywhere():
    found = categories_of(places([20, 9, 3, 30], [20, 9, 9, 30]), fewest=5, item="i")
    assert found.answers == ((0.0,), (1.0, 2.0), (3.0,))
    assert found.joined == ((1.0, 2.0),)
    assert found.values[1] == pytest.approx((9 * 1 + 9 * 1 + 3 * 2 + 9 * 2) / 30)
    assert found.n_thresholds == 2


def test_a_category_that_one_place_lacks_is_joined():
    found = categories_of(places([20, 20, 20], [20, 40]), fewest=1, item="i")
    assert found.answers == ((0.0,), (1.0, 2.0))
    assert found.numbers(np.array([0.0, 1.0, 2.0])).tolist() == [0, 1, 1]


def test_what_has_no_two_categories_is_refused():
    with pytest.raises(ModelError, match="mood: no two categories are used by 5"):
        categories_of(places([40, 2], [20, 20]), fewest=5, item="mood")
    with pytest.raises(ModelError, match="16 different answers are no categories"):
        categories_of([np.arange(16.0)], fewest=1, item="mood")
