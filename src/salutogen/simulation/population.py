"""The population that persons are drawn from: a study and its simulation settings, compiled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from salutogen.errors import SimulationError
from salutogen.findings import Finding, Findings, finding
from salutogen.names import did_you_mean
from salutogen.simulation.calibration import Persistence, mean_autocorrelation
from salutogen.simulation.item_tables import Floats
from salutogen.simulation.settings import (
    EventSettings,
    FactorSettings,
    ScaleSettings,
    SimulationSettings,
    read_settings,
)
from salutogen.simulation.simulated_scales import Role, Scale, build_scale
from salutogen.study import Study

_DAYS_BETWEEN = 30.0
_FURTHER_PROBLEMS = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueLine:
    """The E-P line that persons scatter around, in SD of problems per SD of exposure.

    `exposure_mean`, `exposure_sd` and `exposure_stable` (the share of its variance that a person
    carries through all occasions) belong to the true combined exposure, `weights` times the types'
    sums; `level_sd` is the SD of persons' true long-term SR and `passing_sd` that of its momentary
    part, both in SD of problems.
    """

    between: float
    within: float
    slope_sd: float
    level_sd: float
    passing_sd: float
    weights: Floats
    exposure_mean: float
    exposure_sd: float
    exposure_stable: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Everything that drawing persons needs; nothing is looked up after this.

    `shift` (occasions,) is what exposure shares at each occasion, `shift_before` at the one before
    the first, in SD.
    """

    study: Study
    settings: SimulationSettings
    exposures: tuple[Scale, ...]
    problems: tuple[Scale, ...]
    factors: tuple[Scale, ...]
    passing: Floats
    line: TrueLine
    shift: Floats
    shift_before: float
    days: Floats
    arms: tuple[str, ...]

    @property
    def n_occasions(self) -> int:
        """Number of planned occasions."""
        return self.days.size

    @property
    def scales(self) -> Iterator[Scale]:
        """Every scale, exposure first."""
        yield from (*self.exposures, *self.problems, *self.factors)

    @property
    def follows_problems(self) -> bool:
        """Whether a factor follows from problems at the occasion before."""
        return any(factor.follows for factor in self.settings.factors.values())

    def occasion(self, label: str | None, default: int) -> int:
        """Place of a labelled occasion in the plan."""
        return default if label is None else self.study.labels.index(label)

    def truth(self) -> dict[str, Any]:
        """Parameters in points, for `parameters.json`."""
        first, line = self.problems[0], self.line
        points = first.sd_points / line.exposure_sd
        intercept = first.mean_points - first.sign * line.within * points * line.exposure_mean
        return {
            "line": {
                "intercept": intercept,
                "slope": first.sign * line.within * points,
                "slope_between": first.sign * line.between * points,
                "slope_sd": line.slope_sd * points,
                "level_sd": line.level_sd * first.sd_points,
                "passing_sd": line.passing_sd * first.sd_points,
                "problems": first.name,
            },
            "exposure": {
                "combine": self.study.plan.exposure.combine,
                "weights": dict(
                    zip((s.name for s in self.exposures), line.weights.tolist(), strict=True)
                ),
                "mean": line.exposure_mean,
                "sd": line.exposure_sd,
                "stable_share": line.exposure_stable,
                "shift_by_occasion": dict(zip(self.study.labels, self.shift.tolist(), strict=True)),
            },
            "scales": {scale.name: scale.truth() for scale in self.scales},
            "settings": self.settings.model_dump(mode="json"),
        }


def build_population(study: Study) -> Population:
    """Compile a study for simulation.

    Raises
    ------
    SimulationError
        Settings are unknown or impossible, or name what the study does not have; all at once.
    """
    settings = read_settings(study.plan.simulation)
    findings = Findings()
    _check_names(study, settings, findings)
    findings.raise_refusals(SimulationError)
    shift_before, shift = _shift(study, settings)
    names = dict.fromkeys((*study.exposure_types, *study.problems.instruments, *study.instruments))
    others = [n for n in names if n not in (*study.exposure_types, *study.problems.instruments)]
    exposures = _scales(study, settings, "exposure", study.exposure_types, 0.0)
    passing = _passing(exposures, shift)
    combined = _combine(study, settings, exposures, passing, shift)
    moved = (settings.line.slope**2 + settings.line.slope_sd**2) * (
        combined.persistent
        - (1.0 - combined.stable) * _mean_correlation(study, settings, "problems", "")
    )
    problems = _scales(study, settings, "problems", study.problems.instruments, moved)
    return Population(
        study=study,
        settings=settings,
        exposures=exposures,
        problems=problems,
        factors=_scales(study, settings, "factor", others, 0.0),
        passing=passing,
        line=_line(settings, combined, problems[0]),
        shift=shift,
        shift_before=shift_before,
        days=planned_days(study),
        arms=_arms(study, settings),
    )


def planned_days(study: Study) -> Floats:
    """Planned day of each occasion, from 0; a month apart where the plan does not say."""
    days = np.array(study.days)
    if np.isnan(days).any() or (np.diff(days) <= 0).any():
        days = np.arange(days.size) * _DAYS_BETWEEN
    return np.asarray(days - days[0], dtype=np.float64)


def _scales(
    study: Study, settings: SimulationSettings, role: Role, names: Iterable[str], extra: float
) -> tuple[Scale, ...]:
    """Scales of one role; `extra` is what persists beyond their own autocorrelation."""
    built: list[Scale] = []
    findings = Findings()
    for place, name in enumerate(names):
        targets = settings.scales.get(name, ScaleSettings())
        if role == "problems" and place > 0 and targets.association is None:
            targets = targets.model_copy(update={"association": _FURTHER_PROBLEMS})
        persistence = Persistence(_mean_correlation(study, settings, role, name), extra)
        try:
            built.append(build_scale(study, name, role, targets, persistence))
        except SimulationError as error:
            findings.extend(error.findings)
    findings.raise_refusals(SimulationError)
    return tuple(built)


def _mean_correlation(study: Study, settings: SimulationSettings, role: Role, name: str) -> float:
    """Mean correlation between two occasions of a scale's passing part."""
    count = len(study.occasions)
    reactive = mean_autocorrelation(settings.line.autocorrelation, count)
    if role == "exposure":
        return mean_autocorrelation(settings.exposure.autocorrelation, count)
    if role == "problems":
        return reactive
    factor = settings.factors.get(name, FactorSettings())
    own = mean_autocorrelation(factor.autocorrelation, count)
    return factor.within**2 * reactive + (1.0 - factor.within**2) * own


def _shift(study: Study, settings: SimulationSettings) -> tuple[float, Floats]:
    """Shared shift of exposure, in SD, before the first occasion and by occasion, with mean zero.

    The trend runs before the study as in it.
    """
    count = len(study.occasions)
    shift = settings.exposure.trend * np.linspace(-0.5, 0.5, count) if count > 1 else np.zeros(1)
    before = shift[0] - settings.exposure.trend / max(count - 1, 1)
    for label, size in settings.exposure.shocks.items():
        shift[study.labels.index(label)] += size
    return float(before - shift.mean()), np.asarray(shift - shift.mean(), dtype=np.float64)


def _passing(exposures: tuple[Scale, ...], shift: Floats) -> Floats:
    """Spread of the passing part of each type once the shared shift has taken its share."""
    left = [scale.spread.b**2 - scale.spread.sd**2 * shift.var() for scale in exposures]
    findings = Findings()
    for scale, variance in zip(exposures, left, strict=True):
        if variance < 0:
            findings.tell("simulation-infeasible-scale", variant="trend", scale=scale.name)
    findings.raise_refusals(SimulationError)
    return np.sqrt(np.array(left))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Combined:
    """True combined exposure: weights of the types, mean, SD, and shares of its variance."""

    weights: Floats
    mean: float
    sd: float
    stable: float
    persistent: float


def _combine(
    study: Study,
    settings: SimulationSettings,
    exposures: tuple[Scale, ...],
    passing: Floats,
    shift: Floats,
) -> _Combined:
    equal = study.plan.exposure.combine == "composite"
    sd = np.array([scale.spread.sd for scale in exposures])
    factor = np.array([scale.factor for scale in exposures])
    weights = 1.0 / (sd * sd.size) if equal else factor
    rho = settings.exposure.association
    stable = np.sqrt([scale.spread.between for scale in exposures])
    between = rho * np.outer(stable, stable)
    np.fill_diagonal(between, stable**2)
    moving = rho * np.outer(passing, passing)
    np.fill_diagonal(moving, passing**2)
    within = moving + np.outer(sd, sd) * shift.var()
    np.fill_diagonal(within, [scale.spread.within for scale in exposures])
    stable_variance = float(weights @ between @ weights)
    variance = stable_variance + float(weights @ within @ weights)
    alike = mean_autocorrelation(settings.exposure.autocorrelation, len(study.occasions))
    sums = np.array([scale.spread.mean for scale in exposures])
    return _Combined(
        weights=weights,
        mean=0.0 if equal else float(weights @ sums),
        sd=variance**0.5,
        stable=stable_variance / variance,
        persistent=alike * float(weights @ moving @ weights) / variance,
    )


def _line(settings: SimulationSettings, exposure: _Combined, problems: Scale) -> TrueLine:
    line, spread, stable = settings.line, problems.spread, exposure.stable
    steep = line.slope if line.between is None else line.between
    level = (spread.a / spread.sd) ** 2 - (steep**2 + line.slope_sd**2) * stable
    momentary = (spread.b / spread.sd) ** 2 - (line.slope**2 + line.slope_sd**2) * (1.0 - stable)
    if level <= 0 or momentary <= 0:
        raise SimulationError([_infeasible(problems, level, momentary)])
    return TrueLine(
        between=steep,
        within=line.slope,
        slope_sd=line.slope_sd,
        level_sd=float(level) ** 0.5,
        passing_sd=float(momentary) ** 0.5,
        weights=exposure.weights,
        exposure_mean=exposure.mean,
        exposure_sd=exposure.sd,
        exposure_stable=stable,
    )


def _infeasible(problems: Scale, level: float, momentary: float) -> Finding:
    where = "between" if level <= 0 else "within"
    return finding(
        "simulation-infeasible-line",
        where=where,
        scale=problems.name,
        icc=problems.spread.icc,
        left=min(level, momentary),
        numbers={"left_between": level, "left_within": momentary},
    )


def _arms(study: Study, settings: SimulationSettings) -> tuple[str, ...]:
    planned = study.plan.arms
    if planned is None:
        return ()
    if planned.labels:
        return tuple(planned.labels)
    others = [label for label in settings.arms.effects if label != planned.control]
    return (planned.control, *(others or ["treated"]))


def _check_names(study: Study, settings: SimulationSettings, findings: Findings) -> None:
    """Refuse names under `simulation` that the study does not have."""
    not_among = partial(_refuse_unknown, findings)
    arms = _arms(study, settings)
    events, labels = settings.events, study.labels
    lists = [name for name in study.exposure_types if not study.instruments[name].total]
    not_among("scales", settings.scales, study.instruments)
    not_among("factors", settings.factors, study.instruments)
    not_among("background", settings.background, study.plan.background)
    not_among("exposure.shocks", settings.exposure.shocks, labels)
    not_among("arms.effects", settings.arms.effects, arms)
    starts = [effect.start for effect in settings.arms.effects.values()]
    not_among("arms.effects.start", filter(None, starts), labels)
    if events is not None:
        not_among("events.instrument", [events.instrument], lists)
        not_among("events", filter(None, [events.first, events.last]), labels)
        _check_rating(study, events, findings)
        total = sum(response.share for response in events.classes.values())
        if abs(total - 1.0) > 1e-6:
            findings.tell("simulation-setting-invalid", variant="shares", total=total)


def _check_rating(study: Study, events: EventSettings, findings: Findings) -> None:
    """Refuse a rating of the major event that its list has no answer for."""
    instrument = study.instruments.get(events.instrument)
    rating = events.rating
    if rating is None or instrument is None or instrument.answers is None:
        return
    codes = instrument.answers
    inside = codes.minimum <= rating <= codes.maximum and rating == int(rating)
    if not inside or rating == instrument.did_not_occur:
        findings.tell(
            "simulation-setting-invalid",
            variant="rating",
            rating=rating,
            instrument=events.instrument,
            codes=str(codes),
        )


def _refuse_unknown(
    findings: Findings, place: str, names: Iterable[str], known: Iterable[str]
) -> None:
    listed = list(known)
    for name in names:
        if name not in listed:
            hint = did_you_mean(name, listed)
            findings.tell(
                "simulation-unknown-name",
                variant="near" if hint else "",
                place=place,
                name=name,
                known=", ".join(listed),
                hint=hint,
            )
