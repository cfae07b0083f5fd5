"""The mixed models behind reactivity, and persons' slopes with their errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.momentary import DAY, fit_within_days
from salutogen.analyses.reactivity.halves import reliability_by_halves
from salutogen.analyses.reactivity.rows import (
    AFFECT,
    BEFORE,
    BETWEEN,
    CLOCK,
    DAYS,
    PERSON,
    WITHIN,
    Reactions,
)
from salutogen.analyses.reactivity.tables import LATER, LEVELS, NOW, SEVERITY
from salutogen.errors import ModelError
from salutogen.findings import Findings
from salutogen.models.quantiles import NORMAL_95
from salutogen.page.words import without_counts
from salutogen.panel.momentary import APPRAISAL, STRESSOR

Float = NDArray[np.float64]
FEWEST_LATER = 30  # prompts that follow another one of the day


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """What the models of one affect say.

    Attributes
    ----------
    effects : list of mapping
        Fixed effects with intervals, as in the table of effects.
    persons : array (n_persons,)
        Index of each person.
    slopes, slope_errors, levels, level_errors : array (n_persons,)
        The person's own slope, and what the own level adds to the line between persons, each
        drawn towards the mean, with its conditional standard deviation.
    slope_sd, level_sd : float
        SDs of persons.
    correlation : float
        Of residuals of one day an hour apart.
    residual_sd : float
    slope_by_halves, level_by_halves : float or None
        Reliability by odd against even bursts, or days.
    converged : bool
    """

    effects: list[dict[str, Any]]
    persons: NDArray[np.int64]
    slopes: Float
    slope_errors: Float
    levels: Float
    level_errors: Float
    slope_sd: float
    level_sd: float
    correlation: float
    residual_sd: float
    slope_by_halves: float | None
    level_by_halves: float | None
    converged: bool

    @property
    def slope_reliability(self) -> Float:
        """Reliability of each person's slope; 0 where persons do not differ."""
        return reliability(self.slope_errors, self.slope_sd)

    @property
    def level_reliability(self) -> Float:
        """Reliability of each person's level beside the line between persons."""
        return reliability(self.level_errors, self.level_sd)


def reliability(errors: Float, sd: float) -> Float:
    """1 − conditional variance / variance of persons (Raudenbush & Bryk 2002, chapter 3)."""
    if sd <= 0:
        return np.zeros(len(errors))
    share: Float = np.clip(1 - (errors / sd) ** 2, 0, 1)
    return share


def fit_reactivity(
    reactions: Reactions, *, trends: bool, found: Findings, further: bool = True
) -> Fitted:
    """Fit affect on the stressor now, the stressor before, and appraisal.

    The slope of the stressor now is the person's own; what is left of affect within a day is
    correlated by the hours between two answers. Without `further` the stressor now is all that
    is asked for.

    Raises
    ------
    ModelError
        What a mixed model refuses.
    """
    frame = reactions.frame
    also = trends_of(frame) if trends else []
    formula = f"{AFFECT} ~ {' + '.join([WITHIN, BETWEEN, *also])} + (1 + {WITHIN} | {PERSON})"
    result = fit_within_days(formula, frame, DAY)
    rows = result.random_effects(variances=True)
    slope = rows.filter(term=WITHIN).sort(PERSON)
    level = rows.filter(pl.col("term") != WITHIN).sort(PERSON)
    mean = result.fixed_effects[WITHIN]
    spreads = dict(zip(result.random_terms, np.sqrt(np.diag(result.random_covariance)).tolist(),
                       strict=True))  # fmt: skip
    now = mean * frame[WITHIN].to_numpy()
    halves = reliability_by_halves(frame, result.predict(frame) - now)
    effects = [_effect(result, WITHIN, NOW, frame)]
    if further:
        effects += _later(frame, also, found)
    if frame[BETWEEN].n_unique() > 1:
        effects.append(_effect(result, BETWEEN, LEVELS, frame))
    if further:
        effects += _severity(frame, found)
    return Fitted(
        effects=effects,
        persons=slope[PERSON].to_numpy().astype(np.int64),
        slopes=mean + slope["estimate"].to_numpy(),
        slope_errors=slope["std_error"].to_numpy(),
        levels=level["estimate"].to_numpy(),
        level_errors=level["std_error"].to_numpy(),
        slope_sd=spreads.pop(WITHIN),
        level_sd=next(iter(spreads.values())),
        correlation=result.residual_parameters["correlation"],
        residual_sd=result.residual_sd,
        slope_by_halves=halves[0],
        level_by_halves=halves[1],
        converged=result.converged,
    )


def trends_of(frame: pl.DataFrame) -> list[str]:
    """Trends that the rows can tell: over the day, over the days."""
    return [name for name in (CLOCK, DAYS) if frame[name].n_unique() > 2]


def _effect(result: Any, term: str, words: str, frame: pl.DataFrame) -> dict[str, Any]:
    return {"term": words} | effect_of(result, term, frame)


def effect_of(result: Any, term: str, frame: pl.DataFrame) -> dict[str, Any]:
    """A coefficient with its error, interval and p, and what it rests on."""
    row = result.tidy().row(by_predicate=pl.col("term") == term, named=True)
    return {
        "n": frame[PERSON].n_unique(),
        "prompts": frame.height,
        "estimate": row["estimate"],
        "se": row["std_error"],
        "low": row["conf_low"],
        "high": row["conf_high"],
        "p": row["p_value"],
    }


def _later(frame: pl.DataFrame, also: list[str], found: Findings) -> list[dict[str, Any]]:
    """The stressor at the prompt before, given that of now; only within the day."""
    follows = frame.drop_nulls(BEFORE)
    if follows.height < FEWEST_LATER or follows[BEFORE].n_unique() < 2:
        return []
    terms = " + ".join([WITHIN, BEFORE, BETWEEN, *also])
    formula = f"{AFFECT} ~ {terms} + (1 + {WITHIN} | {PERSON})"
    return _row_of(formula, BEFORE, LATER, follows, found)


def _severity(frame: pl.DataFrame, found: Findings) -> list[dict[str, Any]]:
    """What appraisal goes with at prompts with a stressor, within persons."""
    met = frame.filter(pl.col(STRESSOR) > 0).drop_nulls(APPRAISAL)
    if met.height < FEWEST_LATER or met[APPRAISAL].n_unique() < 2:
        return []
    mean = pl.col(APPRAISAL).mean().over(PERSON)
    met = met.with_columns(own=mean, about=pl.col(APPRAISAL) - mean)
    return _row_of(f"{AFFECT} ~ about + own + (1 | {PERSON})", "about", SEVERITY, met, found)


def _row_of(
    formula: str, term: str, words: str, frame: pl.DataFrame, found: Findings
) -> list[dict[str, Any]]:
    """One effect of a further model; none, and why, where that cannot be fitted."""
    try:
        fitted = fit_within_days(formula, frame, DAY)
    except ModelError as error:
        found.tell("reactivity-row-left-out", what=words, reason=without_counts(error))
        return []
    return [_effect(fitted, term, words, frame)]


def person_rows(fitted: Fitted, reactions: Reactions, affect: str) -> pl.DataFrame:
    """One row per person: own slope and level with intervals and reliability."""
    own = reactions.frame.group_by(PERSON).agg(
        pl.len().alias("prompts"), pl.col(STRESSOR).mean().alias("mean")
    )
    made = _columns(fitted, affect)
    table = pl.DataFrame(made).join(
        own.with_columns(pl.col(PERSON).cast(pl.Int64)), on=PERSON, how="left"
    )
    return table.select(
        PERSON, "affect", "prompts", pl.col("mean").alias(STRESSOR), "reactivity", "low", "high",
        "reliability", "above", "above_low", "above_high",
    )  # fmt: skip


def _columns(fitted: Fitted, affect: str) -> Mapping[str, Any]:
    half, wide = NORMAL_95 * fitted.slope_errors, NORMAL_95 * fitted.level_errors
    return {
        PERSON: fitted.persons,
        "affect": [affect] * len(fitted.persons),
        "reactivity": fitted.slopes,
        "low": fitted.slopes - half,
        "high": fitted.slopes + half,
        "reliability": fitted.slope_reliability,
        "above": fitted.levels,
        "above_low": fitted.levels - wide,
        "above_high": fitted.levels + wide,
    }
