"""Building blocks of Vega-Lite specifications: data, axes, and the marks figures share.

Fields have fixed, plain names; names that come from a study stand only in values and titles, so
that dots and brackets in them mean nothing to Vega-Lite.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from salutogen.page.colours import colour

Spec = dict[str, Any]
DIGITS = 5
WIDTH = 620
MANY_LABELS = 16


def values(frame: pl.DataFrame) -> Spec:
    """Data of a chart, inline, floats with five significant digits, missing ones null."""
    floats = [name for name, kind in frame.schema.items() if kind.is_float()]
    rounded = frame.with_columns(
        pl.when(pl.col(name).is_finite()).then(pl.col(name)).round_sig_figs(DIGITS).alias(name)
        for name in floats
    )
    return {"values": rounded.to_dicts()}


def quantity(field: str, title: str | None, *, zero: bool = False, **more: Any) -> Spec:
    """Encode a quantity on an axis that need not begin at 0."""
    scale = {"zero": zero, "nice": True, **more.pop("scale", {})}
    return {"field": field, "type": "quantitative", "title": title, "scale": scale, **more}


def ordered(
    field: str,
    title: str | None,
    order: Sequence[Any],
    *,
    most: int = MANY_LABELS,
    **more: Any,
) -> Spec:
    """Encode labels in a given order; at most so many are written, and only where they fit."""
    axis: Spec = {"labelAngle": 0, "labelOverlap": True, "labelSeparation": 6}
    if len(order) > most:
        step = -(-len(order) // most)
        axis["values"] = [label for place, label in enumerate(order) if place % step == 0]
    return {
        "field": field,
        "type": "ordinal",
        "title": title,
        "sort": list(order),
        "axis": {**axis, **more.pop("axis", {})},
        **more,
    }


def band(
    low: str, high: str, x: Spec, y_title: str, *, shade: str, opacity: float, edge: float = 0.0
) -> Spec:
    """A shaded band between two fields; with a thin edge, bands that overlap stay apart."""
    drawn = {"stroke": colour(shade), "strokeOpacity": edge, "strokeWidth": 1} if edge else {}
    return {
        "mark": {"type": "area", "color": colour(shade), "fillOpacity": opacity, "opacity": 1,
                 **drawn},
        "encoding": {"x": x, "y": quantity(low, y_title), "y2": {"field": high}},
    }  # fmt: skip


def line(field: str, x: Spec, y_title: str, *, shade: str, **mark: Any) -> Spec:
    """A line through a field."""
    return {
        "mark": {
            "type": "line",
            "color": colour(shade),
            "strokeWidth": 2.5,
            "strokeJoin": "round",
            **mark,
        },
        "encoding": {"x": x, "y": quantity(field, y_title)},
    }


def zero_rule(axis: str = "y") -> Spec:
    """A rule at 0: where observed equals expected problems."""
    return {
        "data": {"values": [{"at": 0}]},
        "mark": {"type": "rule", "color": colour("quiet"), "strokeDash": [4, 3]},
        "encoding": {axis: {"field": "at", "type": "quantitative"}},
    }


def withheld(labels: Sequence[Any], x: Spec, words: str) -> list[Spec]:
    """Grey fields over the whole height at labels of which something is not told, with a legend.

    An empty place would look like nobody. The words are those of the legend; none without labels.
    """
    if not labels:
        return []
    scale = palette_scale({words: "withheld"})
    return [
        {
            "data": {"values": [{x["field"]: label} for label in labels]},
            "mark": {"type": "rect", "opacity": 1},
            "encoding": {
                "x": x,
                "color": {"datum": words, "type": "nominal", "title": None, "scale": scale},
            },
        }
    ]


def palette_scale(names: Mapping[str, str]) -> Spec:
    """A scale from labels to named colours of the palette, in order."""
    return {"domain": list(names), "range": [colour(name) for name in names.values()]}


def layered(*layers: Spec, width: int = WIDTH, height: int = 340, **more: Any) -> Spec:
    """Layers on the same axes."""
    return {"width": width, "height": height, "layer": list(layers), **more}
