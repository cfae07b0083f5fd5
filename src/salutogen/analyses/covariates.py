"""Covariates that an analysis names: numbers as they are, categories against their first label."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.contract import AnalysisInputs
from salutogen.errors import AnalysisError
from salutogen.findings import Findings, listed
from salutogen.names import did_you_mean
from salutogen.norm.covariates import covariates_by_person
from salutogen.norm.design_matrix import covariate_terms, term_matrix

Float = NDArray[np.float64]


def covariate_numbers(
    inputs: AnalysisInputs, names: Sequence[str], found: Findings, *, unknown: str
) -> tuple[Float, tuple[str, ...]]:
    """Return columns (persons, c) of background, baseline factors or the arm, and their terms.

    Missing values are NaN. Names that nobody has are told under the code `unknown`.

    Raises
    ------
    AnalysisError
        A name is not known.
    """
    wanted = tuple(dict.fromkeys(names))
    known = [name for name in inputs.scores.persons.columns if name not in ("person", "subject")]
    for name in wanted:
        if inputs.scores.of_persons(name) is None:
            near = did_you_mean(name, known)
            found.tell(unknown, name=name, near=near, known=listed(known))
    found.raise_refusals(AnalysisError)
    table = covariates_by_person(inputs.scores, wanted)
    terms = covariate_terms(table, wanted) if wanted else ()
    if not terms:
        return np.empty((inputs.scores.persons.height, 0)), ()
    return term_matrix(table, terms, predictors=()), terms
