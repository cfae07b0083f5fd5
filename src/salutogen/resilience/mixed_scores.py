"""Occasion scores by the mixed model, beside the primary SR. Positive = less resilient."""

from __future__ import annotations

import numpy as np
import polars as pl

from salutogen.norm import Norm
from salutogen.norm.lines import MIXED
from salutogen.norm.mixed import person_mean_exposure
from salutogen.norm.periods import ValidRows


def mixed_score(norm: Norm, occasions: pl.DataFrame) -> np.ndarray | None:
    """P minus the fixed part of the mixed model `(1 + E | person)`, of each row, in points of P.

    Leaves exposure in the score where slopes within and between persons differ. None where the
    model could not be fitted.
    """
    line = norm.lines.of("occasion", variant=MIXED)
    if line is None:
        return None
    SR: np.ndarray = occasions["P"].to_numpy() - line.expected(occasions, level="occasion")
    return SR


def mixed_split_score(norm: Norm, rows: ValidRows) -> np.ndarray | None:
    """P minus a line with slopes of its own for the person's mean exposure and what deviates.

    Free of exposure between and within persons, but it uses the person's later occasions. None
    where the model could not be fitted.
    """
    line = norm.mixed
    if line is None:
        return None
    E, P = rows.values["E"], rows.values["P"]
    mean = person_mean_exposure(rows)
    between = (mean - line.mean_E) / line.sd_E
    within = (E - mean) / line.sd_E
    expected = line.split_intercept + line.between_slope * between + line.within_slope * within
    SR: np.ndarray = P - line.mean_P - line.sd_P * expected
    return SR
