"""Tables and the picture of factors over completed sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salutogen.analyses.completing_shown import chains_figure
from salutogen.analyses.factors.steps import BY_FACTOR
from salutogen.analyses.factors.tables import FACTOR, step_columns, table
from salutogen.columns import Column, Kind

if TYPE_CHECKING:
    from salutogen.analyses.factors.analysis import FactorsResult
    from salutogen.analyses.factors.completed_records import PooledSteps
    from salutogen.analyses.factors.records import FactorFound
    from salutogen.page.section import Figure, Table

WAYS = (("two", "Two steps"), ("one", "One step"))
POOLED_COLUMNS = (
    FACTOR,
    *(column for key, heading in WAYS for column in step_columns(key, heading)),
)
BEHIND_COLUMNS = (
    FACTOR,
    *(
        Column(name=f"{key}_{name}", meaning=f"{meaning}, {words.lower()}", kind=kind,
               step=5 if kind is Kind.TELLING else 0, heading=f"{words}: {short}")
        for key, words in WAYS
        for name, meaning, kind, short in (
            ("df", "Degrees of freedom of t (Barnard and Rubin)", Kind.TELLING, "df"),
            ("missing", "Share of the information that is missing", Kind.STATISTIC,
             "information missing"),
            ("false", "p adjusted by Benjamini and Hochberg", Kind.STATISTIC,
             "false-discovery rate"),
        )
    ),
    *(
        Column(name=f"given_before_{key}", unit=BY_FACTOR,
               meaning=f"{words}: coefficient at equal earlier problems and exposure",
               heading=f"{words}, at equal earlier problems and exposure")
        for key, words in WAYS
    ),
)  # fmt: skip


def completed_tables(result: FactorsResult) -> tuple[Table, ...]:
    """Each factor alone, what that rests on, and all jointly."""
    made = result.completed
    if made is None:
        return ()
    over, rows = f"over {made.sets} completed sets", result.factors
    note = (
        "Intervals are those of t with the degrees of freedom of Barnard and Rubin. Errors of two "
        "steps carry the estimation of the line."
    )
    return (
        table(
            "factors-completed", f"Each factor alone, pooled {over}",
            [row for item in rows if (row := _steps(item, "alone"))], POOLED_COLUMNS, note,
        ),
        table(
            "factors-completed-behind", f"Each factor alone, {over}: what it rests on",
            [row for item in rows if (row := _behind(item))], BEHIND_COLUMNS,
        ),
        table(
            "factors-completed-joint", f"All factors jointly, pooled {over}",
            [row for item in rows if (row := _steps(item, "joint"))], POOLED_COLUMNS, note,
        ),
    )  # fmt: skip


def completed_figures(result: FactorsResult) -> tuple[Figure, ...]:
    """How the chains went."""
    made = result.completed
    if made is None or not made.trace.height:
        return ()
    return (chains_figure(made, "factors-chains", made.traced, "SDs of what was seen"),)


def _steps(item: FactorFound, model: str) -> dict[str, object]:
    found: PooledSteps | None = getattr(item.completed, model, None)
    if found is None:
        return {}
    row: dict[str, object] = {"factor": item.title}
    for key, step in (("two", found.two_step), ("one", found.one_step)):
        low, high = step.interval
        row |= {f"{key}_b": step.b, f"{key}_low": low, f"{key}_high": high, f"{key}_p": step.p}
    return row


def _behind(item: FactorFound) -> dict[str, object]:
    if item.completed is None or item.completed.alone is None:
        return {}
    alone, given = item.completed.alone, item.completed.given_earlier_problems
    row: dict[str, object] = {"factor": item.title}
    for key, step in (("two", alone.two_step), ("one", alone.one_step)):
        row |= {f"{key}_df": step.df, f"{key}_missing": step.missing,
                f"{key}_false": step.p_adjusted}  # fmt: skip
    if given is not None:
        row |= {"given_before_two": given.two_step.b, "given_before_one": given.one_step.b}
    return row
