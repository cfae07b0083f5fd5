"""Scores of momentary instruments: one number a prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from salutogen.findings import Findings

if TYPE_CHECKING:
    from salutogen.study import Instrument
    from salutogen.study.format import MissingRules


def score_of(
    instrument: Instrument, answers: pl.DataFrame, rules: MissingRules, findings: Findings
) -> pl.Series:
    """Score an instrument at each prompt; null where too few items are answered.

    Events are added up, of the items that are answered; states are the mean of the items, or its
    multiple where the instrument is scored by a sum. The share of items that may be left out is
    that of the study's rules for missing answers.

    Parameters
    ----------
    instrument : Instrument
    answers : DataFrame
        Codes as answered, one column per item.
    rules : MissingRules
    findings : Findings
        Refuses reversed items whose range is not known.
    """
    if instrument.reverse and instrument.answers is None:
        findings.tell(
            "range-needed",
            variant="reversed-items",
            instrument=instrument.name,
            reversed=len(instrument.reverse),
        )
        return pl.Series([None], dtype=pl.Float64).new_from_index(0, answers.height)
    items = answers.select(_coded(instrument, item) for item in answers.columns)
    number = items.width
    known = pl.sum_horizontal(pl.all().is_not_null())
    total, least = pl.sum_horizontal(pl.all()), (1.0 - rules.checklist) * number
    if not instrument.is_checklist:
        least = rules.prorate * number
        total = total / known * (number if instrument.scoring.method == "sum" else 1)
    elif instrument.scoring.method == "mean":
        total = total / known
    score = pl.when(known >= least - 1e-9).then(total * instrument.scoring.multiply)
    return items.select(score.alias("score")).to_series()


def _coded(instrument: Instrument, item: str) -> pl.Expr:
    """Values of an item: what did not happen is 0 where its code is none, reversed, recoded."""
    value = pl.col(item).cast(pl.Float64)
    span, never = instrument.answers, instrument.did_not_occur
    if never is not None and (span is None or not span.minimum <= never <= span.maximum):
        value = pl.when(value == never).then(0.0).otherwise(value)
    if item in instrument.reverse and span is not None:
        value = span.minimum + span.maximum - value
    if instrument.scoring.recode:
        codes = {float(code): float(new) for code, new in instrument.scoring.recode.items()}
        value = value.replace_strict(codes, default=value, return_dtype=pl.Float64)
    return value.alias(item)
