"""Pictures of factors: coefficients both ways of asking, and slopes on exposure along a factor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from salutogen.columns import POINTS, Column, Kind
from salutogen.page.charting import (
    band,
    layered,
    line,
    quantity,
    values,
    zero_rule,
)
from salutogen.page.forest import forest_chart
from salutogen.page.section import Figure
from salutogen.page.words import points, signed

if TYPE_CHECKING:
    from salutogen.analyses.factors.completed_records import PooledStep
    from salutogen.analyses.factors.records import FactorFound
    from salutogen.analyses.factors.steps import Step

TWO, ONE = "two steps: SR on the factor", "one step: P on exposure and the factor"
TWO_POOLED, ONE_POOLED = "two steps, completed sets", "one step, completed sets"
STEPS = {TWO: "one", ONE: "two"}
POOLED_STEPS = {TWO: "one", TWO_POOLED: "three", ONE: "two", ONE_POOLED: "four"}
SHOWN, ROW = 40, 40
X_AXIS = "SDs of the outcome per SD of the factor (below 0: fewer problems)"
FOREST_COLUMNS = (
    Column(name="factor", meaning="Factor", kind=Kind.LABEL, heading="Factor"),
    Column(name="step", meaning="Way of asking", kind=Kind.LABEL, heading="Way of asking"),
    Column(name="b", meaning="Coefficient, SDs per SD", heading="Standardised"),
    Column(name="low", meaning="Lower end of its 95 % interval", heading="from"),
    Column(name="high", meaning="Upper end of its 95 % interval", heading="to"),
)
SLOPE_COLUMNS = (
    Column(name="factor", meaning="Value of the factor", heading="Factor"),
    Column(name="slope", meaning="Slope of problems on exposure", unit=f"{POINTS} per unit of E",
           heading="Slope of P on E"),
    Column(name="low", meaning="Lower end of its 95 % interval", heading="from"),
    Column(name="high", meaning="Upper end of its 95 % interval", heading="to"),
)  # fmt: skip


def forest(factors: Sequence[FactorFound]) -> Figure:
    """Coefficients of each factor alone, both ways of asking, in SDs."""
    shown = sorted(factors, key=lambda item: item.two_step.standardised or 0.0)[:SHOWN]
    rows = [_row(item.title, name, step) for item in shown for name, step in _steps(item).items()]
    pooled = any(row["step"] == TWO_POOLED for row in rows)
    schema = {"factor": pl.String, "step": pl.String} | dict.fromkeys(
        ("b", "low", "high"), pl.Float64
    )
    data = pl.DataFrame(rows, schema=schema)
    order = list(dict.fromkeys(item.title for item in shown))
    told = "; ".join(
        f"{item.title} {signed(item.two_step.standardised)} and "
        f"{signed(item.one_step.standardised)}"
        for item in shown[:8]
    )
    return Figure(
        name="factors-forest",
        title="Factors and later SR, in two steps and in one",
        description=(
            "Standardised coefficients of each factor alone, in two steps and in one, with 95 % "
            f"intervals: {told}."
        ),
        chart=forest_chart(
            data,
            "factor",
            order,
            "b",
            X_AXIS,
            by="step",
            hues=POOLED_STEPS if pooled else STEPS,
            legend_columns=2 if pooled else 1,
            most=SHOWN,
            height=max((2 if pooled else 1) * ROW * len(order), 120),
        ),
        data=data,
        columns=FOREST_COLUMNS,
    )  # fmt: skip


def _steps(item: FactorFound) -> dict[str, Step | PooledStep]:
    """Coefficients of a factor alone, in the order in which they are drawn."""
    steps: dict[str, Step | PooledStep] = {TWO: item.two_step, ONE: item.one_step}
    if item.completed is not None and (alone := item.completed.alone) is not None:
        steps |= {TWO_POOLED: alone.two_step, ONE_POOLED: alone.one_step}
    return steps


def _row(title: str, name: str, step: Step | PooledStep) -> dict[str, object]:
    ends: tuple[float | None, float | None] = (None, None)
    if step.interval is not None and step.standardised is not None and step.b:
        scale = step.standardised / step.b
        ends = (step.interval[0] * scale, step.interval[1] * scale)
    return {
        "factor": title, "step": name, "b": step.standardised, "low": ends[0], "high": ends[1],
    }  # fmt: skip


def slope_figure(item: FactorFound) -> Figure | None:
    """Slope of problems on exposure along a factor, with its interval."""
    found = item.buffering
    if found is None or not found.curve:
        return None
    data = pl.DataFrame(
        [
            {"factor": at.factor, "slope": at.slope, "low": at.interval[0], "high": at.interval[1]}
            for at in found.curve
        ]
    )
    x = quantity("factor", item.title)
    title = "Slope of problems on exposure (points of P per unit of E)"
    low, _, high = found.simple_slopes
    ends = ", ".join(points(value) for value in found.region)
    region = f" The interval begins or ends to hold 0 at {ends}." if ends else ""
    return Figure(
        name=f"factors-slope-{item.name}",
        title=f"How much exposure tells, by {item.title}",
        description=(
            f"Slope of problems on exposure with its 95 % interval, from the 5th to the 95th "
            f"percentile of {item.title} (Johnson and Neyman): {points(low.slope, 3)} at one SD "
            f"below the mean, {points(high.slope, 3)} at one SD above.{region}"
        ),
        chart=layered(
            zero_rule(),
            band("low", "high", x, title, shade="one", opacity=0.18),
            line("slope", x, title, shade="one"),
            data=values(data),
            height=260,
        ),
        data=data,
        columns=SLOPE_COLUMNS,
    )
