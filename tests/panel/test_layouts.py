"""The same answers give the same panel, whatever the layout of the file."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salutogen.errors import PanelError
from salutogen.panel import Reason, read_panel
from salutogen.scores import score
from salutogen.study import read_study
from tests.panel.small_studies import (
    EVENTS,
    MOOD,
    answers,
    by_item,
    by_occasion,
    by_person,
    found,
    instrument,
    lengthen,
    make_study,
    same_panel,
    wide_instruments,
    widen,
)

ROWS = make_study()
WIDE = make_study({"answers": by_person()}, wide_instruments())
LONG = make_study({"answers": by_item()})


def test_three_layouts_of_complete_answers() -> None:
    frame = answers()
    panel = read_panel(ROWS, frame)
    assert panel.n_rows == 18
    assert panel.n_persons == 6
    assert panel.answers["mood"].columns == MOOD
    assert panel.answers["mood"].schema["M_1"] == pl.Int8
    assert panel.answers["mood"].to_numpy().tolist() == frame.select(MOOD).to_numpy().tolist()
    assert panel.reasons["mood"].width == 0
    assert same_panel(panel, read_panel(WIDE, widen(frame)))
    assert same_panel(panel, read_panel(LONG, lengthen(frame)))


@st.composite
def gappy(draw: st.DrawFn) -> pl.DataFrame:
    """Answers with rows left out, cells blank and whole forms blank, in any order of rows."""
    frame = answers(4, seed=draw(st.integers(0, 50)))
    blanks = draw(
        st.lists(st.tuples(st.integers(0, 11), st.sampled_from(MOOD + EVENTS)), max_size=30)
    )
    forms = draw(st.lists(st.tuples(st.integers(0, 11), st.booleans()), max_size=4))
    cells = {(row, item) for row, item in blanks}
    cells |= {(row, item) for row, mood in forms for item in (MOOD if mood else EVENTS)}
    frame = frame.with_columns(
        pl.Series(item, [None if (row, item) in cells else value
                         for row, value in enumerate(frame[item])], dtype=pl.Int64)
        for item in MOOD + EVENTS
    )  # fmt: skip
    kept = draw(st.lists(st.integers(0, 11), min_size=1, unique=True))
    return frame[kept]


@settings(max_examples=40)
@given(gappy())
def test_any_answers_survive_all_layouts(frame: pl.DataFrame) -> None:
    if frame.select(MOOD + EVENTS).null_count().sum_horizontal().item() == frame.height * 7:
        with pytest.raises(PanelError):
            read_panel(ROWS, frame)
        return
    panel = read_panel(ROWS, frame)
    assert same_panel(panel, read_panel(LONG, lengthen(frame)))
    assert same_panel(panel, read_panel(WIDE, widen(frame)))
    again = panel.long().rename(
        {"subject": "id", "occasion": "wave", "time": "day", "value": "answer"}
    )
    order = panel.persons["subject"].to_list()
    assert read_panel(LONG, again).persons["subject"].to_list() == order
    assert same_panel(panel, read_panel(LONG, again))


@settings(max_examples=40)
@given(gappy())
def test_reasons_by_hand(frame: pl.DataFrame) -> None:
    """Each reason against the rule in words, cell by cell."""
    if frame.select(MOOD + EVENTS).null_count().sum_horizontal().item() == frame.height * 7:
        return
    panel = read_panel(ROWS, frame)
    place = {subject: number for number, subject in enumerate(panel.persons["subject"])}
    where = {
        (int(person), int(occasion)): row
        for row, (person, occasion) in enumerate(
            panel.rows.select("person", "occasion").iter_rows()
        )
    }
    for row in frame.iter_rows(named=True):
        at = where[place[row["id"]], int(row["wave"]) - 1]
        for name, items in (("mood", MOOD), ("events", EVENTS)):
            answered = any(row[item] is not None for item in items)
            for item in items:
                assert panel.answers[name][item][at] == row[item]
                if item in panel.reasons[name].columns:
                    expected = (
                        (Reason.SKIPPED if answered else Reason.ABSENT)
                        if row[item] is None
                        else Reason.DID_NOT_OCCUR
                        if name == "events" and row[item] == 0
                        else Reason.ANSWERED
                    )
                    assert panel.reasons[name][item][at] == expected
                else:
                    assert row[item] is not None


def test_shuffled_rows_keep_their_data_rows() -> None:
    frame = answers().sample(fraction=1, shuffle=True, seed=3)
    panel = read_panel(ROWS, frame)
    ids = frame["id"].to_list()
    for person, row in panel.rows.select("person", "data_row").iter_rows():
        assert ids[row - 1] == panel.persons["subject"][person]
    key = panel.rows["person"].cast(pl.Int64) * 3 + panel.rows["occasion"].cast(pl.Int64)
    assert key.is_sorted()
    assert panel.persons["subject"].to_list() == frame["id"].unique(maintain_order=True).to_list()


def test_several_files_joined_by_person_and_occasion() -> None:
    frame = answers()
    study = make_study(
        {
            "moods": by_occasion(file="moods"),
            "stress": {"file": "stress", "person": "code", "occasion": "visit"},
            "intake": {"file": "intake", "person": "id"},
        },
        [
            instrument("mood", "M_{1..4}", "0..3", source="moods"),
            instrument("events", "E_{1..3}", "0..5", "exposure", source="stress"),
            instrument("hope", "H", None, "resource", source="intake", measured="baseline"),
        ],
        background={"sex": {"column": "sex", "kind": "category"}},
    )
    moods = frame.drop(EVENTS)
    stress = frame.select("id", "wave", *EVENTS).rename({"id": "code", "wave": "visit"})[3:]
    ids = [f"p{number:02d}" for number in range(5, -1, -1)] + ["x"]
    intake = pl.DataFrame({"id": ids, "H": [1.5, 2, 3, 4, 5, 6, 7], "sex": list("fmfmfmf")})
    panel = read_panel(study, {"moods": moods, "stress": stress, "intake": intake})
    assert panel.n_persons == 6
    assert panel.n_rows == 18
    assert panel.baseline["hope"]["H"].to_list() == [6, 5, 4, 3, 2, 1.5]
    assert panel.persons["sex"].to_list() == list("mfmfmf")
    assert panel.answers["events"]["E_1"].to_list() == [None] * 3 + stress["E_1"].to_list()
    assert panel.reasons["events"]["E_1"].to_list()[:3] == [Reason.ABSENT] * 3
    assert {"persons-in-one-source", "person-without-occasions"} <= found(panel)


def test_union_of_occasions_from_two_files() -> None:
    frame = answers(2)
    study = make_study(
        {"answers": by_occasion(), "stress": {"file": "s", "person": "id", "occasion": "wave"}},
        [
            instrument("mood", "M_{1..4}", "0..3"),
            instrument("events", "E_{1..3}", "0..5", "exposure", source="stress"),
        ],
    )
    panel = read_panel(
        study, {"answers": frame.drop(EVENTS)[[0, 1, 4]], "stress": frame[[1, 2, 3]]}
    )
    assert panel.rows.select("person", "occasion").rows() == [
        (0, 0), (0, 1), (0, 2), (1, 0), (1, 1),
    ]  # fmt: skip
    assert panel.answers["mood"]["M_1"].is_null().to_list() == [False, False, True, True, False]
    assert panel.answers["events"]["E_1"].is_null().to_list() == [True, False, False, False, True]
    assert panel.rows["data_row"].to_list() == [1, 2, 0, 0, 3]


def test_baseline_in_a_long_file_needs_no_occasion() -> None:
    frame = answers(2)
    long = lengthen(frame)
    once = pl.DataFrame(
        {"id": ["p00", "p01"], "wave": [None, None], "day": [None, None],
         "item": ["H", "H"], "answer": [3, 5]},
        schema_overrides={"wave": pl.String, "day": pl.Float64},
    )  # fmt: skip
    entries = [
        instrument("mood", "M_{1..4}", "0..3"),
        instrument("events", "E_{1..3}", "0..5", "exposure"),
        instrument("hope", "H", "0..9", "resource", measured="baseline"),
    ]
    panel = read_panel(make_study({"answers": by_item()}, entries), pl.concat([long, once]))
    assert panel.baseline["hope"]["H"].to_list() == [3, 5]
    assert panel.n_rows == 6
    assert panel.long().filter(pl.col("item") == "H")["occasion"].to_list() == [None, None]


def test_wide_file_lacks_columns_of_a_wave_that_was_not_asked() -> None:
    frame = widen(answers()).drop("E_3_w2")
    entries = wide_instruments()
    with pytest.raises(PanelError, match="E_3_w2"):
        read_panel(make_study({"answers": by_person()}, entries), frame)
    asked = {"2": frozenset({"E_1", "E_2"})}
    entries[1] = instrument("events", "E_{1..3}_w{occasion}", "0..5", "exposure", asked=asked)
    panel = read_panel(make_study({"answers": by_person()}, entries), frame)
    reasons = panel.reasons["events"]
    assert reasons.columns == ["E_3"]
    assert (reasons["E_3"] == Reason.NOT_ASKED).to_list() == [False, True, False] * 6


def test_wide_file_needs_the_occasion_in_the_pattern() -> None:
    frame = widen(answers()).rename({"M_1_w1": "M_1"})
    entries = [instrument("mood", "M_1", "0..3"), wide_instruments()[1]]
    with pytest.raises(PanelError) as refused:
        read_panel(make_study({"answers": by_person()}, entries), frame)
    assert "wave-pattern-missing" in found(refused.value)


def test_a_panel_is_named_in_a_line() -> None:
    said = repr(read_panel(make_study(), answers()))
    assert said.startswith("Panel(")
    assert "6 persons, 18 rows, instruments mood, events;" in said
    assert "\n" not in said


@pytest.mark.parametrize("blank", [["p00"], ["p00", "p01"], ["p00", "p03", "p05"], ["p05"]])
def test_persons_who_say_nothing_leave_the_others_as_they_are(blank: list[str]) -> None:
    """Whoever is blank, first or last in a wide file, the panel is that of the others."""
    frame = answers()
    says_nothing = pl.col("id").is_in(blank)
    gaps = frame.with_columns(
        pl.when(~says_nothing).then(pl.col(name)).alias(name) for name in ["day", *MOOD, *EVENTS]
    )
    others = read_panel(WIDE, widen(frame.filter(~says_nothing)))
    for panel in (read_panel(WIDE, widen(gaps)), read_panel(LONG, lengthen(gaps))):
        assert same_panel(panel, others)
        assert "person-without-occasions" in found(panel)


@pytest.mark.parametrize("wide", [False, True])
def test_items_may_be_called_like_patterns(wide: bool) -> None:
    """Polars takes `*` and `^M$` for every column that fits them."""
    odd = dict(
        zip([*MOOD, *EVENTS], ["*", "^M$", "^.*$", "item:*", "^E$", "E", "a b"], strict=True)
    )

    def scored(called: dict[str, str]) -> pl.DataFrame:
        end = "_w{occasion}" if wide else ""
        layout = {"layout": "row-per-person"} if wide else {"occasion": "wave"}
        plan = {
            "salutogen": 1,
            "title": "Names",
            "occasions": {"labels": ["1", "2", "3"]},
            "sources": {"answers": {"person": "id"} | layout},
            "instruments": {
                "mood": {"columns": [called[name] + end for name in MOOD], "answers": "0..3",
                         "reverse": [called["M_1"]]},
                "events": {"columns": [called[name] + end for name in EVENTS], "answers": "0..5",
                           "recall": "7 days"},
            },
            "problems": "mood",
            "exposure": {"types": ["events"]},
        }  # fmt: skip
        frame = widen(answers()) if wide else answers()
        ends = tuple(f"_w{label}" for label in "123") if wide else ("",)
        names = {f"{name}{end}": f"{called[name]}{end}" for name in called for end in ends}
        return score(read_study(plan).read(frame.rename(names))).table

    plain, other = scored({name: name for name in odd}), scored(odd)
    assert other.select("P", "E").equals(plain.select("P", "E"))
