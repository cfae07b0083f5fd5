"""What a study file says about the incremental validity of SR."""

from __future__ import annotations

from pydantic import Field

from salutogen.analyses.contract import AnalysisSettings
from salutogen.study.format.part import Label, Name


class IncrementalValiditySettings(AnalysisSettings):
    """What SR adds to problems and exposure in foretelling an outcome that comes after them."""

    outcome: Name = Field(
        description="What is foretold: a scale, a factor, or a background column, as a number."
    )
    at: Label | None = Field(
        default=None,
        description="Occasion at which the outcome was measured; default for what is asked "
        "repeatedly: the last one. Problems, exposure and SR are taken from before it.",
    )
    first: Label | None = Field(
        default=None,
        alias="from",
        description="First occasion of problems, exposure and SR; default: the first planned one.",
    )
    covariates: tuple[Name, ...] = Field(
        default=(),
        description="Background columns, baseline factors or the arm that are known in any case.",
    )
