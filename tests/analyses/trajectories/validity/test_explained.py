"""What labels go with beyond a person's level: against statsmodels, copies of rows, and a truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from statsmodels.regression.linear_model import OLS

from salutogen.analyses.trajectories.validity.explained import (
    DrawnLabels,
    explained_by_chance,
    explained_share,
)


def test_the_share_is_the_adjusted_R_squared_of_groups() -> None:
    generator = np.random.default_rng(1)
    codes = generator.integers(0, 4, 90)
    values = codes * 0.4 + generator.standard_normal(90)
    design = np.eye(4)[codes]
    assert explained_share(codes, values) == pytest.approx(OLS(values, design).fit().rsquared_adj)
    weight = generator.integers(0, 3, 90)
    copies = np.repeat(np.arange(90), weight)
    assert explained_share(codes, values, weight.astype(float)) == pytest.approx(
        explained_share(codes[copies], values[copies])
    )
    assert np.isnan(explained_share(np.zeros(90, dtype=int), values))


@pytest.mark.parametrize("own", [0.0, 1.5])
def test_what_labels_tell_beyond_a_level(own: float) -> None:
    """Labels around any occasion hold the level; only those around events hold a response."""
    generator = np.random.default_rng(2)
    n, draws = 300, 60
    level, response = generator.standard_normal((2, n))
    later = level + own * response + 0.5 * generator.standard_normal(n)
    codes = (level + own * response + generator.standard_normal(n) > 0).astype(np.int64)
    drawn = (level + generator.standard_normal((draws, n)) > 0).astype(np.int8)
    found = explained_by_chance(
        codes,
        later,
        DrawnLabels(anchor=np.arange(n), codes=drawn, values=np.broadcast_to(later, (draws, n))),
        np.arange(n),
        seed=1,
    )
    assert found is not None
    chance = [explained_share(row, later) for row in drawn]
    assert found.placebo == pytest.approx(np.mean(chance))
    assert found.observed == pytest.approx(explained_share(codes, later))
    assert found.way == int(own > 0)
    assert not found.at_border
    near = replace(found, excess=0.1, excess_low=0.004, excess_high=0.196)
    assert near.at_border  # the Monte Carlo error of an end is 4.3 % of its distance
    assert near.way == 0
    assert not replace(near, excess_low=0.02).at_border
