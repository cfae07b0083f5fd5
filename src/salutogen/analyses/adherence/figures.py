"""Pictures of adherence: the calendar of prompts, and when prompts are answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from salutogen.analyses.adherence.told import forms_factor, told_rates
from salutogen.columns import Column, Kind
from salutogen.page.charting import WIDTH, Spec, ordered, palette_scale, quantity, values
from salutogen.page.section import Figure
from salutogen.page.words import percent
from salutogen.panel.momentary import ANSWERED, MISSED, NOT_SENT, PARTIAL

if TYPE_CHECKING:
    from salutogen.analyses.adherence.analysis import AdherenceResult
    from salutogen.page.audience import Audience

MOST_PERSONS = 40
MOST_BURSTS = 3
STATE_COLOURS = {
    ANSWERED: "one", PARTIAL: "five", MISSED: "withheld", NOT_SENT: "axis",
}  # fmt: skip
CALENDAR_COLUMNS = (
    Column(name="who", meaning="Label of the person", kind=Kind.IDENTIFIER, heading="Who"),
    Column(name="burst", meaning="Burst", kind=Kind.LABEL, heading="Burst"),
    Column(name="place", meaning="Day and prompt of the day", kind=Kind.LABEL, heading="Prompt"),
    Column(name="state", meaning="State of the prompt", kind=Kind.PERSON, heading="State"),
)
CELL_COLUMNS = (
    Column(name="day", meaning="Day of the burst", kind=Kind.LABEL, heading="Day"),
    Column(name="hour", meaning="Hour of the person's own clock", kind=Kind.LABEL, heading="Hour"),
    Column(name="beep", meaning="Prompt of the day", kind=Kind.LABEL, heading="Prompt of the day"),
    Column(name="share", meaning="Answered of planned prompts", heading="Answered of planned"),
)


def calendar(result: AdherenceResult, audience: Audience) -> Figure | None:
    """Every prompt of some persons, from who answered least to who answered most.

    Only where single persons may be seen. Of many persons as many are drawn as can be told apart,
    evenly spread over adherence; of many bursts the first.
    """
    if not audience.individuals:
        return None
    order = result.persons.sort("share", "person")["person"].to_numpy()
    if order.size > MOST_PERSONS:
        places = np.linspace(0, order.size - 1, MOST_PERSONS).round().astype(int)
        order = order[places]
    bursts = result.bursts["burst"][:MOST_BURSTS] if result.bursts.height else pl.Series([""])
    found = (
        result.prompts.with_columns(burst=pl.col("occasion").cast(pl.String).fill_null(""))
        .filter(
            pl.col("person").is_in(order.tolist())
            & pl.col("burst").is_in(bursts.to_list())
            & pl.all_horizontal(pl.col("day", "beep").is_not_null())
        )
        .select("person", "burst", "day", "beep", pl.col("state").cast(pl.String))
    )
    if not found.height:
        return None
    steps = found.select("day", "beep").unique().sort("day", "beep")
    data = found.select(
        who=result.labels.gather(found["person"]),
        burst="burst",
        place=pl.format("{}.{}", "day", "beep"),
        state="state",
    )
    words = result.labels.gather(pl.Series(order)).to_list()
    shares = result.persons["share"].to_numpy()
    drawn = f"{len(words)} persons"
    if len(words) < shares.size:
        drawn = f"{len(words)} of {shares.size} persons"
    return Figure(
        name="prompt-calendar",
        title="Every prompt, and what became of it",
        description=(
            f"Prompts of {drawn}, from who answered least ({percent(shares.min())}, above) to "
            f"who answered most ({percent(shares.max())}, below), by day and prompt of the day. "
            "White are bursts to which a person did not come."
        ),
        chart=_calendar_chart(
            data, words, [f"{day}.{beep}" for day, beep in steps.iter_rows()], bursts.to_list()
        ),
        data=data,
        columns=CALENDAR_COLUMNS,
    )


def _calendar_chart(
    data: pl.DataFrame, persons: list[str], places: list[str], bursts: list[str]
) -> Spec:
    """A row for each person and a field for each prompt, side by side for several bursts."""
    panel: Spec = {
        "width": max(180, WIDTH // len(bursts)),
        "height": 12 * len(persons),
        "mark": {"type": "rect"},
        "encoding": {
            "x": ordered("place", "Day and prompt of the day", places, most=8),
            "y": {
                "field": "who", "type": "ordinal", "sort": persons, "title": None,
                "axis": {"labelFontSize": 9},
            },
            "color": {
                "field": "state", "type": "nominal", "title": None,
                "scale": palette_scale(STATE_COLOURS),
            },
        },
    }  # fmt: skip
    if len(bursts) == 1:
        return {**panel, "data": values(data)}
    column = {"field": "burst", "type": "nominal", "title": "Burst", "sort": bursts}
    return {"facet": {"column": column}, "spec": panel, "data": values(data)}


def heat(result: AdherenceResult, audience: Audience) -> Figure | None:
    """Share of answered prompts by hour of the day, or by prompt of the day, and day of the burst.

    Cells of fewer persons than may be told are left out.
    """
    # Hours vary from person to person, so that most cells would leave a few of everyone.
    timed = audience.individuals and (
        result.prompts["hour"].null_count() <= result.prompts.height / 2
    )
    across = "hour" if timed else "beep"
    cells = (
        result.prompts.filter(pl.col(across).is_not_null() & pl.col("day").is_not_null())
        .group_by("day", across)
        .agg(
            pl.col("person").n_unique().alias("n"),
            pl.len().alias("planned"),
            (pl.col("state") == ANSWERED).sum().alias("answered"),
            (pl.col("state") == ANSWERED).mean().alias("share"),
        )
        .sort("day", across)
    )
    cells = cells.filter([not audience.hides(n) for n in cells["n"].to_list()])
    if cells.height < 2:
        return None
    if not audience.individuals:
        cells = told_rates(cells, forms_factor(result.prompts))
    data = cells.select("day", across, "share")
    best, worst = (data.sort("share", descending=down).row(0, named=True) for down in (True, False))
    words = {"hour": "hour", "beep": "prompt"}[across]
    return Figure(
        name="prompt-hours",
        title=f"Answered of planned prompts, by {words} and day",
        description=(
            f"Most were answered on day {best['day']} at {words} {best[across]} "
            f"({percent(best['share'])}), fewest on day {worst['day']} at {words} {worst[across]} "
            f"({percent(worst['share'])})."
        ),
        chart={
            "width": WIDTH,
            "height": {"step": 24},
            "data": values(data),
            "mark": {"type": "rect"},
            "encoding": {
                "x": ordered(
                    across,
                    "Hour of the day" if timed else "Prompt of the day",
                    sorted(data[across].unique().to_list()),
                    most=24,
                ),
                "y": ordered("day", "Day of the burst", sorted(data["day"].unique().to_list())),
                "color": quantity("share", "Answered", scale={"domain": [0, 1], "nice": False})
                | {"legend": {"format": ".0%"}},
            },
        },
        data=data,
        columns=CELL_COLUMNS,
    )
