"""What a study file says about who was lost."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from salutogen.analyses.contract import AnalysisSettings
from salutogen.study.format.part import Label, Name


class AttritionSettings(AnalysisSettings):
    """What being lost goes with, weights for it, and how bad it must be to turn a claim."""

    scores: tuple[Literal["P", "E", "SR"], ...] = Field(
        default=("P", "E"),
        description="Scores at an occasion that loss after it may go with; SR is made of P and E, "
        "so that not all three are asked. None (`[]`) leaves room for factors and background.",
    )
    factors: tuple[Name, ...] | None = Field(
        default=None,
        description="Factors, as they stand at the first occasion; default: the study's factors.",
    )
    background: tuple[Name, ...] | None = Field(
        default=None, description="Background columns, or the arm; default: all there are."
    )
    end: Label | None = Field(
        default=None,
        description="Occasion from which on nobody who is seen counts as lost; default: the last "
        "at which anybody was seen.",
    )
    truncate: float = Field(
        default=0.0,
        ge=0,
        le=0.1,
        description="Share of the weights at either end of an occasion that are moved to the "
        "nearest one that is kept, such as 0.01; steadier, and biased towards those present.",
    )
    numerator: Literal["occasions", "baseline"] = Field(
        default="occasions",
        description="What stabilises the weights: occasions alone, or factors and background too. "
        "With these, means over persons stay selected on them.",
    )
