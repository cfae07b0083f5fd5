"""What a mixed model found, from persons' moments: inference, intervals, bootstraps."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.mixed.fit import Limits, MixedFit, Tester

if TYPE_CHECKING:
    from salutogen.models.mixed.inference.bootstrap import MixedBootstrap
    from salutogen.models.mixed.inference.fixed_effects import FixedInference
    from salutogen.models.mixed.inference.robust_errors import RobustInference
    from salutogen.models.mixed.likelihood.problem import MixedProblem
    from salutogen.models.moments.moments import Moments
    from salutogen.models.parallel.executors import Progress

Float = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, repr=False)
class MixedModelResult(MixedFit):
    """A fitted mixed model.

    Its estimates and sizes are the attributes of `MixedFit`. Everything else is computed from the
    persons' moments when it is asked for: degrees of freedom and tests, robust errors, intervals,
    bootstraps, predictions.

    Attributes
    ----------
    moments : Moments
        What it was fitted to.
    """

    moments: Moments

    @cached_property
    def problem(self) -> MixedProblem:
        """The problem that was solved, made again from the moments when first asked for."""
        from salutogen.models.mixed.likelihood.problem import mixed_problem

        return mixed_problem(self.moments, self.terms, self.random_blocks, reml=self.reml)

    @cached_property
    def inference(self) -> FixedInference:
        """How certain the covariance of the fixed effects is; computed when first asked for."""
        from salutogen.models.mixed.inference.fixed_effects import fixed_inference

        return fixed_inference(
            self.problem, self.relative_factor, self.coefficients, self.covariance
        )

    def robust_inference(self, errors: str = "CR1") -> RobustInference:
        """Return the cluster-robust covariance of the fixed effects, persons as clusters.

        Parameters
        ----------
        errors : str
            `CR0`, `CR1` (default: G/(G − 1), with G − 1 degrees of freedom) or `CR2` (unbiased if
            the model's own covariance is right, with Bell & McCaffrey's degrees of freedom).
        """
        from salutogen.models.mixed.inference.robust_errors import robust_inference

        return robust_inference(
            self.moments, self.problem, self.terms, self.relative_factor, errors
        )

    def _tester(self, errors: str) -> Tester:
        """Return what tests contrasts (k, p) against values (k,), with such standard errors."""
        if errors == "model":
            return self.inference.test
        return partial(self.robust_inference(errors).test, self.coefficients)

    @cached_property
    def mode_covariances(self) -> Float:
        """Covariance of each person's random effects given the outcomes (n_persons, q, q).

        As lme4's `postVar`: the estimates of the other parameters are taken as known.
        """
        from salutogen.models.mixed.prediction import given_outcomes

        problem = self.problem
        criterion = problem.criterion
        crossed, _ = criterion.products_of(slice(None))
        L = criterion.factor(self.relative_factor)
        relative = problem.random_map @ given_outcomes(crossed, L) @ problem.random_map.T
        result: Float = self.residual_variance * relative
        return result

    def random_effects(self, *, variances: bool = False) -> pl.DataFrame:
        """Return the conditional modes of the random effects.

        Parameters
        ----------
        variances : bool
            False (default): one row per person, the grouping column first, sorted; then one
            column per random term. True: one row per person and term with `term`, `estimate` and
            `std_error`, the root of the conditional variance (as R's
            ``as.data.frame(ranef(fit))``).
        """
        if not variances:
            return self._person_modes()
        from salutogen.models.mixed.summary import modes_with_errors

        return modes_with_errors(self, self.mode_covariances)

    def _expected(self, frame: Any, *, own: bool) -> Float:
        """Return the expected outcome of each row, with random effects where asked."""
        from salutogen.models.mixed import prediction

        rows = prediction.prediction_rows(self, frame, random=own, own=own)
        return prediction.expected(self, rows)

    def _prediction_intervals(
        self, frame: Any, *, own: bool, interval: str, level: float
    ) -> pl.DataFrame:
        """Return expectations with their limits; see `predict`."""
        from salutogen.models.mixed.prediction import prediction_table

        return prediction_table(self, frame, own=own, interval=interval, level=level)

    def _profile_limits(self, level: float) -> Limits:
        """Return limits from the profile likelihood by parameter; see `tidy`."""
        table = self.profile_intervals(level=level)
        columns = (table["term"], table["conf_low"], table["conf_high"])
        return {term: (low, high) for term, low, high in zip(*columns, strict=True)}

    def profile_intervals(
        self,
        terms: Sequence[str] | None = None,
        *,
        level: float = 0.95,
        executor: Executor | None = None,
        progress: Progress | None = None,
    ) -> pl.DataFrame:
        """Return intervals from the profile likelihood, as lme4's ``confint(fit)``.

        Parameters
        ----------
        terms : sequence of str, optional
            Which parameters, as `tidy` names them; by default all.
        level : float
            Coverage.
        executor : concurrent.futures.Executor, optional
            Where the limits are searched, two for each parameter; by default here.
        progress : callable, optional
            Called as ``progress(done, total)``.

        Returns
        -------
        polars.DataFrame
            `term, effect, group, estimate, conf_low, conf_high`. Maximum likelihood throughout,
            also after REML. A limit at the end of the range is 0 for an SD and ±1 for a
            correlation; both are null for a correlation with a variance of zero.
        """
        from salutogen.models.mixed.inference.profile_intervals import profile_intervals

        every = self.parameters
        names = [parameter.term for parameter in every]
        unknown = [] if terms is None else [name for name in terms if name not in names]
        if unknown:
            raise ModelError(
                f"terms: unknown {', '.join(unknown)}; the fit has {', '.join(names)}."
            )
        wanted = names if terms is None else list(terms)
        return profile_intervals(
            self.problem,
            self.relative_factor,
            [every[names.index(name)] for name in wanted],
            level,
            executor=executor,
            progress=progress,
        )

    def bootstrap(
        self,
        kind: str = "parametric",
        *,
        draws: int = 1000,
        seed: int = 1,
        executor: Executor | None = None,
        progress: Progress | None = None,
    ) -> MixedBootstrap:
        """Refit to drawn data; rows are neither drawn nor read.

        Parameters
        ----------
        kind : str
            `parametric` (default): outcomes of the same persons, drawn from the fitted model.
            `person`: persons drawn with replacement, each with all of their rows.
        draws : int
            Number of samples; each is fitted by the fit's own criterion.
        seed : int
            Each draw has its own stream, so neither the executor nor its workers change the result.
        executor : concurrent.futures.Executor, optional
            Where the draws run, for example a process pool (`executor_for`); by default here.
        progress : callable, optional
            Called as ``progress(done, draws)``.

        Returns
        -------
        MixedBootstrap
            `draws`, `intervals()`, and how many draws failed.

        Raises
        ------
        Interrupted
            On Ctrl-C: it holds the draws that were finished.
        """
        from salutogen.models.mixed.inference.bootstrap import mixed_bootstrap

        return mixed_bootstrap(
            self.moments,
            self.problem,
            self.relative_factor,
            self.parameters,
            kind=kind,
            draws=draws,
            seed=seed,
            executor=executor,
            progress=progress,
        )
