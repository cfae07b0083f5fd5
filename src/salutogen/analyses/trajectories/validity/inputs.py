"""Outcome, groups and factors of an analysis, and what has to be said about them."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.contract import StepInputs
from salutogen.analyses.trajectories.anchors.anchors import Anchors
from salutogen.analyses.trajectories.anchors.events import unknown_event
from salutogen.analyses.trajectories.classes.assessment import ClassAssessment
from salutogen.analyses.trajectories.courses.locks import FloatArray, Lock, person_by_occasion
from salutogen.analyses.trajectories.labels.labels import LABELS, Labels
from salutogen.analyses.trajectories.validity.settings import ValiditySettings
from salutogen.analyses.trajectories.validity.validity import (
    LATER_P,
    Groups,
    Outcome,
    Validity,
    assess_validity,
)
from salutogen.errors import AnalysisError
from salutogen.findings import Finding, finding

AFTER_LOCK = 3


def validity_of(
    inputs: StepInputs,
    anchors: Anchors,
    lock: Lock,
    labels: Labels | None,
    classes: ClassAssessment | None,
    settings: ValiditySettings,
) -> tuple[Validity, list[Finding]]:
    """Assess the validity of labels and locks, and say what is doubtful about it.

    Raises
    ------
    AnalysisError
        An outcome or factor is not in the study.
    """
    outcome = _outcome(inputs, anchors, settings)
    found = assess_validity(
        lock,
        anchors.person,
        outcome=outcome,
        groups=_groups(anchors.n, labels, classes),
        factors=_factors(inputs, anchors, settings),
        draws=settings.draws,
        seed=inputs.seed,
    )
    return found, _doubts(found, outcome)


def _outcome(inputs: StepInputs, anchors: Anchors, settings: ValiditySettings) -> Outcome:
    """The outcome of each anchor: later P, or a background column of its person."""
    if settings.outcome is None:
        values, name = _later_P(inputs, anchors), LATER_P
    else:
        name = settings.outcome
        background = list(inputs.study.plan.background)
        if name not in background:
            raise AnalysisError([unknown_event("background column", name, background, "validity")])
        column = inputs.scores.persons[name]
        if not column.dtype.is_numeric():
            text = f"The outcome {name!r} is not a number; 0 and 1 would tell of a diagnosis."
            raise AnalysisError([finding("validity-outcome-not-a-number", text)])
        values = column.cast(pl.Float64).fill_null(np.nan).to_numpy()[anchors.person]
    if settings.threshold is not None:
        above = (values >= settings.threshold).astype(float)
        values = np.where(np.isfinite(values), above, np.nan)
        name = f"{name} of {settings.threshold:g} or more"
    there = values[np.isfinite(values)]
    return Outcome(
        name=name,
        values=values,
        binary=bool(np.isin(there, (0.0, 1.0)).all()),
        from_P=settings.outcome is None,
    )


def _later_P(inputs: StepInputs, anchors: Anchors) -> FloatArray:
    """Mean P over the occasions after post2, up to the person's next episode."""
    k = len(inputs.study.labels)
    P = person_by_occasion(inputs.scores.table, "P", (inputs.panel.n_persons, k))[anchors.person]
    place = np.arange(k)
    later = (place >= anchors.occasion[:, None] + AFTER_LOCK) & (place < anchors.until(k)[:, None])
    later &= np.isfinite(P)
    n = later.sum(axis=1)
    total = np.where(later, P, 0.0).sum(axis=1)
    return np.asarray(np.where(n > 0, total / np.maximum(n, 1), np.nan))


def _groups(n: int, labels: Labels | None, classes: ClassAssessment | None) -> tuple[Groups, ...]:
    """Labels, and classes where they are claimed."""
    found = []
    if labels is not None and labels.codes.size:
        found.append(
            Groups(title="Label", names=LABELS, codes=_spread(labels.codes, labels.rows, n))
        )
    if classes is not None and classes.passed:
        names = tuple(f"class {place + 1}" for place in range(classes.n_classes))
        codes = _spread(classes.labels(), classes.rows, n)
        found.append(Groups(title="Class", names=names, codes=codes))
    return tuple(found)


def _spread(codes: NDArray[np.integer], rows: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    full = np.full(n, -1, dtype=np.int64)
    full[rows] = codes
    return full


def _factors(
    inputs: StepInputs, anchors: Anchors, settings: ValiditySettings
) -> dict[str, FloatArray]:
    """Each factor before the event: at baseline, or at the occasion before the anchor."""
    scores = inputs.scores
    known = (*scores.factors_baseline, *scores.factors_repeated)
    wanted = known if settings.factors is None else settings.factors
    wrong = [
        unknown_event("factor", name, list(known), "validity")
        for name in wanted
        if name not in known
    ]
    if wrong:
        raise AnalysisError(wrong)
    shape = (inputs.panel.n_persons, len(inputs.study.labels))
    before = np.maximum(anchors.occasion - 1, 0)
    found: dict[str, FloatArray] = {}
    for name in wanted:
        if name in scores.factors_baseline:
            column = scores.persons[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
            found[name] = column[anchors.person]
        else:
            grid = person_by_occasion(scores.table, name, shape)
            found[name] = grid[anchors.person, before]
    return found


def _doubts(found: Validity, outcome: Outcome) -> list[Finding]:
    told = []
    if found.outcome is None:
        n = int(np.isfinite(outcome.values).sum())
        text = (
            f"Only {n} anchored courses have an outcome ({outcome.name}), or it does not vary: "
            "what labels and locks foretell is not assessed."
        )
        told.append(finding("validity-not-assessed", text, numbers={"with_outcome": n}))
    elif outcome.from_P:
        text = (
            "The later outcome is P itself, from the same scale and person as the locks: labels "
            "and locks foretell it partly because they are made of it."
        )
        told.append(finding("validity-criterion-overlap", text))
    moved = [
        relation.factor
        for relation in found.factors
        if relation.level_difference.low is not None
        and relation.level_difference.high is not None
        and relation.level_difference.low * relation.level_difference.high > 0
    ]
    if moved:
        text = (
            f"{len(moved)} of {len(found.factors)} factors relate otherwise to the level of P "
            f"after the event than to that of SR: {', '.join(moved)}. Part of what they relate to "
            "in P is exposure, not the response to the event."
        )
        told.append(finding("factor-relation-moves", text, numbers={"factors": moved}))
    return told
