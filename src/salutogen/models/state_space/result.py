"""A fitted continuous-time model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.models.sem.profiled import ProfiledEstimates
from salutogen.models.short_repr import short_repr
from salutogen.models.state_space.fitting import RIDGE, Fitted, covariance_of, roots_of
from salutogen.models.state_space.impulse import (
    ImpulseResponse,
    dynamics_of,
    impulse_response,
    slowest_of,
)
from salutogen.models.state_space.layout import Dynamics, Layout
from salutogen.models.state_space.problem import Problem, Scored
from salutogen.models.state_space.profiling import Profile
from salutogen.models.state_space.reading import Scale, Seen
from salutogen.version import VERSION

if TYPE_CHECKING:
    from salutogen.models.sem.comparison import StructuralComparison
    from salutogen.models.state_space.model import ContinuousTime

Float = NDArray[np.float64]

BELOW_ZERO = 1e-12  # share of all variances below which a negative one is rounding


@short_repr("n_persons", "n_parameters", "log_likelihood", "converged")
@dataclass(frozen=True, kw_only=True, repr=False)
class ContinuousTimeFit(ProfiledEstimates):
    """A continuous-time model at its maximum-likelihood estimates, in units of the data.

    Attributes
    ----------
    spec : ContinuousTime
    parameters : tuple of str
    coefficients : array (m,)
    covariance : array (m, m)
        Of the estimates; NaN of those at a bound.
    log_likelihood : float
        Of all values that are there.
    converged : bool
    messages : tuple of str
        What is doubtful.
    n_persons, n_rows, n_values : int
    path : tuple of float
        Log-likelihood after each step of the search.
    evaluations : int
        Evaluations of the likelihood and its gradient.
    version : str
    """

    spec: ContinuousTime
    log_likelihood: float
    converged: bool
    messages: tuple[str, ...]
    n_persons: int
    n_rows: int
    n_values: int
    path: tuple[float, ...]
    evaluations: int
    version: str
    problem: Problem = field(compare=False)
    seen: Seen = field(compare=False)
    natural: Float = field(compare=False)

    @classmethod
    def from_fitted(
        cls, spec: ContinuousTime, problem: Problem, seen: Seen, fitted: Fitted
    ) -> Self:
        """Put a fit in scaled units into those of the data."""
        factor, shift = units_of(problem.layout, seen.scale)
        lost = log_scale(problem, seen.scale)
        drift = problem.layout.unpack(fitted.natural, problem.rows.patterns).drift
        messages = [*seen.messages, *fitted.messages]
        if not (np.linalg.eigvals(drift).real < 0).all():
            messages.append(
                "The drift explodes: deviations grow without end. Inputs that are left out, a "
                "trend or too short a time may be why; nothing can be said of what comes later."
            )
        return cls(
            spec=spec,
            parameters=problem.layout.names,
            coefficients=factor * fitted.natural + shift,
            covariance=fitted.covariance * np.outer(factor, factor),
            log_likelihood=fitted.log_likelihood - lost,
            converged=fitted.converged,
            messages=tuple(messages),
            n_persons=problem.rows.n_persons,
            n_rows=len(problem.rows.values),
            n_values=int(np.sum(np.isfinite(problem.rows.values))),
            path=tuple(value - lost for value in fitted.path),
            evaluations=fitted.evaluations,
            version=VERSION,
            problem=problem,
            seen=seen,
            natural=fitted.natural,
        )

    @property
    def drift(self) -> Float:
        """Drift (k, k), of a person with average factors: row acted upon, column acting."""
        found: Float = self._dynamics.drift[0]
        return found

    @property
    def input_effects(self) -> Float:
        """Effects of inputs (k, p): per unit of time, of pulses at once."""
        found: Float = self._dynamics.inputs[0]
        return found

    @property
    def diffusion(self) -> Float:
        """Covariance (k, k) per unit of time of what moves the processes from elsewhere."""
        return self._dynamics.diffusion

    @property
    def measurement_variance(self) -> Float:
        """Variance of error of measurement (k,); 0 where none was asked for."""
        return self._dynamics.error

    @property
    def means(self) -> Float:
        """Means (k,) where inputs are 0."""
        found: Float = self._dynamics.mean[0]
        return found

    @property
    def mean_covariance(self) -> Float:
        """Covariance (k, k) of the persons' means; zeros where they have one."""
        return self._dynamics.levels

    @cached_property
    def _dynamics(self) -> Dynamics:
        layout = self.problem.layout
        return layout.unpack(self.coefficients, np.zeros((1, len(layout.moderated))))

    @property
    def aic(self) -> float:
        """Akaike's criterion."""
        return -2 * self.log_likelihood + 2 * self.n_parameters

    @property
    def bic(self) -> float:
        """Schwarz's criterion with n = persons (of one person: values)."""
        n = self.n_persons if self.n_persons > 1 else self.n_values
        return -2 * self.log_likelihood + float(np.log(n)) * self.n_parameters

    def log_likelihood_at(self, parameters: Mapping[str, float]) -> float:
        """Return the log-likelihood elsewhere; minus infinity where there is none.

        Parameters
        ----------
        parameters : mapping
            Values by name, in units of the data; the others stay at their estimates.
        """
        values = self.coefficients.copy()
        for name, value in parameters.items():
            values[self._index(name)] = float(value)
        factor, shift = self._factor_and_shift
        natural = (values - shift) / factor
        if not _has_variances(self.problem.layout, natural):
            return float("-inf")
        scored = self.problem.at(natural)
        if scored is None:
            return float("-inf")
        return scored.log_likelihood - log_scale(self.problem, self.seen.scale)

    @property
    def _factor_and_shift(self) -> tuple[Float, Float]:
        return units_of(self.problem.layout, self.seen.scale)

    def compare(self, other: ContinuousTimeFit) -> StructuralComparison:
        """Test this fit against a nested one of the same rows, in either order.

        A model is nested in another one that has the same parameters and more: inputs, factors,
        error of measurement, persons' means (`random_means`), a first row of its own. With robust
        errors the ratio is scaled (Satorra & Bentler 2001).

        Raises
        ------
        ModelError
            Fits of different rows or errors, or of which none is a special case of the other.
        """
        from salutogen.models.state_space.comparison import compare

        return compare(self, other)

    def _profile(self, j: int) -> Profile | None:
        """The likelihood as a function of one parameter; None where it has no observed error."""
        layout = self.problem.layout
        roots = roots_of(layout, self.natural, ridge=RIDGE)
        errors, _ = covariance_of(self.problem, roots, robust=False)
        own, factor = float(errors[j, j]), float(self._factor_and_shift[0][j])
        variance = j in layout.variance_places
        if not own > 0 and not variance:
            return None
        ratio = 1.0
        if self.spec.standard_errors == "robust":
            ratio = own * factor**2 / float(self.covariance[j, j])
        if not ratio > 0:
            return None
        return Profile.of(self.problem, self.natural, j, errors, ratio)

    def impulse_response(
        self, cause: str, effect: str, *, size: float = 1.0, duration: float | None = None,
        times: Any = None, level: float = 0.95, factors: Mapping[str, float] | None = None,
    ) -> ImpulseResponse:  # fmt: skip
        """Return what follows in `effect` when `cause` is moved once and nothing else happens.

        Parameters
        ----------
        cause : str
            A process (it is moved by `size` and then goes on by the model), or an input.
        effect : str
            A process.
        size : float
            In units of the cause; not 0.
        duration : float, optional
            How long an input that holds is at `size`; by default one unit of time. Processes and
            pulses are moved at once.
        times : array, optional
            When the response is told; by default 201 times until it is gone.
        level : float
            Of the bands.
        factors : mapping of float, optional
            Of the persons that are asked about, in units of the data; those that are not named are
            average.
        """
        return impulse_response(
            self, cause, effect, size=size, duration=duration, times=times, level=level,
            factors=factors or {},
        )  # fmt: skip

    def returns(self, factors: Mapping[str, float] | None = None) -> bool:
        """Whether deviations return to the own level, rather than grow without end.

        Parameters
        ----------
        factors : mapping of float, optional
            Of the persons that are asked about, as for `impulse_response`.
        """
        k = len(self.spec.processes)
        dynamic, _ = dynamics_of(self, factors or {})
        return slowest_of(dynamic[: k * k].reshape(k, k)) < 0

    def smoothed(self) -> pl.DataFrame:
        """Return processes given everything seen of a person, without error of measurement.

        A row per row that was used: person, time, and for each process `<name>` and `<name>_se`.
        """
        scored, k = self._scored(), len(self.spec.processes)
        scale, rows = self.seen.scale, self.problem.rows
        counts = np.diff(rows.starts)
        dynamics = self.problem.layout.unpack(self.natural, rows.patterns)
        level = np.repeat(dynamics.mean[rows.kind], counts, axis=0)
        state, spread = scored.smoothed[:, :k], scored.spread[:, :k, :k]
        if self.spec.random_means:
            state = state + scored.smoothed[:, k:]
            cross = scored.spread[:, :k, k:]
            spread = spread + cross + cross.transpose(0, 2, 1) + scored.spread[:, k:, k:]
        columns = self._keys()
        for j, name in enumerate(self.spec.processes):
            variance = np.maximum(spread[:, j, j], 0.0)
            columns[name] = scale.mean[j] + scale.sd[j] * (level + state)[:, j]
            columns[f"{name}_se"] = scale.sd[j] * np.sqrt(variance)
        return pl.DataFrame(columns)

    def residuals(self) -> pl.DataFrame:
        """Return one-step residuals in SDs: what the rows before did not let expect.

        A row per row that was used: person, time, and each process, missing where its value is.
        If the model holds, those of a process are standard normal and unrelated from row to row;
        those of one row go together, as shocks and persons' means do.
        """
        scored = self._scored()
        columns = self._keys()
        standard = scored.ahead / np.sqrt(scored.ahead_variances)
        for j, name in enumerate(self.spec.processes):
            columns[name] = pl.Series(standard[:, j]).fill_nan(None)
        return pl.DataFrame(columns)

    def _keys(self) -> dict[str, Any]:
        counts = np.diff(self.problem.rows.starts)
        of_row = np.repeat(np.arange(len(counts)), counts)
        return {self.spec.person: self.seen.persons.gather(of_row), self.spec.time: self.seen.time}

    def _scored(self) -> Scored:
        scored = self.problem.at(self.natural, smooth=True)
        assert scored is not None, "the model was fitted there"
        return scored


def _has_variances(layout: Layout, natural: Float) -> bool:
    """Whether no variance is below 0, but for the rounding of covariances at their bound."""
    if (natural[layout.places["error"]] < 0).any():
        return False
    for part in layout.covariance_parts:
        whole = layout.symmetric(natural[layout.places[part]])
        if np.linalg.eigvalsh(whole)[0] < -BELOW_ZERO * np.trace(whole):
            return False
    return True


def units_of(layout: Layout, scale: Scale) -> tuple[Float, Float]:
    """Return factor and shift (m,) that put scaled parameters into units of the data."""
    sd, unit = scale.sd, scale.unit
    rows, columns = layout.lower
    pairs = sd[rows] * sd[columns]
    own_unit = np.ones(len(layout.inputs))
    for j, name in enumerate(layout.inputs):
        own_unit[j] = 1.0 if name in layout.pulses else unit
    parts = {
        "drift": np.outer(sd, 1 / sd).ravel() / unit,
        "inputs": (np.outer(sd, 1 / scale.input_sd) / own_unit).ravel(),
        "diffusion": pairs / unit,
        "error": sd[layout.error_places] ** 2,
        "mean": sd,
        "levels": pairs,
        "first": sd,
        "first_covariance": pairs,
    }
    factor = np.ones(len(layout.names))
    for part, values in parts.items():
        factor[layout.places[part]] = values[: layout.sizes[part]]
    for j, (name, of_factor) in enumerate(layout.moderated):
        plain = factor[layout.names.index(name)]
        factor[layout.places["moderated"].start + j] = plain / scale.factor_sd[of_factor]
    shift = np.zeros(len(layout.names))
    shift[layout.places["mean"]] = scale.mean
    return factor, shift


def log_scale(problem: Problem, scale: Scale) -> float:
    """Return what the log-likelihood of scaled values exceeds that of the values by."""
    counts = np.sum(np.isfinite(problem.rows.values), axis=0)
    return float(np.sum(counts * np.log(scale.sd)))
