"""Random-effects meta-analysis of studies, sites or cohorts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salutogen.errors import ModelError
from salutogen.models.checks import as_numbers
from salutogen.models.quantiles import NORMAL_95
from salutogen.models.short_repr import short_repr

Float = NDArray[np.float64]
Method = Literal["REML", "DL"]

GRID = 400  # variances between studies at which the criterion is looked at before it is climbed


@short_repr("method", "n_studies", "estimate", "standard_error", "interval", "tau2", "i2")
@dataclass(frozen=True, kw_only=True)
class MetaAnalysis:
    """The mean of studies' effects and how much these differ.

    Attributes
    ----------
    estimate, standard_error : float
        Mean effect, in the unit of the estimates.
    interval : tuple of float
        95 % limits of the mean effect.
    p : float
        Of the mean effect at 0, two-sided.
    prediction_interval : tuple of float
        95 % limits of the true effect in a further study.
    tau2 : float
        Variance of the true effects between studies.
    i2 : float
        Share of the scatter of estimates that is not due to their errors, from 0 to 1 (Higgins &
        Thompson 2002).
    q, q_df, q_p : float, int, float
        Cochran's test that all true effects are equal.
    weights : array (k,)
        Shares of the studies in the mean; their sum is 1.
    log_likelihood : float
        Restricted for `REML`, plain for `DL`.
    df : int or None
        Degrees of freedom of t; None where the normal distribution is used.
    n_studies : int
        k.
    method : str
    hartung_knapp : bool
    converged : bool
    messages : tuple of str
        What is doubtful.
    """

    estimate: float
    standard_error: float
    interval: tuple[float, float]
    p: float
    prediction_interval: tuple[float, float]
    tau2: float
    i2: float
    q: float
    q_df: int
    q_p: float
    weights: Float
    log_likelihood: float
    df: int | None
    n_studies: int
    method: Method
    hartung_knapp: bool
    converged: bool
    messages: tuple[str, ...]

    @property
    def estimates(self) -> dict[str, float]:
        """Mean effect and variance between studies, by name."""
        return {"estimate": self.estimate, "tau2": self.tau2}

    @property
    def standard_errors(self) -> dict[str, float]:
        """Of the mean effect."""
        return {"estimate": self.standard_error}


def meta_analysis(
    estimates: ArrayLike,
    standard_errors: ArrayLike,
    method: Method = "REML",
    hartung_knapp: bool = True,
) -> MetaAnalysis:
    """Pool the estimates of independent studies whose true effects differ.

    Parameters
    ----------
    estimates, standard_errors : array (k,)
        Of each study, in the same unit.
    method : {"REML", "DL"}
        Variance between studies: restricted maximum likelihood, or the moment estimate of
        DerSimonian and Laird (1986).
    hartung_knapp : bool
        Errors from the scatter of the studies and t with k - 1 degrees of freedom (Hartung & Knapp
        2001); otherwise from the studies' own errors, and normal. The prediction interval uses the
        same distribution.

    Raises
    ------
    ModelError
        Fewer than two studies, values that are missing, errors that are not above 0.

    Examples
    --------
    >>> found = meta_analysis([0.1, 0.3, 0.5, 0.2], [0.1, 0.1, 0.2, 0.1], method="DL")
    >>> round(found.estimate, 3), round(found.tau2, 4), round(found.i2, 3)
    (0.23, 0.0047, 0.264)
    """
    y, v = _checked(estimates, standard_errors, method)
    k = len(y)
    fixed = 1 / v
    q = float(np.sum(fixed * (y - np.sum(fixed * y) / np.sum(fixed)) ** 2))
    spread = float(np.sum(fixed) - np.sum(fixed**2) / np.sum(fixed))
    tau2 = max(0.0, (q - (k - 1)) / spread) if method == "DL" else _reml(y, v)
    w = 1 / (v + tau2)
    mean = float(np.sum(w * y) / np.sum(w))
    plain = float(1 / np.sum(w))
    scatter = float(np.sum(w * (y - mean) ** 2) / (k - 1))
    variance = scatter * plain if hartung_knapp else plain
    messages = _doubts(k, tau2, scatter, hartung_knapp)
    quantile, p, q_p = _tests(mean, variance, k, q, hartung_knapp)
    typical = (k - 1) / spread  # variance of a study's error (Higgins & Thompson 2002)
    error, ahead = np.sqrt(variance), np.sqrt(variance + tau2)
    return MetaAnalysis(
        estimate=mean,
        standard_error=float(error),
        interval=_around(mean, quantile * error),
        p=p,
        prediction_interval=_around(mean, quantile * ahead),
        tau2=tau2,
        i2=tau2 / (tau2 + typical),
        q=q,
        q_df=k - 1,
        q_p=q_p,
        weights=w / np.sum(w),
        log_likelihood=_log_likelihood(y, v, tau2, restricted=method == "REML"),
        df=k - 1 if hartung_knapp else None,
        n_studies=k,
        method=method,
        hartung_knapp=hartung_knapp,
        converged=True,
        messages=messages,
    )


def _checked(estimates: ArrayLike, standard_errors: ArrayLike, method: str) -> tuple[Float, Float]:
    y = as_numbers(estimates, "estimates")
    se = as_numbers(standard_errors, "standard_errors")
    if method not in get_args(Method):
        raise ModelError(f"method: expected one of {', '.join(get_args(Method))}, got {method!r}.")
    if y.ndim != 1 or y.shape != se.shape or len(y) < 2:
        raise ModelError(
            "Expected an estimate and a standard error of each of at least 2 studies, got shapes "
            f"{y.shape} and {se.shape}."
        )
    if not np.isfinite(y).all() or not np.isfinite(se).all() or not (se > 0).all():
        raise ModelError("Every study needs a finite estimate and a standard error above 0.")
    return y, se**2


def _around(mean: float, half: float) -> tuple[float, float]:
    return float(mean - half), float(mean + half)


def _doubts(k: int, tau2: float, scatter: float, hartung_knapp: bool) -> tuple[str, ...]:
    said = []
    if k < 5:
        said.append(
            f"{k} studies tell little of how much effects differ: variance between studies and "
            "prediction interval are uncertain."
        )
    if hartung_knapp and tau2 == 0 and scatter < 1:
        said.append(
            "The studies differ less than their errors let expect, which makes the error of "
            "Hartung and Knapp smaller than that of a common effect; look at both."
        )
    return tuple(said)


def _tests(
    mean: float, variance: float, k: int, q: float, hartung_knapp: bool
) -> tuple[float, float, float]:
    """Quantile of the intervals, p of the mean effect, p of Cochran's test."""
    from scipy.special import chdtrc, ndtr, stdtr, stdtrit

    q_p = float(chdtrc(k - 1, q))
    if variance == 0:
        return float(stdtrit(k - 1, 0.975)), float("nan"), q_p
    ratio = -abs(mean) / np.sqrt(variance)
    if hartung_knapp:
        return float(stdtrit(k - 1, 0.975)), float(2 * stdtr(k - 1, ratio)), q_p
    return NORMAL_95, float(2 * ndtr(ratio)), q_p


def _log_likelihood(y: Float, v: Float, tau2: float, *, restricted: bool) -> float:
    w = 1 / (v + tau2)
    mean = np.sum(w * y) / np.sum(w)
    value = -0.5 * np.sum(np.log((v + tau2) * 2 * np.pi)) - 0.5 * np.sum(w * (y - mean) ** 2)
    if restricted:
        value += 0.5 * np.log(2 * np.pi) + 0.5 * np.log(len(y)) - 0.5 * np.log(np.sum(w))
    return float(value)


def _score(tau2: float, y: Float, v: Float) -> float:
    """Slope of the restricted log likelihood over the variance between studies."""
    w = 1 / (v + tau2)
    mean = np.sum(w * y) / np.sum(w)
    return float(0.5 * (np.sum(w**2 * (y - mean) ** 2) - np.sum(w) + np.sum(w**2) / np.sum(w)))


def _reml(y: Float, v: Float) -> float:
    """Variance between studies where the restricted likelihood is highest.

    It can have several peaks, so that it is looked at on a grid before its slope is solved.
    """
    from scipy.optimize import brentq

    largest = 10 * (float(np.var(y, ddof=1)) + float(np.max(v)))
    grid = np.concatenate([[0.0], np.geomspace(1e-8 * largest, largest, GRID)])
    heights = [_log_likelihood(y, v, float(tau2), restricted=True) for tau2 in grid]
    best = int(np.argmax(heights))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, GRID)]
    if best <= 1 and _score(0.0, y, v) <= 0:
        return 0.0
    return float(brentq(_score, low, high, args=(y, v), xtol=1e-300, rtol=1e-14))
