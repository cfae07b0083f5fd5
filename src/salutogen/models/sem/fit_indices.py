"""How well a structural model fits: beside moments without a model, and beside independence.

Definitions are those of lavaan (Rosseel 2012), with N persons; the baseline model has free means
and variances and no covariances. Scaled values divide chi-square by the factor of Yuan and Bentler
(2000) in its later form, from traces of scores and information of both models.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salutogen.models.sem.inference import score_trace
from salutogen.models.sem.moment_likelihood import pairs
from salutogen.models.sem.problem import Place
from salutogen.models.sem.saturated import Saturated

Float = NDArray[np.float64]

PLAIN = ("chi_square", "df", "p", "cfi", "tli", "rmsea", "rmsea_low", "rmsea_high", "srmr")
LEVEL = 0.90  # of the interval of RMSEA
MORE = 2.0  # factor by which a search for a non-centrality goes up


@dataclass(frozen=True)
class ChiSquare:
    """A test of a model against moments without one.

    Attributes
    ----------
    value : float
    df : int
    scaling : float
        What chi-square is divided by where scores are robust; NaN where it cannot be computed.
    """

    value: float
    df: int
    scaling: float

    @property
    def scaled(self) -> ChiSquare:
        """The scaled test."""
        return ChiSquare(self.value / self.scaling if self.df else self.value, self.df, 1.0)

    @property
    def p(self) -> float:
        """Probability of more where the model is right; NaN without degrees of freedom."""
        from scipy.special import chdtrc

        return float(chdtrc(self.df, max(self.value, 0.0))) if self.df else float("nan")


def fit_indices(place: Place, without: Sequence[Saturated], *, robust: bool) -> dict[str, float]:
    """Return indices of fit by name.

    Parameters
    ----------
    place : Place
        The model at its estimates.
    without : sequence of Saturated
        Each group's moments without a model.
    robust : bool
        Whether scaled values are wanted beside the plain ones (names end in `_scaled`).
    """
    problem = place.problem
    df = problem.n_moments - len(problem.parameters)
    top = sum(group.log_likelihood for group in without)
    h1 = _sum([group.trace for group in without]) if robust else None
    h0 = score_trace(place.information(observed=True), place.scores()) if robust else None
    model = ChiSquare(2 * (top - place.log_likelihood), df, _factor(h1, h0, df))
    baseline = _baseline(without, top, h1)
    n, groups = problem.n_persons, len(without)
    found = comparative(model, baseline) | rmsea(model.value, df, n, groups)
    found["srmr"] = _srmr(place, without)
    if robust:
        scaled = comparative(model.scaled, baseline.scaled)
        scaled |= rmsea(model.value, df * model.scaling, n, groups)
        found |= {f"{name}_scaled": scaled[name] for name in PLAIN if name not in ("df", "srmr")}
        found["scaling_factor"] = model.scaling
    return found


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def _factor(above: float | None, below: float | None, df: int) -> float:
    """Scaling factor from traces without and with a model; NaN where it makes no sense."""
    if above is None or below is None or df == 0 or above <= below:
        return float("nan")
    return (above - below) / df


def _baseline(without: Sequence[Saturated], top: float, h1: float | None) -> ChiSquare:
    """The test of independence."""
    sizes = [len(group.mean) for group in without]
    df = sum(p * (p - 1) // 2 for p in sizes)
    below = sum(group.independent.log_likelihood for group in without)
    traces = [] if h1 is None else [group.independent_trace for group in without]
    factor = _factor(h1, _sum(traces), df) if h1 is not None else float("nan")
    return ChiSquare(2 * (top - below), df, factor)


def comparative(model: ChiSquare, baseline: ChiSquare) -> dict[str, float]:
    """Return chi-square with its p, and CFI and TLI beside the model of independence."""
    excess, most = model.value - model.df, baseline.value - baseline.df
    worst = max(excess, most, 0.0)
    cfi = 1.0 if worst == 0 else 1 - max(excess, 0.0) / worst
    return {
        "chi_square": model.value,
        "df": float(model.df),
        "p": model.p,
        "cfi": cfi if np.isfinite(excess) else float("nan"),
        "tli": _tli(model, baseline),
    }


def rmsea(value: float, df: float, n: int, groups: int) -> dict[str, float]:
    """Return RMSEA with its interval; scaled where df is what chi-square is expected to be."""
    if not df or not np.isfinite(df):
        return dict.fromkeys(("rmsea", "rmsea_low", "rmsea_high"), 0.0 if df == 0 else float("nan"))
    size = n * df / groups
    sizes = (max(value - df, 0.0), *noncentrality_interval(value, df, LEVEL))
    return {
        name: float(np.sqrt(one / size))
        for name, one in zip(("rmsea", "rmsea_low", "rmsea_high"), sizes, strict=True)
    }


def _tli(model: ChiSquare, baseline: ChiSquare) -> float:
    if model.df == 0:
        return 1.0
    if baseline.df == 0 or baseline.value == baseline.df:
        return float("nan")
    ratio = baseline.value / baseline.df
    return float((ratio - model.value / model.df) / (ratio - 1))


def noncentrality_interval(value: float, df: float, level: float) -> tuple[float, float]:
    """Return limits of the non-centrality of a chi-square value, as RMSEA's interval needs them."""
    outside = (1 - level) / 2
    return _noncentrality(value, df, 1 - outside), _noncentrality(value, df, outside)


def _noncentrality(value: float, df: float, share: float) -> float:
    """The non-centrality under which a share of values is lower; 0 where there is none."""
    from scipy.optimize import brentq
    from scipy.special import chndtr

    def excess(size: float) -> float:
        return float(chndtr(value, df, size)) - share

    if value <= 0 or excess(1e-12) <= 0:
        return 0.0
    high = max(value, 1.0)
    while excess(high) > 0:
        high *= MORE
    return float(brentq(excess, 1e-12, high, xtol=1e-10, rtol=1e-12))


def _srmr(place: Place, without: Sequence[Saturated]) -> float:
    """Root mean square of standardised residuals of means and covariances, by persons."""
    total = 0.0
    for (group, implied, _), free in zip(place.parts, without, strict=True):
        sd = np.sqrt(np.diag(free.covariance))
        rows, columns = pairs(len(sd))
        apart = ((free.covariance - implied.covariance) / np.outer(sd, sd))[rows, columns]
        shift = (free.mean - implied.mean) / sd
        squares = np.concatenate([apart, shift]) ** 2
        total += group.patterns.n_persons * float(np.sqrt(np.mean(squares)))
    return total / place.problem.n_persons
