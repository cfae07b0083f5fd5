"""Limits of fit for one factor, and figures that are told beside limits."""

from __future__ import annotations

LEAST_CFI, MOST_RMSEA = 0.90, 0.08  # one factor may stand for the items


def digits_beside(value: float, limit: float) -> int:
    """Decimals at which a value that is not a limit does not look like it; three or more.

    >>> digits_beside(-0.0102, -0.010), digits_beside(-0.012, -0.010)
    (4, 3)
    """
    return next((n for n in range(3, 6) if value == limit or round(value, n) != limit), 6)
