"""What a study file says about labels by rule: the band and what back means."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from salutogen.study.format import Part

BandFrom = Literal["fluctuation", "answers"]


class LabelSettings(Part):
    """How courses get their labels."""

    band: float = Field(
        default=1.96,
        gt=0,
        description="Half width of the band around the own pre-level, in multiples of sqrt(2) "
        "times the SD that `band_from` names.",
    )
    band_from: BandFrom = Field(
        default="fluctuation",
        description="fluctuation: the SD of SR within persons, from occasions at which no anchor "
        "event acts. answers: the standard error of measurement alone, which leaves out that "
        "persons differ from day to day.",
    )
    tolerance: float = Field(
        default=1.0,
        gt=0,
        description="At the last position, back means below the pre-level plus this many half "
        "widths of the band.",
    )
    high: float = Field(
        default=1.0, description="Pre-existing high: SR_z before the event above this."
    )
