"""Files and layouts: what is written is what the study file says is read."""

from __future__ import annotations

import copy
import json

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from salutogen.errors import SimulationError
from salutogen.panel import read_panel
from salutogen.simulation import simulate

HOLES = {"missing": {"skipped": 0.02, "missed": {"share": 0.1}}, "timing": {"jitter": "4 days"}}
WIDE = {
    "distress": {"columns": "P_{01..20}_{occasion}", "measures": "problems", "answers": "0..4"},
    "hassles": {
        "columns": "H_{01..60}_{occasion}",
        "measures": "exposure",
        "answers": "0..5",
        "did_not_occur": 0,
    },
    "optimism": {"columns": "O_{1..6}", "measures": "resource", "answers": "1..5",
                 "measured": "baseline"},
}  # fmt: skip
LONG = {
    name: {**use, "columns": str(use["columns"]).replace("_{occasion}", "")}
    for name, use in WIDE.items()
}
SAME = {"exposure": {"types": ["hassles"], "score": "severity", "combine": "sum"}, "background": {}}


def source(layout, **more):
    return {"answers": {"file": "answers", "layout": layout, "person": "id", **more}}


def test_both_formats_read_the_same(study_of, tmp_path):
    study = study_of(HOLES)
    panels = []
    for format_ in ("parquet", "csv"):
        simulate(study, persons=80, seed=2, out=tmp_path / format_, format=format_)
        panels.append(read_panel(study, tmp_path / format_))
    first, second = panels
    assert_frame_equal(first.rows, second.rows)
    assert_frame_equal(first.persons, second.persons)
    for name in ("distress", "hassles", "support"):
        assert_frame_equal(first.answers[name], second.answers[name])
        assert first.answers[name].height == first.n_rows
    assert_frame_equal(first.baseline["optimism"], second.baseline["optimism"])


def test_frames_read_as_files_do(study_of, tmp_path):
    study = study_of(HOLES)
    frames = simulate(study, persons=80, seed=2).frames
    simulate(study, persons=80, seed=2, out=tmp_path / "out")
    held, read = read_panel(study, frames), read_panel(study, tmp_path / "out")
    assert_frame_equal(held.rows.drop("data_row"), read.rows.drop("data_row"))
    assert_frame_equal(held.answers["distress"], read.answers["distress"])


@pytest.fixture
def long(study_of):
    study = study_of(
        HOLES,
        instruments=LONG,
        factors=["optimism"],
        sources=source("row-per-occasion", occasion="visit"),
        **SAME,
    )
    return simulate(study, persons=50, seed=3).frames["answers"]


def test_one_row_per_person(study_of, long):
    study = study_of(
        HOLES, instruments=WIDE, factors=["optimism"], sources=source("row-per-person"), **SAME
    )
    wide = simulate(study, persons=50, seed=3).frames["answers"]
    assert wide.height == 50
    for visit in range(1, 7):
        at = long.filter(pl.col("visit") == visit)
        here = wide.join(at.select("id"), on="id", how="semi", maintain_order="left")
        for column in ("P_01", "P_20", "H_33"):
            assert here[f"{column}_{visit}"].to_list() == at[column].to_list()
        away = wide.join(at.select("id"), on="id", how="anti")
        assert away[f"P_01_{visit}"].null_count() == away.height
    panel = read_panel(study, {"answers": wide})
    assert panel.n_persons == 50


def test_one_row_per_item(study_of, long):
    layout = source("row-per-item", occasion="visit", item="question", value="answer")
    study = study_of(HOLES, instruments=LONG, factors=["optimism"], sources=layout, **SAME)
    items = simulate(study, persons=50, seed=3).frames["answers"]
    assert items.columns == ["id", "visit", "question", "answer"]
    back = items.filter(pl.col("question") == "P_07")
    assert back["answer"].to_list() == long["P_07"].to_list()
    once = items.filter(pl.col("question") == "O_1")
    assert once["id"].n_unique() == once.height == 50


def test_several_sources_fit_together(study_of, tmp_path):
    instruments = copy.deepcopy(LONG)
    for name, use in instruments.items():
        use["source"] = "start" if name == "optimism" else "answers"
    sources = {
        **source("row-per-occasion", occasion="visit"),
        "start": {"file": "start", "layout": "row-per-person", "person": "code"},
    }
    study = study_of(HOLES, instruments=instruments, factors=["optimism"], sources=sources, **SAME)
    simulate(study, persons=30, seed=1, out=tmp_path / "out", format="csv")
    start = pl.read_csv(tmp_path / "out" / "start.csv")
    assert start.columns == ["code", *(f"O_{number}" for number in range(1, 7))]
    panel = read_panel(study, tmp_path / "out")
    assert panel.n_persons == 30
    assert panel.baseline["optimism"].height == 30


def test_lists_that_change_are_blank_where_not_asked(study_of):
    instruments = copy.deepcopy(LONG)
    instruments["hassles"]["asked"] = {"1": "H_{01..40}"}
    layout = source("row-per-occasion", occasion="visit")
    study = study_of({}, instruments=instruments, factors=[], sources=layout, **SAME)
    answers = simulate(study, persons=20, seed=3).frames["answers"]
    first = pl.col("visit") == 1
    assert answers.filter(first)["H_41"].null_count() == 20
    assert answers.filter(~first)["H_41"].null_count() == 0
    assert answers["H_40"].null_count() == 0


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("days", [0, 91]),
        ("days since 1970-01-01", [18267, 18358]),
        ("date", ["2020-01-06", "2020-04-06"]),
        ("weeks", [0.0, 13.045]),
    ],
)
def test_times_are_written_in_the_unit_of_the_source(study_of, unit, expected):
    layout = source("row-per-occasion", occasion="visit", time={"column": "when", "unit": unit})
    answers = simulate(study_of({}, sources=layout), persons=1, seed=3).frames["answers"]
    assert answers["when"].to_list()[:2] == expected


def test_background_and_reverse_keys(study_of):
    background = {
        "age": {"mean": 30, "sd": 5, "minimum": 25, "maximum": 40},
        "sex": {"labels": {"w": 0.7, "m": 0.2, "d": 0.1}},
    }
    answers = simulate(study_of({"background": background}), persons=2000, seed=1).frames["answers"]
    assert answers["age"].min() == 25
    assert answers["age"].max() == 40
    shares = dict(answers["sex"].value_counts(normalize=True).iter_rows())
    assert shares["w"] == pytest.approx(0.7, abs=0.04)
    turned = answers.select(
        pl.corr("O_1", "O_2").alias("turned"), pl.corr("O_1", "O_3").alias("not")
    )
    assert turned["turned"].item() < -0.1
    assert turned["not"].item() > 0.1


def test_truth_is_written_beside(study_of, tmp_path):
    cohort = simulate(study_of(HOLES), persons=25, seed=9, out=tmp_path / "out")
    parameters = json.loads((tmp_path / "out" / "truth" / "parameters.json").read_text("utf-8"))
    assert parameters["seed"] == 9
    assert parameters["files"] == ["answers.parquet"]
    assert parameters["line"] == cohort.parameters["line"]
    assert parameters["settings"]["missing"]["skipped"] == 0.02
    persons = pl.read_csv(tmp_path / "out" / "truth" / "persons.csv")
    assert persons["subject"].to_list() == cohort.persons["subject"].to_list()


def test_real_answers_are_never_overwritten(study_of, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "answers.csv").write_text("id\n", encoding="utf-8")
    with pytest.raises(SimulationError) as error:
        simulate(study_of(), persons=5, seed=1, out=tmp_path / "real")
    assert error.value.findings[0].code == "simulation-output-in-use"
    assert [path.name for path in (tmp_path / "real").iterdir()] == ["answers.csv"]


def test_an_earlier_simulation_is_replaced_in_either_format(study_of, tmp_path):
    study = study_of()
    simulate(study, persons=5, seed=1, out=tmp_path / "out", format="csv")
    simulate(study, persons=6, seed=1, out=tmp_path / "out", format="parquet")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "answers.parquet",
        "truth",
    ]
    assert read_panel(study, tmp_path / "out").n_persons == 6


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("answers.sav", "simulation-file-format"),
        ("../answers.csv", "simulation-file-outside"),
        ("/answers.csv", "simulation-file-outside"),
    ],
)
def test_files_that_are_not_written(study_of, tmp_path, file, code):
    layout = source("row-per-occasion", occasion="visit")
    layout["answers"]["file"] = file
    with pytest.raises(SimulationError) as error:
        simulate(study_of({}, sources=layout), persons=5, seed=1, out=tmp_path / "out")
    assert error.value.findings[0].code == code
    assert not (tmp_path / "out").exists()


def test_a_stated_suffix_is_kept(study_of, tmp_path):
    layout = source("row-per-occasion", occasion="visit", delimiter=";")
    layout["answers"]["file"] = "wave.csv"
    cohort = simulate(study_of({}, sources=layout), persons=5, seed=1, out=tmp_path / "out")
    assert cohort.files[0].name == "wave.csv"
    assert pl.read_csv(cohort.files[0], separator=";").height == 30


@pytest.mark.parametrize(
    "change, key",
    [
        ({"person": ["site", "id"]}, "person"),
        ({"occasion": ["visit", "beep"]}, "occasion"),
        ({"occasion": None, "file": None, "files": {"1": "a", "2": "b"}}, "files"),
        ({"header_rows": 3}, "header_rows"),
        ({"skip_rows": 1}, "skip_rows"),
        ({"complete": {"column": "done", "code": 2}}, "complete"),
    ],
)
def test_forms_in_which_answers_are_not_written_are_refused(study_of, tmp_path, change, key):
    layout = source("row-per-occasion", **{"occasion": "visit", **change})
    with pytest.raises(SimulationError) as error:
        simulate(study_of({}, sources=layout), persons=5, seed=1, out=tmp_path / "out")
    (finding,) = error.value.findings
    assert (finding.code, finding.evidence.numbers["name"]) == ("simulation-source-form", key)
    assert not (tmp_path / "out").exists()


def test_a_background_column_may_be_read_under_two_names(study_of):
    background = {
        "age": {"column": "age", "kind": "number"},
        "years": {"column": "age", "kind": "number"},
    }
    answers = simulate(study_of(background=background), persons=50, seed=1).frames["answers"]
    plain = simulate(study_of(background={"age": background["age"]}), persons=50, seed=1)
    assert answers["age"].to_list() == plain.frames["answers"]["age"].to_list()
