"""Exports of m-Path: three forms in one file, clocks on the wall that pose as UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from salutogen import run
from salutogen.panel import read_panel
from salutogen.study import read_study

STUDY = Path(__file__).parents[3] / "examples" / "m-path" / "study.yaml"
HEADER = (
    "\ufeffconnectionId;scheduledBeepId;questionListName;timeStampScheduled;timeStampSent;"
    "timeStampStart;timeStampStop;timeZoneOffset;slider_happy_sliderNeutralPos;"
    "slider_sad_sliderNegPos;slider_angry_sliderNegPos;slider_relaxed_sliderNegPos;"
    "slider_anxious_sliderNegPos;slider_energetic_sliderNegPos;evening_slider_sad_sliderNegPos;"
    "evening_slider_angry_sliderNegPos;evening_slider_anxious_sliderNegPos;"
    "evening_yesno_stressful_yesno;step_count_steps"
)
# Ten o'clock on 2024-04-19 by the clock on the wall, two hours ahead of UTC.
TEN = 1713520800
ROWS = (  # prompt, form, when it was scheduled, sent, opened, finished (after ten), answers
    ("-1", "Consent and intake", None, -9000, -9000, -8900, ";;;;;;;;;"),
    ("501", "main_questionnaire", 0, 3, 60, 130, "50;10;0;60;20;40;;;;"),
    ("502", "main_questionnaire", 5400, 5402, None, None, ";;;;;;;;;"),
    ("503", "main_questionnaire", 9000, 9001, 9050, None, "55;12;;;;;;;;"),
    ("-1", "main_questionnaire", None, 9900, 9900, 9990, "80;0;0;60;5;40;;;;"),
    ("560", "evening_questionnaire", 36000, 36001, 36050, 36100, ";;;;;;30;5;20;1"),
    ("561", "evening_questionnaire", 122400, 122401, None, None, ";;;;;;;;;"),
    ("562", "evening_questionnaire", 208800, 208801, 208850, 208900, ";;;;;;10;0;15;0"),
)


def export() -> str:
    """The rows as m-Path writes them: 0 is never, or nothing where nothing came."""
    lines = [HEADER]
    for prompt, form, *times, answers in ROWS:
        steps = "412" if prompt in ("501", "502") else ""  # counted without an answer as well
        written = [0 if time is None else TEN + time for time in times]
        told = ["" if times[2] is None and not one else str(one) for one in written]
        lines.append(";".join(["31", prompt, form, *told, "7200", answers, steps]))
    return "\n".join(lines)


def test_a_hand_made_export(tmp_path: Path) -> None:
    (tmp_path / "example_basic.csv").write_text(export(), encoding="utf-8")
    panel = read_panel(read_study(STUDY), tmp_path)
    assert panel.persons["subject"].to_list() == ["31"]
    assert panel.rows["occasion"].to_list() == [0, 1, 2], "evenings are days of the person"
    assert panel.answers["stressful"].to_series().to_list() == [1, None, 0]
    assert panel.momentary is not None
    prompts = panel.momentary.prompts.filter(~pl.col("rebuilt"))
    assert prompts["state"].to_list() == ["answered", "missed", "partial", "unscheduled"]
    first = prompts.row(0, named=True)
    assert first["scheduled"] == datetime(2024, 4, 19, 8, tzinfo=UTC)
    assert first["local"] == datetime(2024, 4, 19, 10, 2, 10)
    assert (first["zone"], first["negative"], first["positive"]) == ("UTC+02:00", 10.0, 50.0)
    assert panel.momentary.planned.height == 100
    assert panel.momentary.answers["steps"].to_series().drop_nulls().to_list() == [412, 412]


def test_the_export_that_mpathr_publishes(shared_formats: Path) -> None:
    """Counts as by hand: 20 persons, ten days, ten prompts a day, 1,251 of them finished."""
    results = run(STUDY, data=shared_formats / "mpath")
    momentary = results.panel.momentary
    assert momentary is not None
    counts = dict(momentary.prompts["state"].cast(pl.String).value_counts().iter_rows())
    assert counts == {"answered": 1251, "missed": 749}
    assert not momentary.prompts["rebuilt"].any()
    assert momentary.prompts["local"].dt.hour().min() == 7, "prompts were sent by day"
    assert results.panel.n_persons == 20
    told = results.to_dict()["steps"]["adherence"]
    assert (told["planned"], told["answered"]) == (2000, 1251)
    (steps,) = told["context"]
    assert steps["prompts"] == steps["share"] * 2000
    codes = [one.code for one in results.findings]
    assert "two-zones-in-a-day" in codes
    assert "prompt-answered-late" in codes
