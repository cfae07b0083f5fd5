"""A small cohort in which everything that a study names can be called anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

PERSONS, WAVES = 90, 6
ROLES = (
    "problems", "part", "other part", "type", "other type", "baseline factor", "repeated factor",
    "number", "category", "outcome", "phase", "other phase", "arm", "other arm",
)  # fmt: skip
PLAIN = {role: role.replace(" ", "_") for role in ROLES}
REPEATED, ONCE = ("M", 4), (("baseline factor", 1), ("number", 1), ("outcome", 1))


def answers(seed: int = 11, waves: int = WAVES) -> pl.DataFrame:
    """Answers whose columns bear none of the names: items `M0..3, A0..3, B0..3, W0` and more."""
    rng = np.random.default_rng(seed)
    person, wave = np.divmod(np.arange(PERSONS * waves), waves)
    level = rng.normal(2.0, 0.8, PERSONS)
    types = {letter: rng.integers(0, 4, (person.size, 4)) for letter in "AB"}
    exposure = types["A"].mean(axis=1) + 0.5 * types["B"].mean(axis=1)
    noise = rng.normal(0, 0.7, (person.size, 4))
    P = np.clip(np.rint(level[person, None] + 0.4 * exposure[:, None] + noise), 0, 5)
    own = {
        "F": np.rint(10 - 2 * level + rng.normal(0, 1, PERSONS)).astype(int),
        "X": np.rint(rng.uniform(18, 70, PERSONS)).astype(int),
        "Y": rng.integers(0, 40, PERSONS),
        "C": np.array(["u", "v", "w"])[rng.integers(0, 3, PERSONS)],
        "R": np.array(["r", "s"])[np.arange(PERSONS) % 2],
    }
    items = {f"M{j}": P[:, j].astype(int) for j in range(4)}
    items |= {f"{letter}{j}": codes[:, j] for letter, codes in types.items() for j in range(4)}
    return pl.DataFrame(
        {"pid": [f"k{one:03d}" for one in person], "wk": wave + 1}
        | items
        | {"W": np.clip(np.rint(5 - P.mean(axis=1) + rng.normal(0, 0.6, person.size)), 0, 5)}
        | {name: values[person] for name, values in own.items()}
    )


def plan(names: Mapping[str, str], **changes: Any) -> dict[str, Any]:
    """The study file, everything called as `names` says by role."""
    n = {**PLAIN, **names}
    events = {"answers": "0..3", "did_not_occur": 0, "recall": "7 days"}
    return {
        "salutogen": 1,
        "title": "Names",
        "occasions": {"every": "7 days", "count": WAVES},
        "sources": {"answers": {"person": "pid", "occasion": "wk"}},
        "instruments": {
            n["problems"]: {
                "columns": ["M0", "M1", "M2", "M3"], "answers": "0..5", "method": "sum",
                "measures": "problems",
                "subscales": {n["part"]: [1, 2], n["other part"]: [3, 4]},
            },
            n["type"]: {"columns": ["A0", "A1", "A2", "A3"], **events},
            n["other type"]: {"columns": ["B0", "B1", "B2", "B3"], **events},
            n["baseline factor"]: {"columns": ["F"], "measured": "baseline", "measures": "trait"},
            n["repeated factor"]: {
                "columns": ["W"], "answers": "0..5", "higher": "better", "measures": "wellbeing",
            },
        },
        "problems": n["problems"],
        "exposure": {
            "types": [n["type"], n["other type"]], "score": "severity", "combine": "separate",
        },
        "factors": [n["baseline factor"], n["repeated factor"]],
        "background": {
            n["number"]: {"column": "X"},
            n["category"]: {"column": "C", "kind": "category"},
            n["outcome"]: {"column": "Y"},
        },
        "norm": {"covariates": [n["number"], n["category"]]},
        "resilience": {
            "bootstrap": 20,
            "windows": {"width": 3, "step": 2, "valid": 1},
            "phases": {
                n["phase"]: {"from": "1", "to": "3"}, n["other phase"]: {"from": "4", "to": "6"},
            },
        },
        **changes,
    }  # fmt: skip


OF_ANSWERS = (*(f"{letter}{j}" for letter in "MAB" for j in range(4)), "F", "W", "pid", "wk")


def columns_called(names: Mapping[str, str], part: Any) -> Any:
    """The study file, or a part of it, for a file whose columns bear other names."""
    if isinstance(part, Mapping):
        return {key: columns_called(names, value) for key, value in part.items()}
    if isinstance(part, list):
        return [columns_called(names, value) for value in part]
    return names.get(part, part) if isinstance(part, str) else part


def same_numbers(left: pl.DataFrame, right: pl.DataFrame) -> bool:
    """Whether two tables hold the same values, whatever their columns are called."""
    if left.shape != right.shape:
        return False
    columns = [f"c{place}" for place in range(left.width)]
    left.columns, right.columns = columns, columns
    return left.equals(right)


def batches(names: Sequence[str], size: int) -> list[list[str]]:
    """Cut names into equal batches, the last one filled up with plain names."""
    filled = [*names, *(f"plain {place}" for place in range(-len(names) % size))]
    return [filled[start : start + size] for start in range(0, len(filled), size)]
