from __future__ import annotations

import pytest

from salutogen.findings import Severity
from salutogen.study import read_study
from tests.study.small_study import GONE, VALID, changed, codes, refused


def test_the_valid_study_is_read_whole():
    study = read_study(VALID)
    assert study.labels == ("1", "2", "3", "4", "5", "6")
    assert [occasion.day for occasion in study.occasions] == [0, 7, 14, 21, 28, 35]
    ghq, general, optimism = study.instruments.values()
    assert (ghq.registered, ghq.measures, ghq.scoring.name) == ("ghq-12", "problems", "likert")
    assert ghq.items == tuple(f"G_{number:02}" for number in range(1, 13))
    assert (general.measures, general.did_not_occur, general.recall.days) == ("exposure", 0, 7)
    assert (optimism.measures, optimism.higher, optimism.items) == (
        "resource",
        "better",
        ("OPT_T0",),
    )
    assert codes(study.findings) == ["exposure-coverage"]


@pytest.mark.parametrize(
    "path, value",
    [("title", "Other"), ("norm/shape", "linear"), ("instruments/general/recall", "8 days")],
)
def test_the_hash_changes_with_every_edit_but_not_with_comments(path, value):
    assert read_study(changed({path: value})).hash != read_study(VALID).hash
    assert read_study(changed({"title": "Six weeks"})).hash == read_study(VALID).hash


def test_everything_wrong_is_said_at_once_with_the_nearest_name():
    findings = refused(
        changed(
            {
                "factros": ["optimism"],
                "norm/shape": "lineer",
                "instruments/general/answers": "5..0",
                "instruments/general/recal": "7 days",
                "sources/answers/person": GONE,
                "exposure/types": ["generel"],
                "problems": "ghq12",
                "instruments/optimism/source": "answer",
                "resilience/phases": {"early": {"from": 1, "to": 9}},
            }
        )
    )
    said = {item.evidence.numbers["key"]: item for item in findings}
    assert set(said) == {
        "factros",
        "norm.shape",
        "instruments.general.answers",
        "instruments.general.recal",
        "sources.answers.person",
        "exposure.types.0",
        "problems",
        "instruments.optimism.source",
        "resilience.phases.early.to",
    }
    assert said["factros"].mend == "Did you mean 'factors'?"
    assert said["norm.shape"].mend == "Did you mean 'linear'?"
    assert said["instruments.general.recal"].mend == "Did you mean 'recall'?"
    assert "'5..0'" in said["instruments.general.answers"].text


def test_names_are_checked_although_values_are_wrong_too():
    findings = refused(
        changed(
            {
                "title": GONE,
                "norm/shape": 3,
                "exposure/types": ["generel"],
                "problems": "ghq12",
                "resilience/phases": {"early": {"from": 1, "to": 9}},
            }
        )
    )
    mends = {item.evidence.numbers["key"]: item.mend for item in findings}
    assert mends["exposure.types.0"] == "Did you mean 'general'?"
    assert mends["problems"] == "Did you mean 'ghq-12'?"
    assert {"title", "norm.shape", "resilience.phases.early.to"} <= mends.keys()


SECOND = {"person": "id", "layout": "row-per-person"}


@pytest.mark.parametrize(
    "code, changes",
    [
        ("missing-key", {"exposure": GONE}),
        ("missing-key", {"instruments/general/columns": GONE}),
        ("invalid-value", {"instruments": []}),
        ("invalid-value", {"occasions": "weekly"}),
        ("invalid-value", {"instruments/general/recall": "a week"}),
        ("unknown-name", {"instruments/optimism/source": "answer"}),
        ("unknown-name", {"instruments/optimism/instrument": "optimisme"}),
        ("unknown-name", {"factors": ["optimist"]}),
        ("unknown-name", {"instruments/ghq-12/scoring": "bimodel"}),
        ("unknown-name", {"exposure/score": {"generall": "count"}}),
        ("unknown-name", {"norm/covariates": ["agee"]}),
        ("unknown-name", {"population/selected_on": ["k10"]}),
        ("unknown-name", {"norm/reference": {"arm": "control"}}),
        ("unknown-name", {"norm/reference": {"phase": "early"}}),
        ("unknown-name", {"instruments/general/reverse": [12]}),
        ("unknown-name", {"instruments/general/asked": {"7": "GE_{01..03}"}}),
        ("reference-invalid", {"norm/reference": {"window": 5}}),
        ("reference-invalid", {"norm/reference": {}}),
        ("named-twice", {"factors": ["optimism", "optimism"]}),
        ("source-needed", {"sources/second": SECOND}),
        ("layout-incomplete", {"sources/answers/occasion": GONE}),
        ("layout-incomplete", {"sources/answers/layout": "row-per-item"}),
        ("layout-incomplete", {"sources/answers/layout": "row-per-person"}),
        ("layout-incomplete", {"instruments/general/columns": "GE_{01..11}_w{occasion}"}),
        ("columns-invalid", {"instruments/general/columns": "GE_{11..01}"}),
        ("columns-invalid", {"instruments/general/columns": "GE_{01..}"}),
        ("columns-invalid", {"instruments/general/columns": ["GE_{01..03}", "GE_02"]}),
        ("column-taken-twice", {"instruments/general/columns": ["GE_01", "G_02"]}),
        ("item-number-differs", {"instruments/ghq-12/columns": "G_{01..13}"}),
        ("occasions-invalid", {"occasions": {"every": "7 days"}}),
        ("occasions-invalid", {"occasions": {"labels": ["a", "a"]}}),
        ("window-invalid", {"resilience/windows/valid": 4}),
        ("window-invalid", {"resilience/windows/width": "3 weeks"}),
        ("phase-invalid", {"resilience/phases": {"early": {"from": 3, "to": 1}}}),
        ("problems-not-combined", {"problems": {"instruments": ["ghq-12", "optimism"]}}),
        ("physiology-as-exposure", {"instruments/general/measures": "physiology"}),
        ("perceived-stress-as-exposure", {"instruments/general/measures": "perceived-stress"}),
        ("response-as-exposure", {"instruments/general/measures": "trait"}),
        ("trait-as-outcome", {"instruments/ghq-12/measures": "perceived-recovery"}),
        ("trait-as-outcome", {"problems": "optimism"}),
        ("exposure-as-problems", {"problems": "general"}),
        ("role-not-repeated", {"instruments/general/measured": "baseline"}),
        ("gap-to-fill", {"problems": "???"}),
        ("gap-to-fill", {"instruments/general/recall": "???"}),
        ("gap-to-fill", {"sources/answers/layout": "???"}),
        ("gap-to-fill", {"instruments/???": {"columns": "X"}}),
    ],
)
def test_refusals(code, changes):
    values = changed(changes)
    if code == "trait-as-outcome" and "problems" in changes:
        values["instruments"]["optimism"]["measures"] = "trait"
    findings = refused(values)
    assert code in codes(findings), codes(findings)
    found = next(item for item in findings if item.code == code)
    assert found.severity is Severity.REFUSAL
    assert found.mend
    if code == "gap-to-fill":
        assert set(codes(findings)) == {"gap-to-fill"}


@pytest.mark.parametrize(
    "code, changes",
    [
        ("recall-missing", {"instruments/general/recall": GONE}),
        ("recall-differs", {"instruments/general/recall": "6 weeks"}),
        ("recall-long", {"instruments/general/recall": "1 year"}),
        ("exposure-coverage-low", {"occasions/every": "3 months"}),
        ("window-too-wide", {"resilience/windows/width": 7}),
        ("factor-in-norm", {"norm/covariates": ["optimism"]}),
        ("selected-on-problems", {"population": {"selected_on": ["ghq-12"]}}),
        ("perceived-stress-as-problems", {"instruments/ghq-12/measures": "perceived-stress"}),
        ("item-not-objective", {"instruments/general/texts": {"GE_02": "Being worried a lot"}}),
    ],
)
def test_warnings(code, changes):
    study = read_study(changed(changes))
    assert code in codes(study.findings)
    found = next(item for item in study.findings if item.code == code)
    assert found.severity is Severity.WARNING


def test_a_justification_is_heard():
    kept = {"measures": "physiology", "justification": "Arousal is the topic."}
    values = changed({f"instruments/general/{key}": value for key, value in kept.items()})
    assert "physiology-as-exposure" not in codes(read_study(values).findings)
    texts = changed(
        {
            "instruments/general/texts": {"2": "Not enough staff"},
            "instruments/general/justification": "Staffing was compared with the plan.",
        }
    )
    assert codes(read_study(texts).findings) == ["exposure-coverage"]


def test_perceived_stress_scale_is_refused_as_exposure_by_its_name():
    values = changed({"instruments/pss-10": {"columns": "PSS_{01..10}"}})
    values["exposure"]["types"] = ["general", "pss-10"]
    assert "perceived-stress-as-exposure" in codes(refused(values))


def test_the_code_of_what_did_not_happen_may_lie_outside_the_range():
    values = changed({"instruments/general/answers": "1..5"})
    assert codes(read_study(values).findings) == codes(read_study(VALID).findings)


def test_a_range_that_begins_at_a_negative_code_is_doubtful():
    changes = {"instruments/general/answers": "-9..5", "instruments/general/did_not_occur": -9}
    assert "codes-below-zero" in codes(read_study(changed(changes)).findings)


def test_patterns_take_what_they_say_and_nothing_else():
    items = read_study(VALID).instruments["general"].items
    assert items[-1] == "GE_11"
    assert "GE_12" not in items
    assert len(items) == 11


def test_items_are_named_by_number_or_column():
    values = changed(
        {
            "instruments/general/reverse": [2, "GE_04"],
            "instruments/general/subscales": {"work": [1, "GE_03"]},
            "instruments/general/asked": {1: "GE_{01..03}", "2": ["GE_11"]},
        }
    )
    general = read_study(values).instruments["general"]
    assert general.reverse == {"GE_02", "GE_04"}
    assert general.subscales == {"work": ("GE_01", "GE_03")}
    assert general.asked == {"1": {"GE_01", "GE_02", "GE_03"}, "2": {"GE_11"}}


def test_fillers_are_not_items():
    scored = tuple(f"L{number}" for number in (1, 3, 4, 7, 9, 10))
    full = {"columns": "L{1..10}", "measured": "baseline"}
    lot = read_study(changed({"instruments/lot-r": full})).instruments["lot-r"]
    assert lot.items == scored
    assert lot.reverse == {"L3", "L7", "L9"}
    short = {"columns": list(scored), "measured": "baseline"}
    same = read_study(changed({"instruments/lot-r": short})).instruments["lot-r"]
    assert (same.items, same.reverse, same.subscales) == (lot.items, lot.reverse, lot.subscales)


def test_own_instruments_come_from_a_folder(tmp_path):
    folder = tmp_path / "own"
    folder.mkdir()
    path = folder / "worries.yaml"
    path.write_text(
        "name: worries\ntitle: Worries\nmeasures: problems\nitems: 3\nanswers: 0..4\n"
        "scorings: {sum: {method: sum}}\ndefault_scoring: sum\n"
        "licence: {status: free}\nsources: [ours]\n",
        encoding="utf-8",
    )
    values = changed({"instruments/worries": {"columns": "W{1..3}"}, "problems": "worries"})
    values["instrument_folder"] = str(folder)
    assert read_study(values).instruments["worries"].answers.maximum == 4
    path.write_text(path.read_text(encoding="utf-8") + "itmes: 3\n", encoding="utf-8")
    found = refused(values)
    assert ("instrument-file-invalid", 10) in [(one.code, one.evidence.line) for one in found]
    values["instrument_folder"] = str(tmp_path / "absent")
    assert "instrument-folder-unreadable" in codes(refused(values))


@pytest.mark.parametrize("key", ["occasions", "sources", "exposure", "problems", "title"])
def test_a_missing_part_hides_nothing_else(key):
    findings = refused(changed({key: GONE, "factors": ["optimisn"], "norm/unit": "persons"}))
    said = {item.evidence.numbers["key"] for item in findings}
    assert said == {key, "factors.0", "norm.unit"}


def test_findings_stand_in_the_order_of_the_file():
    text = (
        "salutogen: 1\ntitle: x\noccasions: {every: 7 days, count: 2}\n"
        "sources: {answers: {person: id, occasion: week}}\n"
        "instruments:\n  ghq-12: {columns: 'G_{1..13}'}\n"
        "  list: {columns: 'L{1..5}', answers: five}\n"
        "problems: ghq\nexposure: {types: [lst]}\nfactros: []\n"
    )
    found = refused(text)
    assert [item.evidence.line for item in found] == [6, 7, 8, 9, 10]
    assert codes(found) == [
        "item-number-differs",
        "invalid-value",
        "unknown-name",
        "unknown-name",
        "unknown-key",
    ]
