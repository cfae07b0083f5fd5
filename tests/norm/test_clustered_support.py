"""Errors over occasions: none where one or two persons tell a slope, honest ones above."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from salutogen.norm import Line, Norm, fit_norm, read_norm
from salutogen.norm.clustered_support import clustered_errors
from salutogen.norm.line_fit import fit_line
from salutogen.norm.line_spec import LineSpec
from salutogen.norm.norm_file import write_norm
from tests.norm.cohorts import simulated
from tests.norm.test_refusals import changed

CLAIMS = {"exposure-lowers-problems", "slope-not-positive", "exposure-explains-little"}


def exposed_line(k: int, rng: np.random.Generator, n: int = 100, T: int = 4) -> Line:
    """A line without any slope, of persons of whom the first k have exposure."""
    person = np.repeat(np.arange(n), T)
    E = np.where(person < k, rng.integers(0, 2, n * T), 0).astype(float)
    E[: T * k : T] = 1.0
    P = 10 + rng.normal(0, 2, n)[person] + rng.normal(0, 2, n * T)
    table = pl.DataFrame({"person": person, "P": P, "E": E})
    return fit_line(table, LineSpec(predictors=("E",)), level="occasion", reference="all")


@pytest.mark.parametrize("k", [1, 2])
def test_a_slope_that_one_or_two_persons_tell_has_no_error(k: int) -> None:
    line = exposed_line(k, np.random.default_rng(3))
    claims, told = line.claims, line.summary()
    assert claims is not None
    assert dict(line.thin) == {"E": k}
    assert told.standard_errors["E"] is told.standard_errors_robust["E"] is None
    assert told.intervals["E"] is told.exposure_r_squared_interval is claims.test is None
    assert claims.change.se is claims.change.low is None
    assert told.standard_errors["intercept"] == pytest.approx(np.sqrt(line.covariance[0, 0]))


@pytest.mark.parametrize("k", [4, 5, 7, 10])
def test_intervals_of_slopes_that_few_persons_tell_hold_the_truth(k: int) -> None:
    rng = np.random.default_rng(k)
    changes = [line.claims.change for _ in range(400) if (line := exposed_line(k, rng)).claims]
    held = [one.low <= 0 <= (one.high or 0.0) for one in changes if one.low is not None]
    assert len(held) > 250
    assert np.mean(held) > 0.92 - 0.02  # chance moves 400 by a point and a half


def test_degrees_of_freedom_are_those_of_equal_persons() -> None:
    person = np.repeat(np.arange(40), 3)
    X = np.column_stack([np.ones(120), person % 2])
    even = clustered_errors(X, ("one", "x"), person, np.eye(2), exposure=("x",), most=39)
    assert even.term_df[1] == pytest.approx(39)
    rare = np.column_stack([np.ones(120), person < 5])
    few = clustered_errors(rare, ("one", "x"), person, np.eye(2), exposure=("x",), most=39)
    shares = np.r_[np.full(5, 1 / 25), np.full(35, 1 / 35**2)] / (1 / 5 + 1 / 35)
    assert few.term_df[1] == pytest.approx(1 / np.sum(shares**2) - 1)
    assert few.degrees(np.array([1.0, 1.0])) == pytest.approx(4)


def told(line_exposed: int) -> tuple[Mapping[str, str], Norm]:
    P = pl.col("P") - pl.when(pl.col("person") == 0).then(3.0).otherwise(0.0)
    E = pl.when(pl.col("person") < line_exposed).then(pl.col("occasion_index") % 2).otherwise(0.0)
    scores = changed(simulated(60, 5), P=P, E=E.cast(pl.Float64))
    norm = fit_norm(scores)
    return {one.code: one.text for one in norm.findings}, norm


def test_nothing_is_claimed_of_a_slope_over_occasions_without_support(tmp_path: Path) -> None:
    texts, norm = told(1)
    assert "E (occasion line)" in texts["coefficient-without-support"]
    assert "only 1 person tells it, of 60 persons" in texts["coefficient-without-support"]
    assert all("occasion line" not in texts[code] for code in CLAIMS & set(texts))
    assert norm.mixed is None
    assert "only about 1 person tells the slope within persons" in texts["mixed-line-not-fitted"]
    path = write_norm(norm, tmp_path / "norm.json")
    assert "NaN" not in json.dumps(json.loads(path.read_text(encoding="utf-8")))
    again = read_norm(path).lines.occasion.summary()
    assert read_norm(path).lines.occasion.exposure_is_thin
    assert again.standard_errors == norm.lines.occasion.summary().standard_errors


def test_enough_persons_are_told_of_as_before() -> None:
    texts, norm = told(20)
    assert "E (occasion line)" not in texts.get("coefficient-without-support", "")
    assert norm.mixed is not None
    assert norm.lines.occasion.summary().standard_errors["E"] is not None
