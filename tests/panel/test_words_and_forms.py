"""Words as answers, forms that were not handed in, and codes for events that did not happen."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from salutogen.errors import PanelError
from salutogen.panel import Reason, read_panel
from salutogen.panel.numeric import is_blank, to_numbers
from salutogen.scores import score
from salutogen.study import read_study
from salutogen.study.answers_in_words import BOOLEAN_WORDS, plain_word
from tests.panel.small_studies import (
    EVENTS,
    MOOD,
    answers,
    by_item,
    by_occasion,
    by_person,
    codes,
    found,
    instrument,
    lengthen,
    make_study,
    wide_instruments,
    widen,
)

WORDS = {"Not at all": 0, "Several  days": 1, "más de la mitad": 2, "Nearly every day": 3}


def refused(study: Any, frame: Any) -> tuple[Any, ...]:
    with pytest.raises(PanelError) as error:
        read_panel(study, frame)
    return error.value.findings


def mood(**given_settings: Any) -> list[Any]:
    return [
        instrument("mood", "M_{1..4}", "0..3", **given_settings),
        instrument("events", "E_{1..3}", "0..5", "exposure"),
    ]


@settings(max_examples=100)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([*WORDS, *(str(number) for number in range(4)), "", "NA"]),
            st.sampled_from([str, str.upper, str.lower, lambda text: f"  {text} "]),
        ),
        min_size=18, max_size=18,
    )
)  # fmt: skip
def test_words_count_as_the_study_says(cells: list[tuple[str, Any]]) -> None:
    written = [change(text) for text, change in cells]
    expected = [WORDS.get(text, int(text) if text.isdecimal() else None) for text, _ in cells]
    frame = answers().with_columns(M_1=pl.Series(written))
    panel = read_panel(make_study(instruments=mood(recode=WORDS)), frame)
    assert panel.answers["mood"]["M_1"].to_list() == expected


def test_words_that_are_not_named_are_refused_with_a_mend() -> None:
    frame = answers().with_columns(M_1=pl.Series([*WORDS, *["Not at all"] * 14]))
    (finding,) = refused(make_study(), frame)
    assert "recode:" in finding.mend
    assert finding.evidence.n_rows == 18
    some = {text: number for text, number in WORDS.items() if number}
    (finding,) = refused(make_study(instruments=mood(recode=some)), frame)
    assert finding.evidence.n_rows == 15
    assert "or a word of `recode`" in finding.text


def in_words(words: dict[str, int], columns: list[str] = MOOD) -> pl.DataFrame:
    """The answers with a word in the place of each number."""
    by_number = {number: word for word, number in words.items()}
    return answers().with_columns(pl.col(columns).replace_strict(by_number, return_dtype=pl.String))


@pytest.mark.parametrize(
    "words",
    [
        {"Not at all": 0, "Several days": 1, "More than half the days": 2, "Nearly every day": 3},
        {"nie": 0, "selten": 1, "manchmal": 2, "oft.": 3},
        {"nie": 0, "selten": 1, "oft": 2, "immer": 3},
        {"jamais": 0, "Plusieurs jours": 1, "plus de la moitié du temps": 2,
         "presque tous les jours": 3},
    ],
)  # fmt: skip
def test_the_recode_that_is_proposed_can_be_pasted(words: dict[str, int]) -> None:
    """One message for the instrument; its snippet, read as YAML, gives the numbers."""
    frame = in_words(words)
    (finding,) = refused(make_study(), frame)
    assert "4 columns ('M_1', 'M_2', 'M_3' and others) of 'mood'" in finding.text
    snippet = re.search(r"`recode: (\{.*?\})`", finding.mend)
    assert snippet is not None
    recode = YAML(typ="safe").load(snippet[1])
    if "immer" not in words:
        assert recode == words
        panel = read_panel(make_study(instruments=mood(recode=recode)), frame)
        assert panel.answers["mood"].equals(read_panel(make_study(), answers()).answers["mood"])
    else:  # a scale of five answers does not fit four codes: nothing is proposed
        assert recode == dict.fromkeys(words, "???")
    counts = pl.concat([frame[name].alias("") for name in MOOD]).value_counts()
    for word, count in counts.iter_rows():
        assert f"{word!r} ({count})" in finding.text


def test_words_on_no_scale_wait_for_their_number() -> None:
    words = {"Not at all": 0, "Several days": 1, 'they "said" so': 2, "Nearly every day": 3}
    (finding,) = refused(make_study(), in_words(words))
    assert '"Nearly every day": 3, "they \\"said\\" so": "???"' in finding.mend
    some = {word: number for word, number in words.items() if number < 2}
    (finding,) = refused(make_study(instruments=mood(recode=some)), in_words(words))
    assert "add them to the `recode` of 'mood'" in finding.mend
    assert "Several days" not in finding.mend
    assert '"Nearly every day": "???"' in finding.mend


@pytest.mark.parametrize(
    "words, proposal",
    [
        ({"0 - never": 0, "1 - seldom": 1, "2 - now and then": 2, "3 - all the time": 3},
         '{"0 - never": 0, "1 - seldom": 1, "2 - now and then": 2, "3 - all the time": 3}'),
        ({"Nie (1)": 0, "hin und wieder (2)": 1, "öfter (3)": 2, "dauernd (4)": 3},
         '{"Nie (1)": 1, "hin und wieder (2)": 2, "öfter (3)": 3, "dauernd (4)": 4}'),
        ({"X": 0, "x": 1, " x": 2, "X ": 3}, '{"x": 1}'),
        ({"Yes": 1, "No": 0, "no idea": 2, "NO": 3}, '{"No": 0, "Yes": 1, "no idea": "???"}'),
    ],
)  # fmt: skip
def test_numbers_that_words_tell_themselves_are_proposed(
    words: dict[str, int], proposal: str
) -> None:
    (finding,) = refused(make_study(), in_words(words))
    assert proposal.casefold() in finding.mend.casefold()


def test_words_never_show_identifiers() -> None:
    frame = in_words({"Not at all": 0, "S02": 1, "b": 2, "c": 3})
    persons = frame["id"].unique().to_list()
    frame = frame.with_columns(pl.col(MOOD).replace("S02", persons[0]))
    (finding,) = refused(make_study(), frame)
    told = f"{finding.text} {finding.mend} {finding.evidence.numbers}"
    assert "others (" in finding.text
    assert not any(re.search(rf"(?<!\w){person}(?!\w)", told) for person in persons)


def test_words_and_numbers_out_of_range_are_told_apart() -> None:
    frame = in_words({"Not at all": 0, "Several days": 1, "b": 2, "c": 3}, ["M_1"])
    frame[3, "M_1"], frame[4, "M_1"] = "17", "17"
    words, numbers = refused(make_study(), frame)
    assert "17" not in words.text
    assert words.evidence.n_rows == 16
    assert (numbers.evidence.rows, numbers.evidence.column) == ((4, 5), "M_1")


def test_numbers_are_recoded_and_others_refused() -> None:
    frame = answers().with_columns(pl.col(name) + 1 for name in MOOD)
    recode = {str(number + 1): number for number in range(4)}
    expected = read_panel(make_study(), answers()).answers["mood"]
    entries = mood(recode=recode, codes=codes(skipped=(-9,)))
    for written in (frame, frame.with_columns(pl.col(MOOD).cast(pl.String)),
                    frame.with_columns(pl.col(MOOD).cast(pl.Float64))):  # fmt: skip
        assert read_panel(make_study(instruments=entries), written).answers["mood"].equals(expected)
    frame[3, "M_2"] = 0
    frame[4, "M_2"] = -9
    (finding,) = refused(make_study(instruments=entries), frame)
    assert finding.evidence.rows == (4,)


def test_recoding_comes_before_codes_of_missing_answers() -> None:
    entries = mood(recode={"does not apply": -8}, codes=codes(not_asked=(-8,)))
    frame = answers().with_columns(pl.col("M_1").cast(pl.String))
    frame[2, "M_1"] = "Does not apply"
    panel = read_panel(make_study(instruments=entries), frame)
    assert panel.reasons["mood"]["M_1"][2] == Reason.NOT_ASKED


@pytest.mark.parametrize(
    "yes, no", [("yes", "no"), ("TRUE", "FALSE"), ("Ja", "Nein"), ("WAHR", "FALSCH"), (True, False)]
)
def test_yes_and_no_count_only_where_the_study_says_so(yes: Any, no: Any) -> None:
    happened = answers().with_columns(pl.col(name) > 2 for name in EVENTS)
    frame = happened.with_columns(
        pl.when(pl.col(name)).then(pl.lit(yes)).otherwise(pl.lit(no)).alias(name) for name in EVENTS
    )
    (finding,) = refused(make_study(), frame)
    assert all(repr(name) in finding.text for name in EVENTS)
    assert finding.evidence.n_rows == 18 * len(EVENTS)
    assert "`boolean: answer` under the source 'answers'" in finding.mend
    panel = read_panel(make_study({"answers": by_occasion(boolean="answer")}), frame)
    assert panel.answers["events"].equals(happened.select(pl.col(EVENTS).cast(pl.Int8)))
    assert found(panel) == {"words-as-answers"}


def test_a_column_of_booleans_is_no_number() -> None:
    raw = pl.Series([True, None, False])
    assert to_numbers(raw).text is not None
    read = to_numbers(raw, words=BOOLEAN_WORDS)
    assert (read.values.to_list(), read.text) == ([1.0, None, 0.0], None)
    assert plain_word("  Ｎot   at ALL ") == "not at all"
    assert is_blank(pl.Series(["", " ", "NA", None, "0"])).to_list() == [True] * 4 + [False]


@pytest.mark.parametrize("code, written", [(2, pl.Int64), ("2", pl.String), (2, pl.Float64)])
def test_forms_that_were_not_handed_in_are_absent(code: Any, written: Any) -> None:
    frame = answers().with_columns(
        done=pl.Series([2 if place % 3 else place % 2 for place in range(18)], dtype=pl.Int64)
    )
    ticked = [pl.when(pl.col("done") == 2).then(pl.col(name)).otherwise(0) for name in EVENTS]
    blank = [pl.when(pl.col("done") == 2).then(pl.col(name)) for name in MOOD]
    frame = frame.with_columns(*ticked, *blank, pl.col("done").cast(written))
    entries = [
        instrument("mood", "M_{1..4}", "0..3"),
        instrument("events", "E_{1..3}", "0..5", "exposure", form="tick-list"),
    ]
    assert read_panel(make_study(instruments=entries), frame).reasons["events"].width == 0
    source = by_occasion(complete={"column": "done", "code": code})
    panel = read_panel(make_study({"answers": source}, entries), frame)
    for name in EVENTS:
        assert panel.answers["events"][name].is_null().to_list() == [True, False, False] * 6
    assert (panel.reasons["events"]["E_1"].gather_every(3) == Reason.ABSENT).all()
    (note,) = [one for one in panel.findings if one.code == "form-not-handed-in"]
    assert (note.evidence.n_rows, note.evidence.rows[:2]) == (6, (1, 4))


def test_forms_of_other_layouts() -> None:
    frame = answers().with_columns(done=pl.Series(["y", "n", "y"] * 6))
    wide = widen(frame)
    source = by_person(complete={"column": "done_w{occasion}", "code": ["y", "done"]})
    panel = read_panel(make_study({"answers": source}, wide_instruments()), wide)
    assert panel.answers["mood"]["M_1"].is_null().to_list() == [False, True, False] * 6
    long = lengthen(frame.drop("done")).join(frame.select("id", "wave", "done"), on=["id", "wave"])
    yes = frame.with_columns(pl.col("done") == "y")
    for written in (yes, yes.with_columns(pl.col("done").cast(pl.String).str.to_uppercase())):
        source = by_occasion(complete={"column": "done", "code": True})
        panel = read_panel(make_study({"answers": source}), written)
        assert panel.answers["mood"]["M_1"].is_null().to_list() == [False, True, False] * 6
    source = by_item(complete={"column": "done", "code": "Y"}, time=None)
    panel = read_panel(make_study({"answers": source}), long)
    assert panel.n_rows == 12
    assert set(panel.rows["occasion"].to_list()) == {0, 2}


def test_a_code_that_never_occurs_is_refused() -> None:
    frame = answers().with_columns(done=pl.lit(1))
    source = by_occasion(complete={"column": "done", "code": 2})
    assert [one.code for one in refused(make_study({"answers": source}), frame)] == [
        "complete-code-never"
    ]
    source = by_occasion(complete={"column": "done2", "code": 2})
    assert [one.code for one in refused(make_study({"answers": source}), frame)] == [
        "column-missing"
    ]


def test_a_code_may_be_missing_from_the_file_of_one_occasion(tmp_path: Path) -> None:
    frame = answers()
    for label in ("1", "2", "3"):
        part = frame.filter(pl.col("wave") == label).drop("wave")
        part.with_columns(done=pl.lit(1 if label == "3" else 2)).write_csv(
            tmp_path / f"w{label}.csv"
        )
    files = {label: f"w{label}.csv" for label in ("1", "2", "3")}
    source = by_occasion(files=files, occasion=None, complete={"column": "done", "code": 2})
    panel = read_panel(make_study({"answers": source}), tmp_path)
    assert panel.answers["mood"]["M_1"].is_null().to_list() == [False, False, True] * 6
    (note,) = [one for one in panel.findings if one.evidence.n_rows == 6]
    assert (note.code, note.evidence.file) == ("form-not-handed-in", "w3.csv")
    source = by_occasion(files=files, occasion=None, complete={"column": "done", "code": 3})
    with pytest.raises(PanelError) as error:
        read_panel(make_study({"answers": source}), tmp_path)
    assert [one.code for one in error.value.findings] == ["complete-code-never"]
    assert "w1.csv, w2.csv and w3.csv" in error.value.findings[0].text


def test_an_event_that_did_not_happen_may_have_a_code_outside_the_range() -> None:
    frame = answers().with_columns(
        pl.when(pl.col(name) == 0).then(-9).otherwise(pl.col(name)).alias(name) for name in EVENTS
    )
    study = read_study(
        {
            "salutogen": 1,
            "title": "Codes",
            "occasions": {"labels": ["1", "2", "3"]},
            "sources": {"answers": {"person": "id", "occasion": "wave"}},
            "instruments": {
                "mood": {"columns": "M_{1..4}", "answers": "0..3", "method": "sum"},
                "events": {
                    "columns": "E_{1..3}", "answers": "1..5", "did_not_occur": -9,
                    "recall": "7 days",
                },
            },
            "problems": "mood",
            "exposure": {"types": ["events"], "score": "severity"},
        }
    )  # fmt: skip
    scores = score(study.read(frame))
    expected = answers().select(pl.sum_horizontal(EVENTS)).to_series().cast(pl.Float64)
    assert scores.table["E_events"].to_list() == expected.to_list()
    frame[0, "E_1"], frame[1, "E_2"], frame[2, "E_3"] = -5, -1, 0
    codes_found = {(one.code, one.evidence.rows) for one in refused(study, frame)}
    assert codes_found == {("impossible-answer", (row,)) for row in (1, 2, 3)}
