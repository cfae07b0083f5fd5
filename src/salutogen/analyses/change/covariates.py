"""Covariates of persons as numbers: as they are, or a column of 0 and 1 for each label."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.scales import numbers_of
from salutogen.findings import Findings
from salutogen.names import did_you_mean

MOST_LABELS = 6


def read_covariates(
    inputs: AnalysisInputs, names: tuple[str, ...], found: Findings
) -> dict[str, NDArray[np.float64]]:
    """Return columns (n_persons,) by name, `site=B` for labels; NaN where missing.

    What is unknown, or has more labels than can be told apart, is told in `found`.
    """
    columns: dict[str, NDArray[np.float64]] = {}
    known = [*inputs.study.plan.background, *inputs.scores.factors_baseline]
    for name in dict.fromkeys(names):
        values = inputs.scores.of_persons(name)
        if values is None:
            found.tell("change-covariate-unknown", name=name, near=did_you_mean(name, known))
        elif values.dtype.is_numeric() or values.dtype == pl.Boolean:
            columns[name] = numbers_of(values)
        else:
            columns |= _labels(name, values.cast(pl.String), found)
    return columns


def _labels(name: str, values: pl.Series, found: Findings) -> dict[str, NDArray[np.float64]]:
    counted = values.drop_nulls().value_counts()
    label = counted.columns[0]
    order = counted.sort(["count", label], descending=[True, False])[label].to_list()
    if not 2 <= len(order) <= MOST_LABELS:
        found.tell("change-covariate-labels", name=name, n=len(order), most=MOST_LABELS)
        return {}
    return {f"{name}={one}": numbers_of(values == one) for one in order[1:]}
