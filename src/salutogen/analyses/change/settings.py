"""What a study file says about the order of change."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from salutogen.analyses.contract import AnalysisSettings
from salutogen.study.format.part import Label, Name


class ChangeSettings(AnalysisSettings):
    """Cross-lagged models of repeated variables: what goes before what, within persons."""

    variables: tuple[str, ...] = Field(
        min_length=2,
        max_length=4,
        description="Two to four variables that are scored at each occasion: `SR` or `P`, `E` or "
        "an exposure type as `E_<type>`, repeated factors by their name (`factor:<name>` where a "
        "score is called so).",
    )
    occasions: tuple[Label, ...] | None = Field(
        default=None,
        min_length=2,
        description="Occasions that are used, equally far apart; default: all at which every "
        "variable was asked.",
    )
    lag: Literal[1, 2] = Field(
        default=1, description="How many occasions back a variable may reach."
    )
    lags: Literal["equal", "free"] = Field(
        default="equal",
        description="Whether effects are held equal over occasions; the test of it is always "
        "shown.",
    )
    covariates: tuple[str, ...] = Field(
        default=(),
        max_length=8,
        description="Background or factors measured once, by the study's names; they act on the "
        "persons' levels, and are adjusted for in the lagged regression.",
    )
    groups: Name | None = Field(
        default=None,
        description="`arm`, or background with two to five labels such as a site: effects are also "
        "estimated in each group, and tested against effects that all groups share.",
    )
    reliability: dict[str, Annotated[float, Field(gt=0, le=1)]] = Field(
        default={},
        description="Assumed reliability of single variables at one occasion: a further model "
        "shows the effects without that error.",
    )
