"""Time that answers look back on, against each person taken alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from salutogen.analyses.quality.time_covered import covered_words, time_covered
from salutogen.page.audience import Audience
from salutogen.resilience.between_within import OccasionArrays
from salutogen.study import read_study
from salutogen.study.check.coverage import share_covered
from tests.study.small_study import changed

SHOWN, HIDDEN = (Audience(individuals=mode, n_persons=90, seed=1) for mode in (True, False))


def arrays(seen: np.ndarray) -> OccasionArrays:
    person, occasion = np.nonzero(seen)
    zero = np.zeros(person.size)
    return OccasionArrays(
        person=person, occasion=occasion, P=zero, E=zero, SR=zero, n_persons=len(seen)
    )


@pytest.mark.parametrize("every", ["5 days", "7 days", "3 months"])
def test_missed_occasions_are_not_covered(every: str) -> None:
    study = read_study(changed({"occasions": {"every": every, "count": 6}}))
    seen = np.random.default_rng(1).random((40, 6)) < 0.8
    table = time_covered(study, arrays(seen))
    days = np.array([one.day for one in study.occasions], dtype=float)
    by_hand = [share_covered(days[own], 7.0, days[0], days[-1]) for own in seen if own.any()]
    row: dict[str, Any] = table.row(0, named=True)
    assert row["answered"] == pytest.approx(np.mean(by_hand))
    assert row["planned"] == pytest.approx(share_covered(days, 7.0, days[0], days[-1]))
    assert row["answered"] < row["planned"]
    assert "as planned and" in covered_words(table, SHOWN)


def test_where_persons_are_hidden_no_number_of_forms_follows() -> None:
    row = {"type": ["events"], "planned": [1.0], "answered": [0.8222]}
    assert "82 % as answered" in covered_words(pl.DataFrame(row), SHOWN)
    assert "80 % as answered" in covered_words(pl.DataFrame(row), HIDDEN)


def test_nothing_is_said_without_planned_days() -> None:
    study = read_study(changed({"occasions": {"labels": [1, 2, 3]}}))
    table = time_covered(study, arrays(np.ones((5, 3), dtype=bool)))
    assert table.height == 0
    assert covered_words(table, SHOWN) == ""
