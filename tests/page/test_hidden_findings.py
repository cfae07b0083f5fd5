"""Findings where persons are hidden: counts of few in words, no cells, no rows, no numbers."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from salutogen.counts import Forms
from salutogen.findings import Finding, Persons, catalogue, finding
from salutogen.page.audience import Audience
from salutogen.page.hidden_findings import told_without_persons
from salutogen.page.words import without_counts

AUDIENCE = Audience(individuals=False, n_persons=60, seed=1)


def test_words_that_would_tell_a_count_are_text_in_files() -> None:
    reason = without_counts("In 688 of 5000 samples columns are collinear.")
    item = finding("mechanism-not-fitted", reason=reason)
    shown = json.loads(json.dumps(item.to_dict()))
    assert shown["evidence"]["numbers"]["reason"] == reason.shown
    hidden = json.dumps(told_without_persons(item, AUDIENCE).to_dict())
    assert "688" not in hidden
    assert "some of the samples" in hidden


def test_a_step_counts_persons_in_its_sentence_alone() -> None:
    item = finding("category-of-few", names="site", persons=Persons(2))
    told = told_without_persons(item, AUDIENCE)
    assert "persons" not in told.evidence.numbers
    assert told.evidence.numbers["names"] == "site"


def test_a_value_that_few_have_is_not_told() -> None:
    for units, told in ((2, False), (40, True)):
        item = finding(
            "constant-problems", column="P", value=8.0, units=Persons(units), level="person"
        )
        text = told_without_persons(item, AUDIENCE).text
        assert ("8" in text) is told
        assert ("fewer than 5 persons" in text) is not told


def test_whole_numbers_are_counts_unless_they_are_of_the_plan() -> None:
    item = finding(
        "lock-incomplete", pre=1, peri=0, post1=58, post2=20, complete=Persons(38), persons=40
    )
    text = told_without_persons(item, AUDIENCE).text
    assert "fewer than 5 at pre, 0 at peri, nearly all at post1, 20 at post2" in text
    plan = finding(
        "too-few-persons",
        level="person",
        among="",
        coefficients=3,
        persons=Persons(20),
        needed=["E", "P"],
    )
    assert "has 3 coefficients but only 20 persons" in told_without_persons(plan, AUDIENCE).text


def test_numbers_have_few_digits() -> None:
    item = finding(
        "mixed-line-singular",
        sd_intercepts=0.123456,
        sd_slopes=1.0,
        slope=0.65432,
        simplified_slope=0.1,
    )
    assert "0.6540" in told_without_persons(item, AUDIENCE).text


def test_a_count_that_falls_short_is_told_below_what_is_needed() -> None:
    audience = Audience(individuals=False, n_persons=100, seed=1)
    told = {
        n: told_without_persons(
            finding("second-measurement-of-few", name="Hope", n=Persons(n), least=60), audience
        ).worded(audience.in_a_sentence)
        for n in (3, 52, 53, 57, 58, 59)
    }
    assert "fewer than 5 persons have" in told[3]
    assert "50 persons have" in told[52]
    assert all("55 persons have" in told[n] and "60 are needed" in told[n]
               for n in (53, 57, 58, 59))  # fmt: skip


def test_no_sentence_says_that_as_many_as_are_needed_are_too_few() -> None:
    """Every sentence that counts persons beside how many are needed, at the border of fives."""
    audience = Audience(individuals=False, n_persons=100, seed=1)
    told = []
    for code, entry in catalogue().items():
        for template in (entry.text, *entry.texts.values()):
            names = set(re.findall(r"{(\w+)", template))
            for threshold in {"least", "needed", "enough"} & names if "n" in names else ():
                values = dict.fromkeys(names, "it") | {"n": Persons(58), threshold: 60}
                item = Finding(
                    code=code,
                    severity=entry.severity,
                    text="",
                    mend="",
                    template=re.sub(r"{(\w+):(?!#)[^}]*}", r"{\1}", template),
                    values=values,
                )
                made = told_without_persons(item, audience)
                told.append(made.worded(audience.in_a_sentence))
    counted = [text for text in told if re.search(r"\b[56][05] (persons|of)\b", text)]
    assert len(counted) > 15
    assert not [text for text in counted if "60 persons" in text]


@pytest.mark.parametrize(
    "given",
    [
        {"code": "odd-date", "rows": range(1, 9), "earliest": "1911-02-03", "latest": "2150-01-01"},
        {"code": "units-differ", "column": "E", "outside": 9, "smallest": 1.0, "largest": 977.0,
         "units": "points", "low": 0.0, "high": 9.0},
    ],
)  # fmt: skip
def test_extremes_and_cells_are_not_quoted(given: dict[str, object]) -> None:
    item = finding(**given)  # type: ignore[arg-type]
    told = told_without_persons(item, AUDIENCE)
    assert told.text.startswith(catalogue()[item.code].title)
    assert "1911" not in told.text
    assert "977" not in told.text


def test_a_sentence_begins_with_a_capital_though_its_count_is_written_in_words() -> None:
    for persons, begin in ((2, "Fewer than 5 persons of 60 have"), (20, "20 persons of 60 have")):
        item = finding("few-occasions", persons=Persons(persons), of=60)
        assert told_without_persons(item, AUDIENCE).text.startswith(begin)
        assert item.worded(AUDIENCE.in_a_sentence).startswith(begin)
    named = finding("blank-words", variant="columns", columns=4, named="'a'", words="'NA' (9)")
    assert named.worded(str) == (
        "In 4 columns ('a') these words were taken as a blank cell: 'NA' (9)."
    )


def test_evidence_points_at_no_row_and_has_no_numbers() -> None:
    item = finding("problems-absent", column="P", rows=range(1, 9), numbers={"mean": 3.25})
    told = told_without_persons(item, AUDIENCE)
    assert told.evidence.rows == ()
    assert dict(told.evidence.numbers) == {}
    assert told.evidence.n_rows == 10
    few = told_without_persons(finding("problems-absent", column="P", rows=[1, 2]), AUDIENCE)
    assert few.evidence.n_rows is None
    assert "fewer than 5 rows" in few.text
    assert "2 rows" not in few.text


def straight(persons: int, others: int = 50) -> Finding:
    """Ten forms answered in one code, by so many persons."""
    whose = Forms(12, persons=persons, others=others)
    return finding(
        "straight-lining", instrument="mood", forms=12, of=300, items=8, n_rows=12, rows=[3, 9],
        when_hidden={"n_rows": whose, "forms": whose},
    )  # fmt: skip


def test_forms_of_few_persons_are_not_counted() -> None:
    few, several, nearly_all = straight(2), straight(6), straight(6, others=3)
    assert "12 forms" in few.text
    assert few.to_dict()["evidence"]["n_rows"] == 12
    told = told_without_persons(few, AUDIENCE)
    assert told.text.startswith("Forms answered with the same code throughout (it may be of few")
    assert told.evidence.n_rows is None
    told = told_without_persons(several, AUDIENCE)
    assert told.text.startswith("10 forms of 'mood'")
    assert told.evidence.n_rows == 10
    told = told_without_persons(nearly_all, AUDIENCE)
    assert told.text.startswith("Nearly all")
    assert told.evidence.n_rows is None


def test_rows_of_unknown_persons_may_be_those_of_few() -> None:
    item = finding("form-not-handed-in", n_rows=40, forms=40, file="a.csv", codes="2", column="c")
    assert "40" in told_without_persons(item, AUDIENCE).text
    told = told_without_persons(item, replace(AUDIENCE, most_each=10))
    assert "40" not in told.text
    assert told.evidence.n_rows is None
    assert "40" in told_without_persons(item, replace(AUDIENCE, most_each=9)).text


def test_names_stand_without_the_counts_beside_them() -> None:
    item = finding(
        "skipped-items-as-zero", named=["'events' in 33 rows"], share=0.2, n_rows=33,
        when_hidden={"n_rows": Forms(33, persons=20, others=40), "named": ["'events'"]},
    )  # fmt: skip
    assert "in 33 rows" in item.text
    assert "not happened: 'events'." in told_without_persons(item, AUDIENCE).text
