"""What every fitted mixed model has, with or without sites and a residual structure."""

from __future__ import annotations

import html
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from salutogen.errors import ModelError
from salutogen.models.formula.design import Design
from salutogen.models.short_repr import short_repr

if TYPE_CHECKING:
    from salutogen.models.mixed.inference.fixed_effects import (
        Contrast,
        ContrastTest,
        FixedInference,
    )
    from salutogen.models.mixed.likelihood.parameters import MixedParameter

Float = NDArray[np.float64]
Limits = dict[str, tuple[float, float]]  # by parameter, as `tidy` names them
Tester = Callable[[Float, Float], "ContrastTest"]  # of contrasts (k, p) against values (k,)


@short_repr("group", "n", "blocks")
@dataclass(frozen=True, kw_only=True)
class Level:
    """A grouping of the rows and its random effects.

    Attributes
    ----------
    group : str
        Name of the grouping column.
    n : int
        Number of groups.
    blocks : tuple of tuple of str
        Random terms by block of correlated terms.
    covariance : array (q, q)
        Covariance of the random effects.
    """

    group: str
    n: int
    blocks: tuple[tuple[str, ...], ...]
    covariance: Float


@short_repr("formula", "reml", "n_persons", "n_obs", "log_likelihood", "converged")
@dataclass(frozen=True, kw_only=True, repr=False)
class MixedFit(ABC):
    """What every fitted mixed model has: estimates, what they were made of, tests, predictions.

    Attributes
    ----------
    formula : str
        As given.
    reml : bool
        Whether the restricted likelihood was maximised.
    terms : tuple of str
        Fixed terms, `Intercept` for the constant.
    coefficients, covariance : array (p,), (p, p)
        Fixed effects in that order, and their covariance.
    random_blocks : tuple of tuple of str
        Random terms by block of correlated terms.
    random_covariance : array (q, q)
        Covariance of the random effects, in the order of `random_terms`.
    residual_variance : float
        σ².
    log_likelihood : float
        Of the criterion fitted: restricted under REML.
    is_singular : bool
        Whether a variance is zero or a correlation ±1 (within 1e-4 of the residual SD, on the
        scale of the term's column).
    converged : bool
        Whether the optimiser settled.
    n_obs : int
        Rows used.
    persons : polars.Series
        Persons in the order of `modes`.
    modes : array (n_persons, q)
        Conditional modes of the random effects.
    n_parameters : int
        Fixed effects, variances and covariances, residual variance.
    iterations : tuple of float
        Criterion (−2 log-likelihood) after each iteration.
    evaluations : int
        Evaluations of the criterion.
    messages : tuple of str
        What is doubtful.
    designs : tuple of Design
        Outcome, fixed part and random blocks as learned, for predictions.
    outcome : str
        Name of the outcome.
    version : str
        Version of this package.
    path : str
        `moments`, or `rows` where the residual structure needs every row at each evaluation.
    relative_factor : array (m,)
        Free entries of the relative factor of the scaled problem, at the solution.
    residual_parameters : dict
        Of the residual structure, empty where residuals are independent and alike: `correlation`
        (ρ at distance 1) and, by ``column=level``, residual standard deviations relative to the
        first level's, whose variance is `residual_variance`.
    """

    formula: str
    reml: bool
    terms: tuple[str, ...]
    coefficients: Float
    covariance: Float
    random_blocks: tuple[tuple[str, ...], ...]
    random_covariance: Float
    residual_variance: float
    log_likelihood: float
    is_singular: bool
    converged: bool
    n_obs: int
    persons: pl.Series
    modes: Float
    n_parameters: int
    iterations: tuple[float, ...]
    evaluations: int
    messages: tuple[str, ...]
    designs: tuple[Design, ...]
    outcome: str
    version: str
    path: str = "moments"
    relative_factor: Float = field(default_factory=lambda: np.empty(0))
    residual_parameters: dict[str, float] = field(default_factory=dict)

    @property
    def levels(self) -> tuple[Level, ...]:
        """Groupings of the rows, the persons first."""
        own = Level(
            group=self.persons.name,
            n=self.n_persons,
            blocks=self.random_blocks,
            covariance=self.random_covariance,
        )
        return (own,)

    @property
    def n_persons(self) -> int:
        """Number of persons."""
        return len(self.persons)

    @property
    def fixed_effects(self) -> dict[str, float]:
        """Fixed effect of each term, in units of the outcome per unit of the term."""
        return dict(zip(self.terms, self.coefficients.tolist(), strict=True))

    @property
    def standard_errors(self) -> dict[str, float]:
        """Standard error of each fixed effect."""
        return dict(zip(self.terms, np.sqrt(np.diag(self.covariance)).tolist(), strict=True))

    @property
    def random_terms(self) -> tuple[str, ...]:
        """Names of the random terms, in the order of `random_covariance`."""
        return tuple(name for block in self.random_blocks for name in block)

    @property
    def residual_sd(self) -> float:
        """Residual standard deviation σ."""
        return float(np.sqrt(self.residual_variance))

    @property
    def random_sd(self) -> dict[str, float]:
        """Standard deviation of each random effect."""
        return dict(
            zip(self.random_terms, np.sqrt(np.diag(self.random_covariance)).tolist(), strict=True)
        )

    @property
    def reml_criterion(self) -> float | None:
        """−2 restricted log-likelihood; None under maximum likelihood."""
        return -2 * self.log_likelihood if self.reml else None

    @property
    def aic(self) -> float:
        """Akaike's criterion of the likelihood fitted; the residual variance counts."""
        return -2 * self.log_likelihood + 2 * self.n_parameters

    @property
    def bic(self) -> float:
        """Schwarz's criterion with n = rows, as in lme4."""
        return -2 * self.log_likelihood + float(np.log(self.n_obs)) * self.n_parameters

    @property
    @abstractmethod
    def inference(self) -> FixedInference:
        """How certain the covariance of the fixed effects is; computed when first asked for."""

    @abstractmethod
    def _tester(self, errors: str) -> Tester:
        """Return what tests contrasts (k, p) against values (k,), with such standard errors."""

    @abstractmethod
    def _expected(self, frame: Any, *, own: bool) -> Float:
        """Return the expected outcome of each row, with random effects where asked."""

    @abstractmethod
    def _prediction_intervals(
        self, frame: Any, *, own: bool, interval: str, level: float
    ) -> pl.DataFrame:
        """Return expectations with their limits; see `predict`."""

    @abstractmethod
    def _profile_limits(self, level: float) -> Limits:
        """Return limits from the profile likelihood by parameter; see `tidy`."""

    @property
    def degrees_of_freedom(self) -> dict[str, float]:
        """Satterthwaite degrees of freedom of each fixed effect, as lmerTest's."""
        contrasts = zip(self.terms, np.eye(len(self.terms)), strict=True)
        return {name: self.inference.df(contrast) for name, contrast in contrasts}

    @property
    def p_values(self) -> dict[str, float]:
        """Two-sided p of each fixed effect against zero, by Student's t."""
        return {name: self.test({name: 1.0}).p_value for name in self.terms}

    def test(
        self, contrast: Contrast, value: ArrayLike = 0.0, *, errors: str = "model"
    ) -> ContrastTest:
        """Test linear combinations of the fixed effects.

        Parameters
        ----------
        contrast : mapping, or array (p,) or (k, p)
            Weights by term, as ``{"t": 1, "x": -1}``, or all weights in the order of `terms`.
            Several rows are tested together by F.
        value : float or array (k,)
            What the combinations are under the hypothesis.
        errors : str
            `model` (default; Satterthwaite), `CR0`, `CR1` or `CR2` (one combination only).

        Returns
        -------
        ContrastTest
            Estimates, standard errors, t or F, degrees of freedom and p.
        """
        from salutogen.models.mixed.inference.fixed_effects import contrast_matrix, contrast_values

        rows = contrast_matrix(self.terms, contrast)
        values = contrast_values(value, len(rows))
        return self._tester(errors)(rows, values)

    def test_terms(self, *, errors: str = "model") -> pl.DataFrame:
        """Test each term of the formula, all its columns together, against zero.

        Returns
        -------
        polars.DataFrame
            `term, numerator_df, denominator_df, f, p_value`, as lmerTest's type III: a term that
            interacts with a factor is averaged over the factor's levels; covariates in an
            interaction are at zero. The intercept is left out.
        """
        from salutogen.models.mixed.summary import term_tests

        return term_tests(self, errors)

    def _person_modes(self) -> pl.DataFrame:
        columns = zip(self.random_terms, self.modes.T, strict=True)
        return pl.DataFrame([self.persons, *(pl.Series(n, values) for n, values in columns)])

    @overload
    def predict(self, frame: Any, *, random_effects: bool = ..., interval: None = ...) -> Float: ...

    @overload
    def predict(
        self, frame: Any, *, random_effects: bool = ..., interval: str, level: float = ...
    ) -> pl.DataFrame: ...

    def predict(
        self,
        frame: Any,
        *,
        random_effects: bool = False,
        interval: str | None = None,
        level: float = 0.95,
    ) -> Float | pl.DataFrame:
        """Return the expected outcome of each row of a frame, in row order.

        Parameters
        ----------
        frame : data frame or mapping of arrays
            Needs the predictors (and the person column with `random_effects`).
        random_effects : bool
            False (default): the fixed part alone, the expectation for a new person. True: plus
            the person's own random effects, zero for a person who was not in the fit.
        interval : str, optional
            `confidence`: of the expectation. `prediction`: of one new observation (of weight 1),
            of a new person or, with `random_effects`, of the row's own person.
        level : float
            Coverage of the interval.

        Returns
        -------
        array (n,), or polars.DataFrame with `interval`
            NaN where a predictor is missing. The frame has `expected, std_error, df, low, high`:
            Student's t with the Satterthwaite degrees of freedom of the whole variance.
        """
        if interval is not None:
            return self._prediction_intervals(
                frame, own=random_effects, interval=interval, level=level
            )
        return self._expected(frame, own=random_effects)

    def fitted(self, frame: Any) -> Float:
        """Return the expected outcome of each row with the person's own random effects."""
        return self.predict(frame, random_effects=True)

    def residuals(self, frame: Any, kind: str = "conditional") -> Float:
        """Return observed minus expected outcome of each row, in row order.

        Parameters
        ----------
        frame : data frame or mapping of arrays
            Needs the outcome, the predictors and, unless marginal, the person column.
        kind : str
            `conditional` (default): from the person's own line. `marginal`: from the fixed part
            alone. `standardised`: conditional, divided by the residual SD.

        Returns
        -------
        array (n,)
            NaN where the outcome or a predictor is missing.
        """
        from salutogen.models.mixed.prediction import residuals

        return residuals(self, frame, kind)

    @property
    def parameters(self) -> tuple[MixedParameter, ...]:
        """Every parameter: fixed effects, SDs and correlations, residual SD."""
        from salutogen.models.mixed.likelihood.parameters import mixed_parameters

        return mixed_parameters(self.terms, self.random_blocks, self.persons.name)

    def tidy(
        self, *, errors: str = "model", intervals: str = "wald", level: float = 0.95
    ) -> pl.DataFrame:
        """Return every parameter in one frame, named as R's broom.mixed names them.

        Parameters
        ----------
        errors : str
            Standard errors of the fixed effects: `model` (default), `CR0`, `CR1` or `CR2`.
        intervals : str
            `wald` (default): Student's t for fixed effects, none for variances.
            `profile`: from the profile likelihood, for all parameters (maximum likelihood).
        level : float
            Coverage.

        Returns
        -------
        polars.DataFrame
            `term, effect, group, estimate, std_error, df, statistic, p_value, conf_low,
            conf_high`; SDs as `sd__Intercept`, correlations as `cor__Intercept.t`, the residual
            SD as `sd__Observation`.
        """
        from salutogen.models.mixed.summary import tidy

        if intervals not in ("wald", "profile"):
            raise ModelError(f"intervals: expected wald or profile, got {intervals!r}.")
        profiled = intervals == "profile"
        if profiled and errors != "model":
            raise ModelError(f"intervals: profiles have no robust form; leave out errors={errors}.")
        limits = self._profile_limits(level) if profiled else {}
        return tidy(self, self._tester(errors), limits, level)

    def glance(self) -> pl.DataFrame:
        """Return the fit in one row: sizes, σ, log-likelihood, criteria, whether it settled."""
        from salutogen.models.mixed.summary import glance

        return glance(self)

    def summary(self, *, errors: str = "model") -> str:
        """Return a text in the layout of lme4's and lmerTest's `summary`.

        Parameters
        ----------
        errors : str
            Standard errors of the fixed effects, as in `tidy`.
        """
        from salutogen.models.mixed.summary import summary

        return summary(self, errors, self._tester(errors))

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self.summary())}</pre>"
