"""Score a checklist of events: what happened, never prorated, an absent form never zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from salutogen.scores.answers import BoolArray, FloatArray, Form, ItemAnswers, joined
from salutogen.study import Instrument

ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecklistTotals:
    """What a pass over the items of one checklist found, one value per row.

    Attributes
    ----------
    answered : ndarray of int
        Items with an answer ("did not happen" is one).
    asked : ndarray of int
        Items on the list at that occasion.
    skipped : ndarray of int
        Items asked and not answered.
    count, total : ndarray
        Events that happened; sum of their codes.
    most : float or None
        Highest code an item can add to `total`; None if the range is unknown.
    """

    answered: NDArray[np.int16]
    asked: NDArray[np.int16]
    skipped: NDArray[np.int16]
    count: FloatArray
    total: FloatArray
    most: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecklistScore:
    """Exposure of one type; NaN where it cannot be given.

    `low` and `high` are the score with all skipped items at "did not happen" and at the maximum;
    they are given wherever something was answered, also where too much was skipped for a score.
    """

    score: FloatArray
    skipped: BoolArray
    answered: BoolArray
    too_many_skipped: BoolArray
    low: FloatArray
    high: FloatArray


def absence_code(instrument: Instrument) -> float:
    """Code of an event that did not happen.

    As stated; if not, 0 on a tick-list (its blanks are read as 0) and where ratings go below 0
    (-3, very bad, to 3, very good), and otherwise the lowest code.
    """
    if instrument.did_not_occur is not None:
        return instrument.did_not_occur
    if instrument.form == "tick-list" or instrument.answers is None:
        return 0.0
    return max(instrument.answers.minimum, 0.0)


def code_base(instrument: Instrument) -> float:
    """What is taken off each code, so that a list coded from 1 (1 = no) counts from 0."""
    absence = absence_code(instrument)
    span = instrument.answers
    return absence if span is not None and absence == span.minimum and absence > 0 else 0.0


def most_per_item(instrument: Instrument) -> float | None:
    """Most that one event can add to the sum of codes; None if the range is unknown."""
    span = instrument.answers
    if span is None:
        return None
    top = span.maximum
    if instrument.did_not_occur == top and span.is_whole:
        top -= 1
    return top - code_base(instrument)


def least_per_item(instrument: Instrument) -> float:
    """Least that one event can add to the sum of codes: below 0 only where a rating can be."""
    span = instrument.answers
    if span is None or span.minimum >= 0:
        return 0.0
    lowest = span.minimum
    if instrument.did_not_occur == lowest and span.is_whole:
        lowest += 1
    return min(lowest, 0.0)


def happened(
    instrument: Instrument, answer: ItemAnswers, threshold: float | None = None
) -> BoolArray:
    """Whether the event happened (its code reaches `threshold`, where one is set)."""
    yes = answer.values != absence_code(instrument)
    if threshold is not None:
        yes &= answer.values >= threshold
    if answer.missing is not None:
        yes &= ~answer.missing
    return np.asarray(yes, dtype=bool)


def rating(instrument: Instrument, answer: ItemAnswers) -> NDArray[Any]:
    """Code of the event as it enters a sum: 0 where it did not happen or is missing."""
    absence, base = absence_code(instrument), code_base(instrument)
    if absence == 0 and base == 0:
        return answer.values
    value = np.where(answer.values == absence, 0.0, answer.values - base)
    return value if answer.missing is None else np.where(answer.missing, 0.0, value)


def checklist_totals(form: Form, *, threshold: float | None = None) -> ChecklistTotals:
    """Go once over the items of a checklist.

    A tick-list's blanks were read as "did not happen" by the panel, where the form was submitted;
    what is still missing there counts as skipped.
    """
    return joined([_piece_totals(piece, threshold) for piece in form.pieces()])


def _piece_totals(form: Form, threshold: float | None) -> ChecklistTotals:
    instrument, n = form.instrument, form.n_rows
    answered, lost, off_list = (np.zeros(n, dtype=np.int16) for _ in range(3))
    count, total = np.zeros(n), np.zeros(n)
    for answer in form.items():
        count += happened(instrument, answer, threshold)
        total += rating(instrument, answer)
        if answer.missing is None:
            answered += 1
            continue
        answered += ~answer.missing
        if answer.not_asked is not None:
            off_list += answer.not_asked
            lost += answer.missing & ~answer.not_asked
        else:
            lost += answer.missing
    return ChecklistTotals(
        answered=answered,
        asked=(len(instrument.items) - off_list).astype(np.int16),
        skipped=lost,
        count=count,
        total=total,
        most=most_per_item(instrument),
    )


def score_checklist(totals: ChecklistTotals, kind: str, *, most_skipped: float) -> ChecklistScore:
    """Turn totals into exposure.

    Parameters
    ----------
    totals : ChecklistTotals
        One pass over the items.
    kind : {"count", "frequency", "severity", "relative"}
        `count`: events that happened. `frequency`, `severity`: sum of their codes. `relative`:
        that sum divided by the most that was possible with the items asked then (0 to 1).
    most_skipped : float
        A form with more than this share of its asked items skipped has no score; otherwise a
        skipped item counts as "did not happen" and is flagged.
    """
    answered = totals.answered > 0
    most = np.nan if totals.most is None else totals.most
    score, step = (totals.count, 1.0) if kind == "count" else (totals.total, most)
    extra = totals.skipped * step if totals.skipped.any() else np.zeros(score.shape)
    high = score + extra
    if kind == "relative":
        possible = np.maximum(totals.asked, 1) * most
        score, high = score / possible, high / possible
    too_many = answered & (totals.skipped > most_skipped * totals.asked + ROUNDING)
    return ChecklistScore(
        score=np.where(answered & ~too_many, score, np.nan),
        skipped=answered & ~too_many & (totals.skipped > 0),
        answered=answered,
        too_many_skipped=too_many,
        low=np.where(answered, score, np.nan),
        high=np.where(answered, high, np.nan),
    )
