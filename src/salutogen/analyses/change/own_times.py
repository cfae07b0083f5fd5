"""Repeated factors with times of their own: whether they were answered at their occasion."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.answer_times import AnswerTimes
from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.titles import title_of
from salutogen.findings import Findings, Persons

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]


def at_their_occasions(
    inputs: AnalysisInputs, values: Mapping[str, Float], places: NDArray[np.intp], found: Findings
) -> dict[str, Float]:
    """Return values (persons, occasions) without those that belong to another occasion.

    A scan or a laboratory's visit may come after the form of the next occasion, or before that of
    the one before: as a value of its planned occasion it would turn what follows from what.
    """
    times, kept = AnswerTimes(inputs), {}
    for name, own in values.items():
        kept[name] = own
        if name not in inputs.scores.factors_repeated or not times.has_own(name):
            continue
        odd = _elsewhere(inputs, times, name, places) & np.isfinite(own)
        if odd.any():
            found.tell(
                "change-answered-elsewhere", name=title_of(inputs, name),
                persons=Persons(int(odd.any(axis=1).sum())),
            )  # fmt: skip
        kept[name] = np.where(odd, np.nan, own)
    return kept


def _elsewhere(
    inputs: AnalysisInputs, times: AnswerTimes, name: str, places: NDArray[np.intp]
) -> Bool:
    """Which values (persons, occasions) came at a time of another occasion's form."""
    own = [times.at(name, int(place)) for place in places]
    forms = [times.form(int(place)) for place in places]
    odd = np.zeros((inputs.scores.persons.height, len(places)), dtype=bool)
    for t, moment in enumerate(own):
        if t > 0:
            odd[:, t] |= moment.not_after(forms[t - 1])
        if t + 1 < len(places):
            odd[:, t] |= forms[t + 1].not_after(moment)
        odd[:, t] &= moment.time != forms[t].time  # a form's own order is not asked here
    return odd
