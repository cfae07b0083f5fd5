"""What a study file says about anchors: which events, and under which rule they are new."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from salutogen.study.format import Name, Part

Rule = Literal["first-strict", "first-any", "onset", "demo-loop"]
RULES: tuple[Rule, ...] = ("first-strict", "first-any", "onset")


class EventSettings(Part):
    """Which answers, or which dated events, can anchor a trajectory."""

    source: Name | None = Field(
        default=None,
        description="Source of dated events (layout row-per-event), instead of checklists.",
    )
    instruments: tuple[Name, ...] = Field(
        default=(),
        description="Checklists whose items are events; default: every type of exposure.",
    )
    items: tuple[Name, ...] = Field(
        default=(),
        description="Only these items of them, or kinds of dated events; default: all.",
    )
    threshold: float | None = Field(
        default=None,
        description="An event counts from this answer (or rating) on; default: whenever it "
        "happened.",
    )

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if self.source is not None and self.instruments:
            raise ValueError("events come from `source` or from `instruments`, not from both")
        return self
