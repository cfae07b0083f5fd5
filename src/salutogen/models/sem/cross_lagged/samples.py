"""One group's values, scaled, with their moments without a model and where a search begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.sem.cross_lagged.reading import Panel
from salutogen.models.sem.cross_lagged.specification import Plan, observed_variables
from salutogen.models.sem.cross_lagged.starts import Starts, rough_starts
from salutogen.models.sem.patterns import Patterns, patterns_of
from salutogen.models.sem.saturated import Saturated, dependence, independent_moments, saturated

Float = NDArray[np.float64]

ROUNDING = 1e-12  # variance, as a share of the variable's squared size, that is none


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What a model of one group is fitted to.

    Attributes
    ----------
    names : tuple of str
        Observed variables.
    patterns : Patterns
        Their values in scaled units.
    without : Saturated or None
        Moments without a model.
    no_moments : str
        Why there are none.
    starts : Starts
    errors : dict of array (n_occasions,)
        Known variances of errors of measurement by outcome.
    log_scale : float
        Sum over all values of the log of the number they were divided by.
    """

    names: tuple[str, ...]
    patterns: Patterns
    without: Saturated | None
    no_moments: str
    starts: Starts
    errors: dict[str, Float]
    log_scale: float


def scales_of(panel: Panel) -> tuple[dict[str, float], dict[str, float]]:
    """Return what each variable's values are divided by, and the centre taken away before.

    Raises
    ------
    ModelError
        Variables without values or variance.
    """
    scale, centre, problems = {}, {}, []
    for name, values in (panel.repeated | panel.constant).items():
        known = values[np.isfinite(values)]
        if not known.size:
            problems.append(f"{name}: there are no values.")
        elif np.var(known) <= ROUNDING * np.mean(known**2):
            problems.append(f"{name}: all values are {known[0]:g}; nothing varies.")
        else:
            centre[name], scale[name] = float(np.mean(known)), float(np.std(known))
    if problems:
        raise ModelError(" ".join(problems))
    return scale, centre


def sample_of(
    panel: Panel,
    plan: Plan,
    number: int,
    scale: Mapping[str, float],
    centre: Mapping[str, float],
    reliability: Mapping[str, float],
) -> Sample:
    """Prepare one group.

    Raises
    ------
    ModelError
        A variable does not vary at an occasion, or variables can be computed from each other.
    """
    listed = observed_variables(plan)
    columns, log_scale = [], 0.0
    rows = panel.group == number
    for _, name, t in listed:
        column = panel.constant[name] if t < 0 else panel.repeated[name][:, t]
        columns.append((column[rows] - centre[name]) / scale[name])
        log_scale += float(np.log(scale[name])) * int(np.sum(np.isfinite(columns[-1])))
    names = tuple(here for here, _, _ in listed)
    values = np.column_stack(columns)
    _refuse_constant(values, names, panel.groups[number])
    patterns = patterns_of(values)
    without = saturated(patterns)
    no_moments = "" if without is not None else _why_none(patterns, names)
    mean, covariance = (
        independent_moments(patterns) if without is None else (without.mean, without.covariance)
    )
    places = np.array(
        [[names.index(f"{name}@{at}") for name in plan.outcomes] for at in plan.occasions]
    )
    variances = np.diag(covariance)[places]
    share = np.array([1 - reliability.get(name, 1.0) for name in plan.outcomes])
    return Sample(
        names=names,
        patterns=patterns,
        without=without,
        no_moments=no_moments,
        starts=rough_starts(
            names,
            mean,
            covariance,
            places,
            variances * share,
            random_intercepts=plan.random_intercepts,
        ),
        errors={
            name: (variances * share)[:, k]
            for k, name in enumerate(plan.outcomes)
            if name in reliability
        },
        log_scale=log_scale,
    )


def _refuse_constant(values: Float, names: tuple[str, ...], group: str) -> None:
    """Refuse variables that do not vary among those who have them."""
    where = f" in group {group}" if group else ""
    problems = []
    for name, column in zip(names, values.T, strict=True):
        known = column[np.isfinite(column)]
        if len(known) < 2:
            problems.append(f"{name}: {len(known)} persons have it{where}.")
        elif np.var(known) <= ROUNDING * (1 + np.mean(known**2)):
            problems.append(f"{name}: all persons have the same value{where}; nothing varies.")
    if problems:
        raise ModelError(
            " ".join(problems) + " Leave those occasions or variables out of the model."
        )


def _why_none(patterns: Patterns, names: tuple[str, ...]) -> str:
    """Say why there are no moments without a model; refuse variables that depend on each other."""
    coverage = patterns.coverage
    if coverage.min() < 1:
        i, j = np.unravel_index(int(np.argmin(coverage)), coverage.shape)
        return f"nobody has both {names[i]} and {names[j]}"
    dependent = dependence(patterns)
    if dependent.any():
        listed = ", ".join(name for name, one in zip(names, dependent, strict=True) if one)
        raise ModelError(
            f"The covariances of {listed} are not positive definite: they can be computed from "
            "each other. Leave one of them out."
        )
    return "the likelihood of covariances without a model has no maximum"
