"""Reference-based imputation (Carpenter, Roger & Kenward 2013; Wolbers et al. 2022)."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.checks import refuse_not_whole
from salutogen.models.imputation.reference_based.gaussian import (
    Covariance,
    GaussianArms,
    gaussian_arms,
    log_likelihood,
)
from salutogen.models.imputation.reference_based.result import Errors, ReferenceBasedFit
from salutogen.models.imputation.reference_based.rules import Rule, alike, complete
from salutogen.models.imputation.reference_based.trial import Trial, read_trial
from salutogen.models.parallel.executors import Progress, run_each
from salutogen.models.pooling.estimates import pool_estimates
from salutogen.models.quantiles import NORMAL_95
from salutogen.models.short_repr import short_repr

Float = NDArray[np.float64]
Int = NDArray[np.intp]

FEW_SETS = 20
REDRAWS = 20  # bootstrap samples that are tried where one has no moments


@short_repr("outcomes", "arm", "reference", "rule", "errors")
@dataclass(frozen=True, kw_only=True)
class ReferenceBasedImputation:
    """Compare arms at the last occasion, filling in persons who left by a rule.

    The outcome of all occasions is Gaussian in each arm, with means of its own and any covariance,
    estimated from everything that was seen (full-information maximum likelihood). What persons
    would have had after their last value is then said by a rule; their own values before are taken
    in. Arms are compared by least squares on arm, baseline and covariates.

    Parameters
    ----------
    outcomes : sequence of str
        The outcome at baseline and at each later occasion, in order.
    arm : str
        Column of the arms.
    reference : str
        The arm that the rules look to, such as control.
    rule : {"jump to reference", "copy increments in reference", "copy reference", \
"missing at random"}
        After the last value, persons of other arms go on: at the means of the reference, what they
        had gained lost at once; in parallel with the reference from where they were, what they had
        gained kept; as if they had been in the reference from the start; or as their own arm did.
        Persons of the reference go on as their own arm, always.
    covariates : sequence of str
        Complete columns of numbers measured before the arms were drawn.
    covariance : {"common", "by arm"}
    errors : {"jackknife", "multiple"}
        Expected values are filled in, and errors made by leaving out one person after the other:
        how far the estimate scatters from trial to trial (Wolbers et al. 2022). Or several sets
        are drawn, each from moments of persons drawn with replacement within their arm, and pooled
        by Rubin's rules, whose errors are larger under all rules but `missing at random`: they
        keep the share of information that is missing as it is at random (Cro, Carpenter & Kenward
        2019).
    imputations : int
        Completed sets with `multiple`.
    seed : int

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> arm = np.repeat(["control", "training"], 60)
    >>> before = rng.normal(20, 4, 120)
    >>> after = 4 + 0.8 * before - 3 * (arm == "training") + rng.normal(0, 3, 120)
    >>> after[rng.random(120) < 0.3] = np.nan
    >>> found = ReferenceBasedImputation(
    ...     outcomes=["before", "after"], arm="arm", reference="control"
    ... ).fit({"arm": arm, "before": before, "after": after})
    >>> found.arms, bool(found.intervals["training"][1] < 0)
    (('training',), True)
    """

    outcomes: Sequence[str]
    arm: str
    reference: str
    rule: Rule = "jump to reference"
    covariates: Sequence[str] = ()
    covariance: Covariance = "common"
    errors: Errors = "jackknife"
    imputations: int = 100
    seed: int = 1

    def fit(
        self, data: Any, *, executor: Executor | None = None, progress: Progress | None = None
    ) -> ReferenceBasedFit:
        """Fill in and compare.

        Parameters
        ----------
        data : data frame or mapping of arrays
            One row per person.
        executor : concurrent.futures.Executor, optional
            Where the many fits run (see `executor_for`); the result is the same.
        progress : callable, optional
            Called as ``progress(done, total)``.

        Raises
        ------
        ModelError
            Columns that are absent or no numbers, covariates with gaps, no such reference, too few
            persons, occasions that no one has both of, nothing missing.
        """
        self._refuse_settings()
        trial = read_trial(data, self.outcomes, self.arm, self.reference, tuple(self.covariates))
        task = _Task(trial, self.rule, self.covariance)
        whole = task.moments(np.arange(len(trial.arm)))
        if whole is None:
            raise ModelError(
                "Means and covariances cannot be estimated: nobody has both of two occasions, or "
                "an occasion can be computed from others. Name fewer occasions."
            )
        run = _jackknifed if self.errors == "jackknife" else _multiple
        figures = run(self, task, whole, executor, progress)
        return _result(self, trial, whole, figures)

    def _refuse_settings(self) -> None:
        refuse_not_whole(2, imputations=self.imputations)
        refuse_not_whole(0, seed=self.seed)
        for name, kind in (("rule", Rule), ("covariance", Covariance), ("errors", Errors)):
            if getattr(self, name) not in get_args(kind):
                raise ModelError(
                    f"{name}: expected one of {get_args(kind)}, got {getattr(self, name)!r}."
                )


@dataclass(frozen=True)
class _Task:
    """One fit to some of the persons; can be sent to another process."""

    trial: Trial
    rule: Rule
    covariance: Covariance

    def moments(self, persons: Int) -> GaussianArms | None:
        """Moments by arm of some persons."""
        trial = self.trial
        return gaussian_arms(
            trial.values[persons], trial.arm[persons], len(trial.arms), self.covariance
        )

    def without(self, person: int) -> Float:
        """Differences without one person, expected values filled in; NaN where there are none."""
        persons = np.delete(np.arange(len(self.trial.arm)), person)
        found = self.moments(persons)
        if found is None:
            return np.full(len(self.trial.arms) - 1, np.nan)
        return self.compared(self.filled(found, persons), persons)[0]

    def drawn(self, seed: np.random.SeedSequence) -> tuple[Float, Float, Float]:
        """A completed outcome, its differences and their errors, for moments of drawn persons."""
        rng, arm = np.random.default_rng(seed), self.trial.arm
        parts = [np.flatnonzero(arm == place) for place in range(len(self.trial.arms))]
        for _ in range(REDRAWS):
            chosen = np.concatenate([rng.choice(part, part.size) for part in parts])
            found = self.moments(chosen)
            if found is not None:
                break
        else:
            raise ModelError(
                f"In {REDRAWS} bootstrap samples there was none whose means and covariances could "
                "be estimated: too few persons. Name fewer occasions, or take the jackknife."
            )
        everyone = np.arange(len(arm))
        filled = self.filled(found, everyone, rng)
        return filled[:, self.trial.n_covariates :], *self.compared(filled, everyone)

    def filled(
        self, moments: GaussianArms, persons: Int, rng: np.random.Generator | None = None
    ) -> Float:
        """Values of some persons with their gaps filled."""
        values, arm = self.trial.values[persons], self.trial.arm[persons]
        return complete(values, alike(values, arm), moments.arms, self.rule, rng)

    def compared(self, filled: Float, persons: Int) -> tuple[Float, Float]:
        """Differences (n_arms - 1,) at the last occasion given baseline, and their errors."""
        marks = np.eye(len(self.trial.arms))[self.trial.arm[persons]][:, 1:]
        given = filled[:, : self.trial.n_covariates + 1]
        X = np.column_stack([np.ones(len(filled)), marks, given - np.mean(given, axis=0)])
        gram = np.einsum("ni,nj->ij", X, X)
        b = np.linalg.solve(gram, np.einsum("ni,n->i", X, filled[:, -1]))
        rest = filled[:, -1] - np.einsum("ni,i->n", X, b)
        variance = np.sum(rest**2) / (len(X) - X.shape[1])
        errors = np.sqrt(variance * np.diag(np.linalg.inv(gram)))
        some = slice(1, len(self.trial.arms))
        return b[some], errors[some]


@dataclass(frozen=True)
class _Figures:
    """Differences, their errors, limits (2, k) and p, and the completed outcome."""

    estimates: Float
    errors: Float
    limits: Float
    p: Float
    completed: Float


def _jackknifed(
    model: ReferenceBasedImputation,
    task: _Task,
    whole: GaussianArms,
    executor: Executor | None,
    progress: Progress | None,
) -> _Figures:
    from scipy.special import ndtr

    everyone = np.arange(len(task.trial.arm))
    filled = task.filled(whole, everyone)
    estimates = task.compared(filled, everyone)[0]
    each = np.array(run_each(task.without, everyone.tolist(), executor=executor, progress=progress))
    if np.isnan(each).any():
        raise ModelError(
            "Without one person, means and covariances cannot be estimated: an occasion rests on "
            "that person alone. Name fewer occasions."
        )
    n = len(each)
    errors = np.sqrt((n - 1) / n * np.sum((each - np.mean(each, axis=0)) ** 2, axis=0))
    limits = np.stack([estimates - NORMAL_95 * errors, estimates + NORMAL_95 * errors])
    p = 2 * ndtr(-np.abs(estimates / errors))
    return _Figures(estimates, errors, limits, p, filled[None, :, task.trial.n_covariates :])


def _multiple(
    model: ReferenceBasedImputation,
    task: _Task,
    whole: GaussianArms,
    executor: Executor | None,
    progress: Progress | None,
) -> _Figures:
    from scipy.special import stdtr

    seeds = np.random.SeedSequence(model.seed).spawn(model.imputations)
    sets = run_each(task.drawn, seeds, executor=executor, progress=progress)
    n, k = len(task.trial.arm), len(task.trial.arms) + 1 + task.trial.n_covariates
    pooled = pool_estimates(
        np.array([one[1] for one in sets]), np.array([one[2] for one in sets]), n - k
    )
    estimates, errors = np.asarray(pooled.estimate), np.asarray(pooled.standard_error)
    p = 2 * stdtr(np.asarray(pooled.df), -np.abs(estimates / errors))
    completed = np.array([one[0] for one in sets])
    return _Figures(estimates, errors, np.asarray(pooled.interval), p, completed)


def _result(
    model: ReferenceBasedImputation, trial: Trial, whole: GaussianArms, figures: _Figures
) -> ReferenceBasedFit:
    others = trial.arms[1:]

    def by_arm(values: Float) -> dict[str, float]:
        return {name: float(value) for name, value in zip(others, values, strict=True)}

    low, high = by_arm(figures.limits[0]), by_arm(figures.limits[1])
    last = np.isnan(trial.outcomes[:, -1])
    counts = [trial.arm == place for place in range(len(trial.arms))]
    said = list(trial.messages)
    if model.rule != "missing at random" and not last[trial.arm > 0].any():
        said.append("Nobody outside the reference lacks the last value: the rule changes nothing.")
    if model.errors == "multiple" and model.imputations < FEW_SETS:
        said.append(f"{model.imputations} completed sets give rough errors; take 100.")
    if not whole.converged:
        said.append("The search for means and covariances did not settle.")
    return ReferenceBasedFit(
        rule=model.rule,
        reference=trial.arms[0],
        arms=others,
        errors=model.errors,
        estimates=by_arm(figures.estimates),
        standard_errors=by_arm(figures.errors),
        intervals={name: (low[name], high[name]) for name in others},
        p=by_arm(figures.p),
        n_persons=len(trial.arm),
        persons=pl.DataFrame(
            {
                "arm": trial.arms,
                "persons": [int(some.sum()) for some in counts],
                "last_missing": [int(last[some].sum()) for some in counts],
            }
        ),
        means=whole.arms.means,
        covariances=whole.arms.covariances,
        completed=figures.completed,
        rows=trial.rows,
        log_likelihood=log_likelihood(trial.values, trial.arm, whole.arms),
        converged=whole.converged,
        messages=tuple(said),
    )
