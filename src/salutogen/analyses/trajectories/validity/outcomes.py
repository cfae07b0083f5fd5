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
from salutogen.analyses.trajectories.exposure_bands import factor_error_bands
from salutogen.analyses.trajectories.labels.by_rule import Labels
from salutogen.analyses.trajectories.labels.rule import LABELS
from salutogen.analyses.trajectories.placebo.comparison import Placebo
from salutogen.analyses.trajectories.placebo.occasions import acting
from salutogen.analyses.trajectories.placebo.placebo import drawn_rows
from salutogen.analyses.trajectories.validity.explained import DrawnLabels
from salutogen.analyses.trajectories.validity.exposure_error import (
    locked_exposure,
    reliability_bands,
)
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
from salutogen.namespaces import background_column, factor_column
from salutogen.scores.of_few import few_differ

AFTER_LOCK = 3


def validity_of(
    inputs: AnalysisInputs,
    anchors: Anchors,
    lock: Lock,
    labels: Labels | None,
    classes: ClassAssessment | None,
    settings: ValiditySettings,
    placebo: Placebo | None = None,
    *,
    with_event: bool = True,
) -> Validity:
    """Assess the validity of labels and locks, and say what is doubtful about it.

    `with_event` tells that the event is in the exposure that the lock is judged by.

    Raises
    ------
    AnalysisError
        An outcome or factor is not in the study.
    """
    outcome = outcome_of(inputs, anchors, settings)
    factors = _factors(inputs, anchors, settings.factors)
    found = assess_validity(
        lock,
        anchors.person,
        outcome=outcome,
        groups=_groups(anchors.n, labels, classes),
        factors=factors,
        draws=settings.draws,
        seed=inputs.run.seed,
        drawn=_drawn(inputs, anchors, outcome, settings, placebo),
        audience=inputs.run.audience,
    )
    exposure = locked_exposure(inputs, anchors, lock) if with_event else None
    if exposure is not None:
        bands = reliability_bands(
            lock.SR,
            exposure,
            factors,
            anchors.person,
            draws=settings.draws,
            seed=np.random.SeedSequence([inputs.run.seed, 65]),
            told_size=inputs.run.audience.told_size,
        )
        jointly = factor_error_bands(inputs, anchors, lock, factors, draws=settings.draws)
        relations = {
            name: replace(relation, by_reliability=bands[name], error_bands=jointly.get(name))
            for name, relation in found.factors.items()
        }
        found = replace(found, factors=relations)
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
        column = inputs.scores.persons[background_column(name)]
        if not column.dtype.is_numeric():
            raise AnalysisError([finding("validity-outcome-not-a-number", outcome=name)])
        values = column.cast(pl.Float64).fill_null(np.nan).to_numpy()[anchors.person]
    if settings.threshold is not None:
        values = _above(values, settings.threshold)
        name = f"{name} of {settings.threshold:g} or more"
    there = values[np.isfinite(values)]
    return Outcome(
        name=name,
        values=values,
        binary=bool(np.isin(there, (0.0, 1.0)).all()),
        from_P=settings.outcome is None,
    )


def _above(values: FloatArray, threshold: float | None) -> FloatArray:
    """0 or 1 for below or at least a threshold; the values themselves without one."""
    if threshold is None:
        return values
    return np.where(np.isfinite(values), (values >= threshold).astype(float), np.nan)


def _drawn(
    inputs: AnalysisInputs,
    anchors: Anchors,
    outcome: Outcome,
    settings: ValiditySettings,
    placebo: Placebo | None,
) -> DrawnLabels | None:
    """Labels around placebo occasions with the outcome after each; None without placebos.

    Later P leaves out the occasions at which an event acts, which may follow a placebo occasion.
    """
    if placebo is None or placebo.SR is None:
        return None
    chosen, drawn = placebo.chosen, drawn_rows(placebo, inputs.run.seed)
    if outcome.from_P:
        P = inputs.views.wide("P").values
        calm = np.where(acting(anchors, P.shape), np.nan, P)[chosen.person]
        values = np.stack([_mean_from(calm, row + AFTER_LOCK) for row in chosen.occasion[drawn]])
        values = _above(values, settings.threshold)
    else:
        values = np.broadcast_to(outcome.values[chosen.anchor], drawn.shape)
    return DrawnLabels(anchor=chosen.anchor, codes=placebo.codes[drawn], values=values)


def _later_P(inputs: AnalysisInputs, anchors: Anchors) -> FloatArray:
    """Mean P over the occasions after post2, up to the person's next episode."""
    P = inputs.views.wide("P").values[anchors.person]
    k = P.shape[1]
    own = np.where(np.arange(k) < anchors.until(k)[:, None], P, np.nan)
    return _mean_from(own, anchors.occasion + AFTER_LOCK)


def _mean_from(values: FloatArray, first: NDArray[np.int64]) -> FloatArray:
    """Mean of each row's known values from a place on; NaN without any."""
    later = (np.arange(values.shape[1]) >= first[:, None]) & np.isfinite(values)
    n = later.sum(axis=1)
    total = np.where(later, values, 0.0).sum(axis=1)
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
            column = scores.factor(name).cast(pl.Float64).fill_null(np.nan).to_numpy()
            found[name] = column[anchors.person]
        else:
            found[name] = inputs.views.wide(factor_column(name)).values[anchors.person, before]
        if few_differ(found[name], anchors.person):
            found[name] = np.full(before.shape, np.nan)
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
        told.tell(
            "validity-criterion-overlap", variant="related" if found.tells_outcome else "unrelated"
        )
    moved = [factor for factor, relation in found.factors.items() if relation.moves]
    if moved:
        told.tell(
            "factor-relation-moves",
            moved=str(len(moved)),  # factors, no persons: nothing about them is hidden
            related=str(len(found.factors)),
            names=", ".join(moved),
            numbers={"factors": moved},
        )
    return told
