"""How well exposure is measured: what it explains of P, how often it is zero, what it covers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.columns import Column, Kind
from salutogen.findings import Findings
from salutogen.models.descriptive import FEWEST, pearson
from salutogen.namespaces import combined_name, type_column
from salutogen.page.audience import smallest_of, told_median
from salutogen.scores.answers import PIECE, BoolArray, FloatArray, Form, ItemAnswers
from salutogen.scores.checklist import happened, rating
from salutogen.study import Study

FEWEST_FORMS = 30
ENOUGH = 5  # persons who met an item of which anything is said
CLOSE_TO_PROBLEMS = 0.5
_LOWEST, _CODES = -128, 256  # codes of a short whole number
NO_SPREAD = 1e-12  # what rounding may leave of P's squares where P is the same in all rows
_TYPE = Column(name="type", meaning="Type of exposure", kind=Kind.LABEL, heading="Exposure type")
EXPOSURE_QUALITY_COLUMNS = (
    _TYPE,
    Column(name="occasion", meaning="Planned occasion", kind=Kind.LABEL, heading="Occasion"),
    Column(
        name="n", meaning="Forms with exposure and problems, one a person", unit="forms",
        kind=Kind.COUNT, heading="Forms", adds_up=1, nested="counts",
    ),
    Column(
        name="r", meaning="Correlation of exposure with P", heading="r with P",
        sign="positive = more exposed persons have more problems",
    ),
    Column(name="r_squared", meaning="Share of the variance of P explained", heading="R²"),
    Column(
        name="zero_share", meaning="Share without any exposure", unit="share", kind=Kind.SHARE,
        heading="Share without any exposure", n="n",
    ),
    Column(
        name="mean", meaning="Mean exposure", unit="points", sign="higher = more exposed",
        heading="Mean",
    ),
    Column(name="sd", meaning="SD of exposure", unit="points", heading="SD"),
    Column(
        name="coverage",
        meaning="Median share of the time since the occasion before within recall", unit="share",
        heading="Time since the occasion before within recall (median)",
    ),
)  # fmt: skip
ITEM_QUALITY_COLUMNS = (
    _TYPE,
    Column(name="item", meaning="Item of the event list", kind=Kind.LABEL, heading="Item"),
    Column(
        name="n", meaning="Forms that answer the item, over all occasions", unit="forms",
        kind=Kind.COUNT, of="forms", heading="Forms",
    ),
    Column(
        name="persons", meaning="Persons who met it at least once", unit="persons",
        kind=Kind.COUNT, heading="Persons who met it",
    ),
    Column(
        name="endorsed_share", meaning="Share of those forms in which it happened",
        unit="share of forms", kind=Kind.SHARE, heading="Share that met it", n="n",
    ),
    Column(
        name="r_with_P", meaning="Correlation of the item's code with P", heading="r with P",
        sign="positive = goes with more problems",
    ),
)  # fmt: skip


def exposure_quality(
    study: Study,
    types: Mapping[str, FloatArray],
    total: FloatArray,
    problems: FloatArray,
    person: NDArray[Any],
    occasion: NDArray[Any],
    time: FloatArray,
) -> pl.DataFrame:
    """Table of each type at each occasion.

    Returns
    -------
    DataFrame
        Columns `EXPOSURE_QUALITY_COLUMNS`. r is with P over the rows of that occasion that have
        both; `coverage` is the median share of the time since the person's occasion before that
        the recall window reaches over (null at the first).
        "all types" stands for the combined E, where there are several; its zero share is that of
        rows with no exposure of any type.
    """
    gaps = _gaps(study, person, occasion, time)
    here = [np.flatnonzero(occasion == index) for index in range(len(study.labels))]
    rows: list[dict[str, Any]] = []
    smallest = smallest_of(study.plan.report.individuals)
    shown = {name: (values, values == 0) for name, values in types.items()}
    if len(types) > 1:
        nothing = np.logical_and.reduce([zero for _, zero in shown.values()])
        shown[combined_name(types)] = (total, nothing)
    for name, (values, zero) in shown.items():
        recall = None
        if (
            name in types
            and name in study.instruments
            and study.instruments[name].recall is not None
        ):
            recall = study.instruments[name].recall
        for index, label in enumerate(study.labels):
            own, outcome = values[here[index]], problems[here[index]]
            both = np.isfinite(own) & np.isfinite(outcome)
            exposure, outcome = own[both], outcome[both]
            n = int(both.sum())
            r = pearson(exposure, outcome)
            span = gaps[here[index]]
            span = span[np.isfinite(span)]
            rows.append(
                {
                    "type": name,
                    "occasion": label,
                    "n": n,
                    "r": r,
                    "r_squared": None if r is None else r * r,
                    "zero_share": float(zero[here[index]][both].sum()) / n if n else None,
                    "mean": float(np.mean(exposure)) if n else None,
                    "sd": float(np.std(exposure, ddof=1)) if n > 1 else None,
                    "coverage": told_median(np.minimum(1.0, recall.days / span), smallest)
                    if recall is not None and len(span)
                    else None,
                }
            )
    schema = {"type": pl.String, "occasion": pl.String, "n": pl.Int64} | dict.fromkeys(
        ("r", "r_squared", "zero_share", "mean", "sd", "coverage"), pl.Float64
    )
    return pl.DataFrame(rows, schema=schema)


def _gaps(
    study: Study, person: NDArray[Any], occasion: NDArray[Any], time: FloatArray
) -> FloatArray:
    """Days since the person's row before; planned days where times are unknown."""
    gaps = np.full(len(person), np.nan)
    if len(person) < 2:
        return gaps
    planned = np.array(study.days)
    at = np.where(np.isfinite(time), time, np.nan)
    same = person[1:] == person[:-1]
    measured = at[1:] - at[:-1]
    by_plan = planned[occasion[1:]] - planned[occasion[:-1]]
    gap = np.where(np.isfinite(measured), measured, by_plan)
    gaps[1:] = np.where(same & (gap > 0), gap, np.nan)
    return gaps


def item_quality(
    forms: Mapping[str, Form], problems: FloatArray, person: NDArray[Any]
) -> pl.DataFrame:
    """Table of the checklist items; a ready-made score has none.

    `person` is the index of each row's person.

    Returns
    -------
    DataFrame
        Columns `ITEM_QUALITY_COLUMNS`; the correlation is over rows that have both.
    """
    outcome = Problems.of(problems)
    rows: list[dict[str, Any]] = []
    for name, form in forms.items():
        if form.instrument.total:
            continue
        for answer in form.items():
            yes = happened(form.instrument, answer)
            codes = rating(form.instrument, answer)
            n = form.n_rows if answer.missing is None else int((~answer.missing).sum())
            rows.append(
                {
                    "type": name,
                    "item": answer.item,
                    "n": n,
                    "persons": int(np.count_nonzero(np.bincount(person[yes]))),
                    "endorsed_share": float(yes.sum()) / n if n else None,
                    "r_with_P": correlation_with_problems(answer, codes, outcome),
                }
            )
    schema = {
        "type": pl.String,
        "item": pl.String,
        "n": pl.Int64,
        "persons": pl.Int64,
        "endorsed_share": pl.Float64,
        "r_with_P": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema)


@dataclass(frozen=True)
class Problems:
    """P of every form, and its deviation from its mean; the deviation is 0 where P is unknown."""

    P: FloatArray
    known: BoolArray
    deviation: FloatArray

    @classmethod
    def of(cls, P: FloatArray) -> Self:
        """Take P (n,), NaN where unknown."""
        known = np.isfinite(P)
        middle = float(np.mean(P[known])) if known.any() else 0.0
        return cls(P, known, np.where(known, P - middle, 0.0))

    @cached_property
    def squares(self) -> float:
        """Sum of squared deviations."""
        return float(np.sum(self.deviation**2))


def correlation_with_problems(
    answer: ItemAnswers, codes: NDArray[Any], problems: FloatArray | Problems
) -> float | None:
    """Pearson correlation of an item's codes with P over the rows that have both.

    Short whole numbers are counted by code, which makes no copy of P for each item.
    """
    missing = answer.missing
    problems = problems if isinstance(problems, Problems) else Problems.of(problems)
    if codes.dtype != np.int8:
        there = problems.known if missing is None else problems.known & ~missing
        return pearson(codes[there].astype(np.float64), problems.P[there])
    n, total = np.zeros(_CODES + 1), np.zeros(_CODES + 1)
    for start in range(0, len(codes), PIECE):
        piece = slice(start, start + PIECE)
        there = (
            problems.known[piece] if missing is None else problems.known[piece] & ~missing[piece]
        )
        own = np.where(there, codes[piece] - np.int16(_LOWEST), np.int16(_CODES)).astype(np.intp)
        n += np.bincount(own, minlength=_CODES + 1)
        total += np.bincount(own, problems.deviation[piece], minlength=_CODES + 1)
    left_out = 0.0 if missing is None else float(np.sum(problems.deviation[missing] ** 2))
    return _correlation_by_code(n[:_CODES], total[:_CODES], problems.squares - left_out)


def _correlation_by_code(n: FloatArray, total: FloatArray, squares: float) -> float | None:
    """Pearson correlation from the rows of each code, their sums of P, and P's sum of squares."""
    rows = float(n.sum())
    if rows < FEWEST:
        return None
    codes = np.arange(_LOWEST, _LOWEST + _CODES, dtype=np.float64)
    deviation = codes - float(np.sum(codes * n)) / rows
    xx = float(np.sum(n * deviation**2))
    yy = squares - float(total.sum()) ** 2 / rows
    if xx <= 0 or yy <= NO_SPREAD * squares:
        return None
    return float(np.clip(np.sum(deviation * total) / np.sqrt(xx * yy), -1.0, 1.0))


def check_items(items: pl.DataFrame, findings: Findings) -> None:
    """Say which stressor items go with problems like a symptom would, and which never happened."""
    known = items.filter(pl.col("n") >= FEWEST_FORMS)
    types = items["type"].unique(maintain_order=True).to_list()
    close = known.filter(pl.col("r_with_P") >= CLOSE_TO_PROBLEMS, pl.col("persons") >= ENOUGH)
    for (name,), part in close.group_by("type", maintain_order=True):
        found = dict(zip(part["item"], part["r_with_P"], strict=True))
        findings.tell(
            "item-close-to-problems",
            type=name,
            named=", ".join(f"{item} (r = {r:.2f})" for item, r in found.items()),
            numbers={"r_with_P": found},
            column=type_column(str(name), types),
        )
    never = {
        str(name): part["item"].to_list()
        for (name,), part in known.filter(pl.col("endorsed_share") == 0).group_by(
            "type", maintain_order=True
        )
    }
    if never:
        findings.tell(
            "item-never-happened",
            named="; ".join(f"{', '.join(items)} ({name})" for name, items in never.items()),
            numbers={"items": never},
            column=type_column(next(iter(never)), types) if len(never) == 1 else None,
        )
