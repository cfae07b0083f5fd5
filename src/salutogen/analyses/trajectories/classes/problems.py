"""Problems themselves in each class: a class without a rise of SR may be one of rising problems."""

from __future__ import annotations

import numpy as np

from salutogen.analyses.trajectories.classes.assessment import ClassAssessment
from salutogen.analyses.trajectories.courses.event_courses import LockedCourses
from salutogen.analyses.trajectories.courses.figures import own_and_other
from salutogen.analyses.trajectories.courses.locks import FloatArray, position_means
from salutogen.page.audience import Audience
from salutogen.page.words import points

ProblemsOfClasses = tuple[dict[str, float | None], ...]


def problems_of_classes(
    assessment: ClassAssessment | None, P: FloatArray, audience: Audience
) -> ProblemsOfClasses:
    """Mean P by position of the persons most probably in each class; empty unless claimed.

    Parameters
    ----------
    assessment : ClassAssessment or None
    P : ndarray, shape (n, 4)
        Problems around each anchor. Courses without a gap count, so that means are of the same.
    audience : Audience
    """
    if assessment is None or not assessment.passed:
        return ()
    own = P[assessment.rows]
    whole, labels = np.isfinite(own).all(axis=1), assessment.labels()
    found = []
    for k in range(assessment.n_classes):
        values = own[whole & (labels == k)]
        told = np.full(own.shape[1], values.shape[0] >= audience.smallest)
        found.append(position_means(values, told, audience.told_mean))
    return tuple(found)


def scored_words(courses: LockedCourses) -> str:
    """By which scoring the courses are that classes were made of."""
    if not courses.event_in_exposure:
        return "SR by the line over single occasions"
    own, _ = own_and_other(courses)
    return f"SR by the line over single occasions, {own} the event in exposure"


def problem_words(found: ProblemsOfClasses, courses: LockedCourses) -> str:
    """Say of what the classes are, and what problems do in each; nothing without classes."""
    if not found:
        return ""
    own, other = own_and_other(courses)
    taken = ""
    if courses.event_in_exposure and own == "with":
        taken = (
            " What the line expects of the event is taken out at peri, so that a class whose SR "
            "does not rise there may be one whose problems rise as expected."
        )
    if courses.other_told is not None:
        taken += f" Of SR {other} the event in exposure no classes were looked for."
    each = [
        f"class {k}: " + ", ".join(f"{points(mean)} at {name}" for name, mean in means.items())
        for k, means in enumerate(found, 1)
        if all(mean is not None for mean in means.values())
    ]
    told = (
        f" Mean problems of the persons most probably in each (points of P; of courses without a "
        f"gap): {'; '.join(each)}."
        if each
        else ""
    )
    return f"The classes are of courses of {scored_words(courses)}.{taken}{told}"
