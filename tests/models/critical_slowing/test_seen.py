"""What a window shows of an autocorrelation on average, once mean and trends are removed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from salutogen.models.critical_slowing.indicators import (
    AUTOCORRELATION,
    indicators_of,
    seen_of,
    window_rows,
)

DAYS, BEEPS = 7, 6
HOURS = np.concatenate([24.0 * day + 9 + 2 * np.arange(BEEPS) for day in range(DAYS)])
DAY = np.repeat(np.arange(DAYS), BEEPS)


def drawn(rho: float, n: int) -> np.ndarray:
    """Series (n, rows) of an autoregression within days."""
    rng = np.random.default_rng(8)
    x = rng.normal(size=(n, DAYS, BEEPS))
    for beep in range(1, BEEPS):
        x[..., beep] = rho * x[..., beep - 1] + np.sqrt(1 - rho**2) * x[..., beep]
    return x.reshape(n, -1)


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.6, 0.9])
@pytest.mark.parametrize("trends", [0, 2])
def test_it_is_the_mean_of_what_is_seen(rho: float, trends: int) -> None:
    removed = np.column_stack([HOURS, HOURS % 24])[:, :trends]
    window = window_rows(np.arange(HOURS.size), DAY, HOURS, removed, 3.0)
    seen = indicators_of([window], drawn(rho, 4000))[AUTOCORRELATION].mean()
    told = seen_of(window, DAY, HOURS / 2.0, rho)
    assert told == pytest.approx(seen, abs=0.015)
    assert told < rho


def test_days_of_two_answers_and_nothing_removed() -> None:
    """By hand, n days of two answers: numerator and denominator scatter by n (1 + rho²) each.

    Their covariance is 2 n rho, the variance of the denominator n (1 + rho²): the ratio is lower by
    rho (1 − rho²) / n.
    """
    n, rho = 10, 0.4
    hours = (24.0 * np.arange(n)[:, None] + [0.0, 2.0]).ravel()
    day = np.repeat(np.arange(n), 2)
    whole = window_rows(np.arange(2 * n), day, hours, np.empty((2 * n, 0)), 3.0)
    window = replace(whole, removed=np.empty((2 * n, 0)))
    expected = rho - rho * (1 - rho**2) / n
    assert seen_of(window, day, hours / 2.0, rho) == pytest.approx(expected, abs=1e-12)
