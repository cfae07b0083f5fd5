"""Change of SR over the windows of those who met an event, and of those who met none.

A reaction that lasts moves the mean of the windows after it, so that a change over windows may be
what events left behind in those who met one, and no change that everybody shares.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.trajectories.anchors.rules import Anchors
from salutogen.analyses.trajectories.courses.clustered_means import Mean, mean_of
from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.analyses.windows.analysis import WindowsResult
from salutogen.columns import LESS_RESILIENT, POINTS, Kind, Record, figure, record
from salutogen.findings import Persons
from salutogen.page.audience import SMALL_CELL
from salutogen.page.section import Text
from salutogen.page.words import say, signed

FEWEST = 20  # persons in each group, below which their means are not compared


@record
class OverWindows(Record):
    """Last window less first by the frozen line, of persons seen in both."""

    first_window: int = figure("Number of the first window", kind=Kind.LABEL)
    last_window: int = figure("Number of the last window", kind=Kind.LABEL)
    anchored: Mean = figure("Of persons who are anchored", unit=POINTS, sign=LESS_RESILIENT)
    others: Mean = figure("Of persons who are not", unit=POINTS, sign=LESS_RESILIENT)
    difference: float = figure("Anchored less others", unit=POINTS, sign=LESS_RESILIENT)
    low: float = figure("Lower end of its 95 % interval (Welch 1947)", unit=POINTS)
    high: float = figure("Upper end of it", unit=POINTS)

    @property
    def of_events(self) -> bool:
        """Whether change is told of the anchored, more than of the others, and not of these."""
        return self.apart and told(self.anchored) and not told(self.others)

    @property
    def apart(self) -> bool:
        """Whether the two groups changed otherwise."""
        return self.low > 0.0 or self.high < 0.0


def told(found: Mean) -> bool:
    """Whether an interval leaves out 0."""
    return found.low is not None and found.high is not None and (found.low > 0 or found.high < 0)


def over_windows(inputs: AnalysisInputs, anchors: Anchors) -> OverWindows | None:
    """Compare the change over windows; None where none is claimed, or a group is of few."""
    found = next((one for one in inputs.before.values() if isinstance(one, WindowsResult)), None)
    if found is None or found.change is None or not found.change.claimed:
        return None
    first, last = found.change.first_window, found.change.last_window
    seen = inputs.resilience.windows.select(
        subject="subject", window=pl.col("window").cast(pl.Int64), SR="SR_frozen"
    ).drop_nulls()
    both = seen.filter(window=first).join(seen.filter(window=last), on="subject", suffix="_last")
    change = (both["SR_last"] - both["SR"]).to_numpy()
    subjects = np.array(inputs.views.wide("SR").persons)
    anchored = np.isin(both["subject"].to_numpy(), subjects[np.unique(anchors.person)])
    if min(anchored.sum(), (~anchored).sum()) < FEWEST:
        return None
    own, others = (_mean(change[kept]) for kept in (anchored, ~anchored))
    difference, half = _welch(change[anchored], change[~anchored])
    return OverWindows(
        first_window=first,
        last_window=last,
        anchored=own,
        others=others,
        difference=difference,
        low=difference - half,
        high=difference + half,
    )


def _mean(values: FloatArray) -> Mean:
    return mean_of(values, np.arange(values.size))


def _welch(first: FloatArray, second: FloatArray) -> tuple[float, float]:
    """Difference of means and half of its 95 % interval, variances unequal (Welch 1947)."""
    from scipy.special import stdtrit

    parts = np.array([np.var(one, ddof=1) / one.size for one in (first, second)])
    df = parts.sum() ** 2 / (parts**2 / np.array([first.size - 1, second.size - 1])).sum()
    half = float(stdtrit(df, 0.975) * np.sqrt(parts.sum())) if parts.sum() > 0 else 0.0
    return float(first.mean() - second.mean()), half


def windows_words(found: OverWindows | None) -> Text:
    """Say whose the change over the windows is; nothing where it cannot be told apart."""
    if found is None or min(found.anchored.n, found.others.n) < SMALL_CELL:
        return ""
    return say(
        f"Whose is the change over the windows? From window {found.first_window} to window "
        f"{found.last_window} SR changed by {_written(found.anchored)} in the {{own}} persons seen "
        f"in both who met such an event, and by {_written(found.others)} in the {{others}} who met "
        f"none (frozen line; 95 % intervals): a difference of {signed(found.difference)} "
        f"({signed(found.low)} to {signed(found.high)}). {_verdict(found)}",
        own=Persons(found.anchored.n),
        others=Persons(found.others.n),
    )


def _verdict(found: OverWindows) -> str:
    if found.of_events:
        return (
            "It may be what the events left in those who met one; that those without one changed "
            "is not told. Who met none also differ in what else they met."
        )
    if found.apart:
        return "The two groups changed differently; events may have a part in it."
    return "That the change hangs on having met an event is not told."


def windows_in_short(found: OverWindows | None) -> str:
    """Say in a clause where the change over the windows lies with those who met an event."""
    if found is None or not found.of_events:
        return ""
    return "the change over the windows is told of those who met an event only"


def _written(found: Mean) -> str:
    return f"{signed(found.mean)} ({signed(found.low)} to {signed(found.high)})"
