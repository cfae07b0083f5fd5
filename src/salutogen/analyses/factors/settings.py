"""What a study file says about resilience factors and later SR."""

from __future__ import annotations

from pydantic import Field

from salutogen.analyses.contract import AnalysisSettings
from salutogen.analyses.imputations_key import Imputations
from salutogen.study.format.part import Label, Name


class FactorsSettings(AnalysisSettings):
    """Which factors go with later SR, each alone and all together, in two steps and in one."""

    factors: tuple[Name, ...] | None = Field(
        default=None,
        min_length=1,
        description="Factors to relate; default: the study's factors. `reactivity` and `recovery` "
        "stand for what momentary answers say of persons, in the bursts up to the occasion given "
        "under `measured` (default: all before `from`, else the first).",
    )
    covariates: tuple[Name, ...] = Field(
        default=(),
        description="Background columns, baseline factors or the arm, held constant in both "
        "steps: age, sex, site or batch of a measurement.",
    )
    measured: Label | dict[Name, Label] | None = Field(
        default=None,
        description="Occasion at which the factors were measured, for all or by factor; default: "
        "the first planned one.",
    )
    first: Label | None = Field(
        default=None,
        alias="from",
        description="First occasion of the later SR; default: the one after the factors.",
    )
    last: Label | None = Field(
        default=None, alias="to", description="Last occasion of the later SR; default: the last."
    )
    again: Label | None = Field(
        default=None,
        description="Occasion at which repeated factors were measured again, to ask which are "
        "worth it; default: near the middle, where most of them were answered.",
    )
    turning: tuple[Name, ...] = Field(
        default=(),
        description="Factors, such as lifetime adversity, of which it is asked whether a little "
        "goes with less SR and much with more (two lines); lists of adversity are asked always.",
    )
    draws: int = Field(
        default=2000, ge=200, le=100_000, description="Samples of persons for adjusted p values."
    )
    false_selections: float = Field(
        default=1.0, gt=0, le=50, description="Bound on the expected number of false selections."
    )
    grouped_from: float = Field(
        default=0.6,
        gt=0,
        lt=1,
        description="Correlation, either way, from which on factors are selected as a group.",
    )
    imputations: Imputations | None = Field(
        default=None,
        description="Completed data sets of all persons with later SR or a factor, over which "
        "coefficients are pooled beside those of persons who lack nothing (multiple imputation by "
        "chained equations); at least the percentage that is missing; or a "
        "`file` of sets that were made elsewhere. Default: none.",
    )
