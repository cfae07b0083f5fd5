"""Intervals and p values beside the comparator tell no number of persons where these are hidden."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from salutogen.analyses.trajectories import Placebo
from salutogen.analyses.trajectories.labels.settings import LabelSettings
from salutogen.analyses.trajectories.placebo.comparison import compare
from salutogen.analyses.trajectories.placebo.contrast import Contrast, ShareContrast, contrast
from salutogen.analyses.trajectories.placebo.regression import RegressionToMean
from salutogen.analyses.trajectories.placebo.told_errors import with_told_errors
from salutogen.page.audience import Audience
from tests.analyses.trajectories.placebo.studies import compared

HIDDEN = Audience(individuals=False, n_persons=400, seed=1)
SHOWN = replace(HIDDEN, individuals=True)


@pytest.fixture(scope="module")
def exact() -> list[Placebo]:
    """Studies of several sizes, with and without an effect."""
    return [
        compared(seed, jump, persons=persons)[0]
        for seed, jump, persons in ((1, 0.0, 90), (2, 1.0, 131), (3, 2.0, 157), (4, 1.0, 300))
    ]


def figures_of(placebo: Placebo) -> Iterator[tuple[str, Contrast | RegressionToMean]]:
    """Every figure with an interval and a p, by where it stands."""
    for way, found in placebo.ways.items():
        sides = {
            "all": found,
            "before": found.before,
            "after": found.after,
            "without": found.without_further,
        }
        for side, one in sides.items():
            if one is None:
                continue
            for table in ("labels", "course", "response"):
                for name, item in getattr(one, table).items():
                    yield f"{way} {side} {table} {name}", item
            if one.regression is not None:
                yield f"{way} {side} regression", one.regression
    if placebo.above is not None:
        yield "above", placebo.above
    if placebo.further_event is not None:
        yield "further", placebo.further_event


def persons_of(found: Contrast | RegressionToMean) -> list[int]:
    """Numbers of persons with which excess, interval and p are of one t."""
    if found.excess_low is None or found.p is None or not 1e-9 < found.p < 0.999:
        return []
    ratio = abs(found.excess) / (found.excess - found.excess_low)
    sizes = np.arange(5, 401)
    p = 2.0 * stats.t.sf(stats.t.ppf(0.975, sizes - 1) * ratio, sizes - 1)
    return [int(n) for n in sizes[np.isclose(p, found.p, rtol=1e-9)]]


def test_excess_interval_and_p_give_a_told_number_of_persons(exact: list[Placebo]) -> None:
    attacked = uneven = 0
    for placebo in exact:
        told = dict(figures_of(with_told_errors(placebo, HIDDEN)))
        for where, item in figures_of(placebo):
            if isinstance(item, ShareContrast) or not persons_of(item):
                continue
            assert item.persons in persons_of(item), "the attack works on what is exact"
            found = persons_of(told[where])
            assert found, where
            assert all(n % 5 == 0 for n in found), where
            assert abs(found[0] - item.persons) < 8
            attacked += 1
            uneven += item.persons % 5 != 0
    assert attacked > 40
    assert uneven > 20


def test_what_is_judged_stays(exact: list[Placebo]) -> None:
    judged = set()
    for placebo in exact:
        told = dict(figures_of(with_told_errors(placebo, HIDDEN)))
        for where, item in figures_of(placebo):
            assert told[where].beyond == item.beyond, where
            assert told[where].leaves_out_0 == item.leaves_out_0, where
            assert (told[where].p is None) == (item.p is None)
            judged.add(item.beyond)
    assert judged == {True, False}


def test_where_the_next_five_would_judge_otherwise_those_on_the_other_side_are_taken(
    exact: list[Placebo],
) -> None:
    """The t of 62 and of 63 persons at the border of what is told."""
    values = np.random.default_rng(5).standard_normal(63)
    for n, p in ((62, 0.0499), (63, 0.0501)):
        own = values[:n] - values[:n].mean()
        t = stats.t.isf(p / 2.0, n - 1)
        own += t * own.std(ddof=1) / np.sqrt(n)
        found = contrast(own, np.zeros(n), np.arange(n), np.arange(n))
        assert found.p == pytest.approx(p)
        told = with_told_errors(replace(exact[0], P_jump=found), HIDDEN).P_jump
        assert told is not None
        assert (told.leaves_out_0, told.beyond) == (found.leaves_out_0, found.beyond)
        assert persons_of(told)[0] == (65 if n == 62 else 60)


def test_p_of_a_share_follows_from_what_is_told_beside_it(exact: list[Placebo]) -> None:
    """Where the comparator shows none, p of exact counts is that of one count and one whole."""
    told, plain = defaultdict(set), defaultdict(set)
    for n in range(58, 63):
        for k in range(6, 35):
            own = np.arange(n) < k
            found = ShareContrast.of(contrast(own * 1.0, np.zeros(n), np.arange(n), np.arange(n)))
            above = with_told_errors(replace(exact[0], above=found), HIDDEN).above
            assert above is not None
            assert above.beyond == found.beyond
            beside = tuple(
                HIDDEN.told_share(value, n)
                for value in (found.excess, found.excess_low or 0.0, found.excess_high or 0.0)
            )
            told[beside].add(above.p)
            plain[beside].add(found.p)
    assert max(map(len, plain.values())) > 5, "exact values part what is told alike"
    assert all(len(each) == 1 for each in told.values())


def test_a_share_of_few_has_no_p_in_results(exact: list[Placebo]) -> None:
    from salutogen.pipeline.hidden_figures import HiddenFigures

    for k, gone in ((2, True), (20, False), (58, True)):
        own = np.arange(60) < k
        found = ShareContrast.of(contrast(own * 1.0, np.zeros(60), np.arange(60), np.arange(60)))
        content = replace(found, p_adjusted=found.p).to_dict()
        told = HiddenFigures(HIDDEN).of(content, ShareContrast.schema(), "labels")
        assert (told["observed"] is None) is gone
        assert (told["p"] is None) is gone
        assert (told["p_adjusted"] is None) is gone
    assert exact


def test_shown_persons_have_it_as_it_is(exact: list[Placebo]) -> None:
    assert with_told_errors(exact[0], SHOWN) is exact[0]


def step_of(values: np.ndarray) -> float:
    """The most that means of so many are told in steps of: the next 1, 2 or 5 above 2 SD / n."""
    return 2.5 * 2.0 * float(np.std(values)) / values.size


def lacking_few() -> tuple[Placebo, np.ndarray, list[int]]:
    """A study in which one complete course, far from all others, has no comparator."""
    placebo, scored = compared(4, 1.0, persons=300)
    complete = np.flatnonzero(np.isfinite(scored.locked).all(axis=1))
    lacking = sorted(set(complete.tolist()) - set(placebo.chosen.anchor.tolist()))
    locked = scored.locked.copy()
    locked[lacking[1:]] = np.nan
    locked[lacking[0]] = (0.0, 90.0, 60.0, 30.0)
    own = replace(scored, locked=locked)
    change = np.full(own.rows.shape, np.nan)
    made = compare(placebo.chosen, own, None, LabelSettings(), change=change, seed=1)
    return made, locked, lacking[:1]


def test_means_of_nearly_all_courses_do_not_give_the_one_without_a_comparator() -> None:
    """N times the mean of all complete courses, less n times that of those with a comparator."""
    exact, locked, lacking = lacking_few()
    whole = locked[np.isfinite(locked).all(axis=1)]
    jumps = whole[:, 1] - whole[:, 0]
    shown_found, hidden = (with_told_errors(exact, one) for one in (SHOWN, HIDDEN))

    def solved(placebo: Placebo) -> float:
        assert placebo.SR is not None
        found = placebo.SR.response["jump"]
        return float(jumps.sum() - found.n * found.observed)

    assert len(lacking) == 1
    assert solved(shown_found) == pytest.approx(90.0)
    slack = step_of(jumps) / 2 * (jumps.size - 1)
    assert solved(hidden) == pytest.approx(float(jumps.mean()), abs=slack)
    assert slack < 30.0, "far from the 90 of the one who has none"
    assert exact.SR is not None
    assert hidden.SR is not None
    for table in ("course", "response"):
        for name, item in getattr(hidden.SR, table).items():
            own = getattr(exact.SR, table)[name]
            assert item.excess == own.excess
            assert item.observed - item.placebo == pytest.approx(own.excess)
    sides = [side for side in (hidden.SR.before, hidden.SR.after) if side is not None]
    assert len(sides) == 2
    together = sum(side.n * side.response["jump"].observed for side in sides)
    assert together == pytest.approx(hidden.SR.response["jump"].n * jumps.mean(), abs=2 * slack)
    regression, own_regression = hidden.SR.regression, exact.SR.regression
    assert regression is not None
    assert own_regression is not None
    assert regression.rise == pytest.approx(hidden.SR.response["jump"].observed)
    assert regression.excess == own_regression.excess


def test_as_many_other_courses_do_not_give_the_two_who_make_the_difference() -> None:
    """One complete course has no comparator; one that has one lacks its last position."""
    placebo, scored = compared(4, 1.0, persons=300)
    complete = np.isfinite(scored.locked).all(axis=1)
    lacking = sorted(set(np.flatnonzero(complete).tolist()) - set(placebo.chosen.anchor.tolist()))
    has_one = int(placebo.chosen.anchor[complete[placebo.chosen.anchor]][0])
    locked = scored.locked.copy()
    locked[~complete] = np.nan
    locked[lacking[1:]] = np.nan
    locked[lacking[0], 1] = 90.0
    locked[has_one, 1:] = (10.0, 5.0, np.nan)
    made = compare(
        placebo.chosen, replace(scored, locked=locked), None, LabelSettings(),
        change=np.full(scored.rows.shape, np.nan), seed=1,
    )  # fmt: skip
    whole = locked[np.isfinite(locked).all(axis=1), 1]

    def solved(of: Placebo) -> float:
        assert of.SR is not None
        found = of.SR.course["peri"]
        assert found.n == whole.size
        return float(whole.sum() - found.n * found.observed)

    shown, hidden = (with_told_errors(made, one) for one in (SHOWN, HIDDEN))
    assert solved(shown) == pytest.approx(80.0)
    assert solved(hidden) == pytest.approx(0.0, abs=step_of(whole) / 2 * whole.size)
    assert made.SR is not None
    found = made.SR.course["peri"]
    assert found.of_all == pytest.approx(whole.mean()), "the sets are compared, not their numbers"
