"""What the line adds to the error of a mean jump, against refits of the line to resampled data."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from salutogen.analyses.trajectories.recovery.line_error import line_error
from salutogen.analyses.trajectories.recovery.response import jump_test
from salutogen.norm.lines import Line
from salutogen.page.audience import Audience


def line_with(
    covariance: np.ndarray, terms: tuple[str, ...], predictors: tuple[str, ...] = ("E",)
) -> Line:
    quadratic = any(term.endswith("^2") for term in terms)
    return Line(
        level="occasion",
        terms=terms,
        coefficients=tuple(0.0 for _ in terms),
        covariance=covariance,
        residual_sd=1.0,
        r_squared=0.1,
        n=100,
        n_persons=50,
        shape="quadratic" if quadratic else "linear",
        predictors=predictors,
        reference="all",
        exposure_range=(0.0, 20.0),
    )


def test_the_error_is_that_of_the_mean_expected_change_over_drawn_lines() -> None:
    generator = np.random.default_rng(1)
    E = np.column_stack([generator.normal(8, 2, 60), generator.normal(11, 2, 60)])
    covariance = np.asarray([[0.5, -0.03, 0.001], [-0.03, 0.01, -0.0004], [0.001, -0.0004, 2e-5]])
    lines = generator.multivariate_normal(np.zeros(3), covariance, 200_000)
    drawn = lines[:, 1] * np.mean(E[:, 1] - E[:, 0]) + lines[:, 2] * np.mean(
        E[:, 1] ** 2 - E[:, 0] ** 2
    )
    found = line_error({"E": E}, line_with(covariance, ("intercept", "E", "E^2")))
    assert found == pytest.approx(drawn.std(), rel=0.01)
    empty = {"E": np.empty((0, 2))}
    assert line_error(empty, line_with(covariance[:2, :2], ("intercept", "E"))) == 0.0


def test_kinds_of_exposure_of_their_own_count_with_their_covariance() -> None:
    generator = np.random.default_rng(4)
    kinds = {
        name: np.column_stack([generator.normal(5, 2, 50), generator.normal(5 + rise, 2, 50)])
        for name, rise in (("E_a", 2.0), ("E_b", -1.0))
    }
    covariance = np.asarray([[0.5, -0.03, 0.01], [-0.03, 0.02, 0.006], [0.01, 0.006, 0.03]])
    moved = np.asarray([0.0, *(np.mean(E[:, 1] - E[:, 0]) for E in kinds.values())])
    line = line_with(covariance, ("intercept", "E_a", "E_b"), ("E_a", "E_b"))
    assert line_error(kinds, line) == pytest.approx(np.sqrt(moved @ covariance @ moved))


def test_a_jump_on_a_slope_that_nobody_tells_has_no_interval() -> None:
    jumps = np.random.default_rng(2).normal(0.6, 2.0, 150)
    found = jump_test(jumps, np.arange(150), line_error=float("nan"))
    assert found.mean == pytest.approx(jumps.mean())
    assert (found.low, found.high, found.p, found.told) == (None, None, None, False)


def test_a_jump_beside_its_sd_tells_a_multiple_of_five() -> None:
    jumps = np.random.default_rng(2).normal(0.6, 2.0, 57)
    audience = Audience(individuals=False, n_persons=60, seed=1)
    found = jump_test(jumps, np.arange(57), audience=audience)
    spread = jumps.std(ddof=1) * audience.told_sd(jumps.std(), 57) / jumps.std()
    half = stats.t.ppf(0.975, 54) * spread / np.sqrt(55)
    assert found.mean is not None
    assert (found.low, found.high) == pytest.approx((found.mean - half, found.mean + half))
    p = 2 * stats.t.sf(abs(found.mean) / spread * np.sqrt(55), 54)
    assert found.p == pytest.approx(p)
    plain = jump_test(jumps, np.arange(57))
    assert (plain.low, plain.high) == pytest.approx(
        stats.t.interval(0.95, 56, loc=jumps.mean(), scale=stats.sem(jumps))
    )


def test_a_jump_within_the_error_of_the_line_is_not_told() -> None:
    jumps = np.random.default_rng(2).normal(0.6, 2.0, 150)
    plain, widened = (jump_test(jumps, np.arange(150), line_error=error) for error in (0.0, 0.4))
    assert plain.told
    assert not widened.told
    assert plain.low is not None
    assert widened.low is not None
    assert plain.mean is not None
    ratio = (plain.mean - widened.low) / (plain.mean - plain.low)
    assert ratio == pytest.approx(np.hypot(1.0, 0.4 / (jumps.std(ddof=1) / np.sqrt(150))))
