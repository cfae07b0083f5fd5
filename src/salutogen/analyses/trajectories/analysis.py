"""The step `trajectories`: from SR by occasion to courses locked to each person's event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from salutogen.analyses.contract import StepFile, StepInputs
from salutogen.analyses.trajectories.anchors.anchors import (
    AnchorFlow,
    Anchors,
    anchor_flow,
    find_anchors,
)
from salutogen.analyses.trajectories.anchors.dated_events import dated_grid
from salutogen.analyses.trajectories.anchors.episodes import find_episodes
from salutogen.analyses.trajectories.anchors.events import EventGrid, event_grid
from salutogen.analyses.trajectories.anchors.findings import anchor_doubts, lock_doubts
from salutogen.analyses.trajectories.classes.assessment import ClassAssessment
from salutogen.analyses.trajectories.classes.search import classes_of
from salutogen.analyses.trajectories.courses.background import lock_without_event
from salutogen.analyses.trajectories.courses.locks import Lock, lock_courses, person_by_occasion
from salutogen.analyses.trajectories.courses.real_time import RealTime, real_time
from salutogen.analyses.trajectories.labels.labels import Labels, label_courses
from salutogen.analyses.trajectories.recovery.recovery import Recovery, recovery_of
from salutogen.analyses.trajectories.recovery.return_time import ReturnTimes, return_times
from salutogen.analyses.trajectories.settings import TrajectorySettings
from salutogen.analyses.trajectories.validity.inputs import validity_of
from salutogen.analyses.trajectories.validity.validity import Validity
from salutogen.errors import AnalysisError
from salutogen.findings import Finding, finding
from salutogen.page.audience import Audience
from salutogen.page.section import Section

if TYPE_CHECKING:
    from salutogen.analyses.trajectories.courses.locks import FloatArray


@dataclass(frozen=True, kw_only=True)
class Trajectories:
    """Courses of SR around each person's event.

    SR = observed - expected problems, in points of P; positive = over-reactive = less resilient.

    Attributes
    ----------
    settings : TrajectorySettings
    grid, anchors, flow : EventGrid, Anchors, AnchorFlow
    lock : Lock
        With the background that the settings name.
    other_background : Lock or None
        With the other one.
    change : ndarray, shape (n, occasions)
        SR minus the own pre-level by occasions since the event (column 0), NaN where missing and
        from the person's next episode on.
    real_time : RealTime or None
        Courses in days since the event, where events have dates.
    labels, return_times, classes
        None where they cannot be given; the findings say why.
    recovery : Recovery
        Metrics of the way back and its curve, where they can be given.
    validity : Validity
        What labels and locks foretell, and what factors relate to.
    """

    settings: TrajectorySettings
    occasions: tuple[str, ...]
    subjects: tuple[str, ...]
    audience: Audience
    grid: EventGrid
    anchors: Anchors
    flow: AnchorFlow
    lock: Lock
    other_background: Lock | None
    change: FloatArray
    real_time: RealTime | None
    labels: Labels | None
    return_times: ReturnTimes | None
    recovery: Recovery
    classes: ClassAssessment | None = None
    validity: Validity | None = None
    findings: Sequence[Finding] = ()

    def summary(self) -> Mapping[str, Any]:
        """Plain data for `results.json`."""
        from salutogen.analyses.trajectories.summary import summary_of

        return summary_of(self)

    def sections(self) -> Sequence[Section]:
        """Sections for the report."""
        from salutogen.analyses.trajectories.sections import trajectory_sections

        return trajectory_sections(self)

    def files(self) -> Mapping[str, StepFile]:
        """`anchors.csv`, `lock.csv`, `response.csv`; `lock_time.csv` and `classes.csv` if any."""
        from salutogen.analyses.trajectories.files import files_of

        return files_of(self)

    def by_occasion(self) -> dict[str, int]:
        """Anchors by planned occasion."""
        counts = np.bincount(self.anchors.occasion, minlength=len(self.occasions))
        allowed = self.settings.anchor_occasions or self.occasions
        return {
            label: int(n)
            for label, n in zip(self.occasions, counts, strict=True)
            if label in allowed
        }


def run(inputs: StepInputs, settings: TrajectorySettings) -> Trajectories:
    """Find anchors, lock SR and P to them, label and describe the courses.

    Parameters
    ----------
    inputs : StepInputs
    settings : TrajectorySettings

    Returns
    -------
    Trajectories

    Raises
    ------
    AnalysisError
        An event or occasion is not in the study, or nobody can be anchored.
    """
    labels = tuple(inputs.study.labels)
    places = _anchor_places(settings, labels)
    grid, told = _grid(inputs, settings)
    find = find_anchors if settings.episodes == "first" else find_episodes
    anchors = find(grid, rule=settings.rule, occasions=places, ties=settings.ties, seed=inputs.seed)
    flow = anchor_flow(grid, anchors, places)
    if not anchors.n:
        steps = ", ".join(
            f"{n} {words}" for words, n in zip(flow.steps, flow.counts[settings.rule], strict=True)
        )
        text = f"Nobody can be anchored under the rule {settings.rule!r}: {steps}."
        raise AnalysisError([finding("nobody-anchored", text)])
    shape = (inputs.panel.n_persons, len(labels))
    plain = lock_courses(anchors, inputs.resilience.occasions, shape)
    without, doubts = lock_without_event(anchors, grid, inputs.panel, inputs.norm, plain)
    swap = settings.background == "without-event" and without is not None
    lock, other = (without, plain) if swap and without is not None else (plain, without)
    change = _change(inputs, anchors, lock, shape)
    result = Trajectories(
        settings=settings if swap else _with_event(settings),
        occasions=labels,
        subjects=tuple(inputs.panel.persons["subject"].to_list()),
        audience=Audience(
            individuals=inputs.study.plan.report.individuals == "show",
            n_persons=inputs.panel.n_persons,
            seed=inputs.seed,
        ),
        grid=grid,
        anchors=anchors,
        flow=flow,
        lock=lock,
        other_background=other,
        change=change,
        real_time=real_time(anchors, inputs.resilience.occasions, shape),
        labels=None,
        return_times=None,
        recovery=Recovery(),
        findings=(
            *told,
            *anchor_doubts(inputs.study, grid, anchors, flow, places),
            *lock_doubts(lock),
            *doubts,
        ),
    )
    return _described(result, inputs)


def _grid(inputs: StepInputs, settings: TrajectorySettings) -> tuple[EventGrid, list[Finding]]:
    """Events from a source with dates, or from the answers of checklists."""
    if settings.events.source is not None:
        return dated_grid(inputs.panel, inputs.scores, settings.events)
    return event_grid(inputs.panel, inputs.scores, settings.events), []


def _with_event(settings: TrajectorySettings) -> TrajectorySettings:
    """Settings that say that the event is in the background exposure."""
    return settings.model_copy(update={"background": "with-event"})


def _described(result: Trajectories, inputs: StepInputs) -> Trajectories:
    """Add labels, return times and the recovery curve, or say why there is none."""
    told: list[Finding] = []
    sem = inputs.resilience.summary.sem
    if sem is None:
        text = "There is no standard error of measurement of SR, hence no band and no labels."
        told.append(finding("labels-need-reliability", text))
    else:
        labels = label_courses(
            result.lock, sem=float(sem), settings=result.settings.labels, seed=inputs.seed
        )
        times = return_times(result.change, np.zeros(result.change.shape[0]), labels.half_width)
        result = replace(result, labels=labels, return_times=times)
    days = None if result.real_time is None else result.real_time.since_anchor(result.anchors)
    recovery = recovery_of(result.change, result.anchors.person, days)
    classes, more = classes_of(
        result.lock, result.anchors.episode, result.settings.classes, inputs.seed
    )
    validity, about = validity_of(
        inputs, result.anchors, result.lock, result.labels, classes, result.settings.validity
    )
    told += [*recovery.findings, *more, *about]
    return replace(
        result,
        recovery=recovery,
        classes=classes,
        validity=validity,
        findings=(*result.findings, *told),
    )


def _anchor_places(settings: TrajectorySettings, labels: tuple[str, ...]) -> tuple[int, ...] | None:
    """Places of the occasions at which an anchor may lie."""
    wrong = [label for label in settings.anchor_occasions if label not in labels]
    if wrong:
        text = f"Anchor occasions {', '.join(wrong)} are not planned occasions of the study."
        mend = f"Name some of: {', '.join(labels)}."
        raise AnalysisError([finding("unknown-anchor-occasion", text, mend=mend)])
    if not settings.anchor_occasions:
        return None
    return tuple(labels.index(label) for label in settings.anchor_occasions)


def _change(inputs: StepInputs, anchors: Anchors, lock: Lock, shape: tuple[int, int]) -> FloatArray:
    """SR minus the pre-level by occasions since the event; the lock's own values first."""
    SR = person_by_occasion(inputs.resilience.occasions, "SR", shape)[anchors.person]
    place = anchors.occasion[:, None] + np.arange(shape[1])
    inside = place < anchors.until(shape[1])[:, None]
    later = np.where(inside, SR[np.arange(anchors.n)[:, None], np.where(inside, place, 0)], np.nan)
    later[:, : lock.SR.shape[1] - 1] = lock.SR[:, 1:][:, : later.shape[1]]
    return np.asarray(later - lock.SR[:, :1])
