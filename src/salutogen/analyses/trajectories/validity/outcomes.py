"""Outcome, groups and factors of this analysis, and what has to be said about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.trajectories.anchors.events import unknown_event
from salutogen.analyses.trajectories.anchors.rules import Anchors
from salutogen.analyses.trajectories.classes.assessment import ClassAssessment
from salutogen.analyses.trajectories.courses.locks import FloatArray, Lock
from salutogen.analyses.trajectories.labels.by_rule import LABELS, Labels
from salutogen.analyses.trajectories.validity.relations import (
    LATER_P,
    Groups,
    Outcome,
    Validity,
    assess_validity,
)
from salutogen.analyses.trajectories.validity.settings import ValiditySettings
from salutogen.errors import AnalysisError
from salutogen.findings import Findings, Persons, finding

AFTER_LOCK = 3


def validity_of(
    inputs: AnalysisInputs,
    anchors: Anchors,
    lock: Lock,
    labels: Labels | None,
    classes: ClassAssessment | None,
    settings: ValiditySettings,
) -> Validity:
    """Assess the validity of labels and locks, and say what is doubtful about it.

    Raises
    ------
    AnalysisError
        An outcome or factor is not in the study.
    """
    outcome = outcome_of(inputs, anchors, settings)
    found = assess_validity(
        lock,
        anchors.person,
        outcome=outcome,
        groups=_groups(anchors.n, labels, classes),
        factors=_factors(inputs, anchors, settings.factors),
        draws=settings.draws,
        seed=inputs.run.seed,
    )
    return replace(found, findings=tuple(_findings(found, outcome)))


def outcome_of(inputs: AnalysisInputs, anchors: Anchors, settings: ValiditySettings) -> Outcome:
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
            raise AnalysisError([finding("validity-outcome-not-a-number", outcome=name)])
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


def _later_P(inputs: AnalysisInputs, anchors: Anchors) -> FloatArray:
    """Mean P over the occasions after post2, up to the person's next episode."""
    P = inputs.views.wide("P").values[anchors.person]
    k = P.shape[1]
    place = np.arange(k)
    later = (place >= anchors.occasion[:, None] + AFTER_LOCK) & (place < anchors.until(k)[:, None])
    later &= np.isfinite(P)
    n = later.sum(axis=1)
    total = np.where(later, P, 0.0).sum(axis=1)
    return np.asarray(np.where(n > 0, total / np.maximum(n, 1), np.nan))


def _groups(n: int, labels: Labels | None, classes: ClassAssessment | None) -> tuple[Groups, ...]:
    """Labels, and classes where they are claimed."""
    found = []
    if labels is not None and labels.n:
        found.append(
            Groups(kind="label", names=LABELS, codes=_spread(labels.codes, labels.rows, n))
        )
    if classes is not None and classes.passed:
        names = tuple(f"class {place + 1}" for place in range(classes.n_classes))
        codes = _spread(classes.labels(), classes.rows, n)
        found.append(Groups(kind="class", names=names, codes=codes))
    return tuple(found)


def _spread(codes: NDArray[np.integer], rows: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    full = np.full(n, -1, dtype=np.int64)
    full[rows] = codes
    return full


def _factors(
    inputs: AnalysisInputs, anchors: Anchors, asked: Sequence[str] | None
) -> dict[str, FloatArray]:
    """Factors of each anchor, as they were before its event; all of the study by default."""
    scores = inputs.scores
    known = [*scores.factors_baseline, *scores.factors_repeated]
    names = known if asked is None else asked
    wrong = [
        unknown_event("factor", name, known, "validity") for name in names if name not in known
    ]
    if wrong:
        raise AnalysisError(wrong)
    before = np.maximum(anchors.occasion - 1, 0)
    found: dict[str, FloatArray] = {}
    for name in names:
        if name in scores.factors_baseline:
            column = scores.persons[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
            found[name] = column[anchors.person]
        else:
            found[name] = inputs.views.wide(name).values[anchors.person, before]
    return found


def _findings(found: Validity, outcome: Outcome) -> Findings:
    told = Findings()
    if found.outcome is None:
        n = int(np.isfinite(outcome.values).sum())
        told.tell(
            "validity-not-assessed",
            with_outcome=Persons(n, of=outcome.values.size),
            outcome=outcome.name,
        )
    elif outcome.from_P:
        told.tell("validity-criterion-overlap")
    moved = [
        factor
        for factor, relation in found.factors.items()
        if relation.level_difference.low is not None
        and relation.level_difference.high is not None
        and relation.level_difference.low * relation.level_difference.high > 0
    ]
    if moved:
        told.tell(
            "factor-relation-moves",
            moved=len(moved),
            related=len(found.factors),
            names=", ".join(moved),
            numbers={"factors": moved},
        )
    return told
