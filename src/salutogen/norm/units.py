"""What one unit of a line's exposure is: levels differ in it, so that their slopes do as well."""

from __future__ import annotations

from salutogen.findings import listed
from salutogen.norm.lines import Line


def exposure_step(line: Line) -> str:
    """Name one unit of a line's E; in points of each kind where E is standardised at its level."""
    if line.standardiser is None:
        return "point of E"
    moments = line.standardiser
    kinds = [
        f"{_short(sd)} points of {name.removeprefix('E_')}"
        for name, sd in zip(moments.columns, moments.sds, strict=True)
    ]
    if len(kinds) == 1:
        return f"SD of E ({kinds[0]})"
    return f"unit of E ({listed(kinds, most=len(kinds))} at once)"


def _short(sd: float) -> str:
    """Write an SD with three significant digits: pages without persons tell no more."""
    return f"{float(f'{sd:.3g}'):,g}"


def slope_unit(line: Line) -> str:
    """Unit of the slope of a line on its E."""
    return f"points of P per {exposure_step(line)}"


def unit_of_term(line: Line, term: str) -> str:
    """Unit of a coefficient of a line."""
    if term == "intercept":
        return "points of P"
    if term == "E":
        return slope_unit(line)
    if term in line.predictors:
        return f"points of P per point of {term.removeprefix('E_')}"
    if term.startswith("E"):
        return f"points of P, bend along E in each {exposure_step(line)}"
    return f"points of P per unit of {term}"
