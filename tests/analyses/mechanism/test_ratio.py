"""The ratio of a mechanism's two steps to one, and what accounts for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from salutogen.analyses.mechanism.analysis import EFFECTS, ONE
from salutogen.analyses.mechanism.words import why_the_ratio
from tests.analyses.mechanism.worlds import by_hand, ols, result, study


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
    assert "Of coping, at equal optimism and covariates, " in told
    assert ("their ratio says little" in told) == (world == "exposed")


def test_the_rest_of_a_ratio_is_told_where_the_factor_goes_with_exposure() -> None:
    found = replace(result(), ratio=0.5, shared_with_exposure=0.2)
    assert "The rest comes from the line of SR, which is without optimism:" in why_the_ratio(found)
    assert "The rest" not in why_the_ratio(replace(found, ratio=0.81))
    assert why_the_ratio(replace(found, ratio=None)) == ""
