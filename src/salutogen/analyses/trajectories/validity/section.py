"""Section of the report on the validity of labels and locks."""

from __future__ import annotations

import polars as pl

from salutogen.analyses.trajectories.anchors.hiding import hide_small_of, note_of
from salutogen.analyses.trajectories.anchors.rules import Anchors
from salutogen.analyses.trajectories.validity.correlations import FEWEST, Estimate
from salutogen.analyses.trajectories.validity.figures import (
    factor_figure,
    group_figure,
    shown_groups,
)
from salutogen.analyses.trajectories.validity.relations import (
    GroupOutcome,
    LaterOutcome,
    Validity,
)
from salutogen.columns import Column, Kind
from salutogen.findings import Persons
from salutogen.page.audience import Audience
from salutogen.page.section import Section, Table, Text
from salutogen.page.words import percent, points, say, signed

FORETOLD_COLUMNS = (
    Column(name="measure", meaning="Measure", kind=Kind.LABEL, heading="Measure"),
    Column(name="n", meaning="Courses", kind=Kind.COUNT, heading="Courses"),
    Column(name="r", meaning="Correlation with the outcome", heading="r"),
    Column(name="low", meaning="Lower end of its 95 % interval", heading="95 % from"),
    Column(name="high", meaning="Upper end of its 95 % interval", heading="to"),
    Column(name="partial", meaning="r at equal P before", heading="r at equal P before"),
    Column(name="partial_low", meaning="Lower end of its 95 % interval", heading="95 % from "),
    Column(name="partial_high", meaning="Upper end of its 95 % interval", heading="to "),
)
FORETOLD_NOTE = (
    "Level: mean of post1 and post2. Change: level minus pre. Higher outcome and positive SR both "
    "mean worse."
)
FACTOR_NOTE = (
    "A negative correlation with SR: the more of the factor, the less reactive. Fewer than "
    f"{FEWEST} courses give no figure."
)
FACTOR_COLUMNS = (
    Column(name="factor", meaning="Factor", kind=Kind.LABEL, heading="Factor"),
    Column(name="lock", meaning="Level or change", kind=Kind.LABEL, heading="Lock"),
    Column(name="n", meaning="Courses", kind=Kind.COUNT, heading="Courses"),
    Column(name="SR", meaning="Correlation with the lock of SR", heading="r with SR"),
    Column(name="SR_interval", meaning="Its 95 % interval", heading="95 %"),
    Column(name="P", meaning="Correlation with the lock of P", heading="r with P"),
    Column(name="P_interval", meaning="Its 95 % interval", heading="95 % "),
    Column(name="difference", meaning="r with P minus r with SR", heading="P minus SR"),
    Column(name="difference_interval", meaning="Its 95 % interval", heading="95 %  "),
)


def validity_sections(anchors: Anchors, found: Validity, audience: Audience) -> tuple[Section, ...]:
    """What labels and locks foretell and what factors relate to; nothing where neither is known."""
    if found.outcome is None and not found.factors:
        return ()
    rule, n = anchors.rule, anchors.n
    tables, figures = [], []
    if found.outcome is not None:
        tables.append(_foretold_table(anchors, found.outcome, found, audience))
        for group in found.groups:
            tables.append(_group_table(rule, found.outcome, group, audience))
            figures.append(group_figure(rule, found.outcome, group, audience))
    if found.factors:
        tables.append(_factor_table(anchors, found, audience))
        figures.append(factor_figure(rule, found))
    return (
        Section(
            title="Trajectories: do they foretell, and what relates to them",
            paragraphs=(*_foretold_words(found, n), *_group_words(found, n), *_factor_words(found)),
            tables=tuple(tables),
            figures=tuple(figure for figure in figures if figure is not None),
            findings=found.findings,
        ),
    )


def _written(found: Estimate) -> str:
    if found.value is None:
        return "–"
    return f"{signed(found.value)} ({signed(found.low)} to {signed(found.high)})"


def _foretold_words(found: Validity, anchored: int) -> tuple[Text, ...]:
    outcome = found.outcome
    if outcome is None:
        return ()
    sr, p = found.foretold["SR level"], found.foretold["P level"]
    return (
        say(
            "The later outcome is {outcome}, known for {n} anchored courses. The level of SR "
            "after the event correlates with it by {sr}, that of P by {p}; at equal P before the "
            "event by {sr_equal} and {p_equal} (95 % intervals by bootstrap over persons).",
            outcome=outcome.name,
            n=Persons(outcome.n, of=anchored),
            sr=_written(sr.r),
            p=_written(p.r),
            sr_equal=_written(sr.at_equal_P),
            p_equal=_written(p.at_equal_P),
        ),
    )


def _group_words(found: Validity, anchored: int) -> tuple[Text, ...]:
    return tuple(
        say(
            "{kind} alone tells {explained} of the variance of the outcome in {n} courses, "
            "adjusted for the number of groups.",
            kind=group.kind.capitalize(),
            explained=percent(max(group.explained, 0.0)),
            n=Persons(group.n, of=anchored),
        )
        for group in found.groups
        if group.explained is not None
    )


def _factor_words(found: Validity) -> tuple[str, ...]:
    if not found.factors:
        return ()
    return (
        "Factors are taken as they were before the event. P around it holds the reaction to all "
        "stressors of the time: a factor that goes with fewer stressors goes with lower P without "
        "changing the response. SR has the expected reaction to what was met taken out, so the "
        "two columns differ by what a factor has to do with exposure.",
    )


def _foretold_table(
    anchors: Anchors, outcome: LaterOutcome, found: Validity, audience: Audience
) -> Table:
    rows = [
        {
            "measure": f"{name} after the event",
            "n": told.r.n,
            "r": told.r.value,
            "low": told.r.low,
            "high": told.r.high,
            "partial": told.at_equal_P.value,
            "partial_low": told.at_equal_P.low,
            "partial_high": told.at_equal_P.high,
        }
        for name, told in found.foretold.items()
    ]
    kinds = {"measure": pl.String, "n": pl.Int64}
    numbers = ("r", "low", "high", "partial", "partial_low", "partial_high")
    frame = pl.DataFrame(rows, schema=kinds | dict.fromkeys(numbers, pl.Float64))
    frame = hide_small_of(anchors.n, frame, FORETOLD_COLUMNS, audience)
    return Table(
        name=f"trajectories-{anchors.rule}-foretold",
        title=f"What foretells: {outcome.name}",
        frame=frame,
        columns=FORETOLD_COLUMNS,
        note=note_of(FORETOLD_NOTE, frame, FORETOLD_COLUMNS),
    )


def _group_table(
    rule: str, outcome: LaterOutcome, group: GroupOutcome, audience: Audience
) -> Table:
    frame = shown_groups(outcome, group, audience)
    columns = (
        Column(name="group", meaning="Group", kind=Kind.LABEL, heading=group.kind.capitalize()),
        Column(name="n", meaning="Courses", kind=Kind.COUNT, heading="Courses", adds_up=1),
        Column(name="mean", meaning="Mean outcome", heading="Share" if outcome.binary else "Mean"),
        Column(name="low", meaning="Lower end of its 95 % interval", heading="95 % from"),
        Column(name="high", meaning="Upper end of its 95 % interval", heading="to"),
    )
    return Table(
        name=f"trajectories-{rule}-{group.kind}-outcome",
        title=f"Later outcome by {group.kind}",
        frame=frame,
        columns=columns,
        note=note_of("", frame, columns),
    )


def _factor_table(anchors: Anchors, found: Validity, audience: Audience) -> Table:
    rows = []
    for factor, relation in found.factors.items():
        for what, difference in (
            ("level", relation.level_difference),
            ("change", relation.change_difference),
        ):
            sr, p = relation.r[f"SR {what}"], relation.r[f"P {what}"]
            rows.append(
                {
                    "factor": factor,
                    "lock": what,
                    "n": sr.n,
                    "SR": sr.value,
                    "SR_interval": _interval(sr),
                    "P": p.value,
                    "P_interval": _interval(p),
                    "difference": difference.value,
                    "difference_interval": _interval(difference),
                }
            )
    text, floats = ("SR_interval", "P_interval", "difference_interval"), ("SR", "P", "difference")
    kinds = (
        {"factor": pl.String, "lock": pl.String, "n": pl.Int64}
        | dict.fromkeys(text, pl.String)
        | dict.fromkeys(floats, pl.Float64)
    )
    frame = pl.DataFrame(rows, schema=kinds).select(list(rows[0]))
    frame = hide_small_of(anchors.n, frame, FACTOR_COLUMNS, audience)
    return Table(
        name=f"trajectories-{anchors.rule}-factors",
        title="Factors before the event: correlation with locks of SR and of P",
        frame=frame,
        columns=FACTOR_COLUMNS,
        note=note_of(FACTOR_NOTE, frame, FACTOR_COLUMNS),
    )


def _interval(found: Estimate) -> str | None:
    if found.low is None or found.high is None:
        return None
    return f"{points(found.low)} to {points(found.high)}"
