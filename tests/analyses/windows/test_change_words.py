"""What is said of change, for every kind of result, and what is kept back where few left."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.windows.analysis import compute
from salutogen.analyses.windows.change_error import no_shifts
from salutogen.analyses.windows.change_result import Contrast, Course, Turn, WindowChange
from salutogen.analyses.windows.change_words import (
    change_in_short,
    change_in_words,
    change_paragraphs,
)
from salutogen.analyses.windows.settings import WindowsSettings
from salutogen.page.audience import Audience
from tests.analyses.inputs import shown

SHOW = Audience(individuals=True, n_persons=100, seed=1)


def contrast(estimate: float, half: float | None = 0.5) -> Contrast:
    interval = None if half is None else (estimate - half, estimate + half)
    return Contrast(estimate=estimate, se=None if half is None else half / 2, interval=interval)


def course(estimates: list[float], turn: Turn | None = None) -> Course:
    rows = [
        {"window": number, "estimate": one, "low": one - 0.5, "high": one + 0.5}
        for number, one in enumerate(estimates, start=1)
    ]
    return Course(windows=pl.DataFrame(rows), n_pairs=6, turn=turn)


def change(estimate: float, half: float | None = 0.5, **more: Any) -> WindowChange:
    one = contrast(estimate, half)
    given: dict[str, Any] = {
        "first_window": 1,
        "last_window": 4,
        "model": "P ~ E + occasion + (1 | person)",
        "estimate": one.estimate,
        "se": one.se,
        "interval": one.interval,
        "standardised": estimate / 4,
        "standardised_interval": None,
        "autocorrelation": 0.0,
        "between_sd": 3.0,
        "residual_sd": 2.0,
        "n_persons": 100,
        "n_rows": 500,
        "n_left": 20,
        "draws": 1000,
        "within": one,
        "frozen": one,
        "moved_by_leaving": None,
        "sensitivity": pl.DataFrame([(0.0, 0.0, 1.0, 0.5, 1.5)], no_shifts().schema, orient="row"),
        "share_missing": 0.1,
        "tipping_delta": -3.0,
        "sign_delta": -9.0,
        "interval_by": "resamples of persons",
        "course": course([0.0, estimate / 3, estimate / 2, estimate]),
        "possible_shift": (-50.0, 50.0),
    }
    return WindowChange(**{**given, **more})


@pytest.mark.parametrize(
    ("given", "begins", "holds"),
    [
        (change(1.0), "SR rose from window 1 to window 4 by 1.00 points", "0.50 to 1.50; 0.25 SDs"),
        (change(-1.0), "SR fell from window 1 to window 4 by 1.00 points", "0.50 to 1.50"),
        (change(0.2), "Whether SR changed from window 1", "+0.20 (95 % interval −0.30 to +0.70)"),
        (change(1.0, None, within=None), "Change from window 1 to window 4 is +1.00", "not known"),
        (change(1.0, within=contrast(0.1)), "Whether SR changed", "No change is claimed"),
        (change(0.1, within=contrast(1.0)), "Whether SR changed", "No change is claimed"),
        (change(1.0, within=contrast(-1.0)), "Whether SR changed", "No change is claimed"),
        (change(1.0, standardised=None), "SR rose", "0.50 to 1.50): problems"),
    ],
)
def test_a_change_is_called_one_only_where_its_interval_leaves_out_0(
    given: WindowChange, begins: str, holds: str
) -> None:
    told = change_in_words(given)
    assert told.startswith(begins)
    assert holds in told


def paragraphs(given: WindowChange, audience: Audience = SHOW) -> str:
    made = change_paragraphs(given, audience)
    return " ".join(
        text if isinstance(text, str) else text.worded(audience.in_a_sentence) for text in made
    )


def test_slopes_that_disagree_are_named() -> None:
    assert "They disagree" not in paragraphs(change(1.0))
    assert "They disagree" in paragraphs(change(0.1, frozen=contrast(1.2)))
    assert "frozen line" not in paragraphs(change(0.1, frozen=None))


@pytest.mark.parametrize(
    ("delta", "words"),
    [
        (-0.5, "0.50 points (0.25 residual SDs) lower than that, the interval would hold 0; "
               "whether they were, these data do not tell."),
        (3.0, "3.00 points (1.5 residual SDs) higher than that, the interval would hold 0;"),
        (-9.0, "9.00 points"),
        (None, "No shift of them would make the interval hold 0. Forms that these or others "
               "missed before are not shifted."),
        (-60.0, "No shift of them that is possible on this scale would make the interval hold 0."),
        (60.0, "No shift of them that is possible on this scale would make the interval hold 0."),
    ],
)  # fmt: skip
def test_the_shift_at_which_the_claim_turns(delta: float | None, words: str) -> None:
    assert words in paragraphs(change(1.0, tipping_delta=delta))


def test_autocorrelation_is_named_where_it_is_told() -> None:
    assert "correlate by 0.30" in paragraphs(change(1.0, autocorrelation=0.3))
    assert "correlate" not in paragraphs(change(1.0))


def test_few_who_left_cannot_be_told_from_shifts(cohort: AnalysisInputs) -> None:
    result = compute(cohort, WindowsSettings())
    assert result.change is not None
    few = replace(result, change=replace(result.change, n_left=3))
    tables = {
        individuals: [table.name for part in shown(few, cohort, individuals=individuals)[0]
                      for table in part.tables]
        for individuals in (True, False)
    }  # fmt: skip
    some = ["windows-summary", "window-change", "window-course"]
    assert tables[True] == [*some, "window-change-leavers"]
    assert tables[False] == some
    hidden = Audience(individuals=False, n_persons=100, seed=1)
    assert "were last seen before" not in paragraphs(change(1.0, n_left=3), hidden)
    told = "20 persons were last seen before the last occasion of window 4"
    assert told in paragraphs(change(1.0), hidden)


FALL = Turn(from_window=3, to_window=4, estimate=-1.2, interval=(-1.9, -0.5))


def test_a_course_that_turns_is_not_called_a_rise() -> None:
    told = change_in_words(change(2.2, course=course([0.0, 2.4, 3.5, 2.2], FALL)))
    assert told.startswith("SR is higher in window 4 than in window 1 by 2.20 points")
    assert "lasting reactions to earlier stressors are in it" in told
    assert told.endswith(
        "If exposure is free of error, it is not a steady course: highest in window 3 (+3.50 "
        "against window 1, 95 % interval "
        "+3.00 to +4.00), SR falls by 1.20 points from window 3 to window 4 (95 % interval 0.50 to "
        "1.90, for all 6 pairs of windows at once)."
    )
    same = change_in_words(change(0.1, course=course([0.0, 2.4, 3.5, 0.1], FALL)))
    assert same.startswith("Whether SR changed from window 1")
    assert "highest in window 3" in same
    inside = change_in_words(change(4.0, course=course([0.0, 2.4, 1.2, 4.0], FALL)))
    assert "steady course: SR falls" in inside
    assert "steady" not in change_in_words(change(2.2))


def test_one_change_without_another_the_other_way_is_no_turn() -> None:
    one = replace(FALL, against=False, interval=(-2.4, -0.0004))
    alone = change(0.1, course=course([0.0, 0.4, 0.5, 0.1], one))
    told = change_in_words(alone)
    assert told.endswith(
        "If exposure is free of error, SR is lower in window 4 than in window 3 by 1.20 points (95 "
        "% interval just above 0 to 2.40, for all 6 pairs of windows at once, of which this is the "
        "clearest; no change the other way is told)."
    )
    assert "turned" not in change_in_short(alone)
    assert "turned" in change_in_short(replace(alone, course=course([0.0, 2.4, 3.5, 0.1], FALL)))


def test_a_course_over_windows_of_few_is_told_to_nobody_else(cohort: AnalysisInputs) -> None:
    result = compute(cohort, WindowsSettings())
    assert result.change is not None
    middle = result.windows["window"][1]
    n = pl.when(pl.col("window") == middle).then(3).otherwise(pl.col("n")).cast(pl.UInt32)
    turned = course([0.0, 3.0, 2.0], FALL)
    change = replace(result.change, course=turned)
    few = replace(result, windows=result.windows.with_columns(n=n), change=change)
    assert "steady" not in str(few.answer())
    assert "steady" in str(replace(few, windows=result.windows).answer())
    assert "turned in between" not in str(few.in_short())
    assert "turned in between" in str(replace(few, windows=result.windows).in_short())
    for individuals in (True, False):
        (section,), _ = shown(few, cohort, individuals=individuals)
        told = " ".join(str(text) for text in section.paragraphs)
        assert ("not a steady course" in told) == individuals
        tables = {table.name for table in section.tables}
        assert ("window-course" in tables) == individuals


def test_without_resamples_the_error_is_that_of_the_model() -> None:
    told = paragraphs(change(1.0, draws=0, interval_by="the model"))
    assert "the interval is by the model's own standard error" in told
    assert "resamples of persons" not in told
    assert "last seen before" not in told
