"""Terms of lines that few persons tell, where persons are hidden.

The coefficient of a type of exposure that fewer than five persons met, of those a line rests on, is
what these few have beyond what is expected of them, and its error tells how much they met. So it is
with a category of a covariate; a window may hold few of those who have it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from salutogen.namespaces import covariate_column, covariate_of
from salutogen.norm.lines import Line, LineKey
from salutogen.norm.norm import Norm
from salutogen.page.audience import Audience
from salutogen.scores.of_few import others_of_few


def units_of(norm: Norm, key: LineKey) -> pl.DataFrame | None:
    """Return the units behind a line, with covariates; None where they are not known.

    Those of a period are everyone who is scored there.
    """
    units = norm.units(key.level)
    if key.period is None:
        return units
    if units is not None and "occasion_index" in units.columns:
        return units.filter(pl.col("occasion_index") == key.period.occasions.start)
    table = norm.period_tables.get(key.level)
    if table is None or key.period.kind not in table.columns:
        return units
    whole = table[key.period.kind].dtype.is_integer()
    label = key.period.number if whole else key.period.label
    return norm.with_covariates(table.filter(pl.col(key.period.kind) == label))


def terms_of_few(line: Line, units: pl.DataFrame | None, audience: Audience) -> tuple[str, ...]:
    """Return the terms of a line that few of its persons tell; none where persons are shown."""
    if units is None or audience.individuals:
        return ()
    few = {name for name in line.predictors if _few_differ(units, name)}
    few_covariates = {name for name in line.covariates if _is_of_few(units, name, audience)}
    return tuple(
        term
        for term in line.terms
        if covariate_of(term) in few_covariates
        or any(term == name or term.startswith((f"{name}^", f"{name}:")) for name in few)
    )


def types_of_few(line: Line, units: pl.DataFrame | None, audience: Audience) -> tuple[str, ...]:
    """Return the types of a composite that few of a line's persons met: their SD is of these."""
    if units is None or audience.individuals or line.standardiser is None:
        return ()
    return tuple(name for name in line.standardiser.columns if _few_differ(units, name))


def without_terms(line: Line, terms: tuple[str, ...]) -> Line:
    """Return a line without some coefficients and what is told of them."""
    if not terms:
        return line
    gone = np.array([term in terms for term in line.terms])
    coefficients = np.where(gone, np.nan, line.coefficients)
    either = gone[:, None] | gone[None, :]
    claims = line.claims
    if claims is not None:
        claims = replace(
            claims,
            covariance=np.where(either, np.nan, claims.covariance),
            share_by_type={
                name: share for name, share in claims.share_by_type.items() if name not in terms
            },
        )
    return replace(
        line,
        coefficients=tuple(coefficients.tolist()),
        covariance=np.where(either, np.nan, line.covariance),
        claims=claims,
    )


def _few_differ(units: pl.DataFrame, name: str) -> bool:
    if name not in units.columns:
        return False
    return others_of_few(units[name], units["person"]) is not None


def _is_of_few(units: pl.DataFrame, name: str, audience: Audience) -> bool:
    column = covariate_column(name)
    if column not in units.columns or not units.height:
        return False
    each = units.unique("person")
    values = each[column].drop_nulls()
    if values.dtype.is_numeric():
        return _few_differ(each, column)
    return any(audience.is_small(n) for n in values.unique_counts())
