"""Forest plots: rows in the order given, intervals only where both ends are known."""

from __future__ import annotations

import polars as pl

from salutogen.page.forest import TICKS, forest_chart

DATA = pl.DataFrame(
    {
        "what": ["a", "a", "b", "b"],
        "how": ["one way", "another", "one way", "another"],
        "value": [1.0, 2.0, -1.0, 0.5],
        "low": [0.5, 1.0, -2.0, None],
        "high": [1.5, 3.0, 0.0, None],
    }
)


def test_a_point_and_an_interval_for_each_row() -> None:
    _, intervals, dots = forest_chart(DATA, "what", ["b", "a"], "value", "points", height=90)[
        "layer"
    ]
    assert intervals["transform"] == [{"filter": "isValid(datum['low'])"}]
    assert (intervals["encoding"]["x"]["field"], dots["encoding"]["x"]["field"]) == ("low", "value")
    assert intervals["encoding"]["x2"] == {"field": "high"}
    for layer in (intervals, dots):
        assert layer["encoding"]["x"]["axis"]["tickCount"] == TICKS
        assert layer["encoding"]["x"]["axis"]["labelOverlap"] is True
    assert dots["encoding"]["y"]["sort"] == ["b", "a"]
    assert "color" not in dots["encoding"]
    assert dots["data"]["values"] == DATA.to_dicts()


def test_ways_stand_side_by_side_in_their_order_and_colours() -> None:
    hues = {"another": "two", "one way": "one"}
    chart = forest_chart(
        DATA, "what", ["a", "b"], "value", "points", by="how", hues=hues, height=90
    )
    for layer in chart["layer"][1:]:
        assert layer["encoding"]["yOffset"]["sort"] == ["another", "one way"]
        assert layer["encoding"]["color"]["scale"]["domain"] == ["another", "one way"]
        assert "color" not in layer["mark"]
