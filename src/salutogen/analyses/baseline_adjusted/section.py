"""The page's section on the adjustment for a baseline before exposure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from salutogen.analyses.baseline_adjusted.lines import (
    ADJUSTED,
    CHANGE,
    MODEL_COLUMNS,
    PLAIN,
    RELIABILITY_COLUMNS,
)
from salutogen.columns import Column, Kind
from salutogen.page.forest import forest_chart
from salutogen.page.section import Figure, Section, Table
from salutogen.page.words import percent, points, signed

if TYPE_CHECKING:
    from salutogen.analyses.baseline_adjusted.analysis import BaselineAdjustedResult

WHAT = (
    "SR takes a person who had many problems all along for one who reacts strongly. Given the "
    "problems before exposure, the adjusted score asks how many there are beyond what exposure and "
    "the start would lead one to expect. It answers another question than SR, and does not replace "
    "it: lasting differences that were there before are taken out. The difference to the baseline "
    "is shown beside it; where exposure went with problems from the start, the two differ, and no "
    "arithmetic says which is right."
)
X_AXIS = "Problems at high less those at low exposure (points)"
FIGURE_COLUMNS = (
    Column(name="line", meaning="Line", heading="Line", kind=Kind.LABEL),
    *(item for item in MODEL_COLUMNS if item.name in ("effect", "low", "high")),
)


def baseline_section(result: BaselineAdjustedResult) -> Section:
    """The three lines, and what error in the baseline would do to the second."""
    found = result.agreement
    given = result.models.filter(model=ADJUSTED).row(0, named=True)
    agreement = (
        f"The adjusted score correlates {points(found.SR_adjusted)} with SR over the same persons "
        f"and occasions, and {points(found.adjusted_change)} with the change score. With baseline "
        f"problems SR correlates {points(found.SR_baseline)} and the change score "
        f"{points(found.change_baseline)}; the adjusted score does not, by arithmetic. With "
        f"baseline problems go {percent(result.beyond_exposure)} of the later ones beyond "
        f"exposure, and they correlate {points(found.exposure_baseline)} with later exposure."
    )
    coupled = (
        f"Change is coupled with the baseline: its slope on baseline problems is "
        f"{signed(given['baseline_slope'] - 1)} at equal exposure. It would be negative even if "
        "nobody changed, because a baseline that happened to be high is followed by a lower value. "
        "Error in the baseline leaves part of what was there before in the adjusted score, and "
        "in the share of exposure: the last table follows assumed reliabilities through. The "
        "reliability that counts is that of a person's level, not of one day's answers. Adjusting "
        "does not make the comparison causal."
    )
    return Section(
        title="Problems given a baseline before exposure",
        paragraphs=(WHAT, result.answer(), agreement, coupled),
        figures=(_figure(result),),
        tables=(
            Table(
                name="baseline-lines",
                title="Exposure in three lines over the same persons",
                frame=result.models,
                columns=MODEL_COLUMNS,
                note="Intervals are by t with errors for unequal scatter (HC3).",
            ),
            Table(
                name="baseline-reliability",
                title="If baseline problems were measured with error",
                frame=result.reliabilities,
                columns=RELIABILITY_COLUMNS,
                note="Intervals are percentiles over draws of persons. Rows that are not possible: "
                "exposure would tell more of the baseline than its true part has.",
            ),
        ),
    )


def _figure(result: BaselineAdjustedResult) -> Figure:
    names = ("line", "effect", "low", "high")
    lines = result.models.rename({"model": "line"}).select(names)
    errors = (
        result.reliabilities.filter(pl.col("possible") & (pl.col("reliability") < 1))
        .with_columns(
            line=pl.format(f"{ADJUSTED}, reliability {{}}", pl.col("reliability").cast(pl.String))
        )
        .select(names)
    )
    data = pl.concat([lines.filter(pl.col("line") != CHANGE), errors, lines.filter(line=CHANGE)])
    order = data["line"].to_list()
    shown = {name: lines.filter(line=name).row(0, named=True) for name in (PLAIN, ADJUSTED, CHANGE)}
    told = "; ".join(
        f"{name}: {signed(row['effect'])} ({signed(row['low'])} to {signed(row['high'])})"
        for name, row in shown.items()
    )
    return Figure(
        name="baseline-adjusted",
        title="What exposure goes with, by the treatment of the baseline",
        description=f"Expected problems at the 90th less those at the 10th percentile of exposure, "
        f"with 95 % intervals, in points. {told}.",
        chart=forest_chart(
            data, "line", order, "effect", X_AXIS, label_limit=300, height=40 * len(order)
        ),
        data=data,
        columns=FIGURE_COLUMNS,
    )  # fmt: skip
