"""Covariates of class membership: who is more likely in which class of a growth mixture."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.formula.columns import n_rows_of, read_columns
from salutogen.models.formula.design import (
    Design,
    columns_of,
    learn_design,
    plain_design,
    variables_of,
)
from salutogen.models.formula.mixed_formula import INTERCEPT
from salutogen.models.linear_algebra import triangular_inverse
from salutogen.models.mixed.likelihood.problem import REDUNDANT, triangle
from salutogen.models.mixture.separation import Separation, find_separation
from salutogen.models.moments.moments import Moments
from salutogen.models.short_repr import short_repr

if TYPE_CHECKING:
    from salutogen.models.mixture.likelihood.parameters import ClassParameters, Layout
    from salutogen.models.mixture.likelihood.problem import MixtureProblem

Float = NDArray[np.float64]


@short_repr("formula", "outcome", "n_persons", "n_obs", "covariates")
@dataclass(frozen=True, kw_only=True)
class PersonMoments(Moments):
    """Moments with covariates of the persons.

    Attributes
    ----------
    design : Design
        What the covariates were made by; its first column is the constant.
    covariates : array (n_persons, m)
        Its other columns, in the order of `persons`.
    """

    design: Design
    covariates: Float


@short_repr("reference", "terms")
@dataclass(frozen=True, kw_only=True)
class Membership:
    """How the odds of the classes depend on covariates (multinomial logit).

    A person with covariates w is in class k with probability exp(w γ_k) / Σ_l exp(w γ_l), where
    γ is zero for the reference class, as in lcmm's `classmb`.

    Attributes
    ----------
    reference : int
        Number of the reference class: the last one.
    terms : tuple of str
        `Intercept`, and the covariates' columns.
    coefficients, standard_errors : array (K, 1 + m)
        γ and its standard errors from the observed information; zero for the reference class. A
        coefficient without a finite estimate, since its covariate tells classes apart, is where
        the search stopped, and its standard error is NaN.
    covariance : array ((K − 1)(1 + m), (K − 1)(1 + m))
        Of the other classes' coefficients, class by class; NaN likewise.
    design : Design
        For the shares of new persons.
    """

    reference: int
    terms: tuple[str, ...]
    coefficients: Float
    standard_errors: Float
    covariance: Float
    design: Design

    @property
    def table(self) -> pl.DataFrame:
        """One row per class and term: estimate (log odds against the reference), error, z, p.

        The last three are null where there is no finite estimate.
        """
        from statistics import NormalDist

        K, m = self.coefficients.shape
        other = [k for k in range(K) if k + 1 != self.reference]
        estimate, error = self.coefficients[other].ravel(), self.standard_errors[other].ravel()
        z = np.divide(estimate, error, out=np.full(len(error), np.nan), where=error > 0)
        return pl.DataFrame(
            {
                "class": np.repeat(np.array(other, dtype=np.int64) + 1, m),
                "reference": np.full(len(estimate), self.reference),
                "term": list(self.terms) * len(other),
                "estimate": estimate,
                "standard_error": error,
                "z": z,
                "p_value": [2 * NormalDist().cdf(-abs(value)) for value in z.tolist()],
            }
        ).with_columns(pl.col("standard_error", "z", "p_value").fill_nan(None))

    def shares(self, frame: Any) -> Float:
        """Return each class's probability (n, K) for each row of covariates, NaN where missing.

        Parameters
        ----------
        frame : data frame or mapping of arrays
            Needs the covariates; any rows without them.
        """
        if self.design.variables:
            rows = read_columns(frame, self.design.variables)
        else:
            rows = pl.DataFrame({"row": np.zeros(n_rows_of(frame))})
        return self._shares(columns_of(self.design, rows))

    def of_persons(self, moments: Moments) -> Float:
        """Return each class's probability (n_persons, K) for the persons of some moments."""
        columns = np.ones((moments.n_persons, 1))
        if len(self.terms) > 1:
            if not isinstance(moments, PersonMoments) or moments.design.names != self.terms:
                raise ModelError(
                    f"moments: class membership depends on {', '.join(self.terms[1:])}; these "
                    "moments hold no such covariates of the persons."
                )
            columns = np.column_stack([columns, moments.covariates])
        return self._shares(columns)

    def _shares(self, columns: Float) -> Float:
        logits = np.zeros((len(columns), len(self.coefficients)))
        for j, column in enumerate(columns.T):
            logits += column[:, None] * self.coefficients[:, j]
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares: Float = odds / odds.sum(axis=1, keepdims=True)
        return shares


def with_covariates(moments: Moments, expression: str, data: Any) -> PersonMoments:
    """Add the persons' covariates, read from the rows of a frame.

    Raises
    ------
    ModelError
        Unknown columns, values that differ within a person, persons without a value, infinite
        values.
    """
    person = moments.persons.name
    variables = variables_of(f"1 + {expression}")
    rows = read_columns(data, [person, *variables], labels=(person,))
    found = rows.group_by(person).agg(
        *(pl.col(name).drop_nulls().drop_nans().first() if rows.schema[name].is_float()
          else pl.col(name).drop_nulls().first() for name in variables),
        *(pl.col(name).drop_nulls().n_unique().alias(f"{name}: values") for name in variables),
    )  # fmt: skip
    joined = moments.persons.to_frame().join(found, on=person, how="left", maintain_order="left")
    problems = []
    for name in variables:
        varying = int((joined[f"{name}: values"] > 1).sum())
        absent = int(joined[name].is_null().sum())
        if varying:
            problems.append(
                f"membership: {name} differs within {varying} persons; expected one value for "
                "each person, such as its first or its mean."
            )
        if absent:
            problems.append(
                f"membership: {absent} of {joined.height} persons have no value of {name}; leave "
                "them out or fill it in."
            )
        if joined[name].dtype.is_float() and joined[name].is_infinite().any():
            problems.append(f"membership: {name} has infinite values.")
    if problems:
        raise ModelError(" ".join(problems))
    design = learn_design(f"1 + {expression}", joined)
    columns = columns_of(design, joined)
    return PersonMoments(
        **{field.name: getattr(moments, field.name) for field in fields(moments)},
        design=design,
        covariates=columns[:, [name != INTERCEPT for name in design.names]],
    )


def scaled_covariates(moments: Moments) -> tuple[Float, Float]:
    """Return uncorrelated covariates (m, n) of unit size and the map (1 + m, 1 + m) back.

    Log odds of the constant and of the covariates as given = map @ those of the scaled ones.

    Raises
    ------
    ModelError
        Covariates that can be computed from others, or that do not vary.
    """
    if not isinstance(moments, PersonMoments):
        return np.empty((0, moments.n_persons)), np.ones((1, 1))
    W, n = moments.covariates, moments.n_persons
    centre = W.mean(axis=0)
    names = tuple(name for name in moments.design.names if name != INTERCEPT)
    back = triangular_inverse(triangle(W - centre, names, REDUNDANT, "membership") / np.sqrt(n))
    to_raw = np.zeros((len(names) + 1, len(names) + 1))
    to_raw[0, 0] = 1.0
    to_raw[1:, 1:] = back
    to_raw[0, 1:] = -centre @ back
    return np.ascontiguousarray(((W - centre) @ back).T), to_raw


def covariate_messages(moments: Moments) -> tuple[str, ...]:
    """What is doubtful about the covariates of membership."""
    return moments.design.messages if isinstance(moments, PersonMoments) else ()


def share_derivatives(problem: MixtureProblem, at: ClassParameters, jacobian: Float) -> Float:
    """Derivatives (K, size) of the classes' shares among all persons by the free parameters."""
    prior = problem.prior(at)
    weight = problem.weight / problem.weight.sum()
    size = jacobian.shape[2]
    out = np.zeros((len(prior), size))
    columns = [np.ones(len(weight)), *problem.covariates[: at.membership.shape[1]]]
    places = [0, *range(jacobian.shape[1] - len(columns) + 1, jacobian.shape[1])]
    for column, place in zip(columns, places, strict=True):
        own = np.diag(np.sum(prior * weight * column, axis=1))
        between = (prior * weight * column) @ prior.T
        out += (own - between) @ jacobian[:, place]
    return out


def separation_in(moments: Moments, posterior: Float, prior: Float) -> Separation | None:
    """Look for covariates, as given, that tell classes apart; None where there are none.

    `posterior` and `prior` (K, n) hold each person's probabilities of the classes at the
    estimates, with the outcome and without.
    """
    if not isinstance(moments, PersonMoments) or len(posterior) < 2:
        return None
    columns = np.column_stack([np.ones(moments.n_persons), moments.covariates])
    return find_separation(columns, posterior.T, prior.T, moments.design.names)


def estimable(problem: MixtureProblem, layout: Layout, separation: Separation | None) -> Float:
    """Columns that span the free parameters less the directions of a separation."""
    if separation is None or not separation.found:
        return np.eye(layout.size)
    shares, covariates = (layout.slices[name] for name in ("share", "membership"))
    K, m = layout.classes, layout.n_membership
    given = separation.finite.T.reshape(separation.finite.shape[1], K - 1, 1 + m)
    scaled = given @ np.linalg.inv(problem.membership_map).T
    other = np.arange(covariates.stop, layout.size)
    out = np.zeros((layout.size, len(scaled) + len(other)))
    out[shares, : len(scaled)] = scaled[:, :, 0].T
    out[covariates, : len(scaled)] = scaled[:, :, 1:].reshape(len(scaled), (K - 1) * m).T
    out[other, len(scaled) + np.arange(len(other))] = 1.0
    return out


def membership_of(
    moments: Moments,
    problem: MixtureProblem,
    layout: Layout,
    free: Float,
    root: Float,
    separation: Separation | None,
) -> Membership:
    """Bring the log odds of the classes back to the units of the covariates.

    `root` is a root R of the covariance R R' of all free parameters that can be estimated.
    """
    K, m = layout.classes, layout.n_membership
    to_raw = problem.membership_map
    J = layout.jacobian(free)
    places = [0, *range(J.shape[1] - m, J.shape[1])]
    by_free = np.matmul(to_raw, J[:-1, places]).reshape((K - 1) * (1 + m), layout.size)
    covariance = by_free @ root @ root.T @ by_free.T
    if separation is not None:
        infinite = separation.infinite.ravel()
        covariance[infinite | infinite[:, None]] = np.nan
    at = layout.unpack(free)
    scaled = np.column_stack([at.log_share - at.log_share[-1], at.membership])
    errors = np.zeros((K, 1 + m))
    errors[:-1] = np.sqrt(np.diag(covariance)).reshape(K - 1, 1 + m)
    design = moments.design if isinstance(moments, PersonMoments) else plain_design((INTERCEPT,))
    return Membership(
        reference=K,
        terms=design.names,
        coefficients=scaled @ to_raw.T,
        standard_errors=errors,
        covariance=covariance,
        design=design,
    )
