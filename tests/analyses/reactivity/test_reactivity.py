"""Reactivity on diaries of known truth: estimates, errors, halves, what is refused."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from salutogen.analyses.reactivity.halves import reliability_by_halves
from salutogen.analyses.reactivity.models import fit_reactivity, person_rows
from salutogen.analyses.reactivity.rows import read_reactions
from salutogen.analyses.reactivity.tables import LATER, LEVELS, NOW, SEVERITY
from salutogen.errors import AnalysisError
from salutogen.findings import Findings, finding
from salutogen.page.audience import Audience
from tests.analyses.reactivity.diaries import diary, momentary

ROWS, SLOPES = diary()
REACTIONS = read_reactions(momentary(ROWS), "negative", Findings())
FITTED = fit_reactivity(REACTIONS, trends=True, found=Findings())


def effect(fitted, term):
    return next(row for row in fitted.effects if row["term"] == term)


def test_the_truth_comes_back():
    now = effect(FITTED, NOW)
    assert abs(now["estimate"] - SLOPES.mean()) < 3 * now["se"]
    assert now["low"] < now["estimate"] < now["high"]
    assert FITTED.slope_sd == pytest.approx(4.0, rel=0.25)
    assert FITTED.level_sd == pytest.approx(8.0, rel=0.25)
    assert FITTED.residual_sd == pytest.approx(6.0, rel=0.1)
    assert FITTED.correlation == pytest.approx(0.7, abs=0.06)
    later = effect(FITTED, LATER)
    assert later["low"] < 0 < later["high"]
    assert {row["term"] for row in FITTED.effects} == {NOW, LATER, LEVELS}


def test_reliability_is_the_share_of_persons_estimates_that_is_true():
    told = float(np.mean(FITTED.slope_reliability))
    known = np.corrcoef(FITTED.slopes, SLOPES)[0, 1] ** 2
    assert told == pytest.approx(known, abs=0.1)
    assert FITTED.slope_by_halves == pytest.approx(told, abs=0.15)


def test_intervals_of_persons_hold_their_true_slopes():
    held = 0
    for seed in range(5):
        rows, slopes = diary(n=60, seed=10 + seed)
        reactions = read_reactions(momentary(rows), "negative", Findings())
        table = person_rows(
            fit_reactivity(reactions, trends=True, found=Findings()), reactions, "negative"
        )
        low, high = table["low"].to_numpy(), table["high"].to_numpy()
        held += int(((low <= slopes) & (slopes <= high)).sum())
    assert 0.90 <= held / 300 <= 0.985


def test_who_changes_from_burst_to_burst_is_seen_by_halves():
    rows, _ = diary(n=120, seed=3, slope_sd=2.0, by_burst=5.0)
    reactions = read_reactions(momentary(rows), "negative", Findings())
    fitted = fit_reactivity(reactions, trends=True, found=Findings())
    assert np.mean(fitted.slope_reliability) - fitted.slope_by_halves > 0.2


def test_a_person_without_stressors_gets_the_mean_and_no_reliability():
    rows = ROWS.with_columns(
        stressor=pl.when(pl.col("person") == 7).then(0.0).otherwise(pl.col("stressor"))
    )
    reactions = read_reactions(momentary(rows), "negative", Findings())
    fitted = fit_reactivity(reactions, trends=True, found=Findings())
    place = int(np.flatnonzero(fitted.persons == 7)[0])
    assert fitted.slope_reliability[place] < 0.05


def test_what_lasts_to_the_next_prompt_is_told_apart():
    rows, _ = diary(seed=5, later=4.0)
    reactions = read_reactions(momentary(rows), "negative", Findings())
    later = effect(fit_reactivity(reactions, trends=True, found=Findings()), LATER)
    assert abs(later["estimate"] - 4.0) < 3 * later["se"]


def test_the_prompt_before_is_that_of_the_same_day_and_was_answered():
    """By hand: the person's mean is 1/2; prompt 3 is missed, prompt 5 is the next day."""
    rows, _ = diary(n=20, missed=0.0)
    one = rows.filter(person=0, occasion="a").sort("time")
    given = one.filter(pl.col("prompt").is_in([1, 2, 4, 7, 8]))
    given = given.with_columns(stressor=pl.Series([1.0, 0.0, 1.0, 0.0, 0.5]))
    others = rows.filter(pl.col("person") > 0)
    frame = read_reactions(momentary(pl.concat([given, others])), "negative", Findings()).frame
    own = frame.filter(person=0)
    assert own["stressor_before"].to_list() == [None, 0.5, None, None, -0.5]
    assert own["stressor_within"].to_list() == [0.5, -0.5, 0.5, -0.5, 0.0]


def test_where_persons_are_hidden_few_are_not_counted_in_findings():
    audience = Audience(individuals=False, n_persons=80, seed=1)
    found = Findings()
    with pytest.raises(AnalysisError):
        read_reactions(momentary(ROWS.filter(pl.col("person") < 3)), "negative", found)
    (few,) = found
    assert "3 persons" in few.text
    assert "3 persons" not in few.worded(audience.in_a_sentence)
    twice = pl.concat([ROWS, ROWS.filter(person=0)[:3].with_columns(pl.col("prompt") + 100)])
    doubled = read_reactions(momentary(twice), "negative", Findings()).doubled
    assert (doubled, doubled.persons) == (3, 1)
    told = finding("answers-at-one-moment", prompts=doubled)
    assert "3 answers" in told.text
    assert "3 answers" not in told.worded(audience.in_a_sentence)


def test_answers_at_one_moment_are_counted_once():
    twice = pl.concat([ROWS, ROWS[:3].with_columns(pl.col("prompt") + 100)])
    assert read_reactions(momentary(twice), "negative", Findings()).doubled == 3


def test_appraisal_is_looked_at_among_stressors():
    rng = np.random.default_rng(4)
    bad = pl.Series(rng.normal(5, 2, ROWS.height))
    rows = ROWS.with_columns(
        appraisal=pl.when(pl.col("stressor") > 0).then(bad),
        negative=pl.col("negative") + 1.5 * bad * pl.col("stressor"),
    )
    reactions = read_reactions(momentary(rows), "negative", Findings())
    row = effect(fit_reactivity(reactions, trends=True, found=Findings()), SEVERITY)
    assert abs(row["estimate"] - 1.5) < 3 * row["se"]
    assert row["prompts"] == rows.filter(pl.col("stressor") > 0).height


def test_halves_by_hand():
    """Two persons of each kind, the same slope in both bursts: reliability 1."""
    rows = []
    for person in range(24):
        for burst in (0, 1):
            for beep in range(4):
                within = float(beep % 2) - 0.5
                rows.append(
                    {"person": person, "burst": burst, "day_of_burst": 1,
                     "stressor_within": within, "affect": person + (person % 5) * within}
                )  # fmt: skip
    frame = pl.DataFrame(rows)
    assert reliability_by_halves(frame, np.zeros(frame.height)) == pytest.approx((1.0, 1.0))
    assert reliability_by_halves(frame.filter(pl.col("person") < 19), np.zeros(152)) == (None, None)


BAD = {
    "no-momentary-stressor": lambda f: f.with_columns(stressor=pl.lit(0.0)),
    "reactivity-few-persons": lambda f: f.filter(pl.col("person") < 9),
    "one-prompt-a-day": lambda f: f.filter(pl.col("prompt") % 6 == 1),
}


@pytest.mark.parametrize("code", BAD)
def test_what_cannot_be_is_refused_in_words(code):
    found = Findings()
    with pytest.raises(AnalysisError):
        read_reactions(momentary(BAD[code](ROWS)), "negative", found)
    assert [one.code for one in found] == [code]


def test_answers_without_times_are_refused():
    stream = momentary(ROWS)
    blank = stream.prompts.with_columns(
        hours=pl.lit(None, pl.Float64), local=pl.lit(None, pl.Datetime("us"))
    )
    object.__setattr__(stream, "prompts", blank)
    found = Findings()
    with pytest.raises(AnalysisError):
        read_reactions(stream, "negative", found)
    assert [one.code for one in found] == ["reactivity-without-times"]


@pytest.mark.lengthy
def test_intervals_and_tests_are_right():
    """400 studies of 40 persons: coverage of the mean slope and of none at the prompt before."""
    n, held, false = 400, 0, 0
    for seed in range(n):
        rows, _ = diary(n=40, seed=1000 + seed)
        reactions = read_reactions(momentary(rows), "negative", Findings())
        fitted = fit_reactivity(reactions, trends=True, found=Findings())
        now, later = effect(fitted, NOW), effect(fitted, LATER)
        held += now["low"] <= 10.0 <= now["high"]
        false += later["p"] < 0.05
    error = math.sqrt(0.05 * 0.95 / n)
    assert abs(held / n - 0.95) < 3 * error
    assert abs(false / n - 0.05) < 3 * error
