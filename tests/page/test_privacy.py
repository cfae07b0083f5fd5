"""The kit hides by kind of column, in one place, whatever a section hands over."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salutogen.columns import Column, Kind
from salutogen.findings import Persons, finding
from salutogen.page.audience import Audience
from salutogen.page.identifiers import Identifiers
from salutogen.page.privacy import Guard
from salutogen.page.section import Figure, Section, Table
from salutogen.page.small_counts import SMALL_NOTE, hide_small
from salutogen.page.words import say

IDS = pl.Series(["MUC-1007", "MUC-1014", "1", "2", "anna", "100234"])
COLUMNS = (
    Column(name="group", meaning="Group", kind=Kind.LABEL),
    Column(name="planned", meaning="Planned", kind=Kind.COUNT),
    Column(name="n", meaning="Persons", kind=Kind.COUNT, of="planned"),
    Column(name="share", meaning="Share", kind=Kind.SHARE),
    Column(name="mean", meaning="Mean"),
)


def guard(individuals: bool = False, n_persons: int = 100) -> Guard:
    audience = Audience(individuals=individuals, n_persons=n_persons, seed=1)
    return Guard(audience, Identifiers(IDS))


def test_identifiers_that_are_like_no_other_word() -> None:
    texts = ["MUC-1007", "a1b", "a1bc", "anna", "12345", "123456", "x²yz", "٣٣٣٣٣٣", "", "a 1\nb"]
    found = Identifiers(pl.Series(texts)).distinctive
    assert found == {"MUC-1007", "a1bc", "123456", "x²yz", "٣٣٣٣٣٣", "a 1\nb"}


def words_of(*shown: Any) -> str:
    """Everything that is in sections or findings, which show themselves shortly."""
    return " ".join(str(asdict(item)) for item in shown)


def table(rows: list[tuple[object, ...]], columns: tuple[Column, ...] = COLUMNS) -> Table:
    frame = pl.DataFrame(rows, schema=["group", "planned", "n", "share", "mean"], orient="row")
    return Table(name="t", title="T", frame=frame, columns=columns)


def shown(given_table: Table, **audience: object) -> Table | None:
    return guard(**audience).table(given_table, [])  # type: ignore[arg-type]


def test_small_counts_go_with_their_shares_and_statistics() -> None:
    found = shown(table([("a", 60, 40, 0.6, 1.5), ("b", 40, 3, 0.1, 2.5)]))
    assert found is not None
    assert found.frame.rows() == [("a", 60, 40, 0.6, 1.5), ("b", 40, None, None, None)]
    assert found.note == SMALL_NOTE


def test_counts_that_give_a_small_rest_away_go_as_well() -> None:
    found = shown(
        table([("a", 60, 57, 0.95, 1.5), ("b", 97, 40, 0.4, 2.5), ("c", 100, 0, 0.0, 0.0)])
    )
    assert found is not None
    # 57 of 60 leaves 3, and 97 of all 100 persons leaves 3: the counts go, their means stay.
    assert found.frame.rows() == [
        ("a", 60, None, None, 1.5),
        ("b", None, 40, None, 2.5),
        ("c", 100, 0, 0.0, 0.0),
    ]


def test_where_cells_add_up_the_next_smallest_goes_too() -> None:
    columns = (
        Column(name="n", meaning="Persons", kind=Kind.COUNT, adds_up=1),
        Column(name="group", meaning="Group", kind=Kind.LABEL),
    )
    frame = pl.DataFrame({"group": ["a", "b", "c"], "n": [3, 70, 27]})
    given_table = Table(name="t", title="T", frame=frame, columns=columns)
    found = hide_small(given_table, guard().audience)
    assert found.frame["n"].to_list() == [None, 70, None]


@given(st.lists(st.integers(0, 40), min_size=1, max_size=8))
def test_no_small_count_can_be_worked_out(counts: list[int]) -> None:
    total = sum(counts)
    columns = (Column(name="n", meaning="Persons", kind=Kind.COUNT, adds_up=1),)
    given_table = Table(name="t", title="T", frame=pl.DataFrame({"n": counts}), columns=columns)
    audience = Audience(individuals=False, n_persons=max(total, 200) + 50, seed=1)
    cells = hide_small(given_table, audience).frame["n"].to_list()
    hidden = [n for n, cell in zip(counts, cells, strict=True) if cell is None]
    assert all(cell == 0 or cell >= 5 for cell in cells if cell is not None)
    if hidden:  # what is hidden is known to add up to this: one alone would be told by it
        rest = total - sum(cell for cell in cells if cell is not None)
        assert rest == sum(hidden)
        assert len(hidden) > 1 or all(cell in (0, None) for cell in cells)


@pytest.mark.parametrize("kind", [Kind.PERSON, Kind.IDENTIFIER, None])
def test_tables_of_persons_are_left_out_where_persons_are_hidden(kind: Kind | None) -> None:
    columns = () if kind is None else (Column(name="SR", meaning="SR", kind=kind),)
    given_table = Table(
        name="t", title="T", frame=pl.DataFrame({"SR": [0.5, -0.5]}), columns=columns
    )
    told: list[object] = []
    assert guard().table(given_table, told) is None  # type: ignore[arg-type]
    assert [item.code for item in told] == ["person-values-withheld"]  # type: ignore[attr-defined]
    assert guard(individuals=True).table(given_table, []) is given_table


@pytest.mark.parametrize("individuals", [True, False])
def test_identifiers_are_refused_in_every_mode(individuals: bool) -> None:
    label = (Column(name="who", meaning="Who", kind=Kind.LABEL),)
    frame = pl.DataFrame({"who": ["MUC-1007"]})
    section = Section(
        title="Of MUC-1014",
        paragraphs=("Fine.", "Look at MUC-1007, please.", "Number 100234."),
        tables=(Table(name="t", title="T", frame=frame, columns=label),),
        figures=(
            Figure(name="f", title="F", description="D", chart={}, data=frame, columns=label),
            Figure(
                name="g",
                title="G",
                description="D",
                chart={"data": {"values": [{"x": "MUC-1007"}]}},
                data=pl.DataFrame({"who": ["x"]}),
                columns=label,
            ),
        ),
    )
    (found,), told = guard(individuals).sections([section])
    assert "MUC" not in words_of(found)
    assert "100234" not in words_of(found)
    assert found.paragraphs[0] == "Fine."
    assert (found.tables, found.figures) == ((), ())
    assert {item.code for item in told} == {"identifier-withheld"}
    assert "MUC" not in words_of(*told)


def test_numbers_and_words_that_happen_to_be_identifiers_are_told() -> None:
    text = "1 of 2 lines; anna is a word."
    (found,), told = guard(individuals=True).sections([Section(title="T", paragraphs=(text,))])
    assert found.paragraphs == (text,)
    assert told == ()


def test_labels_of_persons_are_on_no_page_that_hides_them() -> None:
    section = Section(title="T", paragraphs=("Person A7 did well.",))
    assert "A7" not in words_of(*guard().sections([section])[0])
    assert "A7" in words_of(*guard(individuals=True).sections([section])[0])


def test_sentences_hide_small_counts_and_what_gives_them_away() -> None:
    text = say(
        "{n:# person|# persons} of {all:# person|# persons}.", n=Persons(3, of=40), all=Persons(40)
    )
    assert guard().text(text) == "fewer than 5 persons of 40 persons."
    assert guard(individuals=True).text(text) == "3 persons of 40 persons."
    rest = say("{n} of {all} persons.", n=Persons(38, of=40), all=Persons(40))
    assert guard().text(rest) == "nearly all of 40 persons."
    apart = say("{n} more, {m} fewer.", n=Persons(38), m=Persons(40))
    assert guard().text(apart) == "40 more, 40 fewer."
    assert guard().text(say("{n} persons.", n=Persons(98))) == "nearly all persons."
    assert guard().text("Only 3 persons and 2 of 40 persons, in 3 weeks.") == (
        "Only fewer than 5 persons and fewer than 5 of 40 persons, in 3 weeks."
    )


def test_findings_hide_small_counts_too() -> None:
    told = finding("analysis-need-refused", label="a", needed=["b"], numbers={"n": 3})
    assert guard().finding(told).text == told.text


def test_figures_of_few_are_left_out_where_persons_are_hidden() -> None:
    frame = pl.DataFrame({"group": ["a"], "n": [3]})
    drawn = Figure(name="f", title="F", description="D", chart={}, data=frame, columns=COLUMNS)
    told: list[object] = []
    assert guard().figure(drawn, told) is None  # type: ignore[arg-type]
    kept = guard(individuals=True).figure(drawn, [])
    assert kept is not None
    assert kept.data.equals(frame)


def test_counts_are_held_against_every_whole() -> None:
    audience = Audience(individuals=False, n_persons=100, seed=1, forms=(400, 390))
    assert audience.hides(97)
    assert audience.hides(97, of=97), "what leaves few of everyone is not told by a whole beside it"
    assert audience.hides(388), "a few forms are of a few persons"
    assert not audience.hides(390)
    assert not audience.hides(0, of=3), "none of a few who are not told"
    assert audience.in_a_sentence(Persons(50, of=52)) == "nearly all"


def test_parts_of_parts_are_held_against_all_above_them() -> None:
    columns = (
        Column(name="all", meaning="All", kind=Kind.COUNT),
        Column(name="seen", meaning="Seen", kind=Kind.COUNT, of="all"),
        Column(name="one", meaning="One", kind=Kind.COUNT, of="seen"),
        Column(name="other", meaning="Other", kind=Kind.COUNT, of="seen"),
        Column(name="both", meaning="Both", kind=Kind.COUNT, of=("one", "other")),
    )
    frame = pl.DataFrame({"all": [90], "seen": [70], "one": [60], "other": [55], "both": [53]})
    given_table = Table(name="t", title="T", frame=frame, columns=columns)
    assert hide_small(given_table, guard().audience).frame.row(0) == (90, 70, 60, 55, None)


def test_two_sums_leave_three_cells_open() -> None:
    columns = (Column(name="n", meaning="Persons", kind=Kind.COUNT, adds_up=2),)
    frame = pl.DataFrame({"n": [0, 0, 3, 0, 90]})
    given_table = Table(name="t", title="T", frame=frame, columns=columns)
    cells = hide_small(given_table, guard().audience).frame["n"].to_list()
    assert cells == [None, 0, None, 0, None]


def test_a_figure_that_leaves_few_is_left_out() -> None:
    columns = (
        Column(name="group", meaning="Group", kind=Kind.LABEL),
        Column(name="n", meaning="Persons", kind=Kind.COUNT),
    )
    for n, kept in ((97, False), (60, True)):
        drawn = Figure(
            name="../f",
            title="F",
            description="D",
            chart={"mark": "point"},
            data=pl.DataFrame({"group": ["a"], "n": [n]}),
            columns=columns,
        )
        found = guard().figure(drawn, [])
        assert (found is not None) is kept
        assert found is None or found.name == "f"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("97 persons", "nearly all persons"),
        ("3 of 40 persons", "fewer than 5 of 40 persons"),
        ("near 1, persons stay", "near 1, persons stay"),
        ("60 persons", "60 persons"),
    ],
)
def test_plain_sentences_have_a_net_below_them(text: str, told: str) -> None:
    assert guard().text(text) == told


def test_findings_are_searched_in_all_their_parts() -> None:
    told = finding("figure-not-drawn", title="A", numbers={"who": ["MUC-1007"]})
    assert [item.code for item in guard().findings([told])] == ["identifier-withheld"]


def test_what_stands_in_a_single_row_is_not_told() -> None:
    given_finding = finding(
        "impossible-answer",
        column="P_1",
        file="answers.csv",
        rows=range(1, 9),
        examples="'Miller Street' (row 4)",
        expected="0 to 5",
    )
    assert "Miller" not in guard().finding(given_finding).text
    assert "Miller" in guard(individuals=True).finding(given_finding).text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Mean SR is −14.09 points.", "Mean SR is −14.1 points."),
        ("from 1,234.56 to 0.04567", "from 1,230 to 0.0457"),
        ("BIC 383.68; r = .9631; p = .963", "BIC 384; r = .9631; p = .963"),
        ("41.0 and 5.36 and 0.00330", "41.0 and 5.36 and 0.00330"),
        ("9.996 is nearly ten", "10.0 is nearly ten"),
        ("version 0.1.0, doi 10.1037/met0000123, 2024-03-18", None),
        ("E_2.345x and v1.2345 are names", None),
    ],
)
def test_sentences_have_no_more_digits_than_tables(text: str, told: str | None) -> None:
    hidden = guard(n_persons=60)
    assert hidden.text(text) == (told or text)
    assert hidden.text(say("{a}", a=text)) == (told or text)
    assert guard(individuals=True).text(text) == text
