"""The page's section on centiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from salutogen.analyses.centiles.curves import CURVE_COLUMNS, PLACES
from salutogen.analyses.centiles.uniformity import GROUP_COLUMNS, TEST_COLUMNS
from salutogen.findings import Persons
from salutogen.page.charting import Spec, layered, quantity, values
from salutogen.page.colours import colour
from salutogen.page.section import Figure, Section, Table, Text
from salutogen.page.words import p_value, points, say, signed

if TYPE_CHECKING:
    from salutogen.analyses.centiles.analysis import CentilesResult
    from salutogen.analyses.centiles.transfer import Transfer
    from salutogen.page.audience import Audience

WHAT = (
    "A centile says which share of the persons would have fewer problems at the same exposure: 90 "
    "means more problems than nine in ten (less resilient), 10 fewer than nine in ten. Unlike SR, "
    "it means the same where problems spread widely and where they lie close together. Each person "
    "is placed by a line fitted to others."
)
X_AXIS, Y_AXIS = "Exposure E (points)", "Problems P (points)"


def centiles_section(result: CentilesResult, audience: Audience) -> Section:
    """The curves, how the spread changes, and whether centiles are even along exposure."""
    told: list[Text] = [WHAT, result.answer(), _even(result)]
    if result.transfer is not None:
        told += _transferred(result.transfer)
    return Section(
        title="Centiles at equal exposure",
        paragraphs=tuple(told),
        figures=(_curves(result, audience),),
        tables=(
            Table(
                name="centiles-curves",
                title="Problems at each centile",
                frame=_at_places(result),
                columns=CURVE_COLUMNS,
                note="Low, middle and high exposure: 10th, 50th and 90th percentile of persons. "
                "Intervals are percentiles over draws of persons.",
            ),
            Table(
                name="centiles-tests",
                title="Are centiles spread evenly along exposure?",
                frame=result.tests,
                columns=TEST_COLUMNS,
                note="A small p: they are not. Persons were placed by others in both rows.",
            ),
            Table(
                name="centiles-groups",
                title="Centiles by group of exposure",
                frame=result.groups,
                columns=GROUP_COLUMNS,
                note="Right is a mean of 50 and an SD of 28.9. With many groups, one p in twenty "
                "lies below .05 by chance.",
            ),
        ),
    )


def _even(result: CentilesResult) -> str:
    own, plain = (result.tests.row(place, named=True) for place in range(2))
    good = own["p"] is None or own["p"] >= 0.05
    test = f"chi-square {points(own['chi_square'], 1)}, df {own['df']}, {p_value(own['p'])}"
    head = (
        f"Over {own['groups']} groups of exposure nothing speaks against centiles being spread "
        f"evenly ({test})"
        if good
        else f"Over {own['groups']} groups of exposure centiles are not spread evenly ({test})"
    )
    beside = (
        f"{points(plain['chi_square'], 1)}, df {plain['df']}, {p_value(plain['p'])} with one SD "
        "for all, as plain SR has it"
    )
    return f"{head}; {beside}."


def _transferred(found: Transfer) -> list[Text]:
    return [
        say(
            "Against the norm of another study ({norm:# person|# persons}), problems of the "
            "{n:# person|# persons} here lie {offset} points {way} at the same exposure (95 % "
            "interval {low} to {high}; standard error {se}, of which {site} comes from the "
            "persons here). Centiles by that norm are moved by this offset: they place persons "
            "within this site, and do not say whether the site as a whole does better. The spread "
            "here is {ratio} times the norm's ({ratio_low} to {ratio_high}).",
            norm=Persons(found.n_norm),
            n=Persons(found.n),
            offset=points(abs(found.offset)),
            way="higher" if found.offset >= 0 else "lower",
            low=signed(found.low),
            high=signed(found.high),
            se=points(found.se),
            site=points(found.se_site),
            ratio=points(found.spread_ratio),
            ratio_low=points(found.spread_low),
            ratio_high=points(found.spread_high),
        )
    ]


def _at_places(result: CentilesResult) -> pl.DataFrame:
    spread = result.spread
    wanted = [spread.E_low, spread.E_middle, spread.E_high]
    return result.curves.filter(pl.col("E").is_in(wanted)).unique(
        ["centile", "E"], keep="first", maintain_order=True
    )


def _curves(result: CentilesResult, audience: Audience) -> Figure:
    data = result.curves
    order = data["centile"].unique(maintain_order=True).to_list()
    x = quantity("E", X_AXIS)
    hue: Spec = {
        "field": "centile", "type": "nominal", "title": "Centile", "sort": order[::-1],
        "scale": {"domain": order, "range": [colour(name) for name in _shades(len(order))]},
    }  # fmt: skip
    layers: list[Spec] = []
    if audience.draws_persons:
        layers.append(
            {
                "data": values(result.persons.select("E", "P")),
                "mark": {"type": "point", "color": colour("person"), "size": 14, "opacity": 0.6},
                "encoding": {"x": x, "y": quantity("P", Y_AXIS)},
            }
        )
    layers += [
        {
            "data": values(data),
            "mark": {"type": "area", "fillOpacity": 0.13},
            "encoding": {
                "x": x, "y": quantity("low", Y_AXIS), "y2": {"field": "high"},
                "color": {**hue, "legend": None},
            },
        },
        {
            "data": values(data),
            "mark": {"type": "line", "strokeWidth": 2.4},
            "encoding": {"x": x, "y": quantity("P", Y_AXIS), "color": hue},
        },
        {
            "data": values(data),
            "mark": {"type": "line", "strokeWidth": 1.2, "strokeDash": [4, 3]},
            "encoding": {
                "x": x, "y": quantity("P_free", Y_AXIS), "color": {**hue, "legend": None},
            },
        },
    ]  # fmt: skip
    spread = result.spread
    lowest, highest = order[0], order[-1]
    width = {
        at: _width(data, lowest, highest, getattr(spread, f"E_{at}")) for at in ("low", "high")
    }
    return Figure(
        name="centile-curves",
        title="Centiles of problems over exposure",
        description=(
            f"Problems at {len(order)} centiles over exposure, from the 5th to the 95th percentile "
            f"of exposure. From the {lowest}th to the {highest}th centile it is "
            f"{points(width['low'], 1)} points of problems at low exposure ({PLACES[0]}th "
            f"percentile) and {points(width['high'], 1)} at high ({PLACES[-1]}th). Bands are 95 % "
            "intervals. Dashed: quantile regressions, free of a common shape."
        ),
        chart=layered(*layers, height=360, resolve={"scale": {"color": "independent"}}),
        data=data,
        columns=CURVE_COLUMNS,
    )


def _shades(n: int) -> list[str]:
    """From fewest problems (blue) over the median to most (orange)."""
    whole = ("sr-1", "sr-2", "line", "sr-4", "sr-5")
    if n == 1:
        return ["line"]
    return [whole[round(place * (len(whole) - 1) / (n - 1))] for place in range(n)]


def _width(data: pl.DataFrame, lowest: str, highest: str, E: float) -> float:
    at = data.filter(pl.col("E") == E)
    ends = [at.filter(pl.col("centile") == name)["P"].item(0) for name in (lowest, highest)]
    return float(ends[1] - ends[0])
