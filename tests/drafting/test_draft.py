from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from salutogen.drafting import Draft, draft_study
from salutogen.drafting.format_keys import instrument_takes, source_takes, source_takes_list
from salutogen.errors import StudyError
from salutogen.findings import refusals
from salutogen.study import read_study
from salutogen.study.format.plain_yaml import load_yaml
from tests.study.small_study import codes

WEEKS = 4
PERSONS = 20


def items(stem: str, number: int, choices: Any, rows: int, seed: int = 1) -> dict[str, list[str]]:
    """Item columns of random codes."""
    draw = np.random.default_rng([seed, len(stem), number])
    return {
        f"{stem}{item}": draw.choice(choices, rows).astype(str).tolist()
        for item in range(1, number + 1)
    }


def weekly(**further: list[str]) -> pl.DataFrame:
    """Answers in rows of person and occasion, as text."""
    rows = PERSONS * WEEKS
    return pl.DataFrame(
        {
            "subject.ID": np.repeat([f"p{number:02}" for number in range(PERSONS)], WEEKS),
            "beep": [str(week) for week in range(1, WEEKS + 1)] * PERSONS,
            "start": [f"2026-03-{1 + 7 * week:02}" for week in range(WEEKS)] * PERSONS,
            "age": np.repeat(np.arange(20, 20 + PERSONS), WEEKS).astype(str),
            **items("GHQ_", 12, 4, rows),
            **items("EV_", 8, [0, 0, 0, 1, 5], rows),
            **further,
        }
    )


def wide(labels: tuple[str, ...], form: str, persons: int = 30) -> pl.DataFrame:
    """Answers in rows of persons, occasions in the names."""
    columns: dict[str, list[str]] = {"pid": [f"p{number}" for number in range(persons)]}
    for place, label in enumerate(labels):
        for item, cells in {
            **items("PHQ_", 9, 4, persons, seed=place),
            **items("LE_", 7, [0, 0, 0, 1], persons, seed=place),
        }.items():
            columns[form.format(item=item, label=label)] = cells
    return pl.DataFrame(columns)


def roles(draft: Draft) -> dict[str, str]:
    return {one.name: one.role for one in draft.instruments}


def values(draft: Draft) -> dict[str, Any]:
    return load_yaml(draft.text, "draft").values


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


def test_gaps_stay_until_they_are_filled():
    draft = draft_study(weekly(), "answers.csv")
    with pytest.raises(StudyError) as caught:
        read_study(draft.text)
    assert set(codes(refusals(caught.value.findings))) == {"gap-to-fill"}
    assert draft.text.count('"???"') == len(refusals(caught.value.findings))
    asked = {question.path: question.default for question in draft.questions}
    assert asked["occasions.every"] == "7 days"
    assert asked["title"] == asked["instruments.ev.recall"] == "???"
    study = read_study(draft.filled({"title": "A: b # c", "instruments.ev.recall": "7 days"}))
    assert study.title == "A: b # c"
    assert study.labels == ("1", "2", "3", "4")
    assert study.exposure_types == ("ev",)


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


def test_totals_over_occasions_in_names():
    draw = np.random.default_rng(3)
    scores = {f"bdi_s{session}": draw.integers(0, 50, 30) for session in range(6)}
    draft = draft_study(pl.DataFrame({"id": range(30), **scores}), "sessions.csv")
    assert draft.layout.labels == ("0", "1", "2", "3", "4", "5")
    (one,) = draft.instruments
    assert (one.role, one.block.total) == ("problems", True)
    assert one.block.patterns == ("bdi_s{occasion}",)
    assert ("total" in values(draft)["instruments"][one.name]) is instrument_takes("total")


def test_letters_that_number_items_are_no_occasions():
    frame = pl.DataFrame({"id": range(30), **items("STAI_T", 20, [1, 2, 3, 4], 30)})
    assert draft_study(frame, "a.csv").layout.waves is None


@pytest.mark.parametrize("missing", ["NA", "", "-99", "-9", "999", "."])
def test_codes_of_missing_answers_are_no_answers(missing: str):
    frame = weekly().with_columns(
        pl.when(pl.int_range(pl.len()) % 17 == 3).then(pl.lit(missing)).otherwise(pl.col(name))
        .alias(name)
        for name in ("GHQ_1", "GHQ_7", "EV_2")
    )  # fmt: skip
    draft = draft_study(frame, "answers.csv")
    assert roles(draft) == {"ghq-12": "problems", "ev": "exposure"}
    number = missing.strip("-").isdigit()
    for use in values(draft)["instruments"].values():
        assert use.get("codes", {}) == ({"skipped": [float(missing)]} if number else {})
    assert values(draft)["instruments"]["ev"]["answers"] == "0..5"


def test_a_code_that_most_events_have_is_asked_for():
    frame = weekly(**items("DH_", 6, [-9, -9, -9, 1, 4], PERSONS * WEEKS))
    use = values(draft_study(frame, "a.csv"))["instruments"]["dh"]
    assert use["answers"] == use["did_not_occur"] == "???"


def test_a_scale_whose_highest_code_nobody_chose_is_known_by_its_name():
    frame = weekly(**items("phq9_", 9, 3, PERSONS * WEEKS))
    assert roles(draft_study(frame, "a.csv"))["phq-9"] == "problems"


def test_names_count_with_the_number_of_items_and_a_shifted_range_is_asked_for():
    rows = PERSONS * WEEKS
    frame = weekly(**items("PSS_", 10, [1, 2, 3, 4, 5], rows), **items("Q", 10, [1, 5], rows))
    draft = draft_study(frame, "a.csv")
    assert roles(draft)["pss-10"] == "none"
    assert values(draft)["instruments"]["pss-10"]["answers"] == "???"
    assert "1..5" in draft.text
    assert roles(draft)["q"] == "???"
    assert "k10" not in roles(draft)


def test_a_question_after_the_items_and_another_length():
    rows = PERSONS * WEEKS
    draft = draft_study(weekly(**items("PHQ", 10, 4, rows)), "a.csv")
    assert draft.instruments[-1].block.patterns == ("PHQ{1..9}",)
    assert ("PHQ10", "is no item of its list") in draft.doubtful
    shorter = draft_study(weekly(**items("PHQ", 8, 4, rows)), "a.csv").instruments[-1]
    assert (shorter.role, shorter.registered) == ("problems", "")


def test_instruments_of_the_same_length_are_told_by_their_codes():
    rows = PERSONS * WEEKS
    days = draft_study(weekly(**items("MIMIS_", 58, [0, 0, 0, 7], rows)), "a.csv")
    assert [one.registered for one in days.instruments] == ["ghq-12", "", "mimis"]
    either = draft_study(weekly(**items("MIMIS_", 58, [0, 0, 0, 3], rows)), "a.csv")
    assert [one.registered for one in either.instruments] == ["ghq-12", "", ""]


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


WORDED = {
    "PHQ_": ["Not at all", "Several days", "More than half the days", "Nearly every day"],
    "XY_": ["rot", "grün", "blau"],
    "LTE_": ["yes", "no", "no"],
}


def test_answers_in_words():
    rows = PERSONS * WEEKS
    frame = weekly(
        **{name: cells for stem, words in WORDED.items() for name, cells in
           items(stem, {"PHQ_": 9, "XY_": 3, "LTE_": 12}[stem], words, rows).items()}
    )  # fmt: skip
    draft = draft_study(frame, "a.csv")
    told = values(draft)
    if instrument_takes("recode"):
        codes_of = dict(zip(WORDED["PHQ_"], range(4), strict=True))
        assert told["instruments"]["phq-9"]["recode"] == codes_of
        assert set(told["instruments"]["xy"]["recode"].values()) == {"???"}
    else:
        assert ("PHQ_{1..9}", "is answered in words") in draft.doubtful
    if source_takes("boolean"):
        assert told["sources"]["answers"]["boolean"] == "answer"
        assert roles(draft)["lte-q"] == "exposure"


def test_ready_made_scores():
    rows = PERSONS * WEEKS
    scores = {"GAD_total": [str(row % 22) for row in range(rows)]}
    frame = weekly(**scores, GHQ_sum=[str(row % 37) for row in range(rows)], weight=["71.5"] * rows)
    draft = draft_study(frame, "a.csv")
    assert roles(draft) == {"ghq-12": "problems", "ev": "exposure", "gad-total": "problems"}
    assert "A ready-made score" in draft.text
    assert values(draft)["problems"]["combine"] == "???"
    assert {"GHQ_sum", "weight"} <= set(draft.unused)


def test_a_total_of_events_is_not_counted():
    rows = PERSONS * WEEKS
    frame = weekly(hassles_total=[str(row % 50) for row in range(rows)])
    draft = draft_study(frame.drop([f"EV_{item}" for item in range(1, 9)]), "a.csv")
    assert values(draft)["exposure"]["types"] == ["hassles"]
    assert values(draft)["exposure"]["score"] == "severity"


@pytest.mark.parametrize("names", [("EVSUM", "DEP"), ("a", "b")])
def test_single_columns_are_named_where_nothing_else_is_there(names: tuple[str, str]):
    rows = PERSONS * WEEKS
    frame = weekly().select("subject.ID", "beep", "start", "age").with_columns(
        pl.Series(names[0], [str(row % 9) for row in range(rows)]),
        pl.Series(names[1], [str(row % 31 / 10) for row in range(rows)]),
        pl.Series("month", [str(1 + row % 12) for row in range(rows)]),
    )  # fmt: skip
    draft = draft_study(frame, "a.csv")
    assert [one.block.patterns for one in draft.instruments] == [(name,) for name in names]
    assert values(draft)["problems"] == "???"
    assert values(draft)["factors"] == []
    assert values(draft)["exposure"]["score"] == "severity"
    told = {"title": "x", "occasions.every": "7 days"}
    told |= {f"instruments.{one.name}.recall": "7 days" for one in draft.instruments}
    exposure, problems = (one.name for one in draft.instruments)
    told |= {f"instruments.{exposure}.role": "exposure", f"instruments.{problems}.role": "problems"}
    assert read_study(draft.filled(told)).problems.instruments == (problems,)


def test_a_total_beside_its_list_is_not_used_as_well():
    rows = PERSONS * WEEKS
    draft = draft_study(weekly(events_total=[str(row % 9) for row in range(rows)]), "a.csv")
    assert values(draft)["exposure"]["types"] == ["ev"]
    assert "events_total" in draft.unused


def test_a_few_cells_that_are_no_answers_are_asked_for():
    cells = ["k.A.", *weekly()["GHQ_3"].to_list()[1:]]
    draft = draft_study(weekly().with_columns(GHQ_3=pl.Series(cells)), "a.csv")
    assert values(draft)["instruments"]["ghq-12"]["invalid"] == "???"


@pytest.mark.parametrize(
    "spoil, kept",
    [
        (lambda cells: ["-99", *cells[1:]], False),
        (lambda cells: ["?", *cells[1:]], False),
        (lambda cells: cells, True),
    ],
)
def test_an_age_with_codes_is_not_used(spoil: Callable[[list[str]], list[str]], kept: bool):
    frame = weekly()
    frame = frame.with_columns(age=pl.Series(spoil(frame["age"].to_list())))
    background = draft_study(frame, "a.csv").background
    assert [one.column for one in background] == (["age"] if kept else [])


def test_dates_in_other_forms():
    other = weekly().with_columns(pl.col("start").str.to_date().dt.strftime("%d.%m.%Y"))
    time = draft_study(other, "a.csv").layout.time
    assert time is not None
    assert (time.unit, time.format, time.interval) == ("date", "%d.%m.%Y", 7)
    either = weekly().with_columns(start=pl.Series(["01/02/2026", "02/02/2026"] * 40))
    told = values(draft_study(either, "a.csv"))["sources"]["answers"]["time"]
    assert told["format"] == "???"


def test_roles_can_be_corrected():
    draft = draft_study(weekly(), "answers.csv")
    text = draft.filled(
        {
            "title": "x",
            "instruments.ev.role": "factor",
            "instruments.ghq-12.role": "problems",
        },
    )
    with pytest.raises(StudyError) as caught:
        read_study(text)
    assert [item.evidence.numbers["key"] for item in refusals(caught.value.findings)] == [
        "exposure.types.0"
    ]


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame(),
        pl.DataFrame({"a": []}),
        pl.DataFrame({"x: {y}": ["#", None], "id": ["1", "2"], "???": [1.5, None]}),
        pl.DataFrame({f"Ü{number}": [number] for number in range(1, 5)}),
        pl.DataFrame({"a[b]": [[1], [2]], "<script>1": [1, 2], "<script>2": [0, 1]}),
    ],
)
def test_any_frame_gives_a_draft_that_is_read_or_refused_for_its_gaps(frame: pl.DataFrame):
    draft = draft_study(frame, "odd\nname.csv")
    with pytest.raises(StudyError) as caught:
        read_study(draft.text)
    assert set(codes(refusals(caught.value.findings))) <= {"gap-to-fill"}


def test_the_real_cohort(shared_data):
    frame = pl.read_csv(shared_data / "dynacore-l" / "dynacore_l.csv", infer_schema=False)
    draft = draft_study(frame, "dynacore_l.csv")
    told = [
        (one.name, one.role, one.block.patterns)
        for one in draft.instruments
        if one.block.n_items > 1
    ]
    assert told == [
        ("cm", "???", ("CM_{01..12}",)),
        ("ge", "exposure", ("GE_{01..11}",)),
        ("ce", "exposure", ("CE_{01..29}",)),
    ]
    assert "ghq-12 has as many items and such codes" in draft.text
    assert draft.layout.time is not None
    assert (draft.layout.time.unit, draft.layout.time.interval) == ("days since 1970-01-01", 7)
