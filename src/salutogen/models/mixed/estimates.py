"""What a mixed model found, in plain numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.models.formula.design import Design

if TYPE_CHECKING:
    from salutogen.models.moments.moments import Moments

Float = NDArray[np.float64]


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


@dataclass(frozen=True, kw_only=True, repr=False)
class MixedEstimates:
    """Estimates of a mixed model, and what they were made of.

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
    moments : Moments or None
        What it was fitted to; degrees of freedom, robust errors, intervals and bootstraps are
        computed from them when asked for. None where rows were needed.
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
    moments: Moments | None = None
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
