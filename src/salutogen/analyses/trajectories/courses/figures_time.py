"""Figure of SR in days since dated events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from salutogen.analyses.trajectories.figures import POINTS, course_labels, drawn_rows
from salutogen.page.charting import Spec, band, layered, line, quantity, values, zero_rule
from salutogen.page.colours import colour
from salutogen.page.section import Figure
from salutogen.page.words import SR_AXIS, points, signed

if TYPE_CHECKING:
    from salutogen.analyses.trajectories.analysis import Trajectories


def time_figure(result: Trajectories) -> Figure | None:
    """Mean SR by days since the event, over single courses where these may be shown."""
    locked = result.real_time
    if locked is None:
        return None
    means = locked.means(result.anchors, result.audience.smallest)
    if means.height < 2:
        return None
    days = means["days"].to_list()
    first, last = days[0] - locked.width / 2, days[-1] + locked.width / 2
    shown = means.with_columns(
        pl.Series("when", ["before" if day < 0 else "after" for day in days])
    )
    x = quantity("days", "Days since the event", scale={"domain": [first, last], "nice": False})
    layers: list[Spec] = []
    single = _courses(result, first, last)
    if single is not None:
        mark = {"type": "line", "color": colour("person"), "strokeWidth": 0.7, "opacity": 0.4}
        layers.append(
            {
                "data": values(single),
                "mark": {**mark, "clip": True},
                "encoding": {
                    "x": x,
                    "y": quantity("value", SR_AXIS),
                    "detail": {"field": "who", "type": "nominal"},
                },
            }
        )
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
        name=f"trajectories-{result.anchors.rule}-days",
        title="SR in days since the event",
        description=_words(means, locked.width),
        chart=layered(*layers, height=360),
        data=means if single is None else pl.concat([means, single], how="diagonal"),
        units={"days": "days", "n": "answers"}
        | dict.fromkeys(("mean", "low", "high", "value"), POINTS),
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
        "the median time between two answers; the shaded band is the 95 % interval, clustered by "
        "person. The upright line is the event; courses before and after it are not joined."
    )


def _courses(result: Trajectories, first: float, last: float) -> pl.DataFrame | None:
    """Single courses under labels, in the order of the labels; None where persons are hidden."""
    locked = result.real_time
    if locked is None or not result.audience.draws_persons:
        return None
    order = drawn_rows(result, np.arange(result.anchors.n))
    names = course_labels(result, order)
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
