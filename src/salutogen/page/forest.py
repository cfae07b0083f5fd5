"""Forest plots: a row for each estimate, a point with its interval, several colours in a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from salutogen.page.charting import (
    Spec,
    layered,
    ordered,
    palette_scale,
    quantity,
    values,
    zero_rule,
)
from salutogen.page.colours import colour

POINT = 75
TICKS = 8


def forest_chart(
    data: pl.DataFrame,
    rows: str,
    order: Sequence[str],
    estimate: str,
    axis: str,
    *,
    ends: tuple[str, str] = ("low", "high"),
    by: str | None = None,
    hues: Mapping[str, str] | None = None,
    legend_columns: int = 1,
    most: int = 40,
    label_limit: int = 260,
    height: int,
) -> Spec:
    """Draw estimates with their intervals beside a line at 0.

    Parameters
    ----------
    data : DataFrame
        A row for each estimate; where an end is null, there is a point alone.
    rows : str
        Column that names the rows.
    order : sequence of str
        Names from above to below.
    estimate : str
    axis : str
        Words below the axis.
    ends : tuple of str
        Columns of the interval's ends.
    by : str, optional
        Column of what stands side by side in a row, in colours of their own.
    hues : mapping of str to str, optional
        Its values in their order, and the names of their colours.
    legend_columns, most, label_limit, height : int
    """
    y: Spec = ordered(rows, None, list(order), most=most, axis={"labelLimit": label_limit})
    where: Spec = {"y": y}
    plain: Spec = {"color": colour("line")}
    if by is not None and hues is not None:
        plain = {}
        where |= {
            "yOffset": {"field": by, "sort": list(hues), "scale": {"paddingOuter": 0.5}},
            "color": {
                "field": by,
                "type": "nominal",
                "title": None,
                "sort": list(hues),
                "scale": palette_scale(hues),
                "legend": {"columns": legend_columns, "labelLimit": 400},
            },
        }
    low, high = ends
    # Numbers of an axis that spans little have many digits: few of them have room.
    few: Spec = {"axis": {"tickCount": TICKS, "labelOverlap": True, "labelSeparation": 8}}
    return layered(
        zero_rule("x"),
        {
            "data": values(data),
            "transform": [{"filter": f"isValid(datum['{low}'])"}],
            "mark": {"type": "rule", "strokeWidth": 2, **plain},
            "encoding": {**where, "x": quantity(low, axis, **few), "x2": {"field": high}},
        },
        {
            "data": values(data),
            "mark": {"type": "point", "filled": True, "size": POINT, "opacity": 1, **plain},
            "encoding": {**where, "x": quantity(estimate, axis, **few)},
        },
        height=height,
    )
