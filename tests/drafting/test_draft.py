"""Instruments, roles, codes and what stays open in a draft."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from salutogen.drafting import draft_study
from salutogen.drafting.format_keys import instrument_takes, source_takes
from salutogen.errors import StudyError
from salutogen.findings import refusals
from salutogen.study import read_study
from tests.drafting.small_files import PERSONS, WEEKS, items, roles, values, weekly
from tests.study.small_study import codes


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


def test_totals_over_occasions_in_names():
    draw = np.random.default_rng(3)
    scores = {f"bdi_s{session}": draw.integers(0, 50, 30) for session in range(6)}
    draft = draft_study(pl.DataFrame({"id": range(30), **scores}), "sessions.csv")
    assert draft.layout.labels == ("0", "1", "2", "3", "4", "5")
    (one,) = draft.instruments
    assert (one.role, one.block.total) == ("problems", True)
    assert one.block.patterns == ("bdi_s{occasion}",)
    assert values(draft)["instruments"][one.name]["total"] is True


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
    told = {"title": "Totals", "instruments.hassles.recall": "7 days"}
    study = read_study(draft.filled(told))
    assert study.instruments["hassles"].total is True
    assert study.exposure_score("hassles") == "total"
    panel = study.read(frame)
    assert not {"taken-for-total", "impossible-answer"} & set(codes(panel.findings))


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


def test_a_name_that_tells_the_kind_alone_leaves_the_scale_to_its_form():
    frame = weekly(**items("DH_", 58, range(8), PERSONS * WEEKS))
    text = draft_study(frame, "answers.csv").text
    assert "named 'dh', exposure; mimis has as many items and such codes" in text
    shorter = draft_study(weekly(**items("DH_", 57, range(8), PERSONS * WEEKS)), "answers.csv").text
    assert "named 'dh', exposure; not in this form in the registry" in shorter


def test_an_answer_far_from_all_others_opens_the_range():
    rows = PERSONS * WEEKS
    frame = weekly(**items("MOOD_", 6, [0, 1, 2, 3], rows))
    frame = frame.with_columns(MOOD_3=pl.Series(["22", *frame["MOOD_3"][1:]]))
    text = draft_study(frame, "answers.csv").text
    assert "22: far from all other answers, a slip of the pen?" in text
    assert 'answers: "???" # 0..22 seen' in text
    usual = draft_study(weekly(**items("MOOD_", 6, [0, 1, 2, 3], rows)), "answers.csv").text
    assert "answers: 0..3" in usual
    assert "slip of the pen" not in usual


def test_a_score_beyond_its_namesake_keeps_its_role_open():
    rows = PERSONS * WEEKS
    draw = np.random.default_rng(2)
    sport = draw.integers(0, 59, rows).astype(str).tolist()
    draft = draft_study(weekly(lteq=sport).drop([f"EV_{item}" for item in range(1, 9)]), "a.csv")
    assert roles(draft)["lteq"] == "???"
    assert "58 is more than the items of lte-q add up to (12)" in draft.text
    events = draw.integers(0, 13, rows).astype(str).tolist()
    draft = draft_study(weekly(lteq=events).drop([f"EV_{item}" for item in range(1, 9)]), "a.csv")
    assert roles(draft)["lteq"] == "exposure"


def test_a_number_amid_a_wide_range_is_no_code_of_missing_answers():
    rows = PERSONS * WEEKS
    draw = np.random.default_rng(8)
    steps = [0, 8, 95, *draw.integers(200, 9000, rows - 3)]
    sparse = weekly(hassle_count=[str(step) for step in steps])
    text = draft_study(sparse.drop([f"EV_{item}" for item in range(1, 9)]), "a.csv").text
    assert "95:" not in text
    few = [0, 3, 2, *draw.integers(0, 30, rows - 7), 99, 99, 99, 99]
    text = draft_study(weekly(bdi_sum=[str(one) for one in few]), "a.csv").text
    assert "99" in text
