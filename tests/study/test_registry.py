from __future__ import annotations

from importlib.resources import files

import pytest

from salutogen.errors import StudyError
from salutogen.study.instruments.registry import (
    RegisteredInstrument,
    parse_instrument,
    registered_names,
    registry,
    shipped,
)

# Range of the default score, from the instruments' manuals.
RANGES = {
    "ghq-12": (12, 0, 36),
    "ghq-28": (28, 0, 84),
    "phq-9": (9, 0, 27),
    "gad-7": (7, 0, 21),
    "phq-ads": (16, 0, 48),
    "pcl-5": (20, 0, 80),
    "bsi-18": (18, 0, 72),
    "who-5": (5, 0, 100),
    "pss-10": (10, 0, 40),
    "k10": (10, 10, 50),
    "mimis": (58, 0, 406),
    "life-events": (27, 0, 27),
    "dynacore-general": (11, 0, 55),
    "dynacore-corona": (29, 0, 145),
    "respond-general": (6, 0, 18),
    "respond-corona": (5, 0, 15),
    "respond-life-events": (3, 0, 9),
    "respond-health-worker": (4, 0, 12),
    "respond-migrant": (8, 0, 24),
    "lte-q": (12, 0, 12),
    "ctq-sf": (28, 25, 125),
    "brs": (6, 1, 5),
    "cd-risc-25": (25, 0, 100),
    "cd-risc-10": (10, 0, 40),
    "cd-risc-2": (2, 0, 8),
    "pass-process": (10, 1, 5),
    "pass-content": (14, 1, 4),
    "cerq-short": (18, 18, 90),
    "brief-cope": (28, 28, 112),
    "lot-r": (10, 0, 24),
    "gse": (10, 10, 40),
    "fsozu-k14": (14, 1, 5),
    "fsozu-k6": (6, 1, 5),
    "bsss-emotional": (4, 4, 16),
    "mspss": (12, 1, 7),
    "osss-3": (3, 3, 15),
    "hamscq": (12, 1, 5),
}
OPEN = {"neuroticism-short", "mimis-strain", *(f"ema-{name}" for name in (
    "negative-affect", "positive-affect", "event-unpleasantness", "stressor", "appraisal",
    "company",
))}  # fmt: skip
REVERSED = {"pss-10": (4, 5, 7, 8), "brs": (2, 4, 6), "lot-r": (3, 7, 9)}


def test_every_instrument_is_there_and_named_as_its_file():
    assert set(registered_names()) == RANGES.keys() | OPEN
    assert list(registry()) == list(registered_names())
    assert shipped("phq-9") == registry()["phq-9"]
    with pytest.raises(KeyError):
        shipped("phq-99")


def score_range(entry: RegisteredInstrument) -> tuple[float, float]:
    """Lowest and highest score of the default scoring."""
    rule = entry.scorings[entry.default_scoring]
    codes = (entry.answers.minimum, entry.answers.maximum)
    if rule.recode is not None:
        codes = (min(rule.recode.values()), max(rule.recode.values()))
    number = len(entry.scored) if entry.scored else entry.items
    factor = rule.multiply * (number if rule.method == "sum" else 1)
    return codes[0] * factor, codes[1] * factor


@pytest.mark.parametrize("name", sorted(RANGES))
def test_items_and_ranges(name):
    entry = shipped(name)
    assert (entry.items, *score_range(entry)) == RANGES[name]
    assert entry.reverse == REVERSED.get(name, entry.reverse)


def test_subscales_share_out_the_items_they_should():
    whole = {"ghq-28": 28, "bsi-18": 18, "pcl-5": 20, "phq-ads": 16, "brief-cope": 28, "mspss": 12}
    for name, number in whole.items():
        items = [item for scale in shipped(name).subscales.values() for item in scale]
        assert sorted(items) == list(range(1, number + 1)), name
    sizes = {name: len(items) for name, items in shipped("pcl-5").subscales.items()}
    assert list(sizes.values()) == [5, 2, 7, 6]
    trauma = shipped("ctq-sf")
    assert sorted(item for one in trauma.subscales.values() for item in one) == list(trauma.scored)


def test_only_free_instruments_ship_wording():
    with_text = {name for name, entry in registry().items() if entry.texts}
    assert with_text == {"phq-9", "gad-7"}
    for name in with_text:
        assert shipped(name).licence.status == "free"
        assert len(shipped(name).texts) == shipped(name).items
    for entry in registry().values():
        assert entry.licence.text_shipped == bool(entry.texts)


def test_checklists_say_what_did_not_occur_and_how_far_back_they_reach():
    for name, entry in registry().items():
        if entry.measures == "exposure":
            assert entry.did_not_occur == entry.answers.minimum == 0, name
            assert entry.recall is not None, name


def test_alternative_scorings_of_the_ghq():
    rules = shipped("ghq-12").scoring_rules()
    assert [rules["bimodal"].recode[code] for code in range(4)] == [0, 0, 1, 1]
    assert [rules["modified"].recode[code] for code in range(4)] == [0, 0, 1, 2]
    assert shipped("ghq-12").reverse == ()
    assert shipped("who-5").scoring_rules()["percent"].multiply == 4


@pytest.mark.parametrize(
    "old, new",
    [
        ("items: 9", "items: 8"),
        ("default_scoring: sum", "default_scoring: mean"),
        ("text_shipped: true", "text_shipped: false"),
        ("measures: problems", "measures: problem"),
        ("answers: 0..3", "answers: 3..0"),
        ("safety_items: [9]", "safety_items: [0]"),
        ("safety_items: [9]", "safety: [9]"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(old, new):
    folder = files("salutogen.study.instruments") / "registered"
    text = (folder / "phq-9.yaml").read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(StudyError) as caught:
        parse_instrument(text.replace(old, new), "phq-9.yaml")
    assert {item.code for item in caught.value.findings} == {"instrument-file-invalid"}
