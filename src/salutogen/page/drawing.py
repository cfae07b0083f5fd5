"""From a Vega-Lite specification to SVG and PNG that look the same on every machine."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from salutogen.page.colours import CATEGORIES, HEAT, colour, colours, follow_theme
from salutogen.page.drawing_processes import DrawingProcesses, Undrawn
from salutogen.page.section import Figure

FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
_ROOT = re.compile(r"<svg\b[^>]*>")
_HIDDEN_WORDS = re.compile(r' (?:role|aria-[a-z]+)="[^"]*"')
_IDS = re.compile(r'(\bid="|url\(#|href="#)([^")]+)')


@dataclass(frozen=True, repr=False)
class FigureFiles:
    """A drawn figure: a standalone SVG and a PNG of twice its size."""

    svg: bytes
    png: bytes

    def __repr__(self) -> str:
        """Say how large the files are."""
        return f"FigureFiles(svg of {len(self.svg):,} bytes, png of {len(self.png):,} bytes)"


@dataclass(frozen=True)
class DrawnFigure:
    """A drawn figure for files, and its SVG for the page."""

    files: FigureFiles
    inline: str


def house_style() -> dict[str, Any]:
    """Return the Vega-Lite configuration all figures share."""
    ink, quiet, grid = colour("ink"), colour("quiet"), colour("grid")
    return {
        "background": colour("paper"),
        "font": FONT,
        "view": {"stroke": None, "continuousWidth": 620, "continuousHeight": 340},
        "axis": {
            "labelColor": quiet,
            "titleColor": ink,
            "titleFontWeight": "normal",
            "titleFontSize": 13,
            "labelFontSize": 12,
            "titlePadding": 10,
            "gridColor": grid,
            "domainColor": colour("axis"),
            "tickColor": colour("axis"),
            "tickSize": 4,
            "labelPadding": 5,
        },
        # A number shifted into the frame would run into the next one.
        "axisX": {"grid": False, "labelFlush": False},
        "axisY": {"domain": False, "ticks": False},
        "legend": {
            "labelColor": ink,
            "titleColor": quiet,
            "titleFontWeight": "normal",
            "labelFontSize": 12,
            "titleFontSize": 12,
            "orient": "bottom",
            "labelLimit": 320,
            "symbolSize": 90,
        },
        "header": {"labelColor": ink, "labelFontSize": 13, "titleColor": quiet},
        "title": {"color": ink, "fontSize": 14, "anchor": "start", "fontWeight": "bold"},
        "text": {"color": ink, "fontSize": 12},
        "rule": {"color": quiet},
        "range": {"category": colours(CATEGORIES), "heatmap": colours(HEAT)},
    }


def specification(figure: Figure) -> dict[str, Any]:
    """Join a figure's specification with the house style."""
    spec = {key: value for key, value in figure.specification().items() if key != "$schema"}
    given = spec.pop("config", None)
    style = house_style()
    if isinstance(given, dict) and "$schema" not in given:
        style = {**style, **{k: v for k, v in given.items() if k not in style}}
    return {"padding": 6, **spec, "config": style}


def begin_to_draw(figures: Sequence[Figure], processes: DrawingProcesses) -> None:
    """Begin to draw figures that `draw` will be asked for."""
    processes.begin(map(specification, figures))


def draw(
    figures: Sequence[Figure], processes: DrawingProcesses
) -> tuple[dict[str, DrawnFigure], dict[str, Undrawn]]:
    """Draw every figure once, in their order.

    Returns
    -------
    dict of name to DrawnFigure, dict of name to Undrawn
        What was drawn, and why the others were not.
    """
    drawings = processes.draw([specification(figure) for figure in figures])
    drawn: dict[str, DrawnFigure] = {}
    undrawn: dict[str, Undrawn] = {}
    for figure, drawing in zip(figures, drawings, strict=True):
        if isinstance(drawing, Undrawn):
            undrawn[figure.name] = drawing
            continue
        svg, png = drawing
        described = _described(svg, figure)
        drawn[figure.name] = DrawnFigure(FigureFiles(described.encode(), png), _inline(described))
    return drawn, undrawn


def _own_ids(svg: str, name: str) -> str:
    """Number ids (clip paths) anew under the figure's name: unique on the page, same each time.

    Vega counts them on from drawing to drawing, so their own numbers depend on what was drawn
    before.
    """
    known: dict[str, str] = {}

    def renamed(match: re.Match[str]) -> str:
        return match[1] + known.setdefault(match[2], f"{name}-{len(known) + 1}")

    return _IDS.sub(renamed, svg)


def _described(svg: str, figure: Figure) -> str:
    """Give the drawing a name and a description, and silence its single marks."""
    root = _ROOT.search(svg)
    start = root.end() if root else 0
    opening, body = svg[:start], _HIDDEN_WORDS.sub("", svg[start:])
    body = _own_ids(body, figure.name)
    title, text = f"{figure.name}-title", f"{figure.name}-desc"
    words = (
        f'<title id="{title}">{escape(figure.title)}</title>'
        f'<desc id="{text}">{escape(str(figure.description))}</desc>'
    )
    opening = opening.replace(
        "<svg", f'<svg role="img" aria-labelledby="{title}" aria-describedby="{text}"', 1
    )
    return opening + words + body


def _inline(described: str) -> str:
    """Return the SVG for the page: colours follow the theme, size follows the column."""
    described = follow_theme(described)
    width = re.search(r'width="([\d.]+)"', described)
    opening = re.sub(r' (?:width|height)="[\d.]+"', "", described[: described.index(">") + 1])
    size = f' style="max-width:{float(width[1]):.0f}px"' if width else ""
    return opening[:-1] + size + ">" + described[described.index(">") + 1 :]


def live_specification(figure: Figure) -> str:
    """Return the specification as JSON that may stand inside a script element."""
    spec = specification(figure)
    text = json.dumps(spec, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
