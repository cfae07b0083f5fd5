"""Courses in real time: days since the event instead of scheduled occasions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from salutogen.analyses.trajectories.anchors.rules import Anchors
from salutogen.analyses.trajectories.courses.clustered_means import mean_of
from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.page.audience import Audience

FEWEST = 5


@dataclass(frozen=True, kw_only=True, repr=False)
class RealTime:
    """SR and P of the anchored by days since their event.

    Attributes
    ----------
    days, SR, P : ndarray, shape (n, occasions)
        Days from the event to the answers, negative before it; NaN where nothing was answered.
        Occasions from the next episode of the same person on are left out.
    width : float
        Width of the bins of `means`: the median time between two answers of a person, in days.
    """

    days: FloatArray
    SR: FloatArray
    P: FloatArray
    width: float

    def __repr__(self) -> str:
        """Say how many courses there are, and how wide the bins of their means."""
        return f"RealTime({self.SR.shape[0]} courses, bins of {self.width:g} days)"

    def since_anchor(self, anchors: Anchors) -> FloatArray:
        """Days since the event from the anchor occasion on (column 0), shape (n, occasions)."""
        k = self.days.shape[1]
        place = anchors.occasion[:, None] + np.arange(k)
        safe = np.minimum(place, k - 1)
        return np.where(place < k, self.days[np.arange(anchors.n)[:, None], safe], np.nan)

    def bins(self) -> FloatArray:
        """Bin of each value: 0 holds the first answers after the event, -1 the last before it."""
        with np.errstate(invalid="ignore"):
            return np.asarray(np.floor(self.days / self.width))

    def means(self, anchors: Anchors, audience: Audience) -> pl.DataFrame:
        """Mean SR by bin with its 95 % interval, at the mean day of the bin.

        Bins with fewer than five persons are left out.
        """
        person = np.broadcast_to(anchors.person[:, None], self.days.shape)
        usable = np.isfinite(self.days) & np.isfinite(self.SR)
        bins = self.bins()
        rows = []
        for place in np.unique(bins[usable]):
            inside = usable & (bins == place)
            mean = mean_of(self.SR[inside], person[inside], audience)
            if mean.persons >= max(audience.smallest, FEWEST):
                rows.append(
                    {
                        "days": _middle(self.days[inside], audience),
                        "n": mean.n,
                        "mean": mean.mean,
                        "low": mean.low,
                        "high": mean.high,
                    }
                )
        kinds = {"days": pl.Float64, "n": pl.Int64} | dict.fromkeys(
            ("mean", "low", "high"), pl.Float64
        )
        return pl.DataFrame(rows, schema=kinds)


def _middle(days: FloatArray, audience: Audience) -> float:
    """Mean day of some answers, as it is told."""
    return audience.told_mean(float(np.mean(days)), float(np.std(days)), days.size)


def real_time(
    anchors: Anchors, time: FloatArray | None, SR: FloatArray, P: FloatArray
) -> RealTime | None:
    """Lock SR and P in days since the event; None where events have no dates.

    Parameters
    ----------
    anchors : Anchors
    time, SR, P : ndarray, shape (persons, planned occasions)
        Days of the answers, on the clock of the events, and what was scored from the answers; NaN
        where missing.
    """
    if anchors.days_since is None or time is None:
        return None
    time = time[anchors.person]
    happened = time[np.arange(anchors.n), anchors.occasion] - anchors.days_since
    days = time - happened[:, None]
    k = time.shape[1]
    days[np.arange(k) >= anchors.until(k)[:, None]] = np.nan
    gaps = _gaps(time)
    return RealTime(
        days=days,
        SR=SR[anchors.person],
        P=P[anchors.person],
        width=float(np.median(gaps)) if gaps.size else 1.0,
    )


def _gaps(time: FloatArray) -> FloatArray:
    """Days between neighbouring answers of a person."""
    found = [np.diff(row[np.isfinite(row)]) for row in time]
    gaps = np.concatenate(found) if found else np.zeros(0)
    return gaps[gaps > 0]
