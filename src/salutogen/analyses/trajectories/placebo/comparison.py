"""Labels, courses, responses and returns around events beside those around placebo occasions."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.trajectories.anchors.wording import WITHOUT_LISTED
from salutogen.analyses.trajectories.courses.locks import POSITIONS, FloatArray
from salutogen.analyses.trajectories.exposure_bands import ErrorBand
from salutogen.analyses.trajectories.labels.rule import HIGH, LABELS, classify
from salutogen.analyses.trajectories.labels.settings import LabelSettings
from salutogen.analyses.trajectories.placebo.contrast import (
    Contrast,
    contrast,
    told_beside,
    told_together,
)
from salutogen.analyses.trajectories.placebo.occasions import PlaceboDraws
from salutogen.analyses.trajectories.placebo.regression import (
    RegressionToMean,
    regression_to_mean,
    with_level,
)
from salutogen.analyses.trajectories.placebo.returns import (
    DrawnShare,
    back_after,
    number_above,
)
from salutogen.columns import LESS_RESILIENT, POINTS, Kind, Record, beside, figure, record

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
class ScoredComparison(Record):
    """Labels, courses and responses beside their placebo, under one way of scoring SR."""

    labels: dict[str, Contrast] = figure(
        "Shares of labels among complete courses that were not high before; the share of those "
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


@record
class Placebo(Record):
    """What the anchored persons show around occasions without an event.

    Attributes
    ----------
    chosen : PlaceboDraws
    codes : ndarray, shape (draws, m)
        Label of each placebo course.
    without : str
        What placebo occasions are without, in words.
    other : str
        How `SR_other` is judged, in words.
    """

    draws: int = figure("Draws of one occasion for each anchor")
    n: int = figure("Anchors with a placebo occasion", kind=Kind.COUNT)
    n_without: int = figure("Anchors without any", kind=Kind.COUNT)
    n_before: int = figure(
        "Anchors whose placebo occasions lie before the person's first anchor", kind=Kind.COUNT
    )
    SR: ScoredComparison | None = figure("SR as it is locked; null where too few have a placebo")
    SR_within: ScoredComparison | None = figure(
        "SR scored with the slope within persons; null where there is none"
    )
    SR_other: ScoredComparison | None = figure(
        "SR judged with the other background: without the event in exposure where `SR` has it in; "
        "null where both are the same or it cannot be given"
    )
    back_after: dict[str, DrawnShare] = figure(
        "Share back within the band so many occasions after they were first seen above it"
    )
    jump_error_band: ErrorBand | None = figure(
        "The difference of the jump from the comparator's, by the line of this study, over errors "
        "of exposure and mood at once; null without a straight line over everyone's occasions, or "
        "with the event out of exposure",
        default=None,
    )
    n_left: float = figure("Courses above their band in a draw, mean", default=0.0)
    rated: bool = figure("Whether events count from a rating of burden: they are then selected")
    chosen: PlaceboDraws = beside()
    codes: NDArray[np.int8] = beside()
    without: str = beside(default=WITHOUT_LISTED)
    other: str = beside(default="")

    def beyond(self, table: str, name: str) -> bool:
        """Whether a figure goes beyond its placebo, however SR is scored.

        Parameters
        ----------
        table : {"labels", "course", "response"}
        name : str
            Of a label, position or response.
        """
        each = [getattr(found, table)[name] for found in self.scored]
        ways = {item.excess > 0.0 for item in each}
        return bool(each) and len(ways) == 1 and all(item.beyond for item in each)

    @property
    def ways(self) -> dict[str, ScoredComparison]:
        """The comparison under every way of scoring that there is, by its name in words."""
        each = {
            "by the line of this study": self.SR,
            "with the slope within persons": self.SR_within,
            self.other or "with the other background": self.SR_other,
        }
        return {words: found for words, found in each.items() if found is not None}

    @property
    def scored(self) -> list[ScoredComparison]:
        """The comparison under every way of scoring that there is."""
        return list(self.ways.values())

    @property
    def falls_beyond(self) -> bool:
        """Whether the change after the event differs from what is expected, however scored."""
        each = [found.regression for found in self.scored]
        known = [item for item in each if item is not None]
        ways = {item.excess > 0.0 for item in known}
        return bool(known) and len(ways) == 1 and all(item.beyond for item in known)


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


def compare(
    chosen: PlaceboDraws,
    SR: ScoredRows,
    within: ScoredRows | None,
    settings: LabelSettings,
    *,
    other: ScoredRows | None = None,
    change: FloatArray,
    seed: int | np.random.SeedSequence,
    rated: bool = False,
) -> Placebo:
    """Hold what is seen around events beside what is seen around placebo occasions.

    Parameters
    ----------
    chosen : PlaceboDraws
    SR : ScoredRows
    within : ScoredRows or None
        Scored with the slope within persons.
    settings : LabelSettings
    other : ScoredRows or None
        Judged with the other background.
    change : ndarray, shape (n, occasions)
        SR minus the own pre-level from each anchor on.
    seed : int
        Of the persons resampled for the change that is expected after the event.
    rated : bool
        Whether events count from a rating of burden.
    """
    enough = chosen.anchor.size >= FEWEST
    around = chosen.courses(SR.rows)
    after = chosen.afterwards(SR.rows) - around[..., :1]
    return Placebo(
        draws=chosen.occasion.shape[0],
        n=int(chosen.anchor.size),
        n_without=int(SR.rows.shape[0] - chosen.anchor.size),
        n_before=int(chosen.before.sum()),
        SR=_scored(chosen, SR, settings, seed) if enough else None,
        SR_within=_scored(chosen, within, settings, seed) if enough and within else None,
        SR_other=_scored(chosen, other, settings, seed) if enough and other else None,
        back_after=back_after(change[chosen.anchor], after, SR.half_width, chosen.person, seed=seed)
        if enough
        else {},
        n_left=number_above(after, SR.half_width) if enough else 0.0,
        rated=rated,
        chosen=chosen,
        codes=_codes(around, SR, settings),
    )


def _codes(courses: FloatArray, scored: ScoredRows, settings: LabelSettings) -> NDArray[np.int8]:
    return classify(
        courses,
        half_width=scored.half_width,
        tolerance=settings.tolerance,
        high=courses[..., 0] > scored.high,
    )


def _scored(
    chosen: PlaceboDraws,
    scored: ScoredRows,
    settings: LabelSettings,
    seed: int | np.random.SeedSequence,
) -> ScoredComparison:
    person, mine = chosen.person, scored.locked[chosen.anchor]
    drawn = chosen.courses(scored.rows)
    complete = np.isfinite(mine).all(axis=1)
    own, theirs = _codes(mine, scored, settings), _codes(drawn, scored, settings)
    shares = {
        name: contrast(
            np.where(complete, own == code, np.nan),
            (theirs == code) * 1.0,
            person,
            among=None if code == HIGH else (own != HIGH, theirs != HIGH),
        )
        for code, name in enumerate(LABELS)
    }
    shares[LABELS[HIGH]] = replace(shares[LABELS[HIGH]], excess_low=None, excess_high=None, p=None)
    course = {
        name: contrast(mine[:, place], drawn[..., place], person)
        for place, name in enumerate(POSITIONS)
    }
    whole = np.where(complete[:, None], mine, np.nan)
    around = responses(drawn)
    response = {
        name: contrast(values, around[name], person) for name, values in responses(whole).items()
    }
    elsewhere = _elsewhere(chosen, scored)
    regression = regression_to_mean(whole, drawn, person, elsewhere=elsewhere, seed=seed)
    # The change that follows the jump is told of the same courses, in the same breath.
    response, p = told_beside(response, None if regression is None else regression.p)
    return ScoredComparison(
        labels=told_together(shares),
        course=told_together(course),
        response=response,
        regression=None if regression is None else replace(regression, p_adjusted=p),
        n_with_level=int(with_level(whole, elsewhere).sum()),
    )


def _elsewhere(chosen: PlaceboDraws, scored: ScoredRows) -> tuple[FloatArray, FloatArray]:
    """Mean SR of each person outside the course around the event, and outside each drawn one.

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
