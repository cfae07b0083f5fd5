"""The page's section on the incremental validity of SR."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from salutogen.analyses.incremental_validity.words import answer_of, correlations, share, why
from salutogen.columns import Column, Kind
from salutogen.page.forest import forest_chart
from salutogen.page.section import Figure, Section, Table

if TYPE_CHECKING:
    from salutogen.analyses.incremental_validity.analysis import IncrementalValidityResult

ASSUMES = (
    "What this assumes: that the outcome goes with the scores along straight lines, and that who "
    "has the outcome does not differ in how they go together. Foretelling is no cause. An outcome "
    "that asks for problems again is foretold by problems for that reason alone."
)
X_AXIS = "R² in persons who had no part in the fit, beyond covariates"
FORETOLD_COLUMNS = (
    Column(name="scores", meaning="Scores", kind=Kind.LABEL, heading="Scores"),
    Column(name="r_squared", meaning="R² in persons who had no part in the fit", heading="R²"),
    Column(name="beyond", meaning="The same beyond covariates", heading="Beyond covariates"),
    Column(name="low", meaning="Lower end of its 95 % interval", heading="from"),
    Column(name="high", meaning="Upper end of its 95 % interval", heading="to"),
)
ADDED_COLUMNS = (
    Column(name="to", meaning="Beside which scores", kind=Kind.LABEL, heading="SR beside"),
    Column(name="gain", meaning="Gain in held-out R²", heading="Gain"),
    Column(name="low", meaning="Lower end of its 95 % interval", heading="from"),
    Column(name="high", meaning="Upper end of its 95 % interval", heading="to"),
    Column(name="p", meaning="p of no gain (Wald F)", heading="p"),
    Column(name="lowest", meaning="Lowest over random splits", heading="Splits, from"),
    Column(name="highest", meaning="Highest over random splits", heading="to"),
)


def validity_section(result: IncrementalValidityResult) -> Section:
    """What each foretells, and what SR adds."""
    added = [item for item in (result.added, result.added_to_curve) if item is not None]
    rows = [
        {
            "scores": item.scores, "r_squared": item.r_squared, "beyond": item.beyond,
            "low": item.interval[0], "high": item.interval[1],
        }
        for item in result.foretold
    ]  # fmt: skip
    return Section(
        title=f"What SR adds in foretelling {result.title}",
        paragraphs=(answer_of(result), correlations(result), *why(result), ASSUMES),
        figures=(_figure(result),),
        tables=(
            Table(
                name="incremental-validity",
                title="What problems, exposure and SR foretell",
                frame=pl.DataFrame(rows),
                columns=FORETOLD_COLUMNS,
                note=f"{result.folds} parts of the persons, {result.repeats} random splits.",
            ),
            Table(
                name="incremental-validity-gain",
                title="What SR adds",
                frame=pl.DataFrame(
                    [
                        {
                            "to": item.to, "gain": item.gain, "low": item.interval[0],
                            "high": item.interval[1], "p": item.p, "lowest": item.splits[0],
                            "highest": item.splits[1],
                        }
                        for item in added
                    ]
                ),
                columns=ADDED_COLUMNS,
            ),
        ),
    )  # fmt: skip


def _figure(result: IncrementalValidityResult) -> Figure:
    data = pl.DataFrame(
        [
            {"scores": item.scores, "beyond": item.beyond, "low": item.interval[0],
             "high": item.interval[1]}
            for item in result.foretold
        ]
    )  # fmt: skip
    order = data["scores"].to_list()
    told = "; ".join(f"{item.scores} {share(item.beyond)}" for item in result.foretold)
    return Figure(
        name="incremental-validity",
        title=f"What is foretold of {result.title}",
        description=f"Held-out R² beyond covariates with 95 % intervals: {told}.",
        chart=forest_chart(data, "scores", order, "beyond", X_AXIS, height=40 * len(order)),
        data=data,
        columns=FORETOLD_COLUMNS,
    )  # fmt: skip
