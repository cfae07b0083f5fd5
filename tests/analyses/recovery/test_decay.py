"""Doses and counts of earlier stressors by hand, the derivative, and known truth."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.analyses.recovery.decay import DayRows, fit_decay, fit_pile_up
from salutogen.analyses.recovery.prompts import Prompts, read_prompts
from salutogen.analyses.recovery.settings import RecoverySettings
from salutogen.errors import ModelError
from salutogen.findings import Findings
from tests.analyses.recovery.diaries import by_hand, fading, stream

EVERYONE = np.arange(60)


def rows_by_hand() -> DayRows:
    """Two days: stressors at 9 and 12 of the first, at 20 of the first and none of the second."""
    prompts = by_hand(
        [
            [(9, 1, 5), (12, 1, 6), (15, 0, 4), (17, None, None), (20, 1, 9)],
            [(9, 0, 3), (12, 0, 3)],
        ]
    )
    return DayRows(prompts, np.array([0]))


def simulated(**changes: float) -> Prompts:
    return read_prompts(stream(fading(**changes)), RecoverySettings(), Findings())


def test_a_dose_halves_with_each_half_life_of_the_day() -> None:
    dose, _ = rows_by_hand().dose(3.0)
    left = 0.5 + 0.25  # at 15 of the stressors at 12 and at 9
    np.testing.assert_allclose(dose, [1, 1.5, left, 1 + left * 0.5 ** (5 / 3), 0, 0])


def test_the_derivative_of_the_dose_is_that_of_differences() -> None:
    rows, step = rows_by_hand(), 1e-6
    up, down = (rows.dose(2.5 * np.exp(side * step))[0] for side in (1, -1))
    np.testing.assert_allclose(rows.dose(2.5)[1], (up - down) / (2 * step), atol=1e-8)


def test_earlier_stressors_are_those_of_the_hours_before_on_the_same_day() -> None:
    rows = rows_by_hand()
    assert rows.earlier(6.0).tolist() == [0, 1, 2, 0, 0, 0]
    assert rows.earlier(3.0).tolist() == [0, 1, 1, 0, 0, 0], "three hours ago is within three"
    assert rows.earlier(24.0).tolist() == [0, 1, 2, 2, 0, 0]


def test_the_half_life_of_a_rise_is_found() -> None:
    found = fit_decay(simulated(), EVERYONE)
    assert found.half_life is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low < 3.0 < found.high
    assert found.high / found.low < 1.6
    assert found.rise_low < 15.0 < found.rise_high
    assert found.n == 60


def test_the_half_life_is_where_the_likelihood_is_highest() -> None:
    """A grid of half-lives, fitted one by one without its derivative, has its maximum there."""
    from salutogen.models import ContinuousAR1, MixedModel

    prompts = simulated(persons=30)
    found = fit_decay(prompts, EVERYONE[:30])
    assert found.half_life is not None
    rows = DayRows(prompts, EVERYONE[:30])

    def log_likelihood(half_life: float) -> float:
        frame = rows.frame(dose=rows.dose(half_life)[0])
        formula = "affect ~ dose + dose_mean + (1 + dose | person)"
        return (
            MixedModel(formula, residual=ContinuousAR1(time="hours", within="day"))
            .fit(frame, reml=False)
            .log_likelihood
        )

    at = [log_likelihood(found.half_life * factor) for factor in (0.85, 1.0, 1.15)]
    assert at[1] == max(at)


def test_many_persons_are_searched_among_some(monkeypatch: pytest.MonkeyPatch) -> None:
    prompts = simulated()
    plain = fit_decay(prompts, EVERYONE)
    monkeypatch.setattr("salutogen.analyses.recovery.decay.SAMPLE", 20)
    again = fit_decay(prompts, EVERYONE)
    assert plain.half_life is not None
    assert again.half_life == pytest.approx(plain.half_life, rel=0.005)


def test_pile_up_is_what_is_left_of_earlier_rises() -> None:
    found = fit_pile_up(DayRows(simulated(), EVERYONE), 6.0)
    assert found.now.low < 15.0 < found.now.high + 1.5
    assert found.earlier.low > 3
    assert found.earlier.p < 0.001


def test_without_rise_nothing_piles_up() -> None:
    found = fit_pile_up(DayRows(simulated(rise=0.0, seed=2), EVERYONE), 6.0)
    assert found.earlier.low < 0 < found.earlier.high
    decay = fit_decay(simulated(rise=0.0, seed=2), EVERYONE)
    assert decay.rise_low < 0 or decay.half_life is None


def test_no_earlier_stressor_is_said() -> None:
    prompts = by_hand([[(9, 0, 5), (12, 1, 6)], [(9, 0, 3), (12, 1, 3)]])
    with pytest.raises(ModelError, match="no prompt has an earlier stressor"):
        fit_pile_up(DayRows(prompts, np.array([0])), 6.0)
