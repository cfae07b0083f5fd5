"""What is kept back where all but a few persons are present, and persons are hidden.

A statistic of everyone, by a model, and the same of all but fewer than five of them tell together
what these few have: `N` times the one less `n` times the other. The model's is told, since change
is told by a model; that of those present is not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from salutogen.analyses.windows.change_result import WindowChange
from salutogen.analyses.windows.change_rows import ChangeRows
from salutogen.analyses.windows.summary import column_of
from salutogen.norm import Line, Norm
from salutogen.norm.terms_of_few import terms_of_few, units_of
from salutogen.norm.told_lines import told_line

if TYPE_CHECKING:
    from salutogen.page.audience import Audience

MODEL_DIGITS = 2  # of a model's standard error, which is nearly the same for counts that are near


def told_means(
    summary: pl.DataFrame,
    windows: pl.DataFrame,
    beyond: Sequence[int],
    audience: Audience,
    reference: int | None = None,
) -> pl.DataFrame:
    """Return the means of windows as they may be told; unchanged where persons are shown.

    Where few lack in the window whose line is the frozen one, the mean of those who do not is 0 by
    arithmetic: those of the others are told by the model alone then, and against that window.

    Parameters
    ----------
    summary : DataFrame
        A row per window, of `summarise_windows`.
    windows : DataFrame
        `Resilience.windows`: a row per person and window.
    beyond : sequence of int
        Windows that have no means of SR_frozen.
    audience : Audience
    reference : int or None
        The window whose line is the frozen one.
    """
    if audience.individuals or not summary["mean_SR_frozen_model"].count():
        return summary
    scored = windows.filter(
        pl.col("SR_frozen").is_not_null() & ~pl.col("window").is_in(list(beyond))
    )
    everyone = scored["person"].n_unique()
    present = dict(scored.group_by("window").len().iter_rows())
    number = summary["window"].to_list()
    few = [audience.is_small(everyone - present.get(one, 0)) for one in number]
    complete = [audience.is_small(everyone - n) for n in summary["n_complete"]]
    start = 0.0
    if reference in number and few[number.index(reference)]:
        start = summary["mean_SR_frozen_model"][number.index(reference)]
        few = complete = [True] * len(few)
    by_model = [
        None if error is None else float(f"{error:.{MODEL_DIGITS}g}")
        for error in summary["se_SR_frozen_model"]
    ]
    return summary.with_columns(
        pl.col("mean_SR_frozen_model") - start,
        pl.Series("se_SR_frozen_model", by_model, dtype=pl.Float64),
    ).with_columns(
        # How far the model's error is from that of a window with everyone tells how many lack.
        *(
            pl.when(~pl.Series(few)).then(pl.col(name)).alias(name)
            for name in ("mean_SR_frozen", "se_SR_frozen", "se_SR_frozen_model")
        ),
        pl.when(~pl.Series(complete)).then(pl.col("mean_SR_frozen_complete")),
    )


def told_lines(
    lines: Mapping[int, Line], exact: pl.DataFrame, told: pl.DataFrame, audience: Audience
) -> dict[int, Line]:
    """Return the lines of windows as they may be told: in steps, and with the told mean.

    A line that goes through the mean of all but a few would tell that mean where it is kept back.
    It is raised to the model's mean of everyone, which stands for it.

    Parameters
    ----------
    lines : mapping of int to Line
        Each window's own line, by the number of the window.
    exact, told : DataFrame
        Means of windows before and after `told_means`.
    audience : Audience
    """
    apart = (
        pl.coalesce(told["mean_SR_frozen"], told["mean_SR_frozen_model"]) - exact["mean_SR_frozen"]
    )
    raised = dict(zip(exact["window"], exact.select(apart).to_series().fill_null(0.0), strict=True))
    return {
        number: told_line(line, audience, raised.get(number, 0.0)) for number, line in lines.items()
    }


def without_windows(summary: pl.DataFrame, untold: Sequence[int]) -> pl.DataFrame:
    """Blank what is told of windows that differ by few persons from another stretch of time."""
    kept = ~pl.col("window").is_in(list(untold))
    return summary.with_columns(
        pl.when(kept).then(pl.col(name)).alias(name)
        for name, kind in summary.schema.items()
        if untold and kind == pl.Float64
    )


def without_terms_of_few(summary: pl.DataFrame, norm: Norm, audience: Audience) -> pl.DataFrame:
    """Blank coefficients of types of exposure that few persons of a window met."""
    few: dict[str, list[int]] = {}
    for key, line in norm.lines.items():
        if key.level == "window" and key.period is not None and not audience.individuals:
            for term in terms_of_few(line, units_of(norm, key), audience):
                few.setdefault(column_of(term), []).append(key.period.number)
    return summary.with_columns(
        pl.when(~pl.col("window").is_in(numbers)).then(pl.col(name)).alias(name)
        for name, numbers in few.items()
        if name in summary.columns
    )


def stood_for(summary: pl.DataFrame) -> list[int]:
    """Numbers of the windows whose mean is told by the model of windows alone."""
    alone = pl.col("mean_SR_frozen").is_null() & pl.col("mean_SR_frozen_model").is_not_null()
    return summary.filter(alone)["window"].to_list()


def by_model_where_alone(summary: pl.DataFrame) -> pl.DataFrame:
    """Put the model's mean in the place of one that is kept back, for figures and sentences."""
    return summary.with_columns(pl.coalesce("mean_SR_frozen", "mean_SR_frozen_model"))


def told_change(
    change: WindowChange, rows: ChangeRows, n_in_windows: int, audience: Audience
) -> WindowChange:
    """Return what is told of change without what would tell of few who were not there.

    Who is present moves the mean by what the few who are not have. Where few are in no window, the
    frozen line over everyone beside means of windows would tell of these.
    """
    persons = rows.rows.n_persons
    absent = persons - n_present_throughout(rows)
    told = change
    if audience.is_small(absent) or audience.hides(change.n_left, persons):
        told = replace(told, moved_by_leaving=None)
    if audience.is_small(persons - n_in_windows):
        told = replace(told, frozen=None)
    names = ("moved_by_leaving", "frozen")
    kept = [name for name in names if getattr(told, name) is not getattr(change, name)]
    return replace(told, kept_back=tuple(kept)) if kept else change


def n_present_throughout(rows: ChangeRows) -> int:
    """Persons with a row in every block of occasions that the contrast weighs."""
    weighed = rows.contrast != 0
    there = np.zeros((rows.rows.n_persons, len(weighed)), dtype=bool)
    there[rows.rows.person, rows.block] = True
    return int(np.count_nonzero(there[:, weighed].all(axis=1)))
