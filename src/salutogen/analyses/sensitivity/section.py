"""Sensitivity bands: what error in exposure, mood and outliers would do to SR."""

from __future__ import annotations

import polars as pl

from salutogen.page.charting import layered, palette_scale, quantity, values, zero_rule
from salutogen.page.section import Figure, Section, Table
from salutogen.page.words import heading, points
from salutogen.report.context import Context

TABLE_TITLES = {
    "exposure_error": "If exposure is measured with error",
    "mood_reporting": "If mood colours the report of exposure",
    "mood_factors": "If mood colours the report of exposure: factors and SR",
    "outliers": "If far points are treated otherwise",
    "missing": "If skipped answers had been at their bounds",
}
COLUMN_WORDS = {
    "level": "Level",
    "reliability_E": "Assumed reliability of E",
    "r_observed": "Observed r(E, P)",
    "refused": "Impossible here",
    "r_SR_true_E": "r of SR with true exposure",
    "slope": "Slope",
    "corrected_slope": "Corrected slope",
    "r_with_corrected": "r of SR with corrected SR",
    "r_corrected_observed_E": "r of corrected SR with observed exposure",
    "g": "Assumed strength g",
    "r_true": "True r(E, P)",
    "policy": "Policy",
    "n": "Persons in the fit",
    "n_changed": "Rows changed",
    "intercept": "Intercept",
    "r_squared": "R²",
    "residual_sd": "Residual SD",
    "r_with_primary": "r with the primary SR",
    "largest_change": "Largest change of a person's SR",
    "mean_SR_change": "Mean absolute change of SR",
    "case": "Case",
    "factor": "Factor",
    "r_factor_SR": "r of the factor with SR",
}
UNITS = {
    "slope": "points of P per point of E",
    "corrected_slope": "points of P per point of E",
    "intercept": "points of P",
    "residual_sd": "points of P",
    "largest_change": "points of P",
    "mean_SR_change": "points of P",
    "g": "SDs of E per SD of P",
}
LEVEL_COLOURS = {"occasion": "two", "person": "one", "window": "three", "phase": "four"}


def sensitivity_section(context: Context) -> Section | None:
    """Bands over assumptions, or None where none were computed."""
    given = {name: frame for name, frame in context.resilience.sensitivity.items() if frame.height}
    if not given:
        return None
    figures = [
        figure
        for figure in (
            _band(given, "exposure_error", "reliability_E", "Assumed reliability of exposure"),
            _band(given, "mood_reporting", "g", "Assumed strength of mood-congruent reporting g"),
        )
        if figure is not None
    ]
    return Section(
        title="Sensitivity bands",
        paragraphs=(
            "Each figure asks: if this assumption held, how far would SR be off? A score that is "
            "free of observed exposure is not free of true exposure when exposure is measured with "
            "error: persons who truly met little then look more resilient than they are.",
        ),
        figures=tuple(figures),
        tables=tuple(_table(name, frame, context) for name, frame in given.items()),
    )


def _table(name: str, frame: pl.DataFrame, context: Context) -> Table:
    if not context.audience.individuals:
        frame = frame.drop("largest_change", strict=False)
        if "n_changed" in frame.columns:
            few = pl.col("n_changed").is_between(1, context.audience.smallest - 1)
            frame = frame.with_columns(pl.when(~few).then(pl.col("n_changed")))
    return Table(
        name=f"sensitivity-{name.replace('_', '-')}",
        title=TABLE_TITLES.get(name, heading(name)),
        frame=frame,
        labels=COLUMN_WORDS,
        units=UNITS,
        note=(
            "Rows marked impossible: exposure that unreliable could not correlate as it does. The "
            "negative correlation of corrected SR with observed exposure follows from the "
            "correction and is no finding."
            if name == "exposure_error"
            else ""
        ),
    )


def _band(given: dict[str, pl.DataFrame], name: str, by: str, x_title: str) -> Figure | None:
    frame = given.get(name)
    needed = {"level", by, "r_SR_true_E", "r_with_corrected"}
    if frame is None or not needed <= set(frame.columns):
        return None
    measures = {
        "r_SR_true_E": "SR with true exposure",
        "r_with_corrected": "SR with corrected SR",
    }
    data = (
        frame.select("level", by, *measures)
        .unpivot(index=["level", by], variable_name="what", value_name="r")
        .with_columns(pl.col("what").replace(measures))
        .filter(pl.col("r").is_not_null())
    )
    if not data.height:
        return None
    levels = data["level"].unique(maintain_order=True).to_list()
    shades = palette_scale({level: LEVEL_COLOURS.get(level, "five") for level in levels})
    chart = layered(
        zero_rule(),
        {
            "data": values(data),
            "mark": {"type": "line", "strokeWidth": 2.3, "point": {"filled": True, "size": 45}},
            "encoding": {
                "x": quantity(by, x_title),
                "y": quantity("r", "Correlation of SR", scale={"domain": _domain(data)}),
                "color": {"field": "level", "type": "nominal", "title": "Level", "scale": shades},
                "strokeDash": {
                    "field": "what",
                    "type": "nominal",
                    "title": "Correlation of",
                    "scale": {"domain": list(measures.values()), "range": [[1, 0], [5, 4]]},
                    "legend": None,
                },
            },
        },
        height=280,
        title={
            "text": "Solid: with true exposure. Dashed: with the corrected score.",
            "fontSize": 12,
            "fontWeight": "normal",
        },
    )
    true = data.filter(pl.col("what") == measures["r_SR_true_E"])
    lowest, highest = true["r"].min(), true["r"].max()
    return Figure(
        name=f"sensitivity-{name.replace('_', '-')}",
        title=TABLE_TITLES[name],
        description=(
            f"Solid lines: correlation of SR with true exposure, from "
            f"{points(lowest)} to {points(highest)} over the assumed values"  # type: ignore[arg-type]
            f" (0 would be free of exposure). Dashed lines: correlation of SR with the score "
            f"corrected under the same assumption; near 1, persons keep their places."
        ),
        chart=chart,
        data=data,
        units={"r": "correlation"},
    )


def _domain(data: pl.DataFrame) -> list[float]:
    lowest = min(0.0, float(data["r"].min()))  # type: ignore[arg-type]
    return [lowest - 0.05, 1.05]
