"""`summarise(results)`: the plain data the page opens with. Templates only render it."""

from __future__ import annotations

from salutogen.page.opening import Fact, Opening, count_in_words, mode_in_words, shown_findings
from salutogen.page.section import Text
from salutogen.page.words import SIGN, percent, points, say, signed
from salutogen.report.context import Context
from salutogen.report.words_of_line import line_in_words, slope_interval, unit_of
from salutogen.report.words_of_persons import belief_in_words, persons_in_words

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
        line_in_words(context),
        persons_in_words(context),
        belief_in_words(context),
        *(outcome.answer for outcome in context.outcomes),
    )


def _facts(context: Context) -> tuple[Fact, ...]:
    line = context.norm.lines.person
    valid = context.guard.text(say("{n}", n=context.valid_forms))
    facts = [Fact("Persons", f"{context.panel.n_persons:,}"), Fact("Valid answer forms", valid)]
    if line.slope is not None:
        low, high = slope_interval(line)
        reach = f" ({signed(low, 3)} to {signed(high, 3)})" if low is not None else ""
        words = f"{signed(line.slope, 3)}{reach}"
        facts.append(Fact(f"Problems per {unit_of(line)} of exposure", words))
    if line.claims is not None:
        if line.slope is None:
            along = " → ".join(points(place.P, 1) for place in line.claims.at.values())
            facts.append(Fact("Expected problems, low to high exposure", along))
        facts.append(Fact("Variance explained by exposure", percent(line.claims.share.share)))
    if line.covariates or line.claims is None:
        facts.append(Fact("Variance explained by the whole line", percent(line.r_squared)))
    facts.append(Fact("SD of SR (points)", points(line.residual_sd)))
    return tuple(facts)
