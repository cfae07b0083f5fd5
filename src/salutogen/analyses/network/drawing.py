"""Networks as pictures: the same layout for all networks of a study."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from salutogen.analyses.network.tables import AT_ONCE, LASSO, TEMPORAL, shown
from salutogen.analyses.network.words import compared_in_words, network_in_words
from salutogen.columns import Column, Kind
from salutogen.page.charting import Spec, palette_scale, values
from salutogen.page.colours import colour
from salutogen.page.section import Figure
from salutogen.page.words import number

if TYPE_CHECKING:
    from salutogen.analyses.network.analysis import NetworkResult

SIZE = 420
NODE = 0.16  # radius of a node, where nodes stand on a circle of radius 1
APART = 0.05  # how far the two directions between two nodes are drawn apart
ARROW = 0.045
WIDEST = 7.0
HUES = {"more with more": "one", "less with more": "two"}
NAMES = {TEMPORAL: "temporal", AT_ONCE: "at-once", LASSO: "means"}
LINE_COLUMNS = (
    Column(name="source", meaning="Node", heading="From", kind=Kind.LABEL),
    Column(name="target", meaning="Node", heading="To", kind=Kind.LABEL),
    Column(name="estimate", meaning="Edge", heading="Edge"),
    Column(name="sign", meaning="Whether the one is higher with more of the other",
           heading="Sign", kind=Kind.LABEL),
)  # fmt: skip


def network_figure(result: NetworkResult, network: str) -> Figure:
    """Draw the edges that are told from none; the wider, the stronger."""
    data = _signed(shown(result.edges, network))
    directed = network == TEMPORAL
    arrow = "An arrow points at what is higher or lower later. " if directed else ""
    return Figure(
        name=f"network-{NAMES[network]}",
        title=f"What moves with what, {network}",
        description=(
            f"{network_in_words(result, network)} {arrow}Drawn are the edges that are "
            f"{'kept' if network == LASSO else 'told from none'}; wider ones are stronger (the "
            f"widest {_widest(data)}), dashed ones are below 0."
        ),
        chart=_chart(data, _places(result.nodes), directed=directed),
        data=data,
        columns=LINE_COLUMNS,
    )


def group_figures(result: NetworkResult) -> list[Figure]:
    """Draw the networks of two groups of persons, in the layout of the others."""
    found = result.compared
    if found is None:
        return []
    made = []
    for column, label in zip(("first", "second"), found.labels, strict=True):
        edges = found.edges.filter(pl.col(column) != 0)
        data = _signed(edges.select("source", "target", estimate=column))
        made.append(
            Figure(
                name=f"network-of-{column}-group",
                title=f"What goes with what between persons' means, {found.by}: {label}",
                description=(
                    f"Edges that the lasso keeps among persons of {found.by} {label}; wider ones "
                    f"are stronger (the widest {_widest(data)}), dashed ones are below 0. The "
                    "larger group can have more edges only because it is larger. "
                    f"{compared_in_words(result)}"
                ),
                chart=_chart(data, _places(result.nodes), directed=False),
                data=data,
                columns=LINE_COLUMNS,
            )
        )
    return made


def _signed(edges: pl.DataFrame) -> pl.DataFrame:
    positive = pl.when(pl.col("estimate") > 0)
    first, second = HUES
    sign = positive.then(pl.lit(first)).otherwise(pl.lit(second)).alias("sign")
    return edges.select("source", "target", "estimate", sign)


def _widest(data: pl.DataFrame) -> str:
    return number(np.abs(data["estimate"].to_numpy()).max(), 2) if data.height else "none"


def _places(nodes: tuple[str, ...]) -> dict[str, tuple[float, float]]:
    """Nodes on a circle, the first above."""
    angles = np.pi / 2 - 2 * np.pi * np.arange(len(nodes)) / len(nodes)
    return {
        node: (float(np.cos(angle)), float(np.sin(angle)))
        for node, angle in zip(nodes, angles, strict=True)
    }


def _chart(data: pl.DataFrame, places: dict[str, tuple[float, float]], *, directed: bool) -> Spec:
    lines = _lines(data, places, directed=directed)
    nodes = [{"node": node, "x": x, "y": y} for node, (x, y) in places.items()]
    axis: Spec = {"axis": None, "scale": {"domain": [-1.4, 1.4], "nice": False, "zero": False}}
    across: Spec = {"field": "x", "type": "quantitative", **axis}
    up: Spec = {"field": "y", "type": "quantitative", **axis}
    hue: Spec = {
        "field": "sign", "type": "nominal", "title": None, "scale": palette_scale(HUES),
        "legend": {"symbolType": "stroke"},
    }  # fmt: skip
    layers: list[Spec] = []
    if lines.height:
        layers.append({
            "data": values(lines),
            "mark": {"type": "rule", "opacity": 0.8},
            "encoding": {
                "x": across, "y": up, "x2": {"field": "x2"}, "y2": {"field": "y2"}, "color": hue,
                "strokeWidth": {"field": "width", "type": "quantitative", "scale": None,
                                "legend": None},
                "strokeDash": {"field": "dashed", "type": "nominal", "legend": None,
                               "scale": {"domain": [False, True], "range": [[1, 0], [7, 4]]}},
            },
        })  # fmt: skip
        if directed:
            layers.append({
                "data": values(lines),
                "mark": {"type": "point", "shape": "triangle", "filled": True, "opacity": 1},
                "encoding": {
                    "x": {**across, "field": "x2"}, "y": {**up, "field": "y2"}, "color": hue,
                    "size": {"field": "size", "type": "quantitative", "scale": None,
                             "legend": None},
                    "angle": {"field": "turned", "type": "quantitative", "scale": None},
                },
            })  # fmt: skip
    layers += _node_layers(nodes, across, up)
    return {"width": SIZE, "height": SIZE, "layer": layers}


def _node_layers(nodes: list[dict[str, object]], across: Spec, up: Spec) -> list[Spec]:
    where = {"x": across, "y": up}
    return [
        {
            "data": {"values": nodes},
            "mark": {"type": "point", "filled": True, "opacity": 1, "size": 2100,
                     "color": colour("paper"), "stroke": colour("line"), "strokeWidth": 2},
            "encoding": where,
        },
        {
            "data": {"values": nodes},
            "mark": {"type": "text", "color": colour("ink"), "fontSize": 12, "limit": 130},
            "encoding": {**where, "text": {"field": "node", "type": "nominal"}},
        },
    ]  # fmt: skip


def _lines(
    data: pl.DataFrame, places: dict[str, tuple[float, float]], *, directed: bool
) -> pl.DataFrame:
    """Ends of each line at the rims of its nodes, its width, and how its arrow is turned."""
    made = []
    largest = np.abs(data["estimate"].to_numpy()).max() if data.height else 1.0
    for row in data.iter_rows(named=True):
        start, end = np.array(places[row["source"]]), np.array(places[row["target"]])
        along = (end - start) / np.linalg.norm(end - start)
        aside = np.array([-along[1], along[0]]) * (APART if directed else 0.0)
        first = start + NODE * along + aside
        last = end - (NODE + (ARROW if directed else 0.0)) * along + aside
        width = max(1.0, WIDEST * abs(row["estimate"]) / largest)
        made.append(
            {
                "x": first[0], "y": first[1], "x2": last[0], "y2": last[1], "sign": row["sign"],
                "dashed": row["estimate"] < 0, "width": width, "size": 60 + 22 * width,
                "turned": float(np.degrees(np.arctan2(along[0], along[1]))),
            }
        )  # fmt: skip
    return pl.DataFrame(made)
