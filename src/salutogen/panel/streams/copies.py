"""Prompts that stand in several rows: equal rows are one, rows that differ are refused."""

from __future__ import annotations

from typing import Literal

import polars as pl

from salutogen.findings import Findings
from salutogen.panel.momentary import UNSCHEDULED


def without_copies(
    prompts: pl.DataFrame,
    items: list[str],
    differing: Literal["refuse", "first", "last", "merge"],
    file: str,
    findings: Findings,
) -> pl.DataFrame:
    """Leave one row of each prompt.

    Parameters
    ----------
    prompts : DataFrame
        A row each, `key` saying which prompt of person and burst it is (null: not said), with
        times, state, items and `data_row`.
    items : list of str
        Columns of answers.
    differing : {"refuse", "first", "last", "merge"}
        What is done with rows of one prompt whose answers differ; they are never merged.
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
    if clash.height and differing not in ("first", "last"):
        _tell("prompts-differ", clash, file, findings)
        return kept
    last = differing == "last"
    best = several.sort(empty, "data_row", descending=[False, last]).unique(
        keys, keep="first", maintain_order=True
    )
    left = several.join(best.select("data_row"), on="data_row", how="anti")
    again = left["data_row"].is_in(clash["data_row"].to_list())
    for code, rows in (
        ("prompt-answered-again", left.filter(again)),
        ("prompt-again-without-answers", left.filter(~again)),
    ):
        if rows.height:
            _tell(code, rows, file, findings, taken=differing)
    return kept.join(left.select("data_row"), on="data_row", how="anti", maintain_order="left")


def _tell(code: str, rows: pl.DataFrame, file: str, findings: Findings, **more: str) -> None:
    numbers = rows["data_row"].sort().head(10).to_list()
    findings.tell(code, file=file, rows=numbers, n_rows=rows.height, **more)
