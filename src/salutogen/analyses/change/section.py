"""The page's section on what comes first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salutogen.analyses.change.agreement import AGREEMENT_COLUMNS, crossing
from salutogen.analyses.change.analysis import (
    LEVEL_COLUMNS,
    MODEL_COLUMNS,
    TEST_COLUMNS,
    WITHIN_COLUMNS,
)
from salutogen.analyses.change.assumptions import ASSUMPTION_COLUMNS, assumptions_of
from salutogen.analyses.change.paths import MODELS, PATH_COLUMNS, RANDOM, SDS
from salutogen.analyses.change.variables import SR
from salutogen.analyses.change.words import (
    constancy,
    later,
    levels_in_words,
    stress_generation,
)
from salutogen.page.charting import (
    Spec,
    layered,
    ordered,
    palette_scale,
    quantity,
    values,
    zero_rule,
)
from salutogen.page.section import Figure, Section, Table, Text
from salutogen.page.words import SIGN, signed

if TYPE_CHECKING:
    from salutogen.analyses.change.analysis import ChangeResult

WHAT = (
    "Does one variable change before another? With random intercepts each value is a mean of the "
    "occasion, a lasting level of the person and a deviation from it; effects are of deviations on "
    "later deviations, so that lasting differences between persons do not count. They are a "
    "statement of order, not yet of cause: whether they may be read as causes is disputed, and "
    "models that assume something else stand beside them. Where these disagree, the answer hangs "
    "on what one is ready to assume."
)
COLOURS = ("one", "two", "three", "four", "five")
TABLE_COLUMNS = tuple(
    item for item in PATH_COLUMNS if item.name not in ("source", "outcome", "lag", "occasion")
)
FIGURE_COLUMNS = tuple(
    item for item in PATH_COLUMNS if item.name in ("path", "model") or item.unit == SDS
)


def change_section(result: ChangeResult) -> Section:
    """Effects of all models, what each assumes, and how each fits."""
    told: list[Text] = [WHAT, result.answer()]
    told += [words for words in (stress_generation(result), constancy(result)) if words]
    told += [words for words in (levels_in_words(result),) if words]
    if SR in result.variables:
        told.append(
            f"{SIGN}. SR comes from a line that was fitted before, whose error the effects on SR "
            "do not hold; the model of P with exposure in it stands beside them (one step)."
        )
    return Section(
        title="What comes first?",
        paragraphs=tuple(told),
        figures=(_figure(result),),
        tables=_tables(result),
    )


def _tables(result: ChangeResult) -> tuple[Table, ...]:
    models = result.models["model"].to_list()
    tables = [
        Table(
            name="change-assumptions",
            title="What each model asks and assumes",
            frame=assumptions_of(models),
            columns=ASSUMPTION_COLUMNS,
        ),
        Table(
            name="change-claims",
            title="What each model claims",
            frame=result.agreement,
            columns=AGREEMENT_COLUMNS,
            note="Higher: where the earlier variable was higher, the later is higher. Claimed "
            "where p, adjusted for all effects between variables of the model, is below .05.",
        ),
        Table(
            name="change-effects",
            title="All effects",
            frame=result.paths.select(column.name for column in TABLE_COLUMNS),
            columns=TABLE_COLUMNS,
            note="Effects of a variable on itself say how much of a deviation is carried on. In "
            "SDs over persons and occasions, which are taken as known.",
        ),
        Table(
            name="change-within",
            title="Effects in SDs within persons (random intercepts)",
            frame=result.within,
            columns=WITHIN_COLUMNS,
        ),
        Table(
            name="change-fit",
            title="How the models fit",
            frame=result.models,
            columns=MODEL_COLUMNS,
            note="Indices are scaled for values that are not normal. The regression rests on "
            "persons with complete rows and has no such fit.",
        ),
    ]
    if result.tests.height:
        tables.append(
            Table(
                name="change-tests",
                title="Tests between models",
                frame=result.tests,
                columns=TEST_COLUMNS,
            )
        )
    if result.levels.height:
        tables.append(
            Table(
                name="change-levels",
                title="How lasting levels go together",
                frame=result.levels,
                columns=LEVEL_COLUMNS,
            )
        )
    return tuple(tables)


def _figure(result: ChangeResult) -> Figure:
    names = [column.name for column in FIGURE_COLUMNS]
    data = crossing(result.paths).select(names).drop_nulls("standardised_low")
    order = data["path"].unique(maintain_order=True).to_list()
    models = [model for model in MODELS if model in set(data["model"])]
    y: Spec = ordered("path", None, order, most=40, axis={"labelLimit": 260})
    moved = {"yOffset": {"field": "model", "sort": models, "scale": {"paddingOuter": 0.4}}}
    scale = palette_scale(dict(zip(models, COLOURS, strict=False)))
    hue: Spec = {
        "field": "model", "type": "nominal", "title": None, "sort": models, "scale": scale,
        "legend": {"columns": 2, "labelLimit": 260},
    }  # fmt: skip
    axis = f"Effect {later(result, 1) if result.lag == 1 else 'on later occasions'} (SD per SD)"
    told = "; ".join(
        f"{row['path']} {signed(row['standardised'])} ({signed(row['standardised_low'])} to "
        f"{signed(row['standardised_high'])})"
        for row in data.filter(model=RANDOM).iter_rows(named=True)
    )
    return Figure(
        name="change",
        title="Effects of one variable on another, by model",
        description=f"Effects in SDs over persons and occasions, with 95 % intervals. With random "
        f"intercepts: {told or 'none could be computed'}.",
        chart=layered(
            zero_rule("x"),
            {
                "data": values(data),
                "mark": {"type": "rule", "strokeWidth": 2},
                "encoding": {
                    "y": y, **moved, "color": hue, "x": quantity("standardised_low", axis),
                    "x2": {"field": "standardised_high"},
                },
            },
            {
                "data": values(data),
                "mark": {"type": "point", "filled": True, "size": 65, "opacity": 1},
                "encoding": {"y": y, **moved, "color": hue, "x": quantity("standardised", axis)},
            },
            height=max(150, len(order) * (18 * len(models) + 14)),
        ),
        data=data,
        columns=FIGURE_COLUMNS,
    )  # fmt: skip
