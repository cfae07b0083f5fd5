"""What a comparison of arms gives after reference-based imputation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.models.imputation.reference_based.rules import Rule
from salutogen.models.short_repr import short_repr

Float = NDArray[np.float64]
Int = NDArray[np.intp]
Errors = Literal["jackknife", "multiple"]


@short_repr("rule", "reference", "arms", "n_persons", "errors")
@dataclass(frozen=True, kw_only=True)
class ReferenceBasedFit:
    """Differences of arms from the reference at the last occasion, adjusted for baseline.

    Attributes
    ----------
    rule : str
    reference : str
    arms : tuple of str
        The other arms.
    errors : {"jackknife", "multiple"}
        How values were filled in and errors made.
    estimates, standard_errors : dict from arm to float
        Difference arm − reference, in units of the outcome.
    intervals : dict from arm to tuple of float
        95 % limits.
    p : dict from arm to float
        Two-sided; normal with the jackknife, t after multiple imputation.
    n_persons : int
    persons : polars.DataFrame
        A row per arm: `persons`, `last_missing` (of whom the last value is filled in).
    means, covariances : array (n_arms, p), (n_arms, p, p)
        Of covariates and outcome as estimated, the reference first.
    completed : array (n_sets, n_persons, n_occasions)
        The outcome with gaps filled; one set of expected values with the jackknife.
    rows : array (n_persons,)
        Rows of the data that took part, counted from 0.
    log_likelihood : float
        Of what was seen.
    converged : bool
    messages : tuple of str
        What is doubtful or assumed.
    """

    rule: Rule
    reference: str
    arms: tuple[str, ...]
    errors: Errors
    estimates: dict[str, float]
    standard_errors: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    p: dict[str, float]
    n_persons: int
    persons: pl.DataFrame
    means: Float
    covariances: Float
    completed: Float
    rows: Int
    log_likelihood: float
    converged: bool
    messages: tuple[str, ...]
