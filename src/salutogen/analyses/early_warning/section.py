"""The page's section on early-warning indicators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salutogen.analyses.early_warning.figures import courses_figure, power_figure
from salutogen.analyses.early_warning.tables import INDICATOR_COLUMNS
from salutogen.analyses.early_warning.words import CAUTION, answer_of, window_words
from salutogen.page.section import Section, Table
from salutogen.page.words import percent, points

if TYPE_CHECKING:
    from salutogen.analyses.early_warning.analysis import EarlyWarningResult
    from salutogen.page.audience import Audience

WHAT = (
    "Before a system tips into another state it may come back more slowly from small disturbances: "
    "what is felt at one prompt then lasts into the next (autocorrelation), and ups and downs "
    "become wider (spread). Asked is, within each person, whether that rises {windows}, and "
    "whether these answers could have shown it."
)


def early_warning_section(result: EarlyWarningResult, audience: Audience) -> Section:
    """What rose, what chance does, and what could be seen."""
    asked = result.settings
    table = Table(
        name="early-warning-indicators",
        title="Indicators that rose, beside what chance does and what could be seen",
        frame=result.indicators.with_columns(
            affect=result.indicators["affect"].replace(
                dict(zip(result.affects, result.titles, strict=True))
            )
        ),
        columns=INDICATOR_COLUMNS,
        note=(
            f"Slowing down: the autocorrelation rises by {points(asked.rise, 2)} from the first to "
            f"the last window. The last column is for {percent(asked.share)} of persons who do."
        ),
    )
    figures = (power_figure(result), courses_figure(result, audience))
    return Section(
        title="Do early-warning indicators rise?",
        paragraphs=(WHAT.format(windows=window_words(result)), answer_of(result), CAUTION),
        tables=(table,),
        figures=tuple(figure for figure in figures if figure is not None),
    )
