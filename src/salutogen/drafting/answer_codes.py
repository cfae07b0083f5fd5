"""Codes of answers: the range that was seen, and codes that stand for a missing answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from salutogen.drafting.cells import DataColumn
from salutogen.study.format import AnswerRange

# What programs and codebooks write for "no answer", farthest from answers first.
_CODES = (
    -9999, -999, -888, -777, -99, -98, -97, -96, -95, -89, -88, -87, -77, -66, -55, -9, -8, -7, -6,
    -5, -4, -3, -2, -1, 9999, 8888, 999, 998, 997, 888, 777, 99, 98, 97, 96, 95, 88, 77, 66, 9, 8,
    7,
)  # fmt: skip
_NEVER_CODES = frozenset({-1, -2, -3, -4, -5, -6, 7, 8, 9})  # need the range of a known scale
_STRAY_SHARE = 0.02
_OFTEN = 0.4
_MOST_ABOVE = 2  # different answers above a code of missing ones; more, and it is one of them
_SELDOM = 0.002  # of the answers; at most this share, or one, is a slip of the pen
_FEWEST_TO_TELL = 100  # answers, before one that stands alone says anything


@dataclass(frozen=True, slots=True)
class AnswerCodes:
    """The answers to a set of columns.

    Attributes
    ----------
    minimum, maximum : float
        Lowest and highest answer that was seen, missing codes aside.
    missing : tuple of float
        Codes that stand for a missing answer, as far as can be told.
    unsure : tuple of float
        Codes that may stand for a missing answer or be answers.
    stray : tuple of float
        Seldom codes outside the range of a known scale.
    stray_cells : int
        Cells that hold one of these.
    whole : bool
        Whether all answers are whole numbers.
    shares : mapping of code to share of the answers
    """

    minimum: float
    maximum: float
    missing: tuple[float, ...]
    unsure: tuple[float, ...]
    stray: tuple[float, ...]
    stray_cells: int
    whole: bool
    shares: dict[float, float]

    @property
    def zeros(self) -> float:
        """Share of answers that are 0."""
        return self.shares.get(0.0, 0.0)

    @property
    def lowest_share(self) -> float:
        """Share of answers with the lowest code."""
        return self.shares.get(self.minimum, 0.0)

    @property
    def seen(self) -> str:
        """The range as a study file writes it."""
        top = self.maximum if self.maximum > self.minimum else self.minimum + 1
        return f"{written(self.minimum)}..{written(top)}"


def written(number: float) -> str:
    """Write a number as a study file does, without an exponent."""
    text = f"{number:.10f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def answer_codes(
    columns: Sequence[DataColumn], known: AnswerRange | None = None, *, items: bool = False
) -> AnswerCodes | None:
    """Look at the answers of a set of columns; None where there are none.

    Parameters
    ----------
    known : AnswerRange, optional
        Range of the scale that the names speak of.
    items : bool
        Whether these are answers to items, of which one far from all others is questioned.
    """
    cells = pl.concat([one.numbers.alias("") for one in columns]).drop_nulls()
    if not cells.len() or float(cells.abs().max() or 0) > 1e12:  # type: ignore[arg-type]
        return None
    counts = dict(cells.value_counts().iter_rows())
    values = sorted(counts)
    missing = [code for code in values if _is_missing(code, values, known)]
    answers = [value for value in values if value not in missing] or values
    stray = []
    if known is not None:
        outside = [one for one in answers if not known.minimum <= one <= known.maximum]
        if sum(counts[one] for one in outside) <= _STRAY_SHARE * cells.len():
            stray = outside
            answers = [one for one in answers if one not in outside] or values
    unsure = [code for code in missing if counts[code] > _OFTEN * cells.len()]
    unsure += [one for one in answers if _may_be_missing(one, answers)]
    if items and known is None:
        unsure += [one for one in _far_from_all(answers, counts) if one not in unsure]
    total = sum(counts[one] for one in answers)
    return AnswerCodes(
        minimum=answers[0],
        maximum=answers[-1],
        missing=tuple(code for code in missing if code not in unsure),
        unsure=tuple(unsure),
        stray=tuple(stray),
        stray_cells=sum(counts[one] for one in stray),
        whole=all(float(one).is_integer() for one in answers),
        shares={one: counts[one] / total for one in answers},
    )


def is_missing_code(code: float) -> bool:
    """Whether programs and codebooks write this code for a missing answer."""
    return code in _CODES


def _is_missing(code: float, values: Sequence[float], known: AnswerRange | None) -> bool:
    """Whether a code stands for a missing answer: outside the scale, or far from all answers."""
    if code not in _CODES:
        return False
    if known is not None:
        near = known.minimum - 1 <= code <= known.maximum + 1
        return not near or (code < 0 <= known.minimum)
    if code in _NEVER_CODES:
        return False
    answers = [one for one in values if one not in _CODES or one in _NEVER_CODES]
    answers = [one for one in answers if one >= 0 or one not in _NEVER_CODES]
    if not answers:
        return False
    low, high = min(answers), max(answers)
    return (code < 0 <= low) or code >= 2 * max(high, 1) + 5


def _may_be_missing(code: float, answers: Sequence[float]) -> bool:
    """Whether a code may stand for a missing answer: -1 beside 0 to 3, 9 after 5, 99 after 60."""
    if code not in _CODES:
        return False
    below = [one for one in answers if one < code]
    if sum(one > code and one not in _CODES for one in answers) > _MOST_ABOVE:
        return False
    if code >= 66 and below and code - below[-1] >= max(10.0, 0.3 * (below[-1] - below[0])):
        return True
    others = [one for one in answers if one not in (code, *_NEVER_CODES)]
    if not others:
        return False
    if code < 0:
        return min(others) >= 0
    return code - max(others) >= 3 and max(others) <= 5


def _far_from_all(answers: Sequence[float], counts: Mapping[float, int]) -> list[float]:
    """Seldom answers above a gap that is wider than all the answers below: 22 beside 0 to 3."""
    cells = sum(counts[one] for one in answers)
    for place in range(1, len(answers)):
        below, above = answers[:place], answers[place:]
        gap = above[0] - below[-1]
        seldom = sum(counts[one] for one in above) <= max(1.0, _SELDOM * cells)
        if len(below) > 1 and seldom and gap > max(below[-1] - below[0], 1.0):
            return list(above) if cells >= _FEWEST_TO_TELL else []
    return []
