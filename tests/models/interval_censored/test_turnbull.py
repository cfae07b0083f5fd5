"""Turnbull's distribution of resampled persons, against the same one after another."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.models.interval_censored.turnbull import resampled_turnbull, turnbull


def test_resamples_are_those_of_persons_drawn_whole() -> None:
    rng = np.random.default_rng(2)
    person = np.repeat(np.arange(12), 4)
    left = rng.integers(0, 4, person.size).astype(float)
    right = np.where(rng.random(person.size) < 0.2, np.inf, left + rng.integers(1, 3, person.size))
    told = resampled_turnbull(left, right, person, seed=5, resamples=3)
    assert told.mass.shape == (4, told.ends.size)
    drawn = np.random.default_rng(5).multinomial(12, np.full(12, 1 / 12), 3)
    for row, weight in enumerate([np.ones(12, dtype=int), *drawn]):
        rows = np.repeat(np.arange(person.size), weight[person])
        _, ends, mass = turnbull(left[rows], right[rows])
        share = dict(zip(ends.tolist(), np.cumsum(mass).tolist(), strict=True))
        whole = np.cumsum(told.mass[row])
        for end, at in share.items():
            if np.isfinite(end):
                assert whole[told.ends.tolist().index(end)] == pytest.approx(at, abs=2e-3)
