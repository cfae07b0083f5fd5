"""Persons still observed, where some come late and some are missed in between."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.analyses.attrition.observed import Observed, by_occasion
from salutogen.models.dropout.weights import lost_after
from salutogen.norm.periods import ValidRows

# Seen: 0 at all; 1 at T0 only; 2 late, from T1 on; 3 misses T1 and is lost after T2; 4 never.
SEEN = np.array([[1, 1, 1, 1], [1, 0, 0, 0], [0, 1, 1, 1], [1, 0, 1, 0], [0, 0, 0, 0]], dtype=bool)


def observed() -> Observed:
    person, occasion = np.nonzero(SEEN)
    values = dict.fromkeys(("P", "E"), person + 10.0 * occasion)
    rows = ValidRows(person=person, occasion=occasion, time=np.full(person.size, np.nan),
                     values=values, n_persons=5)  # fmt: skip
    return Observed(
        rows=rows, SR=values["P"], lost=lost_after(person, occasion, 3), end=3,
        labels=("T0", "T1", "T2", "T3"),
    )  # fmt: skip


def test_who_came_when_and_who_was_lost_when() -> None:
    found = observed()
    assert (found.n, found.n_lost, found.n_end) == (4, 2, 2)
    assert found.entered.tolist() == [0, 0, 1, 0, 4]
    assert found.lost_since.tolist() == [4, 1, 4, 3, 4]
    assert found.rows.person[found.first].tolist() == [0, 1, 2, 3]
    assert found.risk.sum() == 8


def test_late_entrants_are_at_risk_from_then_on() -> None:
    table = by_occasion(observed())
    assert table["n_followed"].to_list() == [3, 3, 3, 2]
    assert table["n_seen"].to_list() == [3, 2, 3, 2]
    # One of three is lost after T0 and one of three after T2.
    assert table["still"].to_list() == pytest.approx([1, 2 / 3, 2 / 3, 4 / 9])
