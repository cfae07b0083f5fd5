"""Section of the report on courses around the event."""

from __future__ import annotations

import polars as pl

from salutogen.analyses.trajectories.anchors.hiding import note_of
from salutogen.analyses.trajectories.anchors.rules import Anchors
from salutogen.analyses.trajectories.courses.days_figure import days_figure
from salutogen.analyses.trajectories.courses.figures import (
    means_figure,
    own_and_other,
    p_figure,
    sr_figure,
)
from salutogen.analyses.trajectories.courses.locked import LockedCourses
from salutogen.analyses.trajectories.courses.position_means import means_by_position
from salutogen.columns import POINTS, Column, Kind
from salutogen.findings import Persons
from salutogen.page.audience import Audience
from salutogen.page.section import Section, Table
from salutogen.page.words import say

SIGN_NOTE = "SR = observed − expected problems; positive = less resilient."


def course_section(anchors: Anchors, courses: LockedCourses, audience: Audience) -> Section:
    """Means around the event, and single courses where persons are shown."""
    drawn = (
        means_figure(anchors, courses, audience),
        sr_figure(anchors, courses, audience),
        p_figure(anchors, courses, audience),
        days_figure(anchors, courses.real_time, audience),
    )
    return Section(
        title="Trajectories: courses around the event",
        paragraphs=(
            say(
                "Pre, peri, post1 and post2 are the scheduled occasions before, at and after the "
                "anchor. {complete} of {n} courses are complete.",
                complete=Persons(courses.n_complete, of=anchors.n),
                n=Persons(anchors.n),
            ),
            _background_words(courses),
            "Persons are chosen at a bad moment, so part of any fall after the event is "
            "regression to the mean.",
        ),
        figures=tuple(figure for figure in drawn if figure is not None),
        tables=(_means_table(anchors, courses, audience),),
    )


def _background_words(courses: LockedCourses) -> str:
    if "event-outside-exposure" in {item.code for item in courses.findings}:
        return (
            "The anchor events are no part of exposure, so the line expects nothing of the "
            "reaction to them: it stays in SR whole."
        )
    own, _ = own_and_other(courses)
    both = "" if courses.other_background is None else " Both means are shown."
    return (
        f"SR is judged here {own} the anchor event in the background exposure. With the event in "
        "it, the line expects part of the reaction, so SR shows what goes beyond; without it, the "
        f"reaction to the event itself stays in SR.{both}"
    )


def _means_table(anchors: Anchors, courses: LockedCourses, audience: Audience) -> Table:
    """Means of SR with both backgrounds, of P, and of SR over complete courses."""
    lock, person = courses.lock, anchors.person
    first = means_by_position(lock.SR, person, audience)
    complete = means_by_position(lock.SR[lock.complete], person[lock.complete], audience)
    columns = {"position": first["position"], "n": first["n"], "SR": first["mean"]}
    if courses.other_background is not None:
        other = means_by_position(courses.other_background.SR, person, audience)
        columns["SR_other"] = other["mean"]
    columns["SR_complete"] = complete["mean"]
    columns["P"] = means_by_position(lock.P, person, audience)["mean"]
    frame, declared = pl.DataFrame(columns), _columns(*own_and_other(courses))
    return Table(
        name=f"trajectories-{anchors.rule}-means",
        title="Means by position",
        frame=frame,
        columns=declared,
        note=note_of(SIGN_NOTE, frame, declared),
    )


def _columns(own: str, other: str) -> tuple[Column, ...]:
    headings = {
        "SR": f"Mean SR, {own} the event",
        "SR_other": f"Mean SR, {other} the event",
        "SR_complete": "Mean SR, complete courses",
        "P": "Mean P",
    }
    return (
        Column(
            name="position",
            meaning="Place around the event",
            kind=Kind.LABEL,
            heading="Position",
        ),
        Column(
            name="n", meaning="Courses with SR", unit="persons", kind=Kind.COUNT, heading="Persons"
        ),
        *(
            Column(name=name, meaning=words, unit=POINTS, heading=words)
            for name, words in headings.items()
        ),
    )
