"""Categories: numbered in order, joined where few use them, refused where none are left."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr

from salutogen.errors import ModelError
from salutogen.models.ordered.answers import UnequalUseError, categories_of


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


def test_joined_answers_have_one_number():
    found = categories_of(places([20, 20, 3], [20, 40]), fewest=5, item="i")
    assert found.answers == ((0.0,), (1.0, 2.0))
    assert found.numbers(np.array([0.0, 1.0, 2.0])).tolist() == [0, 1, 1]


@pytest.mark.parametrize(
    ("counts", "answers", "rare", "used"),
    [
        (([20, 20, 20], [20, 40, 0]), (2.0,), 1, 0),
        (([20, 4, 20], [20, 20, 20]), (1.0,), 0, 1),
        (([20, 30, 3, 1], [20, 30, 3, 30]), (2.0, 3.0), 0, 1),
        (([30, 30, 2, 2], [30, 4, 4, 30]), (1.0,), 1, 0),
    ],
)
def test_a_category_that_one_place_lacks_and_another_has_is_no_rare_one(
    counts, answers, rare, used
):
    with pytest.raises(UnequalUseError, match="would hide the difference") as caught:
        categories_of(places(*counts), fewest=5, item="i")
    told = caught.value
    assert (told.item, told.answers, told.rare, told.used) == ("i", answers, rare, used)


def test_a_category_that_is_rare_because_responses_are_lower_is_joined():
    """Thresholds 0, 1 and 1.8 at both places; responses have mean 1 at the second."""
    bounds = np.array([0.0, 1.0, 1.8])
    counts = [
        np.rint(200 * np.diff(ndtr(np.concatenate([[-np.inf], bounds - mean, [np.inf]])))).astype(
            int
        )
        for mean in (-0.3, 0.9)
    ]
    assert counts[0][3] < 5 < 30 < counts[1][3]
    found = categories_of(places(*counts), fewest=5, item="i")
    assert found.answers == ((0.0,), (1.0,), (2.0, 3.0))
    turned = categories_of(places(*(one[::-1] for one in counts)), fewest=5, item="i")
    assert turned.answers == ((0.0, 1.0), (2.0,), (3.0,))


def test_a_small_place_that_cannot_be_expected_to_have_a_category_is_no_difference():
    """A tenth of the large group, thus three of thirty persons, would give the last answer."""
    found = categories_of(places([150, 120, 30], [15, 15, 0]), fewest=5, item="i")
    assert found.answers == ((0.0,), (1.0, 2.0))
    with pytest.raises(UnequalUseError):
        categories_of(places([150, 120, 30], [75, 75, 0]), fewest=5, item="i")


def test_what_has_no_two_categories_is_refused():
    with pytest.raises(ModelError, match="mood: no two categories are used by 5"):
        categories_of(places([40, 2], [40, 3]), fewest=5, item="mood")
    with pytest.raises(ModelError, match="16 different answers are no categories"):
        categories_of([np.arange(16.0)], fewest=1, item="mood")
