"""Exposure by type and occasion, and items of its lists, as the audience may have them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from salutogen.analyses.contract import AnalysisInputs
from salutogen.counts import Forms, forms_of
from salutogen.page.audience import Audience
from salutogen.scores.answers import answered_rows, repeated_form
from salutogen.scores.checklist import happened
from salutogen.scores.of_few import FEWEST_OTHERS, MOST_ALIKE


def told_items(inputs: AnalysisInputs) -> pl.DataFrame:
    """Return the table of items without what tells of few persons.

    Where persons are hidden, an item that fewer than five persons met, or all but so few, has no
    share and no correlation; and its forms are not counted where those that lack it are of few.

    Returns
    -------
    DataFrame
        As `Scores.item_quality`.
    """
    items, audience = inputs.scores.item_quality, inputs.run.audience
    if audience.individuals or not items.height:
        return items
    behind = {(name, item): found for name, item, *found in _forms_behind(inputs)}
    pairs = [behind[key] for key in items.select("type", "item").iter_rows()]
    asked, met = (
        pl.Series([audience.hides(pair[place]) for pair in pairs], dtype=pl.Boolean)
        for place in (0, 1)
    )
    hidden = {"n": asked, "endorsed_share": asked | met, "r_with_P": met}
    return items.with_columns(
        pl.when(~gone).then(pl.col(name)).alias(name) for name, gone in hidden.items()
    )


def _forms_behind(inputs: AnalysisInputs) -> Iterator[tuple[str, str, Forms, Forms]]:
    """Forms that answer each item, and those of them in which it happened."""
    panel, person = inputs.panel, inputs.scores.table["person"].to_numpy()
    keep = answered_rows(panel)
    for name in inputs.scores.item_quality["type"].unique(maintain_order=True):
        form = repeated_form(panel, name, keep)
        for answer in form.items():
            there = np.ones(form.n_rows, dtype=bool) if answer.missing is None else ~answer.missing
            met = happened(form.instrument, answer)[there]
            yield name, answer.item, forms_of(there, person), forms_of(met, person[there])


def without_small_shares(
    frame: pl.DataFrame, shares: Sequence[str], audience: Audience
) -> pl.DataFrame:
    """Blank shares that stand for few forms or all but few: no column counts these forms."""
    parts = frame.select(
        "n", *((pl.col(name) * pl.col("n")).round().cast(pl.Int64) for name in shares)
    )
    return frame.with_columns(
        pl.Series(
            name,
            [
                None if share is None or whole is None or audience.hides(part, whole) else share
                for share, part, whole in zip(frame[name], parts[name], parts["n"], strict=True)
            ],
            dtype=pl.Float64,
        )
        for name in shares
    )


def told_exposure(exposure: pl.DataFrame, audience: Audience) -> pl.DataFrame:
    """Blank what is told of a type at an occasion at which few met any of it.

    Mean, SD and correlation tell what these few had. Where one occasion of a type is blank, its
    next one is too: over all of them the mean would give it back. Of whole numbers that are rare a
    mean and an SD have one set of small counts: where most met nothing the SD is blank, and so is
    the mean where fewer than ten met any.
    """
    if audience.individuals:
        return exposure
    told = without_small_shares(exposure, ("zero_share",), audience)
    met = ((1 - pl.col("zero_share")) * pl.col("n")).round().cast(pl.Int64)
    rows = exposure.select("type", met=met).with_row_index("row")
    blank: list[int] = []
    for (_,), part in rows.drop_nulls().group_by("type", maintain_order=True):
        of_type = part.sort("met", maintain_order=True)
        met_some = of_type.filter(pl.col("met") > 0)
        few = [audience.is_small(n) for n in met_some["met"]]
        blank += met_some["row"].head(2 if sum(few) == 1 else sum(few)).to_list()
    gone = pl.Series(np.isin(np.arange(exposure.height), blank))
    figures = exposure.select("mean", "sd", "n").fill_null(0.0).rows()
    steps = {
        "mean": [audience.told_mean(*row) for row in figures],
        "sd": [audience.told_sd(sd, n) for _, sd, n in figures],
    }
    told = told.with_columns(
        pl.when(told[name].is_not_null()).then(pl.Series(name, cells, dtype=pl.Float64)).alias(name)
        for name, cells in steps.items()
    )
    some = ((1 - exposure["zero_share"]) * exposure["n"]).round()
    rare = (some > 0) & (some < FEWEST_OTHERS)
    alike = (some > 0) & (exposure["zero_share"] >= MOST_ALIKE)
    blanks = {"mean": gone | rare, "sd": gone | rare | alike}
    return told.with_columns(
        pl.when(~blanks.get(name, gone).fill_null(value=True)).then(pl.col(name)).alias(name)
        for name in ("zero_share", "mean", "sd", "r", "r_squared")
    )
