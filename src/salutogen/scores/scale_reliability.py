"""Reliability and ends of the scored scales, from the answer forms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from salutogen.counts import Persons, forms_of
from salutogen.findings import Findings
from salutogen.models.descriptive import covariance
from salutogen.page.words import Share
from salutogen.scores.answers import BoolArray, FloatArray, Form
from salutogen.scores.between_within import (
    BetweenWithinReliability,
    reliability_between_within,
)
from salutogen.scores.exposure import ExposureScores
from salutogen.scores.internal_consistency import composite_reliability, cronbach_alpha, one_factor
from salutogen.scores.problems import ProblemScores
from salutogen.scores.scale import keyed_values
from salutogen.scores.scores import Measure, ScaleReliability
from salutogen.study import ScoringRule
from salutogen.study.instruments.totals import TOTAL

FORMATIVE = (
    "The items are events, not indicators of one thing, so internal consistency has no meaning here"
)
ONE_EVENT = "The one item is an event; there is nothing that it could be consistent with"
READY_MADE = (
    "A ready-made score, whose items are not in the data, so that internal consistency cannot be "
    "computed"
)
OF_SCALES = "of the combined scales, by Mosier's formula"
OF_UNKNOWN = "unknown, since that of a scale which P is made of is"
FEWEST_FORMS = 10
LOW_RELIABILITY = 0.7
CROWDED = 0.15


def complete_forms(form: Form) -> BoolArray:
    """Rows in which every item was answered."""
    complete = np.ones(form.n_rows, dtype=bool)
    for answer in form.items():
        if answer.missing is not None:
            complete &= ~answer.missing
    return complete


def first_rows(person: NDArray[Any], complete: BoolArray) -> NDArray[np.intp]:
    """First complete row of each person (rows are sorted by person, then occasion)."""
    rows = np.flatnonzero(complete)
    begins: BoolArray = np.diff(person[rows].astype(np.int64), prepend=-1) != 0
    return rows[begins]


def end_shares(values: FloatArray, measure: Measure, person: NDArray[Any]) -> tuple[Share, Share]:
    """Shares of the present values at the lowest and the highest possible score."""
    known = np.isfinite(values)
    present, person = values[known], person[known]

    def share(end: float | None) -> Share:
        at_end = np.zeros(present.size, dtype=bool) if end is None else np.abs(present - end) < 1e-9
        n = int(np.count_nonzero(at_end))
        return Share(n / max(present.size, 1), of=present.size, part=forms_of(at_end, person))

    return share(measure.minimum), share(measure.maximum)


def scale_reliability(
    form: Form, rule: ScoringRule, measure: Measure, values: FloatArray, person: NDArray[Any]
) -> tuple[ScaleReliability, ...]:
    """Omega and alpha of a scale: on each person's first complete form, and on all forms.

    Only the first is a sample of independent persons; the second, over repeated forms, is shown
    beside it.
    """
    complete = complete_forms(form)
    found: list[ScaleReliability] = []
    first = first_rows(person, complete)
    whole = np.flatnonzero(complete)
    cases = [("first form", first)] + ([("all forms", whole)] if len(whole) > len(first) else [])
    for level, rows in cases:
        columns = [
            keyed_values(form.instrument, rule, item.item, item.values[rows])
            for item in form.items()
        ]
        scored = slice(None) if level == "all forms" else rows
        floor, ceiling = end_shares(values[scored], measure, person[scored])
        omega = alpha = None
        notes = ["Repeated forms of the same persons"] if level == "all forms" else []
        if len(rows) >= FEWEST_FORMS and len(columns) > 1:
            matrix = covariance(columns)[1]
            alpha = cronbach_alpha(matrix)
            factor = one_factor(matrix)
            if factor is not None and factor.converged and factor.loadings.any():
                omega = factor.omega
                if factor.at_bound:
                    notes.append("an item's residual variance reached its lower bound")
        elif len(columns) > 1:
            notes.append(f"fewer than {FEWEST_FORMS} complete forms")
        elif form.instrument.total:
            notes.append(READY_MADE)
        else:
            notes.append("a single item has no internal consistency")
        found.append(
            ScaleReliability(
                scale=measure.name,
                n=len(rows) if level == "first form" else forms_of(complete, person),
                n_items=len(columns),
                omega=omega,
                alpha=alpha,
                floor_share=floor,
                ceiling_share=ceiling,
                note="; ".join(notes),
                level=level,
            )
        )
    return tuple(found)


def between_and_within(
    forms: Mapping[str, Form], problems: ProblemScores, person: NDArray[Any]
) -> tuple[BetweenWithinReliability, ...]:
    """Reliability between and within persons of each problem scale, and of P where several make it.

    P of several scales has no items of its own: its shares and the reliability of a person's mean
    are those of its scores.
    """
    found: list[BetweenWithinReliability | None] = []
    for name, form in forms.items():
        measure = problems.measure if len(forms) == 1 else problems.measures[name]
        complete = np.flatnonzero(complete_forms(form))
        items = [
            keyed_values(form.instrument, problems.rules[name], item.item, item.values)[complete]
            for item in form.items()
        ]
        found.append(reliability_between_within(items, person[complete], scale=measure.name))
    if len(forms) > 1:
        found.append(reliability_between_within([problems.score], person, scale="P"))
    return tuple(one for one in found if one is not None)


def checklist_ends(
    measure: Measure, values: FloatArray, person: NDArray[Any], *, ready_made: bool = False
) -> ScaleReliability:
    """Ends of a checklist, with the reason why it has no alpha."""
    floor, ceiling = end_shares(values, measure, person)
    return ScaleReliability(
        scale=measure.name,
        n=forms_of(np.isfinite(values), person),
        n_items=len(measure.items),
        omega=None,
        alpha=None,
        floor_share=floor,
        ceiling_share=ceiling,
        note=READY_MADE if ready_made else ONE_EVENT if len(measure.items) == 1 else FORMATIVE,
        level="all forms",
    )


def measured_reliability(
    forms: Mapping[str, Form],
    problems: ProblemScores,
    exposure: ExposureScores,
    person: NDArray[Any],
    valid: BoolArray,
    findings: Findings,
) -> tuple[tuple[ScaleReliability, ...], float | None]:
    """Reliability of every scale, and the one of P over valid occasions that later rooms use.

    Per problem scale the study file's value goes before omega, omega before alpha, each carried
    from the first forms to the valid occasions (`carried_over`); for a combined P the scales'
    values make one by Mosier's formula (errors independent between scales). Where a scale has none,
    P has none: how well the scales agree is told, and used for nothing.

    Parameters
    ----------
    valid : ndarray of bool, shape (rows,)
        Rows that are scored, with problems and exposure.
    """
    found: list[ScaleReliability] = []
    values: dict[str, float | None] = {}
    for name, form in forms.items():
        measure = problems.measure if len(forms) == 1 else problems.measures[name]
        parts = scale_reliability(
            form, problems.rules[name], measure, problems.scales[name].score, person
        )
        found += parts
        values[name] = form.instrument.reliability or carried_over(
            parts[0].omega or parts[0].alpha,
            problems.scales[name].score,
            first_rows(person, complete_forms(form)),
            valid,
        )
    reliability, agreement = next(iter(values.values())), None
    if len(forms) > 1:
        reliability = _combined_reliability(problems, list(values.values()), valid)
        agreement = None if reliability is not None else scale_agreement(problems, person)
        found.append(_of_combined(problems, person, reliability))
    for (column, one), kind in zip(exposure.columns.items(), exposure.kinds.values(), strict=True):
        measure = exposure.measures[column]
        found.append(checklist_ends(measure, one.score, person, ready_made=kind == TOTAL))
    unknown = [name for name, value in values.items() if value is None]
    _check_reliability(found, reliability, unknown if len(forms) > 1 else [], agreement, findings)
    return tuple(found), reliability


def carried_over(
    reliability: float | None, score: FloatArray, first: NDArray[np.intp], valid: BoolArray
) -> float | None:
    """Reliability over valid occasions of a score whose reliability on first forms is known.

    Errors of the answers are taken to vary as much on later forms as on the first, whereas scores
    may vary more (or less) there: `1 - (1 - r) var(first forms) / var(valid occasions)`. It is r
    where each person has one form, and 0 at least.
    """
    scored = score[valid & np.isfinite(score)]
    if reliability is None or scored.size < FEWEST_FORMS or np.ptp(scored) == 0:
        return reliability
    error = (1.0 - reliability) * float(np.var(score[first], ddof=1))
    return max(1.0 - error / float(np.var(scored, ddof=1)), 0.0)


def _combined_reliability(
    problems: ProblemScores, values: Sequence[float | None], valid: BoolArray
) -> float | None:
    known = [value for value in values if value is not None]
    complete = valid & np.isfinite(problems.score)
    if len(known) < len(values) or int(complete.sum()) < FEWEST_FORMS:
        return None
    columns = [scale.score[complete] for scale in problems.scales.values()]
    return composite_reliability(_weights(problems), covariance(columns)[1], known)


def _weights(problems: ProblemScores) -> list[float]:
    """Weight of each scale's points in P."""
    component = problems.component
    if component is None:
        return [1.0] * len(problems.scales)
    return [w / sd for w, sd in zip(component.weights, component.sds, strict=True)]


def scale_agreement(problems: ProblemScores, person: NDArray[Any]) -> float | None:
    """Cronbach's alpha over the scales that make P, each with its weight, on first occasions.

    It tells how well the scales agree, not how reliable P is: it falls where they measure different
    problems, however well.
    """
    rows = first_rows(person, np.isfinite(problems.score))
    if len(rows) < FEWEST_FORMS:
        return None
    scores = [scale.score[rows] for scale in problems.scales.values()]
    parts = [w * score for w, score in zip(_weights(problems), scores, strict=True)]
    return cronbach_alpha(covariance(parts)[1])


def _of_combined(
    problems: ProblemScores, person: NDArray[Any], reliability: float | None
) -> ScaleReliability:
    floor, ceiling = end_shares(problems.score, problems.measure, person)
    return ScaleReliability(
        scale="P",
        n=forms_of(np.isfinite(problems.score), person),
        n_items=len(problems.measure.items),
        omega=reliability,
        alpha=None,
        floor_share=floor,
        ceiling_share=ceiling,
        note=OF_UNKNOWN if reliability is None else OF_SCALES,
        level="all forms",
    )


def _check_reliability(
    found: Sequence[ScaleReliability],
    reliability: float | None,
    unknown: Sequence[str],
    agreement: float | None,
    findings: Findings,
) -> None:
    """Say where P is unreliable or crowds at an end of its scale."""
    if reliability is None and unknown:
        findings.tell(
            "problems-reliability-unknown",
            variant="scales" if agreement is None else "agreement",
            names=list(unknown),
            n=len(unknown),
            agreement=agreement,
            column="P",
        )
    elif reliability is None:
        findings.tell("problems-reliability-unknown", column="P")
    elif reliability < LOW_RELIABILITY:
        findings.tell("problems-reliability-low", reliability=reliability, column="P")
    for one in found:
        is_scale = one.scale == "P" or one.scale.startswith("P_")
        if one.level != "first form" or not is_scale:
            continue
        for end, share in (("lowest", one.floor_share), ("highest", one.ceiling_share)):
            if share > CROWDED:
                findings.tell(
                    "problems-crowd-at-end",
                    share=Share(share, of=one.n),
                    end=end,
                    scale=one.scale,
                    numbers={"n": Persons(one.n)},
                    column=one.scale,
                )
