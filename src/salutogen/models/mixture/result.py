"""What a growth mixture found: classes, their courses, criteria and certainty."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.formula.columns import n_rows_of, read_columns
from salutogen.models.formula.design import Design, columns_of, plain_design
from salutogen.models.mixture.likelihood.maximisation import second_derivatives
from salutogen.models.mixture.likelihood.parameters import Layout
from salutogen.models.mixture.likelihood.problem import MixtureProblem
from salutogen.models.mixture.membership import (
    Membership,
    estimable,
    membership_of,
    separation_in,
    share_derivatives,
)
from salutogen.models.moments.moments import Moments
from salutogen.models.short_repr import short_repr
from salutogen.version import VERSION

if TYPE_CHECKING:
    from salutogen.models.mixture.likelihood.search import Found
    from salutogen.models.mixture.model import GrowthMixture, Terms

Float = NDArray[np.float64]


@short_repr("formula", "n_classes", "n_persons", "n_obs", "log_likelihood", "bic", "converged")
@dataclass(frozen=True, kw_only=True, repr=False)
class GrowthMixtureResult:
    """A fitted growth mixture; classes are numbered from 1, in the order of ``spec.order``.

    Attributes
    ----------
    spec : GrowthMixture
        The model as asked for.
    log_likelihood : float
        Of the best proper solution.
    n_parameters : int
        Free parameters.
    shares, share_errors : array (K,)
        Estimated shares of the classes among all persons, and their standard errors.
    membership : Membership
        Log odds of the classes against the last one, by covariates where there are any.
    prior : array (n_persons, K)
        Probability of each class for each person from the covariates alone.
    terms : tuple of str
        Fixed terms, `Intercept` for the constant.
    fixed_effects, standard_errors : array (K, p)
        Of each class and term, in units of the outcome per unit of the term.
    covariance : array (K p, K p)
        Of the fixed effects, class by class, from the observed information.
    covariance_factor : array (K, p, ·)
        F of each class: `covariance` has the blocks F_k F_l'. With large times (calendar years)
        bands from F keep digits that `covariance` has lost.
    random_terms : tuple of str
        Random terms.
    random_covariance : array (K, q, q)
        Covariance of the random effects in each class.
    residual_variance : array (K,)
        Residual variance in each class.
    posterior : array (n_persons, K)
        Probability of each class for each person, in the order of `persons`.
    persons : polars.Series
        Persons, sorted.
    starts : array (starts,)
        Log-likelihood where each start ended.
    start_verdicts : tuple of str
        `finished`, `left at screening`, `not converged`, or how a start is degenerate: `empty
        class`, `duplicate classes`, `residual variance on its bound`.
    starts_at_best : int
        How many starts reached the best solution.
    converged : bool
        Whether the best solution settled, all of its estimates being finite.
    iterations : tuple of float
        Log-likelihood over the last steps of the best solution.
    n_obs : int
        Rows used.
    designs : tuple of Design
        Outcome, fixed part and random blocks as learned, for predictions.
    outcome : str
        Name of the outcome.
    messages : tuple of str
        What is doubtful.
    version : str
        Version of this package.
    """

    spec: GrowthMixture
    log_likelihood: float
    n_parameters: int
    shares: Float
    share_errors: Float
    membership: Membership
    prior: Float
    terms: tuple[str, ...]
    fixed_effects: Float
    standard_errors: Float
    covariance: Float
    covariance_factor: Float
    random_terms: tuple[str, ...]
    random_covariance: Float
    residual_variance: Float
    posterior: Float
    persons: pl.Series
    starts: Float
    start_verdicts: tuple[str, ...]
    starts_at_best: int
    converged: bool
    iterations: tuple[float, ...]
    n_obs: int
    designs: tuple[Design, ...]
    outcome: str
    messages: tuple[str, ...]
    version: str

    @property
    def formula(self) -> str:
        """The formula with its person column."""
        return self.spec.full_formula

    @property
    def n_persons(self) -> int:
        """Number of persons."""
        return len(self.persons)

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.shares)

    @property
    def aic(self) -> float:
        """Akaike's criterion."""
        return -2 * self.log_likelihood + 2 * self.n_parameters

    @property
    def bic(self) -> float:
        """Schwarz's criterion with n = persons."""
        return -2 * self.log_likelihood + float(np.log(self.n_persons)) * self.n_parameters

    @property
    def sabic(self) -> float:
        """Sample-size adjusted BIC: n replaced by (n + 2)/24 (Sclove 1987)."""
        n = (self.n_persons + 2) / 24
        return -2 * self.log_likelihood + float(np.log(n)) * self.n_parameters

    @property
    def classification_entropy(self) -> float:
        """Σ −p ln p over persons and classes."""
        p = self.posterior[self.posterior > 0]
        return max(float(np.sum(-p * np.log(p))), 0.0)

    @property
    def icl(self) -> float:
        """Integrated classification likelihood: BIC + 2 × classification entropy."""
        return self.bic + 2 * self.classification_entropy

    @property
    def entropy(self) -> float:
        """Relative entropy: 1 − Σ(−p ln p)/(N ln K), 1 where all are classified for certain."""
        if self.n_classes == 1:
            return 1.0
        return 1 - self.classification_entropy / (self.n_persons * float(np.log(self.n_classes)))

    @property
    def classes(self) -> pl.DataFrame:
        """Most probable class of each person (from 1) and its probability."""
        place = np.argmax(self.posterior, axis=1)
        return pl.DataFrame(
            [
                self.persons,
                pl.Series("class", place + 1),
                pl.Series("probability", self.posterior[np.arange(len(place)), place]),
            ]
        )

    def classify(self, moments: Moments) -> Float:
        """Return the probability of each class for persons of other moments (n_persons, K)."""
        from salutogen.models.mixture.class_probabilities import class_probabilities

        return class_probabilities(self, moments)

    @property
    def coefficients(self) -> pl.DataFrame:
        """Fixed effects with standard errors, one row per class and term."""
        K, p = self.fixed_effects.shape
        return pl.DataFrame(
            {
                "class": np.repeat(np.arange(1, K + 1), p),
                "term": list(self.terms) * K,
                "estimate": self.fixed_effects.ravel(),
                "standard_error": self.standard_errors.ravel(),
            }
        )

    def predict(self, frame: Any) -> Float:
        """Return each class's mean for each row of a frame (n, K), NaN where something is missing.

        Parameters
        ----------
        frame : data frame or mapping of arrays
            Needs the predictors of the fixed part.
        """
        X = self._design(frame)
        out = np.zeros((len(X), self.n_classes))
        for j in range(len(self.terms)):
            out += X[:, j : j + 1] * self.fixed_effects[:, j]
        return out

    def courses(self, frame: Any, *, level: float = 0.95) -> pl.DataFrame:
        """Return the mean course of each class with pointwise bands.

        Parameters
        ----------
        frame : data frame or mapping of arrays
            Times (and covariates) at which the courses are wanted.
        level : float
            Coverage of the bands (normal approximation).

        Returns
        -------
        polars.DataFrame
            `row` (from 0, as in `frame`), `class`, `mean`, `lower`, `upper`.
        """
        if not 0 < level < 1:
            raise ModelError(f"level: expected a share between 0 and 1, got {level!r}.")
        from statistics import NormalDist

        X, mean = self._design(frame), self.predict(frame)
        z = NormalDist().inv_cdf((1 + level) / 2)
        parts = []
        for k in range(self.n_classes):
            error = z * np.sqrt(np.sum((X @ self.covariance_factor[k]) ** 2, axis=1))
            parts.append(
                pl.DataFrame(
                    {
                        "row": np.arange(len(X)),
                        "class": np.full(len(X), k + 1),
                        "mean": mean[:, k],
                        "lower": mean[:, k] - error,
                        "upper": mean[:, k] + error,
                    }
                )
            )
        return pl.concat(parts)

    def _design(self, frame: Any) -> Float:
        design = self.designs[1] if self.designs else plain_design(self.terms)
        if not design.variables:
            return design.matrix(pl.DataFrame({"row": np.zeros(n_rows_of(frame))}))
        return columns_of(design, read_columns(frame, design.variables))

    def summary(self) -> str:
        """Return the fit as text."""
        lines = [
            f"Growth mixture with {self.n_classes} classes, maximum likelihood",
            f"Formula: {self.spec.full_formula}",
            f"Random covariance {self.spec.random_covariance}, residual variance "
            f"{self.spec.residual_variance} over classes",
            f"Persons {self.n_persons}, rows {self.n_obs}, parameters {self.n_parameters}",
            f"logLik {self.log_likelihood:.4f}   AIC {self.aic:.1f}   BIC {self.bic:.1f}   "
            f"SABIC {self.sabic:.1f}   ICL {self.icl:.1f}   entropy {self.entropy:.3f}",
            f"{self.starts_at_best} of {len(self.starts)} starts reached the best solution",
        ]
        width = max(len(name) for name in self.terms) + 1
        for k in range(self.n_classes):
            lines += ["", f"Class {k + 1}: share {self.shares[k]:.3f}, residual SD "
                      f"{np.sqrt(self.residual_variance[k]):.5g}"]  # fmt: skip
            for j, name in enumerate(self.terms):
                lines.append(
                    f"  {name:{width}} {self.fixed_effects[k, j]:12.6g} "
                    f"({self.standard_errors[k, j]:.4g})"
                )
            for i, name in enumerate(self.random_terms):
                lines.append(f"  SD of {name}: {np.sqrt(self.random_covariance[k, i, i]):.5g}")
        if len(self.membership.terms) > 1:
            lines += ["", f"Membership: log odds against class {self.membership.reference}"]
            for row in self.membership.table.iter_rows(named=True):
                name = f"  class {row['class']} {row['term']}: "
                lines.append(
                    f"{name}no finite estimate"
                    if row["standard_error"] is None
                    else f"{name}{row['estimate']:.5g} ({row['standard_error']:.4g}), "
                    f"p {row['p_value']:.3g}"
                )
        return "\n".join([*lines, *([""] if self.messages else []), *self.messages])

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self.summary())}</pre>"


def mixture_result(
    spec: GrowthMixture,
    moments: Moments,
    problem: MixtureProblem,
    layout: Layout,
    terms: Terms,
    found: Found,
) -> GrowthMixtureResult:
    """Bring a solution back to the user's units, with its standard errors."""
    assert found.best is not None
    best, messages = found.best, list(problem.messages)
    at = layout.unpack(best.free)
    value, posterior = problem.pass_over(at)
    separation = separation_in(moments, posterior, problem.prior(at))
    along = estimable(problem, layout, separation)
    root = _covariance_root(problem, layout, found, along, messages)
    K, p, J = layout.classes, layout.p, layout.jacobian(best.free)
    factor = np.matmul(problem.fixed_map, J[:, 1 : 1 + p]) @ root
    covariance = factor.reshape(K * p, -1) @ factor.reshape(K * p, -1).T
    by_share = share_derivatives(problem, at, J) @ root
    spread = np.matmul(problem.random_map, at.factors)
    random_covariance = np.matmul(spread, np.swapaxes(spread, 1, 2))
    if spread.size and min(np.linalg.norm(part[i]) for part in spread
                           for i in range(layout.q)) < 1e-4 * problem.scale:  # fmt: skip
        messages.append("A variance of the random effects is zero.")
    if found.at_best < 2 <= len(found.log_likelihoods):
        messages.append(
            f"Only {found.at_best} of {len(found.log_likelihoods)} starts reached the best "
            "solution; run more starts."
        )
    separated = separation is not None and separation.found
    if separation is not None and separated:
        messages.append(
            f"membership: no finite estimate for {separation.words}. The odds of the classes rise "
            "for ever there, so these coefficients have no error and no p. Join categories, or "
            "leave the covariate out."
        )
    return GrowthMixtureResult(
        spec=spec,
        log_likelihood=value + problem.offset,
        n_parameters=layout.size,
        shares=problem.shares(at),
        share_errors=np.sqrt(np.sum(by_share**2, axis=1)),
        membership=membership_of(moments, problem, layout, best.free, root, separation),
        prior=np.ascontiguousarray(problem.prior(at).T),
        terms=terms[0],
        fixed_effects=at.coefficients @ problem.fixed_map.T + problem.shift,
        standard_errors=np.sqrt(np.diag(covariance)).reshape(K, layout.p),
        covariance=covariance,
        covariance_factor=factor,
        random_terms=tuple(name for block in terms[1] for name in block),
        random_covariance=random_covariance + np.zeros((K, 1, 1)),
        residual_variance=at.variances * problem.scale**2 + np.zeros(K),
        posterior=np.ascontiguousarray(posterior.T),
        persons=moments.persons,
        starts=found.log_likelihoods + problem.offset,
        start_verdicts=found.verdicts,
        starts_at_best=found.at_best,
        converged=best.converged and not separated,
        iterations=tuple(step + problem.offset for step in best.path),
        n_obs=moments.n_obs,
        designs=moments.designs if moments.formula == spec.full_formula else (),
        outcome=moments.outcome,
        messages=tuple(messages),
        version=VERSION,
    )


def _covariance_root(
    problem: MixtureProblem, layout: Layout, found: Found, along: Float, messages: list[str]
) -> Float:
    """Return R with R R' the covariance of all free parameters, from the observed information.

    `along` spans the parameters that can be estimated.
    """
    assert found.best is not None
    free, hessian = found.best.free, found.best.hessian
    if hessian is None:
        hessian = second_derivatives(problem, layout, free)
    values, vectors = np.linalg.eigh(-along.T @ hessian @ along)
    known = values > 1e-10 * max(float(values[-1]), 0.0)
    if not known.all():
        messages.append(
            "The information matrix is singular: standard errors leave out directions in which "
            "the likelihood is flat, and are too small there."
        )
    root: Float = along @ (vectors[:, known] / np.sqrt(values[known]))
    return root
