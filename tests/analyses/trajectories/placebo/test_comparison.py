"""What is told beyond placebo: against plain loops, other packages, and a known truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from salutogen.analyses.trajectories import LABELS, Placebo, classify, find_anchors
from salutogen.analyses.trajectories.anchors.wording import without_event
from salutogen.analyses.trajectories.labels.settings import LabelSettings
from salutogen.analyses.trajectories.placebo.comparison import compare
from salutogen.analyses.trajectories.placebo.contrast import contrast
from salutogen.analyses.trajectories.placebo.occasions import placebos_of
from salutogen.analyses.trajectories.placebo.regression import regression_to_mean
from salutogen.analyses.trajectories.placebo.scored import ScoredRows
from salutogen.analyses.trajectories.placebo.words import beyond_words, placebo_words
from salutogen.page.audience import Audience
from salutogen.page.section import Text
from salutogen.page.words import Sentence
from tests.analyses.trajectories.placebo.studies import around, compared, study


def worded(text: Text) -> str:
    return text.worded(str) if isinstance(text, Sentence) else text


@pytest.fixture(scope="module")
def quiet() -> tuple[Placebo, ScoredRows]:
    return compared(11, 0.0)


@pytest.fixture(scope="module")
def loud() -> tuple[Placebo, ScoredRows]:
    return compared(11, 8.0)


def test_shares_are_those_of_a_plain_loop(quiet: tuple[Placebo, ScoredRows]) -> None:
    """Whoever is not high before, each person once, beside its own occasions with nothing high."""
    placebo, scored = quiet
    chosen = placebo.chosen
    assert placebo.SR is not None

    def label(course: np.ndarray) -> int:
        high = np.asarray(course[0] > scored.high)
        return int(classify(course, half_width=scored.half_width, high=high))

    for code, name in enumerate(LABELS):
        found = placebo.SR.labels[name]
        all_count = name == "pre-existing high"
        own, beside = [], []
        for place, row in enumerate(chosen.anchor.tolist()):
            if not np.isfinite(scored.locked[row]).all():
                continue
            at = chosen.occasion[chosen.of == place]
            labels = [label(scored.rows[row, one - 1 : one + 3]) for one in at]
            theirs = [one for one in labels if all_count or LABELS[one] != "pre-existing high"]
            mine = label(scored.locked[row])
            if theirs and (all_count or LABELS[mine] != "pre-existing high"):
                own.append(mine == code)
                beside.append(np.mean([one == code for one in theirs]))
        assert found.n == len(own)
        assert found.observed == pytest.approx(np.mean(own))
        assert found.placebo == pytest.approx(np.mean(beside))
        assert found.excess == pytest.approx(found.observed - found.placebo)
        varies = float(np.ptp(np.subtract(own, beside))) > 0.0
        assert (found.excess_low is not None) == (varies and not all_count)
        if found.excess_low is not None:
            plain = stats.ttest_1samp(np.subtract(own, beside), 0.0).confidence_interval()
            assert (found.excess_low, found.excess_high) == pytest.approx((plain.low, plain.high))


def test_the_comparator_hangs_on_no_draw_and_has_the_range_of_draws(
    quiet: tuple[Placebo, ScoredRows],
) -> None:
    """A mean over all occasions is that of very many draws; their spread has a closed form."""
    placebo, scored = quiet
    assert placebo.SR is not None
    found, chosen = placebo.SR.response["jump"], placebo.chosen
    courses = chosen.courses(scored.rows)
    complete = np.isfinite(scored.locked[chosen.anchor]).all(axis=1)
    rows = chosen.drawn(20_000, 1)
    drawn = (courses[rows, 1] - courses[rows, 0])[:, complete].mean(axis=1)
    error = drawn.std() / np.sqrt(drawn.size)
    assert found.placebo == pytest.approx(drawn.mean(), abs=4.0 * error)
    assert (found.placebo_low, found.placebo_high) == pytest.approx(
        tuple(np.quantile(drawn, [0.025, 0.975])), abs=0.03
    )


def test_an_excess_has_the_t_interval_of_persons() -> None:
    generator = np.random.default_rng(1)
    observed, of = generator.normal(0.4, 1, 80), generator.integers(0, 80, 400)
    of = np.sort(np.concatenate([np.arange(80), of]))
    around = generator.normal(0, 1, of.size)
    means = np.array([around[of == place].mean() for place in range(80)])
    found = contrast(observed, around, of, np.arange(80))
    plain = stats.ttest_1samp(observed - means, 0.0)
    interval = plain.confidence_interval(0.95)
    assert found.p == pytest.approx(plain.pvalue)
    assert (found.excess_low, found.excess_high) == pytest.approx((interval.low, interval.high))
    doubled = contrast(
        np.tile(observed, 2),
        np.tile(around, 2),
        np.concatenate([of, of + 80]),
        np.tile(np.arange(80), 2),
    )
    assert doubled.p == pytest.approx(found.p, rel=1e-6)


def test_where_no_course_differs_from_its_own_there_is_no_interval() -> None:
    """None of 36 and none of their occasions: 0 to 0 would be no 95 % interval."""
    nothing = contrast(np.zeros(36), np.zeros(72), np.repeat(np.arange(36), 2), np.arange(36))
    assert (nothing.observed, nothing.placebo, nothing.excess) == (0.0, 0.0, 0.0)
    assert (nothing.excess_low, nothing.excess_high, nothing.p) == (None, None, None)
    assert not nothing.beyond


def test_without_an_effect_nothing_is_told_and_the_text_says_fluctuation(
    quiet: tuple[Placebo, ScoredRows],
) -> None:
    placebo, _ = quiet
    assert placebo.SR is not None
    told = [name for name in LABELS if placebo.beyond("labels", name)]
    assert told == []
    assert not any(placebo.beyond("response", name) for name in placebo.SR.response)
    words = worded(beyond_words(placebo, "labels", LABELS, "labels"))
    assert words.startswith(
        "No difference is told between labels around the event and at comparator"
    )
    assert "the widest interval is that of" in words
    said = placebo_words(placebo, 200, Audience(individuals=True, n_persons=300, seed=1))
    assert isinstance(said, Sentence)
    assert "All of these count" in said.worded(str)


def test_an_interval_that_leaves_out_0_by_itself_is_not_passed_over(
    quiet: tuple[Placebo, ScoredRows],
) -> None:
    placebo, _ = quiet
    assert placebo.SR is not None
    found = placebo.SR.labels["recovery"]
    alone = replace(found, excess_low=0.001, excess_high=0.08, p=0.04, p_adjusted=0.2)
    labels = placebo.SR.labels | {"recovery": alone}
    changed = replace(placebo, SR=replace(placebo.SR, labels=labels))
    words = worded(beyond_words(changed, "labels", LABELS, "labels"))
    assert "that of “above and back at post2” by itself leaves out 0" in words
    assert "which is not told once all figures are counted" in words
    assert "by itself" not in worded(beyond_words(placebo, "labels", LABELS, "labels"))


def test_an_effect_is_told_with_its_size(loud: tuple[Placebo, ScoredRows]) -> None:
    placebo, _ = loud
    assert placebo.SR is not None
    jump = placebo.SR.response["jump"]
    assert jump.excess_low is not None
    assert jump.excess_high is not None
    assert jump.excess_low < 8.0 < jump.excess_high
    assert placebo.beyond("response", "jump")
    assert placebo.beyond("labels", "recovery")
    words = worded(beyond_words(placebo, "labels", LABELS, "labels"))
    assert words.startswith("Beyond fluctuation without such an event")
    assert "“above and back at post2” by " in words
    assert "recovery" not in words


def test_few_anchors_are_not_compared() -> None:
    SR, grid = study(5, persons=12)
    anchors = find_anchors(grid)
    rows = SR[anchors.person]
    chosen = placebos_of(grid, anchors, rows)
    scored = ScoredRows(
        rows=rows,
        calm=rows,
        before=anchors.occasion - 1,
        locked=around(SR, anchors),
        half_width=5.0,
        high=4.0,
    )
    placebo = compare(chosen, scored, None, LabelSettings(), change=rows, seed=1)
    assert placebo.SR is None
    assert placebo.back_after == {}
    assert not placebo.beyond("labels", "recovery")


def test_regression_to_the_mean_is_the_line_through_placebo_courses() -> None:
    """Least squares over all placebo courses, a course's own together as one; jackknife by hand."""
    generator = np.random.default_rng(3)
    of = np.sort(np.concatenate([np.arange(60), generator.integers(0, 60, 200)]))
    around, observed = generator.normal(0, 3, (of.size, 4)), generator.normal(1, 3, (60, 4))
    level, levels = generator.normal(0, 1, 60), generator.normal(0, 1, of.size)

    def by_hand(kept: np.ndarray) -> tuple[float, float]:
        mine, used = np.flatnonzero(kept), kept[of]
        weight = np.sqrt(1.0 / np.bincount(of)[of[used]])[:, None]
        design = np.column_stack([np.ones(used.sum()), around[used, :2], levels[used]])
        outcome = around[used, 2:].mean(axis=1) - around[used, 1]
        line = np.linalg.lstsq(design * weight, outcome * weight[:, 0], rcond=None)[0]
        at = line @ [1.0, *observed[mine, :2].mean(axis=0), level[mine].mean()]
        change = (observed[mine, 2:].mean(axis=1) - observed[mine, 1]).mean()
        return float(change), float(at)

    found = regression_to_mean(observed, around, of, np.arange(60), elsewhere=(level, levels))
    assert found is not None
    change, expected = by_hand(np.ones(60, dtype=bool))
    assert found.expected == pytest.approx(expected)
    assert found.change == pytest.approx(change)
    assert found.excess == pytest.approx(change - expected)
    assert found.rise == pytest.approx((observed[:, 1] - observed[:, 0]).mean())
    without = [np.subtract(*by_hand(np.arange(60) != one)) for one in range(60)]
    se = np.sqrt(59 / 60 * np.sum((without - np.mean(without)) ** 2))
    half = stats.t.ppf(0.975, 59) * se
    assert (found.excess_low, found.excess_high) == pytest.approx(
        (found.excess - half, found.excess + half)
    )
    assert found.p == pytest.approx(2 * stats.t.sf(abs(found.excess) / se, 59))


def test_the_interval_of_an_excess_holds_0_in_95_of_100_where_nothing_happens() -> None:
    """Levels and moods alike around both, 60 courses: with its own p, and neither without it."""
    generator = np.random.default_rng(4)
    of, n, inside = np.repeat(np.arange(60), 4), 60, []
    for _ in range(400):
        level = generator.normal(0, 1, n)
        observed = level[:, None] + generator.normal(0, 1, (n, 4))
        around = level[of][:, None] + generator.normal(0, 1, (of.size, 4))
        seen = (level + generator.normal(0, 0.5, n), level[of] + generator.normal(0, 0.5, of.size))
        found = regression_to_mean(observed, around, of, np.arange(n), elsewhere=seen)
        assert found is not None
        assert found.p is not None
        assert found.leaves_out_0 == (found.p < 0.05)
        inside.append(not found.leaves_out_0)
    assert 0.92 <= np.mean(inside) <= 0.98


def test_events_chosen_where_one_feels_bad_fall_as_expected() -> None:
    """Levels and moods, events where the mood is high: the fall is regression to the mean whole."""
    generator = np.random.default_rng(4)
    level = generator.normal(0, 1, 4000)
    moods = generator.normal(0, 1, (4000, 4))
    rows = np.flatnonzero(moods[:, 1] > 1.0)[:300]
    level, observed = level[rows], (level[:, None] + moods)[rows]
    of = np.repeat(np.arange(300), 60)
    around = level[of][:, None] + generator.normal(0, 1, (of.size, 4))
    seen = (level + generator.normal(0, 0.1, 300), level[of] + generator.normal(0, 0.1, of.size))
    found = regression_to_mean(observed, around, of, np.arange(300), elsewhere=seen)
    assert found is not None
    assert found.change < -1.2
    assert not found.beyond
    assert found.expected == pytest.approx(found.change, abs=0.15)


def test_what_is_taken_out_at_the_event_alone_is_no_change_beyond_the_expected() -> None:
    """Nothing happens to problems; exposure of the event lowers SR at the event only."""
    placebo, _ = compared(11, 0.0, kept_of_jump=6.0)
    assert placebo.SR is not None
    assert placebo.SR.regression is not None
    assert placebo.SR.regression.beyond
    assert not placebo.falls_beyond
    assert placebo.SR.response["jump"].beyond
    assert not any(placebo.beyond("response", name) for name in placebo.SR.response)
    assert not any(placebo.beyond("labels", name) for name in LABELS)
    words = worded(beyond_words(placebo, "response", ("jump", "depth"), "jump and depth"))
    assert (
        "By the line over single occasions, but not however SR is scored, differ jump, by" in words
    )
    assert "by the line over single occasions and " in words
    assert ": not distinguished from 0 with the other background. That may be made by how" in words
    assert words.startswith("No difference is told between depth around the event and at")


def test_responses_that_last_do_not_raise_the_excess_of_the_jump() -> None:
    """A rise of 8 that halves in three occasions: the comparator holds little of its fall."""
    jumps, before = [], []
    for seed in range(6):
        placebo, _ = compared(seed, 0.0, fading=8.0)
        assert placebo.SR is not None
        jumps.append(placebo.SR.response["jump"].excess)
        before.append(placebo.SR.course["pre"].excess)
    assert np.mean(jumps) == pytest.approx(8.0, abs=0.5)
    assert abs(np.mean(before)) < 1.3  # what is left where persons have no earlier occasions


def test_who_was_high_before_is_not_contrasted(loud: tuple[Placebo, ScoredRows]) -> None:
    placebo, _ = loud
    assert placebo.SR is not None
    fixed = placebo.SR.labels["pre-existing high"]
    assert (fixed.excess_low, fixed.p, fixed.p_adjusted) == (None, None, None)
    assert not placebo.beyond("labels", "pre-existing high")


@pytest.mark.parametrize(
    ("threshold", "rated", "words"),
    [
        (None, False, "without a listed event"),
        (1.0, False, "without a listed event"),
        (5.0, True, "without a listed event rated 5 or more"),
    ],
)
def test_occasions_are_without_events_that_count(
    threshold: float | None, words: str, *, rated: bool
) -> None:
    _, grid = study(1, persons=10)
    assert without_event(replace(grid, threshold=threshold, rated=rated)) == words
