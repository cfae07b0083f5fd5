"""Anchors: each rule against plain loops; ties; the flow of persons."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from salutogen.analyses.trajectories import Anchors, EventGrid, find_anchors
from salutogen.analyses.trajectories.anchors.rules import eligible
from salutogen.analyses.trajectories.anchors.settings import RULES, Rule
from tests.analyses.trajectories.anchors.grids import demo_anchors, loop_anchors, random_grid


def as_dict(anchors: Anchors) -> dict[int, tuple[int, int]]:
    return {
        int(person): (int(occasion), int(item))
        for person, occasion, item in zip(
            anchors.person, anchors.occasion, anchors.item, strict=True
        )
    }


def grid_of(rows: list[list[list[float]]], threshold: float | None = 4.0) -> EventGrid:
    ratings = np.asarray(rows, dtype=np.float32)
    return EventGrid(
        ratings=ratings,
        observed=~np.isnan(ratings).all(axis=2),
        items=tuple(f"item{place}" for place in range(ratings.shape[2])),
        instruments=("events",) * ratings.shape[2],
        threshold=threshold,
    )


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10_000),
    rule=st.sampled_from(RULES),
    threshold=st.sampled_from([None, 3.0, 4.0]),
    occasions=st.sets(st.integers(0, 5), min_size=1),
)
def test_rules_agree_with_plain_loops(
    seed: int, rule: Rule, threshold: float | None, occasions: set[int]
) -> None:
    grid = random_grid(seed, threshold=threshold)
    places = tuple(sorted(occasions))
    found = find_anchors(grid, rule=rule, occasions=places)
    assert as_dict(found) == loop_anchors(grid, rule, places)


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000), threshold=st.sampled_from([None, 4.0]))
def test_demo_loop_agrees_with_a_loop_that_overwrites(seed: int, threshold: float | None) -> None:
    grid = random_grid(seed, threshold=threshold)
    found = find_anchors(grid, rule="demo-loop", occasions=(1, 2, 3))
    assert as_dict(found) == demo_anchors(grid, (1, 2, 3))


def test_the_rules_on_one_person() -> None:
    """Item 0: 2, 0, 5; item 1: 4, 0, 4: strict takes item 0, onset and any nobody."""
    grid = grid_of([[[2, 4], [0, 0], [5, 4], [0, 0], [0, 0]]])
    assert as_dict(find_anchors(grid, rule="first-strict")) == {0: (2, 0)}
    assert find_anchors(grid, rule="first-any").n == 0
    assert find_anchors(grid, rule="onset").n == 0
    assert find_anchors(grid).other_before.tolist() == [True]


def test_an_unanswered_item_is_not_below_the_threshold() -> None:
    grid = grid_of([[[np.nan, 1], [5, 0], [0, 0], [0, 0]]])
    assert find_anchors(grid, rule="first-strict").n == 0
    assert find_anchors(grid, rule="first-any").n == 1


def test_eligibility_counts_observed_occasions_with_gaps() -> None:
    grid = grid_of([[[0.0], [np.nan], [5.0], [np.nan], [0.0], [0.0]]])
    assert eligible(grid).tolist() == [[False, False, True, False, False, False]]
    assert as_dict(find_anchors(grid)) == {0: (2, 0)}


def test_ties_take_the_most_severe_then_the_first_item() -> None:
    later = [[0.0] * 3, [0.0] * 3]
    grid = grid_of([[[0, 0, 0], [4, 5, 5], *later], [[0, 0, 0], [4, 4, 4], *later]])
    assert as_dict(find_anchors(grid)) == {0: (1, 1), 1: (1, 0)}


def test_random_ties_are_seeded_and_take_each_candidate() -> None:
    person = [[0.0, 0, 0], [5, 4, 0], [0, 0, 0], [0, 0, 0]]
    grid = grid_of([person] * 200)
    once = find_anchors(grid, ties="random", seed=3)
    assert as_dict(once) == as_dict(find_anchors(grid, ties="random", seed=3))
    taken = np.bincount(once.item, minlength=3)
    assert taken[2] == 0
    assert taken[:2].min() > 60
    assert (once.rating == np.where(once.item == 0, 5, 4)).all()


def test_order_of_persons_does_not_matter() -> None:
    grid = random_grid(5)
    turned = replace(grid, ratings=grid.ratings[::-1].copy(), observed=grid.observed[::-1].copy())
    last = grid.ratings.shape[0] - 1
    found = {last - person: where for person, where in as_dict(find_anchors(turned)).items()}
    assert found == as_dict(find_anchors(grid))
