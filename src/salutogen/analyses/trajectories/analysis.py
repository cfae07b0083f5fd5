"""The analysis `trajectories`: from SR by occasion to courses locked to each person's event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from salutogen.analyses.contract import AnalysisInputs, AnalysisResult, ResultFile
from salutogen.analyses.trajectories.anchors.anchored import Anchored, anchor_persons
from salutogen.analyses.trajectories.anchors.rules import Anchors
from salutogen.analyses.trajectories.classes.assessment import ClassAssessment
from salutogen.analyses.trajectories.classes.claims import look_for_classes
from salutogen.analyses.trajectories.classes.gates import Gate
from salutogen.analyses.trajectories.classes.problems import problems_of_classes, scored_words
from salutogen.analyses.trajectories.classes.summary import (
    ClaimedClasses,
    ClassSearch,
    class_figures,
)
from salutogen.analyses.trajectories.courses.calm_line import calm_jumps
from salutogen.analyses.trajectories.courses.event_courses import LockedCourses, lock_to_events
from salutogen.analyses.trajectories.courses.over_windows import (
    OverWindows,
    over_windows,
    windows_in_short,
    windows_words,
)
from salutogen.analyses.trajectories.exposure_bands import (
    difference_error_bands,
    jump_error_band,
    late_error_band,
)
from salutogen.analyses.trajectories.labels.afterwards import planned_days_to_post2
from salutogen.analyses.trajectories.labels.by_rule import (
    Labels,
    OtherBackground,
    label_courses,
    within_person_sd,
)
from salutogen.analyses.trajectories.labels.settings import LabelSettings
from salutogen.analyses.trajectories.placebo.comparison import Placebo
from salutogen.analyses.trajectories.placebo.occasions import acting
from salutogen.analyses.trajectories.placebo.placebo import (
    placebo_findings,
    placebo_of,
    without_labels,
)
from salutogen.analyses.trajectories.placebo.side_words import other_jump_words
from salutogen.analyses.trajectories.placebo.told_errors import with_told_errors
from salutogen.analyses.trajectories.recovery.curve import RecoveryCurve
from salutogen.analyses.trajectories.recovery.fitting import fit_way_back
from salutogen.analyses.trajectories.recovery.line_error import jump_line_errors
from salutogen.analyses.trajectories.recovery.metrics import CourseMetrics
from salutogen.analyses.trajectories.recovery.response import (
    Response,
    jump_findings,
    response_of,
)
from salutogen.analyses.trajectories.recovery.return_time import ReturnTimes, return_times
from salutogen.analyses.trajectories.settings import TrajectorySettings
from salutogen.analyses.trajectories.validity.outcomes import validity_of
from salutogen.analyses.trajectories.validity.relations import Validity
from salutogen.columns import beside, figure, record
from salutogen.findings import Findings, Persons
from salutogen.page.audience import Audience
from salutogen.page.section import NEXT_PARAGRAPH, Section, Text
from salutogen.page.words import say

SIGN = "SR = observed - expected problems; positive = over-reactive = less resilient"


@record
class Trajectories(AnalysisResult):
    """Courses of SR around each person's event.

    SR = observed - expected problems, in points of P; positive = over-reactive = less resilient.

    Attributes
    ----------
    settings : TrajectorySettings
    classes : ClassAssessment or None
        What was tried to find classes; None where none were looked for.
    findings : sequence of Finding
    """

    sign: str = figure("What SR is, and what its sign means", default=SIGN)
    anchored: Anchored = figure("Who is anchored to which event", key="anchors")
    courses: LockedCourses = figure("Courses around the event", key="lock")
    labels: Labels | None = figure("Labels by rule; null without a band")
    placebo: Placebo | None = figure(
        "What the same persons show around occasions at which no event counts; null without a band"
    )
    response: Response = figure("How persons respond to the event")
    recovery: RecoveryCurve | None = figure("The exponential return; null where it is not fitted")
    return_times: ReturnTimes | None = figure(
        "When persons are back within their band; null without labels", key="return_time"
    )
    validity: Validity = figure("What labels and locks foretell, and what factors relate to")
    over_windows: OverWindows | None = figure(
        "Change over the windows with an event and without; null where no change is claimed"
    )
    claimed: ClaimedClasses | None = figure("Classes; null unless every gate holds", key="classes")
    gates: tuple[Gate, ...] = figure("Gates before a claim of classes, in the order of their cost")
    gates_passed: bool = figure("Whether every gate holds")
    class_search: ClassSearch | None = figure(
        "What was tried to find classes; null where none were looked for"
    )
    settings: TrajectorySettings = beside()
    classes: ClassAssessment | None = beside(default=None)

    def answer(self) -> Text:
        """Say whether SR jumps when an event comes, beyond what it does at other occasions."""
        from salutogen.analyses.trajectories.placebo.opening_words import answer_words

        told = answer_words(self.response, self.courses, self.anchored, self.placebo)
        windows = windows_words(self.over_windows)
        if not told or not windows:
            return told
        return say(f"{{told}}{NEXT_PARAGRAPH}{{windows}}", told=told, windows=windows)

    def in_short(self) -> Text:
        """Say in a clause whether a response to the event is told; in another, whose change is."""
        from salutogen.analyses.trajectories.placebo.opening_words import short_words

        told = short_words(self.response, self.placebo, self.anchored)
        whose = windows_in_short(self.over_windows)
        return NEXT_PARAGRAPH.join(part for part in (told, whose) if part)

    def methods(self) -> Text:
        """Say how anchors, courses, comparator, labels, returns and classes came about."""
        from salutogen.analyses.trajectories.methods import methods_words

        return methods_words(self)

    def sections(self, audience: Audience) -> Sequence[Section]:
        """Sections for the report."""
        from salutogen.analyses.trajectories.anchors.section import anchor_section
        from salutogen.analyses.trajectories.classes.section import class_sections
        from salutogen.analyses.trajectories.courses.section import course_section
        from salutogen.analyses.trajectories.labels.section import label_sections
        from salutogen.analyses.trajectories.placebo.as_told import as_told
        from salutogen.analyses.trajectories.recovery.section import response_section
        from salutogen.analyses.trajectories.validity.section import validity_sections

        anchored, anchors, labels = self.anchored, self.anchored.anchors, self.labels
        placebo = as_told(self.placebo, audience)
        return (
            anchor_section(anchored, audience),
            course_section(
                anchors,
                self.courses,
                self.response,
                placebo,
                self.over_windows,
                self.findings,
                audience,
            ),
            *label_sections(anchors, self.courses, labels, placebo, self.settings.labels, audience),
            response_section(
                anchored,
                self.courses,
                self.response,
                self.recovery,
                self.return_times,
                placebo,
                self.findings,
                audience,
            ),
            *class_sections(
                anchors, self.classes, labels, self._of_problems(), self.findings, audience
            ),
            *validity_sections(anchors, self.validity, audience),
        )

    def _of_problems(self) -> str:
        """Of what scoring claimed classes are, and what problems do in each."""
        from salutogen.analyses.trajectories.classes.problems import problem_words

        claimed = self.claimed
        return problem_words(tuple(claimed.mean_P) if claimed else (), self.courses)

    def files(self) -> Mapping[str, ResultFile]:
        """`anchors.csv`, `lock.csv`, `response.csv`; with labels, dates or classes further ones."""
        from salutogen.analyses.trajectories.classes.tables import member_file
        from salutogen.analyses.trajectories.recovery.response_file import response_file

        in_order = {"anchors.csv": self.anchored.file(), **self.courses.files(self.anchored)}
        in_days = in_order.pop("lock_time.csv", None)
        in_order["response.csv"] = response_file(
            self.anchored, self.courses, self.response.course_metrics, self.recovery
        )
        if self.labels is not None:
            in_order["labels.csv"] = self.labels.file(self.anchored)
        if in_days is not None:
            in_order["lock_time.csv"] = in_days
        if self.classes is not None and self.classes.passed:
            subjects = self.anchored.subjects_of_anchors().to_list()
            in_order["classes.csv"] = member_file(self.classes, subjects)
        return in_order


def compute(inputs: AnalysisInputs, settings: TrajectorySettings) -> Trajectories:
    """Find anchors, lock SR and P to them, label and describe the courses.

    Parameters
    ----------
    inputs : AnalysisInputs
    settings : TrajectorySettings

    Returns
    -------
    Trajectories

    Raises
    ------
    AnalysisError
        An event or occasion is not in the study, or nobody can be anchored.
    """
    anchored = anchor_persons(inputs, settings)
    anchors = anchored.anchors
    courses = lock_to_events(inputs, anchored, settings.background)
    told = Findings((*anchored.findings, *courses.findings))
    labels, times, placebo = _labelled(inputs, anchored, courses, settings, told)
    days = None if courses.real_time is None else courses.real_time.since_anchor(anchors)
    metrics, recovery, about = fit_way_back(
        courses.change,
        anchors.person,
        days,
        other=courses.other_change,
        other_beside=other_jump_words(placebo),
        seed=inputs.run.seed,
    )
    told.extend(about)
    response = _responses(inputs, anchors, courses, metrics)
    told.extend(jump_findings(response.jump_tests))
    classes, about_classes = look_for_classes(
        courses.lock, anchors.episode, settings.classes, inputs.run, scored=scored_words(courses)
    )
    told.extend(about_classes)
    validity = validity_of(
        inputs,
        anchors,
        courses.lock,
        labels,
        classes,
        settings.validity,
        placebo,
        with_event=courses.background == "with-event",
    )
    told.extend(validity.findings)
    problems = problems_of_classes(classes, courses.lock.P, inputs.run.audience)
    found = class_figures(classes, problems)
    return Trajectories(
        anchored=anchored,
        courses=courses,
        labels=labels,
        placebo=placebo,
        response=response,
        recovery=recovery,
        return_times=times,
        validity=validity,
        over_windows=over_windows(inputs, anchored),
        claimed=found.classes,
        gates=found.gates,
        gates_passed=found.gates_passed,
        class_search=found.class_search,
        settings=settings,
        classes=classes,
        findings=tuple(told),
    )


def _responses(
    inputs: AnalysisInputs,
    anchors: Anchors,
    courses: LockedCourses,
    metrics: CourseMetrics | None,
) -> Response:
    """How SR responds to the event, and over which errors of exposure that holds."""
    with_event = courses.background == "with-event"
    errors = jump_line_errors(inputs, anchors, courses.told)
    band = jump_error_band(inputs, anchors, courses.told) if with_event else None
    calm = calm_jumps(inputs, anchors, courses.told) if with_event else None
    response = response_of(courses, anchors, metrics, errors, band, calm, inputs.run.audience)
    if response.jump_error_band is not None:
        jump = response.jump_tests["SR"]
        reaching = response.jump_error_band.reaching(jump.low, jump.high)
        response = replace(response, jump_error_band=reaching)
    late = response.late_change
    if not with_event or late is None:
        return response
    late_band = late_error_band(inputs, anchors, courses.change, late.occasions)
    if late_band is not None:
        late_band = late_band.raised(late.raised).reaching(late.low, late.high)
        late = replace(late, error_band=late_band)
    return replace(response, late_change=late)


def _with_error_bands(
    inputs: AnalysisInputs, anchors: Anchors, courses: LockedCourses, placebo: Placebo
) -> Placebo:
    """Add over which errors of exposure the differences from the comparator hold."""
    if placebo.SR is None:
        return placebo
    scored = placebo.SR.response
    bands = {
        what: found.reaching(scored[what].excess_low, scored[what].excess_high)
        for what, found in difference_error_bands(
            inputs, anchors, courses.lock, placebo.chosen
        ).items()
    }
    return replace(
        placebo,
        jump_error_band=bands.get("jump"),
        mean_change_error_band=bands.get("mean_change"),
    )


def _labelled(
    inputs: AnalysisInputs,
    anchored: Anchored,
    courses: LockedCourses,
    settings: TrajectorySettings,
    told: Findings,
) -> tuple[Labels | None, ReturnTimes | None, Placebo | None]:
    """Label the courses, time their returns and hold both beside placebo occasions.

    All three need a band; where there is none, a finding says why.
    """
    anchors = anchored.anchors
    spread = _spread(inputs, anchors, settings.labels)
    if spread is None:
        told.tell("labels-need-reliability", variant=settings.labels.band_from)
        return None, None, None
    P = inputs.scores.measures["P"]
    labels = label_courses(
        courses.lock,
        spread=spread,
        settings=settings.labels,
        other=_other_background(anchors, courses),
        span=(P.minimum, P.maximum),
        change=courses.change,
        post2_days=planned_days_to_post2(anchors, [one.day for one in inputs.study.occasions]),
    )
    before = np.zeros(courses.change.shape[0])
    times = return_times(
        courses.change, before, labels.half_width, anchors.person, seed=inputs.run.seed
    )
    P_rows = inputs.views.wide("P").values
    placebo = placebo_of(anchored, courses, labels, settings, P=P_rows, seed=inputs.run.seed)
    placebo = with_told_errors(placebo, inputs.run.audience)
    if courses.background == "with-event":
        placebo = _with_error_bands(inputs, anchors, courses, placebo)
    told.extend(placebo_findings(placebo))
    if labels.wider_than_scale:
        told.tell(
            "band-wider-than-scale",
            stuck=Persons(labels.n_cannot_rise or 0, of=labels.n),
            courses=Persons(labels.n_not_high, of=labels.n),
            half_width=labels.half_width,
            highest=P.maximum,
        )
        return None, None, without_labels(placebo)
    return labels, times, placebo


def _other_background(anchors: Anchors, courses: LockedCourses) -> OtherBackground | None:
    """The courses judged the other way, and how their fluctuation compares."""
    lock, rows = courses.other_background, courses.other_rows
    if lock is None or rows is None:
        return None
    busy = acting(anchors, (int(anchors.person.max()) + 1, rows.shape[1]))[anchors.person]
    plain = within_person_sd(np.where(busy, np.nan, courses.rows))
    own = within_person_sd(np.where(busy, np.nan, rows))
    return OtherBackground(lock=lock, ratio=own / plain if own and plain else 1.0)


def _spread(inputs: AnalysisInputs, anchors: Anchors, settings: LabelSettings) -> float | None:
    """SD of SR at one occasion that the band rests on; None where it is not known."""
    if settings.band_from == "answers":
        sem = inputs.resilience.summary.sem
        return None if sem is None else float(sem)
    SR = inputs.views.wide("SR").values
    calm = np.where(acting(anchors, SR.shape), np.nan, SR)
    return within_person_sd(calm) or within_person_sd(SR)
