"""The page's section on growth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from salutogen.analyses.growth.analysis import ABOVE, BELOW, HEIGHT_COLUMNS, NET
from salutogen.columns import Column, Kind
from salutogen.page.forest import forest_chart
from salutogen.page.section import Figure, Section, Table, Text
from salutogen.page.words import points

if TYPE_CHECKING:
    from salutogen.analyses.growth.analysis import GrowthResult

WHAT = (
    "Growth is functioning above the person's own baseline, followed forwards in time; it is never "
    "asked in retrospect. Higher = better here, the other way than SR. A course that only "
    "fluctuates lies above its baseline about half of the time, too: what fluctuation alone would "
    "give stands beside each height. At any time a course lies above or below, so the two areas "
    "never overlap, and their difference is the mean change."
)
X_AXIS = "Mean height over time (points of the scale)"
SEEN, CHANCE = "observed", "fluctuation alone"
FIGURE_COLUMNS = (
    HEIGHT_COLUMNS[0],
    Column(name="kind", meaning="Observed, or of fluctuation alone", kind=Kind.LABEL,
           heading="Courses"),
    *(item for item in HEIGHT_COLUMNS if item.name in ("mean", "low", "high")),
)  # fmt: skip


def growth_section(result: GrowthResult) -> Section:
    """Heights above and below the baseline, and functioning given exposure."""
    paragraphs: list[Text] = [WHAT, result.answer()]
    if result.surplus is not None:
        found = result.surplus
        paragraphs.append(
            f"By the same logic as SR, functioning beyond that expected at a person's exposure "
            f"correlates {points(found.r_SR)} with SR (95 % interval {points(found.r_SR_low)} to "
            f"{points(found.r_SR_high)}). Both come from answers on the same days, so that moods "
            "alone make them go together. Functioning itself correlates "
            f"{points(found.r_exposure)} with exposure."
        )
    return Section(
        title="Growth above the baseline",
        paragraphs=tuple(paragraphs),
        figures=(_figure(result),),
        tables=(
            Table(
                name="growth-heights",
                title="Mean heights above and below the baseline",
                frame=result.heights,
                columns=HEIGHT_COLUMNS,
                note="Observed: 95 % intervals over persons drawn with replacement. Fluctuation "
                "alone: courses with the SD within persons and no lasting change, of as many "
                "persons at the same occasions; true change of single persons counts as "
                "fluctuation there, so the comparison is on the safe side.",
            ),
        ),
    )


def _figure(result: GrowthResult) -> Figure:
    seen = result.heights.select("part", "mean", "low", "high").with_columns(kind=pl.lit(SEEN))
    chance = result.heights.select(
        "part", mean="chance", low="chance_low", high="chance_high"
    ).with_columns(kind=pl.lit(CHANCE))
    data = pl.concat([seen, chance]).filter(pl.col("mean").is_not_null())
    data = data.select("part", "kind", "mean", "low", "high")
    rows = {row["part"]: row for row in result.heights.iter_rows(named=True)}
    return Figure(
        name="growth",
        title="Functioning above and below its own baseline",
        description=(
            f"Mean heights over time, in points: {points(rows[ABOVE]['mean'])} above the baseline "
            f"(fluctuation alone: {points(rows[ABOVE]['chance'])}), {points(rows[BELOW]['mean'])} "
            f"below ({points(rows[BELOW]['chance'])}). Bars are 95 % intervals of the observed, "
            "and the middle 95 % of draws of fluctuation."
        ),
        chart=forest_chart(
            data,
            "part",
            [ABOVE, BELOW, NET],
            "mean",
            X_AXIS,
            by="kind",
            hues={SEEN: "one", CHANCE: "eight"},
            legend_columns=2,
            label_limit=240,
            height=190,
        ),
        data=data,
        columns=FIGURE_COLUMNS,
    )  # fmt: skip
