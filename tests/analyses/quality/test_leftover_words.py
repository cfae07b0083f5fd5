"""What SR is said to keep of exposure follows intervals over persons."""

from __future__ import annotations

import polars as pl
import pytest

from salutogen.analyses.quality.intervals import (
    LEFT_BETWEEN,
    LEFT_WITHIN,
    intervals_over_persons,
    no_intervals,
)
from salutogen.analyses.quality.leftover_words import left_in_words, leftover_words
from tests.analyses.quality.test_intervals import cohort as with_slopes

BY_ARITHMETIC = "; over all rows it is 0 by the arithmetic of least squares, which is no finding."


@pytest.mark.parametrize(("within", "fewest", "most"), [(0.5, 0, 4), (1.2, 27, 30)])
def test_sr_is_said_to_keep_exposure_where_slopes_differ(
    within: float, fewest: int, most: int
) -> None:
    """Simulated truth: slopes between and within persons that are the same, and that are not."""
    kept = 0
    for seed in range(30):
        arrays = with_slopes(120, 6, seed=seed, between=0.5, within=within)
        table = intervals_over_persons(arrays, {}, draws=200, seed=1, refit=True)
        text = left_in_words(table, 1e-15)
        none = "is not shown to keep any correlation with exposure" in text
        kept += "keeps a correlation with exposure of" in text and "is not shown" not in text
        assert none is ("Neither is told" in leftover_words(table))
        assert text.endswith(BY_ARITHMETIC)
    assert fewest <= kept <= most


def _table(between: tuple[float, float], within: tuple[float, float] | None) -> pl.DataFrame:
    ends = {LEFT_BETWEEN: between, LEFT_WITHIN: within or (None, None)}
    rows = [(name, 0.1, *pair) for name, pair in ends.items()]
    return pl.DataFrame(rows, schema=no_intervals().schema, orient="row")


def test_each_side_is_told_by_its_own_interval() -> None:
    one = left_in_words(_table((0.05, 0.15), (-0.05, 0.25)), None)
    assert one == (
        "SR of single occasions keeps a correlation with exposure of +0.10 between persons (95 % "
        "interval +0.05 to +0.15); that it keeps one of +0.10 within persons (95 % interval −0.05 "
        "to +0.25) is not shown."
    )
    without = left_in_words(_table((0.05, 0.15), None), 0.21)
    assert "+0.10 between persons and +0.10 within persons (without an interval)" in without
    assert without.endswith("; over all rows it is +0.21.")
    assert left_in_words(no_intervals(), 0.0) == leftover_words(no_intervals()) == ""
