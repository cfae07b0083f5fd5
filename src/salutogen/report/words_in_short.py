"""The one sentence that answers the study's question, made from what is told further down."""

from __future__ import annotations

from collections.abc import Sequence

from salutogen.findings import Persons
from salutogen.norm import Line
from salutogen.norm.findings import not_shown_to_rise
from salutogen.norm.shape import bend_of
from salutogen.page.section import NEXT_PARAGRAPH, Text
from salutogen.page.words import say
from salutogen.report.context import Context
from salutogen.report.words_of_design import little_asked_about
from salutogen.report.words_of_line import NO_RESILIENCE, leaves_out_curve, little_at_most

UNASKED = " and what was not asked about would not change it"
BENDS = {
    "rises": "expected problems rise with reported exposure",
    "falls": "expected problems fall with reported exposure",
}


def one_sentence(clauses: Sequence[Text]) -> Text:
    """Put clauses into the one sentence; nothing where there is none."""
    told = {f"part_{place}": clause for place, clause in enumerate(clauses)}
    if not told:
        return ""
    return say(f"In short: {'; '.join('{' + name + '}' for name in told)}.", **told)


def clauses_in_short(context: Context) -> tuple[Text, ...]:
    """What is told of the line, of persons and by each analysis, a clause each or a few."""
    each = [
        _line_clause(context),
        _persons_clause(context),
        *(part for one in context.outcomes for part in one.in_short.split(NEXT_PARAGRAPH)),
    ]
    return tuple(clause for clause in each if clause)


def _line_clause(context: Context) -> str:
    line = context.norm.lines.person
    if line.claims is None or context.norm.external is not None:
        return ""
    told = _relation(line, context)
    return f"{told}, so that {NO_RESILIENCE}" if not_shown_to_rise(line) else told


def _relation(line: Line, context: Context) -> str:
    """How problems go with exposure, as far as that is told."""
    if line.claims is not None and not line.claims.shows_exposure:
        if little_at_most(line.claims):
            return "problems go little with reported exposure, if at all"
        return "whether problems go with reported exposure is not settled"
    if leaves_out_curve(context):
        return "problems go with reported exposure along a curve, which the line leaves out"
    return _direction(line)


def _direction(line: Line) -> str:
    if line.slope is not None:
        more = "more" if line.slope > 0 else "fewer"
        return f"those who reported more stressors had {more} problems"
    bend = bend_of(line) if len(line.predictors) == 1 else None
    kind = "" if bend is None else bend.kind
    return BENDS.get(kind, "problems go with reported exposure, not by one amount throughout")


def _persons_clause(context: Context) -> Text:
    found = context.resilience.claims
    below, above = found.clear_below, found.clear_above
    if below is None or above is None or found.autocorrelation is None:
        return "" if not found.n else "whether persons differ in their levels of SR cannot be told"
    if found.between_variance_low == 0:
        return "that persons differ in their levels of SR is not shown, so nobody is called"
    if below + above == 0:
        return "nobody's level is clearly below or above what exposure lets expect"
    # Both together would tell the one from the other where that is small.
    hidden = any(context.audience.hides(one) for one in (below, above))
    return say(
        "the levels of {n} lie clearly below or above what exposure lets expect, if exposure is "
        f"free of error{UNASKED if little_asked_about(context.study) else ''}",
        n="some persons"
        if hidden
        else say(
            "{n} of {whole:# person|# persons}",
            n=Persons(below + above, of=found.n),
            whole=Persons(found.n),
        ),
    )
