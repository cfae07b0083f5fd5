"""Numbers and counts as words for people: minus signs, digits, plurals, intervals."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from salutogen.counts import Forms
from salutogen.findings import filled

if TYPE_CHECKING:
    from salutogen.page.audience import Audience

SIGN = "SR = observed − expected problems; positive = over-reactive = less resilient"
SR_AXIS = "SR (points of P; above 0 = over-reactive)"
MINUS = "−"
LEAST_TENTH, LEAST_TOLD = 0.001, 0.0001  # shares: told in hundredths of a percent; told at all
TIME_UNITS = (("years", 365.25), ("months", 365.25 / 12), ("weeks", 7.0), ("days", 1.0))
# A whole number that is no part of a word, a decimal number, a name in quotes or a percentage.
_NUMBER_ALONE = re.compile(r"(?<![\w.,'\"“−-])\d+(?:,\d{3})*(?!\w|[.,]\d|\s?%|['\"”])")
NOTHING = 1e-12  # rounding error of a figure that is 0


@dataclass(frozen=True)
class Sentence:
    """A text in which counts of persons stand as `Persons`: small ones are told to nobody else.

    The template is as in the table of finding codes: `{n:# person|# persons}`.
    """

    template: str
    values: Mapping[str, Any]

    def worded(self, count: Callable[[int], str]) -> str:
        """Return the text with each count of persons written by `count`."""
        return filled(self.template, self.values, count)

    def __add__(self, other: Sentence | str) -> Sentence:
        """Join two texts; both keep their own values."""
        return Sentence("{first}{second}", {"first": self, "second": other})


def say(template: str, **values: Any) -> Sentence:
    """Make a sentence: `say("{n:# person|# persons} answered.", n=Persons(3))`."""
    return Sentence(template, values)


def number(value: Any, digits: int = 3) -> str:
    """Write a number with so many significant digits and a real minus; a dash where missing."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}".replace("-", MINUS)
    size = abs(float(value))
    if size < NOTHING:
        return "0"
    if size and (size < 10 ** (-digits - 1) or size >= 1e7):
        return f"{value:.{digits - 1}e}".replace("-", MINUS)
    decimals = max(0, digits - 1 - math.floor(math.log10(size))) if size else digits - 1
    return f"{value:,.{min(decimals, 6)}f}".replace("-", MINUS)


def points(value: float | None, decimals: int = 2) -> str:
    """Write a number with fixed decimals."""
    if value is None or not math.isfinite(value):
        return "–"
    text = f"{value:,.{decimals}f}"
    return text.removeprefix("-") if float(text.replace(",", "")) == 0 else text.replace("-", MINUS)


def signed(value: float | None, decimals: int = 2) -> str:
    """Write a number with its sign, so that the direction of SR is never in doubt."""
    text = points(value, decimals)
    nothing = text == "–" or value is None or value <= 0 or not text.strip("0.,")
    return text if nothing else f"+{text}"


def percent(share: float | None) -> str:
    """Write a share as whole percent, with one decimal below 10 % and two below 0.1 %."""
    if share is None or not math.isfinite(share):
        return "–"
    if 0 < share < LEAST_TENTH:
        return f"{100 * share:.2f} %" if share >= LEAST_TOLD else "below 0.01 %"
    return f"{100 * share:.0f} %" if abs(share) >= 0.1 or share == 0 else f"{100 * share:.1f} %"


class Share(float):
    """A share of so many persons in a sentence: told to others as a share of counts in fives.

    One of forms has with it which forms (`part`) it is the share of: where these, or the others,
    are of few persons, no number is told.

    Examples
    --------
    >>> say("{share} of them", share=Share(0.25, of=40)).worded(str)
    '25 % of them'
    """

    of: int
    part: Forms | None

    def __new__(cls, share: float, *, of: int, part: Forms | None = None) -> Self:
        """Make a share."""
        made = super().__new__(cls, share)
        made.of, made.part = of, part
        return made

    def __getnewargs_ex__(self) -> tuple[tuple[float], dict[str, Any]]:
        """What a copy is made of."""
        return (float(self),), {"of": self.of, "part": self.part}

    def worded(self, count: Callable[[Any], str]) -> str:
        """Return the share as `count` writes it."""
        return count(self)

    def as_told(self, audience: Audience) -> str:
        """Write it as an audience may have it."""
        if self.part is not None:
            return audience.share(self.part, self.of)
        return percent(audience.told_share(self, self.of))

    def __str__(self) -> str:
        return percent(float(self))

    def __format__(self, format_spec: str) -> str:
        return format(float(self), format_spec) if format_spec else str(self)


@dataclass(frozen=True)
class Coarse:
    """Words with a number that would tell a count; where persons are hidden others stand there."""

    shown: str
    hidden: str

    def worded(self, count: Callable[[Any], str]) -> str:
        """Return the words as `count` writes them."""
        return count(self)

    def as_told(self, audience: Audience) -> str:
        """Write them as an audience may have them."""
        return self.shown if audience.individuals else self.hidden

    def __str__(self) -> str:
        return self.shown

    def __format__(self, format_spec: str) -> str:
        return self.shown


def without_counts(reason: object) -> Coarse:
    """Make a value of a sentence from why a model was not fitted: counts are not told to others.

    How many samples fail, or rows are left, tells how many persons have something.

    >>> print(without_counts("In 688 of 5000 samples columns are collinear.").hidden)
    In some of the samples columns are collinear.
    """
    text = _NUMBER_ALONE.sub("some", str(reason))
    text = text.replace("some of some", "some of the").replace(" (some)", "")
    return Coarse(str(reason), text[:1].upper() + text[1:] if text.startswith("some") else text)


def in_halves(size: float, unit: str) -> str:
    """Write a size to halves of a unit, in its plural.

    >>> in_halves(0.7, "SDs"), in_halves(0.1, "SDs")
    ('about 0.5 SDs', 'less than 0.25 SDs')
    """
    halves = round(2 * size) / 2
    return f"about {halves:g} {unit}" if halves else f"less than 0.25 {unit}"


class MeanCount(Share):
    """A count of persons in a sentence that is a mean or an expectation, such as 4.5."""

    def as_told(self, audience: Audience) -> str:
        """Write it as an audience may have it."""
        return points(audience.told(float(self)), 1 if audience.individuals else 0)

    def __str__(self) -> str:
        return points(float(self), 1)


def p_value(value: float | None) -> str:
    """Write a p value."""
    if value is None or not math.isfinite(value):
        return "p not computed"
    return "p < .001" if value < 0.001 else f"p = {value:.3f}".replace("0.", ".")


def time_unit(days: float) -> tuple[str, float]:
    """Return the unit in which a time up to so many days is told, and its length in days."""
    for name, length in TIME_UNITS:
        if days >= 2 * length:
            return name, length
    return "hours", 1 / 24


def span(days: float, longest: float | None = None) -> str:
    """Write a time, in the unit of the longest of those that it stands beside.

    >>> span(183), span(30.5), span(30.5, longest=183)
    ('6 months', '4.4 weeks', '1 month')
    """
    unit, length = time_unit(days if longest is None else longest)
    count = f"{days / length:.1f}".removesuffix(".0")
    return f"{count} {unit[:-1] if count == '1' else unit}"


def plural(n: int, one: str, many: str | None = None) -> str:
    """Write a count with its noun."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def enumeration(words: Sequence[str]) -> str:
    """Join words: a, b and c."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def heading(column: str) -> str:
    """Turn a column name into words for a heading."""
    return column.replace("_", " ").strip()


def cell(value: Any) -> str:
    """Write one cell of a table."""
    if isinstance(value, float):
        return number(value, 4)
    if isinstance(value, list | tuple):
        return ", ".join(cell(item) for item in value)
    if value is None or isinstance(value, int | bool):
        return number(value)
    return str(value)
