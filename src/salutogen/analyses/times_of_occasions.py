"""When each person was seen at each occasion, for what is followed over time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.contract import AnalysisInputs

Float = NDArray[np.float64]
DAYS, PLANNED, COUNTED = "days", "planned days", "occasions"


def times_of_occasions(inputs: AnalysisInputs, known: NDArray[np.bool_]) -> tuple[Float, str]:
    """Times of the occasions (persons, occasions): of the answers, as planned, or counted.

    Parameters
    ----------
    inputs : AnalysisInputs
    known : array of bool (persons, occasions)
        Where there is something to be followed.

    Returns
    -------
    times : array (persons, occasions)
        Those of the answers only where all are known and come one after the other; 0 where nothing
        is known.
    unit : str
        `DAYS`, `PLANNED` or `COUNTED`.
    """
    own = inputs.views.wide("P").times
    planned = np.array(inputs.study.days)
    if np.isfinite(own[known]).all():
        so_far = np.maximum.accumulate(np.where(known, own, -np.inf), axis=1)
        if (own[:, 1:] > so_far[:, :-1])[known[:, 1:]].all():
            return np.where(known, own, 0.0), DAYS
    if np.isfinite(planned).all():
        return np.broadcast_to(planned, known.shape), PLANNED
    return np.broadcast_to(np.arange(known.shape[1], dtype=float), known.shape), COUNTED
