"""Which way an interval tells of."""

from __future__ import annotations

import pytest

from salutogen.analyses.intervals import side_of_zero

NAN = float("nan")


@pytest.mark.parametrize(
    ("low", "high", "side"),
    [
        (0.1, 0.2, 1),
        (-0.2, -0.1, -1),
        (-0.1, 0.1, 0),
        (0.0, 0.1, 0),
        (-0.1, 0.0, 0),
        (None, 0.1, 0),
        (0.1, None, 0),
        (NAN, -0.1, 0),
        (0.1, NAN, 0),
    ],
)
def test_only_what_leaves_out_zero_has_a_side(
    low: float | None, high: float | None, side: int
) -> None:
    assert side_of_zero(low, high) == side
