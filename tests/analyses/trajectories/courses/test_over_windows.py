"""Whose the change over the windows is: against a plain Welch interval, and known truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats

import salutogen as sg
from salutogen.analyses.trajectories import Trajectories
from salutogen.analyses.trajectories.courses.over_windows import OverWindows, windows_words
from salutogen.page.words import Sentence
from tests.analyses.trajectories.cohort import result_in

PERSONS, OCCASIONS = 240, 8
STUDY = """
salutogen: 1
title: Who changed
occasions: {every: 1 month, count: 8}
sources:
  answers: {file: a.csv, person: who, occasion: visit}
instruments:
  mood: {columns: MOOD, answers: 0..300, measures: problems}
  load: {columns: LOAD, answers: 0..300, measures: exposure, recall: 1 month}
  blow: {columns: BLOW, answers: 0..1, measures: exposure, did_not_occur: 0, recall: 1 month}
problems: mood
exposure: {types: [load], score: severity, combine: sum}
norm: {unit: person, shape: linear}
resilience: {windows: {width: 2, step: 2, valid: 2}}
analyses:
  - step: trajectories
    events: {instruments: [blow]}
    rule: first-any
    classes: off
    placebo: {draws: 20}
    validity: {draws: 50}
"""


def run(
    folder: Path, *, lasting: float, drift: float, early: int = 0
) -> tuple[sg.Results, Trajectories]:
    """Half of the persons meet a blow at the fourth visit, which leaves `lasting` points.

    So many of these, and as many of the others, had met one at the first visit.
    """
    rng = np.random.default_rng(5)
    load = rng.normal(0, 20, (PERSONS, 1)) + rng.normal(0, 20, (PERSONS, OCCASIONS))
    blow = np.zeros((PERSONS, OCCASIONS))
    blow[: PERSONS // 2, 3] = 1.0
    blow[:early, 0] = blow[PERSONS - early :, 0] = 1.0
    mood = 0.5 * load + rng.normal(0, 10, (PERSONS, 1)) + rng.normal(0, 10, load.shape)
    mood += lasting * np.maximum.accumulate(blow, axis=1) + drift * np.arange(OCCASIONS) / 7.0
    who, visit = np.indices(load.shape)
    answers = pl.DataFrame(
        {
            "who": who.ravel(),
            "visit": visit.ravel() + 1,
            "MOOD": np.rint(150 + mood.ravel()).astype(int),
            "LOAD": np.rint(150 + load.ravel()).astype(int),
            "BLOW": blow.ravel().astype(int),
        }
    )
    path = folder / "study.yaml"
    path.write_text(STUDY, encoding="utf-8")
    results = sg.run(path, data={"answers": answers})
    return results, result_in(results)


def said(found: OverWindows | None) -> str:
    words = windows_words(found)
    return words.worded(str) if isinstance(words, Sentence) else words


def test_what_events_left_is_no_change_of_everyone(tmp_path: Path) -> None:
    results, result = run(tmp_path, lasting=15.0, drift=0.0)
    found = result.over_windows
    assert found is not None
    table = results.windows.pivot("window", index="subject", values="SR_frozen")
    change = (table[str(found.last_window)] - table["1"]).to_numpy()
    met = np.isin(table["subject"].cast(pl.Int64).to_numpy(), np.arange(PERSONS // 2))
    welch = stats.ttest_ind(change[met], change[~met], equal_var=False).confidence_interval()
    assert found.difference == pytest.approx(change[met].mean() - change[~met].mean())
    assert (found.low, found.high) == pytest.approx((welch.low, welch.high))
    assert found.of_events
    assert "The change may be what events left in those who reported one" in said(found)
    assert (
        "is only seen in those who reported an event in between, and not settled in those who "
        "reported none at any occasion seen" in str(result.in_short())
    )


def test_an_event_before_does_not_undo_one_in_between(tmp_path: Path) -> None:
    """Who met one in the first window alone is in neither group, and counted."""
    _, result = run(tmp_path, lasting=15.0, drift=0.0, early=20)
    found = result.over_windows
    assert found is not None
    assert found.n_both == PERSONS
    assert (found.met.n, found.none.n) == (PERSONS // 2, PERSONS // 2 - 20)
    assert f"Of the {PERSONS} seen in both windows 20 are in neither group" in said(found)


def test_a_change_of_everyone_is_not_put_to_events(tmp_path: Path) -> None:
    _, result = run(tmp_path, lasting=0.0, drift=15.0)
    found = result.over_windows
    assert found is not None
    assert not found.of_events
    assert "is not told" in said(found)
    assert "an event in between" not in str(result.in_short())


def test_without_a_change_that_is_claimed_nobodys_is_told(tmp_path: Path) -> None:
    _, result = run(tmp_path, lasting=0.0, drift=0.0)
    assert result.over_windows is None
    assert said(None) == ""
