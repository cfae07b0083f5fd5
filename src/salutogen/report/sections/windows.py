"""Windows: frozen against refitted scores, and the line of each window."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from salutogen.page.charting import (
    Spec,
    layered,
    ordered,
    palette_scale,
    quantity,
    values,
    zero_rule,
)
from salutogen.page.colours import CATEGORIES, HEAT
from salutogen.page.section import Figure, Section, Table
from salutogen.page.words import SR_AXIS, signed
from salutogen.report.context import Context
from salutogen.report.sections.plane import simple

KINDS = {
    "frozen line, everyone": ("mean_SR_frozen", "se_SR_frozen", "one"),
    "frozen line, persons in every window": ("mean_SR_frozen_complete", None, "three"),
    "frozen line, model estimate": ("mean_SR_frozen_model", "se_SR_frozen_model", "four"),
    "refitted line": ("mean_SR_refit", None, "two"),
}
COLUMN_WORDS = {
    "window": "Window",
    "first_occasion": "First occasion",
    "last_occasion": "Last occasion",
    "n": "Persons",
    "intercept": "Intercept",
    "slope": "Slope",
    "r_squared": "R²",
    "mean_SR_frozen": "Mean SR, frozen",
    "mean_SR_refit": "Mean SR, refitted",
    "mean_SR_frozen_complete": "Mean SR, frozen, in every window",
    "n_complete": "Persons in every window",
    "mean_SR_frozen_model": "Mean SR, frozen, model",
    "se_SR_frozen": "SE, frozen",
    "se_SR_frozen_model": "SE, frozen, model",
}
UNITS = {
    "n": "persons",
    "n_complete": "persons",
    "intercept": "points of P",
    "slope": "points of P per point of E",
    **{name: "points of P" for name in COLUMN_WORDS if "SR" in name},
}


def windows_section(context: Context) -> Section | None:
    """Frozen against refitted, or None where the study has no windows."""
    summary = window_table(context)
    if summary is None:
        return None
    figures = [_means_figure(summary)]
    lines = _lines_figure(context, summary)
    return Section(
        title="Windows: frozen against refitted",
        paragraphs=(
            "Frozen scores use the line of the first window (or the named reference) throughout, "
            "so that a shift of the whole group shows. Refitted scores use each window's own line: "
            "their mean is 0 in every window by construction, so they show who stands where, never "
            "whether the group changed.",
            "Who drops out may differ from who stays. The means of those with a score in every "
            "window, and of a model with persons as random intercepts, are not moved by dropout "
            "alone.",
        ),
        figures=(*figures, *([lines] if lines is not None else [])),
        tables=(
            Table(
                name="windows-summary",
                title="Windows, their lines and mean SR",
                frame=summary,
                labels=COLUMN_WORDS,
                units=UNITS,
                note="SR = observed − expected problems; positive = less resilient.",
            ),
        ),
    )


def window_table(context: Context) -> pl.DataFrame | None:
    """Summary of the windows with enough persons to be shown, or None without windows."""
    summary = context.results.resilience.window_summary
    if not summary.height:
        return None
    if not context.audience.individuals:
        smallest = context.audience.smallest
        summary = summary.filter(pl.col("n") >= smallest)
        enough = pl.col("n_complete") >= smallest
        summary = summary.with_columns(
            pl.when(enough).then(pl.col(name)).alias(name)
            for name in ("mean_SR_frozen_complete", "n_complete")
        )
    return summary if summary.height else None


def _spans(summary: pl.DataFrame) -> list[str]:
    return [
        f"{row['window']}: {row['first_occasion']} to {row['last_occasion']}"
        for row in summary.iter_rows(named=True)
    ]


def _means_figure(summary: pl.DataFrame) -> Figure:
    spans = _spans(summary)
    rows: list[dict[str, Any]] = []
    for kind, (column, error, _) in KINDS.items():
        if column not in summary.columns or summary[column].null_count() == summary.height:
            continue
        for span, row in zip(spans, summary.iter_rows(named=True), strict=True):
            mean = row[column]
            se = row.get(error) if error else None
            half = None if se is None or mean is None else 1.96 * se
            rows.append(
                {
                    "window": span,
                    "score": kind,
                    "mean": mean,
                    "low": None if half is None else mean - half,
                    "high": None if half is None else mean + half,
                }
            )
    data = pl.DataFrame(rows, infer_schema_length=None)
    first, last = summary.row(0, named=True), summary.row(-1, named=True)
    return Figure(
        name="frozen-and-refitted",
        title="Mean SR by window, frozen and refitted",
        description=(
            f"Mean SR from the frozen line goes from {signed(first['mean_SR_frozen'])} in window "
            f"{first['window']} to {signed(last['mean_SR_frozen'])} in window {last['window']}; "
            f"from refitted lines it stays at 0. Bars are 95 % intervals. Above 0: more problems "
            f"than the reference line expects (over-reactive)."
        ),
        chart=_means_chart(data, spans),
        data=data,
        units=dict.fromkeys(("mean", "low", "high"), "points of P"),
    )


def _means_chart(data: pl.DataFrame, spans: list[str]) -> Spec:
    kinds = data["score"].unique(maintain_order=True).to_list()
    shades = palette_scale({kind: KINDS[kind][2] for kind in kinds})
    x = ordered("window", "Window: first to last occasion", spans, scale={"padding": 0.4})
    moved = {"xOffset": {"field": "score", "sort": kinds, "scale": {"paddingOuter": 0.6}}}
    hue = {
        "field": "score",
        "type": "nominal",
        "title": None,
        "scale": shades,
        "legend": {"columns": 2},
    }
    y = quantity("mean", SR_AXIS, zero=True)
    return layered(
        zero_rule(),
        {
            "mark": {"type": "rule", "strokeWidth": 2},
            "transform": [{"filter": "isValid(datum.low)"}],
            "encoding": {
                "x": x,
                **moved,
                "color": hue,
                "y": quantity("low", SR_AXIS, zero=True),
                "y2": {"field": "high"},
            },
        },
        {
            "mark": {"type": "point", "filled": True, "size": 75, "opacity": 1},
            "encoding": {
                "x": x,
                **moved,
                "y": y,
                "color": hue,
                "shape": {
                    "field": "score",
                    "type": "nominal",
                    "title": None,
                    "scale": {
                        "domain": kinds,
                        "range": ["circle", "square", "diamond", "triangle-up"],
                    },
                },
            },
        },
        height=320,
        data=values(data),
    )


def _lines_figure(context: Context, summary: pl.DataFrame) -> Figure | None:
    """Draw each window's line, where exposure is one score."""
    shown = set(summary["window"].to_list())
    own = context.results.norm.lines.by_period("window")
    fitted = {period.label: line for period, line in own.items() if period.number in shown}
    exposure = context.windows["E"].drop_nulls().to_numpy()
    one_score = all(simple(line) and line.standardiser is None for line in fitted.values())
    if not fitted or not exposure.size or not one_score:
        return None
    low, high = (float(value) for value in np.quantile(exposure, (0.05, 0.95)))
    grid = pl.DataFrame({"E": np.linspace(low, high, 30)})
    data = pl.concat(
        [
            pl.DataFrame(
                {
                    "window": pl.Series([window] * grid.height),
                    "E": grid["E"],
                    "expected": line.expected(grid, level="window"),
                }
            )
            for window, line in fitted.items()
        ]
    )
    slopes = [line.slope for line in fitted.values() if line.slope is not None]
    return Figure(
        name="window-lines",
        title="The line of each window",
        description=(
            f"Expected problems over exposure (5 to 95 % of its range), one line for each of "
            f"{len(fitted)} windows. Slopes run from {signed(min(slopes), 3)} to "
            f"{signed(max(slopes), 3)} points of problems per point of exposure. Lines that move "
            f"up mean more problems at the same exposure."
        ),
        chart=_lines_chart(data),
        data=data,
        units={"E": "points", "expected": "points of P"},
    )


def _lines_chart(data: pl.DataFrame) -> Spec:
    """Colours and dashes for up to eight windows; beyond, shades from first to last."""
    names = data["window"].unique(maintain_order=True).to_list()
    few = len(names) <= len(CATEGORIES)
    shades = HEAT[1:]
    own = CATEGORIES if few else [shades[i * len(shades) // len(names)] for i in range(len(names))]
    hue: Spec = {"field": "window", "type": "nominal", "title": "Window", "sort": names}
    scale = palette_scale(dict(zip(names, own, strict=False)))
    encoding = {
        "x": quantity("E", "Exposure E (points, mean over the window)"),
        "y": quantity("expected", "Expected problems P (points)"),
        "color": {**hue, "scale": scale},
    }
    if few:
        encoding["strokeDash"] = {**hue, "scale": {"domain": names}}
    return {
        "width": 620,
        "height": 320,
        "data": values(data),
        "mark": {"type": "line", "strokeWidth": 2.5},
        "encoding": encoding,
    }
