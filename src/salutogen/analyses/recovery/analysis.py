"""The analysis of recovery: how long affect stays outside the own band after a stressor."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from salutogen.analyses.contract import AnalysisInputs, AnalysisResult, ResultFile
from salutogen.analyses.makes_spread import tell_who_makes_the_spread
from salutogen.analyses.momentary import stream_of
from salutogen.analyses.recovery.decay import DayRows, Decay, PileUp, fit_decay, fit_pile_up
from salutogen.analyses.recovery.episodes import Baselines, Episodes, baselines, episodes
from salutogen.analyses.recovery.prompts import Prompts, read_prompts
from salutogen.analyses.recovery.settings import RecoverySettings
from salutogen.analyses.recovery.tables import (
    CURVE_COLUMNS,
    ENDING_COLUMNS,
    HOURS,
    PERSON_COLUMNS,
    PILE_UP_COLUMNS,
    POINTS,
    SPREAD_COLUMNS,
    curve_table,
    ending_table,
    person_table,
    pile_up_table,
    spread_table,
)
from salutogen.analyses.recovery.times import Misfit, curve_of, misfit_of, share_reacting
from salutogen.analyses.recovery.words import answer_of, in_short_of, methods_of, tell_doubts
from salutogen.columns import Kind, Record, beside, figure, record, rows
from salutogen.errors import AnalysisError, ModelError
from salutogen.findings import Findings, Persons
from salutogen.models import ConvergenceWarning, ExponentialTimes, ExponentialTimesFit
from salutogen.page.words import without_counts

if TYPE_CHECKING:
    from salutogen.page.audience import Audience
    from salutogen.page.section import Section, Text

FEWEST_PERSONS = 10  # with a baseline, and with episodes of which a later prompt was seen


@record
class TimeBack(Record):
    """When half of the episodes are over, without a form of the curve."""

    median: float | None = figure("Hours by which half are over", unit=HOURS)
    low: float | None = figure("Lower end of its 95 % interval over persons", unit=HOURS)
    high: float | None = figure("Upper end of it; null if half are not seen over", unit=HOURS)


@record
class HalfLife(Record):
    """The exponential model of how long episodes last, with rates that differ between persons."""

    half_life: float = figure("Half of the episodes of the person in the middle are over after",
                              unit=HOURS)  # fmt: skip
    low: float = figure("Lower end of its 95 % interval", unit=HOURS)
    high: float = figure("Upper end of its 95 % interval", unit=HOURS)
    spread: float = figure("SD of persons' half-lives, in logarithms to base e")
    reliability: float = figure("Reliability of persons' half-lives")
    n: int = figure("Persons with episodes of which a later prompt was seen", unit="persons",
                    kind=Kind.COUNT)  # fmt: skip
    episodes: int = figure("Their episodes", unit="episodes", kind=Kind.COUNT, by="n")
    largest_gap: float = figure("Largest difference from the curve without a form, as a share")
    gap_at: float = figure("Hours at which it is", unit=HOURS)
    gap_by_chance: float = figure("What 95 % of curves of resampled persons stay below")


@record
class Rise(Record):
    """How far a stressor raises affect, and when half of that is gone."""

    points: float = figure("Rise of affect at a stressor", unit=POINTS, sign="positive = worse")
    low: float = figure("Lower end of its 95 % interval", unit=POINTS)
    high: float = figure("Upper end of its 95 % interval", unit=POINTS)
    half_life: float | None = figure("Half of the rise is gone after", unit=HOURS)
    half_life_low: float | None = figure("Lower end of its 95 % interval", unit=HOURS)
    half_life_high: float | None = figure("Upper end of its 95 % interval", unit=HOURS)
    correlation: float = figure("Correlation of what is left over, one hour apart")


@record
class RecoveryResult(AnalysisResult):
    """How often stressors lead out of the own band, how long that lasts, and what piles up."""

    affect: str = figure("Which affect was followed", kind=Kind.LABEL)
    n: int = figure("Persons with a baseline free of stressors", unit="persons", kind=Kind.COUNT)
    n_without: int = figure("Persons whose baseline has too few prompts", unit="persons",
                            kind=Kind.COUNT)  # fmt: skip
    n_reacting: int = figure("Persons with an episode", unit="persons", kind=Kind.COUNT, of="n")
    stressors: int = figure("Prompts with a stressor and known affect", unit="prompts",
                            kind=Kind.COUNT, by="n")  # fmt: skip
    unknown: int = figure("Prompts with a stressor and no affect", unit="prompts",
                          kind=Kind.COUNT, by="n")  # fmt: skip
    episodes: int = figure("Episodes: affect outside the band at a stressor", unit="episodes",
                           kind=Kind.COUNT, by="n_reacting")  # fmt: skip
    share_reacting: float = figure("Share of stressors with such a reaction", kind=Kind.SHARE,
                                   n="stressors")  # fmt: skip
    share_low: float = figure("Lower end of its 95 % interval over persons")
    share_high: float = figure("Upper end of its 95 % interval over persons")
    share_free: float = figure(
        "Share of prompts free of stressors beyond the band, mean of persons", n="n"
    )
    time_back: TimeBack = figure("Until half of the episodes are over")
    half_life: HalfLife = figure("Half-life of episodes")
    rise: Rise | None = figure("Rise and its half-life")
    endings: pl.DataFrame = rows("What ended the episodes", ENDING_COLUMNS)
    curve: pl.DataFrame = rows("Episodes that are over, by hours", CURVE_COLUMNS)
    between: pl.DataFrame = rows("How half-lives differ between persons", SPREAD_COLUMNS)
    pile_up: pl.DataFrame = rows("What piles up", PILE_UP_COLUMNS)
    pile_up_hours: float = figure("Hours within which stressors pile up", unit=HOURS,
                                  kind=Kind.LABEL)  # fmt: skip
    settings: RecoverySettings = beside()
    persons: pl.DataFrame = beside()

    def sections(self, audience: Audience) -> Sequence[Section]:
        """Reactions, the curve of recovery, half-lives of persons, pile-up."""
        from salutogen.analyses.recovery.section import recovery_section

        return (recovery_section(self, audience),)

    def files(self) -> Mapping[str, ResultFile]:
        """One row per person: personal data."""
        return {"recovery.csv": ResultFile(table=self.persons, columns=PERSON_COLUMNS)}

    def answer(self) -> Text:
        """Say how often stressors lead out of the band, how long that lasts, and what piles up."""
        return answer_of(self)

    def in_short(self) -> Text:
        """Say in a clause after how long half of the episodes are over."""
        return in_short_of(self)

    def methods(self) -> Text:
        """Say what a baseline, an episode and a return are, and what was fitted."""
        return methods_of(self)


def compute(inputs: AnalysisInputs, settings: RecoverySettings) -> RecoveryResult:
    """Follow persons out of their band and back.

    Raises
    ------
    AnalysisError
        No momentary data, no stressor, no two answers in a day, or too few persons.
    """
    found, seed = Findings(), inputs.run.seed
    prompts = read_prompts(stream_of(inputs, "recovery", found), settings, found)
    bands = baselines(prompts, settings)
    seen = episodes(prompts, bands)
    need_persons(bands, seen, settings, found)
    share, low, high = share_reacting(seen, seed=seed, resamples=settings.bootstrap)
    fit = fitted_times(seen, found)
    curve = curve_of(seen, seed=seed, resamples=settings.bootstrap)
    takes = bands.person[bands.has]
    decay, piled = _fitted_rise(prompts, takes, settings, found)
    result = RecoveryResult(
        affect=prompts.affect_role,
        n=int(takes.size),
        n_without=int((~bands.has).sum()),
        n_reacting=int(np.unique(seen.person).size),
        stressors=int(seen.person.size + seen.quiet_person.size),
        unknown=seen.unknown,
        episodes=int(seen.person.size),
        share_reacting=share,
        share_low=low,
        share_high=high,
        share_free=bands.beyond,
        time_back=TimeBack(median=curve.median, low=curve.median_low, high=curve.median_high),
        half_life=_half_life(fit, misfit_of(curve, fit)),
        rise=None if decay is None else _rise(decay),
        endings=ending_table(seen),
        curve=curve_table(curve, fit),
        between=spread_table(fit),
        pile_up=pile_up_table(piled),
        pile_up_hours=settings.pile_up_hours,
        settings=settings,
        persons=person_table(prompts, bands, seen, fit, inputs.panel.persons["subject"]),
    )
    tell_doubts(result, bands, found)
    affect = f"{prompts.affect_role} affect free of stressors"
    tell_who_makes_the_spread(inputs, {affect: result.persons["baseline_mean"]}, found)
    return replace(result, findings=tuple(found))


def need_persons(
    bands: Baselines, seen: Episodes, settings: RecoverySettings, found: Findings
) -> None:
    """Refuse where too few persons have a baseline, or episodes that tell anything."""
    has, reacting = int(bands.has.sum()), int(np.unique(seen.person[seen.informative]).size)
    least = {"least": FEWEST_PERSONS, "fewest": settings.baseline_prompts,
             "hours": settings.free_hours}  # fmt: skip
    if not has:
        found.tell("recovery-no-baseline", **least)
    elif has < FEWEST_PERSONS:
        found.tell("recovery-few-baselines", n=Persons(has), **least)
    elif reacting < FEWEST_PERSONS:
        found.tell("recovery-few-episodes", n=Persons(reacting), least=FEWEST_PERSONS)
    elif not np.isfinite(seen.right).any():
        found.tell("recovery-nobody-back")
    if len(found):
        raise AnalysisError(tuple(found))


def fitted_times(seen: Episodes, found: Findings) -> ExponentialTimesFit:
    """Fit the exponential model of how long episodes last; whether it converged is told."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a finding says so
        fit = ExponentialTimes().fit(seen.left, seen.right, seen.person)
    if not fit.converged:
        found.tell("recovery-doubtful", message=fit.messages[-1])
    return fit


def _fitted_rise(
    prompts: Prompts, takes: np.ndarray, settings: RecoverySettings, found: Findings
) -> tuple[Decay | None, PileUp | None]:
    """Fit rise and pile-up; what cannot be fitted is told and left out."""
    decay = piled = None
    try:
        decay = fit_decay(prompts, takes)
    except ModelError as error:
        found.tell("recovery-rise-not-fitted", reason=without_counts(error))
    try:
        piled = fit_pile_up(DayRows(prompts, takes), settings.pile_up_hours)
    except ModelError as error:
        found.tell("recovery-rise-not-fitted", variant="pile-up", reason=without_counts(error))
    return decay, piled


def _half_life(fit: ExponentialTimesFit, misfit: Misfit) -> HalfLife:
    low, high = fit.half_life_interval
    return HalfLife(
        half_life=fit.half_life, low=low, high=high, spread=fit.spread,
        reliability=fit.reliability, n=fit.n_persons, episodes=fit.n_obs,
        largest_gap=misfit.largest, gap_at=misfit.at, gap_by_chance=misfit.expected,
    )  # fmt: skip


def _rise(found: Decay) -> Rise:
    return Rise(
        points=found.rise, low=found.rise_low, high=found.rise_high, half_life=found.half_life,
        half_life_low=found.low, half_life_high=found.high, correlation=found.correlation,
    )  # fmt: skip
