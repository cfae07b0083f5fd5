"""Headings in other languages and scripts: names of instruments, persons and occasions."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from salutogen.drafting import draft_study
from salutogen.study import read_study
from tests.drafting.filling import filled
from tests.drafting.small_files import items, values

PERSONS, WAVES = 30, 3


@pytest.mark.parametrize(
    ("person", "wave", "mood", "events"),
    [
        ("participante", "oleada", "ánimo_", "suceso_"),
        ("deelnemer", "meting", "stemming", "gebeurtenis"),
        ("участник", "волна", "Тревога_", "Событие_"),
        ("参加者ID", "wave", "不安", "出来事"),
        ("id", "visite", "القلق_", "حدث_"),
        ("sujet", "vague", "e\u0301tat_", "Ävent_"),
    ],
)
def test_instruments_are_named_in_any_script(
    person: str, wave: str, mood: str, events: str
) -> None:
    rows = PERSONS * WAVES
    frame = pl.DataFrame(
        {
            person: np.repeat([f"p{number}" for number in range(PERSONS)], WAVES),
            wave: [str(number) for number in range(1, WAVES + 1)] * PERSONS,
            **items(mood, 7, 4, rows),
            **items(events, 6, [0, 0, 1], rows),
        }
    )
    draft = draft_study(frame, "a.csv")
    source = values(draft)["sources"]["answers"]
    assert (source["person"], source["occasion"]) == (person, wave)
    named = [one.name for one in draft.instruments]
    assert all(any(sign.isalpha() for sign in name) for name in named)
    assert not {"items", "items-2"} & set(named)
    text = filled(draft.text, problems=named[0], types=named[1])
    panel = read_study(json.loads(text)).read({"answers": frame})
    assert {name: table.width for name, table in panel.answers.items()} == dict(
        zip(named, (7, 6), strict=True)
    )


@pytest.mark.parametrize(
    ("labels", "form"),
    [
        (("avant", "après"), "{item}_{label}"),
        (("antes", "después", "seguimiento"), "{label}_{item}"),
        (("voor", "na"), "{item}.{label}"),
        (("prima", "dopo"), "{label}.{item}"),
        (("до", "после"), "{item}_{label}"),
        (("vorher", "nachher", "katamnese"), "{item}_{label}"),
    ],
)
def test_before_and_after_in_other_languages(labels: tuple[str, ...], form: str) -> None:
    columns: dict[str, list[str]] = {"pid": [f"p{number}" for number in range(PERSONS)]}
    for place, label in enumerate(reversed(labels)):  # in whatever order the columns stand
        both = items("PHQ_", 9, 4, PERSONS, seed=place) | items("LE_", 7, [0, 0, 1], PERSONS)
        columns |= {form.format(item=item, label=label): cells for item, cells in both.items()}
    written = values(draft_study(pl.DataFrame(columns), "a.csv"))
    assert written["sources"]["answers"]["layout"] == "row-per-person"
    assert tuple(written["occasions"]["labels"]) == labels
    assert written["instruments"]["phq-9"]["columns"] == form.format(
        item="PHQ_{1..9}", label="{occasion}"
    )
