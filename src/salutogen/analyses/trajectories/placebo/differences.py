"""How a difference from the comparator is written, with its interval and the name of its figure."""

from __future__ import annotations

from salutogen.analyses.trajectories.labels.rule import SHOWN
from salutogen.analyses.trajectories.placebo.contrast import Contrast
from salutogen.page.words import signed


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
