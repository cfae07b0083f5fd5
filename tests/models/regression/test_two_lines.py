"""Two lines: a U is found, a bend that does not turn is none, slopes are those of each side."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from salutogen.errors import ModelError
from salutogen.models.regression.two_lines import two_lines


def test_slopes_are_those_of_each_side() -> None:
    rng = np.random.default_rng(3)
    x = rng.uniform(0, 10, 300)
    y = (x - 4) ** 2 / 5 + rng.normal(size=300)
    found = two_lines(y, x)
    for slope, side in zip(found.slopes, (x <= found.at, x > found.at), strict=True):
        other = sm.OLS(y[side], sm.add_constant(x[side])).fit()
        assert slope == pytest.approx(other.params[1])
    assert found.turns == "U"
    assert found.at == pytest.approx(4, abs=1.5)
    assert two_lines(-y, x).turns == "inverted U"


def test_monotone_bends_are_called_turns_in_at_most_five_of_a_hundred() -> None:
    called, squared = 0, 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        x = rng.uniform(0, 10, 200)
        y = np.log1p(x) + rng.normal(0, 0.6, 200)
        called += two_lines(y, x).turns != "no"
        X = sm.add_constant(np.column_stack([x, x**2]))
        squared += sm.OLS(y, X).fit().pvalues[2] < 0.05
    assert called <= 15
    assert squared > 150


def test_covariates_are_held() -> None:
    rng = np.random.default_rng(5)
    x, c = rng.uniform(0, 10, 250), rng.normal(size=250)
    y = np.abs(x - 5) + 3 * c + rng.normal(size=250)
    found = two_lines(y, x, c[:, None])
    assert found.turns == "U"
    assert found.slopes == pytest.approx((-1, 1), abs=0.25)


def test_two_values_cannot_turn() -> None:
    with pytest.raises(ModelError, match="too few values"):
        two_lines(np.arange(40.0), np.arange(40) % 2)
