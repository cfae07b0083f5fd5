"""Pictures of recovery: the curve with its band, and half-lives of persons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from salutogen.analyses.recovery.tables import CURVE_COLUMNS, HOURS, SPREAD_COLUMNS
from salutogen.analyses.recovery.words import hours, persons_in_words, time_in_words
from salutogen.columns import Column, Kind
from salutogen.page.charting import WIDTH, Spec, band, layered, palette_scale, quantity, values
from salutogen.page.colours import colour
from salutogen.page.section import Figure
from salutogen.page.words import percent, points, say

if TYPE_CHECKING:
    from salutogen.analyses.recovery.analysis import RecoveryResult
    from salutogen.page.audience import Audience

MOST_PERSONS = 60
SEEN, MODEL = "as seen at prompts", "exponential model"
OWN_COLUMNS = (
    Column(name="who", meaning="Label of the person", kind=Kind.IDENTIFIER, heading="Who"),
    Column(name="half_life", meaning="Half of the person's episodes are over after", unit=HOURS,
           heading="Half-life", kind=Kind.PERSON),
    Column(name="low", meaning="Lower end of its 95 % interval", unit=HOURS, heading="from",
           kind=Kind.PERSON),
    Column(name="high", meaning="Upper end of its 95 % interval", unit=HOURS, heading="to",
           kind=Kind.PERSON),
)  # fmt: skip


def curve_figure(result: RecoveryResult) -> Figure:
    """Shares of episodes that are over, with their band, and the exponential model."""
    data = result.curve
    drawn = data.unpivot(["share", "model"], index="hours", variable_name="by").with_columns(
        pl.col("by").replace({"share": SEEN, "model": MODEL})
    )
    x = quantity("hours", "Hours since the stressor was told", zero=True, scale={"nice": False})
    whole: Spec = {"domain": [0, 1], "nice": False}
    title = "Episodes that are over"
    shade = band("low", "high", x, title, shade="one", opacity=0.18)
    shade["encoding"]["y"]["scale"] = whole
    lines: Spec = {
        "data": values(drawn),
        "mark": {"type": "line", "strokeWidth": 2.5, "strokeJoin": "round"},
        "encoding": {
            "x": x,
            "y": quantity("value", title, scale=whole) | {"axis": {"format": ".0%"}},
            "color": {"field": "by", "type": "nominal", "title": None,
                      "scale": palette_scale({SEEN: "one", MODEL: "two"})},
            "strokeDash": {"field": "by", "type": "nominal", "title": None,
                           "scale": {"domain": [SEEN, MODEL], "range": [[1, 0], [6, 4]]}},
        },
    }  # fmt: skip
    last = data.row(-1, named=True)
    return Figure(
        name="recovery-curve",
        title="How long reactions to a stressor last",
        description=(
            f"{time_in_words(result)} After {last['hours']:g} hours {percent(last['share'])} are "
            f"over ({percent(last['low'])} to {percent(last['high'])}); by the exponential model "
            f"{percent(last['model'])}. The shade is the 95 % interval over persons."
        ),
        chart=layered({**shade, "data": values(data)}, lines),
        data=data,
        columns=CURVE_COLUMNS,
    )


def persons_figure(result: RecoveryResult, audience: Audience) -> Figure | None:
    """Half-lives of persons: each with its interval, or their distribution by the model."""
    if not result.half_life.spread:
        return None
    return _caterpillar(result) if audience.draws_persons else _distribution(result)


def _caterpillar(result: RecoveryResult) -> Figure:
    """Every person's half-life, from fast to slow; of many persons as many as can be told apart."""
    own = (
        result.persons.drop_nulls("half_life")
        .sort("half_life", "subject")
        .select(who="subject", half_life="half_life", low="half_life_low", high="half_life_high")
    )
    n = own.height
    if n > MOST_PERSONS:
        places = np.linspace(0, n - 1, MOST_PERSONS).round().astype(int)
        own = own[places.tolist()]
    order = own["who"].to_list()
    y: Spec = {"field": "who", "type": "ordinal", "sort": order, "title": None,
               "axis": {"labels": len(order) <= MOST_PERSONS, "labelFontSize": 9}}  # fmt: skip
    title = "Half of the person's episodes are over after (hours)"
    ends = [float(own["low"].min()), float(own["high"].max())]  # type: ignore[arg-type]
    log: Spec = {"type": "log", "nice": False, "padding": 8, "domain": ends}
    x = {"field": "half_life", "type": "quantitative", "title": title, "scale": log}
    first, last = own.row(0, named=True), own.row(-1, named=True)
    whose = f"{len(order)} of {n} persons" if len(order) < n else f"{n} persons"
    return Figure(
        name="recovery-persons",
        title="Half-lives of persons",
        description=(
            f"{whose}, from fast ({hours(first['half_life'], first['low'], first['high'])}) to "
            f"slow ({hours(last['half_life'], last['low'], last['high'])}), each drawn towards the "
            f"mean as far as its own episodes say little. {persons_in_words(result)}"
        ),
        chart=layered(
            {
                "data": {"values": [{"at": result.half_life.half_life}]},
                "mark": {"type": "rule", "color": colour("quiet"), "strokeDash": [4, 3]},
                "encoding": {"x": {"field": "at", "type": "quantitative", "scale": log}},
            },
            {
                "data": values(own),
                "mark": {"type": "rule", "color": colour("person"), "strokeWidth": 1.5},
                "encoding": {"y": y, "x": {**x, "field": "low"}, "x2": {"field": "high"}},
            },
            {
                "data": values(own),
                "mark": {"type": "point", "filled": True, "size": 40, "opacity": 1,
                         "color": colour("line")},
                "encoding": {"y": y, "x": x},
            },
            height=max(160, 12 * len(order)),
        ),
        data=own,
        columns=OWN_COLUMNS,
    )  # fmt: skip


def _distribution(result: RecoveryResult) -> Figure:
    """Half-lives that shares of the persons do not exceed, by the model."""
    data = result.between
    fast, slow = (data.row(at, named=True) for at in (1, -2))
    drawn = data.with_columns(share=pl.col("of").str.strip_suffix(" %").cast(pl.Float64) / 100)
    x = quantity("half_life", "Half of the person's episodes are over after (hours)")
    y = quantity("share", "Persons who are back as fast or faster", scale={"domain": [0, 1]})
    return Figure(
        name="recovery-persons",
        title="How half-lives differ between persons",
        description=say(
            "By the model one person in ten has a half-life below {fast} hours, one in ten above "
            "{slow} hours. {words}",
            fast=points(fast["half_life"], 1), slow=points(slow["half_life"], 1),
            words=persons_in_words(result),
        ),
        chart={
            "width": WIDTH,
            "height": 260,
            "data": values(drawn),
            "mark": {"type": "line", "point": True, "strokeWidth": 2.5, "color": colour("line")},
            "encoding": {
                "x": x,
                "y": y | {"axis": {"format": ".0%"}},
                "order": {"field": "share", "type": "quantitative"},
            },
        },
        data=data,
        columns=SPREAD_COLUMNS,
    )  # fmt: skip
