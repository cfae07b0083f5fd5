"""Keys of a source: which go together, what they may hold, and what they name."""

from __future__ import annotations

from typing import Any

import pytest

from salutogen.study import read_study
from salutogen.study.format import Source
from tests.study.small_study import VALID, changed, codes, refused

FILES = {str(number): f"w{number}.csv" for number in range(1, 7)}


def source(**given: Any) -> dict[str, Any]:
    """The valid study with a source of its own."""
    return changed({"sources/answers": {"person": "id"} | given})


def said(values: dict[str, Any]) -> set[tuple[str, str]]:
    return {(one.code, str(one.evidence.numbers["key"])) for one in refused(values)}


def test_a_file_for_each_occasion_needs_no_column() -> None:
    study = read_study(source(files={int(label): name for label, name in FILES.items()}))
    answers = study.plan.sources["answers"]
    assert answers.files == FILES
    assert answers.file_names == tuple(FILES.values())
    assert codes(study.findings) == codes(read_study(VALID).findings)


@pytest.mark.parametrize(
    "given, code, place",
    [
        ({"file": "a.csv"}, "source-keys-clash", "file"),
        ({"occasion": "wave"}, "source-keys-clash", "occasion"),
        ({"files": FILES | {"9": "w9.csv"}}, "unknown-name", "files.9"),
        ({"files": {"1": "w.csv", "2": "w.csv"}}, "named-twice", ""),
        ({"person": ["id", "site", "id"]}, "named-twice", "person"),
        ({"person": []}, "invalid-value", "person"),
        ({"header_rows": 0}, "invalid-value", "header_rows"),
        ({"skip_rows": -1}, "invalid-value", "skip_rows"),
        ({"duplicates": "latest"}, "invalid-value", "duplicates"),
        ({"boolean": True}, "invalid-value", "boolean"),
        ({"complete": {"column": "done"}}, "missing-key", "complete.code"),
    ],
)
def test_what_does_not_fit_is_refused(given: dict[str, Any], code: str, place: str) -> None:
    path = f"sources.answers.{place}" if place else "sources"
    assert (code, path) in said(source(**{"files": FILES} | given))


def test_dated_events_have_no_occasions_and_no_form() -> None:
    values = changed(
        {
            "sources/register": {
                "layout": "row-per-event", "person": "id", "event": "kind",
                "time": {"column": "day"}, "files": {"1": "r.csv"},
                "complete": {"column": "done", "code": 1},
            },
            **{
                f"{path}/source": "answers"
                for path in ("instruments/ghq-12", "instruments/general", "instruments/optimism")
            },
        }
    )  # fmt: skip
    found = said(values)
    assert ("source-keys-clash", "sources.register.files") in found
    assert ("source-keys-clash", "sources.register.complete") in found


def test_columns_are_listed_whether_one_or_several() -> None:
    one = Source(person="id", occasion="wave", file="a")
    assert (one.person_columns, one.occasion_columns) == (("id",), ("wave",))
    assert (one.names_occasion, one.file_names) == (True, ("a",))
    several = Source.model_validate({"person": ["site", "id"], "files": {1: "a", "T2": "b"}})
    assert (several.person_columns, several.occasion_columns) == (("site", "id"), ())
    assert (several.names_occasion, several.file_names) == (True, ("a", "b"))
    assert not Source(person="id").names_occasion
    complete = Source.model_validate(
        {"person": "id", "complete": {"column": "done", "code": [1, "yes"]}}
    ).complete
    assert complete is not None
    assert complete.codes == ("1", "yes")


def test_recode_takes_numbers_as_keys_and_nothing_but_numbers_as_values() -> None:
    values = changed({"instruments/general/recode": {1: 0, "often": 2.5}})
    assert read_study(values).instruments["general"].recode == {"1": 0.0, "often": 2.5}
    values = changed({"instruments/general/recode": {"often": "two"}})
    assert ("invalid-value", "instruments.general.recode.often") in said(values)
    assert ("invalid-value", "instruments.general.recode") in said(
        changed({"instruments/general/recode": {}})
    )
