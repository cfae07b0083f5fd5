"""What the opening says of the E-P line, made from the whole line."""

from __future__ import annotations

import numpy as np

from salutogen.findings import Persons
from salutogen.norm import Line
from salutogen.page.section import Text
from salutogen.page.words import percent, say, signed
from salutogen.report.context import Context


def line_in_words(context: Context) -> Text:
    """Say how problems go with exposure between persons."""
    line = context.norm.lines.person
    return say("In {n:# person|# persons}, ", n=Persons(line.n)) + _line_words(line)


def _line_words(line: Line) -> str:
    if line.slope is None:
        return (
            "several kinds of exposure together explain {percent(line.r_squared)} of the "
            "differences in problems."
        )
    place = line.terms.index("E")
    half = 1.96 * float(np.sqrt(max(line.covariance[place, place], 0.0)))
    low, high = line.slope - half, line.slope + half
    if low <= 0 <= high:
        return (
            "exposure to stressors and mental-health problems hang together too weakly to "
            f"say in which direction (slope {signed(line.slope, 3)}, 95 % interval "
            f"{signed(low, 3)} to {signed(high, 3)}): what exposure lets expect is then little "
            "more than the mean, and SR little more than problems."
        )
    more = "more" if line.slope > 0 else "fewer"
    unit = "unit of the composite" if line.standardiser is not None else "point"
    return (
        f"those exposed to more stressors had {more} problems: "
        f"{signed(line.slope, 3)} points for each {unit} of exposure (95 % interval "
        f"{signed(low, 3)} to {signed(high, 3)}). Exposure explains {percent(line.r_squared)} of "
        f"the differences in problems between persons; SR is what it does not explain."
    )
