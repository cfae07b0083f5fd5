"""Identifiers are struck out of messages, whatever role their column was given."""

from __future__ import annotations

import polars as pl
import pytest

from salutogen.findings import finding
from salutogen.page.identifiers import STRUCK, Identifiers

IDS = pl.Series(["MUC-1007", "anna", "Anna Miller", "12", "100234", "MUC 33 b"])
KNOWN = Identifiers(IDS, columns=("pid", "code"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Cell 'MUC-1007' is no number.", f"Cell '{STRUCK}' is no number."),
        ("See MUC-1007.", f"See {STRUCK}"),
        ("Of 100234, nothing.", f"Of {STRUCK}, nothing."),
        ("Of Anna Miller nothing.", f"Of {STRUCK} nothing."),
        ("No error of code=anna (person line).", f"No error of code={STRUCK} (person line)."),
        ("Of MUC 33 b, nothing.", f"Of {STRUCK}, nothing."),
        ("Of muc-1007 nothing.", f"Of {STRUCK} nothing."),
        ("Of ＭＵＣ-1007 nothing.", f"Of {STRUCK} nothing."),
        ("Of MUC-1007/T2 nothing.", f"Of {STRUCK} nothing."),
        ("Of x_MUC-1007 nothing.", f"Of {STRUCK} nothing."),
        ("Of MUC-1007|MUC-9 nothing.", f"Of {STRUCK} nothing."),
        ("Lowest 100,234 of all.", f"Lowest {STRUCK} of all."),
        ("Lowest 100234.0 of all.", f"Lowest {STRUCK} of all."),
        ("Lowest 100,235 and 100234.5 of all.", "Lowest 100,235 and 100234.5 of all."),
        ("Of MUC-10071 and T2_MUC nothing.", "Of MUC-10071 and T2_MUC nothing."),
        ("No error of site=anna.", "No error of site=anna."),
        ("12 rows of anna's kind", "12 rows of anna's kind"),
    ],
)
def test_texts_lose_what_is_like_no_other_word(text: str, told: str) -> None:
    assert KNOWN.struck(text) == told
    assert KNOWN.stand_in(text) is (text != told)


def test_quoted_cells_are_held_against_every_identifier_with_a_letter() -> None:
    assert KNOWN.struck("holds 'anna'", KNOWN.lettered) == f"holds '{STRUCK}'"
    assert KNOWN.struck("holds '12'", KNOWN.lettered) == "holds '12'"
    assert KNOWN.struck("12", KNOWN.all) == STRUCK


def test_findings_lose_identifiers_in_sentence_mend_and_evidence() -> None:
    told = finding(
        "impossible-answer",
        column="P_1",
        file="answers.csv",
        rows=[4],
        examples="'anna' (row 4)",
        expected="0 to 5",
        mend="Correct MUC-1007.",
        numbers={"cells": ["anna", "x"], "of": {"MUC-1007": 3}},
    )
    struck = KNOWN.struck_from(told)
    assert STRUCK in struck.text
    assert "anna" not in str(struck.to_dict())
    assert "MUC-1007" not in str(struck.to_dict())
    assert struck.evidence.rows == (4,)
    assert struck.evidence.numbers["cells"] == [STRUCK, "x"]
    assert "anna" not in struck.worded(str)


def test_short_numbers_are_struck_where_the_column_holds_identifiers() -> None:
    for column, hidden in (("code", True), ("P_1", False)):
        told = finding(
            "background-not-a-number",
            column=column,
            file="people.csv",
            rows=[1],
            shown="12",
            first=1,
        )
        assert ("'12'" not in KNOWN.struck_from(told).text) is hidden


def test_keys_that_become_alike_are_kept_apart() -> None:
    made = KNOWN.plain({"code=anna": 1, "code=12": 2, "E": 3})
    assert list(made.values()) == [1, 2, 3]
    assert "anna" not in str(made)
