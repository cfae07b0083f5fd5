"""What a study file says about measuring alike."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from salutogen.analyses.contract import AnalysisSettings
from salutogen.study.format.part import Label, Name


class InvarianceSettings(AnalysisSettings):
    """Whether an instrument's items measure alike over occasions, and in groups of persons."""

    instrument: Name | None = Field(
        default=None,
        description="Instrument of three or more items; default: that of problems (where several "
        "make P, one has to be named).",
    )
    occasions: tuple[Label, ...] | None = Field(
        default=None,
        min_length=1,
        description="Occasions that are compared, the first being the standard; default: the first "
        "and the last at which the items were asked, and as many between them, evenly spread, as "
        "persons allow.",
    )
    groups: Name | None = Field(
        default=None,
        description="`arm`, or background with two to eight labels such as a site or a language: "
        "items are also compared between these groups, at the first of the occasions.",
    )
    items: Literal["ordered", "continuous"] | None = Field(
        default=None,
        description="What answers to an item are: `ordered` categories (thresholds, polychoric "
        "correlations) or `continuous` quantities; default: ordered where items have at most five "
        "different answers, or at most seven of which half or more are at one end, as far as "
        "persons and categories allow.",
    )
    strict: bool = Field(
        default=False,
        description="Whether a model in which residual variances are equal as well is fitted, so "
        "that scatter and correlations of scores can be compared; items taken for continuous only.",
    )
