"""Small, sparse and degenerate cohorts: scores or one refusal that says why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salutogen.errors import NormError
from salutogen.norm import fit_norm
from salutogen.resilience import score_resilience
from tests.norm.cohorts import simulated

WINDOWS: list[Any] = [
    None,
    {"width": 3, "step": 1, "valid": 2},
    {"width": "14 days", "step": "7 days", "valid": 1},
]


@settings(max_examples=30)
@given(
    n_persons=st.integers(2, 9),
    n_occasions=st.integers(1, 5),
    missing=st.sampled_from([0.0, 0.3, 0.7]),
    combine=st.sampled_from(["sum", "composite", "separate"]),
    windows=st.sampled_from(WINDOWS),
    seed=st.integers(0, 99),
)
def test_every_cohort_gives_scores_or_a_refusal(
    n_persons: int, n_occasions: int, missing: float, combine: str, windows: Any, seed: int
) -> None:
    scores = simulated(
        n_persons,
        n_occasions,
        missing=missing,
        combine=combine,
        seed=seed,
        resilience={"windows": windows},
        norm={"shape": "test"},
    )
    result, problems = None, ()
    try:
        result = score_resilience(scores, fit_norm(scores), bootstrap=10)
    except NormError as error:
        problems = error.findings
    assert bool(result) != bool(problems)
    if result is not None:
        assert result.occasions.height == scores.table.height
        assert np.isfinite(result.persons["SR"].to_numpy()).all()
        assert result.windows["window"].is_empty() or windows is not None


@pytest.mark.parametrize(
    "change",
    [
        {"time": pl.lit(None, dtype=pl.Float64)},
        {"E": (pl.col("person") % 2).cast(pl.Float64)},
        {"E_general": pl.lit(0.0)},
        {"E": pl.col("E") * 1e12},
    ],
    ids=["no time", "two values of E", "one type constant", "huge values"],
)
def test_odd_columns_do_not_stop_the_scores(change: dict[str, pl.Expr]) -> None:
    scores = simulated(50, 4)
    scores = replace(scores, table=scores.table.with_columns(**change), measures={})
    result = score_resilience(scores, fit_norm(scores), bootstrap=10)
    assert result.persons["SR"].null_count() == 0
    assert result.summary.sr_exposure_correlation.primary == pytest.approx(0.0, abs=1e-9)
