"""Small counts in tables, and what would give them away: blank where persons are hidden."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from salutogen.columns import Column, Kind
from salutogen.counts import Forms
from salutogen.page.audience import Audience
from salutogen.page.section import Figure, Table
from salutogen.page.words import Share

SMALL_NOTE = "Counts of fewer than 5 persons, and those that would give them away, are blank."
EVERYONE = "persons"
_MADE_OF_DATA = ("datasets", "values", "domain", "domainMax", "domainMin", "datum")


def hide_small(table: Table, audience: Audience) -> Table:
    """Blank counts that may not be told, and what is computed from few persons.

    Shares, and what tells counts, go with the counts of their row. Other statistics go where a
    count of their row is itself small, where the count they rest on goes, and where rows tell one
    quantity of sets that differ by few: the smaller set's go.
    """
    counts = [name for name in table.frame.columns if table.column(name).kind is Kind.COUNT]
    if not counts or audience.individuals:
        return table
    frame = table.frame
    blank = {name: _hidden(table, name, audience) for name in counts}
    few = [
        any(_is_few(frame[name][row], audience) for name in counts) for row in range(frame.height)
    ]
    for name in counts:
        blank[name] = _either(blank[name], blank.get(table.column(name).by, blank[name]))
    for name in counts:
        nested = table.column(name).nested
        if nested:
            close = close_to_larger(frame[name].to_list(), audience)
            blank[name] = _either(
                blank[name], _given_away(frame[name].to_list(), blank[name], audience)
            )
            few = _either(few, close) if nested == "statistics" else few
    _hide_rows_that_add_up(table, blank)
    touched = [any(blank[name][row] for name in counts) for row in range(frame.height)]
    for name in frame.columns:
        column = table.column(name)
        if column.kind is Kind.STATISTIC:
            blank[name] = _either(few, blank[column.n]) if column.n in counts else few
        elif column.kind in (Kind.SHARE, Kind.TELLING):
            blank[name] = _either(few, touched)
    return replace(
        table,
        frame=frame.with_columns(
            pl.when(~pl.Series(hidden, dtype=pl.Boolean)).then(pl.col(name)).alias(name)
            for name, hidden in blank.items()
            if any(hidden)
        ),
    )


def rounded(table: Table, audience: Audience) -> Table:
    """Round counts to fives, shares to those of such counts, and statistics to few digits.

    With all digits two statistics of nearly the same persons give away who makes the difference,
    and so do two counts. Nothing is rounded where persons are shown.
    """
    digits = audience.digits
    if digits is None:
        return table
    made, in_steps = [], _in_steps(table, audience)
    for name, kind in table.frame.schema.items():
        column = table.column(name)
        if column.kind is Kind.LABEL or not (kind.is_numeric() or kind == pl.List(pl.Float64)):
            continue
        wholes = table.frame[column.n].to_list() if column.n in table.frame.columns else None
        cells = table.frame[name].to_list()
        told = [
            _as_told(cell, column, None if wholes is None else wholes[row], audience)
            for row, cell in enumerate(in_steps.get(name, cells))
        ]
        if told != cells:
            made.append(pl.Series(name, told, dtype=kind))
    return replace(table, frame=table.frame.with_columns(made))


def _in_steps(table: Table, audience: Audience) -> dict[str, list[Any]]:
    """Means of a table, and SDs that stand beside them, in steps, by column.

    They are means of the count of their row that they rest on, or else of everyone.
    """
    told: dict[str, list[Any]] = {}
    for column in (table.column(name) for name in table.frame.columns):
        if column.sd not in table.frame.columns:
            continue
        rows = table.frame.select(column.name, column.sd).rows()
        counted = column.n in table.frame.columns
        sizes = table.frame[column.n].to_list() if counted else [audience.n_persons] * len(rows)
        each = [(mean, sd, n) for (mean, sd), n in zip(rows, sizes, strict=True)]
        told[column.name] = [
            mean if mean is None or sd is None or n is None else audience.told_mean(mean, sd, n)
            for mean, sd, n in each
        ]
        told[column.sd] = [
            None if sd is None or n is None else audience.told_sd(sd, n) for _, sd, n in each
        ]
    return told


def as_told(table: Table, audience: Audience) -> Table:
    """Blank and round a table as its audience may have it."""
    return rounded(hide_small(table, audience), audience)


def figure_rounded(figure: Figure, audience: Audience) -> Figure:
    """Round the data of a figure, in its table and in its chart, and the ends of its axes.

    An end that is made of the data would tell the highest value to its last digit.
    """
    if audience.individuals:
        return figure
    table = figure.table()
    chart = _rounded_rows(figure.chart, table, audience)
    return replace(figure, data=rounded(table, audience).frame, chart=chart)


def _rounded_rows(part: Any, table: Table, audience: Audience, rows: bool = False) -> Any:
    """Copy a chart's specification with the numbers in its rows of data rounded."""
    if isinstance(part, dict):
        return {
            key: _rounded_cell(key, part, table, audience)
            if rows and not isinstance(value, dict | list)
            else _rounded_rows(value, table, audience, rows or key in _MADE_OF_DATA)
            for key, value in part.items()
        }
    if isinstance(part, list):
        return [_rounded_rows(item, table, audience, rows) for item in part]
    return _few_digits(part, audience) if rows else part


def _rounded_cell(name: str, row: Mapping[str, Any], table: Table, audience: Audience) -> Any:
    """Round a cell of a chart's data; what is drawn beside the figure's own data is a statistic."""
    cell = row[name]
    if name not in table.frame.columns:
        return _few_digits(cell, audience)
    column = table.column(name)
    whole = row.get(column.n)
    return cell if column.kind is Kind.LABEL else _as_told(cell, column, whole, audience)


def _as_told(cell: Any, column: Column, whole: Any, audience: Audience) -> Any:
    if isinstance(cell, list):
        return [_as_told(item, column, whole, audience) for item in cell]
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        return cell
    return audience.rounded(cell, column, whole)


def _few_digits(cell: Any, audience: Audience) -> Any:
    return audience.with_few_digits(cell) if isinstance(cell, float) else cell


def without_few_forms(figures: Mapping[str, Any], audience: Audience) -> dict[str, Any]:
    """Figures of a record without counts and shares of forms that are of few persons.

    To be called before a table is made of them, in which counts are whole numbers only.
    """
    return {name: None if _is_of_few(value, audience) else value for name, value in figures.items()}


def _is_of_few(value: Any, audience: Audience) -> bool:
    part = value.part if isinstance(value, Share) else value
    return isinstance(part, Forms) and audience.hides(part)


def close_to_larger(cells: Sequence[int | None], audience: Audience) -> list[bool]:
    """Which counts are smaller than another one by so few persons as may not be told."""
    known = {int(cell) for cell in cells if cell is not None}
    return [
        cell is not None and any(audience.is_small(other - int(cell)) for other in known)
        for cell in cells
    ]


def _given_away(
    cells: Sequence[int | None], blank: Sequence[bool], audience: Audience
) -> list[bool]:
    """Which cells to hide, so that no two that are told differ by few."""
    told = {int(cell) for cell, gone in zip(cells, blank, strict=True) if cell and not gone}
    kept: list[int] = []
    for cell in sorted(told, reverse=True):
        if not any(audience.is_small(other - cell) for other in kept):
            kept.append(cell)
    return [cell is not None and int(cell) in told - set(kept) for cell in cells]


def _either(one: Sequence[bool], other: Sequence[bool]) -> list[bool]:
    return [a or b for a, b in zip(one, other, strict=True)]


def hide_small_beside(table: Table, beside: Sequence[Column], audience: Audience) -> Table:
    """Hide and round with the help of counts that the table does not show; these are dropped.

    Shares of such counts are told in steps of five persons then, and as any other statistic.
    """
    hidden = hide_small(replace(table, columns=(*table.columns, *beside)), audience)
    names = [column.name for column in beside]
    changed = not hidden.frame.equals(table.frame) and SMALL_NOTE not in table.note
    columns = [
        replace(column, kind=Kind.STATISTIC) if column.n in names else column
        for column in table.columns
    ]
    return replace(
        table,
        frame=rounded(hidden, audience).frame.drop(names),
        columns=table.columns if audience.individuals else columns,
        note=f"{table.note} {SMALL_NOTE}".strip() if changed else table.note,
    )


def _hidden(table: Table, name: str, audience: Audience) -> list[bool]:
    """Which cells of a column of counts may not be told.

    Where a count is the larger one, what it has more than the other is as telling.
    """
    wholes = [table.frame[whole].to_list() for whole in _wholes(table, name)]
    if table.column(name).of == name != EVERYONE:  # of no count of persons, but few are of few
        return [_is_few(cell, audience) for cell in table.frame[name].to_list()]
    return [
        cell is not None
        and any(
            audience.hides(int(cell), None if whole is None else int(cell) + abs(int(whole) - cell))
            for whole in (None, *(column[row] for column in wholes))
        )
        for row, cell in enumerate(table.frame[name].to_list())
    ]


def _wholes(table: Table, name: str) -> list[str]:
    """Columns whose part a column of counts is, and those whose part these are."""
    found: list[str] = []
    waiting = [name]
    while waiting:
        of = table.column(waiting.pop()).of
        for whole in (of,) if isinstance(of, str) else of:
            if whole in table.frame.columns and whole not in (name, *found):
                found.append(whole)
                waiting.append(whole)
    return found


def _hide_rows_that_add_up(table: Table, blank: dict[str, list[bool]]) -> None:
    """Hide more cells of a column that adds up, so that no sum gives the hidden ones away.

    For each number that the cells add up to, the smallest cell that is told goes as well, or one of
    nobody where no other is left. Counts of its row whose part it is, or which are its part, could
    bring it back: these go with it.
    """
    before = {name: sum(hidden) for name, hidden in blank.items()}
    for name in blank:
        if not before[name]:
            continue
        more = table.column(name).adds_up - (sum(blank[name]) - before[name])
        if more <= 0:
            continue
        cells = table.frame[name].to_list()
        told = [row for row, cell in enumerate(cells) if cell is not None and not blank[name][row]]
        told.sort(key=lambda row: (cells[row] == 0, cells[row], row))
        for row in told[:more]:
            blank[name][row] = True
            for other in blank:
                related = name in _wholes(table, other) or other in _wholes(table, name)
                if related and _wholes(table, other):
                    blank[other][row] = True


def _is_few(value: Any, audience: Audience) -> bool:
    return value is not None and audience.is_small(int(value))
