"""The comparator as this analysis gives it: found, compared, and what has to be said of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.trajectories.anchors.anchored import Anchored
from salutogen.analyses.trajectories.anchors.events import BoolArray
from salutogen.analyses.trajectories.anchors.wording import without_event
from salutogen.analyses.trajectories.courses.event_courses import LockedCourses
from salutogen.analyses.trajectories.courses.locks import FloatArray, Lock
from salutogen.analyses.trajectories.labels.by_rule import (
    Labels,
    within_person_sd,
)
from salutogen.analyses.trajectories.placebo.comparison import Placebo, compare
from salutogen.analyses.trajectories.placebo.occasions import (
    acting,
    placebos_of,
)
from salutogen.analyses.trajectories.placebo.scored import (
    PartCompared,
    ScoredComparison,
    ScoredRows,
)
from salutogen.analyses.trajectories.settings import TrajectorySettings
from salutogen.findings import Finding, Findings, Persons

FEW = 0.5  # share of anchors without a placebo occasion, from which on this is told


def placebo_of(
    anchored: Anchored,
    courses: LockedCourses,
    labels: Labels,
    settings: TrajectorySettings,
    *,
    P: FloatArray,
    seed: int,
) -> Placebo:
    """Find placebo occasions and hold labels, courses and returns beside them.

    `P` is the person x occasion array of problems.
    """
    anchors = anchored.anchors
    busy = acting(anchors, anchored.grid.observed.shape)[anchors.person]
    chosen = placebos_of(anchored.grid, anchors, courses.rows)
    SR = ScoredRows(
        rows=courses.rows,
        calm=np.where(busy, np.nan, courses.rows),
        before=anchors.occasion - 1,
        locked=courses.lock.SR,
        half_width=labels.half_width,
        high=settings.labels.high * residual_sd(courses.lock),
    )
    found = compare(
        chosen,
        SR,
        _within(courses, SR, busy),
        settings.labels,
        other=_other(courses, SR, busy, settings),
        change=courses.change,
        seed=_seeds(seed)[1],
        rated=anchored.grid.rated,
        problems=(P[anchors.person], courses.lock.P),
    )
    own = courses.background == "with-event"
    return replace(
        found,
        draws=settings.placebo.draws,
        without=without_event(anchored.grid),
        other=f"{'without' if own else 'with'} the event in exposure",
    )


def drawn_rows(placebo: Placebo, seed: int) -> NDArray[np.int64]:
    """Rows of `chosen` of which each draw takes one for each anchor, shape (draws, m).

    Parameters
    ----------
    placebo : Placebo
    seed : int
        Of the run.
    """
    return placebo.chosen.drawn(placebo.draws, _seeds(seed)[0])


def _seeds(seed: int) -> list[np.random.SeedSequence]:
    return np.random.SeedSequence([seed, 64]).spawn(2)


def _within(courses: LockedCourses, SR: ScoredRows, busy: BoolArray) -> ScoredRows | None:
    """Rows scored with the slope within persons, with a band from their own fluctuation."""
    rows, locked = courses.rows_within, courses.lock.SR_within
    if rows is None or locked is None:
        return None
    return _scored_again(SR, rows, locked, busy)


def _other(
    courses: LockedCourses, SR: ScoredRows, busy: BoolArray, settings: TrajectorySettings
) -> ScoredRows | None:
    """Rows judged with the other background, with a band from their own fluctuation."""
    rows, other = courses.other_rows, courses.other_background
    if rows is None or other is None:
        return None
    high = settings.labels.high * residual_sd(other)
    return replace(_scored_again(SR, rows, other.SR, busy), high=high)


def _scored_again(
    SR: ScoredRows, rows: FloatArray, locked: FloatArray, busy: BoolArray
) -> ScoredRows:
    calm = np.where(busy, np.nan, rows)
    plain, own = within_person_sd(SR.calm), within_person_sd(calm)
    ratio = own / plain if own and plain else 1.0
    return replace(SR, rows=rows, calm=calm, locked=locked, half_width=SR.half_width * ratio)


def without_labels(placebo: Placebo) -> Placebo:
    """Leave out what needs a band: shares of labels and of returns."""

    def bare(found: ScoredComparison | None) -> ScoredComparison | None:
        if found is None:
            return None
        return replace(
            found,
            labels={},
            before=side(found.before),
            after=side(found.after),
            without_further=side(found.without_further),
            judged_without=side(found.judged_without),
        )

    def side(found: PartCompared | None) -> PartCompared | None:
        return None if found is None else replace(found, labels={})

    return replace(
        placebo,
        SR=bare(placebo.SR),
        SR_within=bare(placebo.SR_within),
        SR_other=bare(placebo.SR_other),
        back_after={},
        above=None,
    )


def residual_sd(lock: Lock) -> float:
    """Residual SD of the line: SR / SR_z, the same everywhere; infinite where it is not known."""
    usable = np.isfinite(lock.SR) & np.isfinite(lock.SR_z) & (np.abs(lock.SR_z) > 1e-9)
    return float(np.median(lock.SR[usable] / lock.SR_z[usable])) if usable.any() else np.inf


def placebo_findings(placebo: Placebo) -> tuple[Finding, ...]:
    """Say where there is no comparator, or one for few of the anchors only."""
    told = Findings()
    n = placebo.n + placebo.n_without
    with_placebo = Persons(placebo.n, of=n)
    if placebo.SR is None:
        told.tell(
            "no-placebo", with_placebo=with_placebo, without=placebo.without, anchors=Persons(n)
        )
    elif placebo.n_without > FEW * n:
        told.tell(
            "placebo-for-few",
            with_placebo=with_placebo,
            without=placebo.without,
            anchors=Persons(n),
        )
    return tuple(told)
