"""The page's section on change on baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from salutogen.analyses.change_on_baseline.words import answer_of, what_k_is
from salutogen.columns import Column, Kind
from salutogen.page.forest import forest_chart
from salutogen.page.section import Figure, Section, Table
from salutogen.page.words import signed

if TYPE_CHECKING:
    from salutogen.analyses.change_on_baseline.analysis import ChangeOnBaselineResult

COUPLED = (
    "Change holds the baseline: it is the later measurement less the earlier one, so that whatever "
    "made the earlier one high by chance makes the change low. Covariates that go with the "
    "baseline are credited with this arithmetic, and are corrected as well. Exposure has no part "
    "here: change is not change at equal exposure."
)
ASSUMES = (
    "What this assumes: that without a stressor nobody would have changed, that both occasions are "
    "measured equally well and scatter alike at any level, that covariates are measured without "
    "error, and that who has both measurements does not depend on them."
)
X_AXIS = "Change per point of problems before (points)"
AS_IT_IS = "as it is"
SHOWN = 30


def change_section(result: ChangeOnBaselineResult) -> Section:
    """Slopes as they are and corrected."""
    from salutogen.analyses.change_on_baseline.analysis import SLOPE_COLUMNS

    return Section(
        title="Change on baseline, without regression to the mean",
        paragraphs=(answer_of(result), what_k_is(result), COUPLED, ASSUMES),
        figures=(_figure(result),),
        tables=(
            Table(
                name="change-on-baseline",
                title="Coefficients as they are, and corrected",
                frame=result.slopes,
                columns=SLOPE_COLUMNS,
                note="Rows without k are not corrected. Intervals are percentiles over draws of "
                "persons.",
            ),
        ),
    )


def _figure(result: ChangeOnBaselineResult) -> Figure:
    data = pl.DataFrame(
        [
            {
                "k": AS_IT_IS if row["k"] is None else f"k = {row['k']:g}",
                "slope": row["slope"], "low": row["low"], "high": row["high"],
            }
            for row in result.of_baseline()
            if row["slope"] is not None
        ],
        schema={"k": pl.String, "slope": pl.Float64, "low": pl.Float64, "high": pl.Float64},
    )  # fmt: skip
    order = data["k"].to_list()
    told = "; ".join(f"{row['k']} {signed(row['slope'])}" for row in data.to_dicts())
    return Figure(
        name="change-on-baseline",
        title="Change per point of problems before",
        description=f"Slope of change on problems before with 95 % intervals: {told}.",
        chart=forest_chart(data, "k", order, "slope", X_AXIS, most=SHOWN, height=40 * len(order)),
        data=data,
        columns=(
            Column(name="k", meaning="Assumption", kind=Kind.LABEL, heading="Assumption"),
            Column(name="slope", meaning="Change per point of problems before", heading="Slope"),
            Column(name="low", meaning="Lower end of its 95 % interval", heading="from"),
            Column(name="high", meaning="Upper end of its 95 % interval", heading="to"),
        ),
    )  # fmt: skip
