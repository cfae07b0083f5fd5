"""How lists and scales were adapted: read, refused where it cannot be, told where it matters."""

from __future__ import annotations

from typing import Any

import pytest

from salutogen.study import Study, read_study
from salutogen.study.outline import outline
from salutogen.study.plan import consequence
from tests.study.small_study import VALID, changed, codes, refused

BLOCK = {
    "change": "added",
    "items": "NW_{1..2}",
    "block": "night-work",
    "reason": "nights on call were missing",
    "source": "12 interviews with nurses",
    "when": "2024-03",
}
LEFT_OUT = {"change": "left-out", "items": [4, 7], "reason": "asked elsewhere"}
REWORDED = {"change": "reworded", "items": [5], "reason": "plain language"}
DYNACORE = {"instrument": "dynacore-general", "columns": "GE_{01..11}"}


def adapted(*log: dict[str, Any], **use: Any) -> dict[str, Any]:
    """The valid study with a registered list of eleven that was adapted."""
    return changed({"instruments/general": DYNACORE | use | {"adaptations": list(log)}})


def study_with(*log: dict[str, Any], **use: Any) -> Study:
    return read_study(adapted(*log, **use))


def test_a_study_without_adaptations_keeps_its_hash():
    before = read_study(VALID)
    plan = before.to_json()
    assert "adaptations" not in plan
    assert "item_metadata" not in plan
    nothing = {f"instruments/general/{key}": [] for key in ("adaptations", "item_metadata")}
    assert read_study(changed(nothing)).hash == before.hash
    log = changed({"instruments/general/adaptations": [REWORDED]})
    assert read_study(log).hash != before.hash


def test_added_columns_may_stand_anywhere_and_standard_items_keep_their_numbers():
    columns = ["NW_1", "GE_{01..05}", "NW_2", "GE_{06..11}"]
    general = study_with(BLOCK, columns=columns, reverse=[6]).instruments["general"]
    standard = tuple(f"GE_{number:02}" for number in range(1, 12))
    assert general.log.blocks == {"standard": standard, "night-work": ("NW_1", "NW_2")}
    assert general.numbers == {item: place for place, item in enumerate(standard, start=1)}
    assert general.reverse == {"GE_06"}
    assert len(general.items) == 13


def test_items_left_out_leave_the_numbers_of_the_others():
    columns = [f"X{number}" for number in (1, 2, 3, 5, 6, 8, 9, 10, 11)]
    general = study_with(LEFT_OUT, columns=columns).instruments["general"]
    assert general.numbers == {f"X{number}": number for number in (1, 2, 3, 5, 6, 8, 9, 10, 11)}
    assert general.log.composition() == ["items 4 and 7 left out"]


def test_keys_of_the_registry_follow_the_published_numbers():
    log = [{"change": "left-out", "items": [2, 22], "reason": "not allowed by the board"}]
    columns = [f"Q{number}" for number in range(1, 29) if number not in (2, 22)]
    use = {"columns": columns, "adaptations": log}
    study = read_study(changed({"instruments/ghq-28": use, "problems": "ghq-28"}))
    scales = study.instruments["ghq-28"].subscales
    assert scales["somatic"] == ("Q1", "Q3", "Q4", "Q5", "Q6", "Q7")
    assert scales["severe-depression"] == tuple(f"Q{number}" for number in range(23, 29))
    warned = {item.code: item for item in study.findings}
    assert warned["safety-item-changed"].evidence.numbers["items"] == ["item 22"]
    assert "item 22 of 'ghq-28' was left out or reworded" in warned["safety-item-changed"].text


def test_fillers_may_be_missing_from_an_adapted_scale():
    log = [{"change": "left-out", "items": 3, "reason": "double negation"}]
    for numbers in ((1, 4, 7, 9, 10), (1, 2, 4, 5, 6, 7, 8, 9, 10)):
        use = {
            "columns": [f"L{number}" for number in numbers],
            "measured": "baseline",
            "adaptations": log,
        }
        study = read_study(changed({"instruments/lot-r": use, "factors": ["lot-r"]}))
        one = study.instruments["lot-r"]
        assert one.items == ("L1", "L4", "L7", "L9", "L10")
        assert one.reverse == {"L7", "L9"}


@pytest.mark.parametrize(
    "log, use, code, told",
    [
        ([BLOCK], {}, "unknown-name", "NW_1"),
        ([BLOCK | {"items": "GE_{12..13}"}], {}, "unknown-name", "GE_12"),
        ([BLOCK | {"items": [12]}], {}, "adaptation-invalid", "a number of the published list"),
        ([LEFT_OUT], {}, "item-number-differs", "keeps 9 of the 11 items"),
        ([LEFT_OUT | {"items": [12]}], {}, "adaptation-invalid", "none of the numbers 1 to 11"),
        ([LEFT_OUT | {"items": ["GE_04"]}], {}, "adaptation-invalid", "it has a column"),
        ([LEFT_OUT | {"items": ["²"]}], {}, "adaptation-invalid", "none of the numbers"),
        ([REWORDED | {"items": ["²"]}], {}, "unknown-name", "²"),
        ([LEFT_OUT | {"items": ["work"]}], {}, "adaptation-invalid", "none of the numbers"),
        ([{"change": "left-out", "reason": "x"}], {}, "adaptation-invalid", "but not which"),
        ([{"change": "added", "reason": "x"}], {}, "adaptation-invalid", "but not which"),
        ([{"change": "reworded", "reason": "x"}], {}, "adaptation-invalid", "but not which"),
        ([REWORDED | {"items": [14]}], {}, "unknown-name", "14"),
        ([REWORDED | {"items": ["GE_1"]}], {}, "unknown-name", "GE_1"),
        ([{"change": "reworded", "block": "night", "reason": "x"}], {}, "unknown-name", "night"),
        ([{"change": "reworded"}], {}, "missing-key", "reason"),
        ([REWORDED | {"change": "rewordet"}], {}, "invalid-value", "rewordet"),
        ([REWORDED | {"when": "March"}], {}, "invalid-value", "a year, month or day"),
        ([REWORDED | {"items": "GE_{3..1}"}], {}, "columns-invalid", "backwards"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_words(log, use, code, told):
    found = refused(adapted(*log, **use))
    assert code in codes(found)
    assert told in " ".join(item.text for item in found)


@pytest.mark.parametrize(
    "log, told",
    [
        ([BLOCK, BLOCK], "added twice"),
        ([BLOCK | {"block": "standard"}], "a name that is taken"),
        ([BLOCK | {"items": ["GE_{01..11}", "NW_{1..2}"]}], "no standard item is left"),
    ],
)
def test_blocks_stand_apart(log, told):
    found = refused(adapted(*log, columns=["GE_{01..11}", "NW_{1..2}"]))
    assert told in " ".join(item.text for item in found)


def test_a_misspelt_block_is_answered_with_the_nearest():
    wrong = {"change": "reworded", "block": "nightwork", "reason": "x"}
    found = refused(adapted(BLOCK, wrong, columns=["GE_{01..11}", "NW_{1..2}"]))
    assert codes(found)[0] == "unknown-name"
    assert found[0].evidence.numbers["nearest"] == "night-work"
    assert found[0].evidence.numbers["key"] == "instruments.general.adaptations.1.block"


def test_a_list_of_the_studys_own_may_say_what_the_other_one_had():
    use = {"adaptations": [BLOCK | {"items": ["GE_10", "GE_11"]}, LEFT_OUT, REWORDED]}
    study = read_study(changed({f"instruments/general/{key}": value for key, value in use.items()}))
    log = study.instruments["general"].log
    assert log.composition() == ["2 items added (block 'night-work')", "items 4 and 7 left out"]
    assert log.rewordings() == ["GE_05"]


def test_the_order_and_the_reasons_of_changes_make_no_other_list():
    columns = ["GE_01", "GE_02", "GE_03", "GE_05", "GE_06", "GE_{08..11}", "NW_{1..2}"]
    one = study_with(BLOCK, LEFT_OUT, REWORDED, columns=columns).instruments["general"].log
    parts = [LEFT_OUT | {"items": 7, "when": 2020}, LEFT_OUT | {"items": "4", "reason": "else"}]
    other = study_with(*parts, BLOCK | {"when": None}, columns=columns).instruments["general"].log
    assert one.composition() == other.composition()
    assert one.composition() == ["2 items added (block 'night-work')", "items 4 and 7 left out"]
    assert (one.rewordings(), other.rewordings()) == (["5"], [])


def test_findings_and_outline_tell_what_was_changed_why_and_when():
    study = study_with(BLOCK, columns=["GE_{01..11}", "NW_{1..2}"])
    told = (
        "2 items added (block 'night-work') (2024-03; source: 12 interviews with nurses; "
        "reason: nights on call were missing)"
    )
    (found,) = [item for item in study.findings if item.code == "list-adapted"]
    assert told in found.text
    assert found.evidence.numbers["key"] == "instruments.general.adaptations"
    lines = outline(study)
    assert f"general adapted: {told}" in lines
    assert any(line.startswith("general: DynaCORE list") and "version 1" in line for line in lines)
    assert any("scoring 'likert' by Goldberg" in line for line in lines)


@pytest.mark.parametrize(
    "reliability, told",
    [
        (None, "Its published reliability, cut-offs and norms may not carry over."),
        (0.9, "neither may the reliability 0.9 that the study file gives for it."),
    ],
)
@pytest.mark.parametrize("change", ["reworded", "format"])
def test_an_adapted_scale_says_what_may_not_carry_over(reliability, told, change):
    log = [REWORDED | {"change": change, "what": "asked about last week."}]
    paths = {"instruments/ghq-12/adaptations": log, "instruments/ghq-12/reliability": reliability}
    (found,) = [
        item for item in read_study(changed(paths)).findings if item.code == "scale-adapted"
    ]
    assert found.severity == "warning"
    assert told in found.text
    assert "asked about last week (reason: plain language)" in found.text


@pytest.mark.parametrize(
    "answers, log, told",
    [
        ("0..4", [], True),
        ("1..4", [], False),  # the same number of answers, coded from 1
        ("0..4", [{"change": "format", "what": "a fifth answer", "reason": "pilot"}], False),
    ],
)
def test_another_range_than_the_registrys_is_told_unless_the_log_says_why(answers, log, told):
    paths = {"instruments/ghq-12/answers": answers, "instruments/ghq-12/adaptations": log}
    found = codes(read_study(changed(paths)).findings)
    assert ("answers-differ-from-registry" in found) == told


@pytest.mark.parametrize("log, alone", [([BLOCK], True), ([BLOCK, REWORDED], False)])
def test_standard_items_are_offered_for_comparison_only_where_they_are_as_published(log, alone):
    study = study_with(*log, columns=["GE_{01..11}", "NW_{1..2}"])
    (found,) = [item for item in study.findings if item.code == "list-adapted"]
    assert ("by the standard items alone" in found.mend) == alone


def test_without_a_log_nothing_is_said():
    study = read_study(VALID)
    assert not {"list-adapted", "scale-adapted", "safety-item-changed"} & set(codes(study.findings))
    assert not study.instruments["general"].log
    assert not any("adapted" in line for line in outline(study))


def test_outline_shows_safety_items_and_what_is_known_of_items():
    use = {"columns": "PHQ_{1..9}"}
    metadata = [{"domain": "work", "size": "micro"}, {"items": [1, 2], "domain": "family"}]
    study = read_study(
        changed(
            {
                "instruments/phq-9": use,
                "problems": "phq-9",
                "instruments/general/item_metadata": metadata,
            }
        )
    )
    lines = outline(study)
    assert "general items: domain: 2 family, 9 work; size: 11 micro" in lines
    assert any(line.startswith("phq-9 safety: item 9 asks after danger") for line in lines)


def test_a_log_written_after_the_plan_does_not_make_everything_exploratory():
    assert consequence("instruments.general.item_metadata") == ""
    assert "scores of blocks" in consequence("instruments.general.adaptations")
    assert consequence("instruments.general.columns") == "all scores"
