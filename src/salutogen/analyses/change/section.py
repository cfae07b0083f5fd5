"""The page's section on what comes first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salutogen.analyses.change.agreement import AGREEMENT_COLUMNS, crossing
from salutogen.analyses.change.alike import in_titles
from salutogen.analyses.change.analysis import (
    LEVEL_COLUMNS,
    MODEL_COLUMNS,
    TEST_COLUMNS,
    WITHIN_COLUMNS,
)
from salutogen.analyses.change.assumptions import ASSUMPTION_COLUMNS, assumptions_of
from salutogen.analyses.change.effects_figure import axis_of, effects_chart
from salutogen.analyses.change.group_tables import group_tables
from salutogen.analyses.change.groups import GROUP_PATH_COLUMNS
from salutogen.analyses.change.paths import MODELS, PATH_COLUMNS, RANDOM, SDS
from salutogen.analyses.change.words import (
    constancy,
    groups_in_words,
    levels_in_words,
    stress_generation,
)
from salutogen.analyses.repeated_variables import SR
from salutogen.page.section import Figure, Section, Table, Text
from salutogen.page.words import SIGN, signed

if TYPE_CHECKING:
    import polars as pl

    from salutogen.analyses.change.analysis import ChangeResult

WHAT = (
    "Does one variable change before another? With random intercepts each value is a mean of the "
    "occasion, a lasting level of the person and a deviation from it; effects are of deviations on "
    "later deviations, so that lasting differences between persons do not count. They are a "
    "statement of order, not yet of cause: whether they may be read as causes is disputed, and "
    "models that assume something else stand beside them. Where these disagree, the answer hangs "
    "on what one is ready to assume."
)
TABLE_COLUMNS = tuple(
    item for item in PATH_COLUMNS if item.name not in ("source", "outcome", "lag", "occasion")
)
FIGURE_COLUMNS = tuple(
    item for item in PATH_COLUMNS if item.name in ("path", "model") or item.unit == SDS
)
GROUP_FIGURE_COLUMNS = tuple(
    item for item in GROUP_PATH_COLUMNS if item.name in ("path", "group") or item.unit == SDS
)


def change_section(result: ChangeResult) -> Section:
    """Effects of all models, what each assumes, and how each fits."""
    told: list[Text] = [WHAT, result.answer()]
    told += [words for words in (stress_generation(result), constancy(result)) if words]
    told += [words for words in (levels_in_words(result), groups_in_words(result)) if words]
    if SR in result.variables:
        told.append(
            f"{SIGN}. SR comes from a line that was fitted before, whose error the effects on SR "
            "do not hold; the model of P with exposure in it stands beside them (one step)."
        )
    return Section(
        title="What comes first?",
        paragraphs=tuple(told),
        figures=(_figure(result), *((_figure_of_groups(result),) if result.groups_by else ())),
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
            frame=in_titles(result, result.agreement),
            columns=AGREEMENT_COLUMNS,
            note="Higher: where the earlier variable was higher, the later is higher. Claimed "
            "where p, adjusted for all effects between variables of the model, is below .05.",
        ),
        Table(
            name="change-effects",
            title="All effects",
            frame=in_titles(result, result.paths).select(column.name for column in TABLE_COLUMNS),
            columns=TABLE_COLUMNS,
            note="Effects of a variable on itself say how much of a deviation is carried on. In "
            "SDs over persons and occasions, which are taken as known.",
        ),
        Table(
            name="change-within",
            title="Effects in SDs within persons (random intercepts)",
            frame=in_titles(result, result.within),
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
                frame=in_titles(result, result.levels),
                columns=LEVEL_COLUMNS,
            )
        )
    return (*tables, *(group_tables(result) if result.groups_by else ()))


def _figure(result: ChangeResult) -> Figure:
    names = [column.name for column in FIGURE_COLUMNS]
    data = in_titles(result, crossing(result.paths)).select(names).drop_nulls("standardised_low")
    models = [model for model in MODELS if model in set(data["model"])]
    told = _values(data.filter(model=RANDOM))
    return Figure(
        name="change",
        title="Effects of one variable on another, by model",
        description=f"Effects in SDs over persons and occasions, with 95 % intervals. With random "
        f"intercepts: {told or 'none could be computed'}.",
        chart=effects_chart(data, "model", models, axis_of(result)),
        data=data,
        columns=FIGURE_COLUMNS,
    )


def _figure_of_groups(result: ChangeResult) -> Figure:
    names = [column.name for column in GROUP_FIGURE_COLUMNS]
    data = in_titles(result, crossing(result.group_paths)).select(names)
    data = data.drop_nulls("standardised_low")
    groups = result.compared
    told = "; ".join(f"{group}: {_values(data.filter(group=group))}" for group in groups)
    return Figure(
        name="change-groups",
        title=f"Effects of one variable on another, by group of {result.groups_by}",
        description="Effects in SDs over persons and occasions, with 95 % intervals, with random "
        f"intercepts. {told}.",
        chart=effects_chart(data, "group", groups, axis_of(result)),
        data=data,
        columns=GROUP_FIGURE_COLUMNS,
    )


def _values(data: pl.DataFrame) -> str:
    return "; ".join(
        f"{row['path']} {signed(row['standardised'])} ({signed(row['standardised_low'])} to "
        f"{signed(row['standardised_high'])})"
        for row in data.iter_rows(named=True)
    )
