"""What the line adds to the error of a mean jump, against refits of the line to resampled data."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.analyses.trajectories.recovery.line_error import line_error
from salutogen.analyses.trajectories.recovery.response import jump_test
from salutogen.norm.lines import Line


def line_with(covariance: np.ndarray, terms: tuple[str, ...]) -> Line:
    return Line(
        level="occasion",
        terms=terms,
        coefficients=tuple(0.0 for _ in terms),
        covariance=covariance,
        residual_sd=1.0,
        r_squared=0.1,
        n=100,
        n_persons=50,
        shape="linear" if len(terms) == 2 else "quadratic",
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
    found = line_error(E, line_with(covariance, ("intercept", "E", "E^2")))
    assert found == pytest.approx(drawn.std(), rel=0.01)
    assert line_error(E, line_with(covariance[:2, :2], ("intercept", "E_a"))) == 0.0


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
