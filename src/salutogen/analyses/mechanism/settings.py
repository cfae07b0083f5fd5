"""What a study file says about a mechanism."""

from __future__ import annotations

from pydantic import Field

from salutogen.analyses.contract import AnalysisSettings
from salutogen.analyses.imputations_key import Imputations
from salutogen.study.format.part import Label, Name


class MechanismSettings(AnalysisSettings):
    """Whether a factor goes with later SR through a mechanism that was measured in between."""

    factor: Name = Field(
        description="Factor, background or arm (two categories) that is to come first."
    )
    mechanism: Name = Field(
        description="Repeated or baseline factor, or another repeated scale, that is to lie "
        "between the factor and SR."
    )
    covariates: tuple[Name, ...] = Field(
        default=(),
        description="Factors and background that may act on factor, mechanism and SR; measured "
        "before the mechanism.",
    )
    factor_at: Label | None = Field(
        default=None,
        description="Occasion of a repeated factor; default: the first planned one.",
    )
    mechanism_at: Label | None = Field(
        default=None,
        description="Occasion of a repeated mechanism; default: the one after the factor's.",
    )
    after: Label | None = Field(
        default=None,
        description="SR is taken from the occasions after this one; default: the mechanism's.",
    )
    bootstrap: int = Field(
        default=5000, ge=100, le=50_000, description="Draws of persons for intervals."
    )
    imputations: Imputations | None = Field(
        default=None,
        description="Completed data sets of all persons with factor, mechanism or later SR, over "
        "which paths are pooled beside those of persons who lack nothing (multiple imputation by "
        "chained equations); at least the percentage that is missing; or a "
        "`file` of sets that were made elsewhere. Default: none.",
    )
