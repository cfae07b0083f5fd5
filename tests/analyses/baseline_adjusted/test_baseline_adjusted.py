"""The adjustment for a baseline: analysis of covariance by another program, and error in it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm

from salutogen.analyses.baseline_adjusted.analysis import BaselineAdjustedResult, compute
from salutogen.analyses.baseline_adjusted.lines import ADJUSTED, CHANGE, PLAIN, without_error
from salutogen.analyses.baseline_adjusted.settings import BaselineAdjustedSettings
from salutogen.analyses.contract import AnalysisInputs
from salutogen.errors import AnalysisError
from tests.analyses.inputs import inputs_of, shown
from tests.analyses.small_cohort import results_of
from tests.norm.cohorts import simulated

FAST = BaselineAdjustedSettings(baseline="T0", bootstrap=100)


@cache
def study(*, rise: float = 20.0, **parts: Any) -> AnalysisInputs:
    """Exposure rises after the first occasion."""
    scores = simulated(150, 5, **parts)
    later = pl.col("occasion_index") > 0
    table = scores.table.with_columns(
        E=pl.when(later).then(pl.col("E") + rise).otherwise(pl.col("E")),
        E_general=pl.when(later).then(pl.col("E_general") + rise).otherwise(pl.col("E_general")),
    )
    return inputs_of(replace(scores, table=table))


@cache
def result() -> BaselineAdjustedResult:
    return compute(study(), FAST)


def by_hand(inputs: AnalysisInputs) -> pl.DataFrame:
    rows = inputs.scores.table
    start = rows.filter(pl.col("occasion_index") == 0).select("person", P0="P")
    later = (
        rows.filter(pl.col("valid") & (pl.col("occasion_index") > 0))
        .group_by("person", maintain_order=True)
        .agg(pl.col("E", "P").mean())
    )
    return start.join(later, on="person", how="inner", maintain_order="left")


def test_it_equals_analysis_of_covariance() -> None:
    persons = by_hand(study())
    P, P0, E = (persons[name].to_numpy() for name in ("P", "P0", "E"))
    low, high = np.percentile(E, [10, 90])
    for name, outcome, terms in (
        (PLAIN, P, [E]),
        (ADJUSTED, P, [E, P0]),
        (CHANGE, P - P0, [E]),
    ):
        fit = sm.OLS(outcome, sm.add_constant(np.column_stack(terms))).fit(
            cov_type="HC3", use_t=True
        )
        row = result().models.filter(model=name).row(0, named=True)
        assert row["effect"] == pytest.approx((high - low) * fit.params[1])
        assert row["se"] == pytest.approx((high - low) * fit.bse[1])
        assert (row["low"], row["high"]) == pytest.approx(tuple((high - low) * fit.conf_int()[1]))
        assert row["p"] == pytest.approx(fit.pvalues[1], rel=1e-6)
        column = {PLAIN: "SR", ADJUSTED: "SR_adjusted", CHANGE: "SR_change"}[name]
        np.testing.assert_allclose(result().persons[column], fit.resid, atol=1e-8)


def test_the_adjusted_score_is_free_of_the_baseline_and_the_others_are_not() -> None:
    found = result().agreement
    assert found.adjusted_baseline == pytest.approx(0, abs=1e-9)
    assert found.SR_baseline is not None
    assert found.SR_baseline > 0.3
    assert found.change_baseline is not None
    assert found.change_baseline < -0.2
    own, theirs = (result().persons[name].to_numpy() for name in ("SR", "SR_adjusted"))
    assert found.SR_adjusted == pytest.approx(np.corrcoef(own, theirs)[0, 1])
    R2 = dict(result().models.select("model", "r_squared").iter_rows())
    assert result().beyond_exposure == pytest.approx(R2[ADJUSTED] - R2[PLAIN])


def test_a_reliability_below_one_recovers_the_truth() -> None:
    rng = np.random.default_rng(5)
    n, reliability = 60_000, 0.7
    true = rng.normal(10, 2, n)
    E = 0.5 * true + rng.normal(0, 2, n)
    P = 1 + 0.8 * true + 0.4 * E + rng.normal(0, 1, n)
    P0 = true + rng.normal(0, 2 * np.sqrt(1 / reliability - 1), n)
    X = np.column_stack([np.ones(n), E, P0])
    found = without_error(X, P, reliability)
    assert found is not None
    np.testing.assert_allclose(found, [1, 0.4, 0.8], atol=0.06)
    naive = without_error(X, P, 1.0)
    assert naive is not None
    np.testing.assert_allclose(naive, sm.OLS(P, X).fit().params, rtol=1e-6)
    assert naive[1] > 0.45, "what the baseline leaves goes to exposure"
    assert without_error(X, P, 0.05) is None, "exposure alone tells more than that of it"


def test_a_unit_counted_twice_stands_twice() -> None:
    rng = np.random.default_rng(6)
    X = np.column_stack([np.ones(30), rng.normal(size=(30, 2))])
    P, times = rng.normal(size=30), rng.integers(0, 3, 30).astype(float)
    rows = np.repeat(np.arange(30), times.astype(int))
    once, twice = without_error(X[rows], P[rows], 0.9), without_error(X, P, 0.9, times)
    assert once is not None
    assert twice is not None
    np.testing.assert_allclose(once, twice)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [0.0, 0.1, 7.3])
def test_a_baseline_that_is_the_same_for_everybody_tells_nothing(value: float) -> None:
    rng = np.random.default_rng(8)
    X = np.column_stack([np.ones(30), rng.normal(size=30), np.full(30, value)])
    for reliability in (1.0, 0.8):
        assert without_error(X, rng.normal(size=30), reliability) is None


def test_the_size_of_columns_does_not_matter() -> None:
    rng = np.random.default_rng(7)
    X = np.column_stack([np.ones(40), rng.normal(size=(40, 2))])
    P, sizes = rng.normal(size=40), np.array([1.0, 1e7, 1e-7])
    plain, sized = without_error(X, P, 0.9), without_error(X * sizes, P, 0.9)
    assert plain is not None
    assert sized is not None
    np.testing.assert_allclose(sized * sizes, plain, rtol=1e-7)


def test_the_table_of_reliabilities_starts_at_the_fit_itself() -> None:
    rows = result().reliabilities
    assert rows["effect"][0] == pytest.approx(
        result().models.filter(model=ADJUSTED)["effect"].item()
    )
    assert rows["baseline_slope"].is_sorted(), "less reliable, steeper"
    told = rows.filter("possible")
    assert ((told["low"] < told["effect"]) & (told["effect"] < told["high"])).all()
    np.testing.assert_allclose(told["change_on_baseline"], told["baseline_slope"] - 1)


def test_a_baseline_that_was_as_exposed_is_doubted() -> None:
    quiet = {item.code for item in result().findings}
    assert "baseline-not-before-exposure" not in quiet
    assert "change-is-coupled" in quiet
    exposed = compute(study(rise=0.0), FAST)
    assert "baseline-not-before-exposure" in {item.code for item in exposed.findings}


@pytest.mark.parametrize(
    ("baseline", "code"),
    [
        (None, "no-pre-exposure-wave"),
        ("T9", "baseline-unknown"),
        (("T0", "T1", "T2", "T3", "T4"), "nothing-after-baseline"),
        ("T4", "too-few-with-baseline"),
    ],
)
def test_what_cannot_be_is_refused(baseline: Any, code: str) -> None:
    with pytest.raises(AnalysisError) as caught:
        compute(study(), BaselineAdjustedSettings(baseline=baseline))
    assert code in {item.code for item in caught.value.findings}


@pytest.mark.parametrize(
    "parts",
    [
        {"combine": "composite"},
        {"combine": "separate"},
        {"norm": {"shape": "quadratic"}},
        {"norm": {"covariates": ["age"]}, "background": {"age": {"column": "age"}}},
    ],
)
def test_every_kind_of_line_is_adjusted(parts: dict[str, Any]) -> None:
    inputs = inputs_of(simulated(120, 4, **parts))
    found = compute(inputs, FAST)
    row = found.models.filter(model=ADJUSTED).row(0, named=True)
    assert row["low"] < row["effect"] < row["high"]
    assert found.agreement.adjusted_baseline == pytest.approx(0, abs=1e-9)


def test_everyone_may_read_all_of_it() -> None:
    for individuals in (True, False):
        (section,), told = shown(result(), study(), individuals=individuals)
        assert told == ()
        assert (len(section.tables), len(section.figures)) == (2, 1)
    assert "problems at high exposure (90th percentile) lie " in str(result().answer())


def test_the_opening_says_what_is_not_settled() -> None:
    inputs = inputs_of(simulated(60, 4, between=0.0, within=0.0))
    assert str(compute(inputs, FAST).answer()).startswith("Not settled: at equal problems")


def test_a_study_file_without_a_baseline_is_told(tmp_path: Path) -> None:
    told = results_of(tmp_path, analyses="[{step: baseline-adjusted}]")
    assert "no-pre-exposure-wave" in {item.code for item in told.findings}
    (tmp_path / "b").mkdir()
    told = results_of(tmp_path / "b", analyses="[{step: baseline-adjusted, baseline: 1}]")
    found = told.to_dict()["steps"]["baseline-adjusted"]
    assert found["n"] == 40
    assert found["baseline"] == ["1"]


def test_a_category_that_nobody_drawn_has_does_not_hide_the_effect() -> None:
    rng = np.random.default_rng(7)
    n = 40
    E, P0 = rng.normal(size=n), rng.normal(size=n)
    rare = np.zeros(n)
    rare[:2] = 1
    X = np.column_stack([np.ones(n), E, rare - rare.mean(), P0])
    P = 1 + 0.5 * E + 0.3 * P0 + rng.normal(size=n)
    times = np.ones(n)
    times[:2] = 0
    needed = np.array([False, True, False, True])
    found = without_error(X, P, 0.8, times, needed)
    assert found is not None
    left = without_error(X[2:][:, [0, 1, 3]], P[2:], 0.8)
    assert left is not None
    np.testing.assert_allclose(found[[1, 3]], left[1:], rtol=1e-9)
    assert without_error(X, P, 0.8, times) is None, "the category's own effect cannot be told"
    same = np.column_stack([np.ones(n), E, E, P0])
    assert without_error(same, P, 0.8, None, needed) is None
