"""What each model claims of each effect, and whether they agree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from salutogen.analyses.change.paths import (
    LEVEL,
    ONE_STEP,
    PLAIN,
    RANDOM,
    REGRESSION,
    WITHOUT_ERROR,
)
from salutogen.columns import Column, Kind

HIGHER, LOWER, NOT_SHOWN = "higher", "lower", "not shown"
KEYS = {
    RANDOM: "random_intercepts",
    PLAIN: "without_random_intercepts",
    REGRESSION: "lagged_regression",
    ONE_STEP: "one_step",
    WITHOUT_ERROR: "without_error",
}
AGREEMENT_COLUMNS = (
    Column(name="path", meaning="From which variable to which", heading="Effect", kind=Kind.LABEL),
    *(
        Column(name=key, heading=model[0].upper() + model[1:],
               meaning=f"What is claimed ({model}): where the earlier variable was higher, the "
               "later is higher, lower, or neither is shown (p, adjusted, below .05)")
        for model, key in KEYS.items()
    ),
    Column(name="agree", meaning="Whether all models claim the same", heading="All agree"),
)  # fmt: skip


def claim(row: Mapping[str, Any]) -> str | None:
    """What a row of the table of effects claims; None where there is no error."""
    if row["p_adjusted"] is None:
        return None
    if row["p_adjusted"] >= LEVEL:
        return NOT_SHOWN
    return HIGHER if row["estimate"] > 0 else LOWER


def agreement_of(paths: pl.DataFrame) -> pl.DataFrame:
    """Return a row for each effect of one variable on another."""
    claims: dict[str, dict[str, str | None]] = {}
    for row in crossing(paths).iter_rows(named=True):
        claims.setdefault(row["path"], {})[KEYS[row["model"]]] = claim(row)
    keys = [key for model, key in KEYS.items() if model in set(paths["model"])]
    rows = [
        {"path": path, **{key: told.get(key) for key in keys},
         "agree": len({told.get(key) for key in keys}) == 1}
        for path, told in claims.items()
    ]  # fmt: skip
    schema = {"path": pl.String, **dict.fromkeys(keys, pl.String), "agree": pl.Boolean}
    return pl.DataFrame(rows, schema=schema)


def crossing(paths: pl.DataFrame) -> pl.DataFrame:
    """Rows of effects of one variable on another."""
    return paths.filter(pl.col("source") != pl.col("outcome"))


def apart(agreement: pl.DataFrame, models: Iterable[str]) -> list[str]:
    """Effects of which two or more models do not claim the same."""
    keys = [KEYS[model] for model in models]
    if not set(keys) <= set(agreement.columns):
        return []
    return [
        row["path"]
        for row in agreement.iter_rows(named=True)
        if len({row[key] for key in keys}) > 1
    ]
