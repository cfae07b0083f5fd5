"""The line of occasions as an estimate: how much each person pulled on it."""

from __future__ import annotations

import numpy as np
import polars as pl

from salutogen.analyses.contract import AnalysisInputs
from salutogen.models.regression.stacked import EstimatedLine
from salutogen.norm.design_matrix import line_matrix


def line_of_occasions(inputs: AnalysisInputs) -> EstimatedLine | None:
    """How persons pulled on the line of occasions; None for a line of another study."""
    units = inputs.norm.units("occasion")
    if inputs.norm.external is not None or units is None:
        return None
    line = inputs.norm.lines.occasion
    X = line_matrix(line, units, level="occasion")
    rest = units["P"].cast(pl.Float64).to_numpy() - np.einsum("ij,j->i", X, line.coefficients)
    known = np.isfinite(X).all(axis=1) & np.isfinite(rest)
    person = units["person"].to_numpy().astype(np.int64)
    n = inputs.scores.persons.height
    return EstimatedLine.of(X[known], rest[known], person[known], n)
