"""Figures of the way back: recovery curves and shares that are back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from salutogen.analyses.trajectories.courses.clustered import mean_of
from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.analyses.trajectories.figures import POINTS, course_labels, drawn_rows
from salutogen.analyses.trajectories.recovery.response import RecoveryCurve
from salutogen.page.charting import (
    Spec,
    layered,
    line,
    palette_scale,
    quantity,
    values,
    zero_rule,
)
from salutogen.page.colours import colour
from salutogen.page.section import Figure
from salutogen.page.words import percent, points, signed

if TYPE_CHECKING:
    from salutogen.analyses.trajectories.analysis import Trajectories

FEWEST_LEFT = 5
FEWEST_MEAN = 10
TURNBULL, KAPLAN_MEIER = "between visits (Turnbull)", "on visits (Kaplan-Meier)"
CHANGE_AXIS = "SR above the level before the event (points of P)"
FINE = 61


def recovery_figures(result: Trajectories) -> tuple[Figure, ...]:
    """The fitted return over observed means and, where persons may be shown, their own curves."""
    curve = result.recovery.curve
    if curve is None:
        return ()
    means = _observed(result)
    if means.height < 2:
        return ()
    last = float(means["occasions"].to_numpy()[-1])
    grid = np.linspace(0.0, last, FINE)
    rate = np.exp(curve.parameters.log_rate)
    fitted = pl.DataFrame(
        {
            "occasions": grid,
            "fitted": curve.asymptote + (curve.jump - curve.asymptote) * np.exp(-rate * grid),
        }
    )
    settled = curve.settled
    own = _own_curves(result, curve, grid[:: FINE // 20]) if settled else None
    shown = [means, *([fitted] if settled else []), *([] if own is None else [own])]
    thin = "" if own is None else " Thin lines are persons, partially pooled."
    words = (
        f"The fitted curve goes from {signed(curve.jump)} points at the event to "
        f"{signed(curve.asymptote)}, half of the way in {points(curve.half_life)} occasions."
        if settled
        else "No curve is drawn, because its speed is not settled by the data."
    )
    return (
        Figure(
            name=f"trajectories-{result.anchors.rule}-recovery",
            title="The way back" if settled else "Mean change after the event",
            description=f"{words} Dots are observed means with their 95 % intervals.{thin}",
            chart=_recovery_chart(means, fitted if settled else None, own),
            data=pl.concat(shown, how="diagonal"),
            units={"occasions": "occasions"}
            | dict.fromkeys(("mean", "low", "high", "fitted", "value"), POINTS),
        ),
    )


def _recovery_chart(
    means: pl.DataFrame, fitted: pl.DataFrame | None, own: pl.DataFrame | None
) -> Spec:
    last = float(means["occasions"].to_numpy()[-1])
    ticks = {"values": list(range(int(last) + 1)), "format": "d"}
    ends = {"domain": [-0.3, last + 0.3], "nice": False}
    x = quantity("occasions", "Occasions since the event", scale=ends, axis=ticks)
    layers: list[Spec] = [zero_rule()]
    if own is not None:
        mark = {"type": "line", "color": colour("person"), "strokeWidth": 0.7, "opacity": 0.4}
        layers.append(
            {
                "data": values(own),
                "mark": mark,
                "encoding": {
                    "x": x,
                    "y": quantity("value", CHANGE_AXIS),
                    "detail": {"field": "who", "type": "nominal"},
                },
            }
        )
    if fitted is not None:
        drawn = line("fitted", x, CHANGE_AXIS, shade="sr-5", strokeWidth=3)
        layers.append({"data": values(fitted), **drawn})
    point = {"type": "point", "filled": True, "size": 70, "opacity": 1, "color": colour("ink")}
    layers += [
        _spans(means, x),
        {
            "data": values(means),
            "mark": point,
            "encoding": {"x": x, "y": quantity("mean", CHANGE_AXIS)},
        },
    ]
    return layered(*layers, height=360)


def _observed(result: Trajectories) -> pl.DataFrame:
    """Mean change by occasions since the event, while enough persons are there."""
    rows = []
    smallest = max(FEWEST_MEAN, result.audience.smallest)
    for tau, column in enumerate(result.change.T):
        found = mean_of(column, result.anchors.person)
        if found.persons < smallest:
            break
        rows.append(
            {
                "occasions": float(tau),
                "n": found.n,
                "mean": found.mean,
                "low": found.low,
                "high": found.high,
            }
        )
    kinds = {"occasions": pl.Float64, "n": pl.Int64} | dict.fromkeys(
        ("mean", "low", "high"), pl.Float64
    )
    return pl.DataFrame(rows, schema=kinds)


def _spans(means: pl.DataFrame, x: Spec) -> Spec:
    """Upright lines from the lower to the upper end of each interval."""
    return {
        "data": values(means),
        "mark": {"type": "rule", "color": colour("ink"), "strokeWidth": 1.5},
        "encoding": {"x": x, "y": quantity("low", CHANGE_AXIS), "y2": {"field": "high"}},
    }


def _own_curves(
    result: Trajectories, curve: RecoveryCurve, grid: FloatArray
) -> pl.DataFrame | None:
    """Partially pooled curves of single courses under labels, in the order of the labels."""
    if not result.audience.draws_persons:
        return None
    varying = result.recovery.varying
    courses = varying.courses if varying is not None and varying.told else curve.courses
    chosen = drawn_rows(result, curve.persons)
    order = np.searchsorted(curve.persons, chosen)
    rates = np.exp(courses.log_rate[order])[:, None]
    end, start = courses.asymptote[order][:, None], courses.jump[order][:, None]
    lines = end + (start - end) * np.exp(-rates * grid)
    who = course_labels(result, chosen)
    return pl.DataFrame(
        {
            "occasions": np.tile(grid, order.size),
            "who": [name for name in who for _ in range(grid.size)],
            "value": lines.ravel(),
        }
    )


def return_figures(result: Trajectories) -> tuple[Figure, ...]:
    """Share back within the band, where enough persons left it."""
    times = result.return_times
    if times is None or times.n_left < FEWEST_LEFT * result.audience.smallest:
        return ()
    rows = [
        {"occasions": at, "back": share, "how": how}
        for how, steps in ((TURNBULL, times.curve()), (KAPLAN_MEIER, times.visits()))
        for at, share in [(0.0, 0.0), *steps]
    ]
    data = pl.DataFrame(rows)
    last = data.filter(pl.col("how") == TURNBULL).row(-1, named=True)
    ticks = list(range(int(data["occasions"].max()) + 1))  # type: ignore[arg-type]
    hue: Spec = {"field": "how", "type": "nominal", "title": None}
    scale = palette_scale({TURNBULL: "one", KAPLAN_MEIER: "two"})
    dash = {"domain": [TURNBULL, KAPLAN_MEIER], "range": [[1, 0], [5, 4]]}
    return (
        Figure(
            name=f"trajectories-{result.anchors.rule}-return",
            title="Back within the own band",
            description=(
                f"Of {times.n_left} persons seen above their band, {percent(last['back'])} are "
                f"estimated to be back {last['occasions']:g} occasions after they were first seen "
                "above it (interval-censored; points are the ends of intervals). The dashed line "
                "takes the visit that sees the return as its time."
            ),
            chart={
                "width": 560,
                "height": 260,
                "data": values(data),
                "mark": {
                    "type": "line",
                    "interpolate": "step-after",
                    "strokeWidth": 2.5,
                    "point": {"filled": True, "size": 50},
                },
                "encoding": {
                    "x": quantity(
                        "occasions",
                        "Occasions since first seen above",
                        zero=True,
                        axis={"values": ticks, "format": "d"},
                    ),
                    "y": quantity(
                        "back",
                        "Share back within the band",
                        zero=True,
                        scale={"domain": [0, 1]},
                        axis={"format": ".0%"},
                    ),
                    "color": {**hue, "scale": scale},
                    "strokeDash": {**hue, "scale": dash},
                },
            },
            data=data,
            units={"occasions": "occasions"},
        ),
    )
