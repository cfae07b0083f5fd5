"""What a study file says about early-warning indicators."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from salutogen.analyses.contract import AnalysisSettings


class EarlyWarningSettings(AnalysisSettings):
    """Indicators of single persons' affect from burst to burst, and what they could show."""

    affect: tuple[Literal["negative", "positive"], ...] | None = Field(
        default=None,
        min_length=1,
        max_length=2,
        description="Which momentary affect is looked at; default: what the study has.",
    )
    windows: Literal["bursts", "days"] | None = Field(
        default=None,
        description="Whether indicators are taken by burst or in windows of days. Default: by "
        "burst where the study has three, else by days.",
    )
    window_days: Annotated[int, Field(ge=2, le=365)] = Field(
        default=7, description="Days of a window, where windows are of days."
    )
    step_days: Annotated[int, Field(ge=1, le=365)] = Field(
        default=7,
        description="Days from the begin of a window to that of the next; less than `window_days` "
        "makes windows that move and overlap.",
    )
    least: Annotated[int, Field(ge=5)] = Field(
        default=10,
        description="Answers with one before them on the same day that a window needs at least.",
    )
    trends: bool = Field(
        default=True,
        description="Whether straight trends over the window and over the hours of the day are "
        "removed within each window.",
    )
    rise: Annotated[float, Field(gt=0, le=0.9)] = Field(
        default=0.3,
        description="Rise of the autocorrelation, from the first to the last window, for which the "
        "sensitivity is told.",
    )
    share: Annotated[float, Field(gt=0, lt=1)] = Field(
        default=0.1,
        description="Share of persons on the way to a change for which is told how many of those "
        "who show a rise would be among them.",
    )
    surrogates: Annotated[int, Field(ge=99, le=10_000)] = Field(
        default=500, description="Series of each person without any change, and as many with one."
    )
