"""Factors and later SR over completed data sets: everyone with later SR or a factor.

What is completed are numbers of persons: means over later occasions, factors, covariates, and
problems and exposure before. Who has some later occasions keeps the mean of these.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.completed_of_few import few_lack_something
from salutogen.analyses.completing import (
    Wide,
    complete,
    how_made,
    tell_doubts_of_sets,
)
from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.factors.completed_layout import Layout, lay_out
from salutogen.analyses.factors.completed_records import (
    Completion,
    FactorCompleted,
    PooledStep,
    PooledSteps,
)
from salutogen.analyses.factors.later import Later, Related, at_equal_earlier
from salutogen.analyses.factors.later import complete as with_everything
from salutogen.analyses.factors.measured import Factor, TimeOrder
from salutogen.analyses.factors.records import FactorFound
from salutogen.analyses.factors.relations import ONE, TWO, Fits, fit_both
from salutogen.analyses.factors.settings import FactorsSettings
from salutogen.analyses.imputations_key import Imputations
from salutogen.analyses.two_steps_and_one import ratio_of
from salutogen.errors import ModelError
from salutogen.findings import Findings
from salutogen.models.false_discovery import adjusted_p
from salutogen.models.imputation.completed import CompletedSets
from salutogen.models.parallel.executors import run_each
from salutogen.models.pooling.estimates import pool_estimates
from salutogen.page.words import without_counts

Float = NDArray[np.float64]
STREAM = 0xFAC
TRACED = 8  # columns whose chains are shown
ALONE, JOINT, PLAIN, EARLIER = "alone", "joint", "joint_without_disguised", "given_earlier_problems"
Found = dict[tuple[str, str], Float]  # by model and factor: b, se, df, SD per SD; two steps, one


@dataclass(frozen=True, kw_only=True, eq=False)
class Pooled:
    """What is found over completed sets.

    Attributes
    ----------
    n : int
        Persons of each set.
    completion : Completion
    factors : mapping from name to FactorCompleted
    untold : frozenset of (str, str)
        Models and factors of which few persons lack something, where persons are hidden.
    """

    n: int
    completion: Completion
    factors: Mapping[str, FactorCompleted]
    untold: frozenset[tuple[str, str]] = frozenset()

    def kept_back(self, told: Sequence[FactorFound]) -> tuple[str, ...]:
        """Paths of what is untold in the results of the factors."""
        return tuple(
            f"factors[{place}].completed.{model}"
            for place, one in enumerate(told)
            for model, name in sorted(self.untold)
            if name == one.name
        )


def completed(
    inputs: AnalysisInputs,
    settings: FactorsSettings,
    related: Related,
    order: TimeOrder,
    found: Findings,
) -> Pooled | None:
    """Complete what persons lack several times, and pool what is found of each factor.

    Returns
    -------
    Pooled or None
        None, with a finding where sets were asked for, where there is nothing to pool.
    """
    if settings.imputations is None or not related.factors:
        return None
    try:
        layout, wide = lay_out(inputs, settings, related, order)
        if not wide.gaps.any():
            found.tell("nothing-to-complete", variant="factors")
            return None
        whole = persons_of_models(related)
        alone = [n for (model, _), n in whole.items() if model == ALONE]
        if few_lack_something(inputs, wide, found, alone):
            return None
        sets = complete(inputs, settings.imputations, wide, stream=STREAM)
        slim = replace(related.later, rows=related.later.rows.clear())  # may be sent elsewhere
        asked = replace(related, later=slim)
        task = _Asked(sets=sets, layout=layout, wide=wide, related=asked)
        with inputs.run.cluster() as executor:
            of_sets = run_each(
                task.of, range(sets.n_sets), executor=executor, progress=inputs.run.tell
            )
        everyone, audience = int(wide.members.sum()), inputs.run.audience
        few = {key for key, n in whole.items() if audience.is_small(everyone - n)}
        untold = few & set(of_sets[0])
        factors = _told(related.factors, of_sets, untold)
    except ModelError as error:
        found.tell("completed-sets-not-made", reason=without_counts(error))
        return None
    completion = _completion(inputs, settings.imputations, sets, layout, wide, factors)
    tell_doubts_of_sets(completion, sets, found)
    return Pooled(n=everyone, completion=completion, factors=factors, untold=frozenset(untold))


def _completion(
    inputs: AnalysisInputs,
    imputations: Imputations,
    sets: CompletedSets,
    layout: Layout,
    wide: Wide,
    factors: Mapping[str, FactorCompleted],
) -> Completion:
    """How the sets were made; chains of the factors and of later problems are shown."""
    shares = [
        step.missing
        for one in factors.values()
        for model in (one.alone, one.joint, one.joint_without_disguised, one.given_earlier_problems)
        if model is not None
        for step in (model.two_step, model.one_step)
    ]
    gaps = wide.gaps
    lacking = [place for place in (layout.P, *layout.factors) if gaps[:, place].any()]
    traced = tuple(wide.names[place] for place in lacking[:TRACED])
    return Completion(
        **how_made(inputs, imputations, sets, wide, missing=max(shares), shown=traced, in_sds=True),
        traced=traced,
        n_without_later=int(gaps[:, layout.P].sum()),
        n_without_factor=int(gaps[:, list(layout.factors)].any(axis=1).sum()),
        n_without_gaps=int((~gaps.any(axis=1)).sum()),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Asked:
    """What is asked of each completed set; can be sent to another process."""

    sets: CompletedSets
    layout: Layout
    wide: Wide
    related: Related

    def of(self, place: int) -> Found:
        """Coefficients of every factor in one set."""
        factors, later = self.layout.filled(
            self.wide.by_person(self.sets.array(place)), self.related
        )
        plain = [factor for factor in factors if not factor.disguise]
        found: Found = {}
        for factor in factors:
            found |= self._fitted(ALONE, [factor], later)
            found |= self._fitted(EARLIER, [factor], at_equal_earlier(factor, later))
        if len(factors) > 1:
            found |= self._fitted(JOINT, factors, later)
        if 1 < len(plain) < len(factors):
            found |= self._fitted(PLAIN, plain, later)
        return found

    def _fitted(self, model: str, factors: Sequence[Factor], later: Later) -> Found:
        try:
            fits = fit_both(factors, later, self.related.line)
        except ModelError:  # told of persons who lack nothing, or the factor is these problems
            return {}
        return {
            (model, factor.name): np.array(
                [
                    _coefficient(fits, which, place, factor, outcome)
                    for which, outcome in ((TWO, later.SR), (ONE, later.P))
                ]
            )
            for place, factor in zip(range(-len(factors), 0), factors, strict=True)
        }


def _coefficient(
    fits: Fits, which: str, place: int, factor: Factor, outcome: Float
) -> tuple[float, float, float, float]:
    """Coefficient, error, degrees of freedom, and SDs of the factor per SD of the outcome."""
    fit = getattr(fits, which)
    spread = float(np.std(outcome[fits.persons], ddof=1))
    own = float(np.std(factor.values[fits.persons], ddof=1))
    scale = own / spread if spread > 0 else np.nan
    return float(fit.coefficients[place]), float(fit.errors[place]), float(fit.df[place]), scale


def persons_of_models(related: Related) -> dict[tuple[str, str], int]:
    """Persons who lack nothing that each model needs, by model and factor."""
    factors, later = related.factors, related.later
    plain = [factor for factor in factors if not factor.disguise]
    found: dict[tuple[str, str], int] = {}
    for factor in factors:
        given = at_equal_earlier(factor, later)
        found[ALONE, factor.name] = int(with_everything([factor], later).sum())
        found[EARLIER, factor.name] = int(with_everything([factor], given).sum())
        found[JOINT, factor.name] = int(with_everything(factors, later).sum())
        found[PLAIN, factor.name] = int(with_everything(plain, later).sum())
    return found


def _told(
    factors: Sequence[Factor], of_sets: Sequence[Found], untold: Collection[tuple[str, str]]
) -> dict[str, FactorCompleted]:
    """Pool by Rubin's rules what could be fitted in each set; what few lack is left out."""
    made: dict[tuple[str, str], PooledSteps] = {}
    for key in of_sets[0]:
        if key not in untold and all(key in one for one in of_sets):
            rows = np.array([one[key] for one in of_sets])
            if np.isfinite(rows[:, :, 1]).all() and (rows[:, :, 1] > 0).all():
                two, one_step = (_pooled(rows[:, step]) for step in (0, 1))
                made[key] = PooledSteps(
                    two_step=two, one_step=one_step, ratio=ratio_of(two.b, one_step.b)
                )
    if not made:
        raise ModelError("No factor could be fitted in each of the sets.")
    alone = _adjusted({name: steps for (model, name), steps in made.items() if model == ALONE})
    return {
        factor.name: FactorCompleted(
            alone=alone.get(factor.name),
            joint=made.get((JOINT, factor.name)),
            joint_without_disguised=made.get((PLAIN, factor.name)),
            given_earlier_problems=made.get((EARLIER, factor.name)),
        )
        for factor in factors
    }


def _pooled(rows: Float) -> PooledStep:
    """Pool one coefficient of each set (sets, 4)."""
    b, se, df, scale = rows.T
    pooled = pool_estimates(b, se, df_complete=float(df.min()))
    low, high = pooled.interval
    standardised = float(pooled.estimate) * float(np.mean(scale))
    return PooledStep(
        b=float(pooled.estimate),
        se=float(pooled.standard_error),
        interval=(float(low), float(high)),
        df=float(pooled.df),
        p=float(pooled.p),
        missing=float(pooled.fraction_missing),
        standardised=standardised if np.isfinite(standardised) else None,
    )


def _adjusted(found: Mapping[str, PooledSteps]) -> dict[str, PooledSteps]:
    """Adjust p over the factors, each way of asking for itself."""
    two = adjusted_p(np.array([one.two_step.p for one in found.values()]))
    one_step = adjusted_p(np.array([one.one_step.p for one in found.values()]))
    return {
        name: replace(
            steps,
            two_step=replace(steps.two_step, p_adjusted=float(p)),
            one_step=replace(steps.one_step, p_adjusted=float(q)),
        )
        for (name, steps), p, q in zip(found.items(), two, one_step, strict=True)
    }
