"""Parts of an event list: what is added to a list changes no score but its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salutogen.scores import Scores, score
from salutogen.study import read_study

STANDARD = tuple(f"H{number}" for number in range(1, 6))
ADDED = ("N1", "N2", "N3")
LOG = [
    {"change": "added", "items": "N{1..2}", "block": "night-work", "reason": "missing"},
    {"change": "added", "items": ["N3"], "block": "on-call", "reason": "missing"},
]
KINDS = ("count", "severity", "relative")


def study_of(kind: str, items: tuple[str, ...], **list_: Any) -> Any:
    hassles = {"columns": list(items), "answers": "0..4", "did_not_occur": 0, "recall": "7 days"}
    return read_study(
        {
            "salutogen": 1,
            "title": "Blocks",
            "occasions": {"labels": ["1", "2"]},
            "sources": {"answers": {"person": "id", "occasion": "wave"}},
            "instruments": {
                "hassles": hassles | list_,
                "mood": {"columns": "M{1..2}", "answers": "0..9"},
            },
            "problems": "mood",
            "exposure": {"types": ["hassles"], "score": kind},
        }
    )


def answers(codes: np.ndarray) -> pl.DataFrame:
    """Two waves of each person; -1 stands for a blank."""
    n = len(codes)
    columns = {
        item: [None if code < 0 else int(code) for code in codes[:, place]]
        for place, item in enumerate((*STANDARD, *ADDED))
    }
    return pl.DataFrame(
        {
            "id": [str(row // 2) for row in range(n)],
            "wave": [str(1 + row % 2) for row in range(n)],
            "M1": [row % 7 for row in range(n)],
            "M2": [(3 * row) % 5 for row in range(n)],
            **columns,
        },
        schema_overrides=dict.fromkeys((*STANDARD, *ADDED), pl.Int64),
    )


def by_row(scores: Scores, column: str) -> dict[tuple[str, str], float | None]:
    table = scores.table
    subjects = scores.persons["subject"].gather(table["person"])
    return dict(zip(zip(subjects, table["occasion"], strict=True), table[column], strict=True))


codes = st.lists(
    st.lists(st.integers(-1, 4), min_size=8, max_size=8), min_size=6, max_size=12
).filter(lambda rows: len(rows) % 2 == 0)


@pytest.mark.parametrize("form", ["explicit", "tick-list"])
@pytest.mark.parametrize("kind", KINDS)
@given(codes)
@settings(max_examples=12)
def test_an_added_block_changes_its_own_score_alone(kind, form, rows):
    # The first rows make sure that exposure varies and P is there, whatever was drawn.
    sure = [[1, 0, 0, 0, 0, 1, 0, 0], [4, 4, 4, 4, 4, 4, 4, 4]]
    frame = answers(np.array([*sure, *rows]))
    plain = score(study_of(kind, STANDARD, form=form).read(frame))
    wide = score(study_of(kind, (*STANDARD, *ADDED), form=form, adaptations=LOG).read(frame))
    before, after = by_row(plain, "E_hassles"), by_row(wide, "E_hassles_standard")
    assert {key: after[key] for key in before} == before
    assert wide.block_columns == (
        "E_hassles_standard", "E_hassles_night-work", "E_hassles_on-call",
    )  # fmt: skip
    # Other answers to one block change neither the standard items nor the other block.
    other = frame.with_columns(N3=pl.lit(2))
    moved = score(study_of(kind, (*STANDARD, *ADDED), form=form, adaptations=LOG).read(other))
    for column in ("E_hassles_standard", "E_hassles_night-work"):
        assert by_row(moved, column) == by_row(wide, column)


@pytest.mark.parametrize("kind", KINDS)
def test_blocks_are_scored_as_the_list_is(kind):
    rng = np.random.default_rng(7)
    codes = rng.integers(0, 5, (40, 8))
    scores = score(study_of(kind, (*STANDARD, *ADDED), adaptations=LOG).read(answers(codes)))
    parts = {"standard": codes[:, :5], "night-work": codes[:, 5:7], "on-call": codes[:, 7:]}
    for block, part in parts.items():
        expected = {
            "count": (part > 0).sum(axis=1),
            "severity": part.sum(axis=1),
            "relative": part.sum(axis=1) / (4 * part.shape[1]),
        }[kind]
        by_id = by_row(scores, f"E_hassles_{block}")
        assert [by_id[str(row // 2), str(1 + row % 2)] for row in range(40)] == pytest.approx(
            expected.tolist()
        )
    whole = by_row(scores, "E_hassles")
    if kind != "relative":
        sums = [sum(by_row(scores, f"E_hassles_{block}")[key] for block in parts) for key in whole]
        assert sums == pytest.approx(list(whole.values()))


def test_subscales_of_a_list_are_scored_too():
    codes = np.random.default_rng(8).integers(0, 5, (20, 8))
    use = {"subscales": {"work": [1, 2], "family": ["H3", "H4", "H5"]}}
    scores = score(study_of("severity", STANDARD, **use).read(answers(codes)))
    assert scores.block_columns == ("E_hassles_work", "E_hassles_family")
    work = by_row(scores, "E_hassles_work")
    assert work["3", "2"] == codes[7, :2].sum()


def test_a_block_called_as_another_type_keeps_apart_from_it():
    study = study_of("count", (*STANDARD, *ADDED), adaptations=[LOG[0] | {"block": "a"}])
    plan = study.plan.model_dump(mode="json", by_alias=True)
    plan["instruments"]["hassles_a"] = {
        "columns": ["N3"], "answers": "0..4", "did_not_occur": 0, "recall": "7 days",
    }  # fmt: skip
    plan["instruments"]["hassles"]["columns"] = [*STANDARD, "N1", "N2"]
    plan["exposure"]["types"] = ["hassles", "hassles_a"]
    codes = np.random.default_rng(9).integers(0, 5, (20, 8))
    scores = score(read_study(plan).read(answers(codes)))
    assert "E_hassles_part_a" in scores.block_columns
    plain = score(study_of("count", (*STANDARD, *ADDED), adaptations=LOG).read(answers(codes)))
    block = LOG[0]["block"]
    assert scores.table["E_hassles_part_a"].equals(plain.table[f"E_hassles_{block}"])
    assert (
        scores.table["E_hassles_a"].to_list()
        == (scores.alternatives["E_hassles_a_count"]).to_list()
    )


@pytest.mark.parametrize("block", ["count", "low", "skipped"])
def test_a_block_called_as_another_way_to_score_keeps_apart_from_it(block):
    log = [LOG[0] | {"block": block}, LOG[1]]
    codes = np.random.default_rng(9).integers(0, 5, (20, 8))
    scores = score(study_of("count", (*STANDARD, *ADDED), adaptations=log).read(answers(codes)))
    plain = score(study_of("count", (*STANDARD, *ADDED), adaptations=LOG).read(answers(codes)))
    own = scores.table[f"E_hassles_part_{block}"]
    assert own.equals(plain.table[f"E_hassles_{LOG[0]['block']}"])
    told = {item.code: item for item in scores.findings}["columns-renamed"]
    assert told.evidence.numbers["columns"] == {f"{block} of hassles": [own.name]}


def test_what_was_adapted_is_part_of_the_scoring():
    codes = np.random.default_rng(10).integers(0, 5, (20, 8))
    plain = score(study_of("count", STANDARD).read(answers(codes)))
    assert not {"adapted", "reworded"} & plain.measures["E_hassles"].scoring().keys()
    log = [*LOG, {"change": "reworded", "items": ["H2"], "reason": "plain language"}]
    wide = score(study_of("count", (*STANDARD, *ADDED), adaptations=log).read(answers(codes)))
    scoring = wide.measures["E_hassles"].scoring()
    assert scoring["adapted"] == [
        "1 item added (block 'on-call')", "2 items added (block 'night-work')",
    ]  # fmt: skip
    assert scoring["reworded"] == ["H2"]
