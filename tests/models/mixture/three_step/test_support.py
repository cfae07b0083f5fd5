"""Outcomes of classes that nothing can be said of: no error, no p, and a message."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from salutogen.models import GrowthMixture, three_step_outcome

N = 90


@pytest.fixture(scope="module")
def certain():
    """Three classes of 30, each person's known for certain."""
    generator = np.random.default_rng(0)
    person, t = np.repeat(np.arange(N), 4), np.tile(np.arange(4.0), N)
    y = np.array([0, 6, -6])[person % 3] + generator.normal(size=4 * N)
    result = GrowthMixture("y ~ t + (0 | id)", classes=3, starts=6).fit(
        {"id": person, "t": t, "y": y}
    )
    return replace(
        result, posterior=np.eye(3)[np.arange(N) % 3], persons=pl.Series("id", np.arange(N))
    )


@pytest.mark.parametrize("correction", ["bch", "ml", "none"])
def test_a_proportion_of_zero_has_no_error_and_no_p(certain, correction):
    ill = (np.arange(N) % 2 == 0) & (np.arange(N) % 3 != 1)  # nobody in class 2
    found = three_step_outcome(certain, {"id": np.arange(N), "ill": ill}, "ill",
                               correction=correction)  # fmt: skip
    table = found.table.filter(pl.col("category") == "true" if "true" in found.categories
                               else pl.col("category") == "True")  # fmt: skip
    assert table["estimate"].to_list() == pytest.approx([0.5, 0.0, 0.5], abs=1e-6)
    errors = table["standard_error"].to_list()
    assert errors[1] is None
    assert errors[0] == pytest.approx(np.sqrt(0.25 / 30), rel=1e-3)
    limits = table.select("lower", "upper").row(1)
    assert limits == (None, None)
    rows = {(row["class"], row["other"]): row for row in found.differences.iter_rows(named=True)}
    assert rows[1, 2]["p"] is None
    assert rows[1, 2]["standard_error"] is None
    assert rows[1, 3]["p"] == pytest.approx(1.0, abs=1e-3)
    assert found.test == (None, 0, None)
    assert any("in class 2 there is a proportion of 0 or 1" in told for told in found.messages)


@pytest.mark.parametrize("correction", ["bch", "ml"])
def test_a_class_all_alike_has_no_error(certain, correction):
    score = np.where(np.arange(N) % 3 == 0, 7.0, np.random.default_rng(2).normal(5, 2, N))
    found = three_step_outcome(certain, {"id": np.arange(N), "score": score}, "score",
                               correction=correction)  # fmt: skip
    errors = found.table["standard_error"].to_list()
    assert errors[0] is None
    assert all(error > 0 for error in errors[1:])
    assert "in class 1 there is no spread of its own" in found.messages[-1]
    assert found.differences["p"].is_null().to_list() == [True, True, False]


def test_limits_of_proportions_stay_within_zero_and_one(certain):
    ill = (np.arange(N) % 29 == 0) | (np.arange(N) % 3 == 1) & (np.arange(N) % 2 == 0)
    found = three_step_outcome(certain, {"id": np.arange(N), "ill": ill}, "ill").table
    assert found["lower"].min() == 0.0
    assert found["upper"].max() == 1.0
