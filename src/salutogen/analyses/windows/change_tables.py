"""Tables on change over windows: what each way of estimating it gives, and assumed shifts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import polars as pl

from salutogen.analyses.windows.change_result import (
    COURSE_COLUMNS,
    RISE,
    SENSITIVITY_COLUMNS,
    Contrast,
    WindowChange,
)
from salutogen.columns import POINTS, Column, Kind
from salutogen.page.section import Table

if TYPE_CHECKING:
    from salutogen.page.audience import Audience

VERSION_COLUMNS = (
    Column(
        name="estimated", meaning="How it is estimated", heading="Estimated by", kind=Kind.LABEL
    ),
    Column(
        name="change",
        meaning="Last window less first",
        unit=POINTS,
        sign=RISE,
        heading="Change",
    ),
    Column(name="low", meaning="Lower end of its 95 % interval", unit=POINTS, heading="95 %: from"),
    Column(name="high", meaning="Upper end of its 95 % interval", unit=POINTS, heading="to"),
)


def change_tables(
    change: WindowChange, summary: pl.DataFrame, audience: Audience
) -> Iterator[Table]:
    """Change by every way of estimating it, the course, and assumed shifts of who was not seen.

    The last table, from which the share of those not seen to the end can be computed, is left out
    where they are too few to be told.
    """
    yield Table(
        name="window-change",
        title="Change from the first window to the last",
        frame=_versions(change, summary),
        columns=VERSION_COLUMNS,
        note="Positive = problems rose beyond what exposure lets expect. Only the first line is "
        "spoken of as change. Means of those seen in a window may drift with who leaves.",
    )
    shown = pl.col("window").is_in(summary["window"].implode())
    course = change.course.windows.filter(shown)
    if course.height > 2:
        yield Table(
            name="window-course",
            title="Each window against the first, by the model of single occasions",
            frame=course,
            columns=COURSE_COLUMNS,
            note="Each interval is of one window; of several looked at together one may leave out "
            "0 by chance.",
        )
    if change.sensitivity.height and audience.individuals:
        yield Table(
            name="window-change-leavers",
            title="Change if those not seen to the end were above or below what the model expects",
            frame=change.sensitivity,
            columns=SENSITIVITY_COLUMNS,
            note="A shift of 0 takes it that not being seen depends on what was seen before.",
        )


def _versions(change: WindowChange, summary: pl.DataFrame) -> pl.DataFrame:
    found: list[tuple[str, float | None, float | None, float | None]] = []

    def add(words: str, one: Contrast | None) -> None:
        if one is not None:
            low, high = one.interval or (None, None)
            found.append((words, one.estimate, low, high))

    add(f"model of single occasions: {change.model}", change.contrast)
    add("the same, exposure parted between and within persons", change.within)
    add("the same, frozen line", change.frozen)
    for words, column in (
        ("mean SR of those present, frozen line", "mean_SR_frozen"),
        ("mean SR of those in every window, frozen line", "mean_SR_frozen_complete"),
        ("random intercepts over windows, frozen line", "mean_SR_frozen_model"),
    ):
        ends = summary[column]
        if ends[0] is not None and ends[-1] is not None:
            found.append((words, float(ends[-1] - ends[0]), None, None))
    schema = {"estimated": pl.String, "change": pl.Float64, "low": pl.Float64, "high": pl.Float64}
    return pl.DataFrame(found, schema=schema, orient="row")
