"""The analysis of factors: which go with later SR, each way of asking beside the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.answer_times import AnswerTimes
from salutogen.analyses.contract import AnalysisInputs, AnalysisResult, ResultFile
from salutogen.analyses.factors.before import before_by_the_clock, planned_window
from salutogen.analyses.factors.buffering import Buffering, buffering
from salutogen.analyses.factors.completed import completed
from salutogen.analyses.factors.completed_records import Completion
from salutogen.analyses.factors.correlates import correlates
from salutogen.analyses.factors.distance import distances
from salutogen.analyses.factors.doubts import tell_doubts
from salutogen.analyses.factors.error_bands import error_bands
from salutogen.analyses.factors.later import (
    Later,
    Related,
    at_equal_earlier,
    complete,
    later_scores,
)
from salutogen.analyses.factors.measured import (
    FEWEST,
    Factor,
    asked_factors,
    factors_before,
    time_order,
)
from salutogen.analyses.factors.records import Correlate, FactorFound, Selection
from salutogen.analyses.factors.relations import (
    Fits,
    adjusted,
    both_steps,
    fit_both,
    shared,
)
from salutogen.analyses.factors.selection import Selected, select
from salutogen.analyses.factors.settings import FactorsSettings
from salutogen.analyses.factors.steps import BothSteps
from salutogen.analyses.factors.turning import Turning, turning
from salutogen.analyses.factors.updating import Updating, updating
from salutogen.analyses.factors.words import answer_of, clause_of, methods_of
from salutogen.analyses.line_of_occasions import line_of_occasions
from salutogen.columns import Kind, beside, figure, record
from salutogen.errors import AnalysisError, ModelError
from salutogen.findings import Findings, Persons, listed
from salutogen.models.descriptive import pearson
from salutogen.models.false_discovery import adjusted_p
from salutogen.models.regression.stacked import EstimatedLine
from salutogen.page.words import without_counts
from salutogen.scores.of_few import tell_few

if TYPE_CHECKING:
    from salutogen.page.audience import Audience
    from salutogen.page.section import Section, Text

Float = NDArray[np.float64]


@record
class FactorsResult(AnalysisResult):
    """Factors and the SR after them; negative coefficients protect."""

    occasions: tuple[str, ...] = figure("Occasions of later SR", kind=Kind.LABEL)
    n: int = figure(
        "Persons with later SR", unit="persons", kind=Kind.COUNT, of=("persons", "n_completed")
    )
    n_completed: int | None = figure(
        "Persons of the completed sets: with later SR or a factor", unit="persons",
        kind=Kind.COUNT, default=None,
    )  # fmt: skip
    covariates: tuple[str, ...] = figure(
        "Covariates in both steps, beside those of the line", kind=Kind.LABEL
    )
    line_estimated: bool = figure(
        "Whether the errors of two steps carry the line's; not with a line of another study"
    )
    slope_of_occasions: float | None = figure("Slope of the line of occasions; null if not one")
    slope_of_persons: float | None = figure(
        "Slope of P on E over the persons' later means, given covariates; null if there is not one"
    )
    r_SR_P: float | None = figure("Correlation of later SR with later problems over persons")
    n_joint: int | None = figure(
        "Persons in the joint model", unit="persons", kind=Kind.COUNT, of=("n", "n_completed")
    )
    factors: tuple[FactorFound, ...] = figure("Factors that were measured before")
    selection: Selection | None = figure("How factors were selected; null where they were not")
    correlates: tuple[Correlate, ...] = figure("Factors that were not: no predictors")
    updating: Updating | None = figure(
        "What is gained by measuring factors again; null where none was, or too few persons have it"
    )
    completed: Completion | None = figure(
        "How completed sets were made; null where none were asked for or could be made",
        default=None,
    )
    drawn: int = beside(default=0)
    related: Related | None = beside(default=None)

    def sections(self, audience: Audience) -> Sequence[Section]:
        """Both ways of asking, and what stands beside them."""
        from salutogen.analyses.factors.distance_section import distance_section
        from salutogen.analyses.factors.section import factors_section
        from salutogen.analyses.factors.updating_section import updating_section

        made = (
            factors_section(self, audience),
            distance_section(self.factors),
            updating_section(self.updating),
        )
        return tuple(section for section in made if section is not None)

    def files(self) -> Mapping[str, ResultFile]:
        """What was completed, with its gaps: to be completed elsewhere."""
        if self.completed is None:
            return {}
        return {"factors_to_complete.csv": self.completed.file_to_complete()}

    def answer(self) -> Text:
        """Say which factors go with later SR, both ways of asking."""
        return answer_of(self)

    def in_short(self) -> Text:
        """Name the factors that stand both ways."""
        return clause_of(self)

    def methods(self) -> Text:
        """Say how they were related."""
        return methods_of(self)


def compute(inputs: AnalysisInputs, settings: FactorsSettings) -> FactorsResult:
    """Relate factors to the SR after them, in two steps and in one."""
    found = Findings()
    names = asked_factors(inputs, settings, found)
    order = time_order(inputs, settings, names, found)
    times = AnswerTimes(inputs)
    planned, not_planned = factors_before(inputs, order, times, found)
    window = planned_window(inputs, order, times)
    factors, not_before, window = before_by_the_clock(planned, window, found)
    beside_ = (*not_planned, *not_before)
    later = later_scores(inputs, settings, order, window.rows, found)
    line = line_of_occasions(inputs)
    if line is None:
        found.tell("factors-by-a-given-line")
    usable, fits = _alone(factors, later, line, found)
    if not usable and not beside_:
        found.tell("no-factor-left")
        raise AnalysisError(tuple(found))  # with what keeps each factor from it
    told = [both_steps(fit, factor, later) for fit, factor in zip(fits, usable, strict=True)]
    if told:
        with inputs.run.cluster() as executor:
            told = list(
                adjusted(told, fits, draws=settings.draws, seed=inputs.run.seed, executor=executor)
            )
    selected = select(
        usable,
        later,
        expected_false=settings.false_selections,
        grouped_from=settings.grouped_from,
        seed=inputs.run.seed,
        found=found,
    )
    made = _made(inputs, settings, usable, fits, told, later, line, selected, found)
    related = Related(factors=tuple(usable), later=later, line=line)
    pooled = completed(inputs, settings, related, order, found)
    if pooled is not None:
        made = tuple(replace(one, completed=pooled.factors[one.name]) for one in made)
    again = updating(inputs, settings, usable, later, times, found)
    tell_doubts(made, again, found)
    return FactorsResult(
        occasions=later.labels,
        n=int(np.isfinite(later.SR).sum()),
        covariates=later.asked.of(settings.covariates),
        line_estimated=line is not None,
        slope_of_occasions=inputs.norm.lines.occasion.slope,
        slope_of_persons=_slope(later),
        r_SR_P=pearson(later.SR, later.P),
        n_joint=next((item.joint.n for item in made if item.joint is not None), None),
        factors=made,
        selection=selected.told if selected else None,
        correlates=correlates(inputs, beside_, later),
        updating=again,
        drawn=settings.draws,
        n_completed=pooled.n if pooled else None,
        completed=pooled.completion if pooled else None,
        related=related,
        kept_back=() if pooled is None else pooled.kept_back(made),
        findings=tuple(found),
    )


def _made(
    inputs: AnalysisInputs,
    settings: FactorsSettings,
    usable: Sequence[Factor],
    fits: Sequence[Fits],
    told: Sequence[BothSteps],
    later: Later,
    line: EstimatedLine | None,
    selected: Selected | None,
    found: Findings,
) -> tuple[FactorFound, ...]:
    """Join what is found of each factor, alone and beside the others."""
    joint = _joint(usable, later, line, found)
    plain = tuple(factor for factor in usable if not factor.disguise)
    some_disguised = 0 < len(plain) < len(usable)
    without = _joint(plain, later, line, found) if some_disguised else {}
    buffers = _buffers(usable, later, inputs.run.audience)
    bands = error_bands(inputs, usable, later)
    turns = _turns(inputs, settings, usable, later, found)
    far = distances(inputs, usable, later, line, found)
    return tuple(
        FactorFound(
            name=factor.name,
            title=factor.title,
            problems_in_disguise=factor.disguise or None,
            n=both.n,
            r_SR=_r(factor, later.SR, fit),
            r_P=_r(factor, later.P, fit),
            r_E=_r(factor, later.E, fit),
            shared_with_exposure=shared(fit, factor, later),
            two_step=both.two_step,
            one_step=both.one_step,
            ratio=both.ratio,
            p_adjusted=both.two_step.p_adjusted,
            holds=both.holds,
            selected=selected.chosen[factor.name] if selected else None,
            selected_share=selected.share[factor.name] if selected else None,
            joint=joint.get(factor.name),
            joint_without_disguised=without.get(factor.name),
            given_earlier_problems=_given_earlier(factor, later, line),
            earlier_occasions=factor.place + 1,
            buffering=buffers.get(factor.name),
            turning=turns.get(factor.name),
            distance=far.get(factor.name),
            error_band=bands.get(factor.name),
        )
        for factor, both, fit in zip(usable, told, fits, strict=True)
    )


def _alone(
    factors: Sequence[Factor], later: Later, line: EstimatedLine | None, found: Findings
) -> tuple[list[Factor], list[Fits]]:
    """Fit each factor alone; those that cannot be fitted are told and left out."""
    usable, fits = [], []
    for factor in factors:
        persons = complete([factor], later)
        n = int(persons.sum())
        if n < FEWEST:
            found.tell("factor-of-few", name=factor.name, n=Persons(n), least=FEWEST)
            continue
        if tell_few(factor.name, factor.values[persons], found):
            continue
        try:
            fits.append(fit_both([factor], later, line))
        except ModelError as error:
            found.tell("factor-not-fitted", name=factor.name, reason=without_counts(error))
            continue
        usable.append(factor)
    return usable, fits


def _joint(
    factors: Sequence[Factor], later: Later, line: EstimatedLine | None, found: Findings
) -> dict[str, BothSteps]:
    """Fit all factors in one model, by name; empty where they do not go into one."""
    if len(factors) < 2:
        return {}
    persons = Persons(int(complete(factors, later).sum()))
    names = listed([factor.name for factor in factors])
    terms = later.terms.shape[1] + later.covariates.shape[1] + len(factors)
    if persons < terms + FEWEST:
        found.tell("factors-not-jointly", variant="few", names=names, n=persons, terms=terms)
        return {}
    try:
        fits = fit_both(factors, later, line)
    except ModelError as error:
        found.tell("factors-not-jointly", names=names, reason=without_counts(error))
        return {}
    places = range(-len(factors), 0)
    return {
        factor.name: both_steps(fits, factor, later, place)
        for factor, place in zip(factors, places, strict=True)
    }


def _given_earlier(factor: Factor, later: Later, line: EstimatedLine | None) -> BothSteps | None:
    """Fit a factor at equal problems and exposure up to its occasion; None where it cannot be."""
    given = at_equal_earlier(factor, later)
    if complete([factor], given).sum() < FEWEST:
        return None
    try:
        return both_steps(fit_both([factor], given, line), factor, given)
    except ModelError:  # problems do not vary then, or the factor is these problems
        return None


def _buffers(factors: Sequence[Factor], later: Later, audience: Audience) -> dict[str, Buffering]:
    """Products of factor and exposure, with p adjusted over the factors."""
    terms = np.column_stack([later.terms, later.covariates])
    exposure = np.append(later.exposure, np.zeros(later.covariates.shape[1], dtype=bool))
    made: dict[str, Buffering] = {}
    for factor in factors:
        try:
            one = buffering(later.P, terms, exposure, factor.values, audience)
        except ModelError:  # a factor with two values, one of which is rare
            continue
        if one is not None:
            made[factor.name] = one
    p = adjusted_p([np.nan if one.p is None else one.p for one in made.values()])
    return {
        name: replace(one, p_adjusted=float(value) if np.isfinite(value) else None)
        for (name, one), value in zip(made.items(), p, strict=True)
    }


def _turns(
    inputs: AnalysisInputs,
    settings: FactorsSettings,
    factors: Sequence[Factor],
    later: Later,
    found: Findings,
) -> dict[str, Turning]:
    """Two lines for adversity and for the factors that the study file names."""
    made: dict[str, Turning] = {}
    for factor in factors:
        instrument = inputs.study.instruments.get(factor.name)
        adversity = instrument is not None and instrument.measures == "adversity"
        if not adversity and factor.name not in settings.turning:
            continue
        try:
            made[factor.name] = turning(factor, later)
        except ModelError as error:
            found.tell("turn-not-tested", name=factor.name, reason=without_counts(error))
    return made


def _r(factor: Factor, outcome: Float, fit: Fits) -> float | None:
    return pearson(factor.values[fit.persons], outcome[fit.persons])


def _slope(later: Later) -> float | None:
    """Slope of P on exposure over later means, given all covariates."""
    if later.exposure.sum() != 1:
        return None
    X = np.column_stack([later.terms, later.covariates])
    known = np.isfinite(later.P) & np.isfinite(X).all(axis=1)
    found = np.linalg.lstsq(X[known], later.P[known], rcond=None)[0]
    return float(found[np.flatnonzero(later.exposure)[0]])
