"""The planner of time: the occasions, windows, phases and bursts that a study's plan has.

`salutogen check` and `salutogen run` ask the same `Schedule`. Rows of data are put to its periods
in the norm.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Literal

from salutogen.study.format import Burst, Duration, OccasionBlock, StudyFile, Windows

MOST_OCCASIONS = 20_000
MOST_WINDOWS = 2000
TINY = 1e-9

PeriodKind = Literal["all", "occasion", "window", "phase", "burst"]


@dataclass(frozen=True, slots=True)
class Occasion:
    """One planned occasion: its label, place in the plan (from 0) and planned day, if known."""

    label: str
    index: int
    day: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A stretch of the study. Periods are the same if kind and number are, whatever their label.

    Attributes
    ----------
    kind : {"all", "occasion", "window", "phase", "burst"}
    number : int
        From 1, in the order of the plan; 0 for the whole follow-up.
    label : str
        What the study calls it: an occasion's label, a phase's name, a window's number.
    occasions : range
        Places of its occasions in the plan; empty where days say what belongs to it.
    first, last : str or None
        Labels of its first and last occasion, where occasions say what belongs to it.
    start, end : float or None
        Days since the study's first occasion, the end not included, where days say it.
    """

    kind: PeriodKind
    number: int
    label: str = field(default="", compare=False)
    occasions: range = field(default=range(0), compare=False)
    first: str | None = field(default=None, compare=False)
    last: str | None = field(default=None, compare=False)
    start: float | None = field(default=None, compare=False)
    end: float | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return f"{self.kind} {self.label or self.number}" if self.number else self.kind


WHOLE = Period(kind="all", number=0, label="all")


@dataclass(frozen=True, kw_only=True, repr=False)
class Schedule:
    """When a study asks, and the stretches of time it is looked at in.

    Attributes
    ----------
    plan : StudyFile
    planned : tuple of Occasion
        The occasions, written out from the plan.
    """

    plan: StudyFile
    planned: tuple[Occasion, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of the planned occasions, in order."""
        return tuple(one.label for one in self.planned)

    @property
    def last_day(self) -> float | None:
        """Last planned day; None unless every occasion has a planned day."""
        days = [one.day for one in self.planned if one.day is not None]
        return max(days) if days and len(days) == len(self.planned) else None

    @property
    def names_time(self) -> bool:
        """Whether a file of answers has a column with their time."""
        return any(self.plan.sources[name].time is not None for name in self.plan.answer_sources)

    @property
    def windows_in_time(self) -> bool:
        """Whether windows are lengths of time; otherwise they count occasions."""
        windows = self.plan.resilience.windows
        return windows is not None and isinstance(windows.width, Duration)

    def width_beyond(self, last_day: float | None) -> Duration | None:
        """Width of windows in time, where the first holds every day up to the last; else None."""
        windows = self.plan.resilience.windows
        if windows is None or isinstance(windows.width, int) or last_day is None:
            return None
        return windows.width if windows.width.days > last_day + TINY else None

    @cached_property
    def occasions(self) -> tuple[Period, ...]:
        """Each planned occasion as a period of its own."""
        return tuple(
            self._stretch("occasion", number, one.label, range(one.index, one.index + 1))
            for number, one in enumerate(self.planned, start=1)
        )

    @cached_property
    def phases(self) -> tuple[Period, ...]:
        """The named phases, in the order of the study file; without those of unknown occasions."""
        place = {label: index for index, label in enumerate(self.labels)}
        return tuple(
            self._stretch("phase", number, name, range(place[phase.first], place[phase.last] + 1))
            for number, (name, phase) in enumerate(self.plan.resilience.phases.items(), start=1)
            if phase.first in place and phase.last in place
        )

    @cached_property
    def bursts(self) -> tuple[Period, ...]:
        """Dense sampling at occasions: as many days as planned, from the occasion's day on."""
        return tuple(
            Period(
                kind="burst",
                number=number,
                label=one.label,
                occasions=range(one.index, one.index + 1),
                first=one.label,
                last=one.label,
                start=one.day,
                end=None if one.day is None else one.day + burst.days,
            )
            for number, (one, burst) in enumerate(self.planned_bursts, start=1)
        )

    @cached_property
    def planned_bursts(self) -> tuple[tuple[Occasion, Burst], ...]:
        """Each occasion with dense sampling, and how dense it is."""
        blocks = self.plan.occasions
        found: list[tuple[Occasion, Burst]] = []
        place = 0
        for block in blocks if isinstance(blocks, tuple) else (blocks,):
            number = occasions_in(block)
            if block.burst is not None:
                found += [(one, block.burst) for one in self.planned[place : place + number]]
            place += number
        return tuple(found)

    def windows(self, last_day: float | None = None) -> tuple[Period, ...]:
        """Sliding windows, numbered from 1.

        Whole-number widths count planned occasions: window k covers `width` occasions from the
        `(k - 1) * step`-th on, as long as all of them are planned; where fewer are planned than
        one window takes, the only window holds them all. Widths of time count days: window k
        covers `[(k - 1) step, (k - 1) step + width)`, until the last day is covered.

        Parameters
        ----------
        last_day : float, optional
            Last day of the data, used only for windows in time of a plan without days.
        """
        plan = self.plan.resilience.windows
        if plan is None or not self.planned:
            return ()
        if isinstance(plan.width, int):
            return self._by_occasion(plan)
        return self._by_time(plan, last_day if self.last_day is None else self.last_day)

    @property
    def number_of_windows(self) -> int | None:
        """Number of windows; None where only the data can say how long the study was."""
        unknown = self.windows_in_time and self.last_day is None
        return None if unknown and self.planned else len(self.windows())

    def __repr__(self) -> str:
        """Count the occasions, windows and phases."""
        windows = self.number_of_windows
        return (
            f"Schedule({len(self.planned)} occasions, {len(self.phases)} phases, "
            f"{'windows by the data' if windows is None else f'{windows} windows'})"
        )

    def _stretch(self, kind: PeriodKind, number: int, label: str, occasions: range) -> Period:
        labels = self.labels[occasions.start : occasions.stop]
        return Period(
            kind=kind,
            number=number,
            label=label,
            occasions=occasions,
            first=labels[0] if labels else None,
            last=labels[-1] if labels else None,
        )

    def _by_occasion(self, plan: Windows) -> tuple[Period, ...]:
        number = len(self.planned)
        width = int(plan.width) if isinstance(plan.width, int) else 1
        step = plan.step if isinstance(plan.step, int) else 1
        starts = range(0, max(number - width, 0) + 1, step)
        return tuple(
            self._stretch("window", place, str(place), range(start, min(start + width, number)))
            for place, start in enumerate(starts, start=1)
        )

    def _by_time(self, plan: Windows, last_day: float | None) -> tuple[Period, ...]:
        if isinstance(plan.width, int) or last_day is None:
            return ()
        width = plan.width.days
        step = width if isinstance(plan.step, int) else plan.step.days
        count = min(max(math.floor((last_day - width) / step + TINY) + 2, 1), MOST_WINDOWS)
        return tuple(
            Period(
                kind="window",
                number=place + 1,
                label=str(place + 1),
                start=place * step,
                end=place * step + width,
            )
            for place in range(count)
        )


def expand_occasions(
    blocks: OccasionBlock | tuple[OccasionBlock, ...],
) -> tuple[Occasion, ...]:
    """Write out the planned occasions of one block or of several that follow one another.

    A block is evenly spaced (`every`, `count`) or listed (`labels`, `at`). The first block begins
    on day 0; a later evenly spaced block goes on one of its own steps after the occasion before
    it. `at` counts from day 0 of the study. Occasions without labels are numbered on from 1.

    Raises
    ------
    ValueError
        A block says nothing or contradicts itself, labels repeat, or days do not rise.
    """
    parts = blocks if isinstance(blocks, tuple) else (blocks,)
    if not parts:
        raise ValueError("no occasion is planned")
    labels: list[str] = []
    days: list[float | None] = []
    for block in parts:
        number = occasions_in(block)
        if len(labels) + number > MOST_OCCASIONS:
            raise ValueError(f"more than {MOST_OCCASIONS} occasions are planned")
        days += _days(block, number, days)
        before = len(labels)
        labels += block.labels or [str(before + index + 1) for index in range(number)]
    repeated = (
        sorted({label for label in labels if labels.count(label) > 1})
        if (len(set(labels)) < len(labels))
        else []
    )
    if repeated:
        raise ValueError(f"two occasions are called {repeated[0]!r}")
    known = [day for day in days if day is not None]
    if any(later <= earlier for earlier, later in pairwise(known)):
        raise ValueError("each occasion must be planned later than the one before it")
    return tuple(
        Occasion(label, index, day)
        for index, (label, day) in enumerate(zip(labels, days, strict=True))
    )


def occasions_in(block: OccasionBlock) -> int:
    """Number of occasions of a block.

    Raises
    ------
    ValueError
        `count`, `labels` and `at` disagree, or none is given.
    """
    numbers = {
        "count": block.count,
        "labels": None if block.labels is None else len(block.labels),
        "at": None if block.at is None else len(block.at),
    }
    given = {name: number for name, number in numbers.items() if number is not None}
    if not given:
        raise ValueError("give `every` and `count`, or `labels`, or `at`")
    if len(set(given.values())) > 1:
        words = " and ".join(f"`{name}` {number}" for name, number in given.items())
        raise ValueError(f"the number of occasions is not clear: {words}")
    if block.every is not None and block.at is not None:
        raise ValueError("give either `every` or `at`, not both")
    number = next(iter(given.values()))
    if number == 0:
        raise ValueError("a block has at least one occasion")
    return number


def _days(block: OccasionBlock, number: int, before: list[float | None]) -> list[float | None]:
    """Planned days of a block, counted from the study's first occasion."""
    if block.at is not None:
        return [day.days if isinstance(day, Duration) else 0.0 for day in block.at]
    if block.every is None:
        return [None] * number
    step = block.every.days
    if not before:
        return [step * index for index in range(number)]
    last = before[-1]
    if last is None:
        return [None] * number
    return [last + step * (index + 1) for index in range(number)]
