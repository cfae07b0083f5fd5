"""The page's section on empirical event weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from salutogen.analyses.event_weights.analysis import SPLIT_COLUMNS, WEIGHT_COLUMNS
from salutogen.page.charting import Spec, layered, ordered, quantity, values, zero_rule
from salutogen.page.colours import colour
from salutogen.page.section import Figure, Section, Table, Text
from salutogen.page.words import percent, points

if TYPE_CHECKING:
    from salutogen.analyses.event_weights.analysis import EventWeightsResult
    from salutogen.page.audience import Audience

WHAT = (
    "Should a bereavement count as much as a lost key? Weights are learned from what events go "
    "with in one half of the persons, frozen, and tried on the other half. The exposure of the "
    "study, and SR, stay as they are."
)
MOOD = (
    "Weights learned from problems reward items that mood colours: what one reports more of when "
    "one feels bad gets a high weight, and takes part of the problems out of SR. A gain in "
    "explained variance is therefore no reason by itself to use them."
)
X_AXIS = "Weight (points of P per unit of the item)"
MOST_DRAWN = 40


def weights_section(result: EventWeightsResult, audience: Audience) -> Section:
    """Gain over equal weights, stability between halves, and the weights."""
    paragraphs: list[Text] = [WHAT, result.answer(), _stable(result), MOOD]
    figure = _figure(result, audience)
    return Section(
        title="Empirical event weights",
        paragraphs=tuple(paragraphs),
        figures=() if figure is None else (figure,),
        tables=(
            Table(
                name="event-weights",
                title="Weights by item",
                frame=result.weights,
                columns=WEIGHT_COLUMNS,
                note="Mean and SD over both halves of every split. Equal weights would be the same "
                "number for all.",
            ),
            Table(
                name="event-weights-splits",
                title="Persons left out: learned against equal weights",
                frame=result.splits,
                columns=SPLIT_COLUMNS,
                note="R² below 0: worse than the mean of the other half.",
            ),
        ),
    )


def _stable(result: EventWeightsResult) -> str:
    chosen = f"Equal weights were chosen in {percent(result.equal_chosen)} of the halves."
    if result.stability is None:
        told = "No split has two halves with weights of their own to compare."
    else:
        told = (
            f"Weights of two halves, which share no person, correlate {points(result.stability)} "
            "on average."
        )
    return (
        f"{told} {chosen} SR by weights learned on others correlates {points(result.r_SR)} with SR."
    )


def _figure(result: EventWeightsResult, audience: Audience) -> Figure | None:
    """Weights with one SD to either side; items that few met are left out for everyone else."""
    data = result.weights.filter(
        pl.Series([not audience.hides(n) for n in result.weights["n"]], dtype=pl.Boolean)
    )
    if not data.height:
        return None
    size = pl.col("weight").abs()
    data = data.top_k(MOST_DRAWN, by=size).sort("weight", descending=True, maintain_order=True)
    drawn = data.with_columns(
        low=pl.col("weight") - pl.col("sd"), high=pl.col("weight") + pl.col("sd")
    )
    y: Spec = ordered(
        "item", None, data["item"].to_list(), axis={"labelLimit": 240, "labelOverlap": False}
    )
    y["axis"].pop("values", None)
    first, last = data.row(0, named=True), data.row(-1, named=True)
    return Figure(
        name="event-weights",
        title="Weights of events",
        description=(
            f"Weights of {data.height} items with one SD over halves of the persons to either "
            f"side, from {first['item']} ({points(first['weight'])}) to {last['item']} "
            f"({points(last['weight'])}), in points of P per unit of the item."
        ),
        chart=layered(
            zero_rule("x"),
            {
                "data": values(drawn),
                "mark": {"type": "rule", "strokeWidth": 2, "color": colour("exposure")},
                "encoding": {"y": y, "x": quantity("low", X_AXIS), "x2": {"field": "high"}},
            },
            {
                "data": values(drawn),
                "mark": {"type": "point", "filled": True, "size": 60, "opacity": 1,
                         "color": colour("exposure")},
                "encoding": {"y": y, "x": quantity("weight", X_AXIS)},
            },
            height=max(120, 18 * data.height),
        ),
        data=data,
        columns=WEIGHT_COLUMNS,
    )  # fmt: skip
