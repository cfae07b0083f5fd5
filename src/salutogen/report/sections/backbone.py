"""The sections every report has, in their order; the analyses stand between the two parts."""

from __future__ import annotations

from salutogen.page.section import Section
from salutogen.report.context import Context
from salutogen.report.sections.flow import flow_section
from salutogen.report.sections.methods import methods_section
from salutogen.report.sections.over_time import over_time_section
from salutogen.report.sections.plane import plane_section
from salutogen.report.sections.provenance import provenance_section
from salutogen.report.sections.sr_courses import sr_section

MAKERS = (
    flow_section,
    over_time_section,
    plane_section,
    sr_section,
)


def opening_sections(context: Context) -> list[Section]:
    """Sections from the answers to the scores."""
    return [maker(context) for maker in MAKERS]


def closing_sections(context: Context) -> list[Section]:
    """Methods and provenance."""
    return [methods_section(context), provenance_section(context)]
