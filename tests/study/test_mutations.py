"""A study file changed in any way gives a study or one clear refusal, never anything else."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from salutogen.errors import StudyError
from salutogen.findings import Finding, refusals
from salutogen.study import Study, read_study
from salutogen.study.outline import outline
from salutogen.study.templates import read_template
from tests.study.small_study import VALID

ADAPTED: dict[str, Any] = {
    "instrument": "dynacore-general",
    "columns": ["GE_{01..10}", "NW_{1..2}"],
    "adaptations": [
        {"change": "added", "items": "NW_{1..2}", "block": "night", "reason": "missing"},
        {"change": "left-out", "items": [11], "reason": "asked twice", "when": 2024},
        {"change": "reworded", "items": [3, "GE_05"], "reason": "plain language"},
        {"change": "format", "block": "night", "what": "0 to 5", "reason": "as the others"},
    ],
    "item_metadata": [
        {"domain": "work", "size": "micro"}, {"items": ["NW_1"], "objectivity": "reported"},
    ],
}  # fmt: skip
FULL: dict[str, Any] = VALID | {
    "instruments": VALID["instruments"] | {"general": ADAPTED},
    "population": {"description": "Adults", "selected_on": []},
    "arms": {"column": "arm", "control": "usual", "labels": ["usual", "new"]},
    "resilience": {
        "windows": {"width": 3, "step": 1, "valid": 2},
        "phases": {"early": {"from": 1, "to": 3}},
        "bootstrap": 10,
    },
    "missing": {"prorate": 0.8, "codes": {"skipped": [-9]}},
    "report": {"individuals": "hide"},
    "analyses": [{"step": "x", "name": "y"}],
}
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(
        ["???", "", " ", "GE_{01..11}", "{occasion}", "{9..1}", "{1..99999}", "0..5", "5..0",
         "7 days", "0 days", "9e999 years", "ghq-12", "general", "É\u0301",
         "\u202e", "a.b", "\ud800"]
    ),
    st.lists(st.one_of(st.integers(), st.text(max_size=3)), max_size=3),
    st.dictionaries(st.text(max_size=4), st.integers(), max_size=3),
)  # fmt: skip


def places(values: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of nested values, the outermost left out."""
    keys: Any = ()
    if isinstance(values, dict):
        keys = list(values)
    elif isinstance(values, list):
        keys = range(len(values))
    found = []
    for key in keys:
        found += [(*place, key), *places(values[key], (*place, key))]
    return found


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    values = json.loads(json.dumps(FULL))
    for _ in range(draw(st.integers(1, 4))):
        all_places = places(values)
        if not all_places:
            break
        *parents, last = draw(st.sampled_from(all_places))
        inside: Any = values
        for key in parents:
            inside = inside[key]
        what = draw(st.sampled_from(["drop", "rename", "replace", "replace", "double"]))
        if what == "drop":
            del inside[last]
        elif what == "rename" and isinstance(inside, dict):
            inside[draw(st.text(max_size=6)) + str(last)[1:]] = inside.pop(last)
        elif what == "double" and isinstance(inside, list):
            inside.append(inside[last])
        else:
            inside[last] = draw(ODD)
    return values


def read_or_refuse(source: Any) -> None:
    study: Study | None = None
    findings: tuple[Finding, ...] = ()
    try:
        study = read_study(source)
    except StudyError as error:
        findings = error.findings
    if study is None:
        assert refusals(findings)
    else:
        findings = study.findings
        assert not refusals(findings)
        assert len(study.hash) == 64
        assert outline(study)
    for item in findings:
        assert item.text
        assert item.mend
        json.dumps(item.to_dict(), allow_nan=False)


def test_the_study_that_is_changed_is_valid():
    assert read_study(FULL).instruments["general"].log


@given(mutated())
@settings(max_examples=120)
def test_changed_values_give_a_study_or_a_refusal(values):
    read_or_refuse(values)


@given(st.data())
@settings(max_examples=50)
def test_changed_text_gives_a_study_or_a_refusal(data):
    text = read_template("weekly")
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        length = data.draw(st.integers(0, 12))
        new = data.draw(
            st.one_of(st.text(max_size=5), st.sampled_from(list(":{}[]#&*!|>'\"-?\n ")))
        )
        text = text[:start] + new + text[start + length :]
    read_or_refuse(text if "\n" in text else text + "\n")


@given(st.binary(max_size=200))
@settings(max_examples=40)
def test_any_bytes_give_a_refusal(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("bytes") / "study.yaml"
    path.write_bytes(content)
    read_or_refuse(path)


def test_half_characters_are_refused():
    for values in (
        VALID | {"title": "\ud800"},
        VALID | {"analyses": [{"step": "\ud800"}]},
    ):
        read_or_refuse(values)
