"""How a difference from the comparator is written, with its interval and the name of its figure."""

from __future__ import annotations

from collections.abc import Mapping

from salutogen.analyses.trajectories.labels.rule import SHOWN
from salutogen.analyses.trajectories.placebo.contrast import Contrast
from salutogen.analyses.trajectories.placebo.regression import RegressionToMean
from salutogen.page.words import enumeration, signed

ONCE_COUNTED = "once the other figures of the response are counted"
BORDER = "lies at the border of what is told: other resamples could decide otherwise"


def shown_name(name: str) -> str:
    """A figure as the page names it: a label by where courses are seen, a response in words."""
    return f"“{SHOWN[name]}”" if name in SHOWN else name.replace("_", " ")


def percentage_points(
    difference: float | None, low: float | None = None, high: float | None = None
) -> str:
    """Write a difference of shares with its sign, and with its interval where there is one."""
    if difference is None:
        return "–"
    told = f"{signed(100.0 * difference, 1)} percentage points"
    if low is None or high is None:
        return told
    return f"{told} ({signed(100.0 * low, 1)} to {signed(100.0 * high, 1)})"


def excess_words(found: Contrast, *, share: bool) -> str:
    """Write an excess with its interval."""
    if share:
        return percentage_points(found.excess, found.excess_low, found.excess_high)
    if found.excess_low is None:
        return signed(found.excess)
    return f"{signed(found.excess)} ({signed(found.excess_low)} to {signed(found.excess_high)})"


def why_not_all(each: Mapping[str, Contrast] | Mapping[str, RegressionToMean], counted: str) -> str:
    """Say in a clause why a difference is not told by all ways of scoring: by what is printed.

    Parameters
    ----------
    each : mapping of str to Contrast or RegressionToMean
        The difference by way of scoring, in words.
    counted : str
        When an interval that leaves out 0 by itself is none that is told, in words.
    """
    several = len(each) > 1
    open_by = [words for words, item in each.items() if not item.leaves_out_0]
    alone = [words for words, item in each.items() if item.leaves_out_0 and not item.beyond]
    reasons = []
    if open_by:
        reasons.append(f"not distinguished from 0{' ' + enumeration(open_by) if several else ''}")
    if alone:
        reasons.append(f"not told{' ' + enumeration(alone) if several else ''} {counted}")
    return " and ".join(reasons) or "on different sides of 0"
