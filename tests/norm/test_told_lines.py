"""Where persons are hidden, levels of lines do not give back who was there less often."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import polars as pl
import pytest

from salutogen.norm import Norm, fit_norm
from salutogen.norm.norm_for_others import norm_for
from salutogen.norm.told_lines import told_norm, told_shift
from salutogen.page.audience import Audience
from salutogen.resilience import score_resilience
from salutogen.resilience.uncertainty import told_bootstrap
from tests.norm.cohorts import simulated

PERSONS, OCCASIONS, LAST = 60, 7, 4
HIDDEN = Audience(individuals=False, n_persons=PERSONS, seed=1)
SHOWN = Audience(individuals=True, n_persons=PERSONS, seed=1)


@cache
def cohort(leavers: int, seed: int = 7) -> Norm:
    """A norm of persons of whom the first leave, with fifteen more problems than expected."""
    scores = simulated(PERSONS, OCCASIONS, seed=seed, missing=0.0, combine="composite")
    person, occasion = pl.col("person"), pl.col("occasion_index")
    table = scores.table.filter((person >= leavers) | (occasion < LAST)).with_columns(
        P=pl.when(person < leavers).then((pl.col("P") + 15).clip(0, 36)).otherwise(pl.col("P"))
    )
    return fit_norm(replace(scores, table=table))


def solved(norm: Norm, audience: Audience, leavers: int) -> float:
    """Mean problems of those who left, from the two levels of `norm.json`.

    E is 0 on average at either level. Over persons everybody counts once, over occasions who left
    counts less.
    """
    lines = norm_for(norm, audience)[0]["lines"]
    by_person, by_form = (
        lines[name]["coefficients"]["intercept"] for name in ("person", "occasion")
    )
    lost = leavers * (OCCASIONS - LAST)
    whole = OCCASIONS * PERSONS
    return float((whole * by_person - (whole - lost) * by_form) / lost)


def truth(norm: Norm, leavers: int) -> float:
    table = norm.scores.table.filter(pl.col("person") < leavers)
    return float(np.mean(table["P"].to_numpy()))


@pytest.mark.parametrize("leavers", [1, 2, 4])
def test_two_levels_do_not_give_who_left(leavers: int) -> None:
    """With all digits they do: the attack works. What it gives of one is off by more than an SD."""
    errors, spread = [], []
    for seed in range(7, 17):
        norm = cohort(leavers, seed)
        own = truth(norm, leavers)
        assert solved(norm, SHOWN, leavers) == pytest.approx(own, abs=1e-6)
        errors.append(abs(solved(norm, HIDDEN, leavers) - own) * leavers)
        spread.append(float(np.std(norm.period_tables["person"]["P"].to_numpy())))
    assert np.mean(errors) > np.mean(spread)


def test_everything_told_of_a_line_moves_with_its_level() -> None:
    norm = cohort(1)
    line, told = norm.lines.person, told_norm(norm, HIDDEN).lines.person
    shift = told_shift(line, HIDDEN)
    assert shift
    assert told.intercept == pytest.approx(line.intercept + shift)
    assert told.coefficients[1:] == line.coefficients[1:]
    assert line.claims is not None
    assert told.claims is not None
    for name, own in line.claims.at.items():
        place = told.claims.at[name]
        for one, other in ((place.P, own.P), (place.low, own.low), (place.high, own.high)):
            assert one == pytest.approx(other + shift)
    assert told.claims.change.low == pytest.approx(line.claims.change.low)
    assert told_norm(norm, SHOWN) is norm


def test_the_level_moves_by_far_less_than_its_error() -> None:
    for leavers in (1, 4):
        for line in cohort(leavers).lines.values():
            error = float(np.sqrt(line.robust_covariance[0, 0]))
            assert abs(told_shift(line, HIDDEN)) < 0.5 * error


def test_intervals_of_resamples_move_with_the_level() -> None:
    norm = cohort(1)
    exact = score_resilience(norm.scores, norm, bootstrap=100).bootstrap
    told = told_bootstrap(exact, norm, HIDDEN)
    for name, line in (("person", norm.lines.person), ("occasion", norm.lines.occasion)):
        own, moved = exact.lines[name]["intercept"], told.lines[name]["intercept"]
        shift = told_shift(line, HIDDEN)
        assert moved.estimate - own.estimate == pytest.approx(shift)
        assert own.low is not None
        assert moved.low == pytest.approx(own.low + shift)
        assert told.lines[name]["E"].low == pytest.approx(exact.lines[name]["E"].low)
    assert told_bootstrap(exact, norm, SHOWN) is exact


def test_means_of_types_are_in_steps() -> None:
    """The mean exposure of who left follows from means over forms and over persons as well."""
    norm = cohort(1)
    for level in ("occasion", "person"):
        content = norm_for(norm, HIDDEN)[0]["lines"][level]["standardiser"]
        own = norm.lines.occasion if level == "occasion" else norm.lines.person
        assert own.standardiser is not None
        for told, mean, sd in zip(
            content["means"], own.standardiser.means, own.standardiser.sds, strict=True
        ):
            assert told == pytest.approx(HIDDEN.told_mean(mean, sd, own.n_persons), rel=1e-3)
            assert abs(told - mean) < 3 * sd / PERSONS


@pytest.mark.parametrize("absent", [2, 3, 6, 8])
def test_errors_do_not_tell_how_many_there_are(absent: int) -> None:
    """The residual variance times the inverse covariance holds the number of units."""
    scores = simulated(PERSONS, 4, missing=0.0)
    kept = scores.table.filter(pl.col("person") >= absent)
    norm = fit_norm(replace(scores, table=kept))

    def counted(audience: Audience) -> float:
        line = told_norm(norm, audience).lines.person
        variance = line.residual_sd**2 * (line.n - 1) / (line.n - 2)
        return float(variance * np.linalg.inv(line.covariance)[0, 0])

    n = PERSONS - absent
    assert counted(SHOWN) == pytest.approx(n)
    assert counted(HIDDEN) == pytest.approx(HIDDEN.told_size(n))
    assert HIDDEN.told_size(n) % 5 == 0
    own, told = norm.lines.person, told_norm(norm, HIDDEN).lines.person
    assert own.claims is not None
    assert told.claims is not None
    by = np.sqrt(n / HIDDEN.told_size(n))
    for name, place in told.claims.at.items():
        exact = own.claims.at[name]
        assert place.se / exact.se == pytest.approx(by)  # type: ignore[operator]
        assert (place.high - place.low) / (exact.high - exact.low) == pytest.approx(by)  # type: ignore[operator]
    assert told.claims.test is not None
    assert own.claims.test is not None
    assert pytest.approx(own.claims.test.F / by**2) == told.claims.test.F


def test_errors_of_everyone_are_told_as_they_are() -> None:
    norm = fit_norm(simulated(PERSONS, 4, missing=0.0))
    own, told = norm.lines.person, told_norm(norm, HIDDEN).lines.person
    np.testing.assert_array_equal(told.covariance, own.covariance)
