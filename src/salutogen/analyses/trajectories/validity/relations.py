"""What labels and locks go with later, and whether factors relate to SR or to P around the event.

After Ahrens et al. (2024): a lock of P holds the reaction to all stressors of the time, so a factor
that goes with fewer stressors seems to protect from the event. SR has that part taken out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.intervals import side_of_zero
from salutogen.analyses.trajectories.courses.clustered_means import Mean, mean_of
from salutogen.analyses.trajectories.courses.locks import FloatArray, Lock, level_after
from salutogen.analyses.trajectories.exposure_bands import ErrorBand
from salutogen.analyses.trajectories.validity.correlations import (
    FEWEST,
    Correlations,
    Estimate,
    Pair,
    correlate,
)
from salutogen.analyses.trajectories.validity.explained import (
    DrawnLabels,
    ExplainedByChance,
    explained_by_chance,
    explained_share,
)
from salutogen.analyses.trajectories.validity.exposure_error import ReliabilityBand
from salutogen.columns import Kind, Record, beside, figure, record
from salutogen.findings import Finding
from salutogen.models.false_discovery import adjusted_p
from salutogen.page.audience import Audience
from salutogen.page.words import Share
from salutogen.scores.of_few import few_differ

MEASURES = ("SR level", "SR change", "P level", "P change")
SR_LEVEL, P_LEVEL = MEASURES.index("SR level"), MEASURES.index("P level")
LEVEL = 0.05
LATER_P = "mean P after post2"
type Correlate = Callable[[Sequence[Pair]], Correlations]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What is to be foretold.

    Attributes
    ----------
    name : str
    values : ndarray, shape (n,)
        One per anchor, NaN where unknown; 0 or 1 if `binary`.
    binary : bool
    from_P : bool
        Whether it is P itself, later: the criterion then overlaps with what is to foretell it.
    """

    name: str
    values: FloatArray
    binary: bool
    from_P: bool


@dataclass(frozen=True, kw_only=True)
class Groups:
    """Labels or classes of anchors.

    Attributes
    ----------
    kind : str
        `label` or `class`.
    names : tuple of str
    codes : ndarray of int, shape (n,)
        Place in `names`; -1 where unknown.
    """

    kind: str
    names: tuple[str, ...]
    codes: NDArray[np.int64]


@record
class LaterOutcome(Record):
    """The outcome that labels and locks are to foretell."""

    name: str = figure("Its name")
    binary: bool = figure("Whether it is 0 or 1")
    overlaps_with_P: bool = figure("Whether it is P itself, later")
    n: int = figure("Anchored courses with an outcome", kind=Kind.COUNT)


@record
class Foretelling(Record):
    """How a measure correlates with the outcome."""

    r: Estimate = figure("Correlation with the outcome")
    at_equal_P: Estimate | None = figure(
        "The same at equal P before the event; null for the change of P, where it is that of the "
        "level of P",
        key="r_at_equal_P_before",
    )


@record
class GroupOutcome(Record):
    """Mean outcome of each label or class (shares, where it is 0 or 1), and how much they tell."""

    kind: str = figure("What groups them: label or class")
    n: int = figure("Courses in a group and with an outcome", kind=Kind.COUNT)
    explained: float | None = figure(
        "Share of the outcome's variance between groups, adjusted for their number (epsilon "
        "squared)"
    )
    means: dict[str, Mean] = figure("Mean outcome of each group", key="mean")
    by_chance: ExplainedByChance | None = figure(
        "What labels tell around placebo occasions; null for classes, or without placebos",
        key="placebo",
        default=None,
    )


@record
class FactorRelation(Record):
    """How one factor correlates with locks of SR and of P, and how far they differ."""

    r: dict[str, Estimate] = figure("Correlation with each measure")
    level_difference: Estimate = figure(
        "r with P minus r with SR, levels after the event", key="level_P_minus_SR"
    )
    change_difference: Estimate = figure(
        "r with P minus r with SR, changes from before the event", key="change_P_minus_SR"
    )
    p_adjusted: dict[str, float | None] = figure(
        "p of each correlation, adjusted over factors and measures (false-discovery rate)"
    )
    p_difference: float | None = figure(
        "p of the difference of levels, adjusted over factors (false-discovery rate)",
        key="level_P_minus_SR_p_adjusted",
    )

    by_reliability: ReliabilityBand | None = figure(
        "Correlation with locks of SR by the reliability of E; null with a curved line, with "
        "covariates, or with the event out of exposure",
        key="by_reliability_of_E",
        default=None,
    )

    error_bands: dict[str, ErrorBand] | None = figure(
        "Correlation with the level and the change of SR over errors of exposure and mood at once; "
        "null without a straight line over everyone's occasions, or with the event out of exposure",
        default=None,
    )

    @property
    def moves(self) -> bool:
        """Whether the factor relates otherwise to P than to SR, other factors told."""
        return self.p_difference is not None and self.p_difference < LEVEL


@record
class Validity(Record):
    """What labels and locks foretell, and what factors relate to."""

    outcome: LaterOutcome | None = figure("The outcome; null where too few have one")
    foretold: dict[str, Foretelling] = figure("Correlations with the outcome, by measure")
    groups: tuple[GroupOutcome, ...] = figure("The outcome by label and by class")
    factors: dict[str, FactorRelation] = figure("Factors and locks")
    findings: tuple[Finding, ...] = beside(default=())

    @property
    def tells_outcome(self) -> bool:
        """Whether the interval of some correlation with the outcome leaves out 0."""
        each = [one for found in self.foretold.values() for one in (found.r, found.at_equal_P)]
        return any(side_of_zero(one.low, one.high) for one in each if one is not None)


def locked_measures(lock: Lock) -> dict[str, FloatArray]:
    """Level and change of SR and P after the event, over the same courses.

    Level: mean of post1 and post2 (those that are there); change: level minus pre. Values of P
    count only where SR is there too.
    """
    P = np.where(np.isfinite(lock.SR), lock.P, np.nan)
    found = {}
    for name, values in (("SR", lock.SR), ("P", P)):
        level = level_after(values)
        found[f"{name} level"] = level
        found[f"{name} change"] = level - values[:, 0]
    return {name: found[name] for name in MEASURES}


def assess_validity(
    lock: Lock,
    person: NDArray[np.int64],
    *,
    outcome: Outcome | None,
    groups: tuple[Groups, ...],
    factors: Mapping[str, FloatArray],
    draws: int,
    seed: int,
    drawn: DrawnLabels | None = None,
    audience: Audience | None = None,
) -> Validity:
    """Relate locks to a later outcome and factors to locks.

    Parameters
    ----------
    lock : Lock
    person : ndarray of int, shape (n,)
    outcome : Outcome, optional
        Left out where fewer than 20 anchors have one, or it does not vary.
    groups : tuple of Groups
    factors : mapping of name to ndarray, shape (n,)
    draws, seed : int
        Of the bootstrap over persons.
    drawn : DrawnLabels, optional
        Labels around placebo occasions, with the outcome after each.
    audience : Audience, optional
        Whose number of persons intervals are made with; means of groups are told as it may have
        them.
    """
    measures = locked_measures(lock)
    told_size = int if audience is None else audience.told_size
    correlated = partial(correlate, person=person, draws=draws, told_size=told_size)
    first, second, third = np.random.SeedSequence([seed, 62]).spawn(3)
    usable = outcome is not None and _usable(outcome.values)
    return Validity(
        outcome=_told_of(outcome) if outcome is not None and usable else None,
        foretold=_foretold(measures, lock.P[:, 0], outcome.values, partial(correlated, seed=first))
        if outcome is not None and usable
        else {},
        groups=tuple(
            _group_outcome(group, outcome.values, person, drawn, third, audience)
            for group in groups
        )
        if outcome is not None and usable
        else (),
        factors=_related(measures, factors, partial(correlated, seed=second)),
    )


def _told_of(outcome: Outcome) -> LaterOutcome:
    return LaterOutcome(
        name=outcome.name,
        binary=outcome.binary,
        overlaps_with_P=outcome.from_P,
        n=int(np.isfinite(outcome.values).sum()),
    )


def _usable(values: FloatArray) -> bool:
    found = values[np.isfinite(values)]
    return found.size >= FEWEST and float(np.ptp(found)) > 0.0 and not few_differ(found)


def _foretold(
    measures: Mapping[str, FloatArray],
    before: FloatArray,
    outcome: FloatArray,
    correlated: Correlate,
) -> dict[str, Foretelling]:
    """Correlate each measure with the outcome, as it is and at equal P before the event."""
    pairs: list[Pair] = []
    for values in measures.values():
        there = np.isfinite(values) & np.isfinite(before) & np.isfinite(outcome)
        x, y, z = (np.where(there, column, np.nan) for column in (values, outcome, before))
        pairs += [(x, y), (x, z), (y, z)]
    found = correlated(pairs)
    return {
        name: Foretelling(
            r=found.estimate(3 * k),
            # Given P before, the change of P and its level are the same variable.
            at_equal_P=None if name == "P change" else found.partial(3 * k, 3 * k + 1, 3 * k + 2),
        )
        for k, name in enumerate(measures)
    }


def _group_outcome(
    groups: Groups,
    outcome: FloatArray,
    person: NDArray[np.int64],
    drawn: DrawnLabels | None,
    seed: np.random.SeedSequence,
    audience: Audience | None,
) -> GroupOutcome:
    there = np.isfinite(outcome) & (groups.codes >= 0)
    values, codes = outcome[there], groups.codes[there]
    shares = bool(np.isin(values, (0.0, 1.0)).all())  # told as such
    means = tuple(
        mean_of(values[codes == code], person[there][codes == code], None if shares else audience)
        for code in range(len(groups.names))
    )
    explained = explained_share(codes, values)
    chance = None
    if drawn is not None and groups.kind == "label":
        chance = explained_by_chance(groups.codes, outcome, drawn, person, seed=seed)
    if shares:
        means = tuple(_of_shares(one) for one in means)
    return GroupOutcome(
        kind=groups.kind,
        n=int(values.size),
        explained=explained if np.isfinite(explained) else None,
        means=dict(zip(groups.names, means, strict=True)),
        by_chance=chance,
    )


def _of_shares(found: Mean) -> Mean:
    """Mark a mean of 0 and 1 for the share that it is."""
    ends = {name: getattr(found, name) for name in ("mean", "low", "high")}
    shares: dict[str, Any] = {
        name: None if end is None else Share(end, of=found.n) for name, end in ends.items()
    }
    return replace(found, **shares)


def _related(
    measures: Mapping[str, FloatArray],
    factors: Mapping[str, FloatArray],
    correlated: Correlate,
) -> dict[str, FactorRelation]:
    """Correlate each factor with each measure, all measures over the same courses."""
    if not factors:
        return {}
    pairs: list[Pair] = [
        (values, column) for values in factors.values() for column in measures.values()
    ]
    found = correlated(pairs)
    each = [found.estimate(place) for place in range(len(pairs))]
    adjusted = adjusted_p([np.nan if item.p is None else item.p for item in each])
    levels = [
        found.difference(4 * place + P_LEVEL, 4 * place + SR_LEVEL) for place in range(len(factors))
    ]
    together = adjusted_p([np.nan if item.p is None else item.p for item in levels])
    relations = {}
    for place, name in enumerate(factors):
        at = {measure: 4 * place + k for k, measure in enumerate(measures)}
        relations[name] = FactorRelation(
            r={measure: each[column] for measure, column in at.items()},
            level_difference=levels[place],
            change_difference=found.difference(at["P change"], at["SR change"]),
            p_adjusted={measure: _known(adjusted[column]) for measure, column in at.items()},
            p_difference=_known(together[place]),
        )
    return relations


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
