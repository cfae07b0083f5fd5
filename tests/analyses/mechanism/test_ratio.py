"""The ratio of a mechanism's two steps to one, and what accounts for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from salutogen.analyses.mechanism.analysis import EFFECTS, ONE, compute
from salutogen.analyses.mechanism.settings import MechanismSettings
from salutogen.analyses.mechanism.words import why_the_ratio
from salutogen.analyses.two_steps_and_one import accounted_for
from tests.analyses.mechanism.worlds import PLAIN, by_hand, ols, result, study


def partial_share(y: np.ndarray, given: list[np.ndarray], E: np.ndarray) -> float:
    """Squared partial correlation of y and E at equal `given`."""
    own, exposure = (v - v.mean() for v in (y, E))
    for values in (own, exposure):
        for column, slope in zip(given, ols(values, *given), strict=True):
            values -= slope * (column - column.mean())
    return float(np.corrcoef(own, exposure)[0, 1] ** 2)


@pytest.mark.parametrize("world", ["mechanism", "exposed"])
def test_the_ratio_of_both_steps_is_accounted_for_by_what_goes_with_exposure(world: str) -> None:
    data, found = by_hand(study(world)), result(world, covariates=("age",))
    x, m, E, P, age = (data[name] for name in ("x", "m", "E", "P", "age"))
    SR = P - P.mean() - ols(P, E)[0] * (E - E.mean())
    two, one = ols(SR, m, x, age), ols(P, m, x, age, E)
    rows = {row["effect"]: row for row in found.paths.filter(step=ONE).iter_rows(named=True)}
    assert found.ratio == pytest.approx(two[0] / one[0], rel=1e-7)
    assert rows[EFFECTS["b"]]["ratio"] == pytest.approx(found.ratio)
    assert rows[EFFECTS["direct"]]["ratio"] == pytest.approx(two[1] / one[1], rel=1e-7)
    total = found.two_step.total / found.one_step.total
    assert rows[EFFECTS["total"]]["ratio"] == pytest.approx(total)
    assert rows[EFFECTS["a"]]["ratio"] is None
    assert found.shared_with_exposure == pytest.approx(partial_share(m, [x, age], E))
    assert rows[EFFECTS["direct"]]["shared"] == pytest.approx(partial_share(x, [m, age], E))
    # By a line that holds factor and covariates beside exposure the ratio is exact.
    slopes = ols(P, E, x, age)
    left = P - sum(b * v for b, v in zip(slopes, (E, x, age), strict=True))
    assert ols(left, m, x, age)[0] / one[0] == pytest.approx(1 - found.shared_with_exposure)
    told = why_the_ratio(found)
    assert told.startswith(f"Two steps give {found.ratio:.2f} times the indirect effect of one. ")
    assert "Of coping, at equal optimism and age, " in told
    assert ("their ratio says little" in told) == (world == "exposed")


def test_the_rest_of_a_ratio_is_told_where_the_factor_goes_with_exposure() -> None:
    found = replace(result(), ratio=0.5, shared_with_exposure=0.2)
    assert "The rest comes from the line of SR, which is without optimism:" in why_the_ratio(found)
    assert "The rest" not in why_the_ratio(replace(found, ratio=0.81))
    assert why_the_ratio(replace(found, ratio=None)) == ""


def test_why_a_ratio_is_what_it_is_names_what_the_line_of_SR_lacks() -> None:
    found = replace(result(covariates=("age",)), ratio=0.5, shared_with_exposure=0.2)
    without = why_the_ratio(found)
    assert found.covariates_of_line == ()
    assert "a line that also holds optimism and age" in without
    assert "the line of SR, which is without optimism and age:" in without
    within = why_the_ratio(replace(found, covariates_of_line=("age", "site")))
    assert "goes with exposure and site, and by a line that also holds optimism the" in within
    assert "the line of SR, which is without optimism: " in within
    all_held = why_the_ratio(replace(found, covariates_of_line=("age", "optimism")))
    assert "without" not in all_held
    assert "by the line of SR the ratio would be 0.80" in all_held


def test_a_ratio_that_is_told_apart_from_what_is_expected_is_accounted_for() -> None:
    """Both as they are written: 1.01 beside 0.98 is not left without a reason."""
    assert not accounted_for(1.0051, 0.0249)
    assert accounted_for(1.0049, 0.0249)


def test_covariates_of_the_line_are_those_of_the_norm() -> None:
    norm = {"covariates": ("age", "site")}
    plain = PLAIN | {"covariates": ("age",)}
    found = compute(study.__wrapped__(norm=norm), MechanismSettings.model_validate(plain))
    assert found.covariates_of_line == ("age", "site")
