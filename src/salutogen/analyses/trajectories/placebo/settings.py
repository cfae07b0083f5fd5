"""What a study file says about placebo anchors."""

from __future__ import annotations

from pydantic import Field

from salutogen.study.format import Part


class PlaceboSettings(Part):
    """How often occasions without an event are drawn, to hold labels beside what comes later."""

    draws: int = Field(
        default=200,
        ge=20,
        le=10_000,
        description="Draws of one occasion without a listed event for each anchor, in which labels "
        "are held beside what comes later. All other comparisons take every such occasion.",
    )
