"""Factors from momentary answers: persons' reactivity and recovery in bursts before later SR."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.answer_times import Moments
from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.momentary import moments_of
from salutogen.analyses.reactivity.models import fit_reactivity
from salutogen.analyses.reactivity.rows import read_reactions
from salutogen.analyses.reactivity.settings import ReactivitySettings
from salutogen.analyses.recovery.analysis import fitted_times, need_persons
from salutogen.analyses.recovery.episodes import baselines, episodes
from salutogen.analyses.recovery.prompts import read_prompts
from salutogen.analyses.recovery.settings import RecoverySettings
from salutogen.errors import SalutogenError
from salutogen.findings import Findings, Persons, listed
from salutogen.page.words import number, without_counts
from salutogen.panel.momentary import NEGATIVE, POSITIVE, Momentary

Float = NDArray[np.float64]
REACTIVITY, RECOVERY = "reactivity", "recovery"
TITLES = {
    REACTIVITY: "Reactivity to momentary stressors",
    RECOVERY: "Half-life of recovery from momentary stressors, in logarithms",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Estimates:
    """What momentary answers say of persons.

    Attributes
    ----------
    person : array of int (k,)
    value : array (k,)
        Drawn towards the mean as far as it is error.
    reliability : float
        By the model.
    by_halves : float or None
        By halves of the time, where that can be told.
    converged : bool
    """

    person: NDArray[np.int64]
    value: Float
    reliability: float
    by_halves: float | None
    converged: bool

    @property
    def least(self) -> float:
        """The smaller of both reliabilities."""
        return min([self.reliability, *([] if self.by_halves is None else [self.by_halves])])


@dataclass(frozen=True, kw_only=True, eq=False)
class FromPrompts:
    """A factor of momentary answers: values (persons,), and each person's last answer."""

    title: str
    values: Float
    measured: Moments


def momentary_factors(inputs: AnalysisInputs) -> tuple[str, ...]:
    """Names that stand for estimates of momentary answers; a factor of the study goes first."""
    own = {*inputs.scores.factors_baseline, *inputs.scores.factors_repeated}
    return tuple(name for name in TITLES if name not in own)


def from_prompts(
    inputs: AnalysisInputs, name: str, place: int, found: Findings
) -> FromPrompts | None:
    """Estimate persons from all bursts up to an occasion; None, and why, where that is no use.

    What is not reliable in persons is refused: differences between them would be mostly error.
    """
    stream = _up_to(inputs, place)
    if stream is None:
        found.tell("momentary-factor-without-bursts", name=name, label=inputs.study.labels[place])
        return None
    apart = Findings()
    try:
        own = _ESTIMATES[name](stream, apart)
    except SalutogenError as error:
        found.tell("momentary-factor-not-estimated", name=name, reason=without_counts(error))
        return None
    told = {
        "name": name,
        "bursts": listed(stream.bursts),
        "reliability": number(own.reliability, 2),
        "halves": "" if own.by_halves is None else f", by halves {number(own.by_halves, 2)}",
        "n": Persons(own.person.size),
    }
    asked = ReactivitySettings().reliable
    if not own.converged:
        found.tell("momentary-factor-unreliable", variant="doubtful", asked=asked, **told)
        return None
    if own.least < asked:
        found.tell("momentary-factor-unreliable", asked=asked, **told)
        return None
    found.tell("momentary-factor", **told)
    n = inputs.scores.persons.height
    values = np.full(n, np.nan)
    values[own.person] = own.value
    return FromPrompts(title=TITLES[name], values=values, measured=_last(stream, n))


def stream_or_none(inputs: AnalysisInputs) -> Momentary | None:
    """The study's prompts, if it has any."""
    return getattr(inputs.panel, "momentary", None)


def _up_to(inputs: AnalysisInputs, place: int) -> Momentary | None:
    """Prompts of the bursts up to an occasion; None where there are none."""
    stream = stream_or_none(inputs)
    if stream is None:
        return None
    before = inputs.study.labels[: place + 1]
    kept = stream.of_bursts([label for label in stream.bursts if label in before])
    return kept if kept.given.height else None


def _last(stream: Momentary, n: int) -> Moments:
    """When each person last answered."""
    given = stream.given.drop_nulls("time").sort("person", "time")
    last = given.group_by("person", maintain_order=True).last()
    places = np.full(n, -1)
    places[last["person"].to_numpy().astype(np.int64)] = np.arange(last.height)
    return moments_of(last).or_nothing.at(places)


def _affect(stream: Momentary) -> str:
    return NEGATIVE if stream.has(NEGATIVE) else POSITIVE


def _reactivity(stream: Momentary, found: Findings) -> Estimates:
    """Slopes of affect on stressors; of positive affect turned, so that higher = reacts more."""
    role = _affect(stream)
    sign = 1.0 if role == NEGATIVE else -1.0
    reactions = read_reactions(stream, role, found)
    fitted = fit_reactivity(reactions, trends=True, found=found, further=False)
    return Estimates(
        person=fitted.persons,
        value=sign * fitted.slopes,
        reliability=float(np.mean(fitted.slope_reliability)),
        by_halves=fitted.slope_by_halves,
        converged=fitted.converged,
    )


def _recovery(stream: Momentary, found: Findings) -> Estimates:
    """Log half-lives of episodes."""
    settings = RecoverySettings()
    prompts = read_prompts(stream, settings, found)
    bands = baselines(prompts, settings)
    seen = episodes(prompts, bands)
    need_persons(bands, seen, settings, found)
    fit = fitted_times(seen, found)
    own = fit.persons.filter(pl.col("half_life") > 0)
    return Estimates(
        person=own["person"].to_numpy().astype(np.int64),
        value=np.log(own["half_life"].to_numpy()),
        reliability=fit.reliability,
        by_halves=None,
        converged=fit.converged,
    )


_ESTIMATES: Mapping[str, Callable[[Momentary, Findings], Estimates]] = {
    REACTIVITY: _reactivity,
    RECOVERY: _recovery,
}
