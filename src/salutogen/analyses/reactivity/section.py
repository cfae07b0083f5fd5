"""The page's section on reactivity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from salutogen.analyses.reactivity.figures import by_figure, differences, persons_figure
from salutogen.analyses.reactivity.tables import (
    BY_COLUMNS,
    EFFECT_COLUMNS,
    LASTING_COLUMNS,
    SPREAD_COLUMNS,
    THROUGH_COLUMNS,
)
from salutogen.analyses.reactivity.words import (
    BY_CAUTION,
    CAUTION,
    above_in_words,
    answer_of,
    lasting_in_words,
    others_in_words,
    through_in_words,
)
from salutogen.page.section import Section, Table

if TYPE_CHECKING:
    from salutogen.analyses.reactivity.analysis import ReactivityResult
    from salutogen.page.audience import Audience


def reactivity_section(result: ReactivityResult, audience: Audience) -> Section:
    """Differences at a stressor, how persons differ in them, and how reliably."""
    told = (
        answer_of(result), others_in_words(result), through_in_words(result),
        lasting_in_words(result), above_in_words(result),
        BY_CAUTION if result.by.height else "", CAUTION,
    )  # fmt: skip
    tables = (
        ("effects", "What goes with stressors", result.effects, EFFECT_COLUMNS,
         "Points of affect for a point more. The stressor before is that of the prompt before, of "
         "the same day and answered, given the stressor now."),
        ("by", "Do persons with more of something react more?", result.by, BY_COLUMNS,
         "Points of affect per point of the stressor, for an SD between persons. Stressor, what "
         "persons have, and their product stand in one model with persons' own slopes."),
        ("spread", "How persons differ, and how reliably", result.spread, SPREAD_COLUMNS,
         "Reliability is that of persons over these prompts, not of the questionnaire."),
        ("through", "What goes with appraisal", result.through, THROUGH_COLUMNS, ""),
        ("lasting", "How long affect lasts within a day", result.lasting, LASTING_COLUMNS, ""),
    )  # fmt: skip
    figures = (differences(result), by_figure(result), *(persons_figure(result, one, audience)
                                      for one in result.affects))  # fmt: skip
    return Section(
        title="How do people react to a stressor?",
        paragraphs=tuple(words for words in told if words),
        figures=tuple(one for one in figures if one is not None),
        tables=tuple(
            Table(
                name=f"reactivity-{name}", title=title, frame=_titled(result, frame),
                columns=columns, note=note,
            )
            for name, title, frame, columns, note in tables
            if frame.height
        ),
    )  # fmt: skip


def _titled(result: ReactivityResult, frame: pl.DataFrame) -> pl.DataFrame:
    """Put what affects are called in the place of their names."""
    return frame.with_columns(pl.col("affect").replace(dict(zip(result.affects, result.titles,
                                                                strict=True))))  # fmt: skip
