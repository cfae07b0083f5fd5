"""The sections every report has, in their order; what a study lacks is left out."""

from __future__ import annotations

from salutogen.report.context import Context
from salutogen.report.section import Section
from salutogen.report.sections.flow import flow_section
from salutogen.report.sections.over_time import over_time_section
from salutogen.report.sections.plane import plane_section


def opening_sections(context: Context) -> list[Section]:
    """Sections from the answers to the scores and their checks."""
    return [flow_section(context), over_time_section(context), plane_section(context)]


def closing_sections(context: Context) -> list[Section]:
    """Methods and provenance."""
    return []
