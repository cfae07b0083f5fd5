"""Gates that must all hold before classes of courses are claimed.

Thresholds and their reasons stand with the settings; Infurna and Grimm (2018) on why fit alone
does not do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from salutogen.models import (
    GrowthMixtureResult,
    adjusted_rand_index,
    bootstrap_agreement,
    bootstrap_likelihood_ratio,
    split_half_agreement,
)
from salutogen.trajectories.class_models import AssumptionSet, Courses
from salutogen.trajectories.class_settings import ClassSettings, GateSettings

FIRST_DRAWS = 19  # of the likelihood-ratio test, after which it may be lost already


@dataclass(frozen=True, kw_only=True)
class Gate:
    """One condition for a claim of classes.

    Attributes
    ----------
    name : str
        Which one.
    value : float or None
        What was found; None where it was not looked at, or has no value.
    threshold : float
        What it is held against.
    passed : bool
        Whether it holds.
    reached : bool
        Whether it was looked at: gates that cost many fits are not once another has failed.
    """

    name: str
    value: float | None
    threshold: float
    passed: bool
    reached: bool = True


def judge_classes(
    sets: Sequence[AssumptionSet],
    best: int,
    courses: Courses,
    settings: ClassSettings,
    *,
    heaped: bool,
    seed: int,
) -> tuple[Gate, ...]:
    """Hold the best set of assumptions against every gate.

    Parameters
    ----------
    sets : sequence of AssumptionSet
        On which a claim may rest.
    best : int
        Place of the best one among them.
    courses : Courses
    settings : ClassSettings
    heaped : bool
        Whether the data are skewed, or heaped at their lowest or highest value: then the test of
        k against k - 1 classes is also drawn from resampled person effects and residuals.
    seed : int

    Returns
    -------
    tuple of Gate
        In the order in which they are looked at.
    """
    limits, found = settings.gates, sets[best]
    k = found.number(limits.bic)
    if k == 1:
        gain = found.gain(2)
        return (Gate(name="bic", value=gain, threshold=limits.bic, passed=False),
                *_not_reached(limits, 1))  # fmt: skip
    fit = found.fits[k]
    gates = _cheap_gates(sets, best, k, limits)
    first, second, third = (
        int(child.generate_state(1)[0]) for child in np.random.SeedSequence([seed, 60]).spawn(3)
    )
    if all(gate.passed for gate in gates):
        p = likelihood_ratio_p(fit, courses, settings, heaped=heaped, seed=first)
        gates.append(Gate(name="blrt", value=p, threshold=limits.p, passed=p < limits.p))
    if all(gate.passed for gate in gates):
        halves = split_half_agreement(
            fit.spec, courses.rows(), splits=settings.resamples, seed=second
        ).median
        gates.append(_at_least("split-half", halves, limits.split_half))
    if all(gate.passed for gate in gates):
        again = bootstrap_agreement(
            fit.spec, courses.rows(), draws=settings.resamples, seed=third
        ).median
        gates.append(_at_least("bootstrap", again, limits.bootstrap))
    return (*gates, *_not_reached(limits, len(gates)))


def _cheap_gates(
    sets: Sequence[AssumptionSet], best: int, k: int, limits: GateSettings
) -> list[Gate]:
    """Gates that need no further fit."""
    found = sets[best]
    fit = found.fits[k]
    gain = found.gain(k)
    return [
        Gate(
            name="bic",
            value=gain,
            threshold=limits.bic,
            passed=gain is not None and gain >= limits.bic,
        ),
        _at_least("entropy", fit.entropy, limits.entropy),
        _at_least("smallest-share", float(fit.shares.min()), limits.share),
        _at_least("smallest-persons", smallest_size(fit), limits.persons),
        _at_least("starts-at-best", fit.starts_at_best, limits.starts_at_best),
        _at_least("assumptions", least_agreement(sets, best, limits), limits.assumptions),
    ]


def smallest_size(fit: GrowthMixtureResult) -> int:
    """Persons in the class that is most probable for fewest."""
    return int(np.bincount(np.argmax(fit.posterior, axis=1), minlength=fit.n_classes).min())


def _at_least(name: str, value: float, threshold: float) -> Gate:
    return Gate(name=name, value=value, threshold=threshold, passed=value >= threshold)


def _not_reached(limits: GateSettings, done: int) -> list[Gate]:
    """The remaining gates, which were not looked at."""
    thresholds = {
        "bic": limits.bic,
        "entropy": limits.entropy,
        "smallest-share": limits.share,
        "smallest-persons": limits.persons,
        "starts-at-best": limits.starts_at_best,
        "assumptions": limits.assumptions,
        "blrt": limits.p,
        "split-half": limits.split_half,
        "bootstrap": limits.bootstrap,
    }
    return [
        Gate(name=name, value=None, threshold=threshold, passed=False, reached=False)
        for name, threshold in list(thresholds.items())[done:]
    ]


def rivals(
    sets: Sequence[AssumptionSet], best: int, limits: GateSettings
) -> list[tuple[AssumptionSet, int]]:
    """Sets near the best by BIC, each with its own number of classes; the best one first.

    A set's number of classes is chosen by the same rule, so that a set that needs fewer classes,
    or one only, disagrees.
    """
    own = [(found, found.number(limits.bic)) for found in sets]
    at_best = own[best][0].fits[own[best][1]].bic
    return [
        own[best],
        *(
            (found, k)
            for place, (found, k) in enumerate(own)
            if place != best
            and found.fits[k].converged
            and found.fits[k].bic - at_best <= limits.near
        ),
    ]


def least_agreement(sets: Sequence[AssumptionSet], best: int, limits: GateSettings) -> float:
    """Smallest adjusted Rand index between rivals; 1 where the best set has none."""
    labels = [np.argmax(found.fits[k].posterior, axis=1) for found, k in rivals(sets, best, limits)]
    return min((adjusted_rand_index(a, b) for a, b in combinations(labels, 2)), default=1.0)


def likelihood_ratio_p(
    fit: GrowthMixtureResult,
    courses: Courses,
    settings: ClassSettings,
    *,
    heaped: bool,
    seed: int,
) -> float:
    """Test k against k - 1 classes by bootstrap: the larger p of two nulls where data are heaped.

    A null ends after its first draws where p cannot fall below its threshold any more.
    """
    worst = 0.0
    for _ in ("normal",):
        for draws in (FIRST_DRAWS, settings.blrt_draws):
            test = bootstrap_likelihood_ratio(
                fit.spec.formula,
                courses.rows(),
                fit.n_classes,
                draws=draws,
                seed=seed,
                starts=fit.spec.starts,
                random_covariance=fit.spec.random_covariance,
                residual_variance=fit.spec.residual_variance,
            )
            above = int(np.sum(test.draws >= test.statistic))
            if (1 + above) / (1 + settings.blrt_draws) >= settings.gates.p:
                return test.p_value
        worst = max(worst, test.p_value)
    return worst
