"""The page's section on change on baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from salutogen.analyses.change_on_baseline.completed import NAMES, Completed
from salutogen.analyses.change_on_baseline.slopes import (
    POOLED_COLUMNS,
    SLOPE_COLUMNS,
    of_baseline,
)
from salutogen.analyses.change_on_baseline.words import (
    answer_of,
    how_completed,
    what_k_is,
)
from salutogen.analyses.completing_shown import chains_figure
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


AS_MEASURED = "persons with both"
TERM_COLUMNS = (
    Column(name="k", meaning="Assumption", kind=Kind.LABEL, heading="Assumption"),
    Column(name="persons", meaning="Whose measurements", kind=Kind.LABEL, heading="Persons"),
    Column(name="slope", meaning="Change per point of problems before", heading="Slope"),
    Column(name="low", meaning="Lower end of its 95 % interval", heading="from"),
    Column(name="high", meaning="Upper end of its 95 % interval", heading="to"),
)


def change_section(result: ChangeOnBaselineResult) -> Section:
    """Slopes as they are and corrected."""
    made = result.completed
    return Section(
        title="Change on baseline, without regression to the mean",
        paragraphs=(
            answer_of(result),
            what_k_is(result),
            COUPLED,
            *([how_completed(result)] if made else []),
            ASSUMES,
        ),
        figures=(_figure(result), *_chains(made)),
        tables=(
            Table(
                name="change-on-baseline",
                title="Coefficients as they are, and corrected",
                frame=result.slopes,
                columns=SLOPE_COLUMNS,
                note="Rows without k are not corrected. Intervals are percentiles over draws of "
                "persons.",
            ),
            *([_pooled_table(made)] if made else []),
        ),
    )


def _chains(made: Completed | None) -> tuple[Figure, ...]:
    if made is None or not made.trace.height:
        return ()
    return (chains_figure(made, "change-on-baseline-chains", NAMES, "points"),)


def _pooled_table(made: Completed) -> Table:
    return Table(
        name="change-on-baseline-completed",
        title=f"The same pooled over {made.sets} completed sets",
        frame=made.slopes,
        columns=POOLED_COLUMNS,
        note="Rows without k are not corrected. Intervals are those of t with the degrees of "
        "freedom of Barnard and Rubin.",
    )


def _figure(result: ChangeOnBaselineResult) -> Figure:
    made = result.completed
    tables = {AS_MEASURED: result.slopes}
    if made is not None:
        tables[f"{made.sets} completed sets"] = made.slopes
    data = pl.DataFrame(
        [
            {
                "k": AS_IT_IS if row["k"] is None else f"k = {row['k']:g}", "persons": persons,
                "slope": row["slope"], "low": row["low"], "high": row["high"],
            }
            for persons, slopes in tables.items()
            for row in of_baseline(slopes)
            if row["slope"] is not None
        ],
        schema={
            item.name: pl.String if item.kind is Kind.LABEL else pl.Float64 for item in TERM_COLUMNS
        },
    )  # fmt: skip
    order = data["k"].unique(maintain_order=True).to_list()
    told = "; ".join(
        f"{persons}: {', '.join(f'{row["k"]} {signed(row["slope"])}' for row in rows.to_dicts())}"
        for (persons,), rows in data.group_by("persons", maintain_order=True)
    )
    hues = dict(zip(tables, ("one", "two"), strict=False))
    return Figure(
        name="change-on-baseline",
        title="Change per point of problems before",
        description=f"Slope of change on problems before with 95 % intervals: {told}.",
        chart=forest_chart(
            data, "k", order, "slope", X_AXIS, by="persons" if made else None, hues=hues,
            most=SHOWN, height=(60 if made else 40) * len(order),
        ),
        data=data if made else data.drop("persons"),
        columns=TERM_COLUMNS,
    )  # fmt: skip
