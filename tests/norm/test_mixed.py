"""The mixed line and its split against published figures, statsmodels and known slopes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import statsmodels.formula.api as smf

from salutogen.norm import fit_norm
from salutogen.resilience import score_resilience
from tests.norm.cohorts import dynacore, simulated
from tests.norm.test_refusals import changed


def test_mixed_line_of_the_real_cohort(shared_data: Path) -> None:
    norm = fit_norm(dynacore(shared_data))
    mixed = norm.mixed
    assert mixed is not None
    assert mixed.intercept == pytest.approx(0.003303509, abs=1e-5)
    assert mixed.slope == pytest.approx(0.358352435, rel=1e-5)
    assert mixed.slope_se == pytest.approx(0.0286, abs=5e-5)
    assert mixed.singular
    assert (*mixed.random_sd, mixed.residual_sd) == pytest.approx((0.712, 0.0885, 0.529), abs=5e-4)
    assert mixed.between_slope == pytest.approx(0.572, abs=5e-4)
    assert mixed.within_slope == pytest.approx(0.303, abs=5e-4)
    assert mixed.simplified_slope == pytest.approx(0.3549, abs=5e-5)
    assert "mixed-line-singular" in [finding.code for finding in norm.findings]


def test_split_agrees_with_statsmodels() -> None:
    norm = fit_norm(simulated())
    mixed = norm.mixed
    assert mixed is not None
    rows = norm.scores.table.filter("valid").to_pandas()
    E = (rows["E"] - rows["E"].mean()) / rows["E"].std()
    rows["zP"] = (rows["P"] - rows["P"].mean()) / rows["P"].std()
    rows["between"] = E.groupby(rows["person"]).transform("mean")
    rows["within"] = E - rows["between"]
    fit = smf.mixedlm("zP ~ between + within", rows, groups="person").fit(reml=True)
    assert mixed.between_slope == pytest.approx(fit.params["between"], rel=1e-4)
    assert mixed.within_slope == pytest.approx(fit.params["within"], rel=1e-4)
    assert mixed.between_se == pytest.approx(fit.bse["between"], rel=1e-3)
    assert mixed.within_se == pytest.approx(fit.bse["within"], rel=1e-3)


def test_known_slopes_are_found() -> None:
    norm = fit_norm(simulated(1500, 5, between=0.2, within=0.08, seed=11))
    mixed = norm.mixed
    assert mixed is not None
    factor = mixed.sd_P / mixed.sd_E
    assert mixed.within_slope * factor == pytest.approx(0.08, abs=0.01)
    level, noise = 12.0**2, (4.0**2 + 8.0**2) / (5 * 0.85)  # a person's mean holds both
    between = (0.2 * level + 0.08 * noise) / (level + noise)
    assert mixed.between_slope * factor == pytest.approx(between, abs=0.015)
    assert mixed.within_slope < mixed.slope < mixed.between_slope


def test_mixed_line_in_raw_points_gives_the_standardised_scores() -> None:
    norm = fit_norm(simulated())
    mixed, line = norm.mixed, norm.lines.variants["mixed"]
    assert mixed is not None
    rows = norm.scores.table.filter("valid")
    zE = (rows["E"].to_numpy() - mixed.mean_E) / mixed.sd_E
    zP = (rows["P"].to_numpy() - mixed.mean_P) / mixed.sd_P
    raw = rows["P"].to_numpy() - line.expected(rows, level="occasion")
    np.testing.assert_allclose(
        raw / mixed.sd_P, zP - mixed.intercept - mixed.slope * zE, atol=1e-10
    )
    slope_se = np.sqrt(line.covariance[1, 1])
    assert slope_se == pytest.approx(mixed.slope_se * mixed.sd_P / mixed.sd_E)


def test_one_occasion_has_no_mixed_line() -> None:
    norm = fit_norm(simulated(50, 1))
    assert norm.mixed is None
    assert "mixed-line-not-fitted" in [finding.code for finding in norm.findings]


def test_exposure_that_never_changes_within_a_person_is_named() -> None:
    scores = simulated(80, 4)
    E = (pl.col("person") % 7).cast(pl.Float64) / 3
    scores = changed(scores, E=E)
    norm = fit_norm(scores)
    assert norm.mixed is None
    codes = [one.code for one in norm.findings]
    assert codes.count("exposure-constant-within-persons") == 1
    assert "mixed-line-not-fitted" not in codes
    summary = score_resilience(scores, norm, bootstrap=0).summary
    assert summary.within_slope is None
    assert summary.within_slope_least_squares is None
    assert summary.sr_exposure_correlation.within is None
    assert summary.between_slope is not None


def test_problems_that_never_change_within_persons_have_no_mixed_line() -> None:
    scores = changed(simulated(60, 4), P=pl.col("person").cast(pl.Float64) % 7)
    norm = fit_norm(scores)
    assert norm.mixed is None
    told = {one.code: one.text for one in norm.findings}
    assert "the same problems at all occasions" in told["mixed-line-not-fitted"]
    assert score_resilience(scores, norm).persons["SR"].is_not_null().all()
