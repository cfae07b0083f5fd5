"""Figures of the way back: recovery curves and shares that are back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from salutogen.analyses.trajectories.anchors.hiding import hide_small_of
from salutogen.analyses.trajectories.anchors.rules import Anchors
from salutogen.analyses.trajectories.courses import single_courses
from salutogen.analyses.trajectories.courses.clustered_means import mean_of
from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.analyses.trajectories.courses.position_means import INTERVAL
from salutogen.analyses.trajectories.recovery.curve import RecoveryCurve
from salutogen.analyses.trajectories.recovery.no_curve import no_curve_reason, unsettled_reason
from salutogen.analyses.trajectories.recovery.return_time import ReturnTimes
from salutogen.columns import POINTS, Column, Kind
from salutogen.findings import Finding, Persons
from salutogen.page.audience import Audience
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
from salutogen.page.words import percent, say, signed

FEWEST_LEFT = 5
FEWEST_SHOWN = 4  # occasions, from which on means alone are drawn
FEWEST_MEAN = 10
TURNBULL, KAPLAN_MEIER = "between visits (Turnbull)", "on visits (Kaplan-Meier)"
CHANGE_AXIS = "SR above the level before the event (points of P)"
FINE = 61
NO_INTERVAL = (None, None)
INTERVALS = "their 95 % intervals over persons, without the error of the line"

RECOVERY_COLUMNS = (
    Column(name="occasions", meaning="Occasions since the event", unit="occasions"),
    Column(name="n", meaning="Courses", kind=Kind.COUNT),
    *INTERVAL,
    Column(name="fitted", meaning="Fitted return", unit=POINTS),
    *single_courses.COLUMNS,
)
RETURN_COLUMNS = (
    Column(name="occasions", meaning="Occasions since first seen above", unit="occasions"),
    Column(name="back", meaning="Share back within the band"),
    Column(name="low", meaning="Lower end of its 95 % interval over persons"),
    Column(name="high", meaning="Upper end of its 95 % interval over persons"),
    Column(name="how", meaning="Estimate", kind=Kind.LABEL),
)


def recovery_figures(
    anchors: Anchors,
    change: FloatArray,
    curve: RecoveryCurve | None,
    audience: Audience,
    findings: Sequence[Finding] = (),
) -> tuple[Figure, ...]:
    """The fitted return over observed means and, where persons may be shown, their own curves."""
    means = _observed(anchors, change, audience)
    if means.height < (FEWEST_SHOWN if curve is None else 2):
        return ()
    if curve is None:
        return (_means_alone(anchors, means, no_curve_reason(findings)),)
    last = float(means["occasions"].to_numpy()[-1])
    grid = np.linspace(0.0, last, FINE)
    rate = np.exp(curve.log_rate)
    fitted = pl.DataFrame(
        {
            "occasions": grid,
            "fitted": curve.asymptote + (curve.jump - curve.asymptote) * np.exp(-rate * grid),
        }
    )
    settled = curve.settled
    own = _own_curves(anchors, curve, grid[:: FINE // 20], audience) if settled else None
    shown = [means, *([fitted] if settled else []), *([] if own is None else [own])]
    thin = "" if own is None else " Thin lines are persons, partially pooled."
    words = (
        f"The curve is the exponential that was fitted, from {signed(curve.jump)} points at the "
        f"event to {signed(curve.asymptote)}; its shape is assumed."
        if settled
        else f"No curve is drawn, because {unsettled_reason(curve)}."
    )
    return (
        Figure(
            name=f"trajectories-{anchors.rule}-recovery",
            title="The way back" if settled else "Mean change after the event",
            description=f"{words} Dots are observed means with {INTERVALS}.{thin}",
            chart=_recovery_chart(means, fitted if settled else None, own),
            data=pl.concat(shown, how="diagonal"),
            columns=RECOVERY_COLUMNS,
        ),
    )


def _means_alone(anchors: Anchors, means: pl.DataFrame, why: str) -> Figure:
    """Observed means where no curve was fitted."""
    return Figure(
        name=f"trajectories-{anchors.rule}-recovery",
        title="Mean change after the event",
        description=f"No curve is drawn, because {why}. Dots are observed means with {INTERVALS}, "
        "over the courses seen at each occasion.",
        chart=_recovery_chart(means, None, None),
        data=means,
        columns=RECOVERY_COLUMNS,
    )


def _well_seen(
    times: ReturnTimes, steps: tuple[tuple[float, float], ...]
) -> list[tuple[float, float]]:
    """Steps of a share that is back while enough persons were still waited for before them."""
    starts = [0.0, *(at for at, _ in steps)]
    return [
        step
        for start, step in zip(starts, steps, strict=False)
        if times.at_risk(start) >= FEWEST_LEFT
    ]


def _recovery_chart(
    means: pl.DataFrame, fitted: pl.DataFrame | None, own: pl.DataFrame | None
) -> Spec:
    last = float(means["occasions"].to_numpy()[-1])
    ticks = {"values": list(range(int(last) + 1)), "format": "d"}
    ends = {"domain": [-0.3, last + 0.3], "nice": False}
    x = quantity("occasions", "Occasions since the event", scale=ends, axis=ticks)
    layers: list[Spec] = [zero_rule()]
    if own is not None:
        layers.append(single_courses.thin_lines(own, x, CHANGE_AXIS, 0.4))
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


def _observed(anchors: Anchors, change: FloatArray, audience: Audience) -> pl.DataFrame:
    """Mean change by occasions since the event, while enough persons are there."""
    rows = []
    smallest = max(FEWEST_MEAN, audience.smallest)
    for tau, column in enumerate(change.T):
        found = mean_of(column, anchors.person, audience)
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
    frame = pl.DataFrame(rows, schema=kinds)
    return hide_small_of(anchors.n, frame, RECOVERY_COLUMNS, audience)


def _spans(means: pl.DataFrame, x: Spec) -> Spec:
    """Upright lines from the lower to the upper end of each interval."""
    return {
        "data": values(means),
        "mark": {"type": "rule", "color": colour("ink"), "strokeWidth": 1.5},
        "encoding": {"x": x, "y": quantity("low", CHANGE_AXIS), "y2": {"field": "high"}},
    }


def _own_curves(
    anchors: Anchors, curve: RecoveryCurve, grid: FloatArray, audience: Audience
) -> pl.DataFrame | None:
    """Partially pooled curves of single courses under labels, in the order of the labels."""
    if not audience.draws_persons:
        return None
    own = curve.individual
    courses = own.courses if own is not None and own.told else curve.courses
    chosen = single_courses.drawn_rows(anchors, curve.persons, audience)
    order = np.searchsorted(curve.persons, chosen)
    rates = np.exp(courses.log_rate[order])[:, None]
    end, start = courses.asymptote[order][:, None], courses.jump[order][:, None]
    lines = end + (start - end) * np.exp(-rates * grid)
    who = single_courses.course_labels(anchors, chosen, audience)
    return pl.DataFrame(
        {
            "occasions": np.tile(grid, order.size),
            "who": [name for name in who for _ in range(grid.size)],
            "value": lines.ravel(),
        }
    )


def return_figures(rule: str, times: ReturnTimes | None, audience: Audience) -> tuple[Figure, ...]:
    """Share back within the band, where enough persons left it."""
    if times is None or times.n_left < FEWEST_LEFT * audience.smallest:
        return ()
    ends: dict[float, tuple[float | None, float | None]] = {
        at: (audience.told_share(low, times.n_left), audience.told_share(high, times.n_left))
        for (at, _), (low, high) in zip(times.curve, times.intervals, strict=True)
    }
    rows = [
        {
            "occasions": at,
            "back": audience.told_share(share, times.n_left),
            "low": low,
            "high": high,
            "how": how,
        }
        for how, steps in ((TURNBULL, times.curve), (KAPLAN_MEIER, times.visits))
        for at, share in [(0.0, 0.0), *_well_seen(times, steps)]
        for low, high in (ends.get(at, NO_INTERVAL) if how == TURNBULL else NO_INTERVAL,)
    ]
    data = pl.DataFrame(rows, infer_schema_length=None)
    last = data.filter(pl.col("how") == TURNBULL).row(-1, named=True)
    return (
        Figure(
            name=f"trajectories-{rule}-return",
            title="Back within the own band",
            description=say(
                "Of {left} persons seen above their band, {back} are estimated to be back {last} "
                "after they were first seen above it{interval} (interval-censored; "
                "points are the ends of intervals, upright lines 95 % intervals over persons), "
                "{never} were not seen back. Nothing is drawn where fewer than "
                f"{FEWEST_LEFT} were still waited for. The dashed line takes the visit that sees "
                "the return as its time.",
                never=Persons(times.n_not_seen_back, of=times.n_left),
                left=Persons(times.n_left, of=times.n_seen),
                back=percent(last["back"]),
                last=f"{last['occasions']:g} "
                f"{'occasion' if last['occasions'] == 1.0 else 'occasions'}",
                interval=""
                if last["low"] is None
                else f", 95 % interval {percent(last['low'])} to {percent(last['high'])}",
            ),
            chart=_return_chart(data),
            data=data,
            columns=RETURN_COLUMNS,
        ),
    )


def _return_chart(data: pl.DataFrame) -> Spec:
    """Steps of both estimates, with upright lines for the intervals of the first."""
    hue: Spec = {"field": "how", "type": "nominal", "title": None}
    scale = palette_scale({TURNBULL: "one", KAPLAN_MEIER: "two"})
    dash = {"domain": [TURNBULL, KAPLAN_MEIER], "range": [[1, 0], [5, 4]]}
    ticks = list(range(int(data["occasions"].max()) + 1))  # type: ignore[arg-type]
    x = quantity(
        "occasions",
        "Occasions since first seen above",
        zero=True,
        axis={"values": ticks, "format": "d"},
    )
    share: Spec = {"scale": {"domain": [0, 1]}, "axis": {"format": ".0%"}}
    title = "Share back within the band"
    steps: Spec = {
        "type": "line",
        "interpolate": "step-after",
        "strokeWidth": 2.5,
        "point": {"filled": True, "size": 50},
    }
    return {
        "width": 560,
        "height": 260,
        "layer": [
            {
                "data": values(data.drop_nulls("low")),
                "mark": {"type": "rule", "strokeWidth": 1.5},
                "encoding": {
                    "x": x,
                    "y": quantity("low", title, zero=True, **share),
                    "y2": {"field": "high"},
                    "color": {**hue, "scale": scale},
                },
            },
            {
                "data": values(data),
                "mark": steps,
                "encoding": {
                    "x": x,
                    "y": quantity("back", title, zero=True, **share),
                    "color": {**hue, "scale": scale},
                    "strokeDash": {**hue, "scale": dash},
                },
            },
        ],
    }
