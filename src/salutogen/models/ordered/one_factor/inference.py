"""Errors and tests of diagonally weighted least squares, right although weights are diagonal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.ordered.one_factor.search import Sample, Settled
from salutogen.models.sem.fit_indices import ChiSquare, comparative, rmsea
from salutogen.models.sem.inference import MOST_NAMED, NAMED, UNTOLD

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Adjusted:
    """A test adjusted in mean and variance (Asparouhov & Muthén 2010).

    Attributes
    ----------
    value : float
        Unscaled weighted squares.
    df : int
    factor, shift : float
        The adjusted value is the value times the factor, plus the shift: it then has the mean and
        the variance of a chi-square with `df` degrees of freedom.
    """

    value: float
    df: int
    factor: float
    shift: float

    @property
    def scaled(self) -> float:
        """The adjusted value; not below zero; NaN where there is none."""
        if not self.df:
            return self.value
        found = self.value * self.factor + self.shift
        return found if np.isnan(found) else max(found, 0.0)

    @property
    def p(self) -> float:
        """Probability of more where the model is right; NaN without degrees of freedom."""
        return ChiSquare(self.scaled, self.df, 1.0).p


def adjusted(value: float, df: int, mean: float, squares: float) -> Adjusted:
    """Adjust a test whose value has a mean of tr(UΓ) and a variance of twice tr(UΓUΓ)."""
    if df == 0 or not squares > 0:
        return Adjusted(value, df, float("nan"), float("nan"))
    factor = float(np.sqrt(df / squares))
    return Adjusted(value, df, factor, df - factor * mean)


@dataclass(frozen=True)
class Sums:
    """Sums over groups at the estimates (q, q).

    Attributes
    ----------
    inverse : array
        Inverse of Δ'VΔ: derivatives of statistics, and weights.
    middle : array
        Δ'VΓVΔ; Γ is the covariance of statistics.
    far : array
        Δ'VΓVΓVΔ.
    covariance : array
        Of the estimates, right although V is diagonal.
    """

    inverse: Float
    middle: Float
    far: Float
    covariance: Float


def sums_of(samples: Sequence[Sample], settled: Settled, names: Sequence[str]) -> Sums:
    """Return what errors and tests are made of.

    Raises
    ------
    ModelError
        Parameters that cannot be told apart.
    """
    total = sum(one.n for one in samples)
    normal, middle, far, spread = (np.zeros((len(names), len(names))) for _ in range(4))
    for sample, slopes in zip(samples, settled.slopes, strict=True):
        share, weighted = sample.n / total, sample.weights[:, None] * slopes
        turned = np.matmul(sample.covariance, weighted)
        own = share * np.matmul(weighted.T, turned)
        normal += share * np.matmul(slopes.T, weighted)
        middle += own
        spread += own * sample.n / (sample.n - 1)  # weighted squares count one less
        far += share * np.matmul(turned.T, sample.weights[:, None] * turned)
    inverse = _inverse(normal, names)
    return Sums(inverse, middle, far, np.matmul(np.matmul(inverse, spread), inverse) / total)


def _inverse(normal: Float, names: Sequence[str]) -> Float:
    scale = 1 / np.sqrt(np.maximum(np.diag(normal), 1e-300))
    values, vectors = np.linalg.eigh(normal * scale[:, None] * scale[None, :])
    if values[0] <= UNTOLD:
        weights = np.abs(vectors[:, 0])
        order = np.argsort(-weights, kind="stable")[:MOST_NAMED]
        listed = ", ".join(names[i] for i in order if weights[i] > NAMED * weights.max())
        raise ModelError(
            f"These data cannot tell {listed} apart: other values of them fit exactly as well."
        )
    found: Float = (vectors / values) @ vectors.T * scale[:, None] * scale[None, :]
    return (found + found.T) / 2


def indices(samples: Sequence[Sample], settled: Settled, sums: Sums) -> dict[str, float]:
    """Return indices of fit by name; adjusted ones end in `_scaled`."""
    q = len(settled.parameters)
    df = sum(len(one.statistics) for one in samples) - q
    spread = np.matmul(sums.inverse, sums.middle)
    mean = sum(len(one.statistics) for one in samples) - float(np.trace(spread))
    squares = sum(_squares(one, 0) for one in samples)
    squares += float(-2 * np.sum(sums.inverse * sums.far) + np.sum(spread * spread.T))
    model = adjusted(settled.criterion, df, mean, squares)
    baseline = _baseline(samples)
    n, groups = sum(one.n - 1 for one in samples), len(samples)  # as weighted squares count them
    found: dict[str, float] = {}
    for end, one, other in (
        ("", model.value, baseline.value),
        ("_scaled", model.scaled, baseline.scaled),
    ):
        told = comparative(ChiSquare(one, df, 1.0), ChiSquare(other, baseline.df, 1.0))
        told |= rmsea(one, df, n, groups)
        found |= {f"{name}{end}": value for name, value in told.items() if not end or name != "df"}
    found["srmr"] = _srmr(samples, settled)
    return found | {"scaling_factor": 1 / model.factor, "shift": model.shift}


def _squares(sample: Sample, start: int) -> float:
    """tr(VΓVΓ) of a group's statistics from one on."""
    sd = 1 / np.sqrt(sample.weights[start:])
    return float(np.sum((sample.covariance[start:, start:] / sd[:, None] / sd[None, :]) ** 2))


def _baseline(samples: Sequence[Sample]) -> Adjusted:
    """The test of responses that do not go together, each with its thresholds."""
    value = squares = 0.0
    df = 0
    for one in samples:
        start = one.n_thresholds
        value += float((one.n - 1) * np.sum(one.weights[start:] * one.statistics[start:] ** 2))
        squares += _squares(one, start)
        df += len(one.statistics) - start
    return adjusted(value, df, float(df), squares)


def _srmr(samples: Sequence[Sample], settled: Settled) -> float:
    """Root mean square of residual correlations, those of a variable with itself among them."""
    total = sum(one.n for one in samples)
    parts = 0.0
    for sample, apart in zip(samples, settled.residuals, strict=True):
        p = len(sample.observed.thresholds)
        squares = float(np.sum(apart[sample.n_thresholds :] ** 2))
        parts += sample.n / total * np.sqrt(squares / (p * (p + 1) / 2))
    return float(parts)
