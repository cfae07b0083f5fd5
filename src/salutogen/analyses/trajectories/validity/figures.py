"""Figures of validity: outcome by group, and factors against locks of SR and P."""

from __future__ import annotations

import polars as pl

from salutogen.analyses.trajectories.labels.rule import SHOWN
from salutogen.analyses.trajectories.validity.relations import (
    GroupOutcome,
    LaterOutcome,
    Validity,
)
from salutogen.columns import Column, Kind
from salutogen.page.audience import Audience
from salutogen.page.charting import Spec, palette_scale, quantity, values, zero_rule
from salutogen.page.colours import colour
from salutogen.page.section import Figure, Table
from salutogen.page.small_counts import as_told
from salutogen.page.words import Share, percent, points, signed

ROW = 34
FACTORS_SHOWN, FEWEST = 30, 5
WITH_SR, WITH_P = "SR after the event", "P after the event"


GROUP_COLUMNS = (
    Column(name="group", meaning="Label or class", kind=Kind.LABEL),
    Column(name="n", meaning="Courses", kind=Kind.COUNT, adds_up=1),
    Column(name="cases", meaning="Courses with the outcome", kind=Kind.COUNT, of="n"),
    # With an outcome of 0 and 1 a mean is a share, which goes with the counts of its row.
    *(Column(name=name, meaning="", kind=Kind.TELLING) for name in ("mean", "low", "high")),
)
FACTOR_COLUMNS = (
    Column(name="factor", meaning="Factor", kind=Kind.LABEL),
    Column(name="lock", meaning="Level after the event of SR or of P", kind=Kind.LABEL),
    Column(name="r", meaning="Correlation"),
    Column(name="low", meaning="Lower end of its 95 % interval"),
    Column(name="high", meaning="Upper end of its 95 % interval"),
)


def shown_groups(outcome: LaterOutcome, group: GroupOutcome, audience: Audience) -> pl.DataFrame:
    """Courses and mean outcome of each group, as far as they may be told."""
    rows = [
        {
            "group": SHOWN.get(name, name),
            "n": mean.n,
            "cases": round(mean.n * (mean.mean or 0.0)) if outcome.binary else None,
            **{
                name: audience.told_share(end, end.of) if isinstance(end, Share) else end
                for name in ("mean", "low", "high")
                for end in (getattr(mean, name),)
            },
        }
        for name, mean in group.means.items()
    ]
    kinds = {"group": pl.String, "n": pl.Int64, "cases": pl.Int64} | dict.fromkeys(
        ("mean", "low", "high"), pl.Float64
    )
    frame = pl.DataFrame(rows, schema=kinds)
    table = Table(name="groups", title="", frame=frame, columns=GROUP_COLUMNS)
    return as_told(table, audience).frame.drop("cases")


def group_figure(
    rule: str, outcome: LaterOutcome, group: GroupOutcome, audience: Audience
) -> Figure | None:
    """Mean outcome of each label or class with its interval."""
    shown = shown_groups(outcome, group, audience)
    known = shown.filter(pl.col("n") >= FEWEST).drop_nulls("mean")
    data = known.drop_nulls("low").drop("n")
    rows = data.to_dicts()
    if len(rows) < 2:
        return None
    binary = outcome.binary
    title = f"Share with {outcome.name}" if binary else outcome.name.capitalize()
    if outcome.name.startswith("mean P"):
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
    shares = ", ".join(f"{name} {write(mean)}" for name, mean in known["group", "mean"].iter_rows())
    return Figure(
        name=f"trajectories-{rule}-{group.kind}-outcome",
        title=f"What comes later, by {group.kind}",
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
        columns=GROUP_COLUMNS,
    )


def _span(y: Spec, low: str, high: str, title: str, axis: Spec) -> Spec:
    return {
        "mark": {"type": "rule", "color": colour("one"), "strokeWidth": 2},
        "encoding": {"y": y, "x": quantity(low, title, axis=axis), "x2": {"field": high}},
    }


def factor_figure(rule: str, found: Validity) -> Figure | None:
    """Correlation of each factor with the level of SR and of P after the event."""
    drawn = list(found.factors.items())[:FACTORS_SHOWN]
    rows = [
        {"factor": factor, "lock": words, "r": at.value, "low": at.low, "high": at.high}
        for factor, relation in drawn
        for words, at in (
            (WITH_SR, relation.r["SR level"]),
            (WITH_P, relation.r["P level"]),
        )
        if at.value is not None
    ]
    if not rows:
        return None
    data = pl.DataFrame(rows)
    told = "; ".join(
        f"{factor} {signed(relation.r['SR level'].value)} with SR, "
        f"{signed(relation.r['P level'].value)} with P"
        for factor, relation in drawn
    )
    return Figure(
        name=f"trajectories-{rule}-factors",
        title="Factors and the level after the event: SR beside P",
        description=(
            f"{told}. Lines are 95 % bootstrap intervals over persons. Below 0: the more of the "
            "factor, the lower SR or P."
        ),
        chart=_factor_chart(data),
        data=data,
        columns=FACTOR_COLUMNS,
    )


def _factor_chart(data: pl.DataFrame) -> Spec:
    names = data["factor"].unique(maintain_order=True).to_list()
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
    return {
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
    }
