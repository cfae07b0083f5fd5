"""Figures of courses around the event: means of SR and P by position, over single courses."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from salutogen.analyses.trajectories.anchors.rules import Anchors
from salutogen.analyses.trajectories.courses import single_courses
from salutogen.analyses.trajectories.courses.event_courses import LockedCourses
from salutogen.analyses.trajectories.courses.locks import POSITIONS
from salutogen.analyses.trajectories.courses.position_means import COLUMNS, means_by_position
from salutogen.analyses.trajectories.placebo.comparison import Placebo
from salutogen.columns import POINTS, Column, Kind
from salutogen.findings import Persons
from salutogen.page.audience import Audience
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
from salutogen.page.section import Figure, Text
from salutogen.page.words import SR_AXIS, points, say, signed

NO_EVENT = "around comparator occasions"
COMPARED = "around the event, courses that have comparator occasions"
BY_THE_LINE = "by the line over single occasions"
SLOPE_WITHIN = "with the slope within persons"
P_AXIS = "Problems P (points)"
MEANS_COLUMNS = (
    *COLUMNS,
    Column(name="background", meaning="How SR is judged, or the comparator", kind=Kind.LABEL),
)
COURSE_COLUMNS = (
    *COLUMNS,
    *single_courses.COLUMNS,
    Column(name="other_mean", meaning="Mean SR judged the other way", unit=POINTS),
)


def own_and_other(courses: LockedCourses) -> tuple[str, str]:
    """How SR is judged, and how the other background would: with the event, or without it."""
    return ("with", "without") if courses.background == "with-event" else ("without", "with")


def means_figure(
    anchors: Anchors, courses: LockedCourses, placebo: Placebo | None, audience: Audience
) -> Figure | None:
    """Mean SR by position however it is scored, over the same without an event."""
    own, other = own_and_other(courses)
    first = f"{own} the event in exposure" if courses.event_in_exposure else BY_THE_LINE
    kinds = {first: ("sr-5", courses.told.SR)}
    if courses.other_told is not None:
        kinds[f"{other} the event in exposure"] = ("one", courses.other_told.SR)
    if courses.told.SR_within is not None:
        kinds[SLOPE_WITHIN] = ("three", courses.told.SR_within)
    parts = [
        means_by_position(SR, anchors.person, audience, courses.told.SR).with_columns(
            pl.lit(words).alias("background")
        )
        for words, (_, SR) in kinds.items()
    ]
    data = pl.concat(parts).drop_nulls("mean")
    without = _without_event(placebo, anchors.n, audience)
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
        name=f"trajectories-{anchors.rule}-means",
        title="Mean SR around the event",
        description=say(
            "{told} Shaded bands are 95 % intervals over persons, without the error of the line."
            "{beside}",
            told=told,
            beside=_without_words(without, placebo, anchors.n),
        ),
        chart=layered(
            *_without_layers(without, x), zero_rule(), *_means_layers(data, x, hue), height=300
        ),
        data=data if without is None else pl.concat([data, without], how="diagonal"),
        columns=MEANS_COLUMNS,
    )


def _means_layers(data: pl.DataFrame, x: Spec, hue: Spec) -> list[Spec]:
    """Means joined by lines, over their intervals."""
    shaded = {"x": x, "y": quantity("low", SR_AXIS), "y2": {"field": "high"}, "color": hue}
    point = {"filled": True, "size": 70, "opacity": 1}
    return [
        {
            "data": values(data),
            "mark": {"type": "area", "opacity": 0.14},
            "encoding": shaded,
        },
        {
            "data": values(data),
            "mark": {"type": "line", "strokeWidth": 3, "point": point},
            "encoding": {"x": x, "y": quantity("mean", SR_AXIS), "color": hue},
        },
    ]


def compared_means(placebo: Placebo, anchored: int, audience: Audience) -> list[float | None]:
    """Mean SR by position around the event of the courses that have comparator occasions.

    Null where all but a few have some: beside the means of all, these would tell of the few.
    """
    course = [] if placebo.SR is None else placebo.SR.course.values()
    few = audience.is_small(anchored - placebo.n)
    return [None if few or item.n < audience.smallest else item.observed for item in course]


def _without_event(
    placebo: Placebo | None, anchored: int, audience: Audience
) -> pl.DataFrame | None:
    """Mean SR around occasions without an event and, of the same courses, around the event."""
    if placebo is None or placebo.SR is None or placebo.n < audience.smallest:
        return None
    course = placebo.SR.course
    without = pl.DataFrame(
        {
            "position": list(course),
            "mean": [item.placebo for item in course.values()],
            "low": [item.placebo_mean_low for item in course.values()],
            "high": [item.placebo_mean_high for item in course.values()],
            "background": [NO_EVENT] * len(course),
        }
    )
    same = pl.DataFrame(
        {
            "position": list(course),
            "mean": compared_means(placebo, anchored, audience),
            "background": [COMPARED] * len(course),
        },
        schema_overrides={"mean": pl.Float64},
    )
    return pl.concat([without, same.drop_nulls("mean")], how="diagonal")


def _without_words(without: pl.DataFrame | None, placebo: Placebo | None, anchored: int) -> Text:
    if without is None or placebo is None:
        return ""
    means = {
        kind: ", ".join(
            f"{signed(row['mean'])} at {row['position']}"
            for row in without.filter(pl.col("background") == kind).iter_rows(named=True)
        )
        for kind in (NO_EVENT, COMPARED)
    }
    same = (
        f" The grey line is the mean of the same courses around the event: {means[COMPARED]}."
        if means[COMPARED]
        else ""
    )
    return say(
        " {n} of the courses have comparator occasions. The broken line is the mean "
        "around these, the grey band its interval: {placebo}.{same}",
        n=Persons(placebo.n, of=anchored),
        placebo=means[NO_EVENT],
        same=same,
    )


def _without_layers(without: pl.DataFrame | None, x: Spec) -> list[Spec]:
    if without is None:
        return []
    drawn, same = (
        values(without.filter(pl.col("background") == kind)) for kind in (NO_EVENT, COMPARED)
    )
    plain = {"type": "line", "color": colour("person"), "strokeWidth": 2}
    mean = {"x": x, "y": quantity("mean", SR_AXIS)}
    return [
        {"data": drawn, **band("low", "high", x, SR_AXIS, shade="person", opacity=0.35)},
        {"data": drawn, "mark": {**plain, "strokeDash": [3, 3]}, "encoding": mean},
        {"data": same, "mark": plain, "encoding": mean},
    ]


def sr_figure(anchors: Anchors, courses: LockedCourses, audience: Audience) -> Figure | None:
    """Mean SR by position with its band, over single courses where these may be shown."""
    SR, person = courses.told.SR, anchors.person
    means = means_by_position(SR, person, audience)
    if means["mean"].null_count() == means.height:
        return None
    own, other = own_and_other(courses)
    judged = f", {own} the event in the background exposure" if courses.event_in_exposure else ""
    second = None
    if courses.other_told is not None:
        second = means_by_position(courses.other_told.SR, person, audience, SR)
    words = (
        f" The dashed line is the mean {other} the event in the background exposure."
        if second is not None
        else ""
    )
    single = single_courses.drawn_courses(anchors, SR, audience)
    return Figure(
        name=f"trajectories-{anchors.rule}-sr",
        title="SR around the event, course by course",
        description=(
            f"{_course_words(means, 'SR', signed)} The shaded band is its 95 % interval over "
            f"persons, without the error of the line{judged}."
            f"{words}{_thin_words(anchors, audience)}"
        ),
        chart=_course_chart(means, single, SR_AXIS, "sr-5", second),
        data=_course_data(means, single, second),
        columns=COURSE_COLUMNS,
    )


def p_figure(anchors: Anchors, courses: LockedCourses, audience: Audience) -> Figure | None:
    """Mean P by position, for comparison."""
    P = courses.told.P
    means = means_by_position(P, anchors.person, audience, courses.told.SR)
    if means["mean"].null_count() == means.height:
        return None
    single = single_courses.drawn_courses(anchors, P, audience)
    return Figure(
        name=f"trajectories-{anchors.rule}-p",
        title="Problems around the event, whatever the exposure",
        description=(
            f"{_course_words(means, 'P', points)} The shaded band is its 95 % interval. P "
            "follows whatever happened; SR is what the line does not expect of it, error and "
            "fluctuation included."
            f"{_thin_words(anchors, audience)}"
        ),
        chart=_course_chart(means, single, P_AXIS, "problems", None),
        data=_course_data(means, single, None),
        columns=COURSE_COLUMNS,
    )


def _course_words(means: pl.DataFrame, name: str, write: Callable[[float], str]) -> str:
    parts = [
        f"{write(row['mean'])} at {row['position']}"
        for row in means.drop_nulls("mean").iter_rows(named=True)
    ]
    return f"Mean {name} is {', '.join(parts)}."


def _thin_words(anchors: Anchors, audience: Audience) -> str:
    if not audience.draws_persons:
        return ""
    n = min(single_courses.DRAWN, anchors.n)
    rest = "" if n == anchors.n else f", {n} of {anchors.n} drawn"
    return f" Thin lines are persons{rest}."


def _course_data(
    means: pl.DataFrame, single: pl.DataFrame | None, second: pl.DataFrame | None
) -> pl.DataFrame:
    if second is not None:
        means = means.with_columns(second["mean"].alias("other_mean"))
    return means if single is None else pl.concat([means, single], how="diagonal")


def _course_chart(
    means: pl.DataFrame,
    single: pl.DataFrame | None,
    axis: str,
    shade: str,
    second: pl.DataFrame | None,
) -> Spec:
    x = ordered("position", "Scheduled occasion around the event", POSITIONS)
    layers: list[Spec] = []
    if single is not None:
        layers.append(single_courses.thin_lines(single, x, axis, 0.45))
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
