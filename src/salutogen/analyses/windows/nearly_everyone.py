"""What is kept back where all but a few persons are present, and persons are hidden.

A statistic of everyone, by a model, and the same of all but fewer than five of them tell together
what these few have: `N` times the one less `n` times the other. The model's is told, since change
is told by a model; that of those present is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from salutogen.analyses.windows.change_result import WindowChange
from salutogen.analyses.windows.change_rows import ChangeRows

if TYPE_CHECKING:
    from salutogen.page.audience import Audience

MODEL_DIGITS = 2  # of a model's standard error, which is nearly the same for counts that are near


def told_means(
    summary: pl.DataFrame, windows: pl.DataFrame, beyond: Sequence[int], audience: Audience
) -> pl.DataFrame:
    """Return the means of windows as they may be told; unchanged where persons are shown.

    Parameters
    ----------
    summary : DataFrame
        A row per window, of `summarise_windows`.
    windows : DataFrame
        `Resilience.windows`: a row per person and window.
    beyond : sequence of int
        Windows that have no means of SR_frozen.
    audience : Audience
    """
    if audience.individuals or not summary["mean_SR_frozen_model"].count():
        return summary
    scored = windows.filter(
        pl.col("SR_frozen").is_not_null() & ~pl.col("window").is_in(list(beyond))
    )
    everyone = scored["person"].n_unique()
    present = dict(scored.group_by("window").len().iter_rows())
    few = pl.Series(
        [audience.is_small(everyone - present.get(number, 0)) for number in summary["window"]]
    )
    complete = pl.Series([audience.is_small(everyone - n) for n in summary["n_complete"]])
    by_model = [
        None if error is None else float(f"{error:.{MODEL_DIGITS}g}")
        for error in summary["se_SR_frozen_model"]
    ]
    return summary.with_columns(
        pl.Series("se_SR_frozen_model", by_model, dtype=pl.Float64)
    ).with_columns(
        # How far the model's error is from that of a window with everyone tells how many lack.
        *(
            pl.when(~few).then(pl.col(name)).alias(name)
            for name in ("mean_SR_frozen", "se_SR_frozen", "se_SR_frozen_model")
        ),
        pl.when(~complete).then(pl.col("mean_SR_frozen_complete")),
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
    if audience.is_small(absent) or audience.hides(change.n_left, persons):
        change = replace(change, moved_by_leaving=None)
    if audience.is_small(persons - n_in_windows):
        change = replace(change, frozen=None)
    return change


def n_present_throughout(rows: ChangeRows) -> int:
    """Persons with a row in every block of occasions that the contrast weighs."""
    weighed = rows.contrast != 0
    there = np.zeros((rows.rows.n_persons, len(weighed)), dtype=bool)
    there[rows.rows.person, rows.block] = True
    return int(np.count_nonzero(there[:, weighed].all(axis=1)))
