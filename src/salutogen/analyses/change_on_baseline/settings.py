"""What a study file says about change on baseline."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from salutogen.analyses.contract import AnalysisSettings
from salutogen.analyses.imputations_key import Imputations
from salutogen.study.format.part import Label, Name


class ChangeOnBaselineSettings(AnalysisSettings):
    """Change of problems on problems before, corrected for regression to the mean."""

    baseline: Label | None = Field(
        default=None, description="Occasion before the stressor; default: the first planned one."
    )
    after: Label | None = Field(
        default=None,
        description="Occasion after the stressor, one as the baseline is: a mean of several has "
        "less error, which makes a slope. Default: the one after the baseline.",
    )
    covariates: tuple[Name, ...] = Field(
        default=(),
        description="Background columns, baseline factors or the arm that change may go with; "
        "their coefficients are corrected, too.",
    )
    k: tuple[Annotated[float, Field(ge=1, le=20)], ...] = Field(
        default=(1.0, 1.2, 1.5, 2.0),
        min_length=1,
        description="How many times their correlation both measurements would correlate without "
        "the stressor.",
    )
    bootstrap: int = Field(
        default=1000, ge=100, le=10_000, description="Draws of persons for intervals."
    )
    imputations: Imputations | None = Field(
        default=None,
        description="Completed data sets, over which the slopes of all persons with one of both "
        "measurements are pooled beside those of persons with both (multiple imputation by chained "
        "equations); at least the percentage that is missing; or a "
        "`file` of sets that were made elsewhere. Default: none.",
    )
