"""Tests and intervals from the likelihood: closed forms, agreement with refits."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.optimize import brentq
from scipy.stats import chi2

from salutogen.errors import ModelError
from salutogen.models import CrossLaggedPanel

CRITICAL = float(chi2.ppf(0.95, 1))


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(90, 2))
    x[:, 1] += 0.4 * x[:, 0]
    return pl.DataFrame(
        {"id": np.repeat(np.arange(90), 2), "wave": np.tile([1, 2], 90), "x": 5 + 3 * x.ravel()}
    )


def fit(frame, errors="observed"):
    return CrossLaggedPanel(
        outcomes=("x",),
        person="id",
        occasion="wave",
        random_intercepts=False,
        standard_errors=errors,
    ).fit(frame)


def test_a_regression_slope_has_a_closed_form(frame):
    """Twice the log-likelihood falls by n log(residual sum at b / least residual sum)."""
    first, second = (frame.filter(pl.col("wave") == wave)["x"].to_numpy() for wave in (1, 2))
    before, after = first - first.mean(), second - second.mean()
    slope = before @ after / (before @ before)
    least = np.sum((after - slope * before) ** 2)

    def ratio(b):
        return len(before) * np.log(np.sum((after - b * before) ** 2) / least)

    result = fit(frame)
    for value in (0.0, slope + 0.2):
        found = result.likelihood_ratio("x<-x", value)
        assert found.root**2 == pytest.approx(ratio(value), rel=1e-6)
        assert np.sign(found.root) == np.sign(value - slope)
        assert found.p_value == pytest.approx(chi2.sf(ratio(value), 1), rel=1e-6)
    row = result.profile_intervals("x<-x").row(0, named=True)
    low = brentq(lambda b: ratio(b) - CRITICAL, slope - 1, slope)
    high = brentq(lambda b: ratio(b) - CRITICAL, slope, slope + 1)
    assert row["conf_low"] == pytest.approx(low, rel=1e-5)
    assert row["conf_high"] == pytest.approx(high, rel=1e-5)
    assert row["estimate"] == pytest.approx(slope)


def test_means_and_variances_are_in_units_of_the_data(frame):
    result = fit(frame)
    table = result.profile_intervals("mean(x)@1", "resid(x)@1", level=0.9)
    first = frame.filter(pl.col("wave") == 1)["x"].to_numpy()
    for row in table.iter_rows(named=True):
        assert row["conf_low"] < row["estimate"] < row["conf_high"]
        low = result.likelihood_ratio(row["term"], row["conf_low"])
        assert low.p_value == pytest.approx(0.1, rel=1e-4)
    assert table["estimate"][0] == pytest.approx(first.mean())
    assert table["estimate"][1] == pytest.approx(first.var())


def test_robust_ratios_are_scaled_by_the_variances(frame):
    plain, robust = fit(frame), fit(frame, "robust")
    scale = plain.standard_errors["x<-x"] / robust.standard_errors["x<-x"]
    roots = [result.likelihood_ratio("x<-x", 0.2).root for result in (plain, robust)]
    assert roots[1] == pytest.approx(scale * roots[0], rel=1e-6)


def test_a_name_that_is_no_parameter(frame):
    with pytest.raises(ModelError, match="There is no parameter 'x<-y'"):
        fit(frame).likelihood_ratio("x<-y")
    with pytest.raises(ModelError, match="There is no parameter"):
        fit(frame).profile_intervals("slope")
