"""The flow of persons to an anchor: it only loses persons, and tells of no few."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salutogen.analyses.trajectories import find_anchors
from salutogen.analyses.trajectories.anchors.flow import STEPS, anchor_flow, shown_flow
from salutogen.analyses.trajectories.anchors.settings import RULES, Rule
from salutogen.page.audience import Audience
from tests.analyses.trajectories.anchors.grids import random_grid


@pytest.mark.parametrize("rule", [*RULES, "demo-loop"])
def test_the_flow_only_loses_persons(rule: Rule) -> None:
    grid = random_grid(11)
    chosen = find_anchors(grid, rule=rule, occasions=(1, 2, 3))
    flow = anchor_flow(grid, chosen, (1, 2, 3))
    assert set(flow) >= set(RULES)
    last = {name: list(counts.values())[-1] for name, counts in flow.items()}
    assert last[rule] == chosen.n
    for counts in flow.values():
        assert tuple(counts) == STEPS
        assert list(counts.values()) == sorted(counts.values(), reverse=True)
    assert last["onset"] <= last["first-strict"]
    assert last["first-any"] <= last["first-strict"]


@pytest.mark.parametrize("rule", [*RULES, "demo-loop"])
@pytest.mark.parametrize("occasions", [None, (0, 1, 2, 5)])
def test_the_flow_counts_persons_where_an_anchor_may_lie(
    rule: Rule, occasions: tuple[int, ...] | None
) -> None:
    """By a plain loop: an anchor needs an earlier and two later occasions in the plan."""
    grid = random_grid(11)
    flow = anchor_flow(grid, find_anchors(grid, rule=rule, occasions=occasions), occasions)
    persons, planned = grid.observed.shape
    for name, counts in flow.items():
        last = planned if name == "demo-loop" else planned - 2
        places = [place for place in range(1, last) if occasions is None or place in occasions]
        seen = event = 0
        for person in range(persons):
            here = [place for place in places if grid.observed[person, place]]
            seen += bool(here)
            event += any(grid.hits[person, place].any() for place in here)
        assert list(counts.values())[:3] == [persons, seen, event]


@given(st.lists(st.integers(0, 60), min_size=4, max_size=4), st.integers(0, 60))
def test_no_two_counts_that_are_told_differ_by_a_few_persons(losses: list[int], rest: int) -> None:
    left = [sum(losses[k:]) + rest for k in range(5)]
    flow = {"onset": dict(zip(STEPS, left, strict=True))}
    hidden, open_ = (
        Audience(individuals=shown, n_persons=left[0], seed=1) for shown in (False, True)
    )
    assert shown_flow(flow, "onset", open_)["onset"] == left
    told = [n for n in shown_flow(flow, "onset", hidden)["onset"] if n is not None]
    assert not any(0 < n < 5 for n in told)
    assert not any(0 < abs(a - b) < 5 for a, b in combinations(told, 2))
