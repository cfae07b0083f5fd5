"""Pictures of reactivity: differences at a stressor, and persons' own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from salutogen.analyses.reactivity.tables import LATER, NOW, PERSON_COLUMNS, SLOPES
from salutogen.analyses.reactivity.words import (
    at_a_stressor,
    by_in_words,
    effect_row,
    now_in_words,
)
from salutogen.columns import Column, Kind
from salutogen.page.charting import Spec, layered, quantity, values, zero_rule
from salutogen.page.colours import colour
from salutogen.page.forest import forest_chart
from salutogen.page.section import Figure
from salutogen.page.words import number, points

if TYPE_CHECKING:
    from salutogen.analyses.reactivity.analysis import ReactivityResult
    from salutogen.page.audience import Audience

MOST_PERSONS = 200
HUES = ("two", "one")
DIFFERENCE_COLUMNS = (
    Column(name="affect", meaning="Affect", heading="Affect", kind=Kind.LABEL),
    Column(name="when", meaning="Which stressor", heading="Stressor", kind=Kind.LABEL),
    Column(name="estimate", meaning="Points of affect for a point more", heading="Difference"),
    Column(name="low", meaning="Lower end of its 95 % interval", heading="from"),
    Column(name="high", meaning="Upper end of its 95 % interval", heading="to"),
)  # fmt: skip
BY_COLUMN = Column(name="when", meaning="What persons have more of", heading="By", kind=Kind.LABEL)
PLACE = Column(
    name="place", meaning="Place among persons, from the lowest difference", heading="Place",
    kind=Kind.PERSON,
)  # fmt: skip


def differences(result: ReactivityResult) -> Figure:
    """What goes with the stressor now, and with that of the prompt before, within persons."""
    titles = dict(zip(result.affects, result.titles, strict=True))
    terms = [NOW, LATER] if (result.effects["term"] == LATER).any() else [NOW]
    data = result.effects.filter(pl.col("term").is_in(terms)).select(
        pl.col("affect").replace(titles), pl.col("term").alias("when"), "estimate", "low", "high"
    )
    return Figure(
        name="reactivity-differences",
        title="How much affect goes with stressors, within persons",
        description=" ".join(now_in_words(result, affect) for affect in result.affects),
        chart=forest_chart(
            data, "when", terms, "estimate", f"{step_of(result)} (95 % interval)",
            by="affect", hues=dict(zip(result.titles, HUES, strict=False)), label_limit=330,
            height=60 + 70 * len(terms),
        ),
        data=data,
        columns=DIFFERENCE_COLUMNS,
    )  # fmt: skip


def by_figure(result: ReactivityResult) -> Figure | None:
    """How much more affect differs at a stressor in persons with more of something."""
    if not result.by.height:
        return None
    titles = dict(zip(result.affects, result.titles, strict=True))
    data = result.by.select(
        pl.col("affect").replace(titles), pl.col("by").alias("when"), "estimate", "low", "high"
    )
    names = data["when"].unique(maintain_order=True).to_list()
    return Figure(
        name="reactivity-by",
        title="Who reacts more to a stressor?",
        description=by_in_words(result),
        chart=forest_chart(
            data, "when", names, "estimate",
            f"Further {step_of(result).lower()}, for an SD more of it (95 % interval)",
            by="affect", hues=dict(zip(result.titles, HUES, strict=False)), label_limit=330,
            height=60 + 70 * len(names),
        ),
        data=data,
        columns=(DIFFERENCE_COLUMNS[0], BY_COLUMN, *DIFFERENCE_COLUMNS[2:]),
    )  # fmt: skip


def step_of(result: ReactivityResult) -> str:
    """Words for the axis: what differences are told of."""
    return "Points at a stressor" if result.yes_or_no else "Points for a point more of the stressor"


def persons_figure(result: ReactivityResult, affect: str, audience: Audience) -> Figure | None:
    """Each person's reactivity with its interval, beside the mean; only where persons are shown."""
    spread = result.spread.filter(affect=affect, what=SLOPES).row(0, named=True)
    mean = effect_row(result, affect, NOW)
    if not audience.individuals or not spread["sd"] or mean is None:
        return None
    own = result.persons.filter(affect=affect).sort("reactivity")
    if own.height > MOST_PERSONS:
        own = own[np.linspace(0, own.height - 1, MOST_PERSONS).round().astype(int).tolist()]
    data = own.with_row_index("place", 1).select("place", "subject", "reactivity", "low", "high")
    apart = own.filter((pl.col("low") > mean["estimate"]) | (pl.col("high") < mean["estimate"]))
    title = result.title(affect)
    return Figure(
        name=f"reactivity-persons-{affect}",
        title=f"Persons' reactivity: {title}",
        description=(
            f"Differences {at_a_stressor(result)}, drawn towards the mean of "
            f"{points(mean['estimate'], 1)} points (line), with 95 % intervals; reliability "
            f"{number(spread['reliability'], 2)}. The intervals of {apart.height} of {own.height} "
            "drawn persons leave the mean out."
        ),
        chart=_caterpillar(data, float(mean["estimate"]), f"{title}: {step_of(result).lower()}"),
        data=data,
        columns=(PLACE, *PERSON_COLUMNS),
    )


def _caterpillar(data: pl.DataFrame, mean: float, axis: str) -> Spec:
    across = quantity(
        "place", "Persons, from the lowest difference to the highest", scale={"nice": False}
    )
    middle = {"values": [{"mean": mean}]}
    return layered(
        zero_rule(),
        {
            "data": middle,
            "mark": {"type": "rule", "color": colour("quiet"), "strokeDash": [5, 4]},
            "encoding": {"y": {"field": "mean", "type": "quantitative"}},
        },
        {
            "data": values(data),
            "mark": {"type": "rule", "color": colour("line"), "opacity": 0.35, "strokeWidth": 2},
            "encoding": {"x": across, "y": quantity("low", axis), "y2": {"field": "high"}},
        },
        {
            "data": values(data),
            "mark": {"type": "point", "filled": True, "size": 22, "opacity": 1,
                     "color": colour("line")},
            "encoding": {"x": across, "y": quantity("reactivity", axis)},
        },
        height=340,
    )  # fmt: skip
