"""The indirect effect under correlated errors: limits by hand, and where nothing is told."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.models import mediate
from salutogen.models.resampling.bootstrap import bootstrap_sums
from tests.analyses.inputs import shown
from tests.analyses.mechanism.worlds import result, study


def test_limits_of_the_curve_are_those_of_correlated_errors_in_each_draw() -> None:
    """Draw by draw from the formula of Imai, Keele and Yamamoto, with plain regressions."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=80)
    m = 0.5 * x + rng.normal(size=80)
    y = -0.6 * m + rng.normal(size=80)
    fit = mediate(
        factor="x", mechanism="m", outcome="y", data={"x": x, "m": m, "y": y}, bootstrap=50, seed=5
    )
    counts = bootstrap_sums(np.eye(80), draws=50, seed=5).round().astype(int)
    by_hand = []
    for times in counts:
        u, v, w = (np.repeat(column, times) for column in (x, m, y))
        one = np.ones(u.size)
        left = {
            name: out - X @ np.linalg.lstsq(X, out, rcond=None)[0]
            for name, out, X in (("m", v, np.stack([one, u], 1)), ("y", w, np.stack([one, u], 1)))
        }
        seen = np.corrcoef(left["m"], left["y"])[0, 1]
        ratio = np.std(left["y"]) / np.std(left["m"])
        a = np.linalg.lstsq(np.stack([one, u], 1), v, rcond=None)[0][1]
        by_hand.append(a * ratio * (seen - 0.3 * np.sqrt((1 - seen**2) / (1 - 0.3**2))))
    found = fit.sensitivity["indirect"].interval(0.3)
    assert found == pytest.approx(tuple(np.quantile(by_hand, [0.025, 0.975])))


def test_from_which_correlation_on_nothing_is_told_is_said() -> None:
    found = result("change")
    two = found.two_step
    assert two.rho_untold is not None
    assert two.rho_at_zero is not None
    assert two.rho_at_zero < two.rho_untold < 0
    low, high = (
        found.curve.filter(rho=np.round(2 * np.ceil(50 * two.rho_untold) / 100, 2))
        .select("low", "high")
        .row(0)
    )
    assert low < high < 0, "nearer to 0 it is told"
    (section,) = shown(found, study("change"), individuals=True)[0]
    assert any("on its 95 % interval holds 0" in str(one) for one in section.paragraphs)
    assert result("alone").two_step.rho_untold == 0.0
