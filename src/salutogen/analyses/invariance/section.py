"""The page's section on whether items measure alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from salutogen.analyses.invariance.fitted import (
    ITEM_COLUMNS,
    JOINED_COLUMNS,
    PLACE_COLUMNS,
    SHIFT_COLUMNS,
    STEP_COLUMNS,
    SUM_COLUMNS,
)
from salutogen.analyses.invariance.signs import equal_of
from salutogen.analyses.invariance.words import caution, rule, taken_for, verdict
from salutogen.page.forest import forest_chart
from salutogen.page.section import Figure, Section, Table, Text
from salutogen.page.words import signed

if TYPE_CHECKING:
    from salutogen.analyses.invariance.analysis import ItemInvariance
    from salutogen.analyses.invariance.fitted import Comparison

WHAT = (
    "A mean score may differ because people differ in what it measures, or because they answer an "
    "item differently at the same {thing}. One factor behind the items tells these apart as far as "
    "most items are answered alike: with equal loadings a point of the factor means the same "
    "(associations can be compared), with equal {levels} so does the level (means can be "
    "compared). If all items shift together, nothing in the answers can tell it from a change of "
    "what is measured."
)
STEPS = (
    "Configural: one factor, everything else free. Metric: equal loadings. Scalar: equal "
    "intercepts too.{strict} Tests and indices are scaled for answers that are not normal."
)
STRICT = " Strict: equal residual variances too."
SPREADS = (
    "Responses may spread more or less widely at each place. Tests and indices are adjusted in "
    "mean and variance."
)
SPREAD = (
    " The part of the latent mean holds how far responses spread as well, since the share of each "
    "category depends on it."
)
TITLES = {"occasions": "over occasions", "groups": "between groups"}
FIGURE_COLUMNS = tuple(
    column for column in SHIFT_COLUMNS
    if column.name in ("item", "place", "shift", "shift_low", "shift_high")
)  # fmt: skip


def invariance_section(result: ItemInvariance) -> Section:
    """Verdicts, what freeing each item shows, models and tests."""
    levels = "thresholds and intercepts" if result.ordered else "intercepts"
    told: list[Text] = [WHAT.format(thing=result.thing, levels=levels), taken_for(result)]
    told += [verdict(result, one) for one in result.comparisons]
    told += [words for words in (caution(result),) if words]
    told.append(rule(result))
    return Section(
        title=f"Do the items of {result.title} mean the same?",
        paragraphs=tuple(told),
        figures=tuple(_figure(one) for one in result.comparisons if one.shifts.height),
        tables=tuple(table for one in result.comparisons for table in _tables(one)),
    )


def _steps(one: Comparison) -> str:
    return STEPS.format(strict=STRICT if "strict" in equal_of(one) else "")


def _ordered_steps(one: Comparison) -> str:
    """Say what each step that was fitted holds equal."""
    told, so_far = ["Configural: one factor, everything else free."], ""
    for step, equal in equal_of(one).items():
        told.append(f"{step.capitalize()}: equal {equal}{so_far}.")
        so_far = " too"
    return " ".join([*told, SPREADS])


def _tables(one: Comparison) -> tuple[Table, ...]:
    over, levels = TITLES[one.over], "thresholds" if one.ordered else "intercepts"
    spread = SPREAD if one.ordered else ""
    made = (
        Table(
            name=f"invariance-steps-{one.over}",
            title=f"Models with more and more held equal {over}",
            frame=one.steps,
            columns=STEP_COLUMNS,
            note=_ordered_steps(one) if one.ordered else _steps(one),
        ),
        Table(
            name=f"invariance-items-{one.over}",
            title=f"Which items are answered differently {over}",
            frame=one.items,
            columns=ITEM_COLUMNS,
            note=f"Each item with loadings and {levels} of its own, against the model in which "
            "they are equal. The clearest item is set free before the others are tested again.",
        ),
        Table(
            name=f"invariance-shifts-{one.over}",
            title=f"What freeing an item shows {over}",
            frame=one.shifts,
            columns=SHIFT_COLUMNS,
            note=f"Beside {one.places[0]}, in points of the score. Shift: how much higher the item "
            "is answered at the same latent value, at the latent mean of that place.",
        ),
        Table(
            name=f"invariance-score-{one.over}",
            title=f"What items that are answered differently do to the mean score {over}",
            frame=one.score,
            columns=SUM_COLUMNS,
            note=f"Beside {one.places[0]}, from the model in which all called items are free. That "
            f"items were chosen by tests is not in the errors.{spread}",
        ),
        Table(
            name=f"invariance-persons-{one.over}",
            title=f"Who answered {over}",
            frame=one.persons,
            columns=PLACE_COLUMNS,
        ),
    )
    if not one.joined.height:
        return made
    joined = Table(
        name=f"invariance-categories-{one.over}",
        title=f"Categories that few use, joined {over}",
        frame=one.joined,
        columns=JOINED_COLUMNS,
        note="A joined category counts the mean of all answers that it holds.",
    )
    return (*made, joined)


def _figure(one: Comparison) -> Figure:
    data = one.shifts.select(column.name for column in FIGURE_COLUMNS).drop_nulls("shift_low")
    several = len(one.places) > 2
    data = data.with_columns(
        label=pl.format("{} ({})", "item", "place") if several else pl.col("item")
    )
    order = data["label"].to_list()
    axis = f"Shift beside {one.places[0]} (points of the score)"
    told = "; ".join(
        f"{row['label']} {signed(row['shift'])} ({signed(row['shift_low'])} to "
        f"{signed(row['shift_high'])})"
        for row in data.iter_rows(named=True)
    )
    drawn = data.select("label", "shift", "shift_low", "shift_high")
    return Figure(
        name=f"invariance-{one.over}",
        title=f"How differently each item is answered {TITLES[one.over]}",
        description="How much higher each item is answered at the same latent value, with 95 % "
        f"intervals: {told or 'none could be computed'}.",
        chart=forest_chart(
            drawn,
            "label",
            order,
            "shift",
            axis,
            ends=("shift_low", "shift_high"),
            most=60,
            label_limit=300,
            height=max(150, 20 * len(order) + 30),
        ),
        data=data.drop("label"),
        columns=FIGURE_COLUMNS,
    )  # fmt: skip
