"""What a study file says about labels by rule: the band and what back means."""

from __future__ import annotations

from pydantic import Field

from salutogen.study.format import Part


class LabelSettings(Part):
    """How courses get their labels."""

    band: float = Field(
        default=1.96,
        gt=0,
        description="Half width of the band around the own pre-level, in multiples of sqrt(2) SEM.",
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
    draws: int = Field(
        default=500, ge=10, le=100_000, description="Draws for the probability of each label."
    )
