"""Which way an interval tells of."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.analyses.intervals import END_ERROR, settled_side, side_of_zero

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


def test_an_end_by_resamples_has_the_monte_carlo_error_that_is_allowed_for() -> None:
    """2.5 % quantiles of 1,000 normal draws, many times over, beside the closed form."""
    draws = np.random.default_rng(1).standard_normal((4_000, 1_000))
    ends = np.quantile(draws, 0.025, axis=1)
    assert ends.std() / 1.96 == pytest.approx(END_ERROR / np.sqrt(1_000), rel=0.05)
    assert settled_side(None, 1.0, 0.5, 1_000) == settled_side(0.1, 1.0, None, 1_000) == 0
    assert settled_side(-2.1, -0.1, -1.1, 1_000) == -1
    assert settled_side(-2.05, -0.05, -1.05, 1_000) == 0
    assert settled_side(-1.0, 1.0, 0.1, 1_000) == 0
