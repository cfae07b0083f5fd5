"""What a study file says about classes of courses: models, effort and the gates' thresholds."""

from __future__ import annotations

import math
from typing import Literal, Self

from pydantic import Field, model_validator

from salutogen.study.format import Part

CourseModel = Literal[
    "latent-class-growth",
    "random-intercept",
    "random-intercept-and-slope",
    "random-intercept-and-jump",
    "unstructured",
]
Variances = Literal["equal", "free"]
Shape = Literal["positions", "quadratic"]


class GateSettings(Part):
    """What must hold before classes are claimed. Defaults: the definitions of this package."""

    bic: float = Field(
        default=10.0, gt=0, description="BIC lower by at least this than with one class fewer."
    )
    entropy: float = Field(default=0.7, ge=0, le=1, description="Relative entropy, at least.")
    share: float = Field(
        default=0.05, gt=0, lt=0.5, description="Share of the smallest class, at least."
    )
    persons: int = Field(
        default=25, ge=2, description="Persons in the smallest class (most probable), at least."
    )
    p: float = Field(
        default=0.05,
        gt=0,
        lt=1,
        description="p of the bootstrap likelihood-ratio test against one class fewer, below.",
    )
    starts_at_best: int = Field(
        default=2, ge=1, description="Starts that reached the best solution, at least."
    )
    split_half: float = Field(
        default=0.6,
        ge=0,
        le=1,
        description="Median adjusted Rand index between models of two halves, at least.",
    )
    bootstrap: float = Field(
        default=0.7,
        ge=0,
        le=1,
        description="Median adjusted Rand index with models of resampled persons, at least.",
    )
    assumptions: float = Field(
        default=0.6,
        ge=0,
        le=1,
        description="Adjusted Rand index between assumption sets near the best, at least, for "
        "every pair.",
    )
    near: float = Field(
        default=10.0, ge=0, description="Assumption sets near the best: within this many of BIC."
    )


class ClassSettings(Part):
    """Classes of courses: which models are tried, how hard, and what must hold for a claim.

    SR = observed - expected problems. Positive = over-reactive = less resilient.
    """

    max: int = Field(default=6, ge=2, le=8, description="Most classes tried; from 1.")
    models: tuple[CourseModel, ...] = Field(
        default=(
            "random-intercept",
            "random-intercept-and-slope",
            "random-intercept-and-jump",
            "unstructured",
        ),
        min_length=1,
        description="Models on which a claim may rest: how persons of a class may differ. With a "
        "jump, each person has a size of jump of its own and all its course; unstructured allows "
        "every covariance of positions. latent-class-growth has no random effects and finds "
        "classes wherever persons differ; it is shown beside the others in any case.",
    )
    variances: tuple[Variances, ...] = Field(
        default=("equal", "free"),
        min_length=1,
        description="Residual and random variances: equal over classes, or free.",
    )
    shape: Shape = Field(
        default="positions",
        description="Mean course of a class: a value for each position, or a quadratic in it.",
    )
    starts: int = Field(default=20, ge=2, le=1000, description="Starts of each model.")
    resamples: int = Field(
        default=20,
        ge=5,
        le=1000,
        description="Pairs of halves, and samples of persons drawn with replacement.",
    )
    blrt_draws: int = Field(
        default=59,
        ge=39,
        le=9999,
        description="Draws of the bootstrap likelihood-ratio test; it ends early once p cannot "
        "fall below its threshold.",
    )
    fewest: int = Field(
        default=50, ge=10, description="Fewest persons among whom classes are looked for."
    )
    gates: GateSettings = GateSettings()

    @model_validator(mode="after")
    def _gates_can_hold(self) -> Self:
        """Refuse draws or starts so few that a gate could never hold."""
        if self.starts < self.gates.starts_at_best:
            raise ValueError(
                f"{self.starts} starts cannot reach the best solution "
                f"{self.gates.starts_at_best} times: ask for at least "
                f"{self.gates.starts_at_best} starts"
            )
        if 1 / (1 + self.blrt_draws) >= self.gates.p:
            needed = math.floor(1 / self.gates.p)
            raise ValueError(
                f"{self.blrt_draws} draws cannot give p below {self.gates.p:g}: ask for at least "
                f"{needed}"
            )
        return self
