"""The page's section on a mechanism."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from salutogen.analyses.completing_shown import chains_figure
from salutogen.analyses.mechanism.completed_records import POOLED_COLUMNS, MechanismCompleted
from salutogen.analyses.mechanism.completed_words import how_completed
from salutogen.analyses.mechanism.path_figure import path_figure
from salutogen.analyses.mechanism.records import (
    CURVE_COLUMNS,
    EARLIER,
    EFFECTS,
    ONE,
    PATH_COLUMNS,
    TWO,
    Indirect,
)
from salutogen.analyses.mechanism.words import why_the_ratio
from salutogen.columns import LESS_RESILIENT, POINTS, Column, Kind
from salutogen.page.charting import (
    Spec,
    layered,
    quantity,
    values,
    zero_rule,
)
from salutogen.page.colours import colour
from salutogen.page.forest import forest_chart
from salutogen.page.section import Figure, Section, Table
from salutogen.page.words import enumeration, p_value, points, signed

if TYPE_CHECKING:
    from salutogen.analyses.mechanism.analysis import MechanismResult

WHAT = (
    "A factor may go with later resilience because it changes something in between. The way over "
    "the mechanism is the product of two paths: from the factor to the mechanism, and from the "
    "mechanism to SR at equal factor. Positive = less resilient. Beside SR stands the same model "
    "of problems with exposure in the same equation: where exposure goes with factor or mechanism, "
    "the two differ, and only what holds both ways should be claimed."
)
BEFORE = (
    "Given earlier values: mechanism and SR of the occasion of the factor stand among the "
    "covariates. A trait that lasts and stands behind both is then largely taken out; so is what "
    "the factor had done before."
)
ASSUMED = (
    "That the product is an effect takes for granted that nothing unmeasured acts on two of "
    "factor, mechanism and SR, that lines are straight, that factor and mechanism do not reinforce "
    "each other, and that the mechanism was measured without error. An order in time rules out "
    "that what came later acted on what came before, not that the same lasting trait or mood "
    "stands behind all three."
)
X_AXIS = "Points of problems (positive = less resilient)"
OVER_SETS = ", completed sets"
MODELS = {
    TWO: "one", f"{TWO}{OVER_SETS}": "four", ONE: "two", f"{ONE}{OVER_SETS}": "five",
    EARLIER: "three", f"{EARLIER}{OVER_SETS}": "six",
}  # fmt: skip
SHOWN = ("total", "direct", "indirect")
FIGURE_COLUMNS = (
    Column(name="effect", meaning="Effect of the factor", heading="Effect", kind=Kind.LABEL),
    Column(name="step", meaning="How exposure is dealt with", heading="Model", kind=Kind.LABEL),
    Column(name="estimate", meaning="Effect for the difference of the factor", unit=POINTS,
           sign=LESS_RESILIENT, heading="Effect"),
    Column(name="low", meaning="Lower end of its 95 % interval", unit=POINTS, heading="from"),
    Column(name="high", meaning="Upper end of its 95 % interval", unit=POINTS, heading="to"),
)  # fmt: skip


def mechanism_section(result: MechanismResult) -> Section:
    """Effects in both models, every path, and what confounding would do."""
    measured = (
        f"{result.factor_title} was taken from {result.factor_at}, {result.mechanism_title} from "
        f"{result.mechanism_at}, SR from {enumeration(result.occasions)}"
        + (f", given {enumeration(result.covariates)}." if result.covariates else ".")
    )
    return Section(
        title=f"Through what? {result.mechanism_title} between {result.factor_title} and SR",
        paragraphs=(
            WHAT,
            result.answer(),
            measured,
            *([ratio] if (ratio := why_the_ratio(result)) else []),
            *([] if result.given_earlier is None else [BEFORE]),
            _reversed(result),
            _hidden(result),
            *([] if result.completed is None else [how_completed(result)]),
            ASSUMED,
        ),
        figures=(path_figure(result), _effects(result), _curve(result), *_chains(result)),
        tables=(
            Table(
                name="mechanism-paths",
                title="Every path and effect",
                frame=result.paths,
                columns=PATH_COLUMNS,
                note="Per unit of where a path begins. Intervals: percentiles over persons drawn "
                "with replacement, and corrected for bias and skewness (BCa), which too often "
                "leaves out 0 in small samples. Products of paths have no p value. Ratios stand in "
                "rows of one step.",
            ),
            *([] if result.completed is None else [_pooled_table(result.completed)]),
        ),
    )


def _pooled_table(made: MechanismCompleted) -> Table:
    return Table(
        name="mechanism-completed",
        title=f"Every path and effect, pooled over {made.sets} completed sets",
        frame=made.paths,
        columns=POOLED_COLUMNS,
        note="Per unit of where a path begins. Intervals: percentiles over persons drawn with "
        "replacement from all sets together. Errors and p are those of Rubin's rules.",
    )


def _chains(result: MechanismResult) -> tuple[Figure, ...]:
    made = result.completed
    if made is None or not made.trace.height:
        return ()
    return (chains_figure(made, "mechanism-chains", made.traced, "SDs of what was seen"),)


def _row(result: MechanismResult, effect: str) -> dict[str, float | None]:
    words = EFFECTS[effect]
    return result.paths.filter(step=TWO, effect=words).row(0, named=True)


def _reversed(result: MechanismResult) -> str:
    x, m = result.factor_title, result.mechanism_title
    back = _row(result, "reversed:indirect")
    told = (
        f"The reversed order, from {x} over SR to {m}, fits these "
        f"numbers exactly as well; its product is {signed(back['estimate'])} "
        f"({signed(back['low'])} to {signed(back['high'])}), in points of {m} per "
        f"point of {x}. "
    )
    if result.kind == "mediation":
        return told + "Only the order in time speaks against it, since SR came later."
    return told + "Nothing in the data speaks against it."


def _hidden(result: MechanismResult) -> str:
    two = result.two_step
    both = (
        f"Both paths differ from 0 at 5 % ({p_value(two.joint_p)} is the larger). "
        if two.joint_p is not None and two.joint_p < 0.05
        else f"At least one of both paths is not shown ({p_value(two.joint_p)}). "
    )
    return (
        both + "A cause of both mechanism and SR that was not measured would pass for a mechanism: "
        f"the indirect effect on SR vanishes if it makes their errors correlate by "
        f"{points(two.rho_at_zero)}.{_untold(two)} On the scale of risk ratios it would have to be "
        f"related to both by {points(two.e_value)} each, for the limit nearer to 0 by "
        f"{points(two.e_value_limit)} (E-values, approximate)."
    )


def _untold(two: Indirect) -> str:
    """Say from which correlation of errors on an effect that is told would not be."""
    if two.rho_untold is None or not two.told:
        return ""
    return f" From {points(two.rho_untold)} on its 95 % interval holds 0."


def _effects(result: MechanismResult) -> Figure:
    paths = result.paths.select("step", "effect", "estimate", "low", "high")
    if result.completed is not None:
        pooled = result.completed.paths.select(paths.columns)
        paths = pl.concat([paths, pooled.with_columns(pl.col("step") + OVER_SETS)])
    data = paths.filter(pl.col("effect").is_in([EFFECTS[name] for name in SHOWN])).select(
        "effect",
        "step",
        *(pl.col(name) * result.difference for name in ("estimate", "low", "high")),
    )
    order = [EFFECTS[name] for name in SHOWN]
    seen = set(data["step"])
    shades = {name: shade for name, shade in MODELS.items() if name in seen}
    told = "; ".join(
        f"{row['effect']}, {row['step']}: {signed(row['estimate'])} ({signed(row['low'])} to "
        f"{signed(row['high'])})"
        for row in data.iter_rows(named=True)
    )
    return Figure(
        name="mechanism-effects",
        title=f"What goes through {result.mechanism_title}, and what does not",
        description=f"Effects for {result.per} of {result.factor_title}, with 95 % intervals, in "
        f"points of problems. {told}.",
        chart=forest_chart(
            data,
            "effect",
            order,
            "estimate",
            X_AXIS,
            by="step",
            hues=shades,
            legend_columns=3 if result.completed is None else 2,
            label_limit=330,
            height=(70 if result.completed is None else 130) * len(order),
        ),
        data=data,
        columns=FIGURE_COLUMNS,
    )  # fmt: skip


def _curve(result: MechanismResult) -> Figure:
    x: Spec = quantity("rho", "Correlation of the errors of mechanism and SR")
    axis, two = "Indirect effect (points of problems)", result.two_step
    gone: list[Spec] = []
    rho = two.rho_at_zero
    if rho is not None and abs(rho) <= result.curve["rho"].to_numpy().max():
        gone = _vanishing(rho, x)
    return Figure(
        name="mechanism-confounding",
        title="What an unmeasured cause of mechanism and SR would make of it",
        description=f"Indirect effect on SR for {result.per} of {result.factor_title}, by the "
        f"correlation of errors, with 95 % intervals. Without any it is {signed(two.estimate)}; at "
        f"{points(two.rho_at_zero)} it is 0.{_untold(two)}",
        chart=layered(
            zero_rule(),
            {
                "data": values(result.curve),
                "mark": {"type": "area", "color": colour("line"), "opacity": 0.15},
                "encoding": {
                    "x": x, "y": quantity("low", axis), "y2": {"field": "high"},
                },
            },
            {
                "data": values(result.curve),
                "mark": {"type": "line", "color": colour("line"), "strokeWidth": 2.5},
                "encoding": {
                    "x": x, "y": quantity("indirect", axis),
                },
            },
            *gone,
            height=260,
        ),
        data=result.curve,
        columns=CURVE_COLUMNS,
    )  # fmt: skip


def _vanishing(rho: float, x: Spec) -> list[Spec]:
    """Mark the correlation of errors at which nothing goes through the mechanism."""
    data = {"values": [{"rho": rho, "indirect": 0.0, "words": f"0 at {points(rho)}"}]}
    encoding: Spec = {"x": x, "y": {"field": "indirect", "type": "quantitative"}}
    return [
        {
            "data": data,
            "mark": {"type": "point", "filled": True, "size": 80, "opacity": 1,
                     "color": colour("line")},
            "encoding": encoding,
        },
        {
            "data": data,
            "mark": {"type": "text", "align": "left", "dx": 8, "dy": -12, "fontSize": 12},
            "encoding": {**encoding, "text": {"field": "words", "type": "nominal"}},
        },
    ]  # fmt: skip
