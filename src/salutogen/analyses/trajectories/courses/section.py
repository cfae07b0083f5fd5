"""Section of the report on courses around the event."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from salutogen.analyses.trajectories.anchors.hiding import note_of
from salutogen.analyses.trajectories.anchors.rules import Anchors
from salutogen.analyses.trajectories.courses.calm_words import (
    calm_words,
    corrected_words,
    falling_words,
)
from salutogen.analyses.trajectories.courses.days_figure import days_figure
from salutogen.analyses.trajectories.courses.event_courses import LockedCourses
from salutogen.analyses.trajectories.courses.figures import (
    compared_means,
    means_figure,
    own_and_other,
    p_figure,
    sr_figure,
)
from salutogen.analyses.trajectories.courses.over_windows import OverWindows, windows_words
from salutogen.analyses.trajectories.courses.position_means import means_by_position
from salutogen.analyses.trajectories.exposure_bands import ErrorBand
from salutogen.analyses.trajectories.placebo.change_words import change_words
from salutogen.analyses.trajectories.placebo.comparison import Placebo
from salutogen.analyses.trajectories.placebo.words import beyond_words
from salutogen.analyses.trajectories.recovery.response import JumpTest, Response
from salutogen.columns import POINTS, Column, Kind
from salutogen.findings import Finding, Persons
from salutogen.page.audience import Audience
from salutogen.page.section import Section, Table, Text
from salutogen.page.words import say, signed

OWN_CODES = ("jump-by-arithmetic", "no-placebo", "placebo-for-few")
RESPONSES = ("jump", "mean_change", "depth")
THIS_JUMP = "this jump by the line over single occasions"
DIFFERENCE = "the difference of jumps by the line over single occasions"
MEAN_CHANGE = "the difference of mean changes"
SAME = "Taking the same of exposure"
SIGN_NOTE = "SR = observed − expected problems; positive = less resilient."


def course_section(
    anchors: Anchors,
    courses: LockedCourses,
    response: Response,
    placebo: Placebo | None,
    windows: OverWindows | None,
    findings: Sequence[Finding],
    audience: Audience,
) -> Section:
    """Means around the event and without one, and single courses where persons are shown."""
    drawn = (
        means_figure(anchors, courses, placebo, audience),
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
            _background_words(courses) + falling_words(response),
            *_jump_words(response, placebo, anchors.n, audience),
            change_words(courses, placebo, anchors.n),
            *((told,) if (told := windows_words(windows)) else ()),
        ),
        figures=tuple(figure for figure in drawn if figure is not None),
        tables=(_means_table(anchors, courses, placebo, audience),),
        findings=tuple(item for item in findings if item.code in OWN_CODES),
    )


def _jump_words(
    response: Response, placebo: Placebo | None, anchored: int, audience: Audience
) -> tuple[Text, ...]:
    """The mean jump under both ways of scoring, beside that without an event."""
    plain, within = response.jump_tests["SR"], response.jump_tests.get("SR_within")
    if plain.mean is None or plain.n < max(2, audience.smallest):
        return ()
    own = f"What is told of courses stands on SR by the line over single occasions: {_jump(plain)}"
    if within is not None and within.mean is not None:
        own += f"; scored with the slope of exposure within persons: {_jump(within)}"
    own += "."
    own += calm_words(response) + _error_words(response.jump_error_band, THIS_JUMP)
    own += corrected_words(response)
    if placebo is None or placebo.SR is None:
        return (own,)
    found = placebo.SR.response["jump"]
    return (
        own,
        say(
            "In the {n} complete courses that have comparator occasions ({without}) SR changes "
            "from pre to peri by {observed} around the event and by {placebo} ({low} to {high}) "
            "around these. {beyond}{error}",
            n=Persons(found.n, of=anchored),
            without=placebo.without,
            observed=signed(found.observed),
            placebo=signed(found.placebo),
            low=signed(found.placebo_mean_low),
            high=signed(found.placebo_mean_high),
            beyond=beyond_words(placebo, "response", RESPONSES, "jump, mean change and depth"),
            error=_error_words(placebo.jump_error_band, DIFFERENCE, SAME)
            + _error_words(placebo.mean_change_error_band, MEAN_CHANGE, SAME),
        ),
    )


def _error_words(band: ErrorBand | None, what: str, assumed: str = "") -> str:
    """Where a jump may lie if exposure is measured with error, or its reports follow mood.

    Parameters
    ----------
    band : ErrorBand or None
    what : str
        Whose band it is.
    assumed : str
        What is taken of exposure, in place of the assumptions at length.
    """
    if band is None or band.error_low is None or band.joint_low is None:
        return ""
    return (
        f" {assumed or f'With {band.assumed}'}, {what} may lie from {signed(band.error_low)} to "
        f"{signed(band.error_high)} by error in exposure and from {signed(band.joint_low)} to "
        f"{signed(band.joint_high)} by both; ends hold the sampling error as well, by "
        "resamples of persons."
    )


def _jump(found: JumpTest) -> str:
    told = "" if found.told else ", not distinguished from 0"
    return (
        f"from pre to peri it changes by {signed(found.mean)} points "
        f"({signed(found.low)} to {signed(found.high)}){told}"
    )


def _background_words(courses: LockedCourses) -> str:
    if not courses.event_in_exposure:
        return (
            "The anchor events are no part of exposure, so the line expects nothing of the "
            "reaction to them: it stays in SR whole."
        )
    own, _ = own_and_other(courses)
    both = "" if courses.other_background is None else " Both means are shown."
    return (
        f"SR is judged here {own} the anchor event in the background exposure. With the event in "
        "it, SR is what problems differ by from those that the line expects at the exposure of the "
        f"event; without it, any reaction to the event itself stays in SR.{both}"
    )


def _means_table(
    anchors: Anchors, courses: LockedCourses, placebo: Placebo | None, audience: Audience
) -> Table:
    """Means of SR however it is scored, without an event, of P, and over complete courses."""
    lock, person = courses.told, anchors.person
    first = means_by_position(lock.SR, person, audience)
    whole = np.where(lock.complete[:, None], lock.SR, np.nan)
    complete = means_by_position(whole, person, audience, lock.SR)
    columns = {"position": first["position"], "n": first["n"], "SR": first["mean"]}
    if courses.other_told is not None:
        other = means_by_position(courses.other_told.SR, person, audience, lock.SR)
        columns["SR_other"] = other["mean"]
    if lock.SR_within is not None:
        columns["SR_within"] = means_by_position(lock.SR_within, person, audience, lock.SR)["mean"]
    columns["SR_complete"] = complete["mean"]
    if placebo is not None and placebo.SR is not None and placebo.n >= audience.smallest:
        course = placebo.SR.course.values()
        columns["n_compared"] = pl.Series([item.n for item in course])
        columns["SR_compared"] = pl.Series(compared_means(placebo, anchors.n, audience))
        columns["placebo"] = pl.Series([item.placebo for item in course])
        columns["placebo_low"] = pl.Series([item.placebo_mean_low for item in course])
        columns["placebo_high"] = pl.Series([item.placebo_mean_high for item in course])
    columns["P"] = means_by_position(lock.P, person, audience, lock.SR)["mean"]
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
        "SR_within": "Mean SR, slope within persons",
        "SR_complete": "Mean SR, complete courses",
        "SR_compared": "Mean SR, courses compared",
        "placebo": "Mean SR, comparator occasions of these",
        "placebo_low": "95 % over persons from",
        "placebo_high": "to",
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
        Column(
            name="n_compared",
            meaning="Courses with SR that have comparator occasions",
            unit="persons",
            kind=Kind.COUNT,
            heading="Persons compared",
            of="n",
        ),
        *(
            Column(
                name=name,
                meaning=words,
                unit=POINTS,
                heading=words,
                n="n_compared" if name == "SR_compared" else "",
            )
            for name, words in headings.items()
        ),
    )
