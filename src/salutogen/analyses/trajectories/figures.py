"""Figures of trajectories: courses around the event, label shares, returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.trajectories.courses.locks import POSITIONS, FloatArray
from salutogen.analyses.trajectories.tables import mean_rows
from salutogen.page.charting import (
    Spec,
    band,
    layered,
    ordered,
    palette_scale,
    quantity,
    values,
    zero_rule,
)
from salutogen.page.colours import colour
from salutogen.page.section import Figure
from salutogen.page.words import SR_AXIS, percent, points, signed

if TYPE_CHECKING:
    from salutogen.analyses.trajectories.analysis import Trajectories

DRAWN = 300
POINTS = "points of P"
P_AXIS = "Problems P (points)"


def means_figure(result: Trajectories, own: str, other: str) -> Figure | None:
    """Mean SR by position with both backgrounds, on a scale of their own."""
    smallest, person = result.audience.smallest, result.anchors.person
    kinds = {f"{own} the event in exposure": ("sr-5", result.lock)}
    if result.other_background is not None:
        kinds[f"{other} the event in exposure"] = ("one", result.other_background)
    parts = [
        mean_rows(lock.SR, person, smallest).with_columns(pl.lit(words).alias("background"))
        for words, (_, lock) in kinds.items()
    ]
    data = pl.concat(parts).drop_nulls("mean")
    if data.height < 2:
        return None
    x = ordered("position", "Scheduled occasion around the event", POSITIONS)
    hue: Spec = {
        "field": "background",
        "type": "nominal",
        "title": None,
        "legend": {"symbolOpacity": 1},
        "sort": list(kinds),
        "scale": palette_scale({words: shade for words, (shade, _) in kinds.items()}),
    }
    told = " ".join(
        f"Judged {words}: {_course_words(part, 'SR', signed)}"
        for words, part in zip(kinds, parts, strict=True)
    )
    return Figure(
        name=f"trajectories-{result.anchors.rule}-means",
        title="Mean SR around the event",
        description=f"{told} Shaded bands are 95 % intervals, clustered by person.",
        chart=layered(
            zero_rule(),
            {
                "data": values(data),
                "mark": {"type": "area", "opacity": 0.14},
                "encoding": {
                    "x": x,
                    "y": quantity("low", SR_AXIS),
                    "y2": {"field": "high"},
                    "color": hue,
                },
            },
            {
                "data": values(data),
                "mark": {
                    "type": "line",
                    "strokeWidth": 3,
                    "point": {"filled": True, "size": 70, "opacity": 1},
                },
                "encoding": {
                    "x": x,
                    "y": quantity("mean", SR_AXIS),
                    "color": hue,
                },
            },
            height=300,
        ),
        data=data,
        units=dict.fromkeys(("mean", "low", "high"), POINTS),
    )


def sr_figure(result: Trajectories, other: str) -> Figure | None:
    """Mean SR by position with its band, over single courses where these may be shown."""
    means = mean_rows(result.lock.SR, result.anchors.person, result.audience.smallest)
    if means["mean"].null_count() == means.height:
        return None
    own = "without" if other == "with" else "with"
    second = None
    if result.other_background is not None:
        second = mean_rows(
            result.other_background.SR, result.anchors.person, result.audience.smallest
        )
    words = (
        f" The dashed line is the mean {other} the event in the background exposure."
        if second is not None
        else ""
    )
    return Figure(
        name=f"trajectories-{result.anchors.rule}-sr",
        title="SR around the event, course by course",
        description=(
            f"{_course_words(means, 'SR', signed)} The shaded band is its 95 % interval, {own} "
            f"the event in the background exposure.{words}{_thin_words(result)}"
        ),
        chart=_course_chart(result, means, result.lock.SR, SR_AXIS, "sr-5", second),
        data=_course_data(result, means, result.lock.SR, second),
        units=dict.fromkeys(("mean", "low", "high", "other_mean", "value"), POINTS),
    )


def p_figure(result: Trajectories) -> Figure | None:
    """Mean P by position, for comparison."""
    means = mean_rows(result.lock.P, result.anchors.person, result.audience.smallest)
    if means["mean"].null_count() == means.height:
        return None
    return Figure(
        name=f"trajectories-{result.anchors.rule}-p",
        title="Problems around the event, whatever the exposure",
        description=(
            f"{_course_words(means, 'P', points)} The shaded band is its 95 % interval. P holds "
            f"the reaction to all stressors of the time, SR what goes beyond them."
            f"{_thin_words(result)}"
        ),
        chart=_course_chart(result, means, result.lock.P, P_AXIS, "problems", None),
        data=_course_data(result, means, result.lock.P, None),
        units=dict.fromkeys(("mean", "low", "high", "value"), POINTS),
    )


def _course_words(means: pl.DataFrame, name: str, write: Any) -> str:
    parts = [
        f"{write(row['mean'])} at {row['position']}"
        for row in means.drop_nulls("mean").iter_rows(named=True)
    ]
    return f"Mean {name} is {', '.join(parts)}."


def _thin_words(result: Trajectories) -> str:
    if not result.audience.draws_persons:
        return ""
    n = min(DRAWN, result.anchors.n)
    rest = "" if n == result.anchors.n else f", {n} of {result.anchors.n} drawn"
    return f" Thin lines are persons{rest}."


def course_labels(result: Trajectories, rows: NDArray[np.int64]) -> list[str]:
    """Labels of anchors: the person's, with the number of a further episode."""
    labels = result.audience.labels(result.anchors.person[rows])
    return [
        label if number == 1 else f"{label}, episode {number}"
        for label, number in zip(labels, result.anchors.episode[rows].tolist(), strict=True)
    ]


def drawn_rows(result: Trajectories, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Those of some anchors that figures draw one by one, in the order of their labels."""
    places = result.audience.places[result.anchors.person[rows]]
    return rows[np.argsort(places, kind="stable")[:DRAWN]]


def _courses(result: Trajectories, shown: FloatArray) -> pl.DataFrame | None:
    """Single courses under labels, in the order of the labels; None where persons are hidden."""
    if not result.audience.draws_persons:
        return None
    order = drawn_rows(result, np.arange(result.anchors.n))
    who = course_labels(result, order)
    return pl.DataFrame(
        {
            "position": list(POSITIONS) * len(who),
            "who": [label for label in who for _ in POSITIONS],
            "value": shown[order].ravel(),
        }
    ).filter(pl.col("value").is_finite())


def _course_data(
    result: Trajectories, means: pl.DataFrame, shown: FloatArray, second: pl.DataFrame | None
) -> pl.DataFrame:
    if second is not None:
        means = means.with_columns(second["mean"].alias("other_mean"))
    single = _courses(result, shown)
    return means if single is None else pl.concat([means, single], how="diagonal")


def _course_chart(
    result: Trajectories,
    means: pl.DataFrame,
    shown: FloatArray,
    axis: str,
    shade: str,
    second: pl.DataFrame | None,
) -> Spec:
    x = ordered("position", "Scheduled occasion around the event", POSITIONS)
    layers: list[Spec] = []
    single = _courses(result, shown)
    if single is not None:
        mark = {"type": "line", "color": colour("person"), "strokeWidth": 0.7, "opacity": 0.45}
        layers.append(
            {
                "data": values(single),
                "mark": mark,
                "encoding": {
                    "x": x,
                    "y": quantity("value", axis),
                    "detail": {"field": "who", "type": "nominal"},
                },
            }
        )
    if axis == SR_AXIS:
        layers.append(zero_rule())
    layers.append({"data": values(means), **band("low", "high", x, axis, shade=shade, opacity=0.3)})
    mark = {"type": "line", "color": colour(shade), "strokeWidth": 3, "point": {"size": 60}}
    mark["point"] = {"filled": True, "size": 60, "color": colour(shade)}
    layers.append(
        {
            "data": values(means),
            "mark": mark,
            "encoding": {"x": x, "y": quantity("mean", axis)},
        }
    )
    if second is not None:
        dashed = {
            "type": "line",
            "color": colour("ink"),
            "strokeWidth": 2,
            "strokeDash": [6, 4],
        }
        layers.append(
            {
                "data": values(second),
                "mark": dashed,
                "encoding": {"x": x, "y": quantity("mean", axis)},
            }
        )
    return layered(*layers, height=360)


def label_figure(result: Trajectories, table: pl.DataFrame) -> Figure:
    """Shares of the labels beside those expected from error and without any change."""
    kinds = {
        "as labelled": ("share", "one", "circle"),
        "given the error of SR": ("expected", "three", "diamond"),
        "if nobody changed": ("no_change", "two", "square"),
    }
    rows = [
        {"label": row["label"], "what": what, "share": row[column]}
        for row in table.iter_rows(named=True)
        for what, (column, _, _) in kinds.items()
        if row[column] is not None
    ]
    data = pl.DataFrame(rows, schema={"label": pl.String, "what": pl.String, "share": pl.Float64})
    shares = [
        f"{row['label']} {percent(row['share'])}"
        for row in table.drop_nulls("share").iter_rows(named=True)
    ]
    hue: Spec = {"field": "what", "type": "nominal", "title": None, "sort": list(kinds)}
    scale = palette_scale({what: shade for what, (_, shade, _) in kinds.items()})
    shapes = {"domain": list(kinds), "range": [shape for _, _, shape in kinds.values()]}
    return Figure(
        name=f"trajectories-{result.anchors.rule}-labels",
        title="Labels by rule, against error and no change",
        description=(
            f"Shares: {', '.join(shares)}. Diamonds are the shares expected when each score is "
            "drawn again within its error, squares those that persons without any change would "
            "get, pre-existing high left out."
        ),
        chart={
            "width": 560,
            "height": 260,
            "data": values(data),
            "mark": {"type": "point", "filled": True, "size": 110, "opacity": 1},
            "encoding": {
                "y": {
                    "field": "label",
                    "type": "nominal",
                    "title": None,
                    "sort": table["label"].to_list(),
                    "axis": {"grid": True, "labelLimit": 200},
                },
                "x": quantity("share", "Share of persons", zero=True, axis={"format": ".0%"}),
                "color": {**hue, "scale": scale},
                "shape": {**hue, "scale": shapes},
            },
        },
        data=data,
    )
