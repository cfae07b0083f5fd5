"""One group's values, scaled, with their moments without a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.sem.patterns import Patterns, patterns_of
from salutogen.models.sem.reading import Panel
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
    mean, covariance : array (p,), (p, p)
        Moments without a model, or where there are none those of independent variables.
    log_scale : float
        Sum over all values of the log of the number they were divided by.
    """

    names: tuple[str, ...]
    patterns: Patterns
    without: Saturated | None
    no_moments: str
    mean: Float
    covariance: Float
    log_scale: float


@dataclass(frozen=True)
class Scaling:
    """By variable: what its values are divided by, after the centre was taken away."""

    scale: dict[str, float]
    centre: dict[str, float]


@dataclass(frozen=True)
class Samples:
    """Samples of all groups of a panel, by group, with what they were scaled by."""

    of_groups: tuple[Sample, ...]
    scaling: Scaling


def samples_of(
    panel: Panel, columns: Sequence[tuple[str, str, int]], *, centred: bool = True
) -> Samples:
    """Prepare all groups; see `sample_of` and `scaling_of`."""
    scaling = scaling_of(panel, centred=centred)
    made = (sample_of(panel, columns, number, scaling) for number in range(len(panel.groups)))
    return Samples(tuple(made), scaling)


def scaling_of(panel: Panel, *, centred: bool = True) -> Scaling:
    """Return standard deviations over all values, and their means (0 unless `centred`).

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
            scale[name] = float(np.std(known))
            centre[name] = float(np.mean(known)) if centred else 0.0
    if problems:
        raise ModelError(" ".join(problems))
    return Scaling(scale, centre)


def sample_of(
    panel: Panel, columns: Sequence[tuple[str, str, int]], group: int, scaling: Scaling
) -> Sample:
    """Prepare one group.

    Parameters
    ----------
    panel : Panel
    columns : sequence of (str, str, int)
        Observed variables: name, column, and number of the occasion (−1 for a constant one).
    group : int
        Number of the group.
    scaling : Scaling

    Raises
    ------
    ModelError
        A variable does not vary at an occasion, or variables can be computed from each other.
    """
    rows, scaled, log_scale = panel.group == group, [], 0.0
    for _, name, t in columns:
        values = (panel.constant[name] if t < 0 else panel.repeated[name][:, t])[rows]
        scaled.append((values - scaling.centre[name]) / scaling.scale[name])
        log_scale += float(np.log(scaling.scale[name])) * int(np.sum(np.isfinite(values)))
    names = tuple(name for name, _, _ in columns)
    table = np.column_stack(scaled)
    _refuse_constant(table, names, panel.groups[group])
    patterns = patterns_of(table)
    without = saturated(patterns)
    mean, covariance = (
        independent_moments(patterns) if without is None else (without.mean, without.covariance)
    )
    return Sample(
        names=names,
        patterns=patterns,
        without=without,
        no_moments="" if without is not None else _why_none(patterns, names),
        mean=mean,
        covariance=covariance,
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
