"""Whether a single column holds the answers to one item, or a ready-made score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from salutogen.findings import Findings
from salutogen.panel.items import TypedItem
from salutogen.panel.missing_codes import without_suspects
from salutogen.study.instruments.totals import as_total

if TYPE_CHECKING:
    from salutogen.study import Instrument, Study

LONGEST_SCALE = 10.0  # from the lowest to the highest answer of an item whose range is stated
MOST_ANSWERS = 7  # different answers of an item whose range is not stated
LONGEST_UNSTATED = 8.0


WORDS = {
    "decimals": "values with decimals",
    "range": "a range longer than an item's",
    "values": "more different values than an item has",
}


def judge_single_columns(
    study: Study,
    repeated: Mapping[str, Mapping[str, TypedItem]],
    baseline: Mapping[str, pl.DataFrame],
    findings: Findings,
) -> Study:
    """Take undeclared single columns for ready-made scores where no item gives such values.

    An item has whole answers, few of them. One note names the columns that were taken for a score.

    Returns
    -------
    Study
        The same plan, in which each such instrument is known to be a ready-made score or an item.
    """
    values = {name: [one.values for one in columns.values()] for name, columns in repeated.items()}
    values |= {name: list(frame.iter_columns()) for name, frame in baseline.items()}
    known = dict(study.instruments)
    taken: dict[str, str] = {}
    for name, instrument in study.instruments.items():
        if instrument.total is not None or not instrument.may_be_total or not values.get(name):
            continue
        judged = _judged(instrument, values[name][0])
        if judged is not None:
            taken[name] = judged
        known[name] = replace(instrument, total=False) if judged is None else as_total(instrument)
    if taken:
        findings.tell(
            "taken-for-total",
            named=", ".join(f"{name!r} ({WORDS[why]})" for name, why in taken.items()),
            columns=len(taken),
            numbers={"instruments": taken},
            column=_column(known[next(iter(taken))]) if len(taken) == 1 else None,
        )
    return replace(study, instruments=known)


def _column(instrument: Instrument) -> str:
    return instrument.columns[instrument.items[0]]


def _judged(instrument: Instrument, column: pl.Series) -> str | None:
    """Why the values of a column fit no item, a key of `WORDS`; None where they fit."""
    values = column.drop_nulls().cast(pl.Float64).to_numpy()
    if instrument.did_not_occur is not None:
        values = values[values != instrument.did_not_occur]
    if not values.size:
        return None
    if bool((values != np.round(values)).any()):
        return "decimals"
    if instrument.answers is not None:
        long = instrument.answers.maximum - instrument.answers.minimum > LONGEST_SCALE
        return "range" if long else None
    different = np.unique(without_suspects(values))
    if different[-1] - different[0] > LONGEST_UNSTATED:
        return "range"
    return "values" if different.size > MOST_ANSWERS else None
