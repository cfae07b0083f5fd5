"""Held-out losses against plain loops of fits, gains with known truth, and the identity."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from salutogen.errors import ModelError
from salutogen.models.regression.held_out import STREAM, held_out


def data(n: int, *, b: float = 0.4, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3)) * [1.0, 20.0, 0.1] + [5.0, -100.0, 0.0]
    y = 10 + X[:, 0] + b * X[:, 1] / 20 + rng.normal(size=n)
    return y, X


def test_losses_are_those_of_lines_fitted_to_the_other_parts() -> None:
    y, X = data(53)
    found = held_out(y, {"one": X[:, :1], "all": X}, folds=5, repeats=3, seed=4)
    rng = np.random.default_rng([4, STREAM])
    for repeat in range(3):
        part = rng.permutation(np.arange(53) % 5)
        for name, columns in (("one", X[:, :1]), ("all", X)):
            losses = np.empty(53)
            for fold in range(5):
                out = part == fold
                line = sm.OLS(y[~out], sm.add_constant(columns[~out])).fit()
                losses[out] = (y[out] - line.predict(sm.add_constant(columns[out]))) ** 2
            np.testing.assert_allclose(found.losses[name][repeat], losses, rtol=1e-8, atol=1e-10)
        means = np.array([y[part != own].mean() for own in part])
        np.testing.assert_allclose(found.mean[repeat], (y - means) ** 2, atol=1e-10)


def test_a_gain_is_the_difference_of_shares() -> None:
    y, X = data(500, seed=2)
    found = held_out(y, {"one": X[:, :1], "two": X[:, :2]})
    gain = found.gain("one", "two")
    assert gain.gain == pytest.approx(found.r_squared("two") - found.r_squared("one"))
    assert gain.splits[0] <= gain.gain <= gain.splits[1]
    # True shares: 1 / 2.16 and 1.16 / 2.16.
    assert gain.interval[0] < 0.16 / 2.16 < gain.interval[1]
    fit = sm.OLS(y, sm.add_constant(X[:, :2])).fit(cov_type="HC3")
    assert gain.p == pytest.approx(fit.pvalues[2], rel=0.1, abs=1e-6)


def test_what_can_be_computed_from_the_others_adds_exactly_nothing() -> None:
    y, X = data(120)
    same = np.column_stack([X[:, :2], 3 - 0.2 * X[:, 0] + 0.7 * X[:, 1]])
    gain = held_out(y, {"two": X[:, :2], "same": same}).gain("two", "same")
    assert (gain.gain, gain.interval, gain.p) == (0.0, (0.0, 0.0), 1.0)


def test_useless_terms_lose_and_are_rarely_claimed() -> None:
    gains, claims, false = [], 0, 0
    for seed in range(200):
        y, X = data(80, b=0.0, seed=seed)
        gain = held_out(y, {"one": X[:, :1], "two": X[:, :2]}, repeats=4).gain("one", "two")
        gains.append(gain.gain)
        claims += gain.interval[0] > 0
        false += gain.p is not None and gain.p < 0.05
    assert np.mean(gains) < 0
    assert claims <= 10
    assert 3 <= false <= 19


@pytest.mark.parametrize("b", [0.0, 0.1])
def test_a_gain_lies_inside_its_interval_also_where_it_is_below_what_can_be_true(b: float) -> None:
    """Useless terms lose more by chance than estimating their coefficients costs."""
    below, held = 0, 0
    for seed in range(100):
        y, X = data(150, b=b, seed=seed)
        gain = held_out(y, {"one": X[:, :1], "two": X[:, :2]}, repeats=4).gain("one", "two")
        low, high = gain.interval
        assert low < gain.gain < high
        below += gain.gain < -1.0 / 135 / 2
        held += low <= (b**2 - 1.0 / 135) / (2 + b**2) <= high
    assert below > 5
    assert held >= 92


@pytest.mark.parametrize("b", [0.2, 0.6])
def test_intervals_hold_the_gain_of_a_line_of_that_many_units(b: float) -> None:
    held = 0
    for seed in range(200):
        y, X = data(150, b=b, seed=seed)
        gain = held_out(y, {"one": X[:, :1], "two": X[:, :2]}, repeats=4).gain("one", "two")
        # Of variance 2 + b²: b² less 1/135 of what is left, as one coefficient more is estimated.
        held += gain.interval[0] <= (b**2 - 1.0 / 135) / (2 + b**2) <= gain.interval[1]
    assert 182 <= held <= 198


def test_the_seed_decides_the_splits() -> None:
    y, X = data(60)
    one, two, three = (held_out(y, {"all": X}, repeats=2, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.losses["all"], two.losses["all"])
    assert one.r_squared("all") != three.r_squared("all")


@pytest.mark.parametrize(
    ("y", "match"),
    [(np.arange(10.0), "at least 20"), (np.ones(30), "constant"), (np.full(30, np.nan), "known")],
)
def test_what_cannot_be_foretold_is_refused(y: np.ndarray, match: str) -> None:
    with pytest.raises(ModelError, match=match):
        held_out(y, {"one": np.arange(float(y.size))[:, None]})
