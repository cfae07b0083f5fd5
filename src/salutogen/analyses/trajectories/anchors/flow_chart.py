"""Flow chart: who is kept as anchored, and who is left out at each condition."""

from __future__ import annotations

from itertools import pairwise

import polars as pl

from salutogen.analyses.trajectories.anchors.anchored import Anchored
from salutogen.analyses.trajectories.anchors.flow import STEPS, shown_flow
from salutogen.columns import Column, Kind
from salutogen.page.audience import Audience
from salutogen.page.charting import Spec, values
from salutogen.page.colours import colour
from salutogen.page.section import Figure

STEP, BOX = 66, 44
KEPT_RIGHT, OUT_LEFT, OUT_RIGHT = 330, 390, 640
REASONS = (
    "not seen at such an occasion",
    "no listed event there",
    "too few occasions before or after",
    "the event is not new under the rule",
)


COLUMNS = (
    Column(name="words", meaning="Condition, or reason for leaving out", kind=Kind.LABEL),
    Column(name="n", meaning="Persons", kind=Kind.COUNT),
    Column(name="what", meaning="Kept or left out", kind=Kind.LABEL),
)


def flow_chart(anchored: Anchored, audience: Audience) -> Figure:
    """Boxes of who is left, with those left out beside them, under the rule of the plan."""
    rule = anchored.rule
    counts = list(anchored.flow[rule].values())
    kept = shown_flow(anchored.flow, rule, audience)[rule]
    left_out = [
        None if before is None or after is None else before - after
        for before, after in pairwise(kept)
    ]
    gone = [before - after for before, after in pairwise(counts)]
    height = STEP * len(counts)
    boxes = pl.DataFrame(
        [
            _box(place, height, _words(shown, n, audience), words)
            for place, (shown, n, words) in enumerate(zip(kept, counts, STEPS, strict=True))
        ]
    )
    beside = pl.DataFrame(
        [
            _box(place + 0.5, height, _words(shown, n, audience), words)
            for place, (shown, n, words) in enumerate(zip(left_out, gone, REASONS, strict=True))
        ]
    )
    arrows = pl.DataFrame(
        [
            {"top": height - STEP * place - BOX, "end": height - STEP * (place + 1)}
            for place in range(len(counts) - 1)
        ]
    )
    told = "; ".join(
        f"{row['n']} {_after_number(row['words'])}" for row in boxes.iter_rows(named=True)
    )
    return Figure(
        name=f"trajectories-{rule}-flow-chart",
        title=f"Who is kept, and why ({rule})",
        description=f"Persons left after each condition: {told}.",
        chart={
            "width": OUT_RIGHT,
            "height": height,
            "layer": [
                *_drawn(boxes, 0, KEPT_RIGHT, "one", height),
                *_drawn(beside, OUT_LEFT, OUT_RIGHT, "quiet", height),
                *_arrows(arrows, beside, height),
            ],
        },
        data=pl.DataFrame(
            {
                "words": [*STEPS, *REASONS],
                "n": [*kept, *left_out],
                "what": ["kept"] * len(STEPS) + ["left out"] * len(REASONS),
            },
            schema_overrides={"n": pl.Int64},
        ),
        columns=COLUMNS,
    )


def _after_number(words: str) -> str:
    """A step that goes on from the one before, as it reads after a number."""
    further = words.removeprefix("and ")
    return words if further == words else f"of these with {further}"


def _words(shown: int | None, n: int, audience: Audience) -> str:
    """A count, or what may be said in its place."""
    if shown is None:
        return "few" if audience.is_small(n) else "some"
    return f"{shown:,}"


def _box(place: float, height: int, n: str, words: str) -> dict[str, float | str]:
    top = height - STEP * place
    return {"n": n, "words": words, "top": top, "bottom": top - BOX, "middle": top - BOX / 2}


def _axis(name: str, end: int) -> Spec:
    return {
        "field": name,
        "type": "quantitative",
        "axis": None,
        "scale": {"domain": [0, end], "nice": False, "zero": False},
    }


def _at(x: float) -> Spec:
    return {
        "datum": x,
        "type": "quantitative",
        "axis": None,
        "scale": {"domain": [0, OUT_RIGHT], "nice": False, "zero": False},
    }


def _drawn(boxes: pl.DataFrame, left: int, right: int, shade: str, height: int) -> list[Spec]:
    """Boxes with their number and words."""
    middle = _axis("middle", height)
    text: Spec = {"align": "left", "baseline": "middle", "color": colour("ink")}
    return [
        {
            "data": values(boxes),
            "mark": {
                "type": "rect",
                "fill": colour(shade),
                "fillOpacity": 0.12,
                "stroke": colour(shade),
                "strokeWidth": 1.5,
                "cornerRadius": 4,
            },
            "encoding": {
                "x": _at(left),
                "x2": {"datum": right},
                "y": _axis("bottom", height),
                "y2": {"field": "top"},
            },
        },
        {
            "data": values(boxes),
            "mark": {**text, "type": "text", "dx": 12, "dy": -8, "fontWeight": "bold"},
            "encoding": {"x": _at(left), "y": middle, "text": {"field": "n", "type": "nominal"}},
        },
        {
            "data": values(boxes),
            "mark": {**text, "type": "text", "dx": 12, "dy": 9, "fontSize": 11},
            "encoding": {
                "x": _at(left),
                "y": middle,
                "text": {"field": "words", "type": "nominal"},
            },
        },
    ]


def _arrows(arrows: pl.DataFrame, beside: pl.DataFrame, height: int) -> list[Spec]:
    """Lines down from box to box, and across to those left out."""
    stroke: Spec = {"type": "rule", "color": colour("quiet"), "strokeWidth": 1.5}
    middle = KEPT_RIGHT / 2
    return [
        {
            "data": values(arrows),
            "mark": stroke,
            "encoding": {
                "x": _at(middle),
                "y": _axis("top", height),
                "y2": {"field": "end"},
            },
        },
        {
            "data": values(arrows),
            "mark": {
                "type": "point",
                "shape": "triangle-down",
                "filled": True,
                "size": 60,
                "opacity": 1,
                "color": colour("quiet"),
                "dy": -4,
            },
            "encoding": {"x": _at(middle), "y": _axis("end", height)},
        },
        {
            "data": values(beside),
            "mark": stroke,
            "encoding": {
                "x": _at(middle),
                "x2": {"datum": OUT_LEFT},
                "y": _axis("middle", height),
            },
        },
    ]
