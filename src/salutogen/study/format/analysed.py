"""What is analysed: what counts as P and E, the line between them, and how SR is scored."""

from typing import Annotated, Literal

from pydantic import Field

from salutogen.study.format.collected import MissingCodes
from salutogen.study.format.item_bank import not_written
from salutogen.study.format.part import Label, Part
from salutogen.study.format.quantities import Duration


class Problems(Part):
    """What counts as mental-health problems P."""

    instruments: Annotated[tuple[str, ...], Field(min_length=1)] = Field(
        description="Names of the instruments."
    )
    combine: Literal["single", "sum", "first-component"] = Field(
        "single",
        description="How several make P: their sum, or the first principal component of their "
        "z values, fitted once.",
    )
    scoring: str | None = Field(None, description="A scoring of the registry, e.g. bimodal.")


ExposureScore = Literal["count", "frequency", "severity", "relative"]


class Exposure(Part):
    """What counts as stressor exposure E, by type."""

    types: Annotated[tuple[str, ...], Field(min_length=1)] = Field(
        description="Instruments, each a type of stressors."
    )
    score: ExposureScore | dict[str, ExposureScore] = Field(
        "count",
        description="How a type is scored, for all or by type: number of stressors, sum of "
        "frequencies, sum of burden, or share of the most that was possible with what was asked.",
    )
    combine: Literal["sum", "composite", "separate"] = Field(
        "composite",
        description="How types make E: plain sum, mean of z values (equal weights), or one "
        "predictor each.",
    )
    threshold: float | None = Field(
        None,
        description="count: an event counts from this code on (default: any occurrence).",
    )


class Reference(Part):
    """The persons and occasions a line is fitted on."""

    arm: Label | None = Field(None, description="An arm of the trial.")
    phase: str | None = Field(
        None, description="A phase of `resilience.phases`, in the place of a window."
    )
    window: int | None = Field(None, description="A window, counted from 1.")


class NormSettings(Part):
    """Which E-P line is primary, its shape and the set it is fitted on."""

    unit: Literal["person", "occasion", "window", "mixed"] = Field(
        "person",
        description="Which line is reported as primary; each level is scored by its own line.",
    )
    shape: Literal["linear", "quadratic", "spline", "test"] = Field(
        "linear", description="Shape of the line; `test` decides between linear and quadratic."
    )
    reference: Literal["all", "first-window"] | Reference = Field(
        "all", description="Whom and when the lines are fitted on."
    )
    covariates: tuple[str, ...] = Field(
        (), description="Background columns in the line; never factors."
    )
    file: str | None = Field(None, description="norm.json of another study, used as it is.")
    cross_fit: Annotated[int, Field(ge=2, le=1000)] | None = Field(
        None,
        exclude_if=not_written,
        description="Parts of the persons: each person is also scored by a line that was fitted to "
        "the other parts, beside the plain score; nothing by default.",
    )


class Windows(Part):
    """Sliding windows: whole numbers count occasions, lengths of time are time."""

    width: Annotated[int, Field(ge=1, strict=True)] | Duration = Field(
        3, description="Occasions in a window, or its length of time."
    )
    step: Annotated[int, Field(ge=1, strict=True)] | Duration = Field(
        1, description="How far the next window is moved."
    )
    valid: Annotated[int, Field(ge=1)] = Field(
        2, description="Occasions with both E and P a person needs in a window."
    )

    @property
    def overlap(self) -> bool:
        """Whether a window shares occasions, or days, with the next."""
        width = self.width if isinstance(self.width, int) else self.width.days
        return (self.step if isinstance(self.step, int) else self.step.days) < width


class Phase(Part):
    """A named stretch of planned occasions, both ends included."""

    first: Label = Field(alias="from", description="Label of the first occasion.")
    last: Label = Field(alias="to", description="Label of the last occasion.")


class ResilienceSettings(Part):
    """Windows, phases, bootstrap and the assumptions of the sensitivity bands."""

    windows: Windows | None = Field(
        Windows(), description="Sliding windows; nothing switches them off."
    )
    phases: dict[str, Phase] = Field(default_factory=dict, description="Named stretches of time.")
    bootstrap: Annotated[int, Field(ge=0, le=100_000)] = Field(
        1000, description="Draws of persons for intervals; 0 for none."
    )
    stability: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        None,
        description="Correlation of P given E between occasions, from elsewhere; used only where "
        "persons have one occasion, which cannot tell a lasting level from a passing state.",
    )
    autocorrelation: Annotated[float, Field(ge=0, le=0.95)] | None = Field(
        None,
        description="Correlation of a person's SR around its level at adjacent occasions, from "
        "elsewhere; used only where the occasions cannot tell it (two of each person).",
    )
    exposure_reliability: tuple[Annotated[float, Field(gt=0, le=1)], ...] = Field(
        (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0),
        description="Reliabilities of E for the sensitivity band.",
    )
    mood_reporting: tuple[float, ...] = Field(
        (0.0, 0.1, 0.2, 0.3, 0.4),
        description="Shares g of P that may have coloured reports of E, for the sensitivity band.",
    )


class MissingRules(Part):
    """What happens with skipped items."""

    prorate: Annotated[float, Field(gt=0, le=1)] = Field(
        0.8, description="Problems are prorated from this share of valid items."
    )
    checklist: Annotated[float, Field(ge=0, le=1)] = Field(
        0.2,
        description="Explicit checklists: more than this share skipped gives no exposure.",
    )
    codes: MissingCodes = Field(
        MissingCodes(), description="Codes in the data that stand for missing answers."
    )


class ReportSettings(Part):
    """What the report shows of single persons."""

    individuals: Literal["show", "hide"] = Field(
        "show",
        description="hide: densities instead of persons, cells below 5 suppressed, no "
        "person-level data in the page.",
    )
