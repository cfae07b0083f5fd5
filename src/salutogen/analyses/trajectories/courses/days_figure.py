"""Figure of SR in days since dated events."""

from __future__ import annotations

import numpy as np
import polars as pl

from salutogen.analyses.trajectories.anchors.rules import Anchors
from salutogen.analyses.trajectories.courses import single_courses
from salutogen.analyses.trajectories.courses.position_means import INTERVAL
from salutogen.analyses.trajectories.courses.real_time import RealTime
from salutogen.columns import Column, Kind
from salutogen.page.audience import Audience
from salutogen.page.charting import Spec, band, layered, line, quantity, values, zero_rule
from salutogen.page.colours import colour
from salutogen.page.section import Figure
from salutogen.page.words import SR_AXIS, points, signed

COLUMNS = (
    Column(name="days", meaning="Days since the event", unit="days"),
    Column(name="n", meaning="Answers", unit="answers", kind=Kind.COUNT),
    *INTERVAL,
    *single_courses.COLUMNS,
)


def days_figure(anchors: Anchors, locked: RealTime | None, audience: Audience) -> Figure | None:
    """Mean SR by days since the event, over single courses where these may be shown."""
    if locked is None:
        return None
    means = locked.means(anchors, audience)
    if means.height < 2:
        return None
    days = means["days"].to_list()
    first, last = days[0] - locked.width / 2, days[-1] + locked.width / 2
    shown = means.with_columns(
        pl.Series("when", ["before" if day < 0 else "after" for day in days])
    )
    x = quantity("days", "Days since the event", scale={"domain": [first, last], "nice": False})
    layers: list[Spec] = []
    single = _courses(anchors, locked, audience, first, last)
    if single is not None:
        layers.append(single_courses.thin_lines(single, x, SR_AXIS, 0.4, clip=True))
    layers += [
        zero_rule(),
        {
            "data": {"values": [{"at": 0}]},
            "mark": {"type": "rule", "color": colour("ink"), "strokeWidth": 1.5},
            "encoding": {"x": {"field": "at", "type": "quantitative"}},
        },
    ]
    for part in shown.partition_by("when", maintain_order=True):
        data = values(part.drop("when"))
        layers.append({"data": data, **band("low", "high", x, SR_AXIS, shade="sr-5", opacity=0.3)})
        point = {"filled": True, "size": 60, "color": colour("sr-5")}
        layers.append({"data": data, **line("mean", x, SR_AXIS, shade="sr-5", point=point)})
    return Figure(
        name=f"trajectories-{anchors.rule}-days",
        title="SR in days since the event",
        description=_words(means, locked.width),
        chart=layered(*layers, height=360),
        data=means if single is None else pl.concat([means, single], how="diagonal"),
        columns=COLUMNS,
    )


def _words(means: pl.DataFrame, width: float) -> str:
    after = means.filter(pl.col("days") >= 0)
    before = means.filter(pl.col("days") < 0)
    parts = [
        f"{signed(row['mean'])} at about {points(row['days'], 0)} days"
        for row in [*before.tail(1).iter_rows(named=True), *after.head(3).iter_rows(named=True)]
    ]
    return (
        f"Mean SR is {', '.join(parts)}. Answers are averaged over stretches of {width:.0f} days, "
        "the median time between two answers; the shaded band is the 95 % interval over "
        "persons, without the error of the line. The upright line is the event; courses before and "
        "after it are not joined."
    )


def _courses(
    anchors: Anchors, locked: RealTime, audience: Audience, first: float, last: float
) -> pl.DataFrame | None:
    """Single courses under labels, in the order of the labels; None where persons are hidden."""
    if not audience.draws_persons:
        return None
    order = single_courses.drawn_rows(anchors, np.arange(anchors.n), audience)
    names = single_courses.course_labels(anchors, order, audience)
    k = locked.days.shape[1]
    return pl.DataFrame(
        {
            "days": locked.days[order].ravel(),
            "who": [name for name in names for _ in range(k)],
            "value": locked.SR[order].ravel(),
        }
    ).filter(
        pl.col("value").is_finite() & pl.col("days").is_finite(),
        pl.col("days").is_between(first, last),
    )
