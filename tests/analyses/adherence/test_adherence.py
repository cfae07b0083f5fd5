"""Adherence by hand, over a simulated study whose truth is known, and where persons are hidden."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from ruamel.yaml import YAML

from salutogen import run
from salutogen.analyses.adherence.analysis import AdherenceResult
from salutogen.analyses.adherence.quality import FAST, NIGHT, STRAIGHT, quality_table, with_times
from salutogen.analyses.adherence.rates import (
    by_person,
    missed_in_a_row,
    planned_with_arms,
    rates_by,
    runs_of_missed,
)
from salutogen.analyses.adherence.settings import AdherenceSettings
from salutogen.panel.momentary import Momentary
from salutogen.pipeline.results import Results
from salutogen.simulation import simulate
from salutogen.study import read_study
from tests.panel.streams.small_stream import beeps, read, without_answers

EXAMPLE = Path(__file__).parents[3] / "examples" / "bursts" / "study.yaml"
PLACE = pl.int_range(pl.len())


def small(frame: pl.DataFrame) -> Momentary:
    found = read(frame=frame).momentary
    assert found is not None
    return found


def planned(frame: pl.DataFrame) -> pl.DataFrame:
    panel = read(frame=frame)
    assert panel.momentary is not None
    return planned_with_arms(panel.momentary.prompts, panel.persons, "arm")


def test_rates_are_those_counted_by_hand() -> None:
    """Of person 1 every second prompt, of person 2 all, of person 3 none, at the first burst."""
    gone = (((pl.col("id") == "p1") & (pl.col("no") % 2 == 0)) | (pl.col("id") == "p3")) & (
        pl.col("visit") == "a"
    )
    prompts = planned(without_answers(beeps(), gone))
    assert rates_by(prompts, "occasion", "burst").select(
        "planned", "answered", "missed"
    ).rows() == [
        (24, 12, 12),
        (24, 24, 0),
    ]
    assert by_person(prompts)["share"].to_list() == [0.75, 1.0, 0.5]
    assert rates_by(prompts, "beep", "beep")["answered"].to_list() == [10, 8, 10, 8]
    hours = rates_by(prompts, "hour", "hour")
    assert hours["hour"].to_list() == [10, 13, 16, 19], "when they were due, by the wall"
    assert hours["share"].to_list() == [10 / 12, 8 / 12, 10 / 12, 8 / 12]


def test_runs_of_missed_prompts() -> None:
    """Prompts 2, 3, 4 and 6 of a burst, and all eight of another; runs end with the burst."""
    one = (pl.col("id") == "p1") & (pl.col("visit") == "a") & pl.col("no").is_in([2, 3, 4, 6])
    all_of_two = (pl.col("id") == "p1") & (pl.col("visit") == "b")
    runs = runs_of_missed(planned(without_answers(beeps(), one | all_of_two)))
    assert runs["length"].to_list() == [3, 1, 8]
    assert missed_in_a_row(runs).rows() == [("1", 1, 1), ("3", 1, 1), ("8", 1, 1)]


def test_arms_are_those_of_the_persons() -> None:
    panel = read(frame=without_answers(beeps(), pl.col("id") == "p2"))
    assert panel.momentary is not None
    persons = panel.persons.with_columns(arm=pl.Series(["x", "y", "y"]))
    table = rates_by(planned_with_arms(panel.momentary.prompts, persons, "arm"), "arm", "arm")
    assert table.select("arm", "n", "planned", "share").rows() == [
        ("x", 1, 16, 1.0),
        ("y", 2, 32, 0.5),
    ]


def test_delays_and_the_time_taken() -> None:
    timed = with_times(small(beeps()).prompts)
    assert timed["from sent to opened"].unique().to_list() == [10.0]
    assert timed["from opened to finished"].unique().to_list() == [120.0]


def test_odd_answers() -> None:
    night = (pl.col("done").str.to_datetime() + pl.duration(hours=5)).dt.strftime("%FT%T")
    frame = beeps().with_columns(
        sad=pl.when(PLACE == 0).then(3).otherwise("sad"),
        angry=pl.when(PLACE == 0).then(3).otherwise("angry"),
        glad=pl.when(PLACE == 0).then(3).otherwise("glad"),
        stress=pl.when(PLACE != 0).then("stress"),
        done=pl.when(PLACE == 1).then("opened").when(PLACE == 7).then(night).otherwise("done"),
    )
    found = quality_table(small(frame), AdherenceSettings(straight=3))
    told = {row["what"]: (row["n"], row["prompts"]) for row in found.iter_rows(named=True)}
    assert told[STRAIGHT] == (1, 1)
    assert told[FAST] == (1, 1), "opened and finished in the same second"
    assert told[NIGHT] == (1, 1), "twelve past midnight"


def example(**report: str) -> dict[str, Any]:
    values: dict[str, Any] = YAML(typ="safe").load(EXAMPLE.read_text(encoding="utf-8"))
    changes = {"report": report or {"individuals": "show"}, "analyses": [{"step": "adherence"}]}
    return {**values, **changes}


@pytest.fixture(scope="module")
def frames() -> dict[str, pl.DataFrame]:
    return dict(simulate(read_study(example()), persons=60, seed=2).frames)


@pytest.fixture(scope="module")
def results(frames: dict[str, pl.DataFrame], tmp_path_factory: pytest.TempPathFactory) -> Results:
    out = tmp_path_factory.mktemp("shown") / "out"
    return run(read_study(example()), data=frames, out=out)


def test_the_shipped_example(results: Results) -> None:
    found = results.analysis("adherence")
    assert isinstance(found, AdherenceResult)
    present = results.panel.n_rows
    assert found.planned == present * 30, "whoever came was asked thirty times"
    # logits around -1.1 (SD .8), half a logit more at a stressor, one in a hundred not sent
    assert found.share == pytest.approx(0.69, abs=0.04)
    assert found.rebuilt == 0
    told = results.to_dict()["steps"]["adherence"]
    assert [row["planned"] for row in told["beeps"]] == [present * 5] * 6


def test_prompts_are_a_file_of_persons(results: Results) -> None:
    (outcome,) = [one for one in results.analyses if one.label == "adherence"]
    file = outcome.files["prompts.csv"]
    assert file.personal
    assert file.table.height == results.panel.n_rows * 30
    assert not set(file.table.columns) - {column.name for column in file.columns}
    assert file.table["subject"][0].startswith("Person")
    each = outcome.files["adherence.csv"]
    assert each.personal
    assert each.table.height == 60
    assert each.table["answered"].sum() == (file.table["state"] == "answered").sum()
    assert each.table["longest_run"].min() >= 1
    assert each.table["delay"].median() == pytest.approx(6 * np.log(2), abs=0.7)


def test_rows_that_a_program_did_not_write_give_the_same_rates(
    frames: dict[str, pl.DataFrame], results: Results
) -> None:
    shown = results.analysis("adherence")
    assert isinstance(shown, AdherenceResult)
    given = frames["prompts"].filter(pl.col("opened").is_not_null())
    again = run(read_study(example()), data={**frames, "prompts": given}).analysis("adherence")
    assert isinstance(again, AdherenceResult)
    assert (again.planned, again.answered) == (shown.planned, shown.answered)
    assert again.beeps.drop("missed", "not_sent").equals(shown.beeps.drop("missed", "not_sent"))
    assert again.rebuilt == shown.planned - given.height


def test_where_persons_are_hidden(frames: dict[str, pl.DataFrame], tmp_path: Path) -> None:
    hidden = run(read_study(example(individuals="hide")), data=frames, out=tmp_path / "out")
    (outcome,) = [one for one in hidden.analyses if one.label == "adherence"]
    (section,) = outcome.sections
    assert [figure.name for figure in section.figures] == ["prompt-hours"]
    counts = [
        value
        for table in section.tables
        for name in ("n", "planned", "answered", "partial", "missed", "not_sent", "runs")
        if name in table.frame.columns
        for value in table.frame[name].drop_nulls().to_list()
    ]
    assert counts
    assert not any(count % 5 for count in counts)
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "P0000001" not in page
    assert "prompt-calendar" not in page
    csv = (tmp_path / "out" / "prompts.csv").read_text(encoding="utf-8")
    assert csv.count("\n") == hidden.panel.n_rows * 30 + 1, "personal data, as scores.csv"


def test_without_prompts_the_analysis_is_refused() -> None:
    values = example()
    values["instruments"] = {
        name: one for name, one in values["instruments"].items() if one["source"] == "visits"
    }
    del values["sources"]["prompts"], values["momentary"]
    study = read_study(values)
    results = run(study, data=simulate(study, persons=40, seed=1).frames)
    told = [one for one in results.findings if one.code == "no-momentary-data"]
    assert told[0].text.startswith("The analysis 'adherence' was refused")
    assert np.isfinite(results.persons["SR"].to_numpy()).all(), "the rest goes on"
