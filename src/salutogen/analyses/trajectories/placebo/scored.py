"""One way of scoring SR: labels, courses and responses beside those at comparator occasions."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.trajectories.anchors.events import BoolArray
from salutogen.analyses.trajectories.courses.locks import POSITIONS, FloatArray
from salutogen.analyses.trajectories.labels.rule import HIGH, LABELS, classify
from salutogen.analyses.trajectories.labels.settings import LabelSettings
from salutogen.analyses.trajectories.placebo.contrast import (
    Contrast,
    ShareContrast,
    beside_all,
    contrast,
    told_beside,
    told_together,
)
from salutogen.analyses.trajectories.placebo.occasions import PlaceboOccasions
from salutogen.analyses.trajectories.placebo.regression import (
    RegressionToMean,
    regression_to_mean,
    with_level,
)
from salutogen.columns import LESS_RESILIENT, POINTS, Kind, Record, beside, figure, record
from salutogen.page.audience import SMALL_CELL

FEWEST = 20  # courses with a placebo, below which nothing is compared


@dataclass(frozen=True, kw_only=True, repr=False)
class ScoredRows:
    """SR of the anchored persons under one way of scoring it, and what labels need of it.

    Attributes
    ----------
    rows : ndarray, shape (n, occasions)
        SR of the person of each anchor.
    locked : ndarray, shape (n, 4)
        SR around the anchor.
    half_width : float
        Half width of the band.
    high : float
        SR above which a person is high before the event.
    calm : ndarray, shape (n, occasions)
        `rows` without the occasions at which an event of the person acts.
    before : ndarray of int, shape (n,)
        Place of the occasion before each anchor; -1 where there is none.
    """

    rows: FloatArray
    calm: FloatArray
    before: NDArray[np.int64]
    locked: FloatArray
    half_width: float
    high: float

    def __repr__(self) -> str:
        """Say how many courses there are."""
        return f"ScoredRows({self.rows.shape[0]} courses)"


@record
class PartCompared(Record):
    """The comparison of some of the courses alone.

    Of those whose comparator lies on one side of the event: before the first anchor it holds
    nothing of the event, after it it may still hold its reaction. Or of those that met no further
    listed event at post1 and post2.
    """

    n: int = figure("Complete courses that these are", kind=Kind.COUNT)
    labels: dict[str, ShareContrast] = figure("As of all comparator occasions")
    course: dict[str, Contrast] = figure(
        "As of all comparator occasions", unit=POINTS, sign=LESS_RESILIENT
    )
    response: dict[str, Contrast] = figure(
        "As of all comparator occasions", unit=POINTS, sign=LESS_RESILIENT
    )
    regression: RegressionToMean | None = figure(
        "As of all comparator occasions; null for those after the event, and of too few",
        default=None,
    )


@record
class ScoredComparison(Record):
    """Labels, courses and responses beside their placebo, under one way of scoring SR.

    Attributes
    ----------
    judged_without : PartCompared or None
        `without_further` as all the persons judge it, whatever may be told of it.
    """

    labels: dict[str, ShareContrast] = figure(
        "Shares of labels among the complete courses that were not high before and have placebo "
        "occasions not high before either, each of which counts once; the share of those "
        "high before among all, which is fixed before the event and hence not contrasted"
    )
    course: dict[str, Contrast] = figure("Mean SR by position", unit=POINTS, sign=LESS_RESILIENT)
    response: dict[str, Contrast] = figure(
        "Jump, mean change, and depth: the highest of peri, post1 and post2 above pre",
        unit=POINTS,
        sign=LESS_RESILIENT,
    )
    regression: RegressionToMean | None = figure("The change after the event and the one expected")
    n_with_level: int = figure(
        "Complete courses whose comparator leaves further occasions that tell the person's level",
        kind=Kind.COUNT,
        default=0,
    )
    before: PartCompared | None = figure(
        "The same with comparator occasions before the first anchor; null where too few have some",
        default=None,
    )
    after: PartCompared | None = figure(
        "The same with comparator occasions after an anchor; null where too few have some",
        default=None,
    )
    without_further: PartCompared | None = figure(
        "The same of the courses that met no further listed event at post1 and post2, beside "
        "comparator occasions without one there; null where no course met one, and of too few",
        default=None,
    )
    judged_without: PartCompared | None = beside(default=None)


def depth(courses: FloatArray) -> FloatArray:
    """Highest of peri, post1 and post2 above pre, 0 where never above; last axis: positions."""
    return np.maximum((courses[..., 1:] - courses[..., :1]).max(axis=-1), 0.0)


def responses(courses: FloatArray) -> dict[str, FloatArray]:
    """Jump, mean change and depth of complete courses, the positions along the last axis."""
    return {
        "jump": courses[..., 1] - courses[..., 0],
        "mean_change": 0.5 * (courses[..., 2] + courses[..., 3]) - courses[..., 0],
        "depth": depth(courses),
    }


def codes_of(courses: FloatArray, scored: ScoredRows, settings: LabelSettings) -> NDArray[np.int8]:
    """Label of each course (last axis: positions) by the band of this way of scoring."""
    return classify(
        courses,
        half_width=scored.half_width,
        tolerance=settings.tolerance,
        high=courses[..., 0] > scored.high,
    )


def scored_comparison(
    chosen: PlaceboOccasions, scored: ScoredRows, settings: LabelSettings
) -> ScoredComparison:
    """Hold labels, courses and responses beside those at comparator occasions, all and by side.

    Parameters
    ----------
    chosen : PlaceboOccasions
    scored : ScoredRows
    settings : LabelSettings
    """
    labels, course, response = _contrasts(chosen, scored, settings)
    regression = _regression(chosen, scored)
    # The change that follows the jump is told of the same courses, in the same breath.
    response, p = told_beside(response, None if regression is None else regression.p)
    alone = _without_further(chosen, scored, settings)
    return ScoredComparison(
        labels=told_together(labels),
        course=told_together(course),
        response=response,
        regression=None if regression is None else replace(regression, p_adjusted=p),
        n_with_level=int(
            with_level(_whole(chosen, scored), chosen.of, _elsewhere(chosen, scored)).sum()
        ),
        before=_side(chosen, chosen.before, scored, settings, regressed=True),
        after=_side(chosen, ~chosen.before, scored, settings, regressed=False),
        without_further=alone,
        judged_without=alone,
    )


def may_stand_alone(complete: BoolArray, there: BoolArray) -> bool:
    """Whether courses on one side are enough, and do not tell of few on the other.

    Parameters
    ----------
    complete : ndarray of bool, shape (m,)
        Courses that are compared at all.
    there : ndarray of bool, shape (m,)
        Whether their comparator lies on this side.
    """
    n, rest = int((complete & there).sum()), int((complete & ~there).sum())
    return n >= FEWEST and not 0 < rest < SMALL_CELL


def _without_further(
    chosen: PlaceboOccasions, scored: ScoredRows, settings: LabelSettings
) -> PartCompared | None:
    """The comparison without later events on either side; None where there are none."""
    complete = np.isfinite(_whole(chosen, scored)[:, 0])
    if not (complete & chosen.further).any():
        return None
    alone = chosen.without_further()
    if np.isfinite(_whole(alone, scored)[:, 0]).sum() < FEWEST:
        return None
    return _part(alone, scored, settings, regressed=True)


def _side(
    chosen: PlaceboOccasions,
    there: BoolArray,
    scored: ScoredRows,
    settings: LabelSettings,
    *,
    regressed: bool,
) -> PartCompared | None:
    complete = np.isfinite(_whole(chosen, scored)[:, 0])
    if not may_stand_alone(complete, there):
        return None
    return _part(chosen.among(there), scored, settings, regressed=regressed)


def _part(
    chosen: PlaceboOccasions, scored: ScoredRows, settings: LabelSettings, *, regressed: bool
) -> PartCompared:
    labels, course, response = _contrasts(chosen, scored, settings)
    return PartCompared(
        n=response["jump"].n,
        labels=told_together(labels),
        course=told_together(course),
        response=told_together(response),
        regression=_regression(chosen, scored) if regressed else None,
    )


def _regression(chosen: PlaceboOccasions, scored: ScoredRows) -> RegressionToMean | None:
    """The change after the event beside the one that these comparator occasions let expect."""
    return regression_to_mean(
        _whole(chosen, scored),
        chosen.courses(scored.rows),
        chosen.of,
        chosen.person,
        elsewhere=_elsewhere(chosen, scored),
    )


def _whole(chosen: PlaceboOccasions, scored: ScoredRows) -> FloatArray:
    """The courses around the event, NaN throughout where they are not complete."""
    mine = scored.locked[chosen.anchor]
    complete = np.isfinite(mine).all(axis=1)
    return np.where(complete[:, None], mine, np.nan)


def _contrasts(
    chosen: PlaceboOccasions, scored: ScoredRows, settings: LabelSettings
) -> tuple[dict[str, ShareContrast], dict[str, Contrast], dict[str, Contrast]]:
    """Contrasts of labels, positions and responses, each by itself.

    Labels are of who was not high before the event, beside the same persons' occasions at which
    they were not high before either: like stands beside like, each person once.
    """
    of, person, mine = chosen.of, chosen.person, scored.locked[chosen.anchor]
    around, whole = chosen.courses(scored.rows), _whole(chosen, scored)
    complete = np.isfinite(whole[:, 0])
    own, theirs = codes_of(mine, scored, settings), codes_of(around, scored, settings)
    shares = {}
    for code, name in enumerate(LABELS):
        counts, count = (code == HIGH) | (own != HIGH), (code == HIGH) | (theirs != HIGH)
        shares[name] = ShareContrast.of(
            contrast(
                np.where(complete & counts, own == code, np.nan),
                np.where(count, theirs == code, np.nan),
                of,
                person,
            )
        )
    shares[LABELS[HIGH]] = replace(shares[LABELS[HIGH]], excess_low=None, excess_high=None, p=None)
    every = np.where(np.isfinite(scored.locked).all(axis=1)[:, None], scored.locked, np.nan)
    each = int(np.bincount(person).max(initial=0))
    course = {
        name: beside_all(
            contrast(mine[:, place], around[:, place], of, person),
            every[:, place],
            chosen.anchor,
            each,
        )
        for place, name in enumerate(POSITIONS)
    }
    others, of_every = responses(around), responses(every)
    response = {
        name: beside_all(
            contrast(values, others[name], of, person), of_every[name], chosen.anchor, each
        )
        for name, values in responses(whole).items()
    }
    return shares, course, response


def _elsewhere(chosen: PlaceboOccasions, scored: ScoredRows) -> tuple[FloatArray, FloatArray]:
    """Mean SR of each person outside the course around the event, and outside each other one.

    Occasions at which an event acts are in neither, nor is pre of the anchor in the first.
    """
    own = scored.calm[chosen.anchor].copy()
    at = scored.before[chosen.anchor]
    own[np.arange(at.size)[at >= 0], at[at >= 0]] = np.nan
    there = np.isfinite(own)
    n = there.sum(axis=1)
    total = np.where(there, own, 0.0).sum(axis=1)
    mean = np.where(n > 0, total / np.maximum(n, 1), np.nan)
    return mean, chosen.elsewhere(scored.calm)
