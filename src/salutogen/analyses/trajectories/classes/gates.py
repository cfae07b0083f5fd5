"""Gates that must all hold before classes of courses are claimed.

Thresholds and their reasons stand with the settings; Infurna and Grimm (2018) on why fit alone
does not do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from salutogen.analyses.trajectories.classes.copula_test import copula_p, richest_formula
from salutogen.analyses.trajectories.classes.mixtures import AssumptionSet, Courses
from salutogen.analyses.trajectories.classes.settings import ClassSettings, GateSettings
from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.columns import Record, figure, record
from salutogen.findings import Persons
from salutogen.models import (
    GrowthMixtureResult,
    adjusted_rand_index,
    bootstrap_agreement,
    bootstrap_likelihood_ratio,
    split_half_agreement,
)
from salutogen.models.parallel.executors import Progress
from salutogen.page.words import Share

LENIENT = 0.2  # p of the null of whole residuals: close to the data, it guards one skewed heap
THRICE = 3.0  # times as far as leaves one peak are residuals of two heaps smoothed
STOPS_AT = 0.05  # level of the likelihood-ratio test at which draws may end early


@record
class Gate(Record):
    """One condition for a claim of classes."""

    name: str = figure("Which one")
    value: float | None = figure(
        "What was found; null where it was not looked at, or has no value (no other set of "
        "assumptions near the best)"
    )
    threshold: float = figure("What it is held against")
    passed: bool = figure("Whether it holds")
    # Gates that cost many fits are not looked at once another has failed.
    reached: bool = figure("Whether it was looked at", default=True)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What the gates look at.

    Attributes
    ----------
    sets : tuple of AssumptionSet
        On which a claim may rest.
    best : int
        Place of the best one among them.
    courses : Courses
        The persons' values.
    low, high : ndarray, shape (n, T)
        Bounds at which values stop; infinite where there is none.
    """

    sets: tuple[AssumptionSet, ...]
    best: int
    courses: Courses
    low: FloatArray
    high: FloatArray


def judge_classes(
    evidence: Evidence,
    settings: ClassSettings,
    *,
    seed: int,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> tuple[Gate, ...]:
    """Hold the best set of assumptions against every gate, in the order of their cost.

    Parameters
    ----------
    evidence : Evidence
    settings : ClassSettings
    seed : int
    executor : concurrent.futures.Executor, optional
        Where samples are fitted; by default here.
    progress : callable, optional
        Called as ``progress(done, total)`` with numbers of samples; see `samples_asked`.
    """
    limits, found = settings.gates, evidence.sets[evidence.best]
    k = found.number(limits.bic)
    if k == 1:
        gain = found.gain(2)
        return (Gate(name="bic", value=gain, threshold=limits.bic, passed=False),
                *_not_reached(limits, 1))  # fmt: skip
    fit, rows = found.fits[k], evidence.courses.rows()
    gates = _cheap_gates(evidence.sets, evidence.best, k, limits)
    first, second, third = (
        int(child.generate_state(1)[0]) for child in np.random.SeedSequence([seed, 60]).spawn(3)
    )
    if all(gate.passed for gate in gates):
        p = likelihood_ratio_p(
            evidence, fit, settings,
            seed=first, executor=executor, progress=_after(0, settings, progress),
        )  # fmt: skip
        gates.append(Gate(name="blrt", value=p, threshold=limits.p, passed=p < limits.p))
    if all(gate.passed for gate in gates):
        halves = split_half_agreement(
            fit.spec, rows, splits=settings.resamples, seed=second,
            executor=executor, progress=_after(settings.blrt_draws, settings, progress),
        )  # fmt: skip
        gates.append(_at_least("split-half", halves.median, limits.split_half))
    if all(gate.passed for gate in gates):
        done = settings.blrt_draws + settings.resamples
        again = bootstrap_agreement(
            fit.spec, rows, draws=settings.resamples, seed=third,
            executor=executor, progress=_after(done, settings, progress),
        )  # fmt: skip
        gates.append(_at_least("bootstrap", again.median, limits.bootstrap))
    return (*gates, *_not_reached(limits, len(gates)))


def samples_asked(settings: ClassSettings) -> int:
    """Samples that are fitted at most, where every gate is reached."""
    return settings.blrt_draws + 2 * settings.resamples


def _after(
    before: int, settings: ClassSettings, progress: Progress | None
) -> Callable[[int, int], None] | None:
    """Progress over all samples, told by a part of them."""
    if progress is None:
        return None
    return lambda done, _: progress(before + done, samples_asked(settings))


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
        _at_least("smallest-share", Share(fit.shares.min(), of=len(fit.posterior)), limits.share),
        _at_least("smallest-persons", Persons(smallest_size(fit)), limits.persons),
        _at_least("starts-at-best", fit.starts_at_best, limits.starts_at_best),
        _assumptions_gate(least_agreement(sets, best, limits), limits.assumptions),
    ]


def smallest_size(fit: GrowthMixtureResult) -> int:
    """Persons in the class that is most probable for fewest."""
    return int(np.bincount(np.argmax(fit.posterior, axis=1), minlength=fit.n_classes).min())


def _at_least(name: str, value: float, threshold: float) -> Gate:
    return Gate(name=name, value=value, threshold=threshold, passed=value >= threshold)


def _assumptions_gate(agreement: float | None, threshold: float) -> Gate:
    """A set without rivals contradicts nothing: the gate does not stand in the way, untested."""
    if agreement is None:
        return Gate(name="assumptions", value=None, threshold=threshold, passed=True)
    return _at_least("assumptions", agreement, threshold)


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
    at_best = own[best][0].bic(own[best][1])
    return [
        own[best],
        *(
            (found, k)
            for place, (found, k) in enumerate(own)
            if place != best and found.fits[k].converged and found.bic(k) - at_best <= limits.near
        ),
    ]


def least_agreement(sets: Sequence[AssumptionSet], best: int, limits: GateSettings) -> float | None:
    """Smallest adjusted Rand index between rivals; None where the best set has none."""
    labels = [np.argmax(found.fits[k].posterior, axis=1) for found, k in rivals(sets, best, limits)]
    return min((adjusted_rand_index(a, b) for a, b in combinations(labels, 2)), default=None)


def likelihood_ratio_p(
    evidence: Evidence,
    fit: GrowthMixtureResult,
    settings: ClassSettings,
    *,
    seed: int,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> float:
    """Test k against k - 1 classes by bootstrap: the larger p of two nulls, guarded by a third.

    Courses of any margins and covariance; the persons' own residuals at all positions together,
    with one peak where the k-th class would part them; and what the best set with k - 1 classes
    says. The second is so close to the data that it need only be unlikely: its p counts from
    `LENIENT` on. Draws end early where the verdict is clear; a null is left where one before it
    is not rejected.
    """
    limits, draws = settings.gates, settings.blrt_draws
    any_shape = copula_p(
        evidence.courses, fit.n_classes, (evidence.low, evidence.high),
        starts=settings.starts, draws=draws, below=limits.p, seed=seed,
        executor=executor, progress=progress,
    )  # fmt: skip
    if any_shape >= limits.p:
        return any_shape
    whole = bootstrap_likelihood_ratio(
        richest_formula(evidence.courses),
        evidence.courses.rows(),
        fit.n_classes,
        draws=draws,
        null="semiparametric",
        smoothing=THRICE,
        seed=seed,
        executor=executor,
        progress=progress,
        starts=settings.starts,
    )
    if whole.p_value >= LENIENT:
        return whole.p_value
    test = bootstrap_likelihood_ratio(
        fit.spec.formula,
        evidence.courses.rows(),
        fit.n_classes,
        draws=draws,
        stop_early=limits.p == STOPS_AT,
        seed=seed,
        executor=executor,
        progress=progress,
        starts=fit.spec.starts,
        random_covariance=fit.spec.random_covariance,
        residual_variance=fit.spec.residual_variance,
    )
    return max(any_shape, test.p_value)
