"""One palette for every figure: each colour has a name, a light and a dark value.

Categories follow Okabe and Ito (2008), which people with any common colour vision tell apart; SR
runs from blue (below 0, more resilient) through grey to orange (above 0, over-reactive).
"""

from __future__ import annotations

import re

# name: (on white, on dark). The light value is what SVG and PNG files show.
PALETTE: dict[str, tuple[str, str]] = {
    "paper": ("#ffffff", "#161b26"),
    "ink": ("#1d2433", "#e8ebf2"),
    "quiet": ("#586175", "#aab3c4"),
    "grid": ("#e4e8ef", "#2f3848"),
    "withheld": ("#dde1e8", "#2b3342"),
    "axis": ("#9aa3b3", "#657187"),
    "person": ("#8d97a8", "#7f8ba0"),
    "exposure": ("#b35000", "#ff9f5c"),
    "problems": ("#0b6aa8", "#5fb4f0"),
    "line": ("#123a66", "#9ccbff"),
    "sr-1": ("#0a5fa5", "#4aa8f5"),
    "sr-2": ("#5f9fcd", "#8fc6f2"),
    "sr-3": ("#969ca8", "#8b93a2"),
    "sr-4": ("#dc8f4c", "#f5b98a"),
    "sr-5": ("#b34a00", "#ff8a3d"),
    "heat-1": ("#dbe8f5", "#1f3350"),
    "heat-2": ("#a9cbe8", "#2a5482"),
    "heat-3": ("#6ba3d3", "#2f6ba3"),
    "heat-4": ("#2f74b1", "#69abe6"),
    "heat-5": ("#124a80", "#b7dbfb"),
    "one": ("#0072b3", "#5eb3ec"),
    "two": ("#c85000", "#ff9655"),
    "three": ("#00825f", "#3dcf9f"),
    "four": ("#a8508a", "#e9a6cb"),
    "five": ("#7f6600", "#e3c653"),
    "six": ("#4a52b8", "#a9aef7"),
    "seven": ("#6b4a36", "#d3b39d"),
    "eight": ("#4f5866", "#b9c1ce"),
}
SR_CLASSES = ("sr-1", "sr-2", "sr-3", "sr-4", "sr-5")
HEAT = ("heat-1", "heat-2", "heat-3", "heat-4", "heat-5")
CATEGORIES = ("one", "two", "three", "four", "five", "six", "seven", "eight")
_PAINT = re.compile(r'\b(fill|stroke|stop-color)="(#[0-9a-f]{6})"')


def colour(name: str) -> str:
    """Return the light value of a colour of the palette."""
    return PALETTE[name][0]


def colours(names: tuple[str, ...]) -> list[str]:
    """Return the light values of several colours."""
    return [colour(name) for name in names]


NAME_OF = {light: name for name, (light, _) in PALETTE.items()}


def follow_theme(svg: str) -> str:
    """Let every colour of the palette in an SVG follow the page's theme by a CSS variable."""

    def variable(match: re.Match[str]) -> str:
        name = NAME_OF.get(match[2])
        return match[0] if name is None else f'{match[1]}="var(--c-{name},{match[2]})"'

    return _PAINT.sub(variable, svg)


def css_variables(theme: int) -> str:
    """Declare the palette as CSS variables; 0 is light, 1 is dark."""
    return "".join(f"--c-{name}:{pair[theme]};" for name, pair in PALETTE.items())
