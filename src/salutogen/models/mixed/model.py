"""Gaussian mixed models with the person as grouping factor, fitted from per-person moments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salutogen.errors import ModelError
from salutogen.models.formula.design import Design
from salutogen.models.formula.mixed_formula import INTERCEPT, parse_formula, simple_terms
from salutogen.models.mixed.likelihood.independent_effects import (
    is_independent,
    minimise_variances,
)
from salutogen.models.mixed.likelihood.parameters import in_units
from salutogen.models.mixed.likelihood.problem import MixedProblem, mixed_problem
from salutogen.models.mixed.likelihood.zero_variances import (
    SINGULAR,
    SINGULAR_TEXT,
    lower_factor,
    off_zero,
    settle_at_zero,
    warn_unless_settled,
)
from salutogen.models.mixed.result import MixedModelResult
from salutogen.models.mixed.structured.residual_structures import Residual
from salutogen.models.moments.moments import Moments
from salutogen.models.optimise import Optimum, minimise
from salutogen.version import VERSION

if TYPE_CHECKING:
    from salutogen.models.mixed.structured.result import StructuredResult

Float = NDArray[np.float64]

NEAR = 0.01  # gain at which a search among some persons is near enough for all
FAR = 100.0  # relative factor that a search in ordinary steps does not reach


@dataclass(frozen=True)
class MixedModel:
    """A linear mixed model.

    ``y = X b + Z u + e`` with person effects u ~ N(0, Σ) and residuals e ~ N(0, σ²); on request
    with effects of the sites that persons belong to, and with residuals that correlate over
    time or differ in size.

    Parameters
    ----------
    formula : str
        As in lme4: ``P ~ E + (1 + E | id)``; ``||`` for uncorrelated random terms,
        ``(0 + t | id)`` for no random intercept; ``(1 | site/id)`` or ``(1 | id) + (1 | site)``
        for persons in sites (crossed effects are refused). Plain sums of column names are read
        here; anything else (``I(t^2)``, ``C(arm)``, interactions, ``bs(t, df=4)``) by formulaic.
    residual : str, ContinuousAR1, HeterogeneousVariance, or one of each
        `independent` (default), correlated over time within a person, unequal over the levels of
        a column, or both. These pass over the rows at each evaluation, so they need a frame.

    Notes
    -----
    Fixed effects and σ² are profiled out and the remaining function of the relative Cholesky
    factor (Bates et al. 2015) is minimised with its exact gradient. Variances of zero and
    correlations of ±1 are ordinary solutions, named `is_singular`.

    Examples
    --------
    >>> frame = {"id": [1, 1, 1, 2, 2, 2, 3, 3, 3], "t": [0, 1, 2] * 3,
    ...          "y": [1, 2, 4, 3, 5, 6, 0, 2, 2]}
    >>> result = MixedModel("y ~ t + (1 | id)").fit(frame)
    >>> round(result.fixed_effects["t"], 4)
    1.3333
    """

    formula: str
    residual: Residual = "independent"

    @overload
    def fit(self, data: Moments, *, reml: bool = ..., weights: None = ...) -> MixedModelResult: ...

    @overload
    def fit(
        self, data: Any, *, reml: bool = ..., weights: str | ArrayLike | None = ...
    ) -> MixedModelResult | StructuredResult: ...

    def fit(
        self, data: Any, *, reml: bool = True, weights: str | ArrayLike | None = None
    ) -> MixedModelResult | StructuredResult:
        """Fit to a frame or to moments.

        Parameters
        ----------
        data : data frame, mapping of arrays, or Moments
            Rows, or their reduction; a larger model's moments serve any model of their columns.
        reml : bool
            Restricted maximum likelihood (default) or maximum likelihood.
        weights : str or array (n,), optional
            Precision weights w, a column or one number per row: the residual variance of a row
            is σ²/w, as lme4's `weights`. Sampling weights are something else.

        Returns
        -------
        MixedModelResult or StructuredResult
            The latter with sites or a residual structure, which needs a frame.

        Raises
        ------
        ModelError
            Unreadable formula, unknown or non-numeric columns, infinite values, one person,
            fewer rows than coefficients, constant outcome, collinear terms.
        """
        if not isinstance(reml, bool | np.bool_):
            raise ModelError(f"reml: expected True or False, got {reml!r}.")
        if self.residual != "independent" or parse_formula(self.formula, levels=2).outer_group:
            from salutogen.models.mixed.structured.fitting import fit_structured

            if weights is not None:
                raise ModelError(
                    "weights: only with persons alone as groups and independent residuals; "
                    "residuals that differ in size are a residual structure."
                )
            return fit_structured(self.formula, self.residual, data, reml=reml)
        moments = self._moments(data, weights)
        fixed, random = self._terms(moments)
        return fit_moments(moments, fixed, random, formula=self.formula, reml=reml)

    def _moments(self, data: Any, weights: str | ArrayLike | None) -> Moments:
        if not isinstance(data, Moments):
            return Moments.from_frame(self.formula, data, weights=weights)
        if weights is not None:
            raise ModelError("weights: moments have theirs from `Moments.from_frame` already.")
        return data

    def _terms(self, moments: Moments) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
        """Names of the fixed and random terms among the columns of `moments`."""
        if moments.formula == self.formula:
            return moments.fixed, moments.random
        parsed = parse_formula(self.formula)
        found = [simple_terms(expression) for expression in (parsed.fixed, *parsed.blocks)]
        if any(terms is None for terms in found):
            raise ModelError(
                f"formula: {self.formula!r} differs from that of the moments "
                f"({moments.formula!r}), so its terms must be plain column names."
            )
        terms = [names for names in found if names is not None]
        wanted = {name for names in terms for name in names} - {INTERCEPT}
        absent = sorted(wanted - set(moments.columns[:-1]))
        if parsed.outcome != moments.outcome:
            absent.append(parsed.outcome)
        if parsed.group != moments.persons.name:
            absent.append(parsed.group)
        if absent:
            raise ModelError(
                f"formula: the moments do not hold {', '.join(absent)}; they were made of "
                f"{', '.join(moments.columns)} by {moments.persons.name}."
            )
        return terms[0], tuple(terms[1:])


def fit_moments(
    moments: Moments,
    fixed: tuple[str, ...],
    random: tuple[tuple[str, ...], ...],
    *,
    formula: str,
    reml: bool,
    start: Float | None = None,
    settled: float | None = None,
) -> MixedModelResult:
    """Fit terms that `moments` holds; `MixedModel.fit` without the formula.

    With `start`, free entries of the relative factor of the same model of other persons, the
    search begins there. It ends where a step would gain less than `settled`.
    """
    problem = mixed_problem(moments, fixed, random, reml=reml)
    optimum = _search(problem, start, settled)
    messages = list(problem.messages)
    warn_unless_settled(optimum, optimum.point, messages, moments.outcome, stacklevel=3)
    return _result(moments, fixed, random, problem, optimum, messages, formula)


def _search(problem: MixedProblem, start: Float | None, settled: float | None) -> Optimum:
    """Minimise; zero variances are tried at the end. Of many persons a part is searched first."""
    criterion, sample, hessian = problem.criterion, problem.sample, None
    if is_independent(criterion):
        if start is None and sample is not None:
            start = minimise_variances(sample, settled=NEAR).point
        found = minimise_variances(criterion, start, settled)
        if found.converged:
            return found
        start = found.point
    if start is not None:
        start = off_zero(start, criterion.diagonal)
    elif sample is None:
        start = criterion.start()
    else:
        near = minimise(sample, criterion.start(), settled=NEAR)
        start = off_zero(near.point, criterion.diagonal)
        hessian = near.hessian * criterion.n_persons / sample.n_persons
    optimum = minimise(criterion, start, hessian=hessian, settled=settled)
    if not optimum.converged and abs(optimum.point).max() > FAR:
        optimum = minimise(criterion, optimum.point, far=True)
    return settle_at_zero(criterion, optimum, criterion.diagonal, settled)


def _result(
    moments: Moments,
    fixed: tuple[str, ...],
    random: tuple[tuple[str, ...], ...],
    problem: MixedProblem,
    optimum: Optimum,
    messages: list[str],
    formula: str,
) -> MixedModelResult:
    """Bring the solution back to the user's units."""
    criterion = problem.criterion
    L = criterion.factor(optimum.point)
    at = criterion.profile(L)
    if at is None:
        raise ModelError(f"{formula}: the likelihood has no value where its search ended.")
    found = in_units(problem, L, at)
    value = at.value + problem.offset
    size = np.abs(np.diag(lower_factor(problem.random_map @ L))) * problem.random_size
    singular = bool(np.min(size) < SINGULAR)
    if singular:
        messages.append(SINGULAR_TEXT)
    modes = criterion.modes(L, at.coefficients, problem.scale * problem.random_map)
    return MixedModelResult(
        formula=formula,
        reml=criterion.reml,
        terms=fixed,
        coefficients=found.coefficients,
        covariance=found.covariance,
        random_blocks=random,
        random_covariance=found.random_covariance,
        residual_variance=found.residual_variance,
        log_likelihood=-value / 2,
        is_singular=singular,
        converged=optimum.converged,
        n_obs=moments.n_obs,
        persons=moments.persons,
        modes=modes,
        n_parameters=len(fixed) + len(optimum.point) + 1,
        iterations=tuple(step + problem.offset for step in optimum.path),
        evaluations=optimum.evaluations,
        messages=tuple(messages),
        designs=_own_designs(moments, formula),
        outcome=moments.outcome,
        version=VERSION,
        moments=moments,
        relative_factor=optimum.point,
    )


def _own_designs(moments: Moments, formula: str) -> tuple[Design, ...]:
    """The designs of the fit's own terms: those of a larger model's moments are not."""
    return moments.designs if moments.formula == formula else moments.designs[:1]
