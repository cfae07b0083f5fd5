"""Figures of windows can be read however many there are."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import polars as pl
import pytest

from salutogen.analyses.windows.section import KINDS, _lines_chart, _means_figure
from salutogen.page.charting import MANY_LABELS
from salutogen.page.colours import CATEGORIES, HEAT


def means_of(windows: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Data of the figure of means, and the summary that it is described from."""
    summary = pl.DataFrame(
        {
            "window": range(1, windows + 1),
            "first_occasion": [str(at) for at in range(windows)],
            "last_occasion": [str(at + 2) for at in range(windows)],
            "mean_SR_frozen": [0.01 * at for at in range(windows)],
        }
    )
    rows = [
        {"window": f"{at + 1}: {at} to {at + 2}", "score": kind, "mean": 0.01 * at,
         "low": -0.1, "high": 0.2}
        for kind in KINDS
        for at in range(windows)
    ]  # fmt: skip
    return pl.DataFrame(rows), summary


def marks(chart: Any) -> set[str]:
    return {layer["mark"]["type"] for layer in chart["layer"]}


@pytest.mark.parametrize("windows", [2, MANY_LABELS, MANY_LABELS + 1, 108])
def test_many_windows_are_lines_with_a_band(windows: int) -> None:
    figure = _means_figure(*means_of(windows))
    chart: Any = figure.specification()
    many = windows > MANY_LABELS
    assert marks(chart) == ({"rule", "area", "line"} if many else {"rule", "point"})
    assert ("band" in str(figure.description)) == many
    assert ("Bars" in str(figure.description)) == (not many)
    names = {row["score"] for row in chart["data"]["values"]}
    assert names == set(KINDS), "no kind of mean is left out"
    if many:
        axis = chart["layer"][-1]["encoding"]["x"]["axis"]
        assert len(axis["values"]) <= 8


@pytest.mark.parametrize("windows", [1, len(CATEGORIES), len(CATEGORIES) + 1, 108])
def test_the_legend_of_lines_stays_short(windows: int) -> None:
    names = [str(at) for at in range(1, windows + 1)]
    rows = [{"window": name, "E": E, "expected": 1.0} for name in names for E in (0.0, 5.0)]
    chart = _lines_chart(pl.DataFrame(rows))
    drawn = {row["window"]: row["part"] for row in chart["data"]["values"]}
    assert list(drawn) == names
    scale = chart["encoding"]["color"]["scale"]
    assert set(drawn.values()) == set(scale["domain"])
    assert len(scale["domain"]) == len(scale["range"]) == min(windows, len(CATEGORIES)) or (
        len(scale["domain"]) == len(HEAT) - 1
    )
    if windows > len(CATEGORIES):
        ends = [part.split(" to ") for part in scale["domain"]]
        assert ends[0][0] == "1"
        assert ends[-1][1] == str(windows)
        assert all(int(one[1]) + 1 == int(two[0]) for one, two in pairwise(ends))
