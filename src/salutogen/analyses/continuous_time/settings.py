"""What a study file says about processes in continuous time."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from salutogen.analyses.contract import AnalysisSettings
from salutogen.study.format.part import Label, Name, Part
from salutogen.study.format.quantities import Duration

# A number above 0: a digit from 1 before the point, or after it.
ABOVE_0 = r"(\d{0,9}[1-9]\d{0,9}(\.\d{1,9})?|\d{1,9}\.\d{0,9}[1-9]\d{0,9})"
SIZE = rf"^\s*{ABOVE_0}\s*(SD|SDs|points?)\s*$"


class StressTest(Part):
    """A standard stressor: what is moved, how far, and what is looked at."""

    cause: Name = Field(default="E", description="Process or input that is moved, once, from rest.")
    effect: Name = Field(default="P", description="Process whose response is told.")
    size: str = Field(
        default="2 SD",
        pattern=SIZE,
        description="How far the cause is moved, above 0: in SDs within persons (`2 SD`), or in "
        "its points (`10 points`).",
    )
    horizon: Duration | None = Field(
        default=None,
        description="How far figures go; default: six times the median time between visits, or "
        "less where nothing is left by then.",
    )


class ContinuousTimeSettings(AnalysisSettings):
    """How problems and exposure act on each other while time flows, from visit to visit."""

    processes: tuple[Name, ...] = Field(
        default=("P", "E"),
        min_length=1,
        max_length=4,
        description="One to four variables that depend on their own past: `P` or `SR`, `E` or an "
        "exposure type as `E_<type>`, repeated factors by their name (`factor:<name>` where a "
        "score is called so).",
    )
    inputs: tuple[Name, ...] = Field(
        default=(),
        max_length=4,
        description="Variables that act on the processes and are not acted upon, such as `E` "
        "where it is no process: each holds from a visit to the next.",
    )
    measurement_error: tuple[Name, ...] = Field(
        default=(),
        description="Processes whose values hold error of measurement. It is told from true change "
        "only where gaps are short beside the half-life.",
    )
    factors: tuple[Name, ...] = Field(
        default=(),
        max_length=3,
        description="Background or factors measured once on which the return of the effect, and "
        "what the cause does to it, may depend.",
    )
    occasions: tuple[Label, ...] | None = Field(
        default=None, min_length=3, description="Occasions that are used; default: all."
    )
    first: Literal["rest", "free"] = Field(
        default="rest",
        description="`rest`: at their first visit persons are as they would be after a long time. "
        "`free`: the first visit has variances of its own.",
    )
    stress_test: StressTest = Field(
        default=StressTest(), description="The standard stressor whose course is told."
    )
