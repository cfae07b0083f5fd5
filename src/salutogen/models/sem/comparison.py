"""Test what a structural model holds equal, or leaves out, against the model that does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from salutogen.errors import ModelError
from salutogen.models.sem.inference import score_trace
from salutogen.models.sem.matching import place_with_moments_of
from salutogen.models.sem.problem import Place
from salutogen.models.sem.result import StructuralFit

SAME_DATA = 1e-7  # relative difference of log-likelihoods without a model that is rounding
ROUNDING = 1e-6


@dataclass(frozen=True, kw_only=True)
class StructuralComparison:
    """A likelihood-ratio test of two nested structural models.

    Attributes
    ----------
    chi_square : float
        Twice the difference of the log-likelihoods; divided by `scaling_factor` where errors are
        robust.
    df : int
        Difference of the numbers of parameters.
    p_value : float
        NaN where the scaled difference does not exist: the models are not nested.
    scaling_factor : float
        1 where errors are not robust.
    aic_difference, bic_difference : float
        Of the smaller model minus the larger: below 0 speaks for the smaller.
    note : str
        What makes the test inexact; empty if nothing does.
    """

    chi_square: float
    df: int
    p_value: float
    scaling_factor: float
    aic_difference: float
    bic_difference: float
    note: str


def compare_structural_fits(smaller: StructuralFit, larger: StructuralFit) -> StructuralComparison:
    """Test a structural model against one that it is a special case of.

    Parameters
    ----------
    smaller, larger : CrossLaggedFit or other structural fits
        Of the same rows and variables with the same kind of errors. With robust errors the
        difference is scaled by a factor from the larger model at the estimates of the smaller
        (Satorra & Bentler 2010), which is above zero also where factors of both models' own tests
        (Satorra & Bentler 2001) leave next to nothing or less.

    Raises
    ------
    ModelError
        Fits of different data or errors, or a second model that has no more parameters.
    """
    _refuse_unlike(smaller, larger)
    places = smaller.fitted.place, larger.fitted.place
    return difference_tested(
        smaller,
        larger,
        factor=(lambda df: _difference_factor(*places, df)) if larger.errors == "robust" else None,
        note=lambda factor: _note(smaller, larger, factor),
        worse="The model with more parameters fits worse: the other is no special case of it, or a "
        "search ended too early.",
    )


class Fit(Protocol):
    """What a likelihood-ratio test needs of a fit."""

    @property
    def n_parameters(self) -> int:
        """Number of parameters."""

    @property
    def log_likelihood(self) -> float:
        """At the estimates."""

    @property
    def aic(self) -> float:
        """Akaike criterion."""

    @property
    def bic(self) -> float:
        """Bayesian criterion."""


def difference_tested(
    smaller: Fit,
    larger: Fit,
    *,
    factor: Callable[[int], float] | None,
    note: Callable[[float], str],
    worse: str,
) -> StructuralComparison:
    """Test a difference of log-likelihoods.

    Parameters
    ----------
    smaller, larger
        Fits of the same data, the first a special case of the second.
    factor : callable of int, optional
        Scaling factor, given the degrees of freedom; without it errors are not robust.
    note : callable of float
        What makes the test inexact, given the factor.
    worse : str
        Words for a larger model that fits worse than the smaller.

    Raises
    ------
    ModelError
        It does, by more than rounding.
    """
    from scipy.special import chdtrc

    df = larger.n_parameters - smaller.n_parameters
    value = 2 * (larger.log_likelihood - smaller.log_likelihood)
    if value < -ROUNDING * (1 + abs(larger.log_likelihood)):
        raise ModelError(worse)
    divisor = 1.0 if factor is None else factor(df)
    scaled = max(value, 0.0) / divisor
    return StructuralComparison(
        chi_square=scaled,
        df=df,
        p_value=float(chdtrc(df, scaled)) if np.isfinite(scaled) else float("nan"),
        scaling_factor=divisor,
        aic_difference=smaller.aic - larger.aic,
        bic_difference=smaller.bic - larger.bic,
        note=note(divisor),
    )


def _refuse_unlike(smaller: StructuralFit, larger: StructuralFit) -> None:
    if smaller.errors != larger.errors:
        raise ModelError(
            f"The fits have {smaller.errors} and {larger.errors} standard errors. Fit both alike."
        )
    both = smaller.saturated_log_likelihood, larger.saturated_log_likelihood
    same = (smaller.n_persons, smaller.n_obs) == (larger.n_persons, larger.n_obs)
    if np.isfinite(both).all():
        same = same and abs(both[0] - both[1]) <= SAME_DATA * (1 + abs(both[0]))
    if not same:
        raise ModelError("The fits are of different rows or variables; they cannot be compared.")
    if larger.n_parameters <= smaller.n_parameters:
        raise ModelError(
            f"The second model must have more parameters than the first, got {larger.n_parameters} "
            f"and {smaller.n_parameters}."
        )


def _difference_factor(smaller: Place, larger: Place, df: int) -> float:
    """Scaling factor of a difference; NaN where the models are not nested.

    The difference of traces of scores and information, of the larger model where it has the
    moments of the smaller, and of the smaller. Observed information of the larger model is not
    definite everywhere beside its own estimates; expected information stands for both then.
    """
    there = place_with_moments_of(larger, smaller)
    if there is None:
        return float("nan")
    for observed in (True, False):
        above, below = (
            score_trace(place.information(observed=observed), place.scores())
            for place in (there, smaller)
        )
        if above is not None and below is not None and above > below:
            return (above - below) / df
    return float("nan")


def _note(smaller: StructuralFit, larger: StructuralFit, factor: float) -> str:
    if not np.isfinite(factor):
        return "The larger model cannot have the moments of the smaller: there is no robust test."
    gone = {name.split(" [")[0] for name in set(larger.parameters) - set(smaller.parameters)}
    if any(name.startswith("var(") for name in gone):
        return (
            "The smaller model has variances of zero, at the edge of what is possible: p is too "
            "large."
        )
    return ""
