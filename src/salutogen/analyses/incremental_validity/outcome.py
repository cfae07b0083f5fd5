"""The outcome that is foretold, when it was measured, and what comes before it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.answer_times import AnswerTimes, Moments
from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.incremental_validity.settings import IncrementalValiditySettings
from salutogen.analyses.occasions import refuse_unplanned
from salutogen.analyses.scales import at_occasion, known_scales, named_scale, numbers_of
from salutogen.analyses.titles import title_of
from salutogen.errors import AnalysisError
from salutogen.findings import Findings, Persons, listed
from salutogen.names import did_you_mean

Float = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Outcome:
    """An outcome with a number per person.

    Attributes
    ----------
    name, title : str
    values : array (persons,)
        NaN where missing.
    place : int
        Of the occasion at which it was measured; one after the last where that is not known.
    at : str or None
        Label of that occasion.
    times : Moments
        Of the answers, by person.
    """

    name: str
    title: str
    values: Float
    place: int
    at: str | None
    times: Moments


def read_outcome(
    inputs: AnalysisInputs, settings: IncrementalValiditySettings, found: Findings
) -> Outcome:
    """Find the outcome: of the person, or of one occasion.

    Raises
    ------
    AnalysisError
        It is not known, is no number, or its occasion is not planned or has nothing before it.
    """
    labels, name, at = inputs.study.labels, settings.outcome, settings.at
    refuse_unplanned(inputs, [at, settings.first], found, unknown="outcome-occasion-unknown")
    instrument = inputs.study.instruments.get(name)
    if instrument is not None and instrument.measured == "baseline":
        found.tell("outcome-measured-at-baseline", name=name)
    elif name in inputs.study.exposure_types:
        found.tell("outcome-unknown", variant="exposure", name=name)
    found.raise_refusals(AnalysisError)
    if name in known_scales(inputs):
        return _of_occasion(inputs, name, at, found)
    column = inputs.scores.of_persons(name)
    if column is None:
        known = [*known_scales(inputs), *inputs.study.plan.background,
                 *inputs.scores.factors_baseline]  # fmt: skip
        near = did_you_mean(name, known)
        found.tell("outcome-unknown", name=name, near=near, known=listed(known))
    elif not (column.dtype.is_numeric() or column.dtype == pl.Boolean):
        found.tell("outcome-not-a-number", name=name)
    found.raise_refusals(AnalysisError)
    assert column is not None
    place = len(labels) if at is None else labels.index(at)
    if at is None:
        found.tell("outcome-without-an-occasion", name=name)
    else:
        _check_place(place, labels, found)
    times = AnswerTimes(inputs)
    return Outcome(
        name=name, title=title_of(inputs, name), values=numbers_of(column), place=place, at=at,
        times=times.own(name) if at is None else times.at(name, place),
    )  # fmt: skip


def _of_occasion(inputs: AnalysisInputs, name: str, at: str | None, found: Findings) -> Outcome:
    labels = inputs.study.labels
    place = len(labels) - 1 if at is None else labels.index(at)
    _check_place(place, labels, found)
    scale = named_scale(inputs, name)
    return Outcome(
        name=name, title=scale.title, values=at_occasion(inputs, scale.values, place),
        place=place, at=labels[place], times=AnswerTimes(inputs).at(name, place),
    )  # fmt: skip


def _check_place(place: int, labels: tuple[str, ...], found: Findings) -> None:
    if place == 0:
        found.tell("nothing-before-the-outcome", label=labels[0])
        found.raise_refusals(AnalysisError)


def rows_before(
    inputs: AnalysisInputs,
    settings: IncrementalValiditySettings,
    outcome: Outcome,
    found: Findings,
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Valid person-occasions before the outcome, by plan and by the clock, and their labels."""
    labels = inputs.study.labels
    first = 0 if settings.first is None else labels.index(settings.first)
    if first >= outcome.place:
        found.tell("nothing-before-the-outcome", label=outcome.at or labels[-1])
        found.raise_refusals(AnalysisError)
    rows = inputs.scores.table.with_columns(inputs.resilience.occasions["SR"])
    place = pl.col("occasion_index").cast(pl.Int64)
    within = place.is_between(first, outcome.place - 1)
    kept = rows.select(pl.col("valid") & pl.col("SR").is_not_null() & within).to_series()
    kept = kept.fill_null(value=False)
    rows = rows.filter(kept)
    forms = AnswerTimes(inputs).forms.at(kept.to_numpy())
    late = outcome.times.at(rows["person"].to_numpy()).not_after(forms)
    if late.any():
        persons = rows.filter(pl.Series(late))["person"].n_unique()
        found.tell("answers-not-before-the-outcome", persons=Persons(persons))
    return rows.filter(pl.Series(~late)), labels[first : outcome.place]
