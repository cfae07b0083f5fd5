"""Dated events: put to occasions as a plain loop does, locked in days, or refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import salutogen as sg
from salutogen.analyses.trajectories import Trajectories, TrajectorySettings, compute
from salutogen.errors import AnalysisError
from tests.analyses.trajectories.cohort import (
    cohort_frame,
    dated_frame,
    dated_study,
    inputs_of,
    outcome_in,
    result_in,
    shown_sections,
)

SETTINGS: dict[str, Any] = {"events": {"source": "register", "threshold": 2}}


@pytest.fixture(scope="module")
def results() -> sg.Results:
    frames = {"answers": with_days(cohort_frame()), "register": dated_frame()}
    return sg.run(dated_study(SETTINGS), data=frames)


@pytest.fixture(scope="module")
def found(results: sg.Results) -> Trajectories:
    return result_in(results)


def with_days(frame: pl.DataFrame) -> pl.DataFrame:
    """Weekly answers, some of them up to three days late."""
    late = np.random.default_rng(5).integers(0, 4, frame.height)
    return frame.with_columns(day=(pl.col("visit") - 1) * 7 + pl.Series(late))


def test_events_belong_to_the_first_answers_on_or_after_their_day(
    results: sg.Results, found: Trajectories
) -> None:
    frame = with_days(cohort_frame())
    days = {
        who: dict(part.select("visit", "day").iter_rows())
        for (who,), part in frame.partition_by("who", as_dict=True).items()
    }
    expected: dict[tuple[str, int, str], tuple[float, float]] = {}
    for who, on, kind, rating in dated_frame().sort("who", "on").iter_rows():
        later = [(day, visit) for visit, day in sorted(days[who].items()) if day >= on]
        if not later:
            continue
        day, visit = later[0]
        cell = (who, visit, kind)
        if cell not in expected or rating > expected[cell][0]:
            expected[cell] = (rating, day - on)
    grid = found.anchored.grid
    assert grid.days_since is not None
    seen = {}
    subjects = results.panel.persons["subject"]
    for person, occasion, item in zip(*np.nonzero(grid.ratings > 0), strict=True):
        cell = (subjects[int(person)], int(occasion) + 1, grid.items[item])
        place = (person, occasion, item)
        seen[cell] = (float(grid.ratings[place]), float(grid.days_since[place]))
    assert seen == expected
    assert np.isnan(grid.ratings[~grid.observed]).all()
    told = next(item for item in found.findings if item.code == "events-outside-study")
    assert told.evidence.numbers["late"] > 0


def test_days_since_the_event(found: Trajectories) -> None:
    """The anchor's own day: first answers after it at day 0 or later, those before it below 0."""
    locked = found.courses.real_time
    assert locked is not None
    rows = np.arange(found.anchored.anchors.n)
    peri = locked.days[rows, found.anchored.anchors.occasion]
    np.testing.assert_array_equal(peri, found.anchored.anchors.days_since)
    assert (peri >= 0).all()
    for row, occasion in zip(rows, found.anchored.anchors.occasion, strict=True):
        before = locked.days[row, :occasion]
        assert (before[np.isfinite(before)] < 0).all()
    table = found.files()["lock_time.csv"].table
    assert table.columns == ["subject", "occasion", "days", "SR", "P"]
    assert table.height == int(np.isfinite(locked.days).sum())


def test_means_by_day_are_plain_averages(results: sg.Results, found: Trajectories) -> None:
    locked = found.courses.real_time
    assert locked is not None
    means = locked.means(found.anchored.anchors, results.context.audience)
    inside = (locked.days >= 0) & (locked.days < locked.width) & np.isfinite(locked.SR)
    (first,) = means.filter(pl.col("days").is_between(0, locked.width, closed="left")).to_dicts()
    assert first["mean"] == pytest.approx(locked.SR[inside].mean())
    assert first["days"] == pytest.approx(locked.days[inside].mean())
    assert locked.width == pytest.approx(7.0, abs=1.0)


def test_the_page_shows_days_and_the_event_stays_out_of_exposure(
    results: sg.Results, found: Trajectories
) -> None:
    sections, withheld = shown_sections(results)
    assert withheld == []
    figures = [figure for section in sections for figure in section.figures]
    assert "trajectories-first-strict-days" in [figure.name for figure in figures]
    codes = {item.code for item in found.findings}
    assert "event-outside-exposure" in codes
    assert "event-dated-by-visit" not in codes
    assert found.to_dict()["lock"]["days_since_event"]["longest"] <= 30


def test_episodes_have_a_column_of_their_own(results: sg.Results) -> None:
    settings = TrajectorySettings.model_validate({**SETTINGS, "episodes": "all"})
    result = compute(inputs_of(results), settings)
    files = {name: file.table for name, file in result.files().items()}
    assert files["anchors.csv"].columns == ["subject", "episode", "occasion", "event", "rating"]
    assert files["lock.csv"].columns[:3] == ["subject", "episode", "position"]
    assert files["lock.csv"].height == 4 * files["anchors.csv"].height
    summary = result.to_dict()["anchors"]
    assert summary["n"] == files["anchors.csv"].height >= summary["n_persons"]


@pytest.mark.parametrize(
    ("events", "code"),
    [
        ({"source": "registre"}, "unknown-event"),
        ({"source": "register", "items": ["los"]}, "unknown-event"),
    ],
)
def test_unknown_names_are_refused(results: sg.Results, events: dict[str, Any], code: str) -> None:
    with pytest.raises(AnalysisError) as caught:
        compute(inputs_of(results), TrajectorySettings.model_validate({"events": events}))
    assert [item.code for item in caught.value.findings] == [code]
    assert "Did you mean" in caught.value.findings[0].text


def test_ratings_and_times_must_be_there() -> None:
    unrated = dated_frame().with_columns(rating=pl.lit(None, dtype=pl.Float64))
    frames = {"answers": with_days(cohort_frame()), "register": unrated}
    refused = outcome_in(sg.run(dated_study(SETTINGS), data=frames))
    assert [item.code for item in refused.findings] == ["event-without-rating"]
    dates = {"time": {"column": "on", "unit": "days since 1970-01-01"}}
    frames["register"] = dated_frame()
    refused = outcome_in(sg.run(dated_study(SETTINGS, **dates), data=frames))
    assert [item.code for item in refused.findings] == ["event-times-not-comparable"]


def test_an_event_rated_0_happened(results: sg.Results) -> None:
    """Without a threshold ratings play no part; a past event rated 0 is no absence either."""
    inputs = inputs_of(results)
    events = inputs.panel.events["register"]
    found = {}
    for rating in (0.0, 1.0):
        rated = events.with_columns(rating=pl.lit(rating))
        panel = replace(inputs.panel, events={"register": rated})
        for rule in ("first-strict", "onset"):
            settings = {"events": {"source": "register"}, "rule": rule, "classes": "off"}
            result = compute(
                replace(inputs, panel=panel), TrajectorySettings.model_validate(settings)
            )
            found[rating, rule] = result.files()["anchors.csv"].table.drop("rating")
    assert found[0.0, "first-strict"].height > 0
    for rule in ("first-strict", "onset"):
        assert found[0.0, rule].equals(found[1.0, rule])


@pytest.mark.parametrize(
    ("register", "words"),
    [
        (dated_frame().with_columns(who=pl.lit("nobody")), "of the 0 events"),
        (dated_frame().with_columns(on=pl.lit(4000)), "none lies on or before"),
    ],
)
def test_events_that_belong_to_no_answers_are_refused(register: pl.DataFrame, words: str) -> None:
    frames = {"answers": with_days(cohort_frame()), "register": register}
    outcome = outcome_in(sg.run(dated_study(SETTINGS), data=frames))
    refused = [item for item in outcome.findings if item.code == "nobody-anchored"]
    assert len(refused) == 1
    assert words in refused[0].text


def test_events_come_from_one_place(tmp_path: Path) -> None:
    both = {"source": "register", "instruments": ["events"]}
    with pytest.raises(ValueError, match="not from both"):
        TrajectorySettings.model_validate({"events": both})
