"""When things were answered, by the clock: which came strictly after which.

A form has the time of its problems. What comes from a source with times of its own, a scan or a
laboratory's visit, has those; where they are not known, it has the time of the form of its
planned occasion.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.scales import at_occasion, numbers_of
from salutogen.panel.times import Clock
from salutogen.scores.answers import answered_rows

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Moments:
    """Times of one thing each; NaN where unknown.

    Attributes
    ----------
    time, local : array (n,)
        Days that went by, and days by the clock on the wall.
    clock : array (n,)
        `Clock`: what is known of each.
    """

    time: Float
    local: Float
    clock: Float

    @classmethod
    def of(cls, table: pl.DataFrame) -> Moments:
        """Take the times of a table of the panel."""
        time, local, clock = (numbers_of(table[name]) for name in ("time", "local_time", "clock"))
        return cls(time=time, local=local, clock=clock)

    @classmethod
    def unknown(cls, n: int) -> Moments:
        """Make n times of which nothing is known."""
        return cls(time=np.full(n, np.nan), local=np.full(n, np.nan), clock=np.full(n, np.nan))

    @property
    def known(self) -> Bool:
        """Which of them are known."""
        return np.isfinite(self.time)

    def at(self, index: NDArray[np.int64] | Bool) -> Moments:
        """Choose some of them."""
        return Moments(time=self.time[index], local=self.local[index], clock=self.clock[index])

    def or_else(self, other: Moments) -> Moments:
        """Take others where these are not known."""
        return self._where(self.known, other)

    def not_after(self, other: Moments) -> Bool:
        """Which came before the other, or at the same time; False where either is unknown.

        Where only the day of one is known, what happened on that day did not come after it.
        """
        day = (self.clock == Clock.DAY) | (other.clock == Clock.DAY)
        same = self._zoned == other._zoned
        mine, its = (
            np.where(day, np.floor(one.local), np.where(same, one.time, one.local))
            for one in (self, other)
        )
        return np.asarray(mine <= its)

    def nth(self, person: NDArray[np.int64], n_persons: int, place: int = 0) -> Moments:
        """Each person's first moment, or a later one (`place` from 0); unknown for who has none."""
        own = np.flatnonzero(self.known)
        own = own[np.lexsort((self.time[own], person[own]))]
        who = person[own]
        starts = np.flatnonzero(np.diff(who, prepend=-1) != 0)
        size = np.diff(np.append(starts, who.size))
        starts = starts[size > place]
        found = np.full(n_persons, -1)
        found[who[starts]] = own[starts + place]
        return self.or_nothing.at(found)

    @property
    def or_nothing(self) -> Moments:
        """The same with one more at the end that is unknown."""
        time, local, clock = (np.append(one, np.nan) for one in (self.time, self.local, self.clock))
        return Moments(time=time, local=local, clock=clock)

    @property
    def _zoned(self) -> Bool:
        return np.isin(self.clock, [Clock.ZONED, Clock.UTC])

    def _where(self, mine: Bool, other: Moments) -> Moments:
        return Moments(
            time=np.where(mine, self.time, other.time),
            local=np.where(mine, self.local, other.local),
            clock=np.where(mine, self.clock, other.clock),
        )


class AnswerTimes:
    """Times of the forms and of what stands in them or beside them."""

    def __init__(self, inputs: AnalysisInputs) -> None:
        self._inputs = inputs
        self._own = getattr(inputs.panel, "times", {})

    @cached_property
    def forms(self) -> Moments:
        """Of the rows of `Scores.table`."""
        time = numbers_of(self._inputs.scores.table["time"])
        rows = getattr(self._inputs.panel, "rows", None)
        if rows is not None:
            found = Moments.of(self._answered(rows))
            if np.array_equal(found.time, time, equal_nan=True):
                return found
        return Moments(time=time, local=time, clock=np.full(time.size, float(Clock.LOCAL)))

    def has_own(self, name: str) -> bool:
        """Whether an instrument has times of its own."""
        return name in self._own

    def own(self, name: str) -> Moments:
        """Own times of what was asked once, by person; unknown where it has none."""
        if name in self._own and name not in self._inputs.panel.answers:
            return Moments.of(self._own[name])
        return Moments.unknown(self._inputs.scores.persons.height)

    def form(self, place: int) -> Moments:
        """When each person answered the form of a planned occasion."""
        return self._at(self.forms, place)

    def at(self, name: str, place: int) -> Moments:
        """When each person answered an instrument that stands at a planned occasion."""
        planned = self.form(place)
        if not self.has_own(name):
            return planned
        if name not in self._inputs.panel.answers:
            return self.own(name).or_else(planned)
        return self._at(Moments.of(self._answered(self._own[name])), place).or_else(planned)

    def _at(self, rows: Moments, place: int) -> Moments:
        time, local, clock = (
            at_occasion(self._inputs, one, place) for one in (rows.time, rows.local, rows.clock)
        )
        return Moments(time=time, local=local, clock=clock)

    def _answered(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Rows of the panel that were scored."""
        keep = answered_rows(self._inputs.panel)
        return rows if keep is None else rows.filter(keep)
