"""The sections every report has, in their order; the analyses stand between the two parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from salutogen.findings import Finding
from salutogen.page.section import Section
from salutogen.report.attempts import attempt
from salutogen.report.context import Context
from salutogen.report.sections.flow import flow_section
from salutogen.report.sections.methods import methods_section
from salutogen.report.sections.over_time import over_time_section
from salutogen.report.sections.plane import plane_section
from salutogen.report.sections.provenance import provenance_section
from salutogen.report.sections.sr_courses import sr_section

Maker = Callable[[Context], Section]
OPENING: tuple[tuple[str, Maker], ...] = (
    ("Participant flow and missing answers", flow_section),
    ("Exposure and problems over time", over_time_section),
    ("The E–P plane", plane_section),
    ("Resilience scores: courses and distribution", sr_section),
)
CLOSING: tuple[tuple[str, Maker], ...] = (
    ("Methods, ready to adapt", methods_section),
    ("Provenance", provenance_section),
)


def opening_sections(context: Context) -> Iterator[Section]:
    """Make the sections from the answers to the scores, one after the other."""
    return (_section(context, *one) for one in OPENING)


def closing_sections(context: Context) -> list[Section]:
    """Methods and provenance."""
    return [_section(context, *one) for one in CLOSING]


def _section(context: Context, title: str, maker: Maker) -> Section:
    """Make a section; one that fails holds only the finding that says so."""
    failed: list[Finding] = []
    made = attempt(f"section “{title}”", partial(maker, context), failed)
    return made or Section(title=title, findings=tuple(failed))
