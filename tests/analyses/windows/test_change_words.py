"""What is said of change, for every kind of result, and what is kept back where few left."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.windows.analysis import compute
from salutogen.analyses.windows.change_error import no_shifts
from salutogen.analyses.windows.change_result import Contrast, WindowChange
from salutogen.analyses.windows.change_words import change_in_words, change_paragraphs
from salutogen.analyses.windows.settings import WindowsSettings
from salutogen.page.audience import Audience
from tests.analyses.inputs import shown

SHOW = Audience(individuals=True, n_persons=100, seed=1)


def contrast(estimate: float, half: float | None = 0.5) -> Contrast:
    interval = None if half is None else (estimate - half, estimate + half)
    return Contrast(estimate=estimate, se=None if half is None else half / 2, interval=interval)


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
    }
    return WindowChange(**{**given, **more})


@pytest.mark.parametrize(
    ("given", "begins", "holds"),
    [
        (change(1.0), "SR rose from window 1 to window 4 by 1.00 points", "0.50 to 1.50; 0.25 SDs"),
        (change(-1.0), "SR fell from window 1 to window 4 by 1.00 points", "0.50 to 1.50"),
        (change(0.2), "No change of SR from window 1", "+0.20 (95 % interval −0.30 to +0.70)"),
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
        (-0.5, "0.50 points (0.25 residual SDs) lower than that, the interval would hold 0: a "
               "shift that cannot be ruled out"),
        (3.0, "3.00 points (1.5 residual SDs) higher than that, the interval would hold 0: a "
              "large shift"),
        (-9.0, "a very large shift"),
        (None, "No shift of them would make the interval hold 0."),
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
    assert tables[True] == ["windows-summary", "window-change", "window-change-leavers"]
    assert tables[False] == ["windows-summary", "window-change"]
    hidden = Audience(individuals=False, n_persons=100, seed=1)
    assert "not seen to the end" not in paragraphs(change(1.0, n_left=3), hidden)
    assert "20 persons were not seen to the end" in paragraphs(change(1.0), hidden)
