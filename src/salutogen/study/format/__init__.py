"""The study file's format: what is collected, what is analysed, and how YAML becomes values.

The files with models do without `from __future__ import annotations`: pydantic would have to read
every annotation from its text, and a server reads a study at start-up.
"""

from salutogen.study.format.analysed import (
    Exposure,
    ExposureScore,
    MissingRules,
    NormSettings,
    Phase,
    Problems,
    Reference,
    ReportSettings,
    ResilienceSettings,
    Windows,
)
from salutogen.study.format.collected import (
    Arms,
    Background,
    Burst,
    Complete,
    InstrumentUse,
    Measures,
    MissingCodes,
    OccasionBlock,
    Population,
    RowsOf,
    Source,
)
from salutogen.study.format.column_patterns import (
    OCCASION_PLACEHOLDER,
    expand_numbers,
    item_name,
    without_occasion,
)
from salutogen.study.format.item_bank import Adaptation, Change, ItemMetadata, Objectivity, Size
from salutogen.study.format.momentary import Affect, MomentaryRoles
from salutogen.study.format.part import GAP, Label, Name, Part
from salutogen.study.format.quantities import DAYS_IN, AnswerRange, Duration
from salutogen.study.format.study_file import FORMAT, StudyFile
from salutogen.study.format.time_columns import PromptTime, TimeColumn, ZoneColumn

__all__ = [
    "DAYS_IN",
    "FORMAT",
    "GAP",
    "OCCASION_PLACEHOLDER",
    "Adaptation",
    "Affect",
    "AnswerRange",
    "Arms",
    "Background",
    "Burst",
    "Change",
    "Complete",
    "Duration",
    "Exposure",
    "ExposureScore",
    "InstrumentUse",
    "ItemMetadata",
    "Label",
    "Measures",
    "MissingCodes",
    "MissingRules",
    "MomentaryRoles",
    "Name",
    "NormSettings",
    "Objectivity",
    "OccasionBlock",
    "Part",
    "Phase",
    "Population",
    "Problems",
    "PromptTime",
    "Reference",
    "ReportSettings",
    "ResilienceSettings",
    "RowsOf",
    "Size",
    "Source",
    "StudyFile",
    "TimeColumn",
    "Windows",
    "ZoneColumn",
    "expand_numbers",
    "item_name",
    "without_occasion",
]
