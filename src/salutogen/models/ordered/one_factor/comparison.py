"""Test what a model of ordered items holds equal against the model that does not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.ordered.one_factor.fit import OrderedFit
from salutogen.models.ordered.one_factor.inference import adjusted

Float = NDArray[np.float64]

ROUNDING = 1e-6


@dataclass(frozen=True, kw_only=True)
class OrderedComparison:
    """A test of two nested models of ordered items.

    Attributes
    ----------
    chi_square : float
        Difference of the weighted squares, adjusted in mean and variance (Satorra 2000; Asparouhov
        & Muthén 2010); not below zero.
    df : int
        Difference of the numbers of parameters.
    p_value : float
        NaN, as chi-square is, where a search did not settle, or ran out of what is possible.
    unadjusted : float
        Difference of the weighted squares.
    """

    chi_square: float
    df: int
    p_value: float
    unadjusted: float


def compare_ordered_fits(smaller: OrderedFit, larger: OrderedFit) -> OrderedComparison:
    """Test a model against one that it is a special case of.

    Raises
    ------
    ModelError
        Fits of different data, or a second model that has no more parameters or fits worse.
    """
    ours, theirs = smaller.fitted, larger.fitted
    same = len(ours.samples) == len(theirs.samples) and all(
        np.array_equal(one.statistics, other.statistics)
        for one, other in zip(ours.samples, theirs.samples, strict=True)
    )
    if not same:
        raise ModelError("The fits are of different rows or variables; they cannot be compared.")
    df = larger.n_parameters - smaller.n_parameters
    if df <= 0:
        raise ModelError(
            f"The second model must have more parameters than the first, got {larger.n_parameters} "
            f"and {smaller.n_parameters}."
        )
    nan = float("nan")
    if not (smaller.converged and larger.converged):
        return OrderedComparison(chi_square=nan, df=df, p_value=nan, unadjusted=nan)
    value = ours.settled.criterion - theirs.settled.criterion
    if value < -ROUNDING * (1 + theirs.settled.criterion):
        raise ModelError(
            "The model with more parameters fits worse: the other is no special case of it, or a "
            "search ended too early."
        )
    mean, squares = _traces(smaller, larger)
    test = adjusted(max(value, 0.0), df, mean, squares)
    return OrderedComparison(chi_square=test.scaled, df=df, p_value=test.p, unadjusted=test.value)


def _traces(smaller: OrderedFit, larger: OrderedFit) -> tuple[float, float]:
    """Mean, and half the variance, that the difference has where the smaller model is right."""
    sums = larger.fitted.sums
    slopes = [np.concatenate(one.fitted.settled.slopes) for one in (larger, smaller)]
    try:
        held = _restrictions(*slopes)
        turned = np.matmul(held, sums.inverse)
        inner = np.matmul(np.matmul(turned, sums.middle), turned.T)
        spread = np.linalg.solve(np.matmul(turned, held.T), inner)
    except np.linalg.LinAlgError:  # estimates far outside what is possible
        return float("nan"), float("nan")
    return float(np.trace(spread)), float(np.sum(spread * spread.T))


def _restrictions(larger: Float, smaller: Float) -> Float:
    """Directions of the larger model's parameters that the smaller one holds (df, q)."""
    normal = np.matmul(larger.T, larger)
    along = np.linalg.solve(normal, np.matmul(larger.T, smaller))
    whole, _ = np.linalg.qr(along, mode="complete")
    found: Float = whole[:, along.shape[1] :].T
    return found
