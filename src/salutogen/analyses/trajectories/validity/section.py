"""Section of the report on the validity of labels and locks."""

from __future__ import annotations

import polars as pl

from salutogen.analyses.trajectories.anchors.hiding import hide_small_of, note_of
from salutogen.analyses.trajectories.anchors.rules import Anchors
from salutogen.analyses.trajectories.exposure_bands import ErrorBand
from salutogen.analyses.trajectories.validity.correlations import FEWEST, Estimate
from salutogen.analyses.trajectories.validity.figures import (
    factor_figure,
    group_figure,
    shown_groups,
)
from salutogen.analyses.trajectories.validity.outcome_words import foretold_words, group_words
from salutogen.analyses.trajectories.validity.relations import (
    LEVEL,
    MEASURES,
    FactorRelation,
    GroupOutcome,
    LaterOutcome,
    Validity,
)
from salutogen.columns import Column, Kind
from salutogen.page.audience import Audience
from salutogen.page.section import Section, Table
from salutogen.page.words import enumeration, points, signed

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
    "mean worse. At equal P before, the change of P is its level and stands once."
)
BANDS = (
    "Error in exposure leaves some of it in SR, so a factor that merely goes with exposure can "
    "relate to SR: a relation may be no more than that if it is not told from 0 at the "
    "reliability that exposure really has."
)
FACTOR_NOTE = (
    "A negative correlation with SR: the more of the factor, the lower SR. Fewer than "
    f"{FEWEST} courses give no figure. p is adjusted over all factors and measures (Benjamini and "
    "Hochberg). Poorly measured: E of reliability .5, or the lowest that is possible."
)
FACTOR_COLUMNS = (
    Column(name="factor", meaning="Factor", kind=Kind.LABEL, heading="Factor"),
    Column(name="lock", meaning="Level or change", kind=Kind.LABEL, heading="Measure"),
    Column(name="n", meaning="Courses", kind=Kind.COUNT, heading="Courses"),
    Column(name="SR", meaning="Correlation with SR", heading="r with SR"),
    Column(name="SR_interval", meaning="Its 95 % interval", heading="95 %"),
    Column(name="SR_p", meaning="Its p, adjusted over factors and measures", heading="p adjusted"),
    Column(
        name="SR_error",
        meaning="r with SR were E of the lowest reliability that is possible here",
        heading="r with SR if E is poorly measured",
    ),
    Column(
        name="SR_band",
        meaning="r with SR over error in exposure and mood-congruent reports at once",
        heading="Over error in E and mood",
    ),
    Column(name="P", meaning="Correlation with P", heading="r with P"),
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
            title=_title(found),
            paragraphs=(*foretold_words(found, n), *group_words(found, n), *_factor_words(found)),
            tables=tuple(tables),
            figures=tuple(figure for figure in figures if figure is not None),
            findings=found.findings,
        ),
    )


def _title(found: Validity) -> str:
    if found.outcome is not None and not found.outcome.overlaps_with_P:
        return "Trajectories: do they foretell, and what relates to them"
    return "Trajectories: later problems, and what relates to the courses"


def _factor_words(found: Validity) -> tuple[str, ...]:
    if not found.factors:
        return ()
    return (
        "Factors are taken as they were before the event. P around it may hold reactions to "
        "all stressors of the time: a factor that goes with fewer stressors may go with lower P "
        "without changing any response. SR is P less what the line expects at that exposure. "
        f"{_told_factors(found)}",
    )


def _error_words(relation: FactorRelation, what: str) -> str:
    """Over which errors of exposure a relation is told from 0."""
    if relation.error_bands is not None:
        return _joint_words(relation.error_bands[what])
    band = relation.by_reliability
    if band is None:
        return ""
    found = band.last_told(what)
    if found is None:
        return " (in no interval of the bootstrap)"
    return f" (differs from 0 down to a reliability of exposure of {found})"


def _joint_words(band: ErrorBand) -> str:
    """Whether a relation holds with error in exposure, and with reports that follow mood too."""
    if band.low is None:
        return ""
    reach = f"{signed(band.joint_low)} to {signed(band.joint_high)} over both"
    if band.holds_jointly:
        return f" (with error in exposure and mood-congruent reports as well: {reach})"
    if band.holds_with_error:
        return (
            " (with error in exposure as well, but not if reports of exposure follow mood too: "
            f"{reach})"
        )
    return f" (but not at every error in exposure that is taken here: {reach})"


def _told_factors(found: Validity) -> str:
    """Which factors relate to the change of SR, then to its level, all factors counted."""
    counted = f"Of all {4 * len(found.factors)} correlations of factors with courses"
    named = {measure: _named(found, measure) for measure in MEASURES}
    if not any(named.values()):
        return (
            f"{counted} none differs from 0 at a false-discovery rate of 5 %, neither with SR nor "
            "with P."
        )
    before = "the change of SR from before the event to after it"
    told = [
        f"with {before}, which holds regression to the mean and fluctuation as well as any "
        f"reaction, {enumeration(named['SR change'])}"
        if named["SR change"]
        else f"none with {before}, in which a lasting level cancels, though it goes with the "
        "value before"
    ]
    others = {
        "SR level": "the level of SR after the event, which a person may have had before as well",
        "P change": "the change of P",
        "P level": "the level of P after the event",
    }
    told += [
        f"with {words}, {enumeration(named[measure])}"
        for measure, words in others.items()
        if named[measure]
    ]
    if not named["SR change"] and not named["SR level"]:
        told[0] = "none with SR"
    bands = [item.error_bands for item in found.factors.values() if item.error_bands is not None]
    assumed = (
        f" Taken here are {bands[0]['level'].assumed}. Ends hold the sampling error as well."
        if bands
        else ""
    )
    return (
        f"{counted} these differ from 0 at a false-discovery rate of 5 %: {'; '.join(told)}. "
        f"{BANDS}{assumed}{_difference_words(found)}"
    )


def _named(found: Validity, measure: str) -> list[str]:
    """Factors that relate to a measure once all factors and measures are counted."""
    return [
        f"{factor}{_error_words(relation, measure[3:]) if measure.startswith('SR') else ''}"
        for factor, relation in found.factors.items()
        if (p := relation.p_adjusted[measure]) is not None and p < LEVEL
    ]


def _difference_words(found: Validity) -> str:
    """Where no factor relates otherwise to P than to SR, taking exposure out changes nothing."""
    each = list(found.factors.values())
    if any(relation.p_difference is None or relation.moves for relation in each):
        return ""
    return " No factor is distinguished by relating otherwise to the level of P than to that of SR."


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
            **_partial(told.at_equal_P),
        }
        for name, told in found.foretold.items()
    ]
    kinds = {"measure": pl.String, "n": pl.Int64}
    numbers = ("r", "low", "high", "partial", "partial_low", "partial_high")
    frame = pl.DataFrame(rows, schema=kinds | dict.fromkeys(numbers, pl.Float64))
    frame = hide_small_of(anchors.n, frame, FORETOLD_COLUMNS, audience)
    return Table(
        name=f"trajectories-{anchors.rule}-foretold",
        title=f"Correlations of the courses with {outcome.name}",
        frame=frame,
        columns=FORETOLD_COLUMNS,
        note=note_of(FORETOLD_NOTE, frame, FORETOLD_COLUMNS),
    )


def _partial(found: Estimate | None) -> dict[str, float | None]:
    names = ("value", "low", "high")
    values = [None] * 3 if found is None else [getattr(found, name) for name in names]
    return dict(zip(("partial", "partial_low", "partial_high"), values, strict=True))


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
                    "SR_p": relation.p_adjusted[f"SR {what}"],
                    "SR_error": _poorly(relation, what),
                    "SR_band": _band(relation, what),
                    "P": p.value,
                    "P_interval": _interval(p),
                    "difference": difference.value,
                    "difference_interval": _interval(difference),
                }
            )
    text, floats = (
        ("SR_interval", "SR_band", "P_interval", "difference_interval"),
        ("SR", "SR_p", "SR_error", "P", "difference"),
    )
    kinds = (
        {"factor": pl.String, "lock": pl.String, "n": pl.Int64}
        | dict.fromkeys(text, pl.String)
        | dict.fromkeys(floats, pl.Float64)
    )
    frame = pl.DataFrame(rows, schema=kinds).select(list(rows[0]))
    frame = hide_small_of(anchors.n, frame, FACTOR_COLUMNS, audience)
    return Table(
        name=f"trajectories-{anchors.rule}-factors",
        title="Factors before the event: correlation with SR and with P after it",
        frame=frame,
        columns=FACTOR_COLUMNS,
        note=note_of(FACTOR_NOTE, frame, FACTOR_COLUMNS),
    )


def _poorly(relation: FactorRelation, what: str) -> float | None:
    """Correlation with SR at the lowest reliability of exposure that was asked."""
    if relation.by_reliability is None:
        return None
    each: dict[str, Estimate] = getattr(relation.by_reliability, what)
    return list(each.values())[-1].value if each else None


def _band(relation: FactorRelation, what: str) -> str | None:
    """Ends over error in exposure and mood at once."""
    found = None if relation.error_bands is None else relation.error_bands[what]
    if found is None or found.joint_low is None or found.joint_high is None:
        return None
    return f"{points(found.joint_low)} to {points(found.joint_high)}"


def _interval(found: Estimate) -> str | None:
    if found.low is None or found.high is None:
        return None
    return f"{points(found.low)} to {points(found.high)}"
