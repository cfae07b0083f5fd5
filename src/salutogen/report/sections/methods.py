"""A methods paragraph ready to be adapted, with this run's numbers in it."""

from __future__ import annotations

from math import isfinite

from salutogen.findings import Persons
from salutogen.namespaces import ARM, told_term
from salutogen.norm import Line
from salutogen.norm.findings import not_shown_to_rise
from salutogen.page.section import Section
from salutogen.page.words import (
    MINUS,
    Sentence,
    enumeration,
    number,
    p_value,
    percent,
    points,
    say,
    signed,
)
from salutogen.report.context import Context
from salutogen.report.sections.lines import f_in_words
from salutogen.report.words_of_persons import levels_in_methods
from salutogen.study import Study
from salutogen.version import VERSION

SCORE_WORDS = {
    "count": "the number of events met",
    "frequency": "how often events were met",
    "severity": "the sum of the answers",
    "relative": "the share of the events asked about",
    "total": "a ready-made score, as the data give it",
}
UNIT_WORDS = {
    "person": "persons' means over their valid occasions",
    "occasion": "occasions (pooled; standard errors clustered by person)",
    "window": "window means",
    "mixed": "occasions by a mixed model",
}


def methods_section(context: Context) -> Section:
    """What was done, in sentences one can take over and change."""
    return Section(
        title="Methods, ready to adapt",
        paragraphs=(
            _design_words(context),
            _line_words(context),
            _error_words(context),
            _cause_words(context),
        ),
    )


def _design_words(context: Context) -> Sentence:
    study = context.study
    problems = enumeration(study.problems.instruments)
    types = enumeration(
        [f"{name} ({SCORE_WORDS[study.exposure_score(name)]})" for name in study.exposure_types]
    )
    counted = say(
        "{n:# participant|# participants} were assessed at "
        "{planned:# planned occasion|# planned occasions} "
        "({valid:# valid occasion|# valid occasions}).",
        n=Persons(context.panel.n_persons),
        planned=len(study.occasions),
        valid=context.valid_forms,
    )
    return counted + (
        f" Mental-health problems (P) were measured with {problems}{_prorated(study)}. Stressor "
        f"exposure (E) was scored for {types}{_combination(study)}{_not_prorated(study)}."
        f"{adaptation_words(study)}"
    )


def _prorated(study: Study) -> str:
    """Say from which share of items problems were prorated; a ready-made score never is."""
    given = [study.instruments[name].total for name in study.problems.instruments]
    if all(given):
        return ", a ready-made score" if len(given) == 1 else ", ready-made scores"
    share = percent(study.plan.missing.prorate)
    scales = " (ready-made scores apart)" if any(given) else ""
    return f", prorated where at least {share} of the items were answered{scales}"


def _not_prorated(study: Study) -> str:
    """Say what was done with skipped events and absent forms."""
    if all(study.instruments[name].total for name in study.exposure_types):
        return "; an absent score is missing, never zero"
    return "; checklists were not prorated and counted as zero only where the form was answered"


def adaptation_words(study: Study) -> str:
    """Say which instruments are not as published, what was changed, and what that touches."""
    text = ""
    for name in (*study.problems.instruments, *study.exposure_types, *study.plan.factors):
        instrument = study.instruments[name]
        if not instrument.log:
            continue
        of = f" from {instrument.origin}" if instrument.origin else ""
        text += f" {name} was adapted{of}. What was changed: {instrument.log}."
        if not instrument.is_checklist:
            text += " Its published reliability, cut-offs and norms may not hold for it."
        elif instrument.log.added:
            text += (
                " Standard and added items have scores of their own beside the whole list's, on "
                "which SR stands."
            )
    return text


def _combination(study: Study) -> str:
    if len(study.exposure_types) == 1:
        return ""
    return {
        "sum": ", added up",
        "composite": ", averaged after standardising each",
        "separate": ", entered as separate predictors",
    }[study.plan.exposure.combine]


def _line_words(context: Context) -> str:
    norm = context.norm
    line = norm.primary_line
    # R² to three digits would tell n, together with the interval of the slope.
    few = context.audience.leaves_few(line.n)
    told = f"R² = {percent(line.r_squared)}" if few else f"R² = {number(line.r_squared)}"
    if line.claims is not None and line.covariates:
        own = line.claims.share.share
        told += f", of which exposure's own {percent(own) if few else number(own)}"
    if not few:
        told += f", n = {context.audience.count(line.n)}"
    beside = f" and {enumeration(line.covariates)}" if line.covariates else ""
    over = UNIT_WORDS.get(norm.primary, norm.primary)
    text = (
        "Stressor reactivity (SR; Kalisch et al., 2021) was the residual of P from the regression "
        f"of P on E{beside} over {over} ({_equation(line, context)}; "
        f"{told}); positive SR means more problems than "
        f"expected given exposure{_read_as(line)}."
    )
    test = norm.shape_test
    if test is not None:
        robust = test.decided_by == "HC3"
        f, p = (test.f_robust, test.p_robust) if robust else (test.f, test.p)
        named = "HC3 errors, " if robust else ""
        figures = (
            f"on {context.audience.count(test.n)} independent units "
            f"({named}{f_in_words(test, context.audience)} = {number(f)}, "
            f"{p_value(p)}; BIC {points(test.bic_linear)} linear, "
            f"{points(test.bic_quadratic)} quadratic)"
        )
        if context.audience.leaves_few(test.n):  # degrees of freedom and BIC tell n
            figures = f"({p_value(p)})"
        text += f" A quadratic term was tested {figures}; the {line.shape} shape was used."
    if norm.external:
        text += f" The line was taken over from {norm.external}."
    return text + _leftover_words(context)


def _read_as(line: Line) -> str:
    """What positive SR is read as: less resilience, where problems are shown to go with exposure.

    Without that, what exposure lets expect is much the same for everyone, and SR much of P.
    """
    if not_shown_to_rise(line):
        return (
            ". Problems were not shown to rise from low to high exposure, so that SR was not read "
            "as resilience"
        )
    if line.claims is not None and not line.claims.shows_exposure:
        return (
            ". That is lower resilience only where problems go with exposure, which was not shown "
            "here"
        )
    return ", that is, lower resilience"


def _leftover_words(context: Context) -> str:
    """Say what correlation with exposure is left, and in which of the two scores."""
    left, norm = context.resilience.summary.sr_exposure_correlation, context.norm
    places = {"between": left.between, "within": left.within}
    told = [f"{signed(r)} {place}" for place, r in places.items() if r is not None]
    if not told:
        return ""
    text = (
        " SR of single occasions, from the line over occasions, correlated with E at "
        f"{' and '.join(told)} persons"
    )
    person = norm.lines.person
    if norm.primary == "person" and person.reference == "all" and not norm.external:
        text += "; with SR of persons' means, from the line over these, it is 0 by construction"
    return f"{text}."


def _equation(line: Line, context: Context) -> str:
    terms = [
        points(value, 3) if term == "intercept" else f"{number(value, 4)} × {told_term(term)}"
        for term, value in zip(line.terms, line.coefficients, strict=True)
        if context.is_told(term) and isfinite(value)
    ]
    terms += [
        f"a term of {told_term(term)}"
        for term, value in zip(line.terms, line.coefficients, strict=True)
        if context.is_told(term) and not isfinite(value)
    ]
    terms += [f"terms of {name}" for name in context.untold_covariates if name in line.covariates]
    return ("P = " + " + ".join(terms)).replace(f"+ {MINUS}", f"{MINUS} ")


def _error_words(context: Context) -> str:
    summary, draws = context.resilience.summary, context.resilience.bootstrap.draws
    parts = []
    if draws:
        parts.append(
            "Bootstrap intervals of the lines' coefficients are 95 % symmetric bootstrap-t "
            f"intervals from {draws:,} draws over persons."
        )
    parts.append(
        "Intervals of a line in sentences are t intervals: over persons with errors for unequal "
        "scatter (HC3), over occasions with errors clustered by person (CR1), both with "
        "Satterthwaite's degrees of freedom; that of exposure's share comes from the jackknife "
        "over persons, its upper end stretched for the skewness of what single persons do to it "
        "(Hall 1992)."
    )
    if summary.reliability is not None:
        parts.append(
            "The reliability of an occasion's SR, as regards its answers, was "
            f"{number(summary.reliability, 2)}"
            + (
                f" (standard error of measurement {points(summary.sem)} points)."
                if summary.sem is not None
                else "."
            )
        )
        parts.append(_answers_words(context.study))
        if summary.reliability_E_assumed:
            parts.append("Exposure was taken as free of error in it: with error it is lower.")
    parts += levels_in_methods(context)
    parts += [outcome.methods for outcome in context.outcomes if outcome.methods]
    parts.append(f"Analyses were run with salutogen {VERSION}, seed {context.run.seed}.")
    return " ".join(parts)


def _answers_words(study: Study) -> str:
    """Say where the error of the answers on problems comes from."""
    names = study.problems.instruments
    stated = [study.instruments[name].reliability is not None for name in names]
    if all(stated):
        return "The error of answers follows from the reliability that the study file gives."
    apart = " for scales whose reliability the study file does not give" if any(stated) else ""
    return (
        "The error of answers is that of persons' first complete forms (one minus omega, or alpha, "
        f"times their variance){apart}, taken to be as large on later forms."
    )


def _cause_words(context: Context) -> str:
    """What none of the figures says, however precise it is."""
    told = (
        "Nobody assigned exposure, so that no figure here is the effect of it: the line says how "
        "many problems go with exposure, not how many fewer there would be with less of it. SR "
        "holds whatever else raises problems at the same exposure. What goes with SR need not make "
        "it so, and problems may bring about stressors or the report of them."
    )
    if ARM in context.scores.persons.columns:
        told += " Only a comparison of arms that were drawn by lot would speak of a cause."
    return told
