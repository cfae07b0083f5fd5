"""Change of SR over the windows of those who met an event in between, and of those who met none.

Who met one in a window itself, or after them, but none in between is in neither group.

A reaction that lasts moves the mean of the windows after it, so that a change over windows may be
what events left behind in those who met one, and no change that everybody shares.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.intervals import side_of_zero
from salutogen.analyses.trajectories.anchors.anchored import Anchored
from salutogen.analyses.trajectories.courses.clustered_means import Mean, mean_of
from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.analyses.windows.analysis import WindowsResult
from salutogen.columns import LESS_RESILIENT, POINTS, Kind, Record, figure, record
from salutogen.findings import Persons
from salutogen.page.audience import SMALL_CELL, Audience
from salutogen.page.section import Text
from salutogen.page.words import say, signed

FEWEST = 20  # persons in each group, below which their means are not compared


@record
class OverWindows(Record):
    """Last window less first by the frozen line, of persons seen in both."""

    first_window: int = figure("Number of the first window", kind=Kind.LABEL)
    last_window: int = figure("Number of the last window", kind=Kind.LABEL)
    met: Mean = figure(
        "Of persons with an event that counts at an occasion between the two windows",
        unit=POINTS,
        sign=LESS_RESILIENT,
    )
    none: Mean = figure(
        "Of persons without any event that counts at the occasions seen",
        unit=POINTS,
        sign=LESS_RESILIENT,
    )
    n_both: int = figure("Persons seen in both windows", kind=Kind.COUNT)
    difference: float = figure("The former less the latter", unit=POINTS, sign=LESS_RESILIENT)
    low: float = figure("Lower end of its 95 % interval (Welch 1947)", unit=POINTS)
    high: float = figure("Upper end of it", unit=POINTS)

    @property
    def of_events(self) -> bool:
        """Whether change is told of those who met one, more than of the others, not of these."""
        return self.apart and self.met.told and not self.none.told

    @property
    def apart(self) -> bool:
        """Whether the two groups changed otherwise."""
        return side_of_zero(self.low, self.high) != 0


def over_windows(inputs: AnalysisInputs, anchored: Anchored) -> OverWindows | None:
    """Compare the change over windows; None where none is claimed, or a group is of few."""
    found = next((one for one in inputs.before.values() if isinstance(one, WindowsResult)), None)
    if found is None or found.change is None or not found.change.claimed:
        return None
    first, last = found.change.first_window, found.change.last_window
    seen = inputs.resilience.windows.select(
        "person",
        pl.col("first_occasion", "last_occasion").cast(pl.String),
        window=pl.col("window").cast(pl.Int64),
        SR="SR_frozen",
    ).drop_nulls()
    both = seen.filter(window=first).join(seen.filter(window=last), on="person", suffix="_last")
    change, person = (both["SR_last"] - both["SR"]).to_numpy(), both["person"].to_numpy()
    if not both.height:
        return None
    places = {label: place for place, label in enumerate(inputs.study.labels)}
    begun = max(places[label] for label in both["last_occasion"])
    ended = min(places[label] for label in both["first_occasion_last"])
    counts = anchored.grid.hits.any(axis=2)[person]
    met, none = counts[:, begun + 1 : ended].any(axis=1), ~counts.any(axis=1)
    if min(met.sum(), none.sum()) < FEWEST:
        return None
    audience = inputs.run.audience
    own, others = (_mean(change[kept], audience) for kept in (met, none))
    difference, half = _welch(change[met], change[none])
    return OverWindows(
        first_window=first,
        last_window=last,
        met=own,
        none=others,
        n_both=both.height,
        difference=difference,
        low=difference - half,
        high=difference + half,
    )


def _mean(values: FloatArray, audience: Audience) -> Mean:
    return mean_of(values, np.arange(values.size), audience)


def _welch(first: FloatArray, second: FloatArray) -> tuple[float, float]:
    """Difference of means and half of its 95 % interval, variances unequal (Welch 1947)."""
    from scipy.special import stdtrit

    parts = np.array([np.var(one, ddof=1) / one.size for one in (first, second)])
    df = parts.sum() ** 2 / (parts**2 / np.array([first.size - 1, second.size - 1])).sum()
    half = float(stdtrit(df, 0.975) * np.sqrt(parts.sum())) if parts.sum() > 0 else 0.0
    return float(first.mean() - second.mean()), half


def windows_words(found: OverWindows | None) -> Text:
    """Say whose the change over the windows is; nothing where it cannot be told apart."""
    if found is None or min(found.met.n, found.none.n) < SMALL_CELL:
        return ""
    return say(
        f"Whose is the change over the windows? Of persons seen in window {found.first_window} and "
        f"in window {found.last_window}, mean SR (frozen line) is higher in the latter by "
        f"{_written(found.met)} in the {{own}} who reported a listed event that counts in between, "
        f"and by {_written(found.none)} in the {{others}} who reported none at any occasion seen "
        f"(95 % intervals): a difference of {signed(found.difference)} ({signed(found.low)} to "
        f"{signed(found.high)}), if exposure is free of error. {{rest}} {_verdict(found)}",
        rest=_rest(found),
        own=Persons(found.met.n),
        others=Persons(found.none.n),
    )


def _rest(found: OverWindows) -> Text:
    """Say how many persons are in neither group."""
    rest = found.n_both - found.met.n - found.none.n
    return say(
        "Of the {both} seen in both windows {rest} {rest:is|are} in neither group: they reported "
        "none in between, but one in either window or after the later.",
        both=Persons(found.n_both),
        rest=Persons(rest, of=found.n_both),
    )


def _verdict(found: OverWindows) -> str:
    if found.of_events:
        return (
            "The change may be what events left in those who reported one; that those without one "
            "at any occasion seen changed is not told. Who reported none may also differ in what "
            "else they met."
        )
    if found.apart:
        return "The two groups changed differently; events may have a part in it."
    return "That the change hangs on having met an event is not told."


def windows_in_short(found: OverWindows | None) -> str:
    """Say in a clause where the change over the windows lies with those who met an event."""
    if found is None or not found.of_events:
        return ""
    return (
        "the change over the windows is only seen in those who reported an event in between, and "
        "not settled in those who reported none at any occasion seen"
    )


def _written(found: Mean) -> str:
    return f"{signed(found.mean)} ({signed(found.low)} to {signed(found.high)})"
