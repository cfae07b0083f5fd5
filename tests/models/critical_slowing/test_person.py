"""One person's indicators: what chance does, what could be seen, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from salutogen.errors import ModelError
from salutogen.models import early_warning
from salutogen.models.critical_slowing.indicators import AUTOCORRELATION, SPREAD
from salutogen.models.critical_slowing.surrogates import Surrogates
from tests.models.critical_slowing.bursts import followed, person

RISES = {"correlation": (0.05, 0.85), "bursts": 8, "days": 10, "beeps": 8}


def within_chance(share: float, expected: float, n: int) -> bool:
    low, high = binom.ppf([0.001, 0.999], n, expected) / n
    return bool(low <= share <= high)


def test_a_large_rise_is_found_and_none_is_not() -> None:
    found = followed(1, **RISES)
    assert found.p[AUTOCORRELATION] < 0.01
    assert 0.4 < found.rise[AUTOCORRELATION] < 1.2
    assert found.tau[AUTOCORRELATION] > 0.5
    assert np.mean([followed(seed).p[AUTOCORRELATION] < 0.05 for seed in range(30)]) <= 0.2


def test_the_same_seed_gives_the_same() -> None:
    first, second = followed(2), followed(2)
    assert first.p == second.p
    assert first.sensitivity == second.sensitivity


def test_the_correlation_is_freed_of_the_bias_of_few_answers() -> None:
    found = [followed(seed, surrogates=99, correlation=(0.5, 0.5)) for seed in range(60)]
    told = np.mean([one.correlation for one in found])
    raw = np.mean([one.windows[AUTOCORRELATION].mean() for one in found])
    assert abs(told - 0.5) < 0.03
    assert raw < told - 0.03


def test_surrogates_are_a_first_order_autoregression_within_days() -> None:
    gap = np.array([np.inf, 2.0, 2.0, 4.0, np.inf, 2.0])
    model = Surrogates(gap=gap, typical_gap=2.0, values=np.arange(100.0))
    drawn = model.draw(np.full(6, 0.6), 40_000, np.random.default_rng(1))
    found = np.corrcoef(drawn.T)
    assert found[0, 1] == pytest.approx(0.6, abs=0.02)
    assert found[0, 2] == pytest.approx(0.36, abs=0.02)
    assert found[2, 3] == pytest.approx(0.36, abs=0.02), "twice the gap"
    assert found[3, 4] == pytest.approx(0.0, abs=0.02), "a night"
    np.testing.assert_allclose(drawn.std(axis=0), 1, atol=0.02)
    values = model.answered(drawn)
    assert values.min() == 0
    assert values.max() == 99
    assert values.mean() == pytest.approx(49.5, abs=0.5)


def test_who_slows_down_is_moved_as_before_and_keeps_more() -> None:
    rng = np.random.default_rng(2)
    values = np.sort(rng.standard_normal(5000))
    model = Surrogates(gap=np.full(6, 2.0), typical_gap=2.0, values=values)
    rising = np.linspace(0.2, 0.8, 6)
    sd = model.slowed(model.draw(rising, 20_000, rng), rising).std(axis=0)
    assert sd[-1] / sd[0] == pytest.approx(np.sqrt((1 - 0.2**2) / (1 - 0.8**2)), rel=0.05)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"values": [1.0, np.nan]}, "must all be known"),
        ({"values": [1.0]}, "one length"),
        ({"hours": "reversed"}, "order of time"),
        ({"windows": 2}, "3 windows with 5 answers"),
        ({"day": "each"}, "No two answers are of the same day"),
        ({"rise": 1.0}, "above 0, below 1"),
        ({"other": [1.0, 2.0]}, "at each answer"),
        ({"day": "floats"}, "whole numbers"),
    ],
)
def test_what_cannot_be_followed_is_refused(change: dict, words: str) -> None:
    made = person(3)
    values = made.pop("values")
    n = values.size
    for name, value in change.items():
        if name == "values":
            values = np.resize(value, n) if len(value) > 1 else np.array(value)
        elif value == "reversed":
            made["hours"] = made["hours"][::-1]
        elif value == "each":
            made["day"] = np.arange(n)
        elif value == "floats":
            made["day"] = made["day"] / 2
        elif name == "windows":
            made["windows"] = made["windows"][:value]
        else:
            made[name] = value
    with pytest.raises(ModelError, match=words):
        early_warning(values, **made)


@pytest.mark.lengthy
@pytest.mark.parametrize("course", [{}, {"floored": True}, {"level_sd": 0.7}])
def test_nothing_rises_by_chance_in_one_of_twenty(course: dict) -> None:
    n = 600
    p = [followed(seed, surrogates=199, **course).p for seed in range(n)]
    for name in (AUTOCORRELATION, SPREAD):
        assert within_chance(float(np.mean([one[name] < 0.05 for one in p])), 0.05, n), name


@pytest.mark.lengthy
def test_sensitivity_is_the_share_in_whom_a_rise_is_found() -> None:
    n = 600
    found = [followed(seed, correlation=(0.25, 0.55)) for seed in range(n)]
    for name in (AUTOCORRELATION, SPREAD):
        seen = float(np.mean([one.p[name] < 0.05 for one in found]))
        told = float(np.mean([one.sensitivity[name] for one in found]))
        assert within_chance(seen, told, n), name
