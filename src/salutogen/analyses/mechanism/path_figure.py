"""The three paths as a drawing: boxes for what was measured, arrows with estimates."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

import polars as pl

from salutogen.analyses.mechanism.measured import BASELINE
from salutogen.analyses.mechanism.records import EFFECTS, PATH_COLUMNS, TWO
from salutogen.page.charting import Spec, layered, values
from salutogen.page.colours import colour
from salutogen.page.section import Figure
from salutogen.page.words import signed

if TYPE_CHECKING:
    from salutogen.analyses.mechanism.analysis import MechanismResult

HEIGHT = 260
# Boxes: left, right, bottom, top; arrows: from, to, angle of the head, place of the label.
BOXES = {"factor": (1, 31, 4, 26), "mechanism": (35, 65, 72, 94), "SR": (69, 99, 4, 26)}
ARROWS = {
    "a": ((20, 27), (42, 71), 40, (29, 52), "right"),
    "b": ((58, 71), (80, 27), 140, (71, 52), "left"),
    "direct": ((31.5, 15), (68.5, 15), 90, (50, 21), "center"),
}
LINE = 24  # characters of a name on one of its two lines
LONGEST = 176  # pixels of such a line: a box has 186
PIXEL = 100 / HEIGHT


def path_figure(result: MechanismResult) -> Figure:
    """Paths a, b and direct of SR, per unit of where each begins."""
    rows = {
        name: result.paths.filter(step=TWO, effect=EFFECTS[name]).row(0, named=True)
        for name in ARROWS
    }
    told = {
        name: f"{signed(row['estimate'])} ({signed(row['low'])} to {signed(row['high'])})"
        for name, row in rows.items()
    }
    x, m = result.factor_title, result.mechanism_title
    return Figure(
        name="mechanism-path",
        title=f"From {x} over {m} to SR",
        description=f"Paths per unit of where they begin, with 95 % intervals: {x} to {m} "
        f"{told['a']}; {m} to SR, given {x}, {told['b']}; {x} to SR, given {m}, "
        f"{told['direct']}.",
        chart=layered(*_boxes(result), *_arrows(told), height=HEIGHT),
        data=result.paths.filter(
            (pl.col("step") == TWO) & pl.col("effect").is_in([EFFECTS[name] for name in ARROWS])
        ).select("effect", "estimate", "low", "high"),
        columns=PATH_COLUMNS,
    )


def _axis(name: str) -> Spec:
    scale = {"domain": [0, 100], "nice": False, "zero": False}
    return {"field": name, "type": "quantitative", "axis": None, "scale": scale}


def _when(at: str) -> str:
    """Name an occasion, whose label may be a bare number."""
    return at if at == BASELINE else f"occasion {at}"


def _lines(name: str) -> list[str]:
    """Break a name into two lines at most, and show that there is more."""
    return wrap(name, LINE, max_lines=2, placeholder=" …")


def _boxes(result: MechanismResult) -> list[Spec]:
    words = {
        "factor": (result.factor_title, _when(result.factor_at)),
        "mechanism": (result.mechanism_title, _when(result.mechanism_at)),
        "SR": ("SR", "later occasions"),
    }
    lines = {key: _lines(name) for key, (name, _) in words.items()}
    boxes = pl.DataFrame(
        [
            {
                "left": left, "right": right, "bottom": bottom, "top": top,
                "x": (left + right) / 2, "y": (bottom + top) / 2 - 9 * len(lines[key]) * PIXEL,
                "name_y": (bottom + top) / 2 + 8 * len(lines[key]) * PIXEL,
                "name": "\n".join(lines[key]), "at": words[key][1],
            }
            for key, (left, right, bottom, top) in BOXES.items()
        ]
    )  # fmt: skip
    text: Spec = {
        "type": "text", "align": "center", "baseline": "middle", "color": colour("ink"),
        "limit": LONGEST,
    }  # fmt: skip
    box: Spec = {
        "type": "rect", "fill": colour("line"), "fillOpacity": 0.1, "stroke": colour("line"),
        "strokeWidth": 1.5, "cornerRadius": 4,
    }  # fmt: skip
    corners = {
        "x": _axis("left"), "x2": {"field": "right"}, "y": _axis("bottom"), "y2": {"field": "top"},
    }  # fmt: skip
    return [
        {"data": values(boxes), "mark": box, "encoding": corners},
        {
            "data": values(boxes),
            "mark": {**text, "fontWeight": "bold", "lineBreak": "\n"},
            "encoding": {
                "x": _axis("x"),
                "y": _axis("name_y"),
                "text": {"field": "name", "type": "nominal"},
            },
        },
        {
            "data": values(boxes),
            "mark": {**text, "fontSize": 11},
            "encoding": {
                "x": _axis("x"),
                "y": _axis("y"),
                "text": {"field": "at", "type": "nominal"},
            },
        },
    ]


def _arrows(told: dict[str, str]) -> list[Spec]:
    layers: list[Spec] = []
    for name, (start, end, angle, label, align) in ARROWS.items():
        data = values(
            pl.DataFrame(
                {
                    "x": [float(start[0])], "y": [float(start[1])],
                    "x2": [float(end[0])], "y2": [float(end[1])],
                    "at_x": [float(label[0])], "at_y": [float(label[1])],
                    "told": [f"{name} {told[name]}"],
                }
            )
        )  # fmt: skip
        ends = {"x": _axis("x"), "y": _axis("y"), "x2": {"field": "x2"}, "y2": {"field": "y2"}}
        head: Spec = {
            "type": "point", "shape": "triangle-up", "filled": True, "size": 90, "opacity": 1,
            "angle": angle, "color": colour("quiet"),
        }  # fmt: skip
        layers += [
            {
                "data": data,
                "mark": {"type": "rule", "color": colour("quiet"), "strokeWidth": 2},
                "encoding": ends,
            },
            {"data": data, "mark": head, "encoding": {"x": _axis("x2"), "y": _axis("y2")}},
            {
                "data": data,
                "mark": {"type": "text", "align": align, "color": colour("ink"), "fontSize": 12},
                "encoding": {
                    "x": _axis("at_x"), "y": _axis("at_y"),
                    "text": {"field": "told", "type": "nominal"},
                },
            },
        ]  # fmt: skip
    return layers
