"""What an interval tells of a difference or an effect: which way it goes, if any."""

from __future__ import annotations


def side_of_zero(low: float | None, high: float | None) -> int:
    """Return 1 where an interval lies above 0, -1 where it lies below, 0 where neither is told.

    None and NaN are ends that nobody knows.

    >>> side_of_zero(0.1, 0.4), side_of_zero(-0.1, 0.4), side_of_zero(None, 0.4)
    (1, 0, 0)
    """
    if low is None or high is None or low != low or high != high:
        return 0
    return 1 if low > 0 else -1 if high < 0 else 0
