"""Variables that are scored at each occasion, as an analysis names them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.titles import own_scores, title_of
from salutogen.findings import Findings
from salutogen.names import did_you_mean
from salutogen.namespaces import factor_column
from salutogen.scores.of_few import few_differ

SR, P, E = "SR", "P", "E"


def repeated_variables(inputs: AnalysisInputs) -> tuple[str, ...]:
    """Names that a study file may give; a factor called like a score by its column."""
    own = own_scores(inputs)
    factors = inputs.scores.factors_repeated
    return (*own, *(factor_column(name) if name in own else name for name in factors))


def variable_column(inputs: AnalysisInputs, name: str) -> str:
    """Name under which the views have a variable."""
    by_column = name in own_scores(inputs) or name not in inputs.scores.factors_repeated
    return name if by_column else factor_column(name)


def refuse_variables(
    inputs: AnalysisInputs,
    names: Sequence[str],
    found: Findings,
    *,
    unknown: str,
    once: str,
    overlap: str,
) -> None:
    """Tell variables of one model that are unknown, were asked once, or contain each other.

    Parameters
    ----------
    inputs, names, found
    unknown, once, overlap : str
        Codes under which each is told.
    """
    known = repeated_variables(inputs)
    asked_once = {*inputs.scores.factors_baseline}
    for name in dict.fromkeys(names):
        if name in known:
            continue
        if name in asked_once:
            found.tell(once, name=title_of(inputs, name))
        else:
            found.tell(unknown, name=name, near=did_you_mean(name, known), known=known)
    doubled = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if {SR, P} <= set(names):
        doubled += [SR, P]
    if E in names:
        parts = [name for name in names if name in inputs.scores.type_columns]
        doubled += [E, *parts] if parts else []
    if doubled:
        found.tell(overlap, names=doubled)


def occasions_alike(wide: Mapping[str, NDArray[np.float64]]) -> set[int]:
    """Places of occasions at which all but few have the same of a variable: effects tell of few."""
    return {
        place
        for array in wide.values()
        for place in range(array.shape[1])
        if few_differ(array[np.isfinite(array[:, place]), place])
    }
