"""Prompts that stand in several rows: equal rows are one, rows that differ are refused."""

from __future__ import annotations

import polars as pl

from salutogen.findings import Findings
from salutogen.panel.momentary import UNSCHEDULED


def without_copies(
    prompts: pl.DataFrame, items: list[str], file: str, findings: Findings
) -> pl.DataFrame:
    """Leave one row of each prompt.

    Parameters
    ----------
    prompts : DataFrame
        A row each, `key` saying which prompt of person and burst it is (null: not said), with
        times, state, items and `data_row`.
    items : list of str
        Columns of answers.
    file : str
    findings : Findings
        Takes how many equal rows were left out, and refuses those that differ.
    """
    keys = ["person", "occasion", "key"]
    keyed = pl.col("key").is_not_null() & (pl.col("state") != UNSCHEDULED)
    told = [name for name in prompts.columns if name not in ("data_row", "meant")]
    first = pl.struct(told).is_first_distinct()
    equal = prompts.filter(~first)
    if equal.height:
        _tell("prompt-twice", equal, file, findings)
    kept = prompts.filter(first)
    several = kept.filter(keyed & (pl.len().over(keys) > 1))
    if not several.height:
        return kept
    # A reminder or an opened but unanswered second row only completes what the other holds.
    empty = pl.all_horizontal(pl.col(items).is_null()) if items else pl.lit(value=True)
    full = several.filter(~empty)
    clash = full.filter(pl.len().over(keys) > 1)
    if clash.height:
        _tell("prompts-differ", clash, file, findings)
        return kept
    best = several.sort(empty, "data_row").unique(keys, keep="first", maintain_order=True)
    left = several.join(best.select("data_row"), on="data_row", how="anti")
    _tell("prompt-again-without-answers", left, file, findings)
    return kept.join(left.select("data_row"), on="data_row", how="anti", maintain_order="left")


def _tell(code: str, rows: pl.DataFrame, file: str, findings: Findings) -> None:
    findings.tell(
        code, file=file, rows=rows["data_row"].sort().head(10).to_list(), n_rows=rows.height
    )
