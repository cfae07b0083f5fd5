"""Pictures of who was lost: who is still there, what loss goes with, balance, and what turns."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from salutogen.analyses.attrition.observed import OCCASION_COLUMNS
from salutogen.analyses.attrition.records import (
    BALANCE_COLUMNS,
    CURVE_COLUMNS,
    HALVES,
    HAZARD_COLUMNS,
    Tipping,
)
from salutogen.analyses.attrition.tipping import FARTHEST
from salutogen.columns import Column, Kind
from salutogen.findings import listed
from salutogen.page.charting import (
    Spec,
    band,
    layered,
    line,
    ordered,
    palette_scale,
    quantity,
    values,
    zero_rule,
)
from salutogen.page.colours import colour
from salutogen.page.section import Figure, Table
from salutogen.page.words import in_halves, number, percent, points, signed

if TYPE_CHECKING:
    from salutogen.page.audience import Audience

ROW, SHOWN = 26, 40
SMALL, LEAST_REACH = 0.1, 0.25  # SDs: a small difference, and how far the axis of balance goes
STILL_COLUMNS = (
    OCCASION_COLUMNS[0],
    Column(name="still", meaning="Share still observed", heading="Share still observed"),
)
STRETCH_COLUMNS = (
    Column(name="claim", meaning="What is claimed", kind=Kind.LABEL, heading="Claim"),
    Column(name="verdict", meaning="What the interval says there", kind=Kind.LABEL,
           heading="Interval"),
    Column(name="begins", meaning="Shift from which on", unit="SDs of SR", heading="Shift from",
           step=HALVES),
    Column(name="ends", meaning="Shift up to which", unit="SDs of SR", heading="to", step=HALVES),
)  # fmt: skip
SHIFT_AXIS = "Unseen SR of the lost, less what is expected of them (SDs of SR; above 0 = worse)"
BELOW, HOLDS, ABOVE, NO_CLAIM = "below 0", "holds 0", "above 0", "no claim"
VERDICTS = {BELOW: "sr-1", HOLDS: "withheld", ABOVE: "sr-5", NO_CLAIM: "axis"}
WEIGHTED = {"unweighted": "two", "weighted": "one"}
LONG_COLUMNS = (
    BALANCE_COLUMNS[0],
    Column(name="kind", meaning="Weighted or not", kind=Kind.LABEL, heading="Weights"),
    Column(name="apart", meaning="Those seen at the end less everyone", unit="SDs",
           heading="Difference (SDs)", step=BALANCE_COLUMNS[1].step),
)  # fmt: skip


def _occasions(labels: Sequence[str]) -> str:
    return f"occasion{'s' if len(labels) > 1 else ''} {listed(labels, most=SHOWN)}"


def still_observed(table: Table, audience: Audience) -> Figure | None:
    """Share of persons still observed; occasions that would tell of few are left out.

    Points on either side of one that is left out are not joined: nobody sees how it went between.
    """
    occasions = table.frame
    data = occasions.filter(pl.col("n_followed").is_not_null() & pl.col("still").is_not_null())
    counted = audience.individuals
    data = data.select("occasion", "still", *(["n_followed"] if counted else []))
    if data.height < 2:
        return None
    order = occasions["occasion"].to_list()
    x = ordered("occasion", "Planned occasion", order)
    y = quantity("still", "Share still observed", zero=True, axis={"format": ".0%"},
                 scale={"domain": [0, 1]})  # fmt: skip
    left_out = [name for name in order if name not in set(data["occasion"])]
    joined: list[Spec] = [
        {"mark": {"type": "line", "color": colour("line"), "strokeWidth": 2.5},
         "encoding": {"x": x, "y": y}}
    ]  # fmt: skip
    layers: list[Spec] = [
        *([] if left_out else joined),
        {"mark": {"type": "point", "filled": True, "size": 55, "color": colour("line"),
                  "opacity": 1},
         "encoding": {"x": x, "y": y}},
    ]  # fmt: skip
    numbered = counted and len(order) <= SHOWN // 2
    if numbered:
        layers.append(
            {"mark": {"type": "text", "dy": -10, "dx": 14, "color": colour("ink")},
             "encoding": {"x": x, "y": y, "text": {"field": "n_followed"}}}
        )  # fmt: skip
    last = data.row(-1, named=True)
    return Figure(
        name="attrition-still-observed",
        title="Persons still observed",
        description=(
            "Share of persons who were not lost before each planned occasion (Kaplan and Meier): "
            f"{percent(last['still'])} at occasion {last['occasion']}."
            + (" Numbers above the points: persons not lost yet." if numbered else "")
            + (f" Not told, as it would tell of few: {_occasions(left_out)}." if left_out else "")
        ),
        chart=layered(*layers, height=260, data=values(data)),
        data=data,
        columns=(*STILL_COLUMNS, OCCASION_COLUMNS[1]) if counted else STILL_COLUMNS,
    )


def hazard_forest(hazard: pl.DataFrame) -> Figure | None:
    """Odds ratios of being lost, with intervals, on a logarithmic axis."""
    data = hazard.head(SHOWN).select("term", "odds_ratio", "low", "high")
    if not data.height:
        return None
    y: Spec = ordered("term", None, data["term"].to_list(), most=SHOWN, axis={"labelLimit": 260})
    axis = "Odds ratio of being lost (above 1: lost more often)"
    log = {"type": "log"}

    def on(field: str) -> Spec:
        return {"field": field, "type": "quantitative", "title": axis, "scale": log}

    told = "; ".join(
        f"{row['term']} {number(row['odds_ratio'], 3)} ({number(row['low'], 3)} to "
        f"{number(row['high'], 3)})"
        for row in data.head(8).rows(named=True)
    )
    return Figure(
        name="attrition-hazard",
        title="What being lost goes with",
        description=f"Odds ratios given the others, with 95 % intervals: {told}.",
        chart=layered(
            {"data": {"values": [{"at": 1}]},
             "mark": {"type": "rule", "color": colour("quiet"), "strokeDash": [4, 3]},
             "encoding": {"x": {"field": "at", "type": "quantitative", "scale": log}}},
            {"mark": {"type": "rule", "strokeWidth": 2, "color": colour("one")},
             "encoding": {"y": y, "x": on("low"), "x2": {"field": "high"}}},
            {"mark": {"type": "point", "filled": True, "size": 75, "opacity": 1,
                      "color": colour("one")},
             "encoding": {"y": y, "x": on("odds_ratio")}},
            height=max(ROW * data.height, 90),
            data=values(data),
        ),
        data=data,
        columns=HAZARD_COLUMNS,
    )  # fmt: skip


def balance_figure(balance: pl.DataFrame) -> Figure | None:
    """Those seen at the end beside everyone, before and after weighting."""
    names = balance["variable"].unique(maintain_order=True).to_list()[:SHOWN]
    data = balance.filter(pl.col("variable").is_in(names)).unpivot(
        ["before", "after"], index="variable", variable_name="kind", value_name="apart"
    )
    data = data.with_columns(
        pl.col("kind").replace_strict({"before": "unweighted", "after": "weighted"})
    )
    if not data.height:
        return None
    y: Spec = ordered("variable", None, names, most=SHOWN, axis={"labelLimit": 260})
    reach = max(LEAST_REACH, 1.05 * float(str(data["apart"].abs().max() or 0.0)))
    span = {"domain": [-reach, reach], "nice": False}
    title = "Seen at the end less everyone (SDs)"
    x = quantity("apart", title, scale=span, axis={"tickCount": 5})
    largest = {kind: part["apart"].abs().max() for (kind,), part in data.group_by(["kind"])}
    return Figure(
        name="attrition-balance",
        title="Those seen at the end, as they were at first, beside everyone",
        description=(
            "Differences of means at first, those seen at the end less everyone, in SDs. The "
            f"largest is {points(float(str(largest['unweighted'])))} unweighted and "
            f"{points(float(str(largest['weighted'])))} weighted. Thin lines stand at a tenth of "
            "an SD, below which a difference counts as small."
        ),
        chart=layered(
            {
                "data": {"values": [{"at": -SMALL}, {"at": SMALL}]},
                "mark": {"type": "rule", "color": colour("quiet"), "opacity": 0.6},
                "encoding": {"x": {"field": "at", "type": "quantitative"}},
            },
            zero_rule("x"),
            {
                "data": values(data),
                "mark": {"type": "point", "filled": True, "size": 75, "opacity": 1},
                "encoding": {
                    "y": y,
                    "x": x,
                    "color": {"field": "kind", "type": "nominal", "title": None,
                              "scale": palette_scale(WEIGHTED)},
                    "shape": {"field": "kind", "type": "nominal", "title": None,
                              "scale": {"domain": list(WEIGHTED),
                                        "range": ["triangle-up", "circle"]}},
                },
            },
            height=max(ROW * len(names), 90),
        ),
        data=data,
        columns=LONG_COLUMNS,
    )  # fmt: skip


def shift_curve(tipping: Sequence[Tipping]) -> Figure | None:
    """The change of mean SR along shifts of the lost, with its interval."""
    found = next((one for one in tipping if one.factor is None), None)
    if found is None or found.at_zero.interval is None:
        return None
    x = quantity("delta_sd", SHIFT_AXIS)
    y = "Change of mean SR (points of P)"
    at = {row["delta_sd"]: row for row in found.curve.rows(named=True)}
    told = "; ".join(
        f"{signed(at[size]['estimate'])} ({signed(at[size]['low'])} to {signed(at[size]['high'])}) "
        f"{words}"
        for size, words in (
            (0.0, "without a shift"),
            (1.0, "with one SD worse"),
            (-1.0, "with one SD better"),
        )
    )
    return Figure(
        name="attrition-shifts",
        title="Change of mean SR, by how far off the lost were",
        description=f"Estimate and 95 % interval along shifts of the lost: {told}.",
        chart=layered(
            zero_rule(),
            band("low", "high", x, y, shade="one", opacity=0.18),
            line("estimate", x, y, shade="one"),
            height=260,
            data=values(found.curve),
        ),
        data=found.curve,
        columns=CURVE_COLUMNS,
    )  # fmt: skip


def stretches(found: Tipping) -> list[tuple[str, float, float]]:
    """Verdicts of the interval along shifts, each with where it begins and ends: at the turns."""
    if found.at_zero.interval is None:
        return []
    if not found.is_claim:
        return [(NO_CLAIM, -FARTHEST, FARTHEST)]
    zero, turns = found.at_zero, found.turns_at_sd
    last = found.curve.row(-1, named=True)
    slope = (last["estimate"] - zero.estimate) / last["delta_sd"]
    limits = (-FARTHEST, *turns, FARTHEST)
    made = []
    for begins, ends in itertools.pairwise(limits):
        middle = (begins + ends) / 2
        # At each turn between here and no shift the interval begins, or ceases, to hold 0.
        passed = sum(min(middle, 0.0) < turn < max(middle, 0.0) for turn in turns)
        holds = (zero.sign == 0) == (passed % 2 == 0)
        above = zero.estimate + slope * middle > 0
        made.append((HOLDS if holds else ABOVE if above else BELOW, begins, ends))
    return made


def tipping_figure(tipping: Sequence[Tipping], audience: Audience) -> Figure | None:
    """What the interval of each claim says along shifts of the lost."""
    rows = [(one.claim, *stretch) for one in tipping[:SHOWN] for stretch in stretches(one)]
    if not rows:
        return None
    schema = {"claim": pl.String, "verdict": pl.String, "begins": pl.Float64, "ends": pl.Float64}
    data = pl.DataFrame(rows, schema=schema, orient="row")
    names = data["claim"].unique(maintain_order=True).to_list()
    y: Spec = ordered("claim", None, names, most=SHOWN, axis={"labelLimit": 300})
    turn = "; ".join(
        f"{one.claim} at {_told_shift(one.tips_at_sd, audience)}"
        for one in tipping
        if one.is_claim and one.tips_at_sd is not None
    )
    return Figure(
        name="attrition-tipping",
        title="How far off the lost must be before a claim turns",
        description=(
            "Bars along shifts of the unseen SR of the lost say whether the 95 % interval of a "
            f"claim is below 0, holds 0 or is above 0, from −{FARTHEST:.0f} to {FARTHEST:.0f} SDs "
            "of SR; a factor that is not claimed among the others has no claim to turn. "
            f"{f'It turns nearest to no shift: {turn}.' if turn else 'None turns.'}"
        ),
        chart=layered(
            {
                "data": values(data),
                "mark": {"type": "bar", "height": {"band": 0.6}},
                "encoding": {
                    "y": y,
                    "x": {**quantity("begins", SHIFT_AXIS),
                          "scale": {"domain": [-FARTHEST, FARTHEST]}},
                    "x2": {"field": "ends"},
                    "color": {"field": "verdict", "type": "nominal", "title": "Interval",
                              "scale": palette_scale(VERDICTS)},
                },
            },
            zero_rule("x"),
            height=max(ROW * len(names), 90),
        ),
        data=data,
        columns=STRETCH_COLUMNS,
    )  # fmt: skip


def _told_shift(size: float, audience: Audience) -> str:
    """Write a shift; to halves of an SD where more would tell how many were lost."""
    if audience.individuals:
        return points(size)
    halves = round(size / HALVES) * HALVES
    return in_halves(size, "SDs") if size > 0 else f"about {signed(halves, 1)} SDs"
