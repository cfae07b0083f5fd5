"""Effects with intervals, by model or by group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from salutogen.analyses.change.words import later
from salutogen.page.charting import (
    Spec,
    layered,
    ordered,
    palette_scale,
    quantity,
    values,
    zero_rule,
)

if TYPE_CHECKING:
    import polars as pl

    from salutogen.analyses.change.analysis import ChangeResult

COLOURS = ("one", "two", "three", "four", "five")


def axis_of(result: ChangeResult) -> str:
    """Words below the axis of effects."""
    when = later(result, 1) if result.lag == 1 else "on later occasions"
    return f"Effect {when} (SD per SD)"


def effects_chart(data: pl.DataFrame, by: str, order: Sequence[str], axis: str) -> Spec:
    """Draw a row for each effect, and in it a point and an interval for each model or group.

    Parameters
    ----------
    data : DataFrame
        `path`, `standardised`, its limits, and the column `by`.
    by : str
        What has a colour of its own.
    order : sequence of str
        Its values, up to five.
    axis : str
        Words below the axis.
    """
    paths = data["path"].unique(maintain_order=True).to_list()
    y: Spec = ordered("path", None, paths, most=40, axis={"labelLimit": 260})
    moved = {"yOffset": {"field": by, "sort": list(order), "scale": {"paddingOuter": 0.4}}}
    hue: Spec = {
        "field": by, "type": "nominal", "title": None, "sort": list(order),
        "scale": palette_scale(dict(zip(order, COLOURS, strict=False))),
        "legend": {"columns": 2, "labelLimit": 260},
    }  # fmt: skip
    return layered(
        zero_rule("x"),
        {
            "data": values(data),
            "mark": {"type": "rule", "strokeWidth": 2},
            "encoding": {
                "y": y, **moved, "color": hue, "x": quantity("standardised_low", axis),
                "x2": {"field": "standardised_high"},
            },
        },
        {
            "data": values(data),
            "mark": {"type": "point", "filled": True, "size": 65, "opacity": 1},
            "encoding": {"y": y, **moved, "color": hue, "x": quantity("standardised", axis)},
        },
        height=max(150, len(paths) * (18 * len(order) + 14)),
    )  # fmt: skip
