"""Exponential returns whose speed varies between persons: likelihood and posterior.

y(tau) = a + b exp(-rate tau) + e, with (a, b) Gaussian over courses and the log of the rate
Gaussian too, independent of (a, b); e is the fluctuation of `covariance.py`, that at pre in it and
correlated over occasions. Given the rate the model is linear and Gaussian, so only the
rate is integrated numerically (Gauss-Hermite), after the practice of non-linear mixed models
(Pinheiro and Bates 1995).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.analyses.trajectories.recovery.covariance import (
    HIGHEST_LAG,
    LOWEST_LAG,
    Patterns,
    fluctuation,
    inverses,
)

NODES = 21
LAG_STEP = 1e-4
SMALLEST_SD, LARGEST_SD = 0.02, 3.0
LOWEST_LOG_RATE, HIGHEST_LOG_RATE = np.log(0.005), np.log(20.0)


@dataclass(frozen=True, kw_only=True)
class ReturnParameters:
    """Parameters of the model, in points of P and occasions.

    Attributes
    ----------
    mean : ndarray, shape (2,)
        Means of asymptote a and decay part b.
    factor : ndarray, shape (3,)
        Lower triangle of the factor of their covariance, by rows.
    log_sd : float
        Log of the residual SD.
    log_rate, log_rate_sd : float
        Mean of the log rate, and log of its SD; -inf: one common rate.
    lag : float
        Correlation of the fluctuation from one planned occasion to the next.
    """

    mean: FloatArray
    factor: FloatArray
    log_sd: float
    log_rate: float
    log_rate_sd: float = -np.inf
    lag: float = 0.0

    def packed(self) -> FloatArray:
        """Parameters but the lag; the SD of rates last, left out where there is one rate."""
        rest = [] if np.isneginf(self.log_rate_sd) else [self.log_rate_sd]
        return np.asarray([*self.mean, *self.factor, self.log_sd, self.log_rate, *rest])

    @classmethod
    def unpacked(cls, values: FloatArray, lag: float = 0.0) -> ReturnParameters:
        """Parameters from one array, and the lag."""
        return cls(
            mean=values[:2],
            factor=values[2:5],
            log_sd=float(values[5]),
            log_rate=float(values[6]),
            log_rate_sd=float(values[7]) if values.size > 7 else -np.inf,
            lag=lag,
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class Posterior:
    """What a course says about its own return, given the parameters; arrays of shape (n,).

    `half_life` is that of the posterior mean of the log rate; `log_rate_sd` its posterior SD.
    """

    jump: FloatArray
    jump_se: FloatArray
    asymptote: FloatArray
    asymptote_se: FloatArray
    log_rate: FloatArray
    log_rate_sd: FloatArray

    def __repr__(self) -> str:
        """Say of how many courses it is."""
        return f"Posterior({self.jump.size} courses)"


@dataclass(frozen=True, kw_only=True)
class _Given:
    """Courses given each node of the rate, arrays of shape (n, K).

    `u` and `spread` are the posterior mean and covariance of the standard normal effects;
    `residuals` are Z'r and r'r about the means.
    """

    log_likelihood: FloatArray
    weight: FloatArray
    log_rates: FloatArray
    factor: FloatArray
    centre: FloatArray
    u: tuple[FloatArray, FloatArray]
    spread: tuple[FloatArray, FloatArray, FloatArray]
    residuals: tuple[FloatArray, FloatArray, FloatArray]
    sums: _Sums
    weighed: _Weighed

    def share(self) -> tuple[FloatArray, FloatArray]:
        """Log likelihood of each course (n,), and posterior weight of each node (n, K)."""
        joint = np.log(self.weight) + self.log_likelihood
        total = _log_sum(joint)
        return total, np.exp(joint - total[:, None])

    def effects(self) -> tuple[FloatArray, ...]:
        """Posterior means of a and b at each node, their variances and covariance."""
        c11, c21, c22 = self.factor
        (v0, v1), (p00, p01, p11) = self.u, self.spread
        return (
            self.centre[0] + c11 * v0,
            self.centre[1] + c21 * v0 + c22 * v1,
            c11 * c11 * p00,
            c11 * (c21 * p00 + c22 * p01),
            c21 * c21 * p00 + 2.0 * c21 * c22 * p01 + c22 * c22 * p11,
        )


def course_log_likelihoods(change: FloatArray, parameters: ReturnParameters) -> FloatArray:
    """Log likelihood of each course (row), its rate integrated out.

    Parameters
    ----------
    change : ndarray, shape (n, k)
        Column tau is tau occasions after the event; NaN where missing.
    parameters : ReturnParameters
    """
    return _given_rates(change, parameters).share()[0]


def posterior(change: FloatArray, parameters: ReturnParameters) -> Posterior:
    """Posterior means and SDs of each course's jump, asymptote and log rate."""
    given = _given_rates(change, parameters)
    share = given.share()[1]
    a, b, aa, ab, bb = given.effects()
    asymptote, asymptote_se = _mixed(share, a, aa)
    jump, jump_se = _mixed(share, a + b, aa + 2.0 * ab + bb)
    rates = np.broadcast_to(given.log_rates, share.shape)
    log_rate, log_rate_sd = _mixed(share, rates, np.zeros_like(rates))
    return Posterior(
        jump=jump,
        jump_se=jump_se,
        asymptote=asymptote,
        asymptote_se=asymptote_se,
        log_rate=log_rate,
        log_rate_sd=log_rate_sd,
    )


def _mixed(share: FloatArray, mean: FloatArray, variance: FloatArray) -> tuple[FloatArray, ...]:
    """Mean and SD of a mixture over nodes."""
    centre = (share * mean).sum(axis=1)
    spread = (share * (variance + (mean - centre[:, None]) ** 2)).sum(axis=1)
    return centre, np.sqrt(np.maximum(spread, 0.0))


def _log_sum(values: FloatArray) -> FloatArray:
    top = values.max(axis=1)
    return np.asarray(top + np.log(np.exp(values - top[:, None]).sum(axis=1)))


def _nodes(parameters: ReturnParameters) -> tuple[FloatArray, FloatArray]:
    """Log rates and weights that stand for their distribution."""
    if np.isneginf(parameters.log_rate_sd):
        return np.asarray([parameters.log_rate]), np.ones(1)
    points, weights = np.polynomial.hermite.hermgauss(NODES)
    spread = np.sqrt(2.0) * np.exp(parameters.log_rate_sd)
    return parameters.log_rate + spread * points, weights / np.sqrt(np.pi)


@dataclass(frozen=True, kw_only=True)
class _Weighed:
    """Courses weighed by the inverse M of their fluctuation: M y (n, k), M 1 (patterns, k), M."""

    patterns: Patterns
    log_determinant: FloatArray
    inverse: FloatArray
    y: FloatArray
    one: FloatArray

    @classmethod
    def of(cls, change: FloatArray, lag: float) -> _Weighed:
        patterns = Patterns.of_courses(change)
        inverse, log_determinant = inverses(fluctuation(lag, change.shape[1]), patterns.seen)
        return cls(
            patterns=patterns,
            log_determinant=log_determinant,
            inverse=inverse,
            y=np.einsum("iab,ib->ia", inverse[patterns.of], patterns.y),
            one=inverse.sum(axis=2),
        )

    def crossed(self, left: FloatArray, right: FloatArray) -> FloatArray:
        """Left' M right for each course and node, of columns by node (nodes, k)."""
        found = np.einsum("pab,ga,gb->pg", self.inverse, left, right, optimize=True)
        return np.asarray(found[self.patterns.of])


@dataclass(frozen=True, kw_only=True)
class _Sums:
    """Weighed sums over each course, by node where the decay is in them: (n, 1) or (n, K)."""

    count: FloatArray
    log_determinant: FloatArray
    n: FloatArray
    d1: FloatArray
    d2: FloatArray
    y0: FloatArray
    y1: FloatArray
    yy: FloatArray


def _sums(weighed: _Weighed, decay: FloatArray) -> _Sums:
    of = weighed.patterns.of
    return _Sums(
        count=weighed.patterns.seen.sum(axis=1).astype(float)[of][:, None],
        log_determinant=weighed.log_determinant[of][:, None],
        n=weighed.one.sum(axis=1)[of][:, None],
        d1=(weighed.one @ decay.T)[of],
        d2=weighed.crossed(decay, decay),
        y0=weighed.y.sum(axis=1)[:, None],
        y1=weighed.y @ decay.T,
        yy=(weighed.patterns.y * weighed.y).sum(axis=1)[:, None],
    )


def _decay(log_rates: FloatArray, k: int) -> FloatArray:
    return np.exp(-np.exp(log_rates)[:, None] * np.arange(k))


def _given_rates(change: FloatArray, parameters: ReturnParameters) -> _Given:
    """Gaussian likelihood of each course at each node, and the posterior of (a, b) there.

    With C the factor of the covariance of (a, b), (a, b) = mean + C u and u standard normal, so
    that the posterior of u has precision M = I + C'Z'ZC / s2.
    """
    log_rates, weight = _nodes(parameters)
    weighed = _Weighed.of(change, parameters.lag)
    x = _sums(weighed, _decay(log_rates, change.shape[1]))
    a, b = parameters.mean
    c11, c21, c22 = parameters.factor
    s2 = np.exp(2.0 * parameters.log_sd)
    r0, r1 = x.y0 - a * x.n - b * x.d1, x.y1 - a * x.d1 - b * x.d2
    rr = x.yy - a * (x.y0 + r0) - b * (x.y1 + r1)
    u0, u1 = (c11 * r0 + c21 * r1) / s2, c22 * r1 / s2
    m00 = 1.0 + (c11 * c11 * x.n + 2.0 * c11 * c21 * x.d1 + c21 * c21 * x.d2) / s2
    m01 = (c11 * c22 * x.d1 + c21 * c22 * x.d2) / s2
    m11 = 1.0 + c22 * c22 * x.d2 / s2
    det = m00 * m11 - m01**2
    v0, v1 = (m11 * u0 - m01 * u1) / det, (m00 * u1 - m01 * u0) / det
    log_likelihood = -0.5 * (
        x.count * np.log(2.0 * np.pi * s2)
        + x.log_determinant
        + np.log(det)
        + rr / s2
        - u0 * v0
        - u1 * v1
    )
    return _Given(
        log_likelihood=log_likelihood,
        weight=weight,
        log_rates=log_rates,
        factor=parameters.factor,
        centre=parameters.mean,
        u=(v0, v1),
        spread=(m11 / det, -m01 / det, m00 / det),
        residuals=(r0, r1, rr),
        sums=x,
        weighed=weighed,
    )


def course_scores(change: FloatArray, parameters: ReturnParameters) -> FloatArray:
    """Derivatives of each course's log likelihood by the packed parameters, shape (n, p)."""
    return likelihoods_and_scores(change, parameters)[1]


def likelihoods_and_scores(
    change: FloatArray, parameters: ReturnParameters
) -> tuple[FloatArray, FloatArray]:
    """Log likelihood of each course (n,) and its derivatives (n, p), in one pass.

    By Fisher's identity: the derivative of a marginal log likelihood is the posterior mean of
    that of the complete one.
    """
    given = _given_rates(change, parameters)
    value, share = given.share()
    x, s2 = given.sums, np.exp(2.0 * parameters.log_sd)
    c11, c21, c22 = parameters.factor
    (v0, v1), (p00, p01, p11), (r0, r1, rr) = given.u, given.spread, given.residuals
    w00, w01, w11 = p00 + v0 * v0, p01 + v0 * v1, p11 + v1 * v1
    e0, e1 = c11 * v0, c21 * v0 + c22 * v1  # effects about their means
    left0, left1 = r0 - x.n * e0 - x.d1 * e1, r1 - x.d1 * e0 - x.d2 * e1
    by_factor = (
        r0 * v0 - (x.n * c11 + x.d1 * c21) * w00 - x.d1 * c22 * w01,
        r1 * v0 - (x.d1 * c11 + x.d2 * c21) * w00 - x.d2 * c22 * w01,
        r1 * v1 - (x.d1 * c11 + x.d2 * c21) * w01 - x.d2 * c22 * w11,
    )
    squares = (
        (c11 * c11 * x.n + 2.0 * c11 * c21 * x.d1 + c21 * c21 * x.d2) * w00
        + 2.0 * (c11 * c22 * x.d1 + c21 * c22 * x.d2) * w01
        + c22 * c22 * x.d2 * w11
    )
    by_sd = (rr - 2.0 * (e0 * r0 + e1 * r1) + squares) / s2 - x.count
    by_rate = _by_log_rate(given, change.shape[1]) / s2
    columns = [left0 / s2, left1 / s2, *(part / s2 for part in by_factor), by_sd, by_rate]
    if not np.isneginf(parameters.log_rate_sd):
        columns.append(by_rate * (given.log_rates - parameters.log_rate))
    return value, np.column_stack([(share * column).sum(axis=1) for column in columns])


def _by_log_rate(given: _Given, k: int) -> FloatArray:
    """Derivative by the log rate at each node, times the variance of the fluctuation."""
    decay = _decay(given.log_rates, k)
    moved = -np.exp(given.log_rates)[:, None] * np.arange(k) * decay
    weighed = given.weighed
    a, b, _, ab, bb = given.effects()
    return np.asarray(
        b * (weighed.y @ moved.T)
        - (ab + a * b) * (weighed.one @ moved.T)[weighed.patterns.of]
        - (bb + b * b) * weighed.crossed(decay, moved)
    )


def fit_varying_rates(
    change: FloatArray, start: ReturnParameters
) -> tuple[ReturnParameters, float, bool]:
    """Maximum likelihood with rates that vary between courses.

    Parameters
    ----------
    change : ndarray, shape (n, k)
    start : ReturnParameters
        Fit with a common rate.

    Returns
    -------
    parameters : ReturnParameters
    log_likelihood : float
    converged : bool
        Also false where the SD of log rates ends at one of its bounds
        (`SMALLEST_SD`, `LARGEST_SD`).
    """
    from scipy.optimize import minimize

    n = change.shape[0]

    def value(values: FloatArray, lag: float) -> float:
        here = ReturnParameters.unpacked(values[:-1], lag)
        return float(course_log_likelihoods(change, here).sum())

    def objective(values: FloatArray) -> tuple[float, FloatArray]:
        lag = float(values[-1])
        own, scores = likelihoods_and_scores(change, ReturnParameters.unpacked(values[:-1], lag))
        by_lag = (value(values, lag + LAG_STEP) - value(values, lag - LAG_STEP)) / (2.0 * LAG_STEP)
        return -float(own.sum()) / n, -np.append(scores.sum(axis=0), by_lag) / n

    bounds = [
        *[(None, None)] * 5,
        (start.log_sd - 5.0, start.log_sd + 5.0),
        (LOWEST_LOG_RATE, HIGHEST_LOG_RATE),
        (np.log(SMALLEST_SD), np.log(LARGEST_SD)),
        (LOWEST_LAG, HIGHEST_LAG),
    ]
    best = None
    for spread in (0.3, 0.8):
        first = np.concatenate([start.packed()[:7], [np.log(spread), start.lag]])
        found = minimize(
            objective, first, jac=True, method="L-BFGS-B", bounds=bounds,
            options={"maxiter": 300, "ftol": 1e-10, "gtol": 1e-5},
        )  # fmt: skip
        if best is None or found.fun < best.fun - 1e-9:
            best = found
    assert best is not None
    parameters = ReturnParameters.unpacked(best.x[:-1], float(best.x[-1]))
    inside = np.log(SMALLEST_SD) + 1e-6 < best.x[7] < np.log(LARGEST_SD) - 1e-6
    return parameters, -float(best.fun) * n, bool(best.success and inside)
