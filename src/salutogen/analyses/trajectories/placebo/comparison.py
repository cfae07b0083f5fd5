"""Labels, courses, responses and returns around events beside those around placebo occasions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.trajectories.anchors.events import BoolArray
from salutogen.analyses.trajectories.anchors.wording import WITHOUT_LISTED
from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.analyses.trajectories.exposure_bands import ErrorBand
from salutogen.analyses.trajectories.labels.settings import LabelSettings
from salutogen.analyses.trajectories.placebo.contrast import (
    Contrast,
    ShareContrast,
    beside_all,
    contrast,
)
from salutogen.analyses.trajectories.placebo.occasions import PlaceboOccasions
from salutogen.analyses.trajectories.placebo.returns import (
    ComparedShare,
    back_after,
    number_above,
)
from salutogen.analyses.trajectories.placebo.scored import (
    FEWEST,
    ScoredComparison,
    ScoredRows,
    codes_of,
    may_stand_alone,
    scored_comparison,
)
from salutogen.columns import POINTS, Kind, Record, beside, figure, record

BEFORE_FURTHER = ("jump", "pre", "peri")  # figures that end before post1


@record
class Placebo(Record):
    """What the anchored persons show around occasions without an event.

    Attributes
    ----------
    chosen : PlaceboOccasions
    codes : ndarray, shape (rows,)
        Label of each placebo course.
    without : str
        What placebo occasions are without, in words.
    other : str
        How `SR_other` is judged, in words.
    """

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
    back_after: dict[str, ComparedShare] = figure(
        "Share back within the band so many occasions after they were first seen above it"
    )
    jump_error_band: ErrorBand | None = figure(
        "The difference of the jump from the comparator's, by the line over single occasions, over "
        "errors of exposure and mood at once; null without a straight line over everyone's "
        "occasions, or with the event out of exposure",
        default=None,
    )
    mean_change_error_band: ErrorBand | None = figure(
        "As `jump_error_band`, of the mean change", default=None
    )
    n_left: float = figure(
        "Courses above their band at any time after a placebo occasion until the next anchor, mean "
        "over the placebo occasions of each",
        kind=Kind.COUNT,
        default=0.0,
    )
    above: ShareContrast | None = figure(
        "Share of complete courses seen above their band at the event, post1 or post2, and over "
        "the same span at comparator occasions",
        default=None,
    )
    n_further: int = figure(
        "Complete courses compared that met a further listed event at post1 or post2, the same or "
        "another one",
        kind=Kind.COUNT,
        default=0,
    )
    further_event: ShareContrast | None = figure(
        "Their share, and that of comparator courses with a listed event at these positions",
        default=None,
    )
    P_jump: Contrast | None = figure(
        "Problems at the event minus problems before, of the complete courses",
        unit=POINTS,
        default=None,
    )
    P_jump_before: Contrast | None = figure(
        "The same with comparator occasions before the first anchor; null where too few have some",
        unit=POINTS,
        default=None,
    )
    draws: int = figure(
        "Draws of one occasion for each anchor, in which labels are held beside what comes later",
        default=0,
    )
    rated: bool = figure("Whether events count from a rating of burden: they are then selected")
    chosen: PlaceboOccasions = beside()
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

    def beyond_fluctuation(self, table: str, name: str) -> bool:
        """Whether a figure goes beyond its placebo where this holds nothing of the event.

        Comparator occasions after an event may hold what is left of it, so that what goes beyond
        them need not go beyond ordinary fluctuation: those before the first anchor must say so too.
        So must courses that met no further event.
        """
        if not self.beyond(table, name) or not self.without_further(table, name):
            return False
        if self.n_before == self.n:
            return True
        sides = [found.before for found in self.scored]
        up = getattr(self.scored[0], table)[name].excess > 0.0
        each = [getattr(side, table)[name] for side in sides if side is not None]
        return len(each) == len(sides) and all(
            item.beyond and (item.excess > 0.0) == up for item in each
        )

    def without_further(self, table: str, name: str) -> bool:
        """Whether a figure goes beyond its placebo without courses that met a further event too.

        A jump is over before these come. Where too few courses are without, it is not known to.
        """
        if not self.n_further or name in BEFORE_FURTHER:
            return True
        for found in self.scored:
            part = found.judged_without
            if part is None:
                return False
            alone, whole = getattr(part, table)[name], getattr(found, table)[name]
            if not alone.beyond or alone.excess * whole.excess <= 0.0:
                return False
        return True

    @property
    def P_beyond(self) -> bool:
        """Whether problems change otherwise at the event than at comparator occasions."""
        return self.P_jump is not None and self.P_jump.beyond

    @property
    def P_beyond_fluctuation(self) -> bool:
        """Whether they do so where the comparator holds nothing of the event."""
        if self.P_jump is None or not self.P_jump.beyond or self.n_before == self.n:
            return self.P_beyond
        early = self.P_jump_before
        return early is not None and early.beyond and early.excess * self.P_jump.excess > 0.0

    @property
    def ways(self) -> dict[str, ScoredComparison]:
        """The comparison under every way of scoring that there is, by its name in words."""
        each = {
            "by the line over single occasions": self.SR,
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

    @property
    def falls_beyond_fluctuation(self) -> bool:
        """Whether it does so where the comparator, and the course, hold nothing of an event."""
        return self.falls_beyond and self.falls_before_alone and self.falls_without_further

    @property
    def falls_before_alone(self) -> bool:
        """Whether it differs by comparator occasions before the first anchor as well."""
        if self.n_before == self.n:
            return True
        pairs = [(found.regression, found.before) for found in self.scored if found.regression]
        return all(
            early is not None
            and early.regression is not None
            and early.regression.leaves_out_0
            and early.regression.excess * whole.excess > 0.0
            for whole, early in pairs
        )

    @property
    def falls_without_further(self) -> bool:
        """Whether it does so without the courses that met a further listed event too."""
        if not self.n_further:
            return True
        pairs = [(found.regression, found.judged_without) for found in self.scored]
        return all(
            part is not None
            and part.regression is not None
            and part.regression.leaves_out_0
            and part.regression.excess * whole.excess > 0.0
            for whole, part in pairs
            if whole is not None
        )


def compare(
    chosen: PlaceboOccasions,
    SR: ScoredRows,
    within: ScoredRows | None,
    settings: LabelSettings,
    *,
    other: ScoredRows | None = None,
    change: FloatArray,
    seed: int | np.random.SeedSequence,
    rated: bool = False,
    problems: tuple[FloatArray, FloatArray] | None = None,
) -> Placebo:
    """Hold what is seen around events beside what is seen around placebo occasions.

    Parameters
    ----------
    chosen : PlaceboOccasions
    SR : ScoredRows
    within : ScoredRows or None
        Scored with the slope within persons.
    settings : LabelSettings
    other : ScoredRows or None
        Judged with the other background.
    change : ndarray, shape (n, occasions)
        SR minus the own pre-level from each anchor on.
    seed : int
        Of the persons resampled for the shares that are back.
    rated : bool
        Whether events count from a rating of burden.
    problems : tuple of ndarray, shapes (n, occasions) and (n, 4), optional
        P of the person of each anchor, and P around the anchor.
    """
    enough = chosen.anchor.size >= FEWEST
    around = chosen.courses(SR.rows)
    after = chosen.afterwards(SR.rows) - around[:, :1]
    return Placebo(
        n=int(chosen.anchor.size),
        n_without=int(SR.rows.shape[0] - chosen.anchor.size),
        n_before=int(chosen.before.sum()),
        SR=scored_comparison(chosen, SR, settings) if enough else None,
        SR_within=scored_comparison(chosen, within, settings) if enough and within else None,
        SR_other=scored_comparison(chosen, other, settings) if enough and other else None,
        back_after=back_after(
            change[chosen.anchor], after, chosen.of, SR.half_width, chosen.person, seed=seed
        )
        if enough
        else {},
        n_left=number_above(after, chosen.of, SR.half_width) if enough else 0.0,
        above=_above(chosen, SR) if enough else None,
        n_further=int((chosen.further & _complete(chosen, SR)).sum()) if enough else 0,
        further_event=_further(chosen, SR) if enough else None,
        P_jump=_problems(chosen, SR, problems),
        P_jump_before=_problems_before(chosen, SR, problems),
        rated=rated,
        chosen=chosen,
        codes=codes_of(around, SR, settings),
    )


def _complete(chosen: PlaceboOccasions, SR: ScoredRows) -> BoolArray:
    """Which of the courses around events are complete, shape (m,)."""
    return np.asarray(np.isfinite(SR.locked[chosen.anchor]).all(axis=1))


def _further(chosen: PlaceboOccasions, SR: ScoredRows) -> ShareContrast:
    """Share with a listed event at post1 or post2, and at these positions elsewhere."""
    own = chosen.further.astype(np.float64)
    own[~_complete(chosen, SR)] = np.nan
    around = chosen.further_around.astype(np.float64)
    return ShareContrast.of(contrast(own, around, chosen.of, chosen.person))


def _above(chosen: PlaceboOccasions, SR: ScoredRows) -> ShareContrast:
    """Share seen above the band from the event to post2, and over as long elsewhere."""
    mine, complete = SR.locked[chosen.anchor], _complete(chosen, SR)

    def above(courses: FloatArray) -> FloatArray:
        return np.asarray((courses[..., 1:] - courses[..., :1] > SR.half_width).any(axis=-1) * 1.0)

    own = np.where(complete, above(mine), np.nan)
    around = above(chosen.courses(SR.rows))
    return ShareContrast.of(contrast(own, around, chosen.of, chosen.person))


def _problems_before(
    chosen: PlaceboOccasions, SR: ScoredRows, problems: tuple[FloatArray, FloatArray] | None
) -> Contrast | None:
    """As `_problems`, with the comparator before the first anchor; None where it always is."""
    complete = _complete(chosen, SR)
    if chosen.before.all() or not may_stand_alone(complete, chosen.before):
        return None
    return _problems(chosen.among(chosen.before), SR, problems)


def _problems(
    chosen: PlaceboOccasions, SR: ScoredRows, problems: tuple[FloatArray, FloatArray] | None
) -> Contrast | None:
    """How problems change at the event in the courses whose SR is complete; None of too few."""
    complete = _complete(chosen, SR)
    if problems is None or complete.sum() < FEWEST:
        return None
    rows, locked = problems
    mine, around = locked[chosen.anchor], chosen.courses(rows)
    own = np.where(complete, mine[:, 1] - mine[:, 0], np.nan)
    found = contrast(own, around[:, 1] - around[:, 0], chosen.of, chosen.person)
    every = np.where(np.isfinite(SR.locked).all(axis=1), locked[:, 1] - locked[:, 0], np.nan)
    each = int(np.bincount(chosen.person).max(initial=0))
    return beside_all(found, every, chosen.anchor, each)
