"""Degrees of freedom and tests of fixed effects, by Satterthwaite's method or by clusters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salutogen.errors import ModelError
from salutogen.models.checks import as_numbers
from salutogen.models.mixed.likelihood.deviance import Curvature, curvature
from salutogen.models.mixed.likelihood.problem import MixedProblem
from salutogen.models.short_repr import short_repr

Float = NDArray[np.float64]
Contrast = Mapping[str, float] | ArrayLike

FLAT = 1e-7  # curvature, as a share of the largest, below which a direction says nothing
SAME = 1e-8  # difference of degrees of freedom that counts as none (as in lmerTest)
NO_VARIANCE = 1.5e-8  # share of the largest variance below which a contrast is redundant


@dataclass(frozen=True, kw_only=True, repr=False)
class ContrastTest:
    """A test of one or several linear combinations of the fixed effects.

    Attributes
    ----------
    estimates : array (k,)
        The combinations, less the values they are tested against.
    std_errors : array (k,)
        Their standard errors.
    statistic : float
        t for one combination, F for several.
    numerator_df : int
        Number of independent combinations.
    df : float
        Degrees of freedom of t, or the denominator's of F.
    p_value : float
        Two-sided.
    note : str
        Why there is no test: then error, statistic, degrees of freedom and p are NaN.
    """

    estimates: Float
    std_errors: Float
    statistic: float
    numerator_df: int
    df: float
    p_value: float
    note: str = ""

    def __repr__(self) -> str:
        pairs = zip(self.estimates, self.std_errors, strict=True)
        estimates = ", ".join(f"{value:.6g} ± {error:.4g}" for value, error in pairs)
        if len(self.estimates) == 1:
            name = f"t = {self.statistic:.3f} with {self.df:.2f} df"
        else:
            name = f"F = {self.statistic:.3f} with {self.numerator_df} and {self.df:.2f} df"
        if self.note:
            return f"{estimates}   not tested: it {self.note}"
        return f"{estimates}   {name}, p = {self.p_value:.3g}"


@short_repr("coefficients", "parameter_covariance")
@dataclass(frozen=True, kw_only=True)
class FixedInference:
    """Covariance of fixed effects and how certain it is itself.

    Attributes
    ----------
    coefficients : array (p,)
        Fixed effects.
    covariance : array (p, p)
        Their covariance.
    slopes : array (m, p, p)
        Its derivatives by the m variance parameters.
    parameter_covariance : array (m, m)
        Asymptotic covariance of the variance parameters.

    Notes
    -----
    A contrast's variance v has the degrees of freedom 2 v² / var(v), with var(v) by the delta
    method (Satterthwaite 1946; Fai & Cornelius 1996; Kuznetsova et al. 2017).
    """

    coefficients: Float
    covariance: Float
    slopes: Float
    parameter_covariance: Float

    def df(self, contrast: Float) -> float:
        """Satterthwaite degrees of freedom of one contrast (p,)."""
        gradient = np.einsum("a,mab,b->m", contrast, self.slopes, contrast)
        return satterthwaite(float(contrast @ self.covariance @ contrast), gradient,
                             self.parameter_covariance)  # fmt: skip

    def test(self, contrasts: Float, values: Float) -> ContrastTest:
        """Test contrasts (k, p) against values (k,)."""
        estimates = contrasts @ self.coefficients - values
        covariance = contrasts @ self.covariance @ contrasts.T
        errors = np.sqrt(np.diag(covariance))
        if len(contrasts) == 1:
            return t_test(float(estimates[0]), float(errors[0]), self.df(contrasts[0]))
        sizes, vectors = np.linalg.eigh(covariance)
        kept = sizes > NO_VARIANCE * sizes[-1]
        rotated, sizes = vectors[:, kept].T, sizes[kept]
        squares = (rotated @ estimates) ** 2 / sizes
        single = np.array([self.df(row) for row in rotated @ contrasts])
        return f_test(estimates, errors, float(np.mean(squares)), len(sizes), pooled_df(single))


def satterthwaite(variance: float, gradient: Float, parameter_covariance: Float) -> float:
    """Return 2 v² / var(v)."""
    spread = float(gradient @ parameter_covariance @ gradient)
    return 2 * variance**2 / spread if spread > 0 else float("inf")


def pooled_df(single: Float) -> float:
    """Denominator degrees of freedom of an F of independent t with these (Fai & Cornelius)."""
    if np.ptp(single) < SAME:
        return float(np.mean(single))
    if np.any(single <= 2):
        return 2.0
    total = float(np.sum(single / (single - 2)))
    return 2 * total / (total - len(single))


def t_test(estimate: float, error: float, df: float) -> ContrastTest:
    """Return Student's test of one estimate."""
    from scipy.special import stdtr

    t = estimate / error
    return ContrastTest(
        estimates=np.array([estimate]),
        std_errors=np.array([error]),
        statistic=t,
        numerator_df=1,
        df=df,
        p_value=float(2 * stdtr(df, -abs(t))) if np.isfinite(df) else _normal_p(t),
    )


def _normal_p(z: float) -> float:
    from scipy.special import ndtr

    return float(2 * ndtr(-abs(z)))


def f_test(estimates: Float, errors: Float, statistic: float, k: int, df: float) -> ContrastTest:
    """Return Fisher's test of k independent combinations."""
    from scipy.special import fdtrc

    return ContrastTest(
        estimates=estimates,
        std_errors=errors,
        statistic=statistic,
        numerator_df=k,
        df=df,
        p_value=float(fdtrc(k, df, statistic)),
    )


def untested(estimates: Float, errors: Float, note: str) -> ContrastTest:
    """Return the estimates of combinations without a test, and why."""
    nan = float("nan")
    return ContrastTest(
        estimates=estimates,
        std_errors=errors,
        statistic=nan,
        numerator_df=len(estimates),
        df=nan,
        p_value=nan,
        note=note,
    )


def t_quantile(df: ArrayLike, level: float) -> Float:
    """Half the width of a two-sided interval in standard errors; normal for infinite df."""
    from scipy.special import ndtri, stdtrit

    if not 0 < level < 1:
        raise ModelError(f"level: expected a number between 0 and 1, got {level}.")
    freedom = np.asarray(df, dtype=float)
    upper = (1 + level) / 2
    finite = np.where(np.isfinite(freedom), freedom, 1.0)
    quantile: Float = np.where(np.isfinite(freedom), stdtrit(finite, upper), float(ndtri(upper)))
    return quantile


def fixed_inference(
    problem: MixedProblem, theta: Float, coefficients: Float, covariance: Float
) -> FixedInference:
    """Difference the exact gradient of the likelihood around a fit; no rows are needed.

    Parameters
    ----------
    problem : MixedProblem
        The problem that was solved.
    theta : array (m,)
        Free entries of the relative factor at its solution.
    coefficients, covariance : array (p,), (p, p)
        Fixed effects and their covariance in the user's units.
    """
    criterion = problem.criterion
    at = criterion.profile(criterion.factor(theta))
    if at is None:
        raise ModelError("The likelihood has no value at its maximum.")
    bend = curvature(criterion, theta, at.rss / criterion.df)
    scale = at.rss / criterion.df * problem.scale**2
    return inference_from(bend, at.precision, problem.fixed_map, scale, coefficients, covariance)


def inference_from(
    bend: Curvature,
    precision: Float,
    fixed_map: Float,
    scale: float,
    coefficients: Float,
    covariance: Float,
) -> FixedInference:
    """Bring a curvature in the scaled problem's units to the user's.

    `precision` (p, p) is X' V⁻¹ X there, `scale` its residual variance in the user's units.
    """
    outer = fixed_map @ np.linalg.inv(precision)
    slopes = [-scale * outer @ slope @ outer.T for slope in bend.precision_slopes]
    sizes, vectors = np.linalg.eigh(bend.hessian)
    kept = sizes > FLAT * sizes[-1]
    half = vectors[:, kept] / np.sqrt(sizes[kept])
    return FixedInference(
        coefficients=coefficients,
        covariance=covariance,
        slopes=np.array([*slopes, covariance]),
        parameter_covariance=2 * half @ half.T,
    )


def contrast_matrix(terms: Sequence[str], contrast: Contrast) -> Float:
    """Return the rows (k, p) of one contrast or several.

    Parameters
    ----------
    terms : sequence of str
        Names of the fixed terms.
    contrast : mapping, or array (p,) or (k, p)
        Weights by term (zero where absent), or all weights in order.
    """
    if isinstance(contrast, Mapping):
        unknown = [name for name in contrast if name not in terms]
        if unknown:
            raise ModelError(
                f"contrast: unknown terms {', '.join(unknown)}; the fit has {', '.join(terms)}."
            )
        rows = np.array([[float(contrast.get(name, 0.0)) for name in terms]])
    else:
        rows = np.atleast_2d(as_numbers(contrast, "contrast"))
    if rows.ndim != 2 or rows.shape[1] != len(terms) or not np.isfinite(rows).all():
        raise ModelError(
            f"contrast: expected one finite weight for each of {', '.join(terms)}, "
            f"got shape {rows.shape}."
        )
    if not rows.any(axis=1).all():
        raise ModelError("contrast: a row of zeros compares nothing.")
    return rows


def contrast_values(value: ArrayLike, n: int) -> Float:
    """Return what each of n combinations is under the hypothesis, given one value or n."""
    values = as_numbers(value, "value")
    if values.shape not in ((), (n,)) or not np.isfinite(values).all():
        raise ModelError(f"value: expected one finite number, or {n}, got {value!r}.")
    return np.broadcast_to(values, (n,))
