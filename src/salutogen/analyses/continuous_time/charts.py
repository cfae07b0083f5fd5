"""Courses with bands: effects by interval, and the response to a standard stressor."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from salutogen.page.charting import Spec, layered, palette_scale, quantity, values, zero_rule
from salutogen.page.colours import colour

HUES = ("two", "one", "three", "four", "five", "six", "seven", "eight")


def course_chart(
    data: pl.DataFrame,
    by: str,
    hues: Mapping[str, str],
    x: tuple[str, str],
    y: tuple[str, str],
    *,
    marked: tuple[float, str] | None = None,
    height: int = 340,
) -> Spec:
    """Draw a line with a band for each value of a column.

    Parameters
    ----------
    data : DataFrame
        With `low` and `high` beside the columns that are named.
    by : str
        What has a colour of its own.
    hues : mapping of str to str
        Its values in their order, and the names of their colours.
    x, y : tuple of str
        Column, and words of the axis.
    marked : tuple of float and str, optional
        A place on the first axis, and what is there.
    height : int
    """
    across = quantity(x[0], x[1], zero=True, scale={"nice": False})
    hue: Spec = {
        "field": by, "type": "nominal", "title": None, "sort": list(hues),
        "scale": palette_scale(hues),
        "legend": {"columns": 2, "labelLimit": 400} if len(hues) > 1 else None,
    }  # fmt: skip
    banded = data.drop_nulls(["low", "high"])
    layers: list[Spec] = [zero_rule()]
    if banded.height:
        layers.append({
            "data": values(banded),
            "mark": {"type": "area", "fillOpacity": 0.13, "opacity": 1},
            "encoding": {"x": across, "y": quantity("low", y[1]), "y2": {"field": "high"},
                         "color": hue},
        })  # fmt: skip
    layers.append({
        "data": values(data),
        "mark": {"type": "line", "strokeWidth": 2.5, "strokeJoin": "round"},
        "encoding": {"x": across, "y": quantity(y[0], y[1]), "color": hue},
    })  # fmt: skip
    return layered(*layers, *_mark(x[0], marked), height=height)


def _mark(field: str, marked: tuple[float, str] | None) -> list[Spec]:
    """A rule over the whole height, with words above it, where nothing else is drawn."""
    if marked is None:
        return []
    at = {"values": [{field: marked[0], "words": marked[1]}]}
    place: Spec = {"field": field, "type": "quantitative"}
    return [
        {"data": at, "mark": {"type": "rule", "color": colour("quiet"), "strokeDash": [4, 3]},
         "encoding": {"x": place}},
        {"data": at,
         "mark": {"type": "text", "align": "left", "baseline": "bottom", "dx": -2, "y": -5,
                  "color": colour("quiet")},
         "encoding": {"x": place, "text": {"field": "words", "type": "nominal"}}},
    ]  # fmt: skip
