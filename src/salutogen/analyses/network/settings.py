"""What a study file says about networks of momentary answers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from salutogen.analyses.contract import AnalysisSettings
from salutogen.study.format.part import Name


class NetworkSettings(AnalysisSettings):
    """What moves with what: from prompt to prompt, at one prompt, and between persons' means."""

    variables: tuple[Name, ...] | None = Field(
        default=None,
        min_length=2,
        max_length=12,
        description="Nodes: momentary instruments by their name (their score), or single items by "
        "the item's name; default: the items of affect and the score of the stressor, or the "
        "scores alone where that is more than twelve.",
    )
    random_effects: Literal["orthogonal", "correlated"] = Field(
        default="orthogonal",
        description="Whether persons' own effects may be correlated; that asks for many persons.",
    )
    groups: Name | None = Field(
        default=None,
        description="Background with two groups of persons, or `arm`, whose networks of means are "
        "compared.",
    )
    permutations: Annotated[int, Field(ge=99, le=100_000)] = Field(
        default=1000, description="Permutations of persons between the groups."
    )
    draws: Annotated[int, Field(ge=0, le=5000)] = Field(
        default=100,
        description="Samples of persons behind the stability of edges; 0 for none.",
    )
