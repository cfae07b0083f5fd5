"""Each person's own band, and episodes outside it after a stressor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from salutogen.analyses.recovery.prompts import MINUTE, Bool, Float, Int, Prompts

if TYPE_CHECKING:
    from salutogen.analyses.recovery.settings import RecoverySettings

RETURNED, STRESSOR_NEXT = "back inside the band", "the next stressor"
NIGHT, BURST_END = "the night", "the end of the burst"
ENDINGS = (RETURNED, NIGHT, STRESSOR_NEXT, BURST_END)


@dataclass(frozen=True, kw_only=True, repr=False)
class Baselines:
    """Affect at prompts free of stressors, of each person with prompts.

    Attributes
    ----------
    person : array of int (p,)
    n : array of int (p,)
        Prompts of the baseline.
    mean, sd : array (p,)
        NaN where there are too few.
    edge : array (p,)
        Where the band ends; NaN where the person has no baseline.
    beyond : float
        Share of a baseline's prompts that are beyond the band all the same, mean of persons.
    """

    person: Int
    n: Int
    mean: Float
    sd: Float
    edge: Float
    beyond: float

    def __repr__(self) -> str:
        """Say how many persons have one."""
        return f"Baselines({int(self.has.sum())} of {self.person.size} persons)"

    @property
    def has(self) -> Bool:
        """Who has a baseline."""
        return np.isfinite(self.edge)

    def of(self, values: Float, person: Int) -> Float:
        """Values of the persons' table for each row."""
        told: Float = values[np.searchsorted(self.person, person)]
        return told


@dataclass(frozen=True, kw_only=True, repr=False)
class Episodes:
    """Prompts with a stressor at which affect lies outside the band, and how long it stays there.

    Attributes
    ----------
    person : array of int (n,)
    left, right : array (n,)
        Hours until the last prompt outside and the first inside; infinite where none was seen.
    ending : array of int (n,)
        Place in `ENDINGS`.
    unseen : array of int (n,)
        Prompts without affect between the last outside and what ended the episode.
    quiet_person : array of int (m,)
        Whose prompts with a stressor were inside the band.
    unknown : int
        Prompts with a stressor at which affect is not known.
    """

    person: Int
    left: Float
    right: Float
    ending: Int
    unseen: Int
    quiet_person: Int
    unknown: int

    def __repr__(self) -> str:
        """Say how many there are."""
        return f"Episodes({self.left.size} episodes, {self.quiet_person.size} without a reaction)"

    @property
    def informative(self) -> Bool:
        """Episodes of which a later prompt was seen."""
        return (self.left > 0) | np.isfinite(self.right)


def baselines(prompts: Prompts, settings: RecoverySettings) -> Baselines:
    """Mean and SD of affect where no stressor is told, now or in the hours before."""
    person, who = np.unique(prompts.person, return_inverse=True)
    free = free_of_stressors(prompts, settings.free_hours) & prompts.known
    n = np.bincount(who[free], minlength=person.size)
    enough = n >= settings.baseline_prompts
    many = np.where(enough, n, np.nan)
    affect = prompts.affect[free]
    mean = np.bincount(who[free], weights=affect, minlength=person.size) / many
    apart = (affect - mean[who[free]]) ** 2
    square = np.bincount(who[free], weights=apart, minlength=person.size)
    sd = np.sqrt(np.where(enough, square, np.nan) / (many - 1))
    edge = mean + settings.band * sd
    past = np.bincount(who[free][affect > edge[who[free]]], minlength=person.size)
    beyond = float((past / many)[enough].mean()) if enough.any() else float("nan")
    return Baselines(person=person, n=n, mean=mean, sd=sd, edge=edge, beyond=beyond)


def free_of_stressors(prompts: Prompts, hours: float) -> Bool:
    """Prompts without a stressor now, and none told so many hours before on the same day."""
    place = np.arange(prompts.person.size)
    before = np.maximum.accumulate(np.where(prompts.stress, place, -1))
    same_day = (before >= 0) & (prompts.day[before] == prompts.day)
    ago = np.where(same_day, prompts.hours - prompts.hours[before], np.inf)
    free: Bool = prompts.asked & ~prompts.stress & (ago > hours)
    return free


def episodes(prompts: Prompts, found: Baselines) -> Episodes:
    """Follow each reaction until it is over, or until something ends the watch.

    The next stressor ends it whether affect is inside the band by then or not: to take only those
    inside for returns would make recovery look faster than it is.
    """
    edge = found.of(found.edge, prompts.person)
    known = prompts.known & np.isfinite(edge)
    outside, inside = known & (prompts.affect > edge), known & (prompts.affect <= edge)
    n = edge.size
    start = np.flatnonzero(prompts.stress & outside)
    end = prompts.day_end[start]
    stressor, back = _next(prompts.stress, n)[start], _next(inside, n)[start]
    stop = np.minimum(stressor, end)
    returned = back < stop
    until = np.where(returned, back, stop)
    last = np.maximum.accumulate(np.where(outside, np.arange(n), -1))[until - 1]
    since = prompts.hours[start]
    left = prompts.hours[last] - since
    right = np.where(returned, prompts.hours[np.minimum(until, n - 1)] - since, np.inf)
    ending = np.where(
        returned, 0, np.where(stressor < end, 2, np.where(prompts.last_day[start], 3, 1))
    )
    unknown = np.append(0, np.cumsum(~prompts.known))
    quiet = prompts.stress & inside
    return Episodes(
        person=prompts.person[start],
        left=left,
        right=np.maximum(right, left + MINUTE),
        ending=ending.astype(np.int64),
        unseen=(unknown[until] - unknown[last + 1]).astype(np.int64),
        quiet_person=prompts.person[quiet],
        unknown=int((prompts.stress & np.isfinite(edge) & ~prompts.known).sum()),
    )


def _next(where: Bool, n: int) -> Int:
    """Place of the next prompt behind each for which something is so; n where there is none."""
    places = np.where(where, np.arange(n), n)
    at_or_after = np.minimum.accumulate(places[::-1])[::-1]
    return np.append(at_or_after[1:], n).astype(np.int64)
