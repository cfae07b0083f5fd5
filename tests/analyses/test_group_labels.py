"""Groups beside those that are compared: counted, and named where they are not of few persons."""

from __future__ import annotations

import polars as pl

from salutogen.analyses.group_labels import OF_FEW, UNKNOWN, sizes_left, told_names
from salutogen.page.audience import Audience

SHOWN, HIDDEN = (Audience(individuals=mode, n_persons=60, seed=1) for mode in (True, False))
LABELS = pl.Series(["A"] * 30 + ["B"] * 15 + ["C"] * 6 + ["D"] * 4 + ["E"] * 2 + [None] * 3)


def test_groups_of_few_persons_have_no_name_where_persons_are_hidden() -> None:
    assert sizes_left(LABELS, ["A", "B"], SHOWN) == {"C": 6, "D": 4, "E": 2, UNKNOWN: 3}
    assert sizes_left(LABELS, ["A", "B"], HIDDEN) == {"C": 6, OF_FEW: 6, UNKNOWN: 3}
    sizes = {"C": 6, "D": 4, "E": 2}
    assert told_names(sizes, SHOWN) == ["C", "D", "E"]
    assert told_names(sizes, HIDDEN) == ["C", OF_FEW]
    assert told_names({"C": 6}, HIDDEN) == ["C"]
