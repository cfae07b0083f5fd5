"""Who, when and how rows stand for persons and occasions."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from salutogen.drafting import draft_study
from salutogen.drafting.format_keys import source_takes, source_takes_list
from salutogen.study import read_study
from tests.drafting.small_files import PERSONS, WEEKS, items, roles, values, weekly, wide


def test_rows_per_occasion():
    draft = draft_study(weekly(), "answers.csv")
    layout = draft.layout
    assert layout.kind == "row-per-occasion"
    assert (layout.person, layout.occasion) == (("subject.ID",), ("beep",))
    assert layout.time is not None
    assert (layout.time.column, layout.time.unit, layout.time.interval) == ("start", "date", 7)
    assert roles(draft) == {"ghq-12": "problems", "ev": "exposure"}
    assert [one.block.patterns for one in draft.instruments] == [("GHQ_{1..12}",), ("EV_{1..8}",)]
    assert [one.column for one in draft.background] == ["age"]


@pytest.mark.parametrize(
    "form, labels, pattern",
    [
        ("{item}_w{label}", ("1", "2", "3"), "PHQ_{1..9}_w{occasion}"),
        ("T{label}_{item}", ("0", "1"), "T{occasion}_PHQ_{1..9}"),
        ("{item}.wave{label}", ("01", "02"), "PHQ_{1..9}.wave{occasion}"),
        ("{item}_{label}", ("pre", "post", "fu"), "PHQ_{1..9}_{occasion}"),
        ("{item}_{label}", ("1", "2", "3"), "PHQ_{1..9}_{occasion}"),
    ],
)
def test_rows_per_person(form: str, labels: tuple[str, ...], pattern: str):
    draft = draft_study(wide(labels, form), "wide.sav")
    assert (draft.layout.kind, draft.layout.person) == ("row-per-person", ("pid",))
    assert draft.layout.labels == labels
    assert roles(draft) == {"phq-9": "problems", "le": "exposure"}
    assert draft.instruments[0].block.patterns == (pattern,)
    answers = {
        "title": "Waves",
        "instruments.le.recall": "3 months",
        "occasions.every": "3 months",
    }
    study = read_study(draft.filled(answers))
    assert study.labels == labels
    assert len(study.instruments["le"].items) == 7


def test_an_occasion_in_the_middle_of_a_name_and_lists_that_were_not_always_asked():
    frame = wide(("1", "2", "3"), "{item}_{label}")
    renamed = {
        name: f"{name.split('_')[0]}_T{name.split('_')[2]}_{name.split('_')[1]}"
        for name in frame.columns[1:]
    }
    frame = frame.rename(renamed).drop([f"LE_T1_{item}" for item in range(1, 8)])
    draft = draft_study(frame, "wide.csv")
    assert [one.block.patterns for one in draft.instruments] == [
        ("PHQ_T{occasion}_{1..9}",),
        ("LE_T{occasion}_{1..7}",),
    ]
    assert values(draft)["instruments"]["le"]["asked"] == {"1": []}


def test_letters_that_number_items_are_no_occasions():
    frame = pl.DataFrame({"id": range(30), **items("STAI_T", 20, [1, 2, 3, 4], 30)})
    assert draft_study(frame, "a.csv").layout.waves is None


def test_numbers_of_rows_records_and_months_are_nothing_of_the_study():
    rows = PERSONS * WEEKS
    frame = weekly(
        column=["x"] * rows,
        record_id=[str(row + 1) for row in range(rows)],
        month=[str(1 + row % 12) for row in range(rows)],
        X=[str(row) for row in range(rows)],
    )
    draft = draft_study(frame, "a.csv")
    assert values(draft)["factors"] == []
    assert draft.layout.person == ("subject.ID",)
    assert dict(draft.doubtful).keys() == {"record_id", "X"}


def test_a_person_is_repeated_over_occasions():
    rows = PERSONS * WEEKS
    frame = weekly(record_id=[str(row) for row in range(rows)]).drop("subject.ID")
    draft = draft_study(frame, "a.csv")
    assert draft.layout.person == ()
    assert "'record_id' is different in each row" in draft.text


def test_ids_that_are_unique_within_a_site_only():
    frame = pl.concat(
        [
            weekly().with_columns(pl.lit("A").alias("site")),
            weekly().with_columns(pl.lit("B").alias("site")),
        ]
    ).with_columns(GHQ_1=pl.int_range(pl.len()).mod(3).cast(pl.String))
    draft = draft_study(frame, "a.csv")
    assert draft.layout.person == ("site", "subject.ID")
    told = values(draft)["sources"]["answers"]["person"]
    assert told == (["site", "subject.ID"] if source_takes_list("person") else "???")
    assert "site" in draft.text


def test_a_row_entered_twice_makes_no_other_person_and_no_other_occasion():
    rows = PERSONS * WEEKS
    frame = weekly(
        month=[str(1 + row % 12) for row in range(rows)], site=["A", "B", "B", "B"] * PERSONS
    )
    twice = frame.head(1).with_columns(GHQ_1=pl.lit("2"), age=pl.lit("44"), month=pl.lit("12"))
    draft = draft_study(pl.concat([frame, twice]), "a.csv")
    assert (draft.layout.person, draft.layout.occasion) == (("subject.ID",), ("beep",))
    assert "1.2 % of the rows repeat a person and occasion" in draft.text


def test_days_and_prompts_make_the_occasion():
    draw = np.random.default_rng(4)
    frame = pl.DataFrame(
        {
            "UUID": np.repeat(["a", "b", "c"], 12),
            "day": [str(1 + row // 4 % 3) for row in range(36)],
            "beep": [str(1 + row % 4) for row in range(36)],
            "stress_1": draw.integers(0, 3, 36).astype(str),
            "stress_2": draw.integers(0, 3, 36).astype(str),
        }
    )
    draft = draft_study(frame, "a.csv")
    assert (draft.layout.person, draft.layout.occasion) == (("UUID",), ("day", "beep"))


@pytest.mark.parametrize("rows", [1, 2])
def test_further_header_rows(rows: int):
    frame = weekly()
    heads = [
        {name: f"Question about {name}" for name in frame.columns},
        dict.fromkeys(frame.columns, '{"ImportId":"QID1"}'),
    ]
    draft = draft_study(pl.concat([pl.DataFrame(heads[:rows]), frame]), "qualtrics.csv")
    assert draft.header_rows == rows
    assert roles(draft) == {"ghq-12": "problems", "ev": "exposure"}
    assert f"header_rows: {rows + 1}" in draft.text
    named = "header_rows" in values(draft)["sources"]["answers"]
    assert named is source_takes("header_rows")


def test_stamps_with_an_offset_are_times() -> None:
    stamped = weekly().with_columns(pl.col("start") + "T00:30:00+02:00")
    time = draft_study(stamped, "a.csv").layout.time
    assert time is not None
    assert (time.column, time.unit, time.format, time.interval) == ("start", "datetime", None, 7)


def test_dates_in_other_forms():
    other = weekly().with_columns(pl.col("start").str.to_date().dt.strftime("%d.%m.%Y"))
    time = draft_study(other, "a.csv").layout.time
    assert time is not None
    assert (time.unit, time.format, time.interval) == ("date", "%d.%m.%Y", 7)
    either = weekly().with_columns(start=pl.Series(["01/02/2026", "02/02/2026"] * 40))
    told = values(draft_study(either, "a.csv"))["sources"]["answers"]["time"]
    assert told["format"] == "???"


def test_a_count_of_each_persons_rows_is_the_occasion_where_no_name_tells_it():
    rows = PERSONS * WEEKS
    frame = pl.DataFrame(
        {
            "ID": np.repeat(np.arange(PERSONS), WEEKS).astype(str),
            "tseq": [str(week) for week in (1, 2, 4, 5)] * PERSONS,
            **items("GHQ_", 12, 4, rows),
        }
    )
    layout = draft_study(frame, "prompts.csv").layout
    assert (layout.person, layout.occasion) == (("ID",), ("tseq",))
    assert layout.labels == ("1", "2", "4", "5")
    assert "'tseq' counts the rows" in layout.doubts[0]
    shuffled = frame.with_columns(tseq=pl.Series(["4", "2", "1", "5"] * PERSONS))
    assert draft_study(shuffled, "prompts.csv").layout.occasion == ()


def test_where_nothing_tells_the_occasion_the_draft_says_how_to_number_it():
    rows = PERSONS * WEEKS
    frame = pl.DataFrame(
        {
            "ID": np.repeat(np.arange(PERSONS), WEEKS).astype(str),
            "Zeitpunkt der Antwort": [
                f"7-{18 + row % 9}-2022 10:{row % 60:02}" for row in range(rows)
            ],
            **items("GHQ_", 12, 4, rows),
        }
    )
    (doubt,) = draft_study(frame, "prompts.csv").layout.doubts
    assert "add one that numbers the rows of each person, in the order of 'Zeitpunkt" in doubt


def test_months_after_a_baseline_are_occasions_and_numbers_of_rows_stand_for_ids():
    draw = np.random.default_rng(4)
    scores = {
        f"bdi.{label}": draw.integers(0, 50, 40).astype(str) for label in ("pre", "2m", "4m", "6m")
    }
    frame = pl.DataFrame({"rownames": [str(row) for row in range(1, 41)], **scores})
    draft = draft_study(frame, "trial.csv")
    assert (draft.layout.kind, draft.layout.person) == ("row-per-person", ("rownames",))
    assert draft.layout.labels == ("pre", "2m", "4m", "6m")
    assert [one.block.patterns for one in draft.instruments] == [("bdi.{occasion}",)]
    assert roles(draft) == {"bdi": "problems"}
    assert "each row is a person, named by 'rownames'" in draft.text
    without = draft_study(frame.drop("rownames"), "trial.csv")
    assert without.layout.person == ()
    assert "No column holds ids" in without.text


def test_weeks_written_in_words_are_occasions():
    frame = wide(("3weeks", "6weeks", "12weeks"), "{item}_{label}")
    draft = draft_study(frame, "wide.csv")
    assert draft.layout.labels == ("3", "6", "12")
    assert draft.instruments[0].block.patterns == ("PHQ_{1..9}_{occasion}weeks",)


def test_totals_beside_crossed_items_are_no_items_of_their_own():
    draw = np.random.default_rng(5)
    columns = {"id": [f"p{number}" for number in range(40)]}
    for wave in (1, 2, 3):
        for item in range(1, 22):
            columns[f"BDI{wave}.{item}"] = draw.choice(4, 40).astype(str).tolist()
        columns[f"BDI{wave}.total"] = draw.integers(10, 50, 40).astype(str).tolist()
    draft = draft_study(pl.DataFrame(columns), "wide.csv")
    assert [one.block.patterns for one in draft.instruments] == [("BDI{occasion}.{1..21}",)]
    assert ("BDI{occasion}.total", "goes with items that are there") in draft.doubtful


def test_totals_and_times_with_the_occasion_at_the_end_are_told_from_items():
    draw = np.random.default_rng(6)
    columns: dict[str, list[str]] = {"id": [f"p{number}" for number in range(40)]}
    for wave in range(6):
        columns[f"occasion.{wave}"] = [str(wave)] * 40
        columns[f"elapsed.days.{wave}"] = (14 * wave + draw.integers(0, 3, 40)).astype(str).tolist()
        for item in range(1, 21):
            columns[f"cesd{item:02}.{wave}"] = draw.choice(4, 40).astype(str).tolist()
        for item in range(1, 5):
            columns[f"coping{item:02}.{wave}"] = draw.choice(4, 40).astype(str).tolist()
        columns[f"cesdTotal.{wave}"] = draw.integers(0, 60, 40).astype(str).tolist()
        columns[f"trait.{wave}"] = draw.choice(5, 40).astype(str).tolist()
    draft = draft_study(pl.DataFrame(columns), "wide.csv")
    assert draft.layout.time is not None
    assert (draft.layout.time.column, draft.layout.time.unit) == ("elapsed.days.{occasion}", "days")
    assert [(one.name, one.block.repeated) for one in draft.instruments] == [
        ("cesd", True),
        ("coping", True),
        ("trait", False),
    ]
    assert ("cesdTotal.{occasion}", "goes with items that are there") in draft.doubtful


def test_grades_before_items_are_occasions_and_an_id_of_families_names_rows():
    columns: dict[str, list[str]] = {"FAMID": [str(1000 + number) for number in range(40)]}
    for grade in (7, 8, 9, 10):
        for item in range(1, 11):
            columns[f"PRS{grade}_{item:02}"] = items("x", 1, [1, 2, 3, 4, 5], 40, seed=item)["x1"]
    draft = draft_study(pl.DataFrame(columns), "wide.csv")
    assert (draft.layout.person, draft.layout.labels) == (("FAMID",), ("7", "8", "9", "10"))
    assert draft.instruments[0].block.patterns == ("PRS{occasion}_{01..10}",)
    assert "each row is a person, named by 'FAMID'" in draft.text
