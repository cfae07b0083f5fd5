"""What is known of items: from registry and study file, and what it makes doubtful."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from salutogen.errors import StudyError
from salutogen.study import read_study
from salutogen.study.instruments.registry import parse_instrument, registry
from tests.study.small_study import VALID, changed, codes, refused

HERE = "instruments/general/item_metadata"


def test_later_entries_go_before_earlier_ones_and_the_file_before_the_registry():
    metadata = [
        {"population": "nurses", "objectivity": "reported"},
        {"items": ["GE_{02..03}", 5], "objectivity": "verifiable", "domain": "work"},
    ]
    general = {"instrument": "dynacore-general", "columns": "GE_{01..11}"}
    study = read_study(changed({"instruments/general": general | {"item_metadata": metadata}}))
    instrument = study.instruments["general"]
    assert instrument.fact("GE_01").objectivity == "reported"
    chosen = [item for item in instrument.items if instrument.fact(item).domain == "work"]
    assert chosen == ["GE_02", "GE_03", "GE_05"]
    assert {instrument.fact(item).objectivity for item in chosen} == {"verifiable"}
    assert {instrument.fact(item).population for item in instrument.items} == {"nurses"}
    assert instrument.fact("GE_01").source == "Bögemann et al. 2023"


def test_the_registry_says_nothing_of_added_items():
    log = [{"change": "added", "items": ["N1"], "reason": "missing"}]
    use = {"columns": ["M{01..58}", "N1"], "adaptations": log}
    study = read_study(changed({"instruments/mimis": use, "exposure/types": ["mimis"]}))
    mimis = study.instruments["mimis"]
    assert mimis.fact("M01").size == "micro"
    assert mimis.fact("N1").size is None


@pytest.mark.parametrize("items", ["GE_12", [12], ["GE_{01..12}"]])
def test_items_that_are_not_there_are_refused(items):
    found = refused(changed({HERE: [{"items": items, "size": "micro"}]}))
    assert codes(found) == ["unknown-name"]


def test_hassles_and_life_events_in_one_list_are_told():
    mixed = [{"size": "micro"}, {"items": [1, 2], "size": "macro"}]
    study = read_study(changed({HERE: mixed}))
    (found,) = [item for item in study.findings if "life-events" in item.code]
    assert "9 hassles and 2 life events" in found.text
    justified = {HERE: mixed, "instruments/general/justification": "few of each"}
    for quiet in (justified, {HERE: mixed[:1]}, {HERE: mixed[1:]}):
        assert not [
            item
            for item in read_study(changed(quiet)).findings
            if item.code == "hassles-and-life-events-in-one-list"
        ]


def test_items_graded_as_appraisal_need_a_justification():
    graded = {
        HERE: [{"items": [1, 3], "objectivity": "appraised"}],
        "instruments/general/texts": {1: "Being worried about money", 2: "Death of patient"},
    }
    study = read_study(changed(graded))
    told = [item for item in study.findings if item.code == "item-not-objective"]
    assert sorted(item.evidence.column for item in told) == ["GE_01", "GE_03"]
    assert "is graded as an appraisal" in told[-1].text
    justified = graded | {"instruments/general/justification": "asked by the board"}
    assert "item-not-objective" not in codes(read_study(changed(justified)).findings)


def test_shipped_metadata_speaks_of_items_by_number_only():
    known = {name: entry.item_metadata for name, entry in registry().items()}
    assert known["mimis"][0].size == "micro"
    assert known["lte-q"][0].size == "macro"
    text = (
        "name: x\ntitle: X\nmeasures: exposure\nitems: 2\nanswers: 0..1\nscorings: {sum: {}}\n"
        "default_scoring: sum\nlicence: {status: free}\nsources: [Y]\n"
    )
    assert (
        parse_instrument(text + "item_metadata: [{items: [1, 2], size: micro}]\n", "x").items == 2
    )
    for wrong in ("[A1]", "[3]", "A1", "0"):
        with pytest.raises(StudyError):
            parse_instrument(text + f"item_metadata: [{{items: {wrong}}}]\n", "x.yaml")


def test_the_examples_of_the_page_on_items_are_valid(repository: Path):
    page = (repository / "docs" / "item-bank.md").read_text(encoding="utf-8")
    first, second = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    rest = yaml_without(("instruments", "exposure"))
    mood = "  ghq-12: {columns: 'G_{01..12}'}\n  optimism: {columns: OPT, measured: baseline}\n"
    for example, name in ((first, "hassles"), (second, "general")):
        study = read_study(f"{rest}exposure: {{types: [{name}]}}\n{example}{mood}")
        instrument = study.instruments[name]
        assert instrument.log or instrument.fact("DH_01").domain == "work"
    assert instrument.log.composition() == [
        "5 items added (block 'night-work')", "item 4 left out",
    ]  # fmt: skip
    assert instrument.log.rewordings() == ["7"]


def yaml_without(keys: tuple[str, ...]) -> str:
    """The small study as YAML (JSON is YAML), some of its keys left out."""
    return "".join(
        f"{key}: {json.dumps(value)}\n" for key, value in VALID.items() if key not in keys
    )
