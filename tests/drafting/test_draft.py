from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from salutogen.drafting import draft_study
from salutogen.errors import StudyError
from salutogen.findings import refusals
from salutogen.study import read_study
from tests.study.small_study import codes


def weekly(persons: int = 20, weeks: int = 4) -> pl.DataFrame:
    """Answers in rows of person and occasion, as text."""
    draw = np.random.default_rng(1)
    rows = persons * weeks
    events = {
        f"GE_{number:02}": draw.choice([0, 0, 0, 1, 5], rows).astype(str) for number in range(1, 9)
    }
    answers = {f"Q{number}": draw.choice(4, rows).astype(str) for number in range(1, 13)}
    return pl.DataFrame(
        {
            "subject.ID": np.repeat([f"p{number:02}" for number in range(persons)], weeks),
            "beep": np.tile([str(week) for week in range(1, weeks + 1)], persons),
            "start": np.tile([f"2026-03-{1 + 7 * week:02}" for week in range(weeks)], persons),
            "age": np.repeat(draw.integers(18, 60, persons), weeks).astype(str),
            **answers,
            **events,
            "GE_09": [None] * (rows - 2) + ["7", "8"],
            "OPT_T0": np.repeat(draw.normal(size=persons), weeks).round(3).astype(str),
            "mood_state": draw.integers(0, 50, rows).astype(str),
        }
    )


def wide(persons: int = 30) -> pl.DataFrame:
    """Answers in rows of persons, waves in the names."""
    draw = np.random.default_rng(2)
    answers = {
        f"GHQ_{item:02}_w{wave}": draw.choice(4, persons)
        for wave in (1, 2, 3)
        for item in range(1, 13)
    }
    events = {
        f"LE_{item}_w{wave}": draw.choice([0, 0, 0, 1], persons)
        for wave in (1, 2, 3)
        for item in range(1, 8)
    }
    return pl.DataFrame({"pid": [f"p{number}" for number in range(persons)], **answers, **events})


def test_rows_per_occasion():
    draft = draft_study(weekly(), "answers.csv")
    layout = draft.layout
    assert (layout.kind, layout.person, layout.occasion) == (
        "row-per-occasion",
        "subject.ID",
        "beep",
    )
    assert (layout.time, layout.unit, layout.interval) == ("start", "date", 7)
    assert {one.name: one.role for one in draft.instruments} == {
        "ghq-12": "problems",
        "ge": "exposure",
    }
    assert [one.block.pattern for one in draft.instruments] == ["Q{1..12}", "GE_{01..08}"]
    assert draft.instruments[1].block.left_out == ("GE_09",)
    assert {column: repeated for _, column, repeated in draft.scores} == {
        "OPT_T0": False,
        "mood_state": True,
    }
    assert [column for _, column, _ in draft.background] == ["age"]


def test_gaps_stay_until_they_are_filled():
    draft = draft_study(weekly(), "answers.csv")
    with pytest.raises(StudyError) as caught:
        read_study(draft.text)
    assert set(codes(refusals(caught.value.findings))) == {"gap-to-fill"}
    assert draft.text.count("???") == len(refusals(caught.value.findings))
    asked = {question.path: question.default for question in draft.questions}
    assert asked["occasions.every"] == "7 days"
    assert asked["title"] == asked["instruments.ge.recall"] == "???"
    filled = draft.filled({"title": "A: b # c", "instruments.ge.recall": "7 days"})
    study = read_study(filled)
    assert study.title == "A: b # c"
    assert study.labels == ("1", "2", "3", "4")
    assert study.exposure_types == ("ge",)


def test_rows_per_person():
    draft = draft_study(wide(), "wide.sav")
    assert (draft.layout.kind, draft.layout.person) == ("row-per-person", "pid")
    answers = {
        "title": "Waves",
        "instruments.le.recall": "3 months",
        "occasions.every": "3 months",
    }
    study = read_study(draft.filled(answers))
    assert study.labels == ("1", "2", "3")
    assert study.instruments["ghq-12"].columns["GHQ_01"] == "GHQ_01_w{occasion}"
    assert len(study.instruments["le"].items) == 7


def test_roles_can_be_corrected():
    draft = draft_study(weekly(), "answers.csv")
    text = draft.filled(
        {
            "title": "x",
            "instruments.ge.role": "factor",
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
def test_any_frame_gives_a_draft_that_is_read_or_refused_for_its_gaps(frame):
    draft = draft_study(frame, "odd\nname.csv")
    with pytest.raises(StudyError) as caught:
        read_study(draft.text)
    assert set(codes(refusals(caught.value.findings))) <= {"gap-to-fill"}


def test_the_real_cohort(shared_data):
    frame = pl.read_csv(shared_data / "dynacore-l" / "dynacore_l.csv", infer_schema=False)
    draft = draft_study(frame, "dynacore_l.csv")
    assert [(one.name, one.role, one.block.pattern) for one in draft.instruments] == [
        ("ghq-12", "problems", "CM_{01..12}"),
        ("ge", "exposure", "GE_{01..11}"),
        ("ce", "exposure", "CE_{01..29}"),
    ]
    assert (draft.layout.unit, draft.layout.interval) == ("days since 1970-01-01", 7)
