"""Small files of answers, and what a draft says of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from salutogen.drafting import Draft
from salutogen.study.format.plain_yaml import load_yaml

WEEKS = 4
PERSONS = 20


def items(stem: str, number: int, choices: Any, rows: int, seed: int = 1) -> dict[str, list[str]]:
    """Item columns of random codes."""
    draw = np.random.default_rng([seed, len(stem), number])
    return {
        f"{stem}{item}": draw.choice(choices, rows).astype(str).tolist()
        for item in range(1, number + 1)
    }


def weekly(**further: list[str]) -> pl.DataFrame:
    """Answers in rows of person and occasion, as text."""
    rows = PERSONS * WEEKS
    return pl.DataFrame(
        {
            "subject.ID": np.repeat([f"p{number:02}" for number in range(PERSONS)], WEEKS),
            "beep": [str(week) for week in range(1, WEEKS + 1)] * PERSONS,
            "start": [f"2026-03-{1 + 7 * week:02}" for week in range(WEEKS)] * PERSONS,
            "age": np.repeat(np.arange(20, 20 + PERSONS), WEEKS).astype(str),
            **items("GHQ_", 12, 4, rows),
            **items("EV_", 8, [0, 0, 0, 1, 5], rows),
            **further,
        }
    )


def wide(labels: tuple[str, ...], form: str, persons: int = 30) -> pl.DataFrame:
    """Answers in rows of persons, occasions in the names."""
    columns: dict[str, list[str]] = {"pid": [f"p{number}" for number in range(persons)]}
    for place, label in enumerate(labels):
        for item, cells in {
            **items("PHQ_", 9, 4, persons, seed=place),
            **items("LE_", 7, [0, 0, 0, 1], persons, seed=place),
        }.items():
            columns[form.format(item=item, label=label)] = cells
    return pl.DataFrame(columns)


def roles(draft: Draft) -> dict[str, str]:
    return {one.name: one.role for one in draft.instruments}


def values(draft: Draft) -> dict[str, Any]:
    return load_yaml(draft.text, "draft").values
