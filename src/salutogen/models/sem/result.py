"""What every fitted structural model has: named estimates, errors, tests, fit, a summary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salutogen.errors import ModelError
from salutogen.models.sem.estimates import roots
from salutogen.models.sem.fitting import Fitted, refuse_unknown_errors, scaled_covariance
from salutogen.models.sem.inference import Errors, estimate_covariance
from salutogen.models.sem.profiled import ProfiledEstimates
from salutogen.models.sem.profiling import Profile
from salutogen.models.short_repr import short_repr

Float = NDArray[np.float64]


@dataclass(frozen=True)
class WaldTest:
    """A test of linear combinations of parameters.

    Attributes
    ----------
    chi_square : float
        Wald's statistic.
    df : int
        Number of independent combinations.
    p_value : float
    """

    chi_square: float
    df: int
    p_value: float


@short_repr("n_persons", "n_parameters", "log_likelihood", "converged")
@dataclass(frozen=True, kw_only=True, repr=False)
class StructuralFit(ProfiledEstimates):
    """A structural model at its maximum-likelihood estimates.

    Attributes
    ----------
    title : str
        What kind of model it is.
    parameters : tuple of str
        Names of the free parameters.
    coefficients : array (q,)
        Their estimates, in units of the data.
    covariance : array (q, q)
        Covariance of the estimates by `errors`; NaN where there is none.
    errors : str
        `expected`, `observed` or `robust`.
    log_likelihood : float
        Of all values that are there (full information under missing values).
    saturated_log_likelihood : float
        The same without a model of means and covariances; NaN where these do not exist.
    fit_indices : dict
        `chi_square, df, p, cfi, tli, rmsea, rmsea_low, rmsea_high` (90 % interval), `srmr`, as
        lavaan defines them; with robust errors also each as `_scaled` and `scaling_factor`. Empty
        where moments without a model do not exist.
    converged : bool
        Whether the search settled at a maximum.
    messages : tuple of str
        What is doubtful.
    n_obs : int
        Rows, of all persons.
    n_patterns : int
        Different sets of variables that persons have.
    path : tuple of float
        Log-likelihood after each step of the search.
    evaluations : int
        Evaluations of the likelihood.
    version : str
        Version of this package.
    """

    title: str
    errors: str
    log_likelihood: float
    saturated_log_likelihood: float
    fit_indices: dict[str, float]
    converged: bool
    messages: tuple[str, ...]
    n_persons: int
    n_obs: int
    n_patterns: int
    path: tuple[float, ...]
    evaluations: int
    version: str
    fitted: Fitted = field(compare=False)

    @property
    def aic(self) -> float:
        """Akaike's criterion."""
        return -2 * self.log_likelihood + 2 * self.n_parameters

    @property
    def bic(self) -> float:
        """Schwarz's criterion with n = persons."""
        return -2 * self.log_likelihood + float(np.log(self.n_persons)) * self.n_parameters

    def with_errors(self, errors: Errors) -> dict[str, float]:
        """Return standard errors of another kind: `expected`, `observed` or `robust`."""
        refuse_unknown_errors(errors)
        covariance = scaled_covariance(self.fitted.place, self.fitted.units, errors)
        return dict(zip(self.parameters, roots(covariance).tolist(), strict=True))

    def test(
        self, contrasts: str | Mapping[str, float] | Sequence[str | Mapping[str, float]],
        value: ArrayLike = 0.0,
    ) -> WaldTest:  # fmt: skip
        """Test linear combinations of parameters together (Wald).

        Parameters
        ----------
        contrasts : str, mapping, or a sequence of these
            Names of parameters, or weights by name: ``{"x<-y": 1, "y<-x": -1}``.
        value : float or array (k,)
            What the combinations are under the hypothesis.
        """
        from scipy.special import chdtrc

        several = [contrasts] if isinstance(contrasts, str | Mapping) else list(contrasts)
        weights = np.array([self._weights(one) for one in several])
        apart = np.sum(weights * self.coefficients, axis=1) - np.asarray(value, dtype=float)
        variance = weights @ self.covariance @ weights.T
        if not np.isfinite(variance).all():
            return WaldTest(float("nan"), len(several), float("nan"))
        if np.linalg.matrix_rank(weights) < len(several):
            raise ModelError("contrasts: some can be computed from the others. Leave them out.")
        statistic = float(apart @ np.linalg.solve(variance, apart))
        return WaldTest(statistic, len(several), float(chdtrc(len(several), statistic)))

    @property
    def _factor_and_shift(self) -> tuple[Float, Float]:
        units = self.fitted.units
        return units.factor, units.shift

    def _profile(self, j: int) -> Profile | None:
        """The likelihood as a function of one parameter; None without standard errors."""
        covariance = estimate_covariance(self.fitted.place, "observed")
        if covariance is None or not self.covariance[j, j] > 0:
            return None
        own = float(covariance[j, j]) * float(self.fitted.units.factor[j]) ** 2
        ratio = own / float(self.covariance[j, j]) if self.errors == "robust" else 1.0
        return Profile(self.fitted.place, covariance, j, ratio)

    def _weights(self, contrast: str | Mapping[str, float]) -> Float:
        named = {contrast: 1.0} if isinstance(contrast, str) else contrast
        weights = np.zeros(self.n_parameters)
        for name, weight in named.items():
            weights[self._index(name)] = weight
        return weights

    def summary(self) -> str:
        """Return estimates, errors and fit as text."""
        fit = self.fit_indices
        lines = [
            f"{self.title}: {self.n_persons} persons, {self.n_obs} rows, "
            f"{self.n_parameters} parameters",
            f"AIC {self.aic:.1f}   BIC {self.bic:.1f}   logLik {self.log_likelihood:.4f}",
        ]
        for end in ("", "_scaled") if "scaling_factor" in fit else ("",) if fit else ():
            lines.append(
                f"chi-square{end.replace('_', ', ')} {fit['chi_square' + end]:.3f}, "
                f"df {fit['df']:.0f}, p {fit['p' + end]:.3g};  CFI {fit['cfi' + end]:.3f}  "
                f"TLI {fit['tli' + end]:.3f}  RMSEA {fit['rmsea' + end]:.3f} "
                f"({fit['rmsea_low' + end]:.3f} to {fit['rmsea_high' + end]:.3f})"
            )
        lines += [f"SRMR {fit['srmr']:.3f}"] if fit else []
        width = max(map(len, self.parameters)) + 1
        lines += ["", f"{'':{width}} {'Estimate':>12} {'Std. Error':>12} {'z':>9} {'p':>9}"]
        for row in self.tidy().iter_rows(named=True):
            lines.append(f"{row['term']:{width}} {_numbers(row)}")
        return "\n".join([*lines, *(["", *self.messages] if self.messages else [])])


def _numbers(row: Mapping[str, Any]) -> str:
    if row["std_error"] is None:
        return f"{row['estimate']:12.6g} {'none':>12}"
    p = "<2e-16" if row["p_value"] < 2e-16 else f"{row['p_value']:.3g}"
    return f"{row['estimate']:12.6g} {row['std_error']:12.6g} {row['statistic']:9.3f} {p:>9}"
