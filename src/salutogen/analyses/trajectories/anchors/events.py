"""Events by person, planned occasion and item, taken from the answers of checklists."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.trajectories.anchors.settings import EventSettings
from salutogen.errors import AnalysisError
from salutogen.findings import Finding, finding
from salutogen.names import did_you_mean
from salutogen.panel import Panel
from salutogen.scores import Scores
from salutogen.scores.checklist import absence_code
from salutogen.study import Instrument

Ratings = NDArray[np.float32]
BoolArray = NDArray[np.bool_]
NAMED = 30  # names that a mend lists, at most


@dataclass(frozen=True, kw_only=True, repr=False)
class EventGrid:
    """Ratings of every listed event at every planned occasion.

    Attributes
    ----------
    ratings : ndarray of float32, shape (persons, occasions, items)
        0 where the event did not happen, its code or rating where it did, NaN without an answer.
    observed : ndarray of bool, shape (persons, occasions)
        Whether the person answered anything at the occasion.
    items, instruments : tuple of str
        Item and its checklist, for each place of the last axis.
    threshold : float or None
        An event counts from this code on; None: whenever it happened.
    rated : bool
        Whether the threshold is above the lowest code of some item: on a burden rating.
    days_since : ndarray or None, shape (persons, occasions, items)
        Dated events: days from the event to the answers of the occasion; NaN without event.
    times : ndarray or None, shape (persons, occasions)
        Dated events: days of the answers, on the clock by which events were put to them.
    by_day : bool
        Whether that clock shows days of the calendar, not moments.
    """

    ratings: Ratings
    observed: BoolArray
    items: tuple[str, ...]
    instruments: tuple[str, ...]
    threshold: float | None
    rated: bool = False
    days_since: NDArray[np.float64] | None = None
    times: NDArray[np.float64] | None = None
    by_day: bool = False

    def __repr__(self) -> str:
        """Give the sizes: persons, occasions and kinds of events."""
        persons, occasions, items = self.ratings.shape
        return f"EventGrid({persons} persons x {occasions} occasions x {items} events)"

    @cached_property
    def happened(self) -> BoolArray:
        """Where a listed event happened: a dated one whatever its rating, be it 0."""
        if self.days_since is not None:
            return np.isfinite(self.days_since)
        return np.asarray(np.nan_to_num(self.ratings, nan=0.0) != 0.0)

    @cached_property
    def hits(self) -> BoolArray:
        """Where a listed event counts, shape (persons, occasions, items)."""
        if self.threshold is None:
            return self.happened
        with np.errstate(invalid="ignore"):
            return np.asarray(self.happened & (self.ratings >= self.threshold))

    @cached_property
    def below(self) -> BoolArray:
        """Where the item was answered and did not count."""
        return np.asarray(~np.isnan(self.ratings) & ~self.hits)

    @cached_property
    def absent(self) -> BoolArray:
        """Where the item was answered and the event did not happen."""
        return np.asarray(~np.isnan(self.ratings) & ~self.happened)


def event_grid(panel: Panel, scores: Scores, settings: EventSettings) -> EventGrid:
    """Gather the listed events of a study.

    Parameters
    ----------
    panel : Panel
    scores : Scores
        Its rows (person-occasions with at least one answered item) are the observed occasions.
    settings : EventSettings

    Raises
    ------
    AnalysisError
        An instrument or item is not in the study, or nothing is left.
    """
    chosen = _chosen(panel, scores, settings)
    n_persons, n_occasions = panel.n_persons, len(panel.study.occasions)
    observed = np.zeros((n_persons, n_occasions), dtype=bool)
    observed[scores.table["person"].to_numpy(), scores.table["occasion_index"].to_numpy()] = True
    ratings = np.full((n_persons, n_occasions, len(chosen)), np.nan, dtype=np.float32)
    person, occasion = panel.rows["person"].to_numpy(), panel.rows["occasion"].to_numpy()
    for place, (instrument, item) in enumerate(chosen):
        answers = panel.answers[instrument.name][item].cast(float).to_numpy()
        values = np.where(answers == absence_code(instrument), 0.0, answers)
        ratings[person, occasion, place] = values
    return EventGrid(
        ratings=ratings,
        observed=observed,
        items=tuple(item for _, item in chosen),
        instruments=tuple(instrument.name for instrument, _ in chosen),
        threshold=settings.threshold,
        rated=any(_is_rating(instrument, settings.threshold) for instrument, _ in chosen),
    )


def _is_rating(instrument: Instrument, threshold: float | None) -> bool:
    """Whether the threshold leaves out some that say the event happened."""
    if threshold is None or instrument.answers is None:
        return threshold is not None
    codes = (instrument.answers.minimum, instrument.answers.minimum + 1)
    lowest = next(code for code in codes if code != absence_code(instrument))
    return threshold > lowest


def _chosen(panel: Panel, scores: Scores, settings: EventSettings) -> list[tuple[Instrument, str]]:
    """Instruments and items that are asked for, in the order of the study; refuses all at once."""
    wrong: list[Finding] = []
    names = settings.instruments or scores.exposure_types
    known = list(panel.answers)
    wrong += [unknown_event("instrument", name, known) for name in names if name not in known]
    found = [
        (panel.study.instruments[name], item)
        for name in names
        if name in known
        for item in panel.answers[name].columns
    ]
    if settings.items and not wrong:
        items = [item for _, item in found]
        wrong += [
            unknown_event("item", name, items) for name in settings.items if name not in items
        ]
        found = [pair for pair in found if pair[1] in settings.items]
    if wrong:
        raise AnalysisError(wrong)
    return found


def unknown_event(kind: str, name: str, known: list[str], use: str = "events") -> Finding:
    """Refuse a name that stands nowhere, with the nearest one that does."""
    return finding(
        "unknown-event",
        variant="choice" if known else "none",
        kind=kind,
        name=name,
        use=use,
        near=did_you_mean(name, known),
        known=", ".join(known[:NAMED]),
    )
