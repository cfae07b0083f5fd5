"""Pictures of early-warning indicators: what could be seen, and persons' courses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from salutogen.analyses.early_warning.tables import EARLIER_DAYS
from salutogen.analyses.early_warning.words import window_words
from salutogen.columns import Column, Kind
from salutogen.models.critical_slowing.indicators import AUTOCORRELATION
from salutogen.page.charting import Spec, palette_scale, quantity, values
from salutogen.page.colours import colour
from salutogen.page.section import Figure
from salutogen.page.words import p_value, percent, points

if TYPE_CHECKING:
    from salutogen.analyses.early_warning.analysis import EarlyWarningResult
    from salutogen.page.audience import Audience

SHOWN = 12
LEVEL = 0.05
SLOWER, SAME = "everyone slows down", "nothing changes"
POWER_COLUMNS = (
    Column(name="what", meaning="Indicator", heading="Indicator", kind=Kind.LABEL),
    Column(name="when", meaning="What happens", heading="If", kind=Kind.LABEL),
    Column(name="share", meaning="Share of series in which it rises, p < .05",
           heading="Shows a rise"),
)  # fmt: skip
COURSE_COLUMNS = (
    Column(name="who", meaning="Label of the person", heading="Who", kind=Kind.IDENTIFIER),
    Column(name="day", meaning="Middle of the window", unit=EARLIER_DAYS, heading="Day",
           kind=Kind.PERSON),
    Column(name="autocorrelation", meaning="Autocorrelation within the window",
           heading="Autocorrelation", kind=Kind.PERSON),
)  # fmt: skip


def power_figure(result: EarlyWarningResult) -> Figure:
    """Shares of series in which an indicator rises: without a change, and where all slow down."""
    told = result.indicators.drop_nulls("sensitivity")
    names = [
        f"{row['indicator'].capitalize()}, {result.title(row['affect'])}"
        for row in told.iter_rows(named=True)
    ]
    data = (
        told.select("false", "sensitivity")
        .with_columns(what=pl.Series(names, dtype=pl.String))
        .unpivot(["false", "sensitivity"], index="what", variable_name="when", value_name="share")
        .with_columns(pl.col("when").replace({"false": SAME, "sensitivity": SLOWER}))
    )
    x = quantity("share", "Series in which it rises (p < .05)", scale={"domain": [0, 1]})
    y: Spec = {"field": "what", "type": "nominal", "sort": names, "title": None,
               "axis": {"labelLimit": 300}}  # fmt: skip
    hue: Spec = {
        "field": "when", "type": "nominal", "title": None,
        "scale": palette_scale({SAME: "two", SLOWER: "one"}),
    }  # fmt: skip
    said = "; ".join(
        f"{name}: {percent(low)} and {percent(high)}"
        for name, low, high in zip(names, told["false"], told["sensitivity"], strict=True)
    )
    return Figure(
        name="early-warning-power",
        title="What these answers could show",
        description=(
            "Share of series that rise if nothing changes, and if the autocorrelation rises by "
            f"{points(result.settings.rise, 2)}. {said}."
        ),
        chart={
            "width": 420,
            "height": max(90, 46 * len(names)),
            "data": values(data),
            "mark": {"type": "point", "filled": True, "size": 130, "opacity": 1},
            "encoding": {"y": y, "x": x | {"axis": {"format": ".0%"}}, "color": hue},
        },
        data=data,
        columns=POWER_COLUMNS,
    )


def courses_figure(result: EarlyWarningResult, audience: Audience) -> Figure | None:
    """Autocorrelation of the persons in whom it rose most surely; None where none may be drawn."""
    if not audience.draws_persons:
        return None
    affect = result.affects[0]
    first = (
        result.persons.filter(affect=affect, indicator=AUTOCORRELATION)
        .sort("p", "subject")
        .head(SHOWN)
    )
    who = {
        row["subject"]: f"{row['subject']}, {p_value(row['p'])}"
        for row in first.iter_rows(named=True)
    }
    data = (
        result.by_window.filter(pl.col("subject").is_in(list(who)), affect=affect)
        .drop_nulls(AUTOCORRELATION)
        .select(pl.col("subject").replace(who).alias("who"), "day", AUTOCORRELATION)
    )
    line: Spec = {
        "mark": {"type": "line", "point": {"size": 30}, "strokeWidth": 2, "color": colour("line")},
        "encoding": {
            "x": quantity("day", None),
            "y": quantity(AUTOCORRELATION, None, scale={"domain": [-1, 1]}),
        },
    }
    left = int((first["p_adjusted"] < LEVEL).sum())
    return Figure(
        name="early-warning-courses",
        title=f"Where the autocorrelation rose most: {result.title(affect)}",
        description=(
            f"Autocorrelation within the day {window_words(result)}, against days since the "
            f"person's first answer, of the {first.height} persons with the smallest p value. They "
            f"were chosen for that among {result.n}: such courses are there when nothing changes, "
            f"too. With the number of persons allowed for, {left} of them are left."
        ),
        chart={
            "data": values(data),
            "facet": {"field": "who", "type": "nominal", "title": None, "sort": list(who.values())},
            "columns": 4,
            "spec": {"width": 135, "height": 90, **line},
        },
        data=data,
        columns=COURSE_COLUMNS,
    )
