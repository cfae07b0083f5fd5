"""SR that the line itself makes has no error, and nobody is called by it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from salutogen.norm import fit_norm
from salutogen.resilience import score_resilience
from tests.norm.cohorts import simulated

AGED = {"covariates": ["age"]}
SITE = {"covariates": ["site"]}


@pytest.mark.parametrize("bootstrap", [0, 60])
def test_who_alone_has_a_value_of_a_numeric_covariate_is_named_not_called(bootstrap: int) -> None:
    """A covariate that is 1 for one person: that person's SR is 0 whatever the problems are."""
    scores = simulated(60, 5, norm=AGED)
    flag = pl.Series("age", [1.0, *[0.0] * 59])
    scores = replace(scores, persons=scores.persons.with_columns(flag))
    found = score_resilience(scores, fit_norm(scores), bootstrap=bootstrap)
    carried = found.persons.filter(pl.col("person") == 0)
    others = found.persons.filter(pl.col("person") != 0)
    assert carried["SR"].item() == pytest.approx(0.0, abs=1e-8)
    assert carried.select("SR_se", "SR_low", "SR_se_days", "clear").row(0) == (None,) * 4
    assert others["SR_se"].null_count() == others["SR_se_days"].null_count() == 0
    assert found.claims.n == 59
    (told,) = (item for item in found.findings if item.code == "score-made-by-line")
    assert "SR of 1 of 60 persons rests on a coefficient" in told.text
    days = found.occasions.filter(pl.col("person") == 0)
    assert days["SR_se"].null_count() == days.height


def test_without_such_a_term_nothing_is_named() -> None:
    scores = simulated(60, 5, norm=AGED)
    found = score_resilience(scores, fit_norm(scores), bootstrap=0)
    assert {"score-made-by-line", "refit-without-label"}.isdisjoint(
        item.code for item in found.findings
    )
    assert found.persons["SR_se"].null_count() == 0


def test_who_is_a_category_alone_in_a_window_has_no_refitted_score_and_that_is_said() -> None:
    """Two persons of site X; the second is seen in the last two occasions only."""
    scores = simulated(60, 6, missing=0.0, norm=SITE)
    sites = ["X", "X", *("ABC"[index % 3] for index in range(2, 60))]
    table = scores.table.filter((pl.col("person") != 1) | (pl.col("occasion_index") < 4))
    scores = replace(
        scores, table=table, persons=scores.persons.with_columns(site=pl.Series(sites))
    )
    found = score_resilience(scores, fit_norm(scores), bootstrap=0)
    lost = found.windows.filter(pl.col("SR_frozen").is_not_null() & pl.col("SR_refit").is_null())
    assert lost.height > 0
    assert lost["person"].unique().to_list() == [0]
    (told,) = (item for item in found.findings if item.code == "refit-without-label")
    assert told.text.startswith(f"SR_refit is missing in {lost.height} row")
    assert all(str(window) in told.text for window in lost["window"].unique())
    assert np.isfinite(found.windows["SR_frozen"].drop_nulls().to_numpy()).all()
