"""Likelihood-ratio comparisons of mixed models: R's anova, boundaries, refusals."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from salutogen.errors import ModelError
from salutogen.models import ContinuousAR1, MixedModel, compare_fits

REFERENCE = Path(__file__).parents[2] / "reference"
VALUES = json.loads((REFERENCE / "mixed_inference" / "values.json").read_text(encoding="utf-8"))
_spec = importlib.util.spec_from_file_location(
    "mixed_cases", REFERENCE / "mixed_model" / "cases.py"
)
cases = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(cases)


def fit(formula, name="unbalanced", *, reml=False, frame=None):
    return MixedModel(formula).fit(
        pl.DataFrame(cases.CASES[name]) if frame is None else frame, reml=reml
    )


@pytest.mark.parametrize("value", VALUES["ratios"], ids=lambda v: v["larger"])
def test_agrees_with_anova_of_lme4(value):
    """lme4 1.1-31: anova(fit0, fit1, refit = FALSE) of maximum-likelihood fits."""
    fits = [fit(value[size], value["data"]) for size in ("larger", "smaller")]
    table = compare_fits(*fits).table
    for column, key in (
        ("n_parameters", "npar"),
        ("aic", "aic"),
        ("bic", "bic"),
        ("log_likelihood", "loglik"),
        ("deviance", "deviance"),
    ):
        np.testing.assert_allclose(table[column], value[key], rtol=1e-8)
    last = table.row(1, named=True)
    assert last["chi_square"] == pytest.approx(value["chisq"], abs=1e-6)
    assert last["df"] == value["df"]
    assert last["p_value"] == pytest.approx(value["p"], rel=1e-5)
    assert table["formula"].to_list() == [value["smaller"], value["larger"]]


def test_one_variance_is_tested_by_the_mixture():
    """Self & Liang 1987: under no random slope the mixture's p is right, chi-square's too large.

    One simulated study after the other, one random slope without correlation.
    """
    rng = np.random.default_rng(6)
    person = np.repeat(np.arange(40), 5)
    t = np.tile(np.arange(5.0), 40)
    naive, mixture = [], []
    for _ in range(200):
        y = rng.normal(size=40)[person] + rng.normal(size=200)
        frame = {"id": person, "t": t, "y": y}
        pair = [fit(f"y ~ t + ({part} id)", frame=frame) for part in ("1 |", "1 + t ||")]
        row = compare_fits(*pair).table.row(1, named=True)
        naive.append(row["p_value"])
        mixture.append(row["mixture_p_value"])
    assert np.mean(np.array(mixture) < 0.2) == pytest.approx(0.2, abs=0.07)
    assert np.mean(np.array(naive) < 0.2) < 0.15
    assert np.mean(np.array(mixture) == 1) == pytest.approx(0.55, abs=0.12)


def test_notes_say_what_is_tested():
    slope = compare_fits(fit("y ~ t + (1 | id)"), fit("y ~ t + (1 + t | id)")).table
    row = slope.row(1, named=True)
    assert row["df"] == 2
    assert "end of a parameter's range" in row["note"]
    from scipy.stats import chi2

    x = row["chi_square"]
    assert row["mixture_p_value"] == pytest.approx((chi2.sf(x, 1) + chi2.sf(x, 2)) / 2)
    two = compare_fits(fit("y ~ t + (1 | id)"), fit("y ~ t + (1 + t + x | id)")).table
    assert two["mixture_p_value"][1] is None
    assert "ends of 2 parameters' ranges" in two["note"][1]
    correlation = compare_fits(fit("y ~ t + (1 + t || id)"), fit("y ~ t + (1 + t | id)")).table
    assert correlation["note"][1] is None
    apart = compare_fits(fit("y ~ t + (1 | id)"), fit("y ~ x + (1 + x | id)")).table
    assert apart["p_value"][1] is None
    assert apart["note"][1] == "not nested: the larger model lacks t"


def test_sites_and_residual_structures_are_compared_too():
    rng = np.random.default_rng(3)
    site, person = np.repeat(np.arange(12), 40), np.repeat(np.arange(96), 5)
    t = np.tile(np.arange(5.0), 96)
    y = 1 + 0.3 * t + rng.normal(size=12)[site] + rng.normal(size=96)[person]
    frame = pl.DataFrame({"site": site, "id": person, "t": t, "y": y + rng.normal(size=480)})
    plain = fit("y ~ t + (1 | id)", frame=frame)
    for formula in ("y ~ t + (1 | site) + (1 | id)", "y ~ t + (1 | site/id)"):
        table = compare_fits(plain, fit(formula, frame=frame)).table
        assert table["df"][1] == 1
        assert table["mixture_p_value"][1] == pytest.approx(table["p_value"][1] / 2)
    correlated = MixedModel("y ~ t + (1 | id)", residual=ContinuousAR1(time="t")).fit(
        frame, reml=False
    )
    row = compare_fits(correlated, plain).table.row(1, named=True)
    assert row["df"] == 1
    assert "range" in row["note"]
    sites = fit("y ~ t + (1 | site) + (1 | id)", frame=frame)
    slope = fit("y ~ t + (1 + t | id)", frame=frame)
    note = compare_fits(sites, slope).table["note"][1]
    assert note == "not nested: the larger model lacks (Intercept | site)"


def test_restricted_fits_are_refitted_only_when_asked():
    fits = [fit(f"y ~ {fixed} + (1 | id)", reml=True) for fixed in ("t", "t + x")]
    with pytest.raises(ModelError, match=r"different fixed terms.*refit=True"):
        compare_fits(*fits)
    refitted = compare_fits(*fits, refit=True)
    direct = compare_fits(*(fit(each.formula) for each in fits))
    assert refitted.table.equals(direct.table)
    assert not any(each.reml for each in refitted.fits)
    random = [fit(f"y ~ t + ({part} | id)", reml=True) for part in ("1", "1 + t")]
    assert compare_fits(*random).table["chi_square"][1] == pytest.approx(
        random[0].reml_criterion - random[1].reml_criterion
    )


def test_other_data_are_refused():
    base = fit("y ~ t + (1 | id)")
    frame = pl.DataFrame(cases.CASES["unbalanced"])
    shorter = fit("y ~ t + x + (1 | id)", frame=frame.head(300))
    with pytest.raises(ModelError, match=r"different data: .*rows.*300 rows"):
        compare_fits(base, shorter)
    moved = fit("y ~ t + x + (1 | id)", frame=frame.with_columns(pl.col("y") + pl.col("x")))
    with pytest.raises(ModelError, match="other values of y"):
        compare_fits(base, moved)
    with pytest.raises(ModelError, match="at least two fits, got 1"):
        compare_fits(base)
    with pytest.raises(ModelError, match="some fits are by REML"):
        compare_fits(base, fit("y ~ t + (1 + t | id)", reml=True))
