"""Intervals that the page draws have the quantiles that its sentences take."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import stats

from salutogen.analyses.windows.section import _means
from salutogen.norm import fit_norm
from salutogen.page.audience import Audience
from salutogen.report.context import mean_interval
from salutogen.report.sections.plane import line_on_grid
from tests.norm.cohorts import simulated


@pytest.mark.parametrize("n", [3, 8, 60])
def test_means_by_occasion_have_t_intervals(n: int) -> None:
    values = np.random.default_rng(n).normal(4, 2, n)
    found = mean_interval(values, 1)
    assert found is not None
    assert found[1:] == pytest.approx(
        stats.t.interval(0.95, n - 1, loc=values.mean(), scale=stats.sem(values))
    )
    assert mean_interval(values, n + 1) is None


def test_an_interval_beside_its_sd_tells_a_multiple_of_five() -> None:
    values = np.random.default_rng(1).normal(4, 2, 57)
    audience = Audience(individuals=False, n_persons=60, seed=1)
    plain, told = mean_interval(values, 5), mean_interval(values, 5, audience.told_size)
    assert plain is not None
    assert told is not None
    sd = values.std(ddof=1)
    for (mean, _, high), own in ((plain, 57), (told, 55)):
        half = [stats.t.ppf(0.975, n - 1) * sd / np.sqrt(n) for n in range(50, 61)]
        assert 50 + int(np.argmin(np.abs(np.array(half) - (high - mean)))) == own


def test_means_by_window_have_t_intervals() -> None:
    summary = pl.DataFrame(
        {
            "window": [1, 2],
            "first_occasion": ["a", "b"],
            "last_occasion": ["b", "c"],
            "n": [12, 9],
            "mean_SR_frozen": [0.0, 1.5],
            "se_SR_frozen": [0.4, 0.5],
            "mean_SR_frozen_complete": [None, None],
            "mean_SR_frozen_model": [0.0, 1.2],
            "se_SR_frozen_model": [0.4, 0.3],
            "mean_SR_refit": [0.0, 0.0],
        }
    )
    drawn = _means(summary).filter(pl.col("low").is_not_null())
    (row,) = drawn.iter_rows(named=True)  # the model of windows is not drawn
    assert row["mean"] == 1.5
    assert (row["low"], row["high"]) == pytest.approx(stats.t.interval(0.95, 8, loc=1.5, scale=0.5))


def test_the_band_of_the_line_is_that_of_its_slope() -> None:
    line = fit_norm(simulated(12, 4)).lines.person
    assert line.claims is not None
    assert line.slope is not None
    E = 40.0
    row = line_on_grid(line, E, E + 1.0).row(0, named=True)
    x = np.asarray([1.0, E])
    half = stats.t.ppf(0.975, line.claims.df) * np.sqrt(x @ line.claims.covariance @ x)
    assert row["expected"] == pytest.approx(line.intercept + line.slope * E)
    assert row["high"] - row["expected"] == pytest.approx(half)
    assert half > 1.97 * np.sqrt(x @ line.claims.covariance @ x)
