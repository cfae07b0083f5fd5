"""Each factor alone and all jointly, in two steps and in one, over the same persons."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.factors.later import Later, complete
from salutogen.analyses.factors.measured import Factor
from salutogen.analyses.factors.steps import BothSteps, Step
from salutogen.analyses.two_steps_and_one import ratio_of
from salutogen.models.false_discovery import adjusted_p
from salutogen.models.regression.stacked import (
    EstimatedLine,
    StackedFit,
    shared_with,
    stacked_regression,
)
from salutogen.models.resampling.stepdown import romano_wolf

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]
TWO, ONE = "two_step", "one_step"


@dataclass(frozen=True, kw_only=True, eq=False)
class Fits:
    """Both ways of asking, fitted to the same persons."""

    persons: Bool
    two_step: StackedFit
    one_step: StackedFit


def fit_both(factors: Sequence[Factor], later: Later, line: EstimatedLine | None) -> Fits:
    """Fit SR on factors and covariates, and P on exposure, factors and covariates.

    Raises
    ------
    ModelError
        Factors are collinear, or there are not more persons than terms.
    """
    persons = complete(factors, later)
    own = np.column_stack([factor.values for factor in factors])
    names = tuple(factor.name for factor in factors)
    SR, P = (np.where(persons, values, np.nan) for values in (later.SR, later.P))
    given = ~later.exposure
    kept = tuple(name for name, own in zip(later.names, given, strict=True) if own)
    first = (*kept, *later.covariate_names)
    first_columns = np.column_stack([later.terms[:, given], later.covariates])
    two = stacked_regression(
        SR, np.column_stack([first_columns, own]), names=(*first, *names),
        through=later.along, line=line,
    )  # fmt: skip
    one = stacked_regression(
        P, np.column_stack([later.terms, later.covariates, own]),
        names=(*later.names, *later.covariate_names, *names),
    )  # fmt: skip
    return Fits(persons=persons, two_step=two, one_step=one)


def both_steps(fits: Fits, factor: Factor, later: Later, place: int = -1) -> BothSteps:
    """Tell of one factor of a fit; `place` counts from the end."""
    values = factor.values[fits.persons]
    two = _step(fits.two_step, place, values, later.SR[fits.persons])
    two = replace(two, se_line_as_known=float(fits.two_step.own[place]))
    one = _step(fits.one_step, place, values, later.P[fits.persons])
    return BothSteps(n=fits.two_step.n, two_step=two, one_step=one, ratio=ratio_of(two.b, one.b))


def _step(fit: StackedFit, place: int, factor: Float, outcome: Float) -> Step:
    b, se, p = (float(part[place]) for part in (fit.coefficients, fit.errors, fit.p_values()))
    low, high = fit.interval()[:, place]
    spread = float(np.std(outcome, ddof=1))
    known = se > 0 and np.isfinite(p)
    return Step(
        b=b,
        se=se if known else None,
        interval=(float(low), float(high)) if known else None,
        p=p if known else None,
        standardised=b * float(np.std(factor, ddof=1)) / spread if spread > 0 else None,
    )


def adjusted(
    found: Sequence[BothSteps],
    fits: Sequence[Fits],
    *,
    draws: int,
    seed: int,
    executor: Executor | None = None,
) -> tuple[BothSteps, ...]:
    """Adjust p over the factors, each way of asking for itself; draws on the executor, if any."""
    steps: dict[str, list[Step]] = {}
    for which in (TWO, ONE):
        own: list[Step] = [getattr(item, which) for item in found]
        p = np.array([np.nan if step.p is None else step.p for step in own])
        # In units of the errors; who pulls on several factors pulls on them at once.
        t = np.array([np.nan if step.se is None else step.b / step.se for step in own])
        pulls = np.stack(
            [
                _unit(getattr(fit, which).pulls[:, -1], step.se)
                for fit, step in zip(fits, own, strict=True)
            ],
            axis=1,
        )
        largest = romano_wolf(t, pulls, draws=draws, seed=seed, executor=executor)
        each = (adjusted_p(p), largest)
        steps[which] = [
            replace(step, p_adjusted=_known(false), p_familywise=_known(any_))
            for step, false, any_ in zip(own, *each, strict=True)
        ]
    return tuple(
        replace(item, two_step=two, one_step=one)
        for item, two, one in zip(found, steps[TWO], steps[ONE], strict=True)
    )


def _unit(pulls: Float, se: float | None) -> Float:
    return np.zeros_like(pulls) if se is None else pulls / se


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def shared(fits: Fits, factor: Factor, later: Later) -> float | None:
    """Share of a factor, given covariates, that goes with exposure over persons' means."""
    rows = fits.persons
    given = np.column_stack([later.terms[:, ~later.exposure], later.covariates])[rows]
    return _known(shared_with(factor.values[rows], given, later.terms[rows][:, later.exposure]))
