"""The page's section on adherence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salutogen.analyses.adherence.figures import calendar, heat
from salutogen.analyses.adherence.quality import CONTEXT_COLUMNS, QUALITY_COLUMNS, SPEED_COLUMNS
from salutogen.analyses.adherence.rates import (
    ARM_COLUMNS,
    BEEP_COLUMNS,
    BURST_COLUMNS,
    COUNTS,
    DAY_COLUMNS,
    HOUR_COLUMNS,
    RATE,
    RUN_COLUMNS,
    SPREAD_COLUMNS,
)
from salutogen.analyses.adherence.related import RELATION_COLUMNS
from salutogen.analyses.adherence.words import PUBLISHED, answer_of
from salutogen.page.section import Section, Table

if TYPE_CHECKING:
    from salutogen.analyses.adherence.analysis import AdherenceResult
    from salutogen.page.audience import Audience

RULE = (
    "A prompt is answered where all that everyone is asked was answered and the form was finished, "
    "answered in part where it was opened or begun, and missed where nothing came. What was not "
    "sent was planned all the same and is counted on its own. Nobody is left out: those who answer "
    "little are often those who are not well."
)


def adherence_section(result: AdherenceResult, audience: Audience) -> Section:
    """Rates, runs, delays and quality, with the calendar of prompts."""
    tables = [
        ("states", "Prompts by state", result.states, (*COUNTS, RATE)),
        ("persons", "Shares of answered prompts of persons", result.spread, SPREAD_COLUMNS),
        ("bursts", "By burst", result.bursts, BURST_COLUMNS),
        ("arms", "By arm", result.arms, ARM_COLUMNS),
        ("days", "By day of the burst", result.days, DAY_COLUMNS),
        ("hours", "By hour of the day", result.hours, HOUR_COLUMNS),
        ("beeps", "By place in the day", result.beeps, BEEP_COLUMNS),
        ("runs", "Prompts missed in a row", result.runs, RUN_COLUMNS),
        ("speed", "How late and how fast", result.speed, SPEED_COLUMNS),
        ("quality", "Odd answers", result.quality, QUALITY_COLUMNS),
        ("context", "What devices measured at prompts", result.context, CONTEXT_COLUMNS),
        ("related", "What answering goes with", result.related, RELATION_COLUMNS),
    ]
    figures = (calendar(result, audience), heat(result, audience))
    return Section(
        title="Adherence to momentary prompts",
        paragraphs=(answer_of(result), f"Published are {PUBLISHED}.", RULE),
        tables=tuple(
            Table(name=f"adherence-{name}", title=title, frame=frame, columns=columns)
            for name, title, frame, columns in tables
            if frame.height
        ),
        figures=tuple(figure for figure in figures if figure is not None),
    )
