"""Occasions, templates, schema, coverage and the screen of items."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from salutogen.analyses.registry import BUILT_IN
from salutogen.errors import StudyError
from salutogen.findings import Severity
from salutogen.study import read_study
from salutogen.study.check.coverage import coverage, share_covered
from salutogen.study.check.item_wording import reactions_named
from salutogen.study.format import OccasionBlock, item_name
from salutogen.study.format.plain_yaml import load_yaml
from salutogen.study.outline import outline
from salutogen.study.schedule import expand_occasions
from salutogen.study.schema import study_schema
from salutogen.study.templates import read_template, template_names
from tests.study.small_study import VALID, changed, codes

EXAMPLES = Path(__file__).parents[2] / "examples"


def block(**values):
    return OccasionBlock.model_validate(values)


def test_blocks_follow_one_another():
    occasions = expand_occasions(
        (block(every="2 weeks", count=3), block(labels=["x", "y"], every="1 month"))
    )
    assert [one.label for one in occasions] == ["1", "2", "3", "x", "y"]
    month = 365.25 / 12
    assert [one.day for one in occasions] == [0, 14, 28, 28 + month, 28 + 2 * month]
    assert [one.index for one in occasions] == [0, 1, 2, 3, 4]


def test_listed_and_unknown_days():
    listed = expand_occasions(block(labels=["a", "b"], at=[0, "7 weeks"]))
    assert [one.day for one in listed] == [0, 49]
    assert [one.day for one in expand_occasions(block(labels=[1, 2]))] == [None, None]
    assert [one.label for one in expand_occasions(block(labels=[1, 2]))] == ["1", "2"]


@pytest.mark.parametrize(
    "blocks",
    [
        (),
        block(),
        block(count=2, labels=["a"]),
        block(every="1 day", at=[0]),
        block(labels=[]),
        block(at=[0, "2 days", "1 day"]),
        (block(labels=["1"]), block(labels=["1"])),
        (block(count=10_000), block(count=10_000), block(count=1)),
    ],
)
def test_unclear_plans_are_refused(blocks):
    with pytest.raises(ValueError):
        expand_occasions(blocks)


@pytest.mark.parametrize(
    "column, item",
    [
        ("GE_01_w{occasion}", "GE_01"),
        ("w{occasion}_GE_01", "GE_01"),
        ("GHQ{occasion}_1", "GHQ_1"),
        ("GE_01_wave{occasion}", "GE_01"),
        ("{occasion}", "{occasion}"),
        ("GE_01", "GE_01"),
    ],
)
def test_items_are_named_without_the_occasion(column, item):
    assert item_name(column) == item


# Occasions in the first year (days 0 to 365, the one of day 0 included), from the designs.
FIRST_YEAR = {"quarterly": 4, "weekly": 6, "bursts": 16, "trial": 4}


def test_templates_have_the_right_number_of_occasions_per_year():
    assert set(template_names()) == FIRST_YEAR.keys()
    for name, number in FIRST_YEAR.items():
        days = [one.day for one in read_study(read_template(name)).occasions]
        assert sum(day < 365.25 for day in days) == number, name


def test_the_designs_of_the_templates():
    bursts = read_study(read_template("bursts"))
    days = [one.day for one in bursts.occasions]
    assert days[:13] == [14 * number for number in range(13)]
    assert [round(day - 168) for day in days[13:]] == [30, 61, 91]
    with_burst = [one for one in bursts.plan.occasions if one.burst is not None]
    assert sum(one.count or len(one.at) for one in with_burst) == 6
    quarterly = read_study(read_template("quarterly"))
    steps = {round(b.day - a.day, 6) for a, b in zip(quarterly.occasions, quarterly.occasions[1:])}  # noqa: B905
    assert steps == {91.3125}
    trial = read_study(read_template("trial"))
    assert [one.day for one in trial.occasions] == [0, 49, 91, 147]
    assert trial.plan.arms.control == "care-as-usual"


def test_an_unknown_template_names_the_nearest():
    with pytest.raises(StudyError) as caught:
        read_template("quaterly")
    assert "quarterly" in caught.value.findings[0].mend


@pytest.fixture(scope="module")
def validator():
    steps = {one.name: one.settings_model().model_json_schema() for one in BUILT_IN}
    steps["growth"] = {"type": "object", "properties": {"k": {"type": "integer"}},
                       "additionalProperties": False}  # fmt: skip
    schema = study_schema(steps)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_templates_and_examples_fit_the_schema(validator):
    texts = {name: read_template(name) for name in template_names()}
    texts |= {str(path): path.read_text("utf-8") for path in EXAMPLES.glob("*/*.yaml")}
    assert len(texts) > len(template_names())
    for name, text in texts.items():
        errors = [error.message for error in validator.iter_errors(load_yaml(text, name).values)]
        assert errors == [], name


@pytest.mark.parametrize(
    "changes",
    [
        {"factros": []},
        {"norm/shape": "lineer"},
        {"instruments/general/answers": "0-5"},
        {"instruments/general/recall": "a week"},
        {"analyses": [{"step": "grwth"}]},
        {"analyses": [{"step": "growth", "k": "two"}]},
        {"salutogen": 2},
    ],
)
def test_the_schema_refuses(validator, changes):
    assert validator.is_valid(VALID | {"analyses": [{"step": "growth", "name": "a", "k": 2}]})
    assert not validator.is_valid(changed(changes))


def test_every_key_of_the_schema_is_described():
    schema = study_schema()
    parts = {"top": schema, **schema["$defs"]}
    missing = [
        f"{part}.{key}"
        for part, definition in parts.items()
        for key, value in definition.get("properties", {}).items()
        if not value.get("description")
    ]
    assert missing == []
    assert json.loads(json.dumps(schema)) == schema


def test_seven_days_every_three_months_cover_eight_percent():
    values = changed({"occasions": {"every": "3 months", "count": 9}})
    (found,) = coverage(read_study(values))
    assert found.share == pytest.approx(7 / (365.25 / 4))
    assert round(100 * found.share) == 8
    assert any("8 %" in line for line in outline(read_study(values)))


def test_overlapping_windows_count_once():
    days = [0.0, 3.0, 10.0]
    inside = sum(any(day - 5 <= t / 100 < day for day in days) for t in range(1000)) / 1000
    assert share_covered(days, 5, 0, 10) == pytest.approx(inside, abs=1e-3)
    assert share_covered([0, 7, 14], 30, 0, 14) == 1


@pytest.mark.parametrize(
    "text, kind",
    [
        ("Being worried about becoming infected", "worry"),
        ("Ruminative thoughts about work", "worry"),
        ("Not enough protective equipment", "appraisal"),
        ("I felt overwhelmed", "appraisal"),
        ("Trouble sleeping", "symptom"),
        ("Sich Sorgen machen", "worry"),
    ],
)
def test_reactions_are_found(text, kind):
    assert kind in [one.kind for one in reactions_named(text)]


@pytest.mark.parametrize(
    "text",
    ["Death of patient", "Quarrel with a colleague", "Missed the train", "Loss of job", ""],
)
def test_events_are_not_flagged(text):
    assert reactions_named(text) == ()


def test_bursts_are_planned_and_told_as_not_analysed_yet():
    study = read_study(read_template("bursts"))
    (found,) = [item for item in study.findings if item.code == "burst-not-analysed"]
    assert found.severity is Severity.NOTE
    assert found.evidence.numbers["occasions"] == 6
    assert "6 bursts of 7 days with 10 prompts a day" in found.text
    assert "Bursts: 7 days × 10 prompts at 6 of them" in outline(study)
    everywhere = changed({"occasions/burst": {"days": 1, "prompts_per_day": 5}})
    assert "Bursts: 1 day × 5 prompts at each" in outline(read_study(everywhere))
    assert "burst-not-analysed" not in codes(read_study(VALID).findings)
