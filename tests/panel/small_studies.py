"""Small studies and answers, made by hand: the same persons in every layout and file type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from salutogen.study import AnswerRange, Instrument, Occasion, ScoringRule, Study, StudyFile
from salutogen.study.format import MissingCodes, expand_numbers, item_name

MOOD = [f"M_{number}" for number in range(1, 5)]
EVENTS = [f"E_{number}" for number in range(1, 4)]


def instrument(
    name: str, columns: str, answers: str | None, measures: str = "problems", **given: Any
) -> Instrument:
    """An instrument as the study room would give it."""
    patterns = expand_numbers(columns)
    items = tuple(item_name(pattern) for pattern in patterns)
    settings: dict[str, Any] = {
        "registered": None,
        "title": name,
        "source": "answers",
        "did_not_occur": 0.0 if measures == "exposure" else None,
        "form": "explicit",
        "recall": None,
        "measured": "repeated",
        "higher": "worse",
        "reverse": frozenset(),
        "scoring": ScoringRule(name="sum"),
        "scorings": {},
    } | given
    return Instrument(
        name=name,
        items=items,
        columns=dict(zip(items, patterns, strict=True)),
        answers=AnswerRange.parse(answers) if answers else None,
        measures=measures,
        **settings,
    )


def make_study(
    sources: Mapping[str, Mapping[str, Any]] | None = None,
    instruments: list[Instrument] | None = None,
    labels: tuple[str, ...] = ("1", "2", "3"),
    every: float = 7.0,
    **plan: Any,
) -> Study:
    """A study of mood (4 items, 0..3) and events (3 items, 0..5), weekly."""
    given = instruments or [
        instrument("mood", "M_{1..4}", "0..3"),
        instrument("events", "E_{1..3}", "0..5", "exposure"),
    ]
    file = StudyFile.model_validate(
        {
            "salutogen": 1,
            "title": "Small",
            "occasions": {"labels": list(labels)},
            "sources": sources or {"answers": by_occasion()},
            "instruments": {entry.name: {"columns": "unused"} for entry in given},
            "problems": "mood",
            "exposure": {"types": ["events"]},
        }
        | plan
    )
    return Study(
        plan=file,
        instruments={entry.name: replace(entry, invalid=file.invalid) for entry in given},
        occasions=tuple(
            Occasion(label, place, place * every) for place, label in enumerate(labels)
        ),
    )


def codes(**given: tuple[float, ...]) -> MissingCodes:
    return MissingCodes(**given)


def by_occasion(**given: Any) -> dict[str, Any]:
    return {
        "file": "answers",
        "person": "id",
        "occasion": "wave",
        "time": {"column": "day", "unit": "days"},
    } | given


def by_person(**given: Any) -> dict[str, Any]:
    return {
        "file": "answers",
        "layout": "row-per-person",
        "person": "id",
        "time": {"column": "day_w{occasion}", "unit": "days"},
    } | given


def by_item(**given: Any) -> dict[str, Any]:
    return {
        "file": "answers",
        "layout": "row-per-item",
        "person": "id",
        "occasion": "wave",
        "item": "item",
        "value": "answer",
        "time": {"column": "day", "unit": "days"},
    } | given


def wide_instruments() -> list[Instrument]:
    """The same instruments with one column per wave."""
    return [
        instrument("mood", "M_{1..4}_w{occasion}", "0..3"),
        instrument("events", "E_{1..3}_w{occasion}", "0..5", "exposure"),
    ]


def answers(persons: int = 6, seed: int = 1, labels: tuple[str, ...] = ("1", "2", "3")) -> Any:
    """Complete answers, sorted by person and occasion."""
    rng = np.random.default_rng(seed)
    n = persons * len(labels)
    frame: dict[str, Any] = {
        "id": [f"p{number:02d}" for number in range(persons) for _ in labels],
        "wave": list(labels) * persons,
        "day": [float(7 * place) for _ in range(persons) for place in range(len(labels))],
    }
    level = np.repeat(rng.normal(size=persons), len(labels))
    for item in MOOD:
        frame[item] = np.clip(np.round(1.5 + level + rng.normal(0, 0.6, n)), 0, 3).astype(int)
    for item in EVENTS:
        frame[item] = rng.integers(0, 6, n)
    return pl.DataFrame(frame)


def widen(frame: pl.DataFrame) -> pl.DataFrame:
    """One row per person, by hand (no pivot)."""
    rows: dict[str, dict[str, Any]] = {}
    columns = [name for name in frame.columns if name not in ("id", "wave")]
    labels = ["1", "2", "3"]
    for row in frame.iter_rows(named=True):
        person = rows.setdefault(row["id"], {"id": row["id"]})
        for name in columns:
            person[f"{name}_w{row['wave']}"] = row[name]
    order = ["id", *(f"{name}_w{label}" for name in columns for label in labels)]
    return pl.DataFrame(
        [{name: person.get(name) for name in order} for person in rows.values()],
        infer_schema_length=None,
    )


def lengthen(frame: pl.DataFrame) -> pl.DataFrame:
    """One row per answer, by hand (no unpivot)."""
    items = [name for name in frame.columns if name not in ("id", "wave", "day")]
    rows = [
        {"id": row["id"], "wave": row["wave"], "day": row["day"], "item": item, "answer": row[item]}
        for row in frame.iter_rows(named=True)
        for item in items
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def same_panel(first: Any, second: Any, *, data_row: bool = False) -> bool:
    """Whether two panels hold the same rows, answers and reasons."""
    left, right = first.rows, second.rows
    if not data_row:
        left, right = left.drop("data_row"), right.drop("data_row")
    return bool(
        left.equals(right)
        and first.persons["subject"].equals(second.persons["subject"])
        and all(first.answers[name].equals(second.answers[name]) for name in first.answers)
        and all(first.reasons[name].equals(second.reasons[name]) for name in first.reasons)
        and all(first.baseline[name].equals(second.baseline[name]) for name in first.baseline)
    )


def found(panel_or_error: Any) -> set[str]:
    """Codes of the findings."""
    return {finding.code for finding in panel_or_error.findings}
