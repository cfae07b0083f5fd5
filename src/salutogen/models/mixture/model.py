"""Growth mixture models: latent classes of persons, each with its own course over time."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salutogen.errors import ModelError
from salutogen.models.checks import as_numbers, is_between, not_whole
from salutogen.models.convergence import ConvergenceWarning
from salutogen.models.mixed.model import MixedModel
from salutogen.models.mixture.likelihood.parameters import Layout, Order, Sharing
from salutogen.models.moments.moments import Moments

if TYPE_CHECKING:
    from salutogen.models.mixture.likelihood.maximisation import Maximum
    from salutogen.models.mixture.likelihood.problem import MixtureProblem
    from salutogen.models.mixture.likelihood.search import Found
    from salutogen.models.mixture.result import GrowthMixtureResult

Float = NDArray[np.float64]
Terms = tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]


@dataclass(frozen=True)
class GrowthMixture:
    """A Gaussian mixture of linear mixed models.

    A person belongs to class k with probability π_k; there ``y = X b_k + Z u + e`` with
    u ~ N(0, Σ_k) and residuals e ~ N(0, σ_k²).

    Parameters
    ----------
    formula : str
        As for `MixedModel`: ``y ~ t + I(t**2) + (1 | id)``. ``(0 | id)`` for no random effects
        (latent class growth analysis), or a formula without bar and `person`.
    classes : int
        Number of classes, from 1.
    starts : int
        Starting values: curves of randomly drawn, distant persons.
    seed : int
        Seed of the draws.
    random_covariance : {"equal", "proportional", "free"}
        Σ_k the same for all classes, up to a factor of each class, or unrelated.
    residual_variance : {"equal", "proportional", "free"}
        σ_k² likewise. Where both are proportional they share one factor per class; otherwise a
        proportional residual variance is a free one.
    shared : tuple of str
        Fixed terms with one coefficient for all classes; the others are class-specific.
    variance_bound : float
        Residual variances stay above this share of the one-class residual variance, since a
        mixture's likelihood has no maximum where one may go to zero.
    person : str, optional
        Column of persons, for a formula without bar.
    membership : str, optional
        Covariates of the class a person is in, as ``age + C(sex)``: constant within persons, read
        from the same frame. They enter after the screening of the starts.
    order : {"share", "level"}
        Classes are numbered by falling share, or by rising mean over all rows.
    likelihood_tolerance, parameter_tolerance : float
        The best solution has converged when a further Newton step would raise the log-likelihood
        by less than the first and move no parameter (in well-scaled units) by more than the second.

    Notes
    -----
    All starts take some EM steps on a part of the persons, the better third more on all; the
    best of these climb to the end by a quasi-Newton method and the best one by Newton steps. The
    log-likelihood never falls. Solutions with an empty class, with two equal classes, or on the
    variance bound are never returned. Where a covariate of membership tells classes apart without
    error, its coefficient is at infinity: it has no standard error, and the fit has not converged.

    Examples
    --------
    >>> import numpy as np
    >>> generator = np.random.default_rng(1)
    >>> person, time = np.repeat(np.arange(60), 5), np.tile(np.arange(5.0), 60)
    >>> y = np.where(person < 40, 0.0, 3.0 + time) + generator.normal(size=300)
    >>> result = GrowthMixture("y ~ t + (0 | id)", classes=2).fit(
    ...     {"id": person, "t": time, "y": y})
    >>> result.shares.round(2).tolist()
    [0.67, 0.33]
    """

    formula: str
    classes: int = 2
    starts: int = 20
    seed: int = 1
    random_covariance: Sharing = "equal"
    residual_variance: Sharing = "equal"
    shared: tuple[str, ...] = ()
    variance_bound: float = 0.01
    person: str | None = None
    membership: str | None = None
    order: Order = "share"
    likelihood_tolerance: float = 1e-10
    parameter_tolerance: float = 1e-4

    def __post_init__(self) -> None:
        problems = not_whole(1, classes=self.classes, starts=self.starts)
        problems += not_whole(0, seed=self.seed)
        shared: Any = self.shared
        if isinstance(shared, str):
            problems.append(f"shared: expected several terms, as ({shared!r},).")
        for name in ("random_covariance", "residual_variance"):
            value = getattr(self, name)
            if value not in get_args(Sharing):
                problems.append(
                    f"{name}: expected one of {', '.join(get_args(Sharing))}, got {value!r}."
                )
        if self.order not in get_args(Order):
            problems.append(
                f"order: expected one of {', '.join(get_args(Order))}, got {self.order!r}."
            )
        for name in ("likelihood_tolerance", "parameter_tolerance"):
            if not is_between(getattr(self, name), 0, 1):
                problems.append(
                    f"{name}: expected a number between 0 and 1, got {getattr(self, name)!r}."
                )
        if not is_between(self.variance_bound, 0, 1):
            problems.append(
                f"variance_bound: expected a share between 0 and 1, got {self.variance_bound!r}."
            )
        if problems:
            raise ModelError(" ".join(problems))

    @property
    def full_formula(self) -> str:
        """The formula with its person column."""
        if self.person is None or "|" in self.formula:
            return self.formula
        return f"{self.formula} + (0 | {self.person})"

    def fit(self, data: Any, *, weights: ArrayLike | None = None) -> GrowthMixtureResult:
        """Fit to a frame or to moments.

        Parameters
        ----------
        data : data frame, mapping of arrays, or Moments
            Rows, or their reduction, which serves any number of classes.
        weights : array (n_persons,), optional
            Positive case weights, in the order of the sorted persons.

        Raises
        ------
        ModelError
            What a mixed model refuses, more classes than persons, unknown shared terms, or no
            start that ended in a proper solution.
        """
        found = self.try_fit(data, weights=weights)
        if isinstance(found, str):
            raise ModelError(found)
        if not found.converged:
            warnings.warn(found.messages[-1], ConvergenceWarning, stacklevel=2)
        return found

    def try_fit(self, data: Any, *, weights: ArrayLike | None = None) -> GrowthMixtureResult | str:
        """As `fit`, but return the reason where all starts are degenerate, and do not warn."""
        from salutogen.models.mixture.result import mixture_result

        moments, problem, terms = self.prepare(data, weights)
        layout, found = self.search(problem, moments, terms)
        if found.best is None:
            return f"{self._name()}: {_all_degenerate(found)}"
        result = mixture_result(self, moments, problem, layout, terms, found)
        if result.converged or np.isnan(result.membership.standard_errors).any():
            return result  # what is at infinity is told already
        message = (
            f"{self._name()} has not converged: the best start still climbs, or the likelihood "
            "is flat in some direction."
        )
        return replace(result, messages=(*result.messages, message))

    def prepare(
        self, data: Any, weights: ArrayLike | None = None
    ) -> tuple[Moments, MixtureProblem, Terms]:
        """Reduce data to a well-scaled problem that serves any number of classes."""
        from salutogen.models.compiling.background import announce
        from salutogen.models.compiling.cache import MIXTURES
        from salutogen.models.mixture.likelihood.problem import mixture_problem
        from salutogen.models.mixture.membership import PersonMoments, with_covariates

        announce(MIXTURES)

        formula = self.full_formula
        if "|" not in formula:
            raise ModelError(
                f"formula: {formula!r} names no person column; add '(1 | id)', or '(0 | id)' for "
                "no random effects."
            )
        moments = data if isinstance(data, Moments) else Moments.from_frame(formula, data)
        if self.membership is not None and not isinstance(moments, PersonMoments):
            if isinstance(data, Moments):
                raise ModelError(
                    f"membership: these moments hold no covariates of the persons; pass the frame "
                    f"with {self.membership}."
                )
            moments = with_covariates(moments, self.membership, data)
        fixed, random = MixedModel(formula)._terms(moments)
        random = tuple(block for block in random if block)
        unknown = [name for name in self.shared if name not in fixed]
        if unknown:
            raise ModelError(
                f"shared: {', '.join(unknown)} is no fixed term; there are {', '.join(fixed)}."
            )
        given = None if weights is None else as_numbers(weights, "weights")
        return moments, mixture_problem(moments, fixed, random, given), (fixed, random)

    def search(
        self, problem: MixtureProblem, moments: Moments, terms: Terms, *, polish: bool = True
    ) -> tuple[Layout, Found]:
        """Look for the best solution of a prepared problem, to the last digits where polished."""
        from salutogen.models.mixture.likelihood.maximisation import Tolerance
        from salutogen.models.mixture.likelihood.search import Found, one_class, search

        if self.classes > moments.n_persons:
            raise ModelError(
                f"classes: {self.classes} classes cannot be told apart among "
                f"{moments.n_persons} persons."
            )
        blocks = tuple(len(block) for block in terms[1])
        pooled = one_class(problem, blocks, polish=polish and self.classes == 1)
        single = self.layout(terms, 1, 1e-8, len(problem.covariates))
        at = single.unpack(pooled.free)
        if self.classes == 1:
            return single, _only(pooled, Found)
        lowest = self.variance_bound * float(at.variances[0])
        layout = self.layout(terms, self.classes, lowest, len(problem.covariates))
        return layout, search(
            problem,
            layout,
            at,
            starts=self.starts,
            seed=self.seed,
            order=self.order,
            polish=polish,
            tolerance=Tolerance(
                likelihood=self.likelihood_tolerance, parameters=self.parameter_tolerance
            ),
        )

    def layout(self, terms: Terms, classes: int, lowest: float, n_membership: int = 0) -> Layout:
        """Which parameters are free with some number of classes."""
        return Layout(
            classes=classes,
            shared=tuple(name in self.shared for name in terms[0]),
            blocks=tuple(len(block) for block in terms[1]),
            random_covariance=self.random_covariance,
            residual_variance=self.residual_variance,
            lowest=lowest,
            n_membership=n_membership,
        )

    def _name(self) -> str:
        return f"{self.full_formula} with {self.classes} classes"


def _only(pooled: Maximum, found: type[Found]) -> Found:
    """The one-class solution as the outcome of a search."""
    return found(
        best=pooled,
        log_likelihoods=np.array([pooled.value]),
        verdicts=("finished" if pooled.converged else "not converged",),
        at_best=1,
    )


def _all_degenerate(found: Found) -> str:
    names = [name for name in found.verdicts if name != "left at screening"]
    counts = ", ".join(f"{names.count(name)} × {name}" for name in sorted(set(names)))
    return (
        f"every start that was run to the end is degenerate ({counts}). Fewer classes, or equal "
        "variances, may be all that these data carry."
    )
