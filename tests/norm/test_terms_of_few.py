"""A type of exposure, or a category, that few persons have in a line does not tell of these few."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import numpy as np
import polars as pl
import pytest

from salutogen.norm import Line, Norm, fit_norm
from salutogen.norm.lines import LineKey
from salutogen.norm.nearly_same import nearly_same
from salutogen.norm.norm_for_others import norm_for
from salutogen.norm.terms_of_few import terms_of_few, units_of
from salutogen.norm.told_lines import told_norm
from salutogen.page.audience import Audience
from salutogen.report.words_of_line import scale_in_words
from salutogen.resilience import score_resilience
from salutogen.resilience.uncertainty import told_bootstrap
from tests.norm.cohorts import simulated

PERSONS, MET = 60, 24.0
HIDDEN = Audience(individuals=False, n_persons=PERSONS, seed=1)
SHOWN = Audience(individuals=True, n_persons=PERSONS, seed=1)


@cache
def cohort(met: int, *, all_along: bool = True) -> Norm:
    """A norm of persons of whom the first met a rare type, with ten problems more than others."""
    scores = simulated(PERSONS, 6, missing=0.0, combine="separate", norm={"shape": "linear"})
    few = pl.col("person") < met
    # All along, or everybody else met it as well, but before the second window.
    others = 0.0 if all_along else pl.when(pl.col("occasion_index") < 3).then("E_pandemic")
    table = scores.table.with_columns(
        P=pl.when(pl.col("person") < met)
        .then((pl.col("P") + 10).clip(0, 36))
        .otherwise(pl.col("P")),
        E_pandemic=pl.when(few).then(MET).otherwise(others).fill_null(0.0),
    )
    table = table.with_columns(E=pl.col("E_general") + pl.col("E_pandemic"))
    table = table.with_columns(E_low="E", E_high="E")
    return fit_norm(replace(scores, table=table))


def solved(line: Line) -> tuple[float, float]:
    """How much of a type the one person met who met any, and what is beyond expectation.

    The error of its coefficient is the SD of residuals by how far the person lies from the others,
    that is nearly by what was met; times the coefficient it is how far the person's problems lie
    from the line of all others.
    """
    place = line.terms.index("E_pandemic")
    error = math.sqrt(float(line.covariance[place, place]))
    sd = line.residual_sd * math.sqrt((line.n - 1) / (line.n - len(line.terms)))
    met = sd / error
    return met, met * line.coefficient("E_pandemic")


def test_the_attack_works_with_three_digits() -> None:
    norm = cohort(1)
    met, beyond = solved(norm.lines.person)
    assert met == pytest.approx(MET, rel=0.1)
    others = norm.period_tables["person"].filter(pl.col("person") > 0)
    own = norm.period_tables["person"].filter(pl.col("person") == 0)
    slope, level = np.polyfit(others["E_general"].to_numpy(), others["P"].to_numpy(), 1)
    truth = own["P"][0] - level - slope * own["E_general"][0]
    assert truth > 5
    assert beyond == pytest.approx(truth, rel=0.1)


@pytest.mark.parametrize(("met", "told"), [(1, False), (4, False), (6, True)])
def test_a_type_that_few_met_has_no_coefficient(met: int, told: bool) -> None:
    norm = cohort(met)
    for key, line in told_norm(norm, HIDDEN).lines.items():
        if "E_pandemic" not in line.terms or key.exposure is not None:
            continue
        place = line.terms.index("E_pandemic")
        summary = line.summary()
        given = np.isfinite(line.coefficients)
        assert given.sum() == len(given) - (not told)
        assert bool(given[place]) is told
        assert bool(np.isfinite(line.covariance[place]).any()) is told
        if not told:
            assert "E_pandemic" not in summary.exposure_r_squared_by_type
            assert summary.standard_errors_robust["E_pandemic"] is None
            assert summary.intervals["E_pandemic"] is None
    lines = norm_for(norm, HIDDEN)[0]["lines"]
    assert (lines["person"] is not None) is told
    assert norm_for(norm, SHOWN)[0]["lines"]["person"] is not None
    assert np.isfinite(told_norm(norm, SHOWN).lines.person.coefficients).all()


def test_resamples_of_the_line_do_not_tell_it_either() -> None:
    norm = cohort(1)
    found = score_resilience(norm.scores, norm, bootstrap=20).bootstrap
    told = told_bootstrap(found, norm, HIDDEN).lines["person"]
    assert math.isnan(told["E_pandemic"].estimate)
    assert told["E_pandemic"].low is None
    assert not math.isnan(told["E_general"].estimate)
    assert not math.isnan(found.lines["person"]["E_pandemic"].estimate)


def test_it_is_judged_by_the_persons_of_each_line() -> None:
    """Over all occasions everybody met it, in the second window three persons did."""
    norm = cohort(3, all_along=False)
    person, *windows = [
        terms_of_few(line, units_of(norm, key), HIDDEN)
        for key, line in norm.lines.items()
        if key == LineKey("person") or (key.level == "window" and key.period is not None)
    ]
    assert person == ()
    assert windows[0] == ()
    assert windows[-1] == ("E_pandemic",)
    assert np.isfinite(told_norm(norm, HIDDEN).lines.person.coefficients).all()
    assert nearly_same(norm, HIDDEN) == frozenset()


def test_a_category_that_few_of_a_window_have_is_not_in_its_line() -> None:
    scores = simulated(PERSONS, 6, missing=0.0, norm={"shape": "linear", "covariates": ["site"]},
                       resilience={"windows": {"width": 3, "step": 3, "valid": 2}})  # fmt: skip
    place, person = pl.col("occasion_index"), pl.col("person")
    gone = (place > 2) & (person % 3 == 2) & (person > 9)
    norm = fit_norm(replace(scores, table=scores.table.filter(~gone)))
    told = told_norm(norm, HIDDEN).lines.by_period("window")
    first, second = (
        [name for name, value in zip(line.names, line.coefficients, strict=True)
         if not np.isfinite(value)]
        for line in told.values()
    )  # fmt: skip
    assert first == []
    assert set(second) == {"site=B", "site=C"}


@pytest.mark.parametrize(("met", "told"), [(1, False), (6, True)])
def test_the_sd_of_a_type_of_a_composite_that_few_met_is_not_told(met: int, told: bool) -> None:
    """Times the root of their number, it is what the one person met who met any."""
    scores = simulated(PERSONS, 6, missing=0.0, norm={"shape": "linear"})
    few = pl.col("person") < met
    table = scores.table.with_columns(E_pandemic=pl.when(few).then(MET).otherwise(0.0))
    plan = simulated(PERSONS, 6, missing=0.0, combine="composite").study
    norm = fit_norm(replace(scores, study=plan, combine="composite", table=table))
    line = norm.lines.person
    assert line.standardiser is not None
    sds = dict(zip(line.standardiser.columns, line.standardiser.sds, strict=True))
    if met == 1:
        three_digits = float(f"{sds['E_pandemic']:.3g}")
        assert three_digits * np.sqrt(PERSONS) == pytest.approx(MET, rel=0.02), "the attack works"
    told_line = told_norm(norm, HIDDEN).lines.person
    assert ("pandemic" in scale_in_words(told_line)) is told
    assert "general" in scale_in_words(told_line)
    assert "pandemic" in scale_in_words(line)
    assert (norm_for(norm, HIDDEN)[0]["lines"]["person"] is not None) is told
