"""Two lines over nearly the same persons do not give back who makes the difference."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest

from salutogen.norm import Norm, fit_norm
from salutogen.norm.nearly_same import nearly_same
from salutogen.norm.norm_for_others import norm_for
from salutogen.page.audience import Audience
from tests.norm.cohorts import simulated

PERSONS = 60
HIDDEN = Audience(individuals=False, n_persons=PERSONS, seed=1)
SHOWN = Audience(individuals=True, n_persons=PERSONS, seed=1)
HALVES = {"early": {"from": "T0", "to": "T2"}, "late": {"from": "T3", "to": "T5"}}


@cache
def cohort(leavers: int, *, seed: int = 7, width: int = 3) -> Norm:
    """A study whose phases are its windows; some answer once only, which no window takes."""
    windows = {"width": width, "step": width, "valid": 2}
    parts: dict[str, Any] = {"resilience": {"windows": windows, "phases": HALVES, "bootstrap": 0}}
    scores = simulated(PERSONS, 6, seed=seed, missing=0.0, **parts)
    person, occasion = pl.col("person"), pl.col("occasion_index")
    kept = scores.table.filter((person >= leavers) | (occasion == 0))
    away = kept.filter(~person.is_between(leavers, leavers + 9) | (occasion != 5))
    return fit_norm(replace(scores, table=away))


def line_of(norm: Norm, audience: Audience, phase: bool) -> dict[str, Any] | None:
    lines = norm_for(norm, audience)[0]["lines"]
    found = lines["phase"].get("early") if phase else lines["window_frozen"]
    return None if found is None else dict(found)


def solved(more: dict[str, Any], fewer: dict[str, Any]) -> tuple[float, float]:
    """Exposure, from its mean, and size of the residual of who is in the one line only.

    Both lines tell n, the SD of residuals, the slope and its error. One person more adds r² (less
    its pull) to the squares of residuals, and moves the slope by r times its exposure.
    """
    n = PERSONS - 1
    s_more, s_fewer = (one["residual_sd"] for one in (more, fewer))
    slope_more, slope_fewer = (one["coefficients"]["E"] for one in (more, fewer))
    squares = s_more**2 * n - s_fewer**2 * (n - 1)
    spread = s_fewer**2 * (n - 1) / (n - 2) / fewer["covariance"][1][1]
    # slope_more - slope_fewer = x r / (spread (1 + 1/n) + x² …), solved by going round.
    x, r = 0.0, float(np.sqrt(max(squares, 0.0)))
    for _ in range(50):
        pull = 1 + 1 / n + x**2 / spread
        r = float(np.sqrt(max(squares, 0.0) * pull))
        x = (slope_more - slope_fewer) * spread * pull / max(r, 1e-9)
    return abs(x), r


def truth(norm: Norm) -> tuple[float, float]:
    """The same of the first person, by the line of all the others."""
    windows = norm.period_tables["window"].filter(pl.col("window") == 1)
    line = norm.lines.reference("window")
    assert line is not None
    (own,) = (
        norm.period_tables["phase"]
        .filter((pl.col("phase") == "early") & (pl.col("person") == 0))
        .to_dicts()
    )
    expected = line.intercept + (line.slope or 0.0) * own["E"]
    return abs(own["E"] - float(np.mean(windows["E"].to_numpy()))), abs(own["P"] - expected)


def test_the_attack_works_with_told_digits() -> None:
    """With a slope of five digits, an SD of four and three of an error it does."""
    off = []
    for seed in range(7, 13):
        norm = cohort(1, seed=seed)
        more, fewer = (line_of(norm, SHOWN, phase) for phase in (True, False))
        assert more is not None
        assert fewer is not None
        for one in (more, fewer):
            one["residual_sd"] = float(f"{one['residual_sd']:.4g}")
            one["coefficients"]["E"] = float(f"{one['coefficients']['E']:.5g}")
            one["covariance"][1][1] = float(f"{one['covariance'][1][1]:.3g}")
        found, true = solved(more, fewer), truth(norm)
        off.append((abs(found[0] - true[0]) / 12.0, abs(found[1] - true[1]) / 3.0))
    assert np.median(off, axis=0)[0] < 0.1, "in SDs of exposure between persons"
    assert np.median(off, axis=0)[1] < 0.1, "in SDs of residuals"


@pytest.mark.parametrize(("leavers", "told"), [(1, False), (4, False), (6, True)])
def test_phases_that_are_windows_but_for_few_persons_have_no_line(leavers: int, told: bool) -> None:
    norm = cohort(leavers)
    assert (line_of(norm, HIDDEN, phase=True) is not None) is told
    assert line_of(norm, SHOWN, phase=True) is not None
    kept_back = {str(key.period) for key in nearly_same(norm, HIDDEN)}
    assert ("phase early" in kept_back) is not told
    assert nearly_same(norm, SHOWN) == frozenset()
    _, findings = norm_for(norm, HIDDEN)
    named = [line for item in findings for line in item.values["lines"]]
    assert ("phase early" in named) is not told


def test_phases_that_are_windows_for_everyone_are_told() -> None:
    norm = cohort(0)
    assert nearly_same(norm, HIDDEN) == frozenset()
    assert set(norm_for(norm, HIDDEN)[0]["lines"]["phase"]) == {"early", "late"}


def test_a_window_of_all_occasions_stands_beside_the_line_of_persons() -> None:
    norm = cohort(3, width=6)
    lines = norm_for(norm, HIDDEN)[0]["lines"]
    assert lines["person"] is not None
    assert (lines["window"], lines["window_frozen"]) == ([], None)
    assert norm_for(cohort(8, width=6), HIDDEN)[0]["lines"]["window_frozen"] is not None
