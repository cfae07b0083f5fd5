"""What is told beyond placebo: against plain loops, other packages, and a known truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from salutogen.analyses.trajectories import LABELS, Placebo, classify, find_anchors
from salutogen.analyses.trajectories.labels.by_rule import half_width_of, within_person_sd
from salutogen.analyses.trajectories.labels.settings import LabelSettings
from salutogen.analyses.trajectories.placebo.comparison import ScoredRows, compare
from salutogen.analyses.trajectories.placebo.contrast import contrast
from salutogen.analyses.trajectories.placebo.occasions import acting, draw_placebos
from salutogen.analyses.trajectories.placebo.regression import regression_to_mean
from salutogen.analyses.trajectories.placebo.words import beyond_words, placebo_words
from salutogen.page.audience import Audience
from salutogen.page.words import Sentence
from tests.analyses.trajectories.placebo.studies import OCCASIONS, around, study


def compared(seed: int, jump: float) -> tuple[Placebo, ScoredRows]:
    SR, grid = study(seed, jump=jump)
    anchors = find_anchors(grid)
    rows = SR[anchors.person]
    chosen = draw_placebos(grid, anchors, rows, draws=100, seed=seed)
    calm = np.where(acting(anchors, SR.shape), np.nan, SR)
    settings = LabelSettings()
    scored = ScoredRows(
        rows=rows,
        calm=calm[anchors.person],
        before=anchors.occasion - 1,
        locked=around(SR, anchors),
        half_width=half_width_of(within_person_sd(calm) or 0.0, settings),
        high=float(np.nanstd(SR)),
    )
    change = np.full(rows.shape, np.nan)
    for row, at in enumerate(anchors.occasion):
        change[row, : OCCASIONS - at] = rows[row, at:] - rows[row, at - 1]
    return compare(chosen, scored, None, settings, change=change, seed=1), scored


@pytest.fixture(scope="module")
def quiet() -> tuple[Placebo, ScoredRows]:
    return compared(11, 0.0)


@pytest.fixture(scope="module")
def loud() -> tuple[Placebo, ScoredRows]:
    return compared(11, 8.0)


def test_shares_are_those_of_a_plain_loop(quiet: tuple[Placebo, ScoredRows]) -> None:
    placebo, scored = quiet
    chosen = placebo.chosen
    assert placebo.SR is not None
    complete = [row for row in chosen.anchor if np.isfinite(scored.locked[row]).all()]
    places = [place for place, row in enumerate(chosen.anchor) if row in set(complete)]
    for code, name in enumerate(LABELS):
        found = placebo.SR.labels[name]
        own = []
        for row in complete:
            course = scored.locked[row]
            high = np.asarray(course[0] > scored.high)
            own.append(int(classify(course, half_width=scored.half_width, high=high)) == code)
        assert found.n == len(complete)
        assert found.observed == pytest.approx(np.mean(own))
        shares = []
        for draw in range(100):
            named = 0
            for place in places:
                at = chosen.occasion[draw, place]
                course = scored.rows[chosen.anchor[place], at - 1 : at + 3]
                high = np.asarray(course[0] > scored.high)
                named += int(classify(course, half_width=scored.half_width, high=high)) == code
            shares.append(named / len(places))
        assert found.placebo == pytest.approx(np.mean(shares))
        assert found.placebo_low == pytest.approx(np.percentile(shares, 2.5))
        assert found.excess == pytest.approx(found.observed - found.placebo)


def test_an_excess_has_the_t_interval_of_persons() -> None:
    generator = np.random.default_rng(1)
    observed, drawn = generator.normal(0.4, 1, 80), generator.normal(0, 1, (50, 80))
    found = contrast(observed, drawn, np.arange(80))
    plain = stats.ttest_1samp(observed - drawn.mean(axis=0), 0.0)
    interval = plain.confidence_interval(0.95)
    assert found.p == pytest.approx(plain.pvalue)
    assert (found.excess_low, found.excess_high) == pytest.approx((interval.low, interval.high))
    doubled = contrast(
        np.repeat(observed, 2), np.repeat(drawn, 2, axis=1), np.repeat(np.arange(80), 2)
    )
    assert doubled.p == pytest.approx(found.p, rel=1e-6)


def test_without_an_effect_nothing_is_told_and_the_text_says_fluctuation(
    quiet: tuple[Placebo, ScoredRows],
) -> None:
    placebo, _ = quiet
    assert placebo.SR is not None
    told = [name for name in LABELS if placebo.beyond("labels", name)]
    assert told == []
    assert not any(placebo.beyond("response", name) for name in placebo.SR.response)
    words = beyond_words(placebo, "labels", LABELS, "labels", "What fluctuation gives.")
    assert words.startswith("What fluctuation gives.")
    said = placebo_words(placebo, 200, Audience(individuals=True, n_persons=300, seed=1))
    assert isinstance(said, Sentence)
    assert "100 times" in said.worded(str)


def test_an_effect_is_told_with_its_size(loud: tuple[Placebo, ScoredRows]) -> None:
    placebo, _ = loud
    assert placebo.SR is not None
    jump = placebo.SR.response["jump"]
    assert jump.excess_low is not None
    assert jump.excess_high is not None
    assert jump.excess_low < 8.0 < jump.excess_high
    assert placebo.beyond("response", "jump")
    assert placebo.beyond("labels", "recovery")
    words = beyond_words(placebo, "labels", LABELS, "labels", "What fluctuation gives.")
    assert words.startswith("Beyond ordinary fluctuation")
    assert "recovery by " in words


def test_few_anchors_are_not_compared() -> None:
    SR, grid = study(5, persons=12)
    anchors = find_anchors(grid)
    rows = SR[anchors.person]
    chosen = draw_placebos(grid, anchors, rows, draws=20, seed=1)
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
    """Least squares over all drawn courses, expected at the means around the event."""
    generator = np.random.default_rng(3)
    drawn, observed = generator.normal(0, 3, (40, 60, 4)), generator.normal(1, 3, (60, 4))
    level, levels = generator.normal(0, 1, 60), generator.normal(0, 1, (40, 60))
    found = regression_to_mean(observed, drawn, np.arange(60), elsewhere=(level, levels), seed=1)
    assert found is not None
    flat = drawn.reshape(-1, 4)
    design = np.column_stack([np.ones(len(flat)), flat[:, :2], levels.ravel()])
    outcome = flat[:, 2:].mean(axis=1) - flat[:, 1]
    line = np.linalg.lstsq(design, outcome, rcond=None)[0]
    expected = line @ [1.0, *observed[:, :2].mean(axis=0), level.mean()]
    change = (observed[:, 2:].mean(axis=1) - observed[:, 1]).mean()
    assert found.expected == pytest.approx(expected)
    assert found.change == pytest.approx(change)
    assert found.excess == pytest.approx(change - expected)
    assert found.rise == pytest.approx((observed[:, 1] - observed[:, 0]).mean())
    assert found.excess_low < found.excess < found.excess_high


def test_events_chosen_where_one_feels_bad_fall_as_expected() -> None:
    """Levels and moods, events where the mood is high: the fall is regression to the mean whole."""
    generator = np.random.default_rng(4)
    level = generator.normal(0, 1, 4000)
    moods = generator.normal(0, 1, (4000, 4))
    rows = np.flatnonzero(moods[:, 1] > 1.0)[:300]
    level, observed = level[rows], (level[:, None] + moods)[rows]
    drawn = level[:, None] + generator.normal(0, 1, (60, 300, 4))
    seen = (level + generator.normal(0, 0.1, 300), level + generator.normal(0, 0.1, (60, 300)))
    found = regression_to_mean(observed, drawn, np.arange(300), elsewhere=seen, seed=1)
    assert found is not None
    assert found.change < -1.2
    assert not found.beyond
    assert found.expected == pytest.approx(found.change, abs=0.15)
