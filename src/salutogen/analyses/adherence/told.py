"""Counts and shares of prompts as they may be told where persons are hidden."""

from __future__ import annotations

import polars as pl

STEP = 5
STATES = ("answered", "partial", "missed", "not_sent")


def forms_factor(planned: pl.DataFrame) -> float:
    """Bursts of persons in fives, divided by how many there are.

    Each burst of a person adds the same number of planned prompts, so that prompts in fives would
    tell the number of bursts to the last one, and with it how many are missing at an occasion
    whose count is kept back.
    """
    return _factor(planned.select("person", "occasion").n_unique())


def told_rates(table: pl.DataFrame, factor: float) -> pl.DataFrame:
    """Rates as if there were as many bursts as are told; shares are those of counts in fives."""
    return _told(table, pl.lit(factor))


def told_rates_of_bursts(table: pl.DataFrame, everyone: int) -> pl.DataFrame:
    """Rates by burst: where everyone was there their number is known, else it is in fives."""
    factors = [1.0 if n == everyone else _factor(n) for n in table["n"].to_list()]
    return _told(table, pl.lit(pl.Series(factors, dtype=pl.Float64)))


def told_rates_of_arms(table: pl.DataFrame, planned: pl.DataFrame) -> pl.DataFrame:
    """Rates by arm, each as if it had as many bursts as are told."""
    factors = [forms_factor(planned.filter(pl.col("arm") == arm)) for arm in table["arm"]]
    return _told(table, pl.lit(pl.Series(factors, dtype=pl.Float64)))


def _factor(forms: int) -> float:
    return max(STEP, STEP * round(forms / STEP)) / forms


def _told(table: pl.DataFrame, factor: pl.Expr) -> pl.DataFrame:
    """Counts of fewer than five stay as they are: they are kept back later."""
    counts = [
        pl.when(pl.col(name) < STEP)
        .then(pl.col(name))
        .otherwise((pl.col(name) * factor).round().cast(pl.Int64).clip(STEP))
        .alias(name)
        for name in ("planned", *(name for name in STATES if name in table.columns))
    ]
    fives = [(pl.col(name) / STEP).round() for name in ("answered", "planned")]
    return table.with_columns(counts).with_columns(share=fives[0] / fives[1])
