"""Identifiers that look the same and differ are told, with their rows and without themselves."""

from __future__ import annotations

import unicodedata

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salutogen.findings import Finding
from salutogen.panel import read_panel
from salutogen.panel.alike import as_seen
from tests.panel.small_studies import answers, by_occasion, instrument, make_study

UNSEEN = ["\u200b", "\u200d", "\ufeff", "\u00ad", "\u2060", "\u200e", "\x00", "\u180e"]


def seen(*texts: str) -> list[str]:
    return as_seen(pl.Series(texts, dtype=pl.String)).to_list()


def similar(ids: list[str]) -> Finding:
    frame = answers().with_columns(id=pl.Series([name for name in ids for _ in range(3)]))
    panel = read_panel(make_study(), frame)
    assert panel.persons["subject"].to_list() == ids
    (told,) = [one for one in panel.findings if one.code == "similar-subjects"]
    return told


@pytest.mark.parametrize("sign", UNSEEN)
def test_signs_that_nobody_sees(sign: str) -> None:
    told = similar(["an01", "bo02", f"an{sign}01", "ce03", "di04", "ed05"])
    assert told.evidence.rows == (1, 7)
    assert told.evidence.n_rows == 2
    assert "signs that nobody sees" in told.text
    assert "01" not in told.text


@pytest.mark.parametrize(
    ("one", "other"),
    [("Zoë", "Zoe\u0308"), ("a b", "a\u00a0b"), ("a b", "a  b"), ("ﬁn", "fin"), ("ＡＢ", "ab")],
)
def test_forms_of_the_same_letters(one: str, other: str) -> None:
    told = similar([one, "p2", "p3", other, "p5", "p6"])
    assert told.evidence.rows == (1, 10)
    assert "how an accent is stored" in told.text


def test_spaces_and_capitals_alone_are_said_as_such() -> None:
    assert "spaces or capital letters" in similar(["ab", "AB ", "c", "d", "e", "f"]).text


def test_between_two_files() -> None:
    study = make_study(
        {"answers": by_occasion(), "mood": by_occasion()},
        [
            instrument("mood", "M_{1..4}", "0..3", source="mood"),
            instrument("events", "E_{1..3}", "0..5", "exposure"),
        ],
    )
    names = ["Zoë", "b", "c", "d", "e", "f"]
    first = answers().with_columns(id=pl.Series([name for name in names for _ in range(3)]))
    other = [unicodedata.normalize("NFD", name) for name in names]
    second = answers().with_columns(id=pl.Series([name for name in other for _ in range(3)]))
    panel = read_panel(study, {"answers": first, "mood": second})
    (told,) = [one for one in panel.findings if one.code == "similar-subjects"]
    assert told.evidence.rows == (1,)
    assert "row 1." in told.text
    assert "Zo" not in told.text
    assert panel.n_persons == 7


def test_texts_are_told_apart_where_they_look_different() -> None:
    texts = ["a1", "a2", "á1", "a-1", "a_1", "1a", "l1", "O1", "01"]
    assert len(set(seen(*texts))) == len(texts)


@given(st.text("aÉöß éZ1-Ωж", max_size=6), st.sampled_from(UNSEEN), st.integers(0, 6))
@settings(max_examples=80)
def test_the_look_does_not_depend_on_form_or_unseen_signs(text: str, sign: str, place: int) -> None:
    plain, *others = seen(
        text,
        unicodedata.normalize("NFD", text),
        f" {text}\u00a0",
        text[:place] + sign + text[place:],
    )
    assert others == [plain] * 3
