"""Networks of symptoms against closed forms, and what couplings do to the way back."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salutogen.errors import ModelError
from salutogen.simulation import SymptomNetwork

WEAK = SymptomNetwork.alike(10, threshold=2.0, coupling=0.5)
STRONG = SymptomNetwork.alike(10, threshold=4.0, coupling=8.0)


@given(st.integers(1, 8), st.floats(-3, 3), st.floats(-3, 6), st.floats(-2, 2))
def test_symptoms_that_are_alike_have_a_closed_form(n, threshold, coupling, stress) -> None:
    k = np.arange(n + 1)
    pairs = coupling / max(n - 1, 1) * k * (k - 1) / 2
    log_p = np.log([comb(n, one) for one in k]) + k * (stress - threshold) + pairs
    p = np.exp(log_p - log_p.max())
    network = SymptomNetwork.alike(n, threshold=threshold, coupling=coupling)
    np.testing.assert_allclose(network.probabilities(stress), p / p.sum(), rtol=1e-9)
    assert network.expected(stress) == pytest.approx((p / p.sum()) @ k)


def test_a_long_course_has_the_probabilities_of_its_states() -> None:
    rng = np.random.default_rng(3)
    couplings = np.triu(rng.uniform(-0.5, 1.0, (5, 5)), 1)
    network = SymptomNetwork(
        thresholds=rng.uniform(0, 2, 5),
        couplings=couplings + couplings.T,
        sensitivity=rng.uniform(0.5, 1.5, 5),
    )
    seen = network.course(np.full(60, 0.7), persons=20_000, seed=4)[:, -1]
    shares = np.bincount(seen, minlength=6) / seen.size
    np.testing.assert_allclose(shares, network.probabilities(0.7), atol=0.015)


def test_without_couplings_each_symptom_goes_its_own_way() -> None:
    network = SymptomNetwork.alike(4, threshold=1.0, coupling=0.0)
    p = 1 / (1 + np.exp(1.0 - 0.5))
    binomial = [comb(4, k) * p**k * (1 - p) ** (4 - k) for k in range(5)]
    np.testing.assert_allclose(network.probabilities(0.5), binomial)


def test_strong_couplings_make_two_valleys_and_hysteresis() -> None:
    def valleys(network: SymptomNetwork, stress: float) -> int:
        away = np.sign(np.diff(np.concatenate([[np.inf], network.landscape(stress), [np.inf]])))
        return int((np.diff(away) > 0).sum())

    assert valleys(STRONG, 0.0) == 2
    assert all(valleys(WEAK, stress) == 1 for stress in np.linspace(-2, 4, 13))
    apart = {}
    for name, network in {"weak": WEAK, "strong": STRONG}.items():
        stress, up, down = network.up_and_down(-3.0, 4.0, wait=6, persons=100)
        apart[name] = np.trapezoid(down - up, stress)
    assert abs(apart["weak"]) < 1
    assert apart["strong"] > 5


def test_strong_couplings_slow_the_way_back() -> None:
    times = [
        SymptomNetwork.alike(10, threshold=2.5, coupling=coupling).back_after(4.0)
        for coupling in (0.0, 2.0, 4.0)
    ]
    assert times[0] <= times[1] < times[2]
    assert STRONG.back_after(6.0) > 100, "stays in the other valley"
    assert np.isnan(WEAK.back_after(-5.0))


def test_a_protective_factor_lets_one_bear_more() -> None:
    protected = STRONG.protected(threshold=0.5, coupling=0.8, sensitivity=0.9)
    assert protected.expected(0.5) < STRONG.expected(0.5) - 1
    assert STRONG.protected().expected(0.5) == STRONG.expected(0.5)


def test_the_same_seed_gives_the_same() -> None:
    first, second = (WEAK.course(np.ones(9), persons=7, seed=5) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: WEAK.course([1.0, np.nan]), "finite number"),
        (lambda: WEAK.course([1.0], start="well"), "'healthy' or 'ill'"),
        (lambda: SymptomNetwork.alike(17, threshold=1, coupling=1).expected(0), "up to 16"),
        (
            lambda: SymptomNetwork(
                thresholds=np.zeros(2), couplings=np.triu(np.ones((2, 2)), 1),
                sensitivity=np.ones(2),
            ),
            "symmetric",
        ),
        (
            lambda: SymptomNetwork(
                thresholds=np.zeros(2), couplings=np.zeros((3, 3)), sensitivity=np.ones(2)
            ),
            "2 × 2",
        ),
    ],
)  # fmt: skip
def test_what_is_no_network_is_refused(make, words) -> None:
    with pytest.raises(ModelError, match=words):
        make()
