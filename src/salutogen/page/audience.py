"""Who may be seen, under which label, and which counts may be told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from salutogen.columns import Column, Kind
from salutogen.counts import Forms
from salutogen.page.words import Coarse, Share, percent

SMALL_CELL = 5
FEWEST_DIGITS = 3
PERSONS_DRAWN = 3000
LEAST_STEP = 0.1  # of a quantile of scores made of whole ones, points
NOTHING = 1e-12  # of what has a unit
LABEL_PATTERN = r"\bPerson [A-Z]+[1-9]\d?\b"
_PER_LETTER = 99
_LABEL_STREAM = 0x5A1


@dataclass(frozen=True)
class Audience:
    """What the page may show of single persons.

    Attributes
    ----------
    individuals : bool
        The study file's `report: {individuals: show}`.
    n_persons : int
    seed : int
        Seed of the run.
    secret : int
        What only the data tell. The order of labels comes from it and the seed, so that nobody
        can work it out who does not have the data.
    forms : tuple of int
        Planned, answered and valid forms, which every page tells. A few that are missing, or those
        that few persons miss, tell of a few; as `Forms` they know of how many persons.
    most_each : int
        Rows or cells that one person may have. Of a count of these whose persons are not known at
        least so many persons are: their number by this one.
    """

    individuals: bool
    n_persons: int
    seed: int
    forms: tuple[int, ...] = ()
    most_each: int = 1
    secret: int = field(default=0, repr=False)

    @property
    def draws_persons(self) -> bool:
        """Whether figures draw a mark for each person; beyond 3,000 they aggregate."""
        return self.individuals and self.n_persons <= PERSONS_DRAWN

    @property
    def smallest(self) -> int:
        """Smallest number of persons a shown figure may stand for."""
        return 1 if self.individuals else SMALL_CELL

    @property
    def digits(self) -> int | None:
        """Significant digits that a statistic is told with where persons are hidden.

        Two exact means over sets that differ by one person give this person's value. With no more
        digits than the persons have, the sum behind a mean is not known to a person.
        """
        return None if self.individuals else max(FEWEST_DIGITS, len(str(self.n_persons)))

    @cached_property
    def places(self) -> np.ndarray:
        """Place (from 0) of each person index in the seeded order of labels."""
        generator = np.random.default_rng(
            np.random.SeedSequence([self.seed, _LABEL_STREAM, self.secret])
        )
        return generator.permutation(self.n_persons)

    def label(self, person: int) -> str:
        """Label such as "Person A7" of a person index."""
        return f"Person {person_code(int(self.places[person]))}"

    def labels(self, persons: np.ndarray) -> list[str]:
        """Labels of many person indices."""
        blocks = -(-self.n_persons // _PER_LETTER)
        letters = [f"Person {_letters(block)}" for block in range(blocks)]
        places = self.places[persons].tolist()
        return [f"{letters[place // _PER_LETTER]}{place % _PER_LETTER + 1}" for place in places]

    def is_small(self, n: int) -> bool:
        """Whether so few persons, or forms of so few persons, may not be told."""
        return 0 < (n.persons if isinstance(n, Forms) else n) < self.smallest

    def of_unknown_persons(self, n: int) -> Forms:
        """Return a count of rows or cells with the fewest persons that it may be of."""
        return Forms(n, persons=-(-n // self.most_each))

    def hides(self, n: int, of: int | None = None) -> bool:
        """Whether a count may not be told: it is small, or so is what it leaves of a whole.

        Everyone in the study and the forms of the study are wholes as well. None of a few tells
        nothing but what the few, who are hidden themselves, would. A count that leaves few of
        everyone once it is rounded could only be the one next to those that are hidden. Forms are
        as few as the persons whose they are, and leave as few as those whose the others are.
        """
        if n == 0:
            return False
        alike = [n, *(known for known in self.forms if known == n)]
        if any(self.is_small(one.others) for one in alike if isinstance(one, Forms)):
            return True
        wholes = (self.n_persons, *self.forms) if of is None else (of, self.n_persons, *self.forms)
        left = [*(whole - n for whole in wholes), self.n_persons - self.told(n)]
        return self.is_small(n) or any(map(self.is_small, left))

    def told[N: (int, float)](self, n: N) -> N:
        """Return a count as it is told: where persons are hidden a multiple of five.

        What two counts differ by then tells of few no more. How many there are in the study is
        known to everyone.
        """
        if self.individuals or n == self.n_persons or not np.isfinite(n):
            return n
        told = SMALL_CELL * round(n / SMALL_CELL)
        return told if isinstance(n, Forms) else type(n)(told)

    def told_below(self, n: int) -> int:
        """Return a count that has to be given as a multiple of five that leaves no few.

        Where the nearest one would leave few of everyone, or none although there are some, the one
        below says that as little as of those that leave several.
        """
        told = self.told(n)
        while n < self.n_persons < told + self.smallest:
            told -= SMALL_CELL
        return told

    def told_size(self, n: int) -> int:
        """Return how many persons a standard error, an interval or a test is made with.

        Where persons are hidden that is the count as it may be told: an interval that follows from
        an estimate and its count alone, or that stands beside a standard deviation, would tell the
        exact one. Counts of few stay, as nothing of them is told.
        """
        return n if self.individuals or n < SMALL_CELL else max(SMALL_CELL, self.told_below(n))

    def told_mean(self, mean: float, sd: float, n: int) -> float:
        """Return a mean of so many persons as it is told: where persons are hidden in steps.

        With all its digits, or three of a mean near 0, a mean of everyone and those of two parts
        are solved for their numbers. A step is as much as two persons more or fewer move it, of
        scores with a small SD as much as a point of two persons moves it (no more than half the
        SD): of rare events more than one set of small counts has the same mean.
        """
        if self.individuals or not sd > 0 or not n:
            return mean
        return in_steps(mean, _mean_step(sd, n))

    def told_interval(
        self, ends: tuple[float, float, float], sd: float, n: int
    ) -> tuple[float, float, float]:
        """Return such a mean with the ends of its interval as they are told, in one rounding.

        Rounded each for itself, both ends would tell the mean with finer steps. The interval is as
        wide as the SD as it is told makes it, and stays on the side of 0 that it is on.

        Parameters
        ----------
        ends : tuple of float
            Mean, lower and upper end.
        sd : float
        n : int
        """
        mean, low, high = ends
        if self.individuals or not sd > 0 or not n:
            return ends
        wider, side = self.told_sd(sd, n) / sd, _side(low, high)
        told = self.told_mean(mean, sd, n)
        below, above = wider * (mean - low), wider * (high - mean)
        away = side - _side(told - below, told + above)
        told = in_steps(told + away * _mean_step(sd, n), _mean_step(sd, n))
        return told, told - below, told + above

    def told_sd(self, sd: float, n: int) -> float:
        """Return an SD that stands beside such a mean: where persons are hidden in steps as well.

        Of whole numbers near 0 few counts have both a mean and an SD with all its digits, so that
        these would tell how many persons have each number. There a step is somewhat more than two
        persons with two in place of one move it, but no more than half the SD before it is made
        round.
        """
        if self.individuals or not sd > 0 or not n:
            return sd
        a_point = min(4 / (n * sd), sd / 2)
        return in_steps(sd, _round_step(max(2 * sd / n, a_point)))

    def told_share(self, share: float, of: int | None = None) -> float:
        """Return a share as it is told: that of counts as they are told, where persons are hidden.

        Without the number of persons that it is of, or where that may not be told, it is told in
        tenths: in steps of that number it would tell it. What stands beside shares and is none, 1
        or more, is left as it is.
        """
        if self.individuals or abs(share) >= 1 or not np.isfinite(share):
            return share
        if of is None or not self.told(of) or self.hides(of):
            return round(share, 1)
        told = SMALL_CELL * round(share * of / SMALL_CELL) / self.told(of)
        return float(np.clip(told, -1.0, 1.0))

    def with_few_digits(self, value: float) -> float:
        """Return a statistic with as many digits as the persons bear."""
        known = self.digits is not None and np.isfinite(value)
        return float(f"{value:.{self.digits}g}") if known else value

    def rounded(self, value: int | float, column: Column, of: int | None = None) -> int | float:
        """Return a figure as it is told, by what its declaration says; `of` are a share's persons.

        Whole numbers that are no counts are of the design. What has a unit and is 0 but for what
        arithmetic leaves of it is 0; what has none may be the p of something very unlikely.
        """
        if self.individuals or column.kind is Kind.LABEL or not np.isfinite(value):
            return value
        if column.kind is Kind.COUNT:
            return self.told(value)
        if column.unit and abs(value) < NOTHING:
            return type(value)(0)
        if column.step:
            return self.with_few_digits(column.step * round(value / column.step))
        if column.kind is Kind.SHARE:
            return self.with_few_digits(self.told_share(value, of))
        return self.with_few_digits(value) if isinstance(value, float) else value

    def count(self, n: int) -> str:
        """Write a count; small ones are not told where persons are hidden."""
        if isinstance(n, Forms) and self.is_small(n):
            return "few"  # of how many persons is not told, nor how many they are
        return f"fewer than {self.smallest}" if self.is_small(n) else f"{self.told(n):,}"

    def share(self, n: int, of: int) -> str:
        """Write the share of a count; where the count may not be told, in words."""
        if self.hides(n, of):
            return "few" if self.is_small(n) else "nearly all"
        return percent(self.told_share(n / of, of) if of else None)

    def in_a_sentence(self, n: int | Share | Coarse) -> str:
        """Write a count, a share or what else would tell a count in a sentence.

        A count that leaves only a few of everyone, or of a count it is a part of, would give these
        few away; it is written as nearly all of them.
        """
        if isinstance(n, Share | Coarse):
            return n.as_told(self)
        return "nearly all" if self.leaves_few(n) else self.count(n)

    def leaves_few(self, n: int) -> bool:
        """Whether few are left of everyone, or of the counts that a `Persons` is a part of."""
        return not self.is_small(n) and self.hides(n, getattr(n, "of", None))


def smallest_of(individuals: str) -> int:
    """Smallest number of persons that a shown figure may stand for, by the word of a study file."""
    return 1 if individuals == "show" else SMALL_CELL


def in_steps(value: float, step: float) -> float:
    """Return the multiple of a step that is next to a value.

    Examples
    --------
    >>> in_steps(20.37, 0.2), in_steps(-0.04, 0.1)
    (20.4, 0.0)
    """
    return float(f"{step * round(value / step):.12g}") + 0.0  # and no negative 0


def _mean_step(sd: float, n: int) -> float:
    """Step in which a mean of so many persons with such an SD is told."""
    return _round_step(max(2 * sd / n, min(2 / n, sd / 2)))


def _side(low: float, high: float) -> int:
    """1 where an interval lies above 0, -1 where it lies below, 0 where it holds 0."""
    return 1 if low > 0 else -1 if high < 0 else 0


def _round_step(least: float) -> float:
    """Return the next of 1, 2, 5, 10, …, or of their tenths, hundredths, ….

    Examples
    --------
    >>> [_round_step(one) for one in (0.013, 0.3, 2.0)]
    [0.02, 0.5, 2.0]
    """
    power = 10.0 ** np.floor(np.log10(least))
    return float(next(one * power for one in (1, 2, 5, 10) if one * power >= least * (1 - 1e-9)))


def quantile_step(sd: float, n: int) -> float:
    """Return the step in which quantiles of a score made of whole ones are told.

    That of its level, and no less than a tenth of a point; of scores with an SD under a point no
    less than a tenth of the SD.
    """
    least = min(LEAST_STEP, sd / 10)
    return _round_step(max(2 * sd / n, least)) if sd > 0 else LEAST_STEP


def lies_among_few(quantile: float, n_persons: int, smallest: int = SMALL_CELL) -> bool:
    """Whether fewer than that lie beyond a quantile, which then tells of them."""
    return smallest > 1 and min(quantile, 1 - quantile) * n_persons < smallest


def told_quantiles(
    values: np.ndarray,
    at: Sequence[float],
    smallest: int = SMALL_CELL,
    n_persons: int | None = None,
) -> np.ndarray:
    """Quantiles of values that are not empty; where persons are hidden each is one of the values.

    The fraction of one between two values would tell how many there are, to the remainder of their
    number by four for quartiles. Where fewer than `smallest` of so many persons, by default as many
    as values, would lie beyond a quantile, the nearest one beyond which as many lie stands for it.
    Of values that are no whole numbers it is told in steps (`quantile_step`): these are made of
    whole ones and a mean, an SD or a line, which many of them would tell with three digits.
    """
    if smallest == 1:
        plain: np.ndarray = np.quantile(values, at)
        return plain
    n = values.size if n_persons is None else n_persons
    found = occurring_quantiles(values, at, smallest, n)
    return np.array([told_value(float(value), values, n) for value in found])


def occurring_quantiles(
    values: np.ndarray, at: Sequence[float], smallest: int, n_persons: int
) -> np.ndarray:
    """Quantiles that occur among values, beyond each of which so many persons lie at least."""
    beyond = inner_share(0.0, n_persons, smallest)
    found: np.ndarray = np.quantile(values, np.clip(at, beyond, 1 - beyond), method="inverted_cdf")
    return found


def told_value(value: float, values: np.ndarray, n: int | None = None) -> float:
    """Return a quantile of values as it is told: in steps where values are no whole numbers."""
    sd = float(np.std(values))
    if not sd > 0 or np.array_equal(values, np.rint(values)):
        return value
    return in_steps(value, quantile_step(sd, values.size if n is None else n))


def told_median(values: np.ndarray, smallest: int = SMALL_CELL) -> float:
    """Median of values that are not empty; where persons are hidden it is one of the values."""
    return float(
        np.median(values) if smallest == 1 else told_quantiles(values, (0.5,), smallest)[0]
    )


def inner_share(beyond: float, n_persons: int, smallest: int = SMALL_CELL) -> float:
    """Share of values that lie beyond a quantile that may be told: not those of too few persons."""
    return min(max(beyond, (smallest + 0.5) / max(n_persons, 1)), 0.5)


def person_code(place: int) -> str:
    """Write a place as letters and a number from 1 to 99: 0 is A1, 98 is A99, 99 is B1."""
    block, number = divmod(place, _PER_LETTER)
    return f"{_letters(block)}{number + 1}"


def _letters(block: int) -> str:
    letters = ""
    block += 1
    while block:
        block, rest = divmod(block - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
