"""Names and values of a mixed model's variance parameters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salutogen.models.mixed.likelihood.criterion import Profiled
from salutogen.models.mixed.likelihood.problem import MixedProblem

Float = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class MixedParameter:
    """One parameter as users see it.

    Attributes
    ----------
    effect : str
        `fixed` or `random`.
    term : str
        A fixed term, or as broom.mixed writes them: `sd__Intercept`, `cor__Intercept.t`,
        `sd__Observation` (the residual SD).
    group : str or None
        Grouping column, `Residual`, or None for fixed effects.
    places : tuple of int
        Place of the fixed term; of the random term (SD) or of both (correlation); empty for the
        residual SD.
    """

    effect: str
    term: str
    group: str | None
    places: tuple[int, ...]

    def value(self, coefficients: Float, random_covariance: Float, variance: float) -> float:
        """Return the parameter's value; a correlation with a zero variance is NaN."""
        if self.effect == "fixed":
            return float(coefficients[self.places[0]])
        if not self.places:
            return float(np.sqrt(variance))
        sds = [float(np.sqrt(max(random_covariance[i, i], 0.0))) for i in self.places]
        if len(sds) == 1:
            return sds[0]
        size = sds[0] * sds[1]
        return float(random_covariance[self.places] / size) if size > 0 else float("nan")


@dataclass(frozen=True, kw_only=True)
class UnitEstimates:
    """Estimates in the user's units.

    Attributes
    ----------
    coefficients, covariance : array (p,), (p, p)
        Fixed effects and their covariance.
    random_covariance : array (q, q)
        Covariance of the random effects.
    residual_variance : float
        σ².
    """

    coefficients: Float
    covariance: Float
    random_covariance: Float
    residual_variance: float

    def value(self, parameter: MixedParameter) -> float:
        """Return one parameter."""
        return parameter.value(self.coefficients, self.random_covariance, self.residual_variance)


def in_units(problem: MixedProblem, L: Float, at: Profiled) -> UnitEstimates:
    """Bring what was profiled out at a relative factor back to the user's units."""
    variance = at.rss / problem.criterion.df * problem.scale**2
    relative = problem.random_map @ L
    bread = problem.fixed_map @ np.linalg.inv(at.precision) @ problem.fixed_map.T
    return UnitEstimates(
        coefficients=problem.scale * (problem.fixed_map @ at.coefficients) + problem.shift,
        covariance=bread * variance,
        random_covariance=relative @ relative.T * variance,
        residual_variance=float(variance),
    )


def mixed_parameters(
    terms: Sequence[str], blocks: Sequence[Sequence[str]], group: str
) -> tuple[MixedParameter, ...]:
    """Return fixed effects, then each block's SDs and correlations, then the residual SD."""
    fixed = [
        MixedParameter(effect="fixed", term=name, group=None, places=(i,))
        for i, name in enumerate(terms)
    ]
    residual = MixedParameter(effect="random", term="sd__Observation", group="Residual", places=())
    return (*fixed, *random_parameters(blocks, group), residual)


def random_parameters(blocks: Sequence[Sequence[str]], group: str) -> Iterator[MixedParameter]:
    """Return each block's SDs and correlations."""
    start = 0
    for block in blocks:
        for i, name in enumerate(block):
            yield MixedParameter(
                effect="random", term=f"sd__{name}", group=group, places=(start + i,)
            )
        for i, name in enumerate(block):
            for j in range(i + 1, len(block)):
                yield MixedParameter(
                    effect="random",
                    term=f"cor__{name}.{block[j]}",
                    group=group,
                    places=(start + i, start + j),
                )
        start += len(block)
