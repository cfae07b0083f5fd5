"""Means by occasion: not where all but few have the same."""

from __future__ import annotations

import numpy as np

from salutogen.report.sections.over_time import occasions_of_few


def test_an_occasion_at_which_few_differ_goes_with_another_one() -> None:
    rng = np.random.default_rng(1)
    plain = [rng.normal(0, 1, n) for n in (60, 40, 50)]
    few = np.r_[np.zeros(57), 8.0, 9.0, 7.0]
    several = np.r_[np.zeros(55), np.full(5, 8.0)]
    assert occasions_of_few(plain) == set()
    assert occasions_of_few([*plain, several]) == set()
    assert occasions_of_few([*plain, few]) == {3, 1}, "with the smallest other occasion"
    assert occasions_of_few([*plain, few, few]) == {3, 4}
