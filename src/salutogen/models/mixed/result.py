"""What a mixed model found: estimates, predictions and a summary lme4 users can read."""

from __future__ import annotations

import html
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from salutogen.errors import ModelError
from salutogen.models.mixed.estimates import MixedEstimates

if TYPE_CHECKING:
    from salutogen.models.mixed.inference.bootstrap import MixedBootstrap
    from salutogen.models.mixed.inference.fixed_effects import (
        Contrast,
        ContrastTest,
        FixedInference,
    )
    from salutogen.models.mixed.inference.robust_errors import RobustInference
    from salutogen.models.mixed.likelihood.parameters import MixedParameter
    from salutogen.models.mixed.likelihood.problem import MixedProblem
    from salutogen.models.parallel.executors import Progress

Float = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, repr=False)
class MixedModelResult(MixedEstimates):
    """A fitted mixed model.

    Its estimates and sizes are the attributes of `MixedEstimates`. Everything else is computed
    from the persons' moments when it is asked for: degrees of freedom and tests, robust errors,
    intervals, bootstraps, predictions.
    """

    @cached_property
    def problem(self) -> MixedProblem:
        """The problem that was solved, made again from the moments when first asked for."""
        from salutogen.models.mixed.likelihood.problem import mixed_problem

        if self.moments is None:
            raise ModelError(
                f"{self.formula}: this needs persons' moments, and a fit whose residual structure "
                "needs rows keeps none. Fit without that structure."
            )
        return mixed_problem(self.moments, self.terms, self.random_blocks, reml=self.reml)

    @cached_property
    def inference(self) -> FixedInference:
        """How certain the covariance of the fixed effects is; computed when first asked for."""
        from salutogen.models.mixed.inference.fixed_effects import fixed_inference

        return fixed_inference(
            self.problem, self.relative_factor, self.coefficients, self.covariance
        )

    @property
    def degrees_of_freedom(self) -> dict[str, float]:
        """Satterthwaite degrees of freedom of each fixed effect, as lmerTest's."""
        contrasts = zip(self.terms, np.eye(len(self.terms)), strict=True)
        return {name: self.inference.df(contrast) for name, contrast in contrasts}

    @property
    def p_values(self) -> dict[str, float]:
        """Two-sided p of each fixed effect against zero, by Student's t."""
        return {name: self.test({name: 1.0}).p_value for name in self.terms}

    def robust_inference(self, errors: str = "CR1") -> RobustInference:
        """Return the cluster-robust covariance of the fixed effects, persons as clusters.

        Parameters
        ----------
        errors : str
            `CR0`, `CR1` (default: G/(G − 1), with G − 1 degrees of freedom) or `CR2` (unbiased if
            the model's own covariance is right, with Bell & McCaffrey's degrees of freedom).
        """
        from salutogen.models.mixed.inference.robust_errors import robust_inference

        problem = self.problem
        assert self.moments is not None
        return robust_inference(self.moments, problem, self.relative_factor, errors)

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
        if errors == "model":
            return self.inference.test(rows, values)
        return self.robust_inference(errors).test(self.coefficients, rows, values)

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
            columns = dict(zip(self.random_terms, self.modes.T, strict=True))
            return pl.DataFrame([self.persons, *(pl.Series(n, v) for n, v in columns.items())])
        q = len(self.random_terms)
        spread = np.sqrt(np.einsum("iqq->iq", self.mode_covariances))
        return pl.DataFrame(
            [
                pl.Series(self.persons.name, self.persons.gather(np.repeat(range(len(spread)), q))),
                pl.Series("term", list(self.random_terms) * len(spread)),
                pl.Series("estimate", self.modes.ravel()),
                pl.Series("std_error", spread.ravel()),
            ]
        )

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
        from salutogen.models.mixed import prediction as prediction

        if interval is not None:
            return prediction.prediction_table(
                self, frame, own=random_effects, interval=interval, level=level
            )
        rows = prediction.prediction_rows(self, frame, random=random_effects, own=random_effects)
        return prediction.expected(self, rows)

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

        problem = self.problem
        assert self.moments is not None
        return mixed_bootstrap(
            self.moments,
            problem,
            self.relative_factor,
            self.parameters,
            kind=kind,
            draws=draws,
            seed=seed,
            executor=executor,
            progress=progress,
        )

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

        return tidy(self, errors, intervals, level)

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

        return summary(self, errors)

    def __repr__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self.summary())}</pre>"
