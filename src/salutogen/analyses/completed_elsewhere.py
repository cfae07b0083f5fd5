"""Completed sets of a file, checked against the scores that they complete."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.imputations_key import CompletedFile
from salutogen.errors import ModelError, PanelError
from salutogen.findings import listed
from salutogen.models.imputation.completed import CompletedSets
from salutogen.models.imputation.elsewhere import ROW, SET, completed_sets
from salutogen.panel.numeric import to_numbers
from salutogen.panel.sources import open_table

Float = NDArray[np.float64]
_OF_WORDS, _OF_ASCII = re.compile(r"[\W_]"), re.compile(r"[^A-Za-z0-9]")


def sets_of_file(
    inputs: AnalysisInputs, asked: CompletedFile, values: Float, names: Sequence[str]
) -> CompletedSets:
    """Read completed sets.

    Parameters
    ----------
    inputs : AnalysisInputs
    asked : CompletedFile
        Its path is beside the study file.
    values : array (n, p)
        What the sets complete, NaN where missing.
    names : sequence of str
        Of the columns. Where nothing is missing the file need not have one; `a.b` and `a_b`, as
        programs write `a b`, count as the same.

    Raises
    ------
    ModelError
        The file cannot be read, lacks a column or a row, still has gaps, or differs where
        something was answered.
    """
    path = Path(asked.file)
    if inputs.study.path is not None:
        path = inputs.study.path.parent / path
    try:
        table = open_table(path)
    except PanelError as error:
        raise ModelError(f"{path.name} cannot be read: {error}") from error
    lacking = [name for name in (asked.set, asked.row) if name not in table.columns]
    if lacking:
        raise ModelError(f"{path.name} has no column {listed(lacking, quotes=True)}.")
    gaps = np.isnan(values).any(axis=0)
    found: dict[str, pl.Series] = {}
    for name, incomplete in zip(names, gaps, strict=True):
        column = _named(name, table.columns)
        if column is None and incomplete:
            raise ModelError(f"{path.name} has no column {name!r}, of which values are missing.")
        if column is not None:
            found[name] = _numbers(table[column], path)
    keys = {SET: _numbers(table[asked.set], path), ROW: _numbers(table[asked.row], path)}
    if any(key.null_count() for key in keys.values()):
        raise ModelError(f"{path.name}: a row has no number of its set or of its row.")
    long = pl.DataFrame(keys | found).filter(pl.col(SET) != 0)
    _refuse_other_rows(long, len(values), path)
    whole = dict(zip(names, values.T, strict=True))
    original = pl.DataFrame({name: pl.Series(whole[name], nan_to_null=True) for name in found})
    sets = completed_sets(long, original)
    return _among_all(sets, values, names)


def _named(name: str, columns: Sequence[str]) -> str | None:
    """A column of this name, or of one that R (in any locale), SPSS or Stata make of it."""
    if name in columns:
        return name
    made = {_plain(name, sign) for sign in (_OF_WORDS, _OF_ASCII)}
    return next((one for one in columns if _plain(one, _OF_WORDS) in made), None)


def _plain(name: str, others: re.Pattern[str]) -> str:
    """A name without what programs change: R puts X before what does not begin with a letter."""
    return others.sub(".", name).lstrip(".").removeprefix("X").lstrip(".")


def _numbers(cells: pl.Series, path: Path) -> pl.Series:
    found = to_numbers(cells)
    if found.text is not None and found.text.any():
        raise ModelError(f"{path.name}: {cells.name!r} holds something else than numbers.")
    return found.values.cast(pl.Float64)


def _refuse_other_rows(long: pl.DataFrame, n: int, path: Path) -> None:
    """Refuse sets that do not number the rows of the table from 1, each once."""
    expected = list(range(1, n + 1))
    for (number,), part in long.group_by(SET, maintain_order=True):
        if part[ROW].sort().to_list() != expected:
            raise ModelError(
                f"{path.name}: set {number:g} has {part.height} rows; expected each of the "
                f"{n} rows of the step's table once, by its number."
            )


def _among_all(sets: CompletedSets, values: Float, names: Sequence[str]) -> CompletedSets:
    """Put columns without gaps, which the file need not have, among the others."""
    whole = np.array([np.array(values) for _ in range(sets.n_sets)])
    place = {name: number for number, name in enumerate(names)}
    for number in range(sets.n_sets):
        for column, own in zip(sets.columns, sets.array(number).T, strict=True):
            whole[number, :, place[column]] = own
    missing = np.isnan(values.T)
    return CompletedSets(
        original=values,
        columns=tuple(names),
        observed=values,
        imputed=whole.transpose(0, 2, 1)[:, missing],
        kept_type=(),
        trace=None,
        messages=sets.messages,
    )
