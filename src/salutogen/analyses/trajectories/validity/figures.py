"""Figures of validity: outcome by group, and factors against locks of SR and P."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from salutogen.analyses.trajectories.tables import shown_counts
from salutogen.analyses.trajectories.validity.validity import GroupOutcome, Validity
from salutogen.page.charting import Spec, palette_scale, quantity, values, zero_rule
from salutogen.page.colours import colour
from salutogen.page.section import Figure
from salutogen.page.words import percent, points, signed

if TYPE_CHECKING:
    from salutogen.analyses.trajectories.analysis import Trajectories

ROW = 34
FACTORS_SHOWN, FEWEST = 30, 5
WITH_SR, WITH_P = "SR after the event", "P after the event"


def group_figure(result: Trajectories, group: GroupOutcome) -> Figure | None:
    """Mean outcome of each label or class with its interval."""
    found = result.validity
    if found is None or found.outcome is None:
        return None
    counts = shown_counts([mean.n for mean in group.means], result.audience.smallest)
    rows = [
        {"group": name, "mean": mean.mean, "low": mean.low, "high": mean.high}
        for name, mean, count in zip(group.names, group.means, counts, strict=True)
        if count and count >= FEWEST and mean.low is not None
    ]
    if len(rows) < 2:
        return None
    data = pl.DataFrame(rows)
    binary = found.outcome.binary
    title = f"Share with {found.outcome.name}" if binary else found.outcome.name.capitalize()
    if found.outcome.name.startswith("mean P"):
        title = "Mean P after post2 (points)"
    y: Spec = {
        "field": "group",
        "type": "nominal",
        "title": None,
        "sort": [row["group"] for row in rows],
        "axis": {"labelLimit": 200, "grid": True},
    }
    axis = {"format": ".0%"} if binary else {}
    write = percent if binary else points
    shares = ", ".join(
        f"{name} {write(mean.mean)}"
        for name, mean, count in zip(group.names, group.means, counts, strict=True)
        if count and count >= FEWEST
    )
    return Figure(
        name=f"trajectories-{result.anchors.rule}-{group.title.lower()}-outcome",
        title=f"What comes later, by {group.title.lower()}",
        description=f"{title}: {shares}. Lines are 95 % intervals; groups under {FEWEST} courses "
        "are left out.",
        chart={
            "width": 520,
            "height": ROW * len(rows),
            "data": values(data),
            "layer": [
                _span(y, "low", "high", title, axis),
                {
                    "mark": {
                        "type": "point",
                        "filled": True,
                        "size": 90,
                        "opacity": 1,
                        "color": colour("one"),
                    },
                    "encoding": {"y": y, "x": quantity("mean", title, axis=axis)},
                },
            ],
        },
        data=data,
    )


def _span(y: Spec, low: str, high: str, title: str, axis: Spec) -> Spec:
    return {
        "mark": {"type": "rule", "color": colour("one"), "strokeWidth": 2},
        "encoding": {"y": y, "x": quantity(low, title, axis=axis), "x2": {"field": high}},
    }


def factor_figure(result: Trajectories, found: Validity) -> Figure | None:
    """Correlation of each factor with the level of SR and of P after the event."""
    rows = [
        {"factor": relation.factor, "lock": words, "r": at.value, "low": at.low, "high": at.high}
        for relation in found.factors[:FACTORS_SHOWN]
        for words, at in (
            (WITH_SR, relation.r["SR level"]),
            (WITH_P, relation.r["P level"]),
        )
        if at.value is not None
    ]
    if not rows:
        return None
    data = pl.DataFrame(rows)
    names = list(dict.fromkeys(row["factor"] for row in rows))
    title = "Correlation with the level after the event"
    y: Spec = {
        "field": "factor",
        "type": "nominal",
        "title": None,
        "sort": names,
        "axis": {"labelLimit": 220, "grid": True},
    }
    offset: Spec = {"field": "lock", "type": "nominal", "sort": [WITH_SR, WITH_P]}
    hue: Spec = {
        "field": "lock",
        "type": "nominal",
        "title": None,
        "scale": palette_scale({WITH_SR: "sr-5", WITH_P: "problems"}),
    }
    shared: Spec = {"y": y, "yOffset": offset, "color": hue}
    told = "; ".join(
        f"{relation.factor} {signed(relation.r['SR level'].value)} with SR, "
        f"{signed(relation.r['P level'].value)} with P"
        for relation in found.factors[:FACTORS_SHOWN]
    )
    return Figure(
        name=f"trajectories-{result.anchors.rule}-factors",
        title="Factors and the level after the event: SR beside P",
        description=(
            f"{told}. Lines are 95 % bootstrap intervals over persons. Below 0: the more of the "
            "factor, the lower SR or P."
        ),
        chart={
            "width": 520,
            "height": ROW * len(names),
            "layer": [
                {
                    "data": values(data),
                    "mark": {"type": "rule", "strokeWidth": 2},
                    "encoding": {**shared, "x": quantity("low", title), "x2": {"field": "high"}},
                },
                {
                    "data": values(data),
                    "mark": {"type": "point", "filled": True, "size": 80, "opacity": 1},
                    "encoding": {**shared, "x": quantity("r", title)},
                },
                zero_rule("x"),
            ],
        },
        data=data,
    )
