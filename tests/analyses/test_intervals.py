"""Which way an interval tells of, and what the interval of a correlation tells."""

from __future__ import annotations

import math

import numpy as np
import pytest

from salutogen.analyses.intervals import (
    END_ERROR,
    fisher_interval,
    settled_side,
    side_of_zero,
)
from salutogen.page.audience import Audience

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


@pytest.mark.parametrize(("n", "n_persons"), [(12, 60), (43, 60), (57, 60), (283, 300)])
@pytest.mark.parametrize("r", [-0.62, 0.05, 0.31])
def test_the_interval_of_a_correlation_tells_a_multiple_of_five(
    r: float, n: int, n_persons: int
) -> None:
    """From r and one limit, to three digits, n follows."""
    audience = Audience(individuals=False, n_persons=n_persons, seed=1)

    def recovered(size: int) -> int:
        low, high = fisher_interval(r, size)
        assert low is not None
        assert high is not None
        wide = math.atanh(float(f"{high:.6g}")) - math.atanh(float(f"{low:.6g}"))
        return 3 + round((2 * 1.959964 / wide) ** 2)

    assert recovered(n) == n
    assert recovered(audience.told_size(n)) == audience.told_size(n) != n


def test_three_persons_and_those_on_a_line_have_no_interval() -> None:
    assert fisher_interval(0.5, 3) == (None, None)
    assert fisher_interval(1.0, 30) == (None, None)
    assert fisher_interval(None, 30) == (None, None)
