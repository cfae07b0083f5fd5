"""Stressor exposure E by type, and how the types make one E."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from salutogen.findings import Findings
from salutogen.models.descriptive import centre_and_spread
from salutogen.namespaces import part_columns, type_column
from salutogen.scores.answers import FloatArray, Form, to_series, to_small_series
from salutogen.scores.checklist import (
    ChecklistScore,
    ChecklistTotals,
    checklist_totals,
    least_per_item,
    most_per_item,
    score_checklist,
)
from salutogen.scores.ready_made import given_scores
from salutogen.scores.scores import Measure, Standardiser
from salutogen.study import Instrument
from salutogen.study.instruments.totals import TOTAL

LONGEST_RATING = 10  # from the lowest to the highest answer of one item
KIND_UNITS = {
    "count": "events",
    "frequency": "sum of frequency codes",
    "severity": "sum of burden codes",
    "relative": "share of the most that was possible",
    "total": "points of the ready-made score",
}


@dataclass(frozen=True, kw_only=True)
class ExposureScores:
    """Every exposure type at every scored row, with its parts and other ways to score it.

    `lists` has the fewest and the most items that were on each list; types that nobody answered
    are not in it. `blocks` holds the score of each part of a list that has parts, by column
    `E_<type>_<block>`.
    """

    kinds: Mapping[str, str]
    types: Mapping[str, ChecklistScore]
    lists: Mapping[str, tuple[int, int]]
    measures: Mapping[str, Measure]
    alternatives: Mapping[str, pl.Series] = field(default_factory=dict)
    blocks: Mapping[str, FloatArray] = field(default_factory=dict)

    def column(self, name: str) -> str:
        """Column of a type."""
        return type_column(name, self.types)

    @property
    def columns(self) -> dict[str, ChecklistScore]:
        """Types by their columns."""
        return {self.column(name): one for name, one in self.types.items()}


def check_exposure(
    instruments: Sequence[Instrument], kinds: Mapping[str, str], findings: Findings
) -> None:
    """Say everything that keeps a type of exposure from being scored."""
    for one in instruments:
        if kinds[one.name] == "relative" and one.answers is None:
            findings.tell(
                "range-needed", variant="relative-score", instrument=one.name, column=one.name
            )


def score_exposure(
    forms: Mapping[str, Form],
    kinds: Mapping[str, str],
    *,
    threshold: float | None,
    most_skipped: float,
) -> ExposureScores:
    """Score each type of exposure at every row.

    Parameters
    ----------
    forms : mapping of type to Form
        The checklists.
    kinds : mapping of type to {"count", "frequency", "severity", "relative", "total"}
        How each is scored.
    threshold : float or None
        For counts: an event counts from this code on.
    most_skipped : float
        Largest share of asked items that may be skipped.
    """
    types: dict[str, ChecklistScore] = {}
    lists: dict[str, tuple[int, int]] = {}
    measures: dict[str, Measure] = {}
    alternatives: dict[str, pl.Series] = {}
    blocks: dict[str, FloatArray] = {}
    parts = [(name, block) for name, form in forms.items() for block in form.instrument.blocks]
    of_parts = part_columns(parts, forms)
    for name, form in forms.items():
        column = type_column(name, forms)
        if kinds[name] == TOTAL:
            total, score = given_scores(form)
        else:
            total = checklist_totals(form, threshold=threshold)
            score = score_checklist(total, kinds[name], most_skipped=most_skipped)
        types[name] = score
        asked = total.asked[total.answered > 0]
        if asked.size:
            lists[name] = int(asked.min()), int(asked.max())
        measures[column] = type_measure(form.instrument, column, kinds[name], threshold)
        others = _other_scores(form.instrument, total, score, most_skipped=most_skipped)
        for what, values in others:
            other = f"{column}_{what}"
            alternatives[other] = to_small_series(other, values)
        for block, items in form.instrument.blocks.items():
            part = checklist_totals(form.of(items), threshold=threshold)
            scored = score_checklist(part, kinds[name], most_skipped=most_skipped)
            blocks[of_parts[name, block]] = scored.score
    return ExposureScores(
        kinds=dict(kinds),
        types=types,
        lists=lists,
        measures=measures,
        alternatives=alternatives,
        blocks=blocks,
    )


def _other_scores(
    instrument: Instrument, total: ChecklistTotals, score: ChecklistScore, *, most_skipped: float
) -> Iterator[tuple[str, FloatArray]]:
    """Other ways to score one type, one at a time; a ready-made score has its bounds alone."""
    if not instrument.total:
        yield "count", score_checklist(total, "count", most_skipped=most_skipped).score
    if has_ratings(instrument) and not instrument.total:
        yield "severity", score_checklist(total, "severity", most_skipped=most_skipped).score
    yield "low", score.low
    yield "high", score.high
    yield "skipped", total.skipped.astype(np.float64)


def has_ratings(instrument: Instrument) -> bool:
    """Whether answers say more than that the event happened."""
    span = instrument.answers
    return span is None or span.maximum - span.minimum > 1


def rates_burden(instrument: Instrument) -> bool:
    """Whether events are rated; a single number of long range is a count or a total."""
    span = instrument.answers
    long = span is None or span.maximum - span.minimum > LONGEST_RATING
    return has_ratings(instrument) and not (len(instrument.items) == 1 and long)


def type_measure(
    instrument: Instrument, column: str, kind: str, threshold: float | None
) -> Measure:
    """Describe how one type is scored, by its column."""
    k, most = len(instrument.items), most_per_item(instrument)
    least, span = least_per_item(instrument), instrument.answers
    bottoms = {
        "count": 0.0,
        "relative": least / most if most else 0.0,
        TOTAL: 0.0 if span is None else span.minimum,
    }
    tops = {
        "count": float(k),
        "relative": 1.0,
        TOTAL: None if span is None else span.maximum,
    }
    top = tops.get(kind, None if most is None else k * most)
    method = kind
    if kind == "count" and threshold is not None:
        method = f"count from code {threshold:g}"
    return Measure(
        name=column,
        instruments=(instrument.registered or instrument.name,),
        method=method,
        items=instrument.items,
        minimum=bottoms.get(kind, k * least),
        maximum=top,
        unit=KIND_UNITS[kind],
        adapted=tuple(instrument.log.composition()),
        reworded=tuple(instrument.log.rewordings()),
    )


def combine_types(
    columns: Mapping[str, FloatArray], combine: str, standardiser: Standardiser | None
) -> FloatArray:
    """Make one E of the types: mean of z values ("composite"), otherwise their raw sum.

    A row that lacks a type has no E.
    """
    if combine == "composite" and standardiser is not None:
        table = pl.DataFrame([to_series(name, values) for name, values in columns.items()])
        return standardiser.composite(table).to_numpy()
    parts = list(columns.values())
    total = np.zeros(len(parts[0]))
    for part in parts:
        total += part
    return total


def fit_standardiser(columns: Mapping[str, FloatArray], rows: np.ndarray) -> Standardiser:
    """Learn means and SDs (n - 1) of the types on the rows given by a mask."""
    moments = [centre_and_spread(values[rows]) for values in columns.values()]
    return Standardiser(
        columns=tuple(columns),
        means=tuple(mean for mean, _ in moments),
        sds=tuple(sd for _, sd in moments),
        n=int(rows.sum()),
        reference="all valid rows",
    )


def exposure_measure(measures: Mapping[str, Measure], combine: str) -> Measure:
    """Describe the combined E."""
    parts = list(measures.values())
    single = len(parts) == 1 and combine != "composite"
    tops = [one.maximum for one in parts]
    known = combine != "composite" and all(top is not None for top in tops)
    units = {one.unit for one in parts}
    how = "composite (mean of z)" if combine == "composite" else "sum"
    methods = ", ".join(f"{one.instruments[0]} ({one.method})" for one in parts)
    return Measure(
        name="E",
        instruments=tuple(one.instruments[0] for one in parts),
        method=parts[0].method if single else f"{how} of {methods}",
        items=tuple(item for one in parts for item in one.items),
        minimum=None if combine == "composite" else sum(one.minimum or 0.0 for one in parts),
        maximum=sum(top for top in tops if top is not None) if known else None,
        unit="mean of z"
        if combine == "composite"
        else (units.pop() if len(units) == 1 else "points"),
    )
