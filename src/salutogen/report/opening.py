"""`summarise(results)`: the plain data the page opens with. Templates only render it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from salutogen.findings import Finding
from salutogen.page.opening import Fact, Opening, count_in_words, mode_in_words, shown_findings
from salutogen.page.section import NEXT_PARAGRAPH, Text
from salutogen.page.words import SIGN, percent, points, say, signed
from salutogen.report.attempts import attempt
from salutogen.report.context import Context
from salutogen.report.words_in_short import clauses_in_short, one_sentence
from salutogen.report.words_of_design import design_in_words
from salutogen.report.words_of_line import line_in_words, slope_interval, unit_of
from salutogen.report.words_of_persons import (
    belief_in_words,
    persons_in_words,
    spread_of_persons,
)


def summarise(context: Context) -> Opening:
    """Say what was asked and what was found, in plain data."""
    plan = context.study.plan
    failed: list[Finding] = []
    short = attempt("words in short", partial(clauses_in_short, context), failed) or ()
    clauses = _once(context.guard.words(item) for item in short)
    answer = (one_sentence(clauses), *_answer(context, failed))
    facts = attempt("list of facts", partial(_facts, context), failed) or ()
    findings = (*context.findings, *failed)
    return Opening(
        title=context.study.title,
        description=plan.description or "",
        question=plan.question or "",
        answer=_once(
            paragraph.strip()
            for item in answer
            if (text := context.guard.words(item))
            for paragraph in text.split(NEXT_PARAGRAPH)
        ),
        clauses=clauses,
        sign=f"{SIGN}.",
        facts=tuple(replace(one, value=context.guard.text(one.value)) for one in facts),
        mode=mode_in_words(context.audience),
        findings_summary=count_in_words(findings),
        findings=shown_findings(findings, context.guard),
    )


def _once(texts: Iterable[str]) -> tuple[str, ...]:
    """Keep each text once: steps that ask the same in two ways may answer in the same words."""
    return tuple(dict.fromkeys(text for text in texts if text))


def _answer(context: Context, failed: list[Finding]) -> tuple[Text, ...]:
    """What was found; a paragraph that fails is missing, and told."""
    paragraphs: tuple[tuple[str, Callable[[Context], Text]], ...] = (
        ("words of the line", line_in_words),
        ("words of persons", persons_in_words),
        ("words of what can be believed", belief_in_words),
        ("words of what was asked", design_in_words),
    )
    own = (attempt(what, partial(make, context), failed) for what, make in paragraphs)
    return (*(text or "" for text in own), *(outcome.answer for outcome in context.outcomes))


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
        facts.append(
            Fact(
                "Variance of persons' mean problems that goes with exposure",
                percent(line.claims.share.share),
            )
        )
    if line.covariates or line.claims is None:
        facts.append(Fact("Variance that goes with the whole line", percent(line.r_squared)))
    facts.append(Fact(*spread_of_persons(context)))
    return tuple(facts)
