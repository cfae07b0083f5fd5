"""Reliability of the scores, what exposure is left in them, and the quality of exposure."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

import polars as pl

from salutogen.page.charting import ordered, palette_scale, quantity, values
from salutogen.page.colours import CATEGORIES
from salutogen.page.section import Figure, Section, Table
from salutogen.page.words import number, points
from salutogen.report.context import Context

FIGURE_WORDS = (
    ("reliability", "Reliability of an occasion's SR"),
    ("sem", "Standard error of measurement of an occasion's SR (points)"),
    ("reliability_P", "Reliability of P used"),
    ("reliability_E", "Reliability of E used"),
    ("icc_single", "ICC of SR by occasion (share between persons)"),
    ("icc_windows.frozen", "ICC of window SR, frozen (inflated by overlap: no reliability)"),
    ("icc_windows.refit", "ICC of window SR, refitted (inflated by overlap: no reliability)"),
    ("lag1", "Correlation of SR between adjacent occasions, pooled"),
    ("lag1_within", "The same within persons (biased downwards)"),
    ("sr_exposure_correlation.primary", "r(SR, E), all rows"),
    ("sr_exposure_correlation.between", "r(SR, E) between persons"),
    ("sr_exposure_correlation.within", "r(SR, E) within persons"),
    ("sr_exposure_correlation.mixed", "r(mixed-model SR, E), all rows"),
    ("sr_exposure_correlation.mixed_between", "r(mixed-model SR, E) between persons"),
    ("sr_exposure_correlation.mixed_within", "r(mixed-model SR, E) within persons"),
    ("within_slope", "Slope of P on E within persons (points)"),
    ("between_slope", "Slope of P on E between persons (points)"),
)
SCALE_WORDS = {
    "scale": "Scale",
    "level": "Forms used",
    "n": "Forms",
    "n_items": "Items",
    "omega": "Omega",
    "alpha": "Alpha",
    "floor_share": "Share at the floor",
    "ceiling_share": "Share at the ceiling",
    "note": "Note",
}
EXPOSURE_WORDS = {
    "type": "Exposure type",
    "occasion": "Occasion",
    "n": "Forms",
    "r": "r with P",
    "r_squared": "R²",
    "zero_share": "Share without any exposure",
    "mean": "Mean",
    "sd": "SD",
    "coverage": "Time covered by recall",
}
ITEM_WORDS = {
    "type": "Exposure type",
    "item": "Item",
    "n": "Forms",
    "endorsed_share": "Share that met it",
    "r_with_P": "r with P",
}


def reliability_section(context: Context) -> Section:
    """Reliability of SR, and of the scales behind it."""
    resilience = context.results.resilience
    summary = pl.DataFrame(
        [
            {"figure": words, "value": number(value, 3)}
            for path, words in FIGURE_WORDS
            if (value := attrgetter(path)(resilience.summary)) is not None
        ],
        schema={"figure": pl.String, "value": pl.String},
    )
    described = pl.DataFrame(
        [{"score": name, **figures} for name, figures in resilience.descriptives.to_dict().items()],
        schema={
            "score": pl.String,
            **dict.fromkeys(("mean", "sd", "icc", "within_sd"), pl.Float64),
        },
    )
    return Section(
        title="Reliability and leftover exposure",
        paragraphs=(
            "SR is a difference, so it is less reliable than the problems it is made from. "
            "Over all rows the correlation of SR with exposure is 0 by construction; what is left "
            "between and within persons shows whether one line serves both.",
        ),
        tables=(
            Table(
                name="descriptives",
                title="Problems, exposure and SR over valid occasions",
                frame=described,
                labels={
                    "score": "Score",
                    "mean": "Mean",
                    "sd": "SD",
                    "icc": "ICC",
                    "within_sd": "SD within persons",
                },
                units=dict.fromkeys(("mean", "sd", "within_sd"), "points"),
            ),
            Table(
                name="reliability",
                title="Reliability, stability and leftover exposure of SR",
                frame=summary,
                labels={"figure": "Figure", "value": "Value"},
                note="SR = observed − expected problems; positive = less resilient. Without a "
                "known reliability of E, 1 is assumed; the sensitivity bands show what follows "
                "if that is wrong.",
            ),
            _scales_table(context),
        ),
    )


def exposure_section(context: Context) -> Section | None:
    """How exposure behaves by type and occasion, or None where it was not looked at."""
    scores = context.results.score_table
    quality = scores.exposure_quality
    if not quality.height:
        return None
    if not context.audience.individuals and "n" in quality.columns:
        quality = quality.filter(pl.col("n") >= context.audience.smallest)
    tables = [
        Table(
            name="exposure-quality",
            title="Exposure by type and occasion",
            frame=quality,
            labels=EXPOSURE_WORDS,
            units={"mean": "points", "sd": "points", "zero_share": "share", "coverage": "share"},
        ),
    ]
    items = scores.item_quality
    if items.height:
        if not context.audience.individuals:
            items = _hide_rare_items(items, context.audience.smallest)
        tables.append(
            Table(
                name="item-quality",
                title="Stressor items",
                frame=items,
                labels=ITEM_WORDS,
                units={"endorsed_share": "share of forms"},
            )
        )
    figure = _exposure_figure(quality, context)
    return Section(
        title="Quality of exposure",
        paragraphs=(
            "A checklist that nobody ticks, or that hangs together with problems as closely as a "
            "symptom scale would, makes a poor measure of exposure.",
        ),
        figures=() if figure is None else (figure,),
        tables=tuple(tables),
    )


def _hide_rare_items(items: pl.DataFrame, smallest: int) -> pl.DataFrame:
    told = pl.col("endorsed_share") * pl.col("n")
    few = (told.round() > 0) & (told.round() < smallest)
    return items.with_columns(
        pl.when(~few).then(pl.col(name)).alias(name)
        for name in ("endorsed_share", "r_with_P")
        if name in items.columns
    )


def _scales_table(context: Context) -> Table:
    rows = [
        {name: getattr(item, name) for name in SCALE_WORDS}
        for item in context.results.score_table.reliability
    ]
    schema: dict[str, Any] = {
        "scale": pl.String,
        "level": pl.String,
        "n": pl.Int64,
        "n_items": pl.Int64,
        "omega": pl.Float64,
        "alpha": pl.Float64,
        "floor_share": pl.Float64,
        "ceiling_share": pl.Float64,
        "note": pl.String,
    }
    return Table(
        name="scales",
        title="Scales",
        frame=pl.DataFrame(rows, schema=schema),
        labels=SCALE_WORDS,
        note="Checklists of stressors are formative: their items need not agree, so alpha and "
        "omega are left out.",
    )


def _exposure_figure(quality: pl.DataFrame, context: Context) -> Figure | None:
    if not {"type", "occasion", "r"} <= set(quality.columns):
        return None
    data = quality.select("type", "occasion", "r").filter(pl.col("r").is_not_null())
    if not data.height:
        return None
    types = data["type"].unique(maintain_order=True).to_list()
    shades = dict(zip(types, (CATEGORIES * (len(types) // 8 + 1)), strict=False))
    hue = {"field": "type", "type": "nominal", "title": "Exposure type", "sort": types}
    least = data.sort("r", maintain_order=True).row(0, named=True)
    most = data.sort("r", descending=True, maintain_order=True).row(0, named=True)
    return Figure(
        name="exposure-quality",
        title="How closely each type of exposure goes with problems",
        description=(
            f"Correlation of exposure with problems by occasion, from {points(least['r'])} "
            f"({least['type']}, {least['occasion']}) to {points(most['r'])} ({most['type']}, "
            f"{most['occasion']})."
        ),
        chart={
            "width": 620,
            "height": 260,
            "data": values(data),
            "mark": {"type": "line", "point": {"filled": True, "size": 60}, "strokeWidth": 2.3},
            "encoding": {
                "x": ordered(
                    "occasion", "Planned occasion", context.labels, scale={"padding": 0.3}
                ),
                "y": quantity("r", "r(E, P)", zero=True),
                "color": {**hue, "scale": palette_scale(shades)},
                "shape": {**hue, "scale": {"domain": types}},
            },
        },
        data=data,
        units={"r": "correlation"},
    )
