"""One figure around events beside the same figure around placebo occasions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.trajectories.anchors.events import BoolArray
from salutogen.analyses.trajectories.courses.clustered_means import mean_of, p_of_no_difference
from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.columns import Kind, Record, figure, record
from salutogen.models.false_discovery import adjusted_p

LEVEL = 0.05


@record
class Contrast(Record):
    """A mean or share around events, around placebo occasions of the same persons, and the excess.

    The range is that of the draws, within the same persons; the intervals carry the error of
    persons. That of the excess is
    that of the mean over courses of observed minus the mean over the course's own draws (t with
    persons - 1 degrees of freedom, clustered by person). Null where a figure is fixed before the
    event and hence not contrasted.
    """

    n: int = figure("Courses with both", kind=Kind.COUNT)
    observed: float = figure("Around the event")
    placebo: float = figure("Around placebo occasions, mean over draws")
    placebo_low: float = figure("Lower end of the draws' 95 % range")
    placebo_high: float = figure("Upper end of the draws' 95 % range")
    placebo_mean_low: float | None = figure(
        "Lower end of the 95 % interval over persons of the mean over draws", default=None
    )
    placebo_mean_high: float | None = figure("Upper end of it", default=None)
    excess: float = figure("Observed minus placebo")
    excess_low: float | None = figure("Lower end of its 95 % interval over persons")
    excess_high: float | None = figure("Upper end of its 95 % interval over persons")
    p: float | None = figure("p of no excess")
    p_adjusted: float | None = figure(
        "p adjusted for the figures of its table (false-discovery rate)", default=None
    )

    @property
    def beyond(self) -> bool:
        """Whether the excess goes beyond the comparator, other figures of its table told."""
        p = self.p if self.p_adjusted is None else self.p_adjusted
        return p is not None and p < LEVEL


@record
class ShareContrast(Contrast):
    """The same of shares of persons."""

    observed: float = figure("Around the event", kind=Kind.SHARE, n="n")
    placebo: float = figure("Around placebo occasions, mean over draws", kind=Kind.SHARE, n="n")
    placebo_low: float = figure("Lower end of the draws' 95 % range", kind=Kind.SHARE, n="n")
    placebo_high: float = figure("Upper end of the draws' 95 % range", kind=Kind.SHARE, n="n")
    placebo_mean_low: float | None = figure(
        "Lower end of the 95 % interval over persons of the mean over draws",
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

    @classmethod
    def of(cls, found: Contrast) -> Self:
        """Take a contrast of values that are 0 and 1 for one of shares."""
        return cls(**{item.name: getattr(found, item.name) for item in fields(found)})


def contrast(
    observed: FloatArray,
    drawn: FloatArray,
    person: NDArray[np.int64],
    *,
    among: tuple[BoolArray, BoolArray] | None = None,
) -> Contrast:
    """Hold values around events beside those of placebo draws.

    Parameters
    ----------
    observed : ndarray, shape (m,)
        NaN where unknown.
    drawn : ndarray, shape (draws, m)
    person : ndarray of int, shape (m,)
    among : tuple of ndarray of bool, shapes (m,) and (draws, m), optional
        Courses that a mean is taken over; default all. Means over some are ratios, whose error is
        that of their linear terms.
    """
    there = np.isfinite(observed)
    mine, theirs = observed[there], drawn[:, there]
    inside = np.ones(mine.shape) if among is None else among[0][there].astype(np.float64)
    within = np.ones(theirs.shape) if among is None else among[1][:, there].astype(np.float64)
    middle, own_term = _mean_among(mine, inside)
    means, terms = _mean_among(theirs, within)
    excess = float(middle - means.mean())
    own = mean_of(excess + own_term - terms.mean(axis=0), person[there])
    theirs_alone = mean_of(means.mean() + terms.mean(axis=0), person[there])
    low, high = np.quantile(means, [0.025, 0.975])
    return Contrast(
        n=int(inside.sum()),
        observed=float(middle),
        placebo=float(means.mean()),
        placebo_low=float(low),
        placebo_high=float(high),
        placebo_mean_low=theirs_alone.low,
        placebo_mean_high=theirs_alone.high,
        excess=excess,
        excess_low=own.low,
        excess_high=own.high,
        p=p_of_no_difference(own),
    )


def _mean_among(values: FloatArray, inside: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean over the courses that count (last axis), and what each adds to its error."""
    share = np.maximum(inside.mean(axis=-1), 1.0 / inside.shape[-1])
    mean = np.asarray((inside * values).mean(axis=-1) / share)
    return mean, inside * (values - mean[..., None]) / share[..., None]


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
