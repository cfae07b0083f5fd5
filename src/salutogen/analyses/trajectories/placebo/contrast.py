"""One figure around events beside the same figure around placebo occasions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.intervals import side_of_zero
from salutogen.analyses.trajectories.courses.clustered_means import mean_of, p_of_no_difference
from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.analyses.trajectories.placebo.occasions import own_means
from salutogen.columns import Kind, Record, beside, figure, record
from salutogen.models.false_discovery import adjusted_p
from salutogen.models.quantiles import NORMAL_95
from salutogen.page.audience import SMALL_CELL, Audience

LEVEL = 0.05


@record
class Contrast(Record):
    """A mean or share around events, around placebo occasions of the same persons, and the excess.

    All placebo occasions of a course count, together as one. The range is that of the mean where
    one of them is drawn for each course; the intervals carry the error of persons. That of the
    excess is that of the mean over courses of observed minus the mean over the course's own placebo
    occasions (t with persons - 1 degrees of freedom, clustered by person). Null where a figure is
    fixed before the event and hence not contrasted, and where no course differs from its own.

    Attributes
    ----------
    persons : int
        Whose courses they are.
    of_all : float or None
        The figure around the event over all complete courses, where few of these lack a
        comparator, or few of those who have one are not complete: both figures would tell of the
        few.
    counted : ndarray of bool or None
        Which courses have both.
    sd : float
        SD of the figure around the event over these courses.
    """

    n: int = figure("Courses with both", kind=Kind.COUNT)
    observed: float = figure("Around the event")
    placebo: float = figure("Around placebo occasions, mean over all of each course")
    placebo_low: float = figure("Lower end of the 95 % range where one is drawn for each course")
    placebo_high: float = figure("Upper end of it")
    placebo_mean_low: float | None = figure(
        "Lower end of the 95 % interval over persons of that mean", default=None
    )
    placebo_mean_high: float | None = figure("Upper end of it", default=None)
    excess: float = figure("Observed minus placebo")
    excess_low: float | None = figure("Lower end of its 95 % interval over persons")
    excess_high: float | None = figure("Upper end of its 95 % interval over persons")
    p: float | None = figure("p of no excess")
    p_adjusted: float | None = figure(
        "p adjusted for the figures of its table (false-discovery rate)", default=None
    )
    persons: int = beside(default=0)
    of_all: float | None = beside(default=None)
    counted: NDArray[np.bool_] | None = beside(default=None)
    sd: float = beside(default=0.0)

    @property
    def leaves_out_0(self) -> bool:
        """Whether the interval of the excess leaves out 0, by itself."""
        return side_of_zero(self.excess_low, self.excess_high) != 0

    @property
    def beyond(self) -> bool:
        """Whether the excess goes beyond the comparator, other figures of its table told."""
        p = self.p if self.p_adjusted is None else self.p_adjusted
        return p is not None and p < LEVEL


@record
class ShareContrast(Contrast):
    """The same of shares of persons.

    Where persons are hidden p is that of the excess and the interval as they are told, in steps of
    five courses, on the side of .05 that the exact one is on.
    """

    observed: float = figure("Around the event", kind=Kind.SHARE, n="n")
    placebo: float = figure(
        "Around placebo occasions, mean over all of each course", kind=Kind.SHARE, n="n"
    )
    placebo_low: float = figure(
        "Lower end of the 95 % range where one is drawn for each course", kind=Kind.SHARE, n="n"
    )
    placebo_high: float = figure("Upper end of it", kind=Kind.SHARE, n="n")
    placebo_mean_low: float | None = figure(
        "Lower end of the 95 % interval over persons of that mean",
        kind=Kind.SHARE,
        n="n",
        default=None,
    )
    placebo_mean_high: float | None = figure(
        "Upper end of it", kind=Kind.SHARE, n="n", default=None
    )
    excess: float = figure("Observed minus placebo", kind=Kind.SHARE, n="n")
    excess_low: float | None = figure(
        "Lower end of its 95 % interval over persons", kind=Kind.SHARE, n="n"
    )
    excess_high: float | None = figure(
        "Upper end of its 95 % interval over persons", kind=Kind.SHARE, n="n"
    )
    # Where the comparator shows none, t of a share follows from its count and that of everyone.
    p: float | None = figure("p of no excess", kind=Kind.TELLING)
    p_adjusted: float | None = figure(
        "p adjusted for the figures of its table (false-discovery rate)",
        kind=Kind.TELLING,
        default=None,
    )

    @classmethod
    def of(cls, found: Contrast) -> Self:
        """Take a contrast of values that are 0 and 1 for one of shares."""
        told = cls(**{item.name: getattr(found, item.name) for item in fields(found)})
        ends = max(told.placebo_low, 0.0), min(told.placebo_high, 1.0)
        return replace(told, placebo_low=ends[0], placebo_high=ends[1])


def contrast(
    observed: FloatArray,
    around: FloatArray,
    of: NDArray[np.int64],
    person: NDArray[np.int64],
) -> Contrast:
    """Hold values around events beside those around all placebo occasions of the same courses.

    Each course counts once on either side: what is seen around the event, and the mean over the
    placebo occasions that stand beside it.

    Parameters
    ----------
    observed : ndarray, shape (m,)
        NaN where unknown, or where a course is not to count.
    around : ndarray, shape (rows,)
        The same around placebo occasions; NaN where one is not to count.
    of : ndarray of int, shape (rows,)
        Place in `observed` of the course that each stands beside.
    person : ndarray of int, shape (m,)
    """
    theirs = own_means(around, of, observed.size)
    there = np.isfinite(observed) & np.isfinite(theirs)
    excess = mean_of((observed - theirs)[there], person[there])
    placebo = mean_of(theirs[there], person[there])
    varies = excess.low is not None and excess.low < (excess.high or 0.0)
    middle = 0.0 if placebo.mean is None else placebo.mean
    squares = own_means(around**2, of, observed.size)[there] - theirs[there] ** 2
    half = NORMAL_95 * float(np.sqrt(np.maximum(squares, 0.0).sum())) / max(int(there.sum()), 1)
    return Contrast(
        n=int(there.sum()),
        observed=float(observed[there].mean()) if there.any() else 0.0,
        placebo=middle,
        placebo_low=middle - half,
        placebo_high=middle + half,
        placebo_mean_low=placebo.low,
        placebo_mean_high=placebo.high,
        excess=0.0 if excess.mean is None else excess.mean,
        excess_low=excess.low if varies else None,
        excess_high=excess.high if varies else None,
        p=p_of_no_difference(excess) if varies else None,
        persons=excess.persons,
        counted=there,
        sd=float(np.std(observed[there])) if there.any() else 0.0,
    )


def beside_all[C: Contrast](found: C, whole: FloatArray, course: NDArray[np.int64], each: int) -> C:
    """Note the figure over all complete courses, where these and those with both differ by few.

    The courses are compared, not their numbers: two means over as many courses tell who is in one
    of them and who in the other.

    Parameters
    ----------
    found : Contrast
    whole : ndarray, shape (n,)
        The figure of every course, NaN where it is not complete.
    course : ndarray of int, shape (m,)
        Place in `whole` of each course that the contrast is of.
    each : int
        Most courses of one person.
    """
    complete = np.isfinite(whole)
    counted = np.zeros(whole.size, dtype=bool)
    counted[course[found.counted]] = True
    apart = (np.count_nonzero(complete & ~counted), np.count_nonzero(counted & ~complete))
    if not any(0 < n < SMALL_CELL * max(each, 1) for n in apart):
        return found
    return replace(found, of_all=float(whole[complete].mean()) if complete.any() else None)


def at_told_level[C: Contrast](found: C, audience: Audience) -> C:
    """Raise a contrast to its level as it is told: in steps, as other means.

    Where few differ from all complete courses it is the level of these.
    """
    level = found.observed if found.of_all is None else found.of_all
    shift = audience.told_mean(level, found.sd, found.n) - found.observed
    if not shift:
        return found
    names = ("observed", "placebo", "placebo_low", "placebo_high", "placebo_mean_low",
             "placebo_mean_high")  # fmt: skip
    own = {name: getattr(found, name) for name in names}
    return replace(
        found, **{name: value + shift for name, value in own.items() if value is not None}
    )


def told_together[C: Contrast](found: Mapping[str, C]) -> dict[str, C]:
    """Adjust the p values of figures that stand in one table."""
    return told_beside(found, None)[0]


def told_beside[C: Contrast](
    found: Mapping[str, C], further: float | None
) -> tuple[dict[str, C], float | None]:
    """Adjust the p values of a table and one further p that is told of the same courses."""
    each = [*(item.p for item in found.values()), further]
    *own, last = [
        None if np.isnan(value) else float(value)
        for value in adjusted_p([np.nan if p is None else p for p in each])
    ]
    adjusted = {
        name: replace(item, p_adjusted=value)
        for (name, item), value in zip(found.items(), own, strict=True)
    }
    return adjusted, last
