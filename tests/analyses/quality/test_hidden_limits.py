"""Limits of a standardised difference do not tell how many are on either side."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from salutogen.analyses.quality.leavers import hedges_g
from salutogen.page.audience import Audience


def fitting_pairs(
    told: tuple[float, float, float], n_persons: int, size: Callable[[int], int]
) -> list[tuple[int, int]]:
    """Numbers on both sides from which g and its limits, to three digits, would follow."""
    g, low, high = told

    def limits(n: int, m: int) -> tuple[float, float]:
        n, m = size(n), size(m)
        half = 1.959964 * math.sqrt((n + m) / (n * m) + g**2 / (2 * (n + m)))
        return g - half, g + half

    near = [0.5 * 10.0 ** (math.floor(math.log10(abs(end))) - 2) for end in (g, low, high)]
    return [
        (n, m)
        for n in range(5, n_persons - 4)
        for m in range(5, n_persons - n + 1)
        if all(
            abs(one - end) <= near[0] + own
            for one, end, own in zip(limits(n, m), (low, high), near[1:], strict=True)
        )
    ]


MOST_PLAIN = {
    False: 2,
    True: 12,
}  # of 25 pairs with the same counts in fives, by 60 and 300 persons


@pytest.mark.parametrize(("n", "m"), [(12, 48), (7, 52), (23, 34), (33, 267), (61, 222)])
def test_limits_of_g_do_not_tell_how_many_left(n: int, m: int) -> None:
    rng = np.random.default_rng(n)
    one, other = rng.normal(0.4, 1, n), rng.normal(0, 1, m)
    whole = 60 if n + m <= 60 else 300
    audience = Audience(individuals=False, n_persons=whole, seed=1)

    def told(found: tuple[float | None, ...]) -> Any:
        return tuple(float(f"{end:.3g}") for end in found if end is not None)

    plain = fitting_pairs(told(hedges_g(one, other)), whole, int)
    hidden = fitting_pairs(
        told(hedges_g(one, other, audience.told_size)), whole, audience.told_size
    )
    beside = [pair for pair in plain if audience.told(pair[0]) == audience.told(n)
              and audience.told(pair[1]) == audience.told(m)]  # fmt: skip
    assert (n, m) in plain
    assert len(beside) <= MOST_PLAIN[n + m > 60]
    alike = [(a, b) for a in range(n - 4, n + 5) for b in range(m - 4, m + 5)
             if audience.told_size(a) == audience.told_size(n) and a >= 5 and a + b <= whole
             and audience.told_size(b) == audience.told_size(m)]  # fmt: skip
    assert set(alike) <= set(hidden)
    assert len(alike) >= 9
