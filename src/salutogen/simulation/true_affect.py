"""The truth about momentary affect: persons' reactivity, and how affect runs through a burst."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from salutogen.simulation.random_streams import BLOCK, Purpose, stream

if TYPE_CHECKING:
    from salutogen.simulation.momentary_settings import MomentarySettings
    from salutogen.simulation.population import Population

Floats = npt.NDArray[np.float64]
HOURS_PER_DAY = 24.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AffectTraits:
    """What lasts of each person's affect, as shares of the scale's range; (persons,)."""

    level: Floats
    reactivity: Floats
    half_life: Floats  # hours
    stressors: Floats  # logit of the chance at a prompt
    missing: Floats  # logit of the chance to miss a prompt without a stressor

    def first(self, persons: int) -> AffectTraits:
        """Return those of the first persons."""
        return AffectTraits(
            level=self.level[:persons],
            reactivity=self.reactivity[:persons],
            half_life=self.half_life[:persons],
            stressors=self.stressors[:persons],
            missing=self.missing[:persons],
        )

    def frame(self, points: float, lowest: float) -> pl.DataFrame:
        """Truth for `persons.csv`, in points of negative affect."""
        return pl.DataFrame(
            {
                "affect_level": lowest + points * self.level,
                "affect_reactivity": points * self.reactivity,
                "affect_half_life_hours": self.half_life,
            }
        )


def true_affect(population: Population, traits: AffectTraits) -> pl.DataFrame:
    """Truth for `persons.csv`; no columns where a study has no momentary negative affect."""
    scale = negative_scale(population)
    return pl.DataFrame() if scale is None else traits.frame(scale[1] - scale[0], scale[0])


def negative_scale(population: Population) -> tuple[float, float] | None:
    """Lowest and highest score of momentary negative affect, if the study has any."""
    study = population.study
    named = {} if study.plan.momentary is None else study.plan.momentary.named
    instrument = study.prompted.get(named.get("negative", ""))
    if instrument is None or instrument.answers is None:
        return None
    return instrument.answers.minimum, instrument.answers.maximum


def momentary_truth(population: Population) -> dict[str, float]:
    """Parameters of momentary affect in points, for `parameters.json`."""
    scale, settings = negative_scale(population), population.settings.momentary
    if scale is None:
        return {}
    points = scale[1] - scale[0]
    return {
        "level": scale[0] + points * settings.level,
        "level_sd": points * settings.level_sd,
        "reactivity": points * settings.reactivity,
        "reactivity_sd": points * settings.reactivity_sd,
        "half_life_hours": settings.half_life.days * HOURS_PER_DAY,
        "passing_sd": points * settings.passing_sd,
        "passing_half_life_hours": settings.passing_half_life.days * HOURS_PER_DAY,
        "stressors": settings.stressors,
    }


def draw_traits(
    settings: MomentarySettings, seed: int, block: int, true_level: Floats
) -> AffectTraits:
    """Draw what lasts of a whole block of persons.

    Parameters
    ----------
    settings : MomentarySettings
    seed, block : int
    true_level : array (persons,)
        True long-term SR, in SDs, with which reactivity goes.
    """
    rng = stream(seed, block, Purpose.AFFECT_PERSONS)
    own, level, half_life, stressors, missing = rng.standard_normal((5, BLOCK))
    rho = settings.resilience
    z = rho * true_level + np.sqrt(1.0 - rho**2) * own
    hours = settings.half_life.days * HOURS_PER_DAY
    missed = settings.missed
    return AffectTraits(
        level=settings.level + settings.level_sd * level,
        reactivity=settings.reactivity + settings.reactivity_sd * z,
        half_life=hours * np.exp(settings.half_life_sd * half_life),
        stressors=_logit(settings.stressors) + settings.stressors_sd * stressors,
        missing=_logit(missed.share) + missed.sd * missing + missed.reactivity * z,
    )


def _logit(share: float) -> float:
    """Log odds; a chance of none or of certainty stays so."""
    bounded = min(max(share, 1e-12), 1.0 - 1e-12)
    return float(np.log(bounded / (1.0 - bounded)))


def affect_through(
    settings: MomentarySettings,
    traits: AffectTraits,
    stressed: npt.NDArray[np.bool_],
    hours: Floats,
    rng: np.random.Generator,
) -> Floats:
    """Negative affect at each prompt of a burst, as a share of the range; (persons, prompts).

    Parameters
    ----------
    settings : MomentarySettings
    traits : AffectTraits
    stressed : bool array (persons, prompts)
        Whether something stressful happened right before the prompt.
    hours : array (persons, prompts)
        Since the first prompt, rising.
    rng : Generator
    """
    fresh = rng.standard_normal(stressed.shape)
    passing_half_life = settings.passing_half_life.days * HOURS_PER_DAY
    reaction = np.zeros(stressed.shape[0])
    passing = np.zeros(stressed.shape[0])
    found = np.empty(stressed.shape)
    for prompt in range(stressed.shape[1]):
        if prompt:
            gap = hours[:, prompt] - hours[:, prompt - 1]
            reaction = reaction * 0.5 ** (gap / traits.half_life)
            kept = 0.5 ** (gap / passing_half_life)
        else:
            kept = np.zeros(stressed.shape[0])
        passing = kept * passing + np.sqrt(1.0 - kept**2) * settings.passing_sd * fresh[:, prompt]
        reaction = reaction + traits.reactivity * stressed[:, prompt]
        found[:, prompt] = traits.level + reaction + passing
    return found
