"""First principal component of several problem scales, fitted once with its sign fixed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from salutogen.models.descriptive import covariance, leading_component
from salutogen.scores.answers import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstComponent:
    """A fitted first principal component: learned once, applied unchanged to other data.

    The score is `sum(weight_j * (x_j - mean_j) / sd_j)`; its variance is the first eigenvalue of
    the correlation matrix. Higher = worse: the scales are turned so before, and the weights have
    a positive sum.

    Attributes
    ----------
    weights : tuple of float
        Unit-length eigenvector.
    loadings : tuple of float
        Correlations of the scales with the component.
    explained : float
        Share of the variance of the standardised scales.
    n : int
        Rows the component was fitted on.
    """

    columns: tuple[str, ...]
    means: tuple[float, ...]
    sds: tuple[float, ...]
    weights: tuple[float, ...]
    loadings: tuple[float, ...]
    explained: float
    n: int

    def apply(self, scales: Sequence[FloatArray]) -> FloatArray:
        """Score rows from their scales, in the order of `columns`; NaN where one is missing."""
        score = np.zeros(len(scales[0]))
        for values, mean, sd, weight in zip(
            scales, self.means, self.sds, self.weights, strict=True
        ):
            score += weight * (values - mean) / sd
        return score


def fit_first_component(columns: Sequence[str], scales: Sequence[FloatArray]) -> FirstComponent:
    """Fit the component on the correlation matrix of all rows where every scale is present.

    Parameters
    ----------
    columns : sequence of str
        Names of the scales.
    scales : sequence of ndarray, each of shape (n,)
        Scales, all turned so that higher = worse; NaN where missing.

    Raises
    ------
    ValueError
        Fewer than three complete rows, or a scale without variance.
    """
    complete = np.isfinite(np.sum(np.vstack(scales), axis=0))
    used = [np.ascontiguousarray(values[complete]) for values in scales]
    if len(used[0]) < 3:
        raise ValueError("fewer than three rows have all the scales")
    means, matrix = covariance(used)
    sds = np.sqrt(np.diag(matrix))
    if not (sds > 0).all():
        raise ValueError("a scale has the same value everywhere")
    weights, largest = leading_component(matrix / np.outer(sds, sds))
    return FirstComponent(
        columns=tuple(columns),
        means=tuple(means.tolist()),
        sds=tuple(sds.tolist()),
        weights=tuple(weights.tolist()),
        loadings=tuple((weights * np.sqrt(largest)).tolist()),
        explained=largest / len(columns),
        n=len(used[0]),
    )
