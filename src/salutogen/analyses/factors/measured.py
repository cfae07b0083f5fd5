"""Factors with a value per person, and when they were measured."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.answer_times import AnswerTimes, Moments
from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.factors.momentary import (
    from_prompts,
    momentary_factors,
    stream_or_none,
)
from salutogen.analyses.factors.settings import FactorsSettings
from salutogen.analyses.occasions import refuse_unplanned
from salutogen.analyses.scales import numbers_of
from salutogen.analyses.titles import title_of
from salutogen.errors import AnalysisError
from salutogen.findings import Findings, Persons
from salutogen.names import did_you_mean
from salutogen.namespaces import factor_column

Float = NDArray[np.float64]
FEWEST = 20
# What asks for problems under another name: by what an instrument measures, and by its words.
DISGUISES = {"problems": "symptoms", "perceived-stress": "perceived stress"}
WORDS = {
    "neuroticism": re.compile(r"neurotic|emotional (in)?stability", re.IGNORECASE),
    "perceived stress": re.compile(r"perceived[ -]stress|stress perception", re.IGNORECASE),
    "symptoms": re.compile(
        r"depress|anxi|distress|symptom|negative[ -]affect|psychopatholog", re.IGNORECASE
    ),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Factor:
    """A factor with a value per person.

    Attributes
    ----------
    name, title : str
    place : int
        Of the occasion at which it was measured.
    values : array (persons,)
        NaN where missing.
    measured : Moments
        When, by person.
    before : array (persons, 1 + predictors)
        Means of problems and of the exposure of the persons' line up to the occasion of the
        factor, that one included, over occasions with all of them. Problems alone will not do:
        at equal problems, who met less has the higher level, so that a factor that goes with
        nothing but exposure would seem to go with SR.
    disguise : str
        What of problems it asks for under another name; empty where nothing speaks for that.
    """

    name: str
    title: str
    place: int
    values: Float
    measured: Moments
    before: Float
    disguise: str = ""


@dataclass(frozen=True, kw_only=True)
class TimeOrder:
    """Where factors and later SR stand in the plan.

    Attributes
    ----------
    first, last : int
        Places of the first and the last occasion of later SR.
    measured : mapping of str to int
        Place of the occasion of each factor.
    """

    first: int
    last: int
    measured: Mapping[str, int]

    def comes_before(self, name: str) -> bool:
        """Whether a factor was measured before the first occasion of later SR."""
        return self.measured[name] < self.first


def asked_factors(
    inputs: AnalysisInputs, settings: FactorsSettings, found: Findings
) -> tuple[str, ...]:
    """Names of the factors to relate; all of them refused where one is unknown."""
    scores = inputs.scores
    own = [*scores.factors_baseline, *scores.factors_repeated]
    known = own if stream_or_none(inputs) is None else [*own, *momentary_factors(inputs)]
    names = tuple(dict.fromkeys(own if settings.factors is None else settings.factors))
    named = settings.measured if isinstance(settings.measured, dict) else {}
    for name in dict.fromkeys([*names, *named, *settings.turning]):
        if name not in known:
            near = did_you_mean(name, known)
            variant = "prompts" if name in momentary_factors(inputs) else ""
            found.tell("factor-unknown", variant=variant, name=name, near=near, known=known)
    if not names:
        found.tell("no-factors-to-relate")
    found.raise_refusals(AnalysisError)
    return names


def time_order(
    inputs: AnalysisInputs, settings: FactorsSettings, names: tuple[str, ...], found: Findings
) -> TimeOrder:
    """Find when factors were measured and which occasions come after them."""
    labels = inputs.study.labels
    asked = settings.measured
    of_all = asked if isinstance(asked, str) else labels[0]
    by_name = asked if isinstance(asked, dict) else {}
    wanted = {name: by_name.get(name, of_all) for name in names}
    named = [*wanted.values(), settings.first, settings.last]
    refuse_unplanned(inputs, named, found, unknown="factor-occasion-unknown")
    if asked is None and settings.first is not None:  # all bursts before later SR
        up_to = labels[max(labels.index(settings.first) - 1, 0)]
        wanted |= {name: up_to for name in momentary_factors(inputs) if name in names}
    measured = {name: labels.index(label) for name, label in wanted.items()}
    first = labels.index(of_all) + 1 if settings.first is None else labels.index(settings.first)
    last = len(labels) - 1 if settings.last is None else labels.index(settings.last)
    if first > last:
        found.tell("nothing-after-the-factors", label=of_all)
        found.raise_refusals(AnalysisError)
    return TimeOrder(first=first, last=last, measured=measured)


def factors_before(
    inputs: AnalysisInputs, order: TimeOrder, times: AnswerTimes, found: Findings
) -> tuple[tuple[Factor, ...], tuple[str, ...]]:
    """Factors that were planned before, and names of those that can only be correlates."""
    labels = inputs.study.labels
    factors: list[Factor] = []
    beside: list[str] = []
    for name, place in order.measured.items():
        one = _measured(inputs, name, place, times, found)
        if one is None:
            continue
        values = one.values
        if not order.comes_before(name):
            where, first = labels[place], labels[order.first]
            found.tell("factor-not-before", name=name, where=where, first=first)
            beside.append(name)
            continue
        known = values[np.isfinite(values)]
        repeated = name in inputs.scores.factors_repeated
        if known.size < FEWEST and repeated:
            at, n = labels[place], Persons(known.size)
            found.tell("factor-not-before", variant="unanswered", name=name, where=at, n=n)
            beside.append(name)
        elif known.size < FEWEST:
            found.tell("factor-of-few", name=name, n=Persons(known.size), least=FEWEST)
        elif np.ptp(known) == 0:
            found.tell("factor-without-variance", name=name)
        else:
            factors.append(one)
    return tuple(factors), tuple(beside)


def _measured(
    inputs: AnalysisInputs, name: str, place: int, times: AnswerTimes, found: Findings
) -> Factor | None:
    """A factor as it was measured at an occasion; None, and why, where it cannot be taken."""
    before = _means_up_to(inputs, place)
    if name in momentary_factors(inputs):
        own = from_prompts(inputs, name, place, found)
        if own is None:
            return None
        return Factor(
            name=name, title=own.title, place=place, values=own.values, measured=own.measured,
            before=before,
        )  # fmt: skip
    values = _numbers(inputs, name, place, found)
    if values is None:
        return None
    title, disguise = _told(inputs, name)
    return Factor(
        name=name, title=title, place=place, values=values, measured=times.at(name, place),
        before=before, disguise=disguise,
    )  # fmt: skip


def _means_up_to(inputs: AnalysisInputs, place: int) -> Float:
    """Each person's means of problems and exposure up to an occasion, NaN for none."""
    names = ("P", *inputs.norm.lines.person.predictors)
    own = np.stack([inputs.views.wide(name).values[:, : place + 1] for name in names], axis=2)
    known = np.isfinite(own).all(axis=2)
    count = known.sum(axis=1)[:, None]
    total = np.where(known[:, :, None], own, 0.0).sum(axis=1)
    return np.asarray(np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0))


def _numbers(inputs: AnalysisInputs, name: str, place: int, found: Findings) -> Float | None:
    """Values of a factor, one per person; of a repeated one those of its occasion."""
    column = inputs.scores.factor(name)
    if not (column.dtype.is_numeric() or column.dtype == pl.Boolean):
        found.tell("factor-not-a-number", name=name)
        return None
    if name in inputs.scores.factors_repeated:
        return inputs.views.wide(factor_column(name)).values[:, place]
    return numbers_of(column)


def _told(inputs: AnalysisInputs, name: str) -> tuple[str, str]:
    """What people call a factor, and what of problems it asks for under another name."""
    instrument = inputs.study.instruments.get(name)
    title = title_of(inputs, name)
    words = [name, title]
    if instrument is not None:
        words.append(instrument.registered or "")
        if instrument.measures in DISGUISES:
            return title, DISGUISES[instrument.measures]
    text = " ".join(words).replace("_", " ")
    return title, next((what for what, form in WORDS.items() if form.search(text)), "")
