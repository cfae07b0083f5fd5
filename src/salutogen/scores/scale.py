"""Score a scale whose items are indicators of one thing: reverse, recode, sum, prorate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from salutogen.findings import Finding, finding
from salutogen.scores.answers import BoolArray, FloatArray, Form, joined
from salutogen.study import Instrument, ScoringRule
from salutogen.study.instruments.totals import TOTAL

ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleScore:
    """A scored scale, one value per row of the form; NaN where it cannot be given.

    Attributes
    ----------
    score : ndarray, shape (n,)
        Sum or mean of the items after reversing and recoding, times the rule's factor.
    prorated : ndarray of bool
        Scored from fewer than all items.
    answered : ndarray of bool
        At least one item was answered.
    low, high : ndarray
        The score with every missing item at its lowest and at its highest value; given wherever
        at least one item was answered and the range is known.
    minimum, maximum : float or None
        Ends of the scale.
    """

    score: FloatArray
    prorated: BoolArray
    answered: BoolArray
    low: FloatArray
    high: FloatArray
    minimum: float | None
    maximum: float | None

    def turned(self) -> ScaleScore:
        """Turn the scale round: minimum + maximum - score."""
        if self.minimum is None or self.maximum is None:
            raise ValueError("a scale without a known range cannot be turned round")
        ends = self.minimum + self.maximum
        return ScaleScore(
            score=ends - self.score,
            prorated=self.prorated,
            answered=self.answered,
            low=ends - self.high,
            high=ends - self.low,
            minimum=self.minimum,
            maximum=self.maximum,
        )


def scale_faults(instrument: Instrument, rule: ScoringRule) -> list[Finding]:
    """Say what keeps a scale from being scored by a rule."""
    faults: list[Finding] = []
    span = instrument.answers
    if span is None and instrument.reverse:
        faults.append(
            finding(
                "range-needed",
                variant="reversed-items",
                instrument=instrument.name,
                reversed=len(instrument.reverse),
                column=instrument.name,
            )
        )
    if rule.recode is not None and span is not None and span.is_whole:
        codes = np.arange(span.minimum, span.maximum + 1)
        lost = [float(code) for code in codes if float(code) not in rule.recode]
        if lost:
            faults.append(
                finding(
                    "recode-incomplete",
                    scoring=rule.name,
                    instrument=instrument.name,
                    named=", ".join(f"{code:g}" for code in lost),
                    numbers={"codes": lost},
                    column=instrument.name,
                )
            )
    return faults


def keyed_values(instrument: Instrument, rule: ScoringRule, item: str, values: Any) -> NDArray[Any]:
    """Values of one item as they enter the score: reversed (minimum + maximum - x), recoded."""
    keyed: NDArray[Any] = values
    span = instrument.answers
    if item in instrument.reverse and span is not None:
        keyed = (span.minimum + span.maximum) - keyed.astype(np.float64)
    if rule.recode is not None:
        keyed = _recoded(keyed, rule.recode)
    return keyed


def _recoded(values: NDArray[Any], recode: Mapping[float, float]) -> FloatArray:
    """Replace codes by their new values; a code without one becomes NaN."""
    if np.issubdtype(values.dtype, np.signedinteger) and values.dtype.itemsize == 1:
        table = np.full(256, np.nan)
        for code, value in recode.items():
            if float(code).is_integer() and -128 <= code <= 127:
                table[int(code)] = value
        found: FloatArray = table[values]
        return found
    recoded = np.full(values.shape, np.nan)
    for code, value in recode.items():
        recoded[values == code] = value
    return recoded


def item_range(instrument: Instrument, rule: ScoringRule) -> tuple[float, float] | None:
    """Lowest and highest value of one item after recoding; None if the range is unknown."""
    if rule.recode is not None:
        return min(rule.recode.values()), max(rule.recode.values())
    span = instrument.answers
    return None if span is None else (span.minimum, span.maximum)


def score_scale(form: Form, rule: ScoringRule, *, prorate: float) -> ScaleScore:
    """Score every row of a form.

    A row with at least the share `prorate` of its items answered gets k x the mean of the answered
    ones (method "sum") or that mean (method "mean"); others get no score. An item that was not
    asked counts as missing, because a scale of another length is another scale.

    Parameters
    ----------
    form : Form
        Answers of one instrument.
    rule : ScoringRule
        How codes become a score.
    prorate : float
        Smallest share of answered items.

    Returns
    -------
    ScaleScore
        NaN where the score is missing.
    """
    return joined([_score_piece(piece, rule, prorate) for piece in form.pieces()])


def _score_piece(form: Form, rule: ScoringRule, prorate: float) -> ScaleScore:
    n, k = form.n_rows, len(form.instrument.items)
    ends = item_range(form.instrument, rule)
    total = np.zeros(n)
    lost = np.zeros(n, dtype=np.int16)
    for answer in form.items():
        values = keyed_values(form.instrument, rule, answer.item, answer.values)
        if answer.missing is None:
            total += values
        else:
            total += np.where(answer.missing, 0.0, values)
            lost += answer.missing
    answered = lost < k
    enough = (k - lost) >= prorate * k - ROUNDING
    divisor = np.maximum(k - lost, 1)
    full = total / divisor * k if lost.any() else total
    full = np.where(lost == 0, total, full)
    unit = rule.multiply / (k if rule.method == "mean" else 1)
    unknown = np.full(n, np.nan)
    low = unknown if ends is None else (total + lost * ends[0]) * unit
    high = unknown if ends is None else (total + lost * ends[1]) * unit
    if rule.multiply < 0:
        low, high = high, low
    limits = None if ends is None else sorted((ends[0] * k * unit, ends[1] * k * unit))
    return ScaleScore(
        score=np.where(answered & enough, full * unit, np.nan),
        prorated=answered & enough & (lost > 0),
        answered=answered,
        low=np.where(answered, low, np.nan),
        high=np.where(answered, high, np.nan),
        minimum=None if limits is None else limits[0],
        maximum=None if limits is None else limits[1],
    )


def method_name(rule: ScoringRule, *, turned: bool = False) -> str:
    """Name a scoring so that two scorings with one name give one metric."""
    plain = rule.recode is None and rule.multiply == 1
    if rule.name == TOTAL:
        return f"{TOTAL}, turned round" if turned else TOTAL
    text = rule.method if plain else f"{rule.method}, {rule.name}"
    return f"{text}, turned round" if turned else text
