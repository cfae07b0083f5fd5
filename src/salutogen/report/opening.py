"""`summarise(results)`: the plain data the page opens with. Templates only render it."""

from __future__ import annotations

import numpy as np

from salutogen.findings import Persons
from salutogen.norm import Line
from salutogen.page.opening import Fact, Opening, count_in_words, mode_in_words, shown_findings
from salutogen.page.section import Text
from salutogen.page.words import (
    SIGN,
    number,
    percent,
    points,
    say,
    signed,
)
from salutogen.report.context import Context, quantiles

NO_QUESTION = "Who stays well although exposed to stressors, and can that be believed?"


def summarise(context: Context) -> Opening:
    """Say what was asked and what was found, in plain data."""
    plan = context.study.plan
    return Opening(
        title=context.study.title,
        description=plan.description or "",
        question=plan.question or NO_QUESTION,
        answer=tuple(text for item in _answer(context) if (text := context.guard.words(item))),
        sign=f"{SIGN}.",
        facts=_facts(context),
        mode=mode_in_words(context.audience),
        findings_summary=count_in_words(context.findings),
        findings=shown_findings(context.findings, context.guard),
    )


def _answer(context: Context) -> tuple[Text, ...]:
    return (
        _answer_line(context),
        _answer_spread(context),
        _answer_belief(context),
        *(outcome.answer for outcome in context.outcomes),
    )


def _answer_line(context: Context) -> Text:
    line = context.norm.lines.person
    return say("In {n:# person|# persons}, ", n=Persons(line.n)) + _line_words(line)


def _line_words(line: Line) -> str:
    if line.slope is None:
        return (
            "several kinds of exposure together explain {percent(line.r_squared)} of the "
            "differences in problems."
        )
    place = line.terms.index("E")
    half = 1.96 * float(np.sqrt(max(line.covariance[place, place], 0.0)))
    low, high = line.slope - half, line.slope + half
    if low <= 0 <= high:
        return (
            "exposure to stressors and mental-health problems hang together too weakly to "
            f"say in which direction (slope {signed(line.slope, 3)}, 95 % interval "
            f"{signed(low, 3)} to {signed(high, 3)}): what exposure lets expect is then little "
            "more than the mean, and SR little more than problems."
        )
    more = "more" if line.slope > 0 else "fewer"
    unit = "unit of the composite" if line.standardiser is not None else "point"
    return (
        f"those exposed to more stressors had {more} problems: "
        f"{signed(line.slope, 3)} points for each {unit} of exposure (95 % interval "
        f"{signed(low, 3)} to {signed(high, 3)}). Exposure explains {percent(line.r_squared)} of "
        f"the differences in problems between persons; SR is what it does not explain."
    )


def _answer_spread(context: Context) -> Text:
    persons = context.persons
    scored = persons["SR"].drop_nulls().to_numpy()
    if not scored.size:
        return ""
    first, third = quantiles(scored, (0.25, 0.75), context.audience.smallest)
    spread = (
        f"Half of the persons lie between {signed(first)} and {signed(third)} points of SR."
        if first is not None
        else ""
    )
    if "SR_low" not in persons.columns or "SR_high" not in persons.columns:
        return spread
    low = persons["SR_low"].cast(float).to_numpy()
    high = persons["SR_high"].cast(float).to_numpy()
    known = np.isfinite(low) & np.isfinite(high)
    if not known.any():
        return spread
    n, resilient = int(known.sum()), int((high[known] < 0).sum())
    return say(
        "{spread}Of {known:# person|# persons} whose score has an interval, {resilient} had "
        "clearly fewer problems than their exposure lets expect (interval below 0, more "
        "resilient) and {reactive} clearly more (interval above 0, over-reactive); for the others "
        "the score does not settle it.",
        spread=f"{spread} " if spread else "",
        known=Persons(n),
        resilient=Persons(resilient, of=n),
        reactive=Persons((low[known] > 0).sum(), of=n - resilient),
    )


def _answer_belief(context: Context) -> str:
    summary = context.resilience.summary
    told = []
    reliability = summary.reliability
    if reliability is not None:
        judged = (
            "enough to rank persons" if reliability >= 0.8 else "fit for groups more than persons"
        )
        told.append(f"The reliability of an occasion's SR is {number(reliability, 2)}: {judged}.")
    icc = summary.icc_single
    if icc is not None:
        told.append(
            f"{percent(icc)} of the differences between single SR scores lie between persons and "
            "last; the rest comes and goes."
        )
    left = summary.sr_exposure_correlation
    if left.between is not None:
        told.append(
            f"Between persons SR keeps a correlation of {signed(left.between)} with exposure, "
            f"within persons {signed(left.within)}; 0 would be free of it."
        )
    return f"Can it be believed? {' '.join(told)}" if told else ""


def _facts(context: Context) -> tuple[Fact, ...]:
    line = context.norm.lines.person
    valid = context.guard.text(say("{n}", n=context.valid_forms))
    facts = [
        Fact("Persons", f"{context.panel.n_persons:,}"),
        Fact("Valid answer forms", valid),
        Fact("Variance explained by exposure", percent(line.r_squared)),
        Fact("SD of SR (points)", points(line.residual_sd)),
    ]
    if line.slope is not None:
        unit = "unit" if line.standardiser is not None else "point"
        facts.insert(2, Fact(f"Problems per {unit} of exposure", signed(line.slope, 3)))
    return tuple(facts)
