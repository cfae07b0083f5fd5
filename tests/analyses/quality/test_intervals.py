"""Intervals over persons against closed forms, and the line's error in them."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from salutogen.analyses.quality.intervals import intervals_over_persons
from salutogen.resilience.between_within import OccasionArrays, exposure_left

ICC_OF_E = "ICC of E (random intercept, occasions as independent)"
ICC = {"P": 0.5, "E": 0.5, "SR": 0.5}


def cohort(
    persons: int, occasions: int, *, seed: int = 1, between: float = 0.3, within: float = 0.3
) -> OccasionArrays:
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(persons), occasions)
    level, state = rng.normal(size=persons)[person], rng.normal(size=person.size)
    E = level + state
    P = between * level + within * state + rng.normal(size=persons)[person]
    P += rng.normal(size=person.size)
    line = np.polyfit(E, P, 1)
    return OccasionArrays(
        person=person,
        occasion=np.tile(np.arange(occasions), persons),
        P=P,
        E=E,
        SR=P - np.polyval(line, E),
        n_persons=persons,
    )


def found(arrays: OccasionArrays, *, draws: int = 800, refit: bool = True) -> pl.DataFrame:
    return intervals_over_persons(arrays, ICC, draws=draws, seed=1, refit=refit)


def half(table: pl.DataFrame, words: str) -> float:
    """Half the interval on Fisher's scale."""
    row = table.row(by_predicate=pl.col("figure") == words, named=True)
    return float(np.arctanh(row["high"]) - np.arctanh(row["low"])) / 2


def test_icc_has_the_error_of_balanced_normal_data() -> None:
    """Variance of the ICC: 2 (1 - r)^2 (1 + (k - 1) r)^2 / (k (k - 1) (n - 1)) (Fisher 1925)."""
    n, k, r = 400, 4, 0.5
    table = found(cohort(n, k))
    error = np.sqrt(2 * (1 - r) ** 2 * (1 + (k - 1) * r) ** 2 / (k * (k - 1) * (n - 1)))
    expected = 1.966 * error / (1 - r**2)
    assert half(table, ICC_OF_E) == pytest.approx(expected, rel=0.1)
    row = table.row(1, named=True)
    assert (row["figure"], row["estimate"]) == (ICC_OF_E, 0.5)
    assert row["low"] < 0.5 < row["high"]


def test_correlation_between_persons_has_the_error_of_persons() -> None:
    table = found(cohort(400, 4, between=0.9, within=0.1), refit=False)
    expected = 1.966 / np.sqrt(400 - 3)
    assert half(table, "r(SR, E) between persons") == pytest.approx(expected, rel=0.12)


def test_estimates_are_those_of_the_study() -> None:
    arrays = cohort(80, 5, between=0.8)
    left = exposure_left(arrays.SR, arrays)
    for refit in (True, False):
        table = found(arrays, refit=refit)
        estimates = dict(zip(table["figure"], table["estimate"], strict=True))
        assert estimates["r(SR, E) between persons"] == pytest.approx(left.between, abs=1e-9)
        assert estimates["r(SR, E) within persons"] == pytest.approx(left.within, abs=1e-9)
        total = np.corrcoef(arrays.E, arrays.P)[0, 1]
        assert estimates["r(E, P), all rows"] == pytest.approx(total, abs=1e-9)


def test_a_refitted_line_takes_what_it_would_explain() -> None:
    """One occasion each: SR is the residual in every resample, so that nothing can be left."""
    rng = np.random.default_rng(3)
    E, noise = rng.normal(size=120), rng.normal(size=120)
    P = 0.5 * E + noise
    arrays = OccasionArrays(
        person=np.arange(120),
        occasion=np.zeros(120, dtype=np.int64),
        P=P,
        E=E,
        SR=P - np.polyval(np.polyfit(E, P, 1), E),
        n_persons=120,
    )
    icc = dict.fromkeys(ICC)
    refitted = intervals_over_persons(arrays, icc, draws=200, seed=1, refit=True)
    held = intervals_over_persons(arrays, icc, draws=200, seed=1, refit=False)
    assert half(refitted, "r(SR, E) between persons") == pytest.approx(0, abs=1e-6)
    assert half(held, "r(SR, E) between persons") > 0.1
    assert refitted["figure"].str.contains("ICC").sum() == 0


def test_intervals_hold_the_truth() -> None:
    held = []
    for seed in range(60):
        table = found(cohort(80, 4, seed=seed), draws=150)
        row = table.row(by_predicate=pl.col("figure") == "r(E, P), all rows", named=True)
        truth = 0.6 / np.sqrt(2 * (0.18 + 2))
        held.append(row["low"] < truth < row["high"])
    assert 53 <= sum(held) <= 60


def test_without_draws_or_persons_there_is_no_interval() -> None:
    none = found(cohort(40, 3), draws=0)
    assert none["estimate"].null_count() == 0
    assert none["low"].null_count() == none.height == 6
    assert found(cohort(8, 3)).height == 0


def test_many_persons_are_drawn_in_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = cohort(1200, 3)
    single = found(arrays, draws=300)
    monkeypatch.setattr("salutogen.analyses.quality.intervals.MOST_UNITS", 400)
    grouped = found(arrays, draws=300)
    np.testing.assert_allclose(grouped["low"], single["low"], atol=0.015)


def test_draws_without_another_exposure_are_left_out() -> None:
    """Exposure that one person of 30 had is missing from a third of the draws."""
    arrays = cohort(30, 4, seed=3)
    E = np.where((arrays.person == 0) & (arrays.occasion < 2), 1.0, 0.0)
    line = np.polyfit(E, arrays.P, 1)
    rare = OccasionArrays(
        person=arrays.person,
        occasion=arrays.occasion,
        P=arrays.P,
        E=E,
        SR=arrays.P - np.polyval(line, E),
        n_persons=30,
    )
    table = found(rare, draws=200)
    assert table["low"].drop_nulls().is_finite().all()
    assert table["high"].drop_nulls().is_finite().all()
