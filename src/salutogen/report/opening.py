"""`summarise(results)`: the plain data the page opens with. Templates only render it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from salutogen.findings import Finding
from salutogen.page.opening import (
    Fact,
    Opening,
    Passage,
    count_in_words,
    mode_in_words,
    shown_findings,
)
from salutogen.page.section import NEXT_PARAGRAPH, Text
from salutogen.page.words import SIGN, percent, points, say, signed
from salutogen.report.attempts import attempt
from salutogen.report.context import Context
from salutogen.report.words_in_short import clauses_in_short, one_sentence
from salutogen.report.words_of_design import design_in_words
from salutogen.report.words_of_line import line_in_words, share_interval, slope_interval, unit_of
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
    passages = _passages(context, failed)
    facts = attempt("list of facts", partial(_facts, context), failed) or ()
    findings = (*context.findings, *failed)
    return Opening(
        title=context.study.title,
        description=plan.description or "",
        question=plan.question or "",
        clauses=clauses,
        sentence=context.guard.words(one_sentence(clauses)),
        passages=passages,
        sign=f"{SIGN}.",
        facts=tuple(
            replace(one, value=context.guard.text(one.value), beside=context.guard.text(one.beside))
            for one in facts
        ),
        mode=mode_in_words(context.audience),
        findings_summary=count_in_words(findings),
        findings=shown_findings(findings, context.guard),
    )


def _once(texts: Iterable[str]) -> tuple[str, ...]:
    """Keep each text once: steps that ask the same in two ways may answer in the same words."""
    return tuple(dict.fromkeys(text for text in texts if text))


def _passages(context: Context, failed: list[Finding]) -> tuple[Passage, ...]:
    """What was found, told under headings; words that fail are missing, and told."""
    own: tuple[tuple[str, str, Callable[[Context], Text]], ...] = (
        ("Problems and exposure", "words of the line", line_in_words),
        ("Persons", "words of persons", persons_in_words),
        ("Can it be believed?", "words of what can be believed", belief_in_words),
        ("What was asked about", "words of what was asked", design_in_words),
    )
    told = [
        *((head, attempt(what, partial(make, context), failed) or "") for head, what, make in own),
        *((context.titled(one.analysis.title, one), one.answer) for one in context.outcomes),
    ]
    passages: list[Passage] = []
    said: set[str] = set()  # steps that ask the same in two ways may answer in the same words
    for heading, text in told:
        paragraphs = _once(item.strip() for item in context.guard.words(text).split(NEXT_PARAGRAPH))
        kept = tuple(item for item in paragraphs if item not in said)
        said.update(kept)
        if kept:
            passages.append(Passage(heading, kept))
    return tuple(passages)


def _facts(context: Context) -> tuple[Fact, ...]:
    line = context.norm.lines.person
    valid = context.guard.text(say("{n}", n=context.valid_forms))
    facts = [Fact("Persons", f"{context.panel.n_persons:,}"), Fact("Valid answer forms", valid)]
    if line.slope is not None:
        low, high = slope_interval(line)
        reach = f"95 % interval {signed(low, 3)} to {signed(high, 3)}" if low is not None else ""
        name = f"Problems per {unit_of(line)} of exposure"
        facts.append(Fact(name, signed(line.slope, 3), reach))
    if line.claims is not None:
        if line.slope is None:
            along = " → ".join(points(place.P, 1) for place in line.claims.at.values())
            facts.append(Fact("Expected problems, low to high exposure", along))
        facts.append(
            Fact(
                "Variance of persons' mean problems that goes with exposure",
                percent(line.claims.share.share),
                share_interval(line, context.audience),
            )
        )
    if line.covariates or line.claims is None:
        facts.append(Fact("Variance that goes with the whole line", percent(line.r_squared)))
    facts.append(Fact(*spread_of_persons(context)))
    return tuple(facts)
