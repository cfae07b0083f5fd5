"""Factors that were not measured before SR: correlations over the same time, no predictors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.factors.later import Later, over_the_same_time
from salutogen.analyses.factors.momentary import momentary_factors
from salutogen.analyses.factors.records import Correlate
from salutogen.analyses.intervals import fisher_interval
from salutogen.models.descriptive import pearson
from salutogen.scores.of_few import few_differ


def correlates(inputs: AnalysisInputs, names: Sequence[str], later: Later) -> tuple[Correlate, ...]:
    """Correlations with SR over the same time of factors that were not measured before."""
    made = []
    of_prompts = momentary_factors(inputs)  # estimates over bursts, of no occasion
    for name in names:
        if name in of_prompts:
            continue
        both = over_the_same_time(inputs, name, later)
        if both is None:
            continue
        known = np.isfinite(both[0]) & np.isfinite(both[1])
        n = int(known.sum())
        r = None if few_differ(both[0][known]) else pearson(*both)
        low, high = fisher_interval(r, inputs.run.audience.told_size(n))
        made.append(Correlate(name=name, n=n, r=r, low=low, high=high))
    return tuple(made)
