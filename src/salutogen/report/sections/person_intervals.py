"""Persons in the order of SR, each with an interval that says what it is of."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from salutogen.columns import LESS_RESILIENT, POINTS, Column, Kind
from salutogen.findings import Persons
from salutogen.page.charting import layered, palette_scale, quantity, values, zero_rule
from salutogen.page.section import Figure, Text
from salutogen.page.words import SR_AXIS, number, points, say
from salutogen.report.context import FEW_VISITS_WORDS, Context
from salutogen.resilience.claims import has_few_visits

INTERVALS_DRAWN = 400
BELOW, UNSETTLED, ABOVE, FEW = (
    "clearly below 0 (fewer problems than expected)",
    "not settled",
    "clearly above 0 (more problems than expected)",
    FEW_VISITS_WORDS,
)
INTERVAL_COLOURS = {BELOW: "sr-1", UNSETTLED: "sr-3", ABOVE: "sr-5", FEW: "five"}
INTERVAL_COLUMNS = (
    Column(name="rank", meaning="Place in the order of SR", kind=Kind.PERSON),
    Column(name="who", meaning="Label of the person", kind=Kind.PERSON),
    *(
        Column(name=name, meaning=words, unit=POINTS, sign=LESS_RESILIENT, kind=Kind.PERSON)
        for name, words in (
            ("SR", "SR over the follow-up"),
            ("low", "Lower end of the 95 % interval"),
            ("high", "Upper end of the 95 % interval"),
        )
    ),
    Column(name="n_valid", meaning="Valid occasions", kind=Kind.PERSON),
    Column(name="settled", meaning="What is settled of the person's level", kind=Kind.PERSON),
)


def errors_in_words(context: Context) -> Text:
    """Say what the intervals of persons are of, and what they rest on."""
    found = context.resilience.claims
    if found.within_variance is None:
        return (
            "Persons' levels over the period have no interval: one occasion cannot tell state from "
            "trait. Intervals of SR on these very days hold the error of the line and of the "
            "answers only (SR_se_days)."
        )
    if found.between_variance_low is None:
        return (
            "Intervals of persons are of the level over the period. They hold the line's error and "
            "the share of the variance of SR that the given stability leaves to the day: these "
            "data, with one occasion per person, cannot check it."
        )
    rho = (
        f"correlation {number(found.autocorrelation, 2)} at adjacent occasions"
        if found.autocorrelation is not None
        else "occasions taken as independent, which they cannot tell"
    )
    between = (
        ""
        if found.between_variance is None
        else f", persons' levels by SD {points(found.between_variance**0.5)}"
    )
    text = (
        "Intervals of persons are of the level over the period, what SR would come to over many "
        "such occasions: they hold the line's error and what SR varies within a person from "
        f"occasion to occasion (SD {points(found.within_variance**0.5)} points, {rho}{between}). "
        "Intervals of SR on these very days, which hold the answers' error instead, are SR_se_days."
    )
    if found.outside is None or not found.n:
        return text
    return say(
        "{text} {outside} of {n:# interval|# intervals} do not hold 0; about one in twenty would "
        "not by chance alone if every level were 0.",
        text=text,
        n=Persons(found.n),
        outside=Persons(found.outside, of=found.n),
    )


def interval_table(context: Context) -> pl.DataFrame | None:
    """Persons in the order of SR with their intervals, under their labels.

    Intervals are of the level over the period; where levels are not known, of these very days.
    """
    persons = context.persons
    if not context.audience.draws_persons or persons.height > INTERVALS_DRAWN:
        return None
    end = "" if of_levels(context) else "_days"
    low, high = f"SR_low{end}", f"SR_high{end}"
    if not {low, high, "clear"} <= set(persons.columns):
        return None
    table = (
        persons.select("person", "SR", low, high, "n_valid", "clear")
        .drop_nulls(["SR", low, high])
        .sort("SR", "person")
    )
    if not table.height:
        return None
    return table.select(
        pl.int_range(1, table.height + 1, eager=True).alias("rank"),
        pl.Series("who", context.audience.labels(table["person"].to_numpy())),
        "SR",
        pl.col(low).alias("low"),
        pl.col(high).alias("high"),
        "n_valid",
        pl.when(pl.Series(has_few_visits(table)))
        .then(pl.lit(FEW))
        .when(pl.col("clear") == "below")
        .then(pl.lit(BELOW))
        .when(pl.col("clear") == "above")
        .then(pl.lit(ABOVE))
        .otherwise(pl.lit(UNSETTLED))
        .alias("settled"),
    )


def of_levels(context: Context) -> bool:
    """Whether persons' levels have intervals."""
    return context.resilience.claims.n > 0


def intervals_figure(context: Context) -> Figure | None:
    """Draw persons in the order of SR; for cohorts small enough to draw."""
    data = interval_table(context)
    if data is None:
        return None
    spread = float(np.median((data["high"] - data["low"]).to_numpy())) / 2
    if of_levels(context):
        of = "their levels over the period"
        told = (
            "Coloured are persons called clearly below or above the line at a false-discovery rate "
            "of 5 %; nobody is called from one or two visits where others have more."
        )
        if not data["settled"].is_in([BELOW, ABOVE]).any():
            told = "Nobody is coloured, as nobody is called clearly below or above the line."
    else:
        of = "SR on these very days"
        told = "They say nothing of a lasting level, so nobody is coloured."
    return Figure(
        name="sr-intervals",
        title=f"SR of persons with 95 % intervals of {of}",
        description=(
            f"Persons from the lowest to the highest SR. Intervals of {of} reach "
            f"{points(spread)} points to each side (median). {told}"
        ),
        chart=_chart(data),
        data=data,
        columns=INTERVAL_COLUMNS,
        interactive=True,
    )


def _chart(data: pl.DataFrame) -> dict[str, Any]:
    hue = {
        "field": "settled",
        "type": "nominal",
        "title": "Level",
        "scale": palette_scale(INTERVAL_COLOURS),
    }
    x = quantity("rank", "Persons in the order of SR", axis={"labels": False, "ticks": False})
    tip = [
        {"field": "who", "title": "Who"},
        *({"field": name, "title": name, "format": ".2f"} for name in ("SR", "low", "high")),
        {"field": "n_valid", "title": "Valid occasions"},
    ]
    return layered(
        {
            "mark": {"type": "rule", "strokeWidth": 1.3},
            "encoding": {
                "x": x,
                "y": quantity("low", SR_AXIS),
                "y2": {"field": "high"},
                "color": hue,
            },
        },
        {
            "mark": {"type": "circle", "size": 16, "opacity": 1},
            "encoding": {"x": x, "y": quantity("SR", SR_AXIS), "color": hue, "tooltip": tip},
        },
        zero_rule(),
        height=320,
        data=values(data),
    )
