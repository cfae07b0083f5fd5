"""The page's section on recovery."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salutogen.analyses.recovery.charts import curve_figure, persons_figure
from salutogen.analyses.recovery.tables import (
    CURVE_COLUMNS,
    ENDING_COLUMNS,
    PILE_UP_COLUMNS,
    SPREAD_COLUMNS,
)
from salutogen.analyses.recovery.words import CAUTION, answer_of
from salutogen.page.section import Section, Table

if TYPE_CHECKING:
    from salutogen.analyses.recovery.analysis import RecoveryResult
    from salutogen.page.audience import Audience

WHAT = (
    "How do people recover from a stressor? Each person has an own band of affect, from prompts at "
    "which nothing had happened for some hours. An episode begins where a stressor is told and "
    "affect lies beyond the band, and is over when affect is within it again. When that was is "
    "seen at prompts only: it lies between the last one outside and the first inside."
)
TWO_HALVES = (
    "Two times are told. How long an episode lasts depends on how far a stressor leads out of the "
    "band, and on how wide the band is; the half-life of the rise does not. A large reaction that "
    "fades fast may stay outside as long as a small one that fades slowly."
)


def recovery_section(result: RecoveryResult, audience: Audience) -> Section:
    """How often and for how long persons are outside their band, and what piles up."""
    tables = (
        ("curve", "Episodes that are over, by hours", result.curve, CURVE_COLUMNS,
         "Between two prompts the curve is taken to rise evenly."),
        ("endings", "What ended the watch of episodes", result.endings, ENDING_COLUMNS,
         "The next stressor ends it, whether affect is inside the band by then or not."),
        ("between", "Half-lives of persons, by the model", result.between, SPREAD_COLUMNS, ""),
        ("pile-up", "What stressors add, now and piled up", result.pile_up, PILE_UP_COLUMNS,
         f"Stressors of the {result.pile_up_hours:g} hours before on the same day, as far as "
         "they were told; within persons."),
    )  # fmt: skip
    figures = (curve_figure(result), persons_figure(result, audience))
    return Section(
        title="How do people recover from a stressor?",
        paragraphs=(WHAT, answer_of(result), TWO_HALVES, CAUTION),
        tables=tuple(
            Table(name=f"recovery-{name}", title=title, frame=frame, columns=columns, note=note)
            for name, title, frame, columns, note in tables
            if frame.height
        ),
        figures=tuple(figure for figure in figures if figure is not None),
    )
