"""Factors and background of which all but a few persons have the same value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.findings import Findings, Persons
from salutogen.namespaces import column_of_persons, factor_column
from salutogen.scores.scores import Scores

ENOUGH = 5
FEWEST_OTHERS = 10  # persons with another value than the commonest, from which on a mean is told
MOST_ALIKE = 0.5  # share of persons with the same, from which on no SD is told


@dataclass(frozen=True)
class FewOthers:
    """A column in which few persons have another value than all others.

    Attributes
    ----------
    column : str
        Of `Scores.persons`, or of `Scores.table` where it is repeated.
    repeated : bool
    persons : int
        Who ever has another value.
    others : Series of bool
        Rows of these values.
    """

    column: str
    repeated: bool
    persons: int
    others: pl.Series


def others_of_few(values: pl.Series, person: pl.Series | None = None) -> pl.Series | None:
    """Rows with another value than nearly everybody has; None where enough persons have one.

    What such a column goes with is what these persons have: it is no estimate, and tells of them.

    Parameters
    ----------
    values : Series
        Null or NaN where missing.
    person : Series, optional
        Index of each row's person; without it rows are persons.
    """
    # Under a name of ours: the column may be called as the counts are.
    known = (values.fill_nan(None) if values.dtype.is_float() else values).alias("value")
    counts = known.drop_nulls().value_counts(sort=True, name="rows")
    if counts.height < 2 or counts["rows"][0] < ENOUGH:
        return None
    others = (known != counts["value"][0]).fill_null(value=False)
    n = int(others.sum()) if person is None else person.filter(others).n_unique()
    return others if n < ENOUGH else None


def few_differ(values: NDArray[np.float64], person: NDArray[np.int64] | None = None) -> int:
    """Values (n,) that differ from what all but a few persons have; 0 where enough do, or none."""
    others = others_of_few(pl.Series(values), None if person is None else pl.Series(person))
    return 0 if others is None else int(others.sum())


def alike(values: NDArray[np.float64]) -> tuple[float, int]:
    """Share of the values (n,) that are the commonest one, and how many are others."""
    most = int(np.unique(values, return_counts=True)[1].max()) if values.size else 0
    return most / max(values.size, 1), values.size - most


def tell_few(name: str, values: NDArray[np.float64], found: Findings) -> bool:
    """Say that of the persons of an analysis, a value each, few differ from everybody else."""
    n = few_differ(values)
    if n:
        found.tell("values-of-few", variant="here", name=name, n=Persons(n))
    return n > 0


def few_others(scores: Scores) -> Mapping[str, FewOthers]:
    """Factors and background, by the study's name, in which few differ from everybody else.

    Covariates of the line are left as they are: SR rests on them.
    """
    plan = scores.study.plan
    once = [*plan.background, *scores.factors_baseline]
    found: dict[str, FewOthers] = {}
    for name in dict.fromkeys([*once, *scores.factors_repeated]):
        repeated = name in scores.factors_repeated
        column = (
            factor_column(name) if repeated else column_of_persons(name, scores.persons.columns)
        )
        if column is None or name in plan.norm.covariates:
            continue
        table = scores.table if repeated else scores.persons
        others = others_of_few(table[column], table["person"] if repeated else None)
        if others is not None:
            n = table["person"].filter(others).n_unique()
            found[name] = FewOthers(column, repeated, n, others)
    return found


def without_few_others(scores: Scores) -> Scores:
    """Leave values of few out, so that what nearly everybody has the same does not vary."""
    persons, table = scores.persons, scores.table
    for one in few_others(scores).values():
        kept = pl.when(~one.others).then(pl.col(one.column)).alias(one.column)
        if one.repeated:
            table = table.with_columns(kept)
        else:
            persons = persons.with_columns(kept)
    if persons is scores.persons and table is scores.table:
        return scores
    return replace(scores, persons=persons, table=table)


def with_few_told(scores: Scores) -> Scores:
    """Add a finding for each factor and background column in which few differ."""
    findings = Findings()
    for name, one in few_others(scores).items():
        findings.tell("values-of-few", name=name, n=Persons(one.persons))
    return replace(scores, findings=(*scores.findings, *findings)) if findings else scores
