"""What labels and locks foretell, and whether factors relate to SR or to P around the event.

After Ahrens et al. (2024): a lock of P holds the reaction to all stressors of the time, so a factor
that goes with fewer stressors seems to protect from the event. SR has that part taken out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.trajectories.courses.clustered import Mean, mean_of
from salutogen.analyses.trajectories.courses.locks import FloatArray, Lock, level_after
from salutogen.analyses.trajectories.validity.correlations import FEWEST, Estimate, Pair, correlate

MEASURES = ("SR level", "SR change", "P level", "P change")
LATER_P = "mean P after post2"


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
    title : str
    names : tuple of str
    codes : ndarray of int, shape (n,)
        Place in `names`; -1 where unknown.
    """

    title: str
    names: tuple[str, ...]
    codes: NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class GroupOutcome:
    """Mean outcome of each group (shares, where it is 0 or 1), and how much they tell.

    `explained` is the share of the outcome's variance between groups, adjusted for their number
    (epsilon squared).
    """

    title: str
    names: tuple[str, ...]
    means: tuple[Mean, ...]
    n: int
    explained: float | None


@dataclass(frozen=True, kw_only=True)
class FactorRelation:
    """How one factor correlates with locks of SR and of P, by measure, and how far they differ.

    `level_difference` and `change_difference` are r with P minus r with SR.
    """

    factor: str
    r: dict[str, Estimate]
    level_difference: Estimate
    change_difference: Estimate


@dataclass(frozen=True, kw_only=True)
class Validity:
    """What labels and locks foretell, and what factors relate to.

    Attributes
    ----------
    outcome : Outcome or None
        None where too few have one.
    foretold : mapping of measure to (Estimate, Estimate)
        Correlation with the outcome, and the same at equal P before the event.
    groups : tuple of GroupOutcome
    factors : tuple of FactorRelation
    """

    outcome: Outcome | None
    foretold: dict[str, tuple[Estimate, Estimate]]
    groups: tuple[GroupOutcome, ...]
    factors: tuple[FactorRelation, ...]


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
    """
    measures = locked_measures(lock)
    first, second = np.random.SeedSequence([seed, 62]).spawn(2)
    usable = outcome is not None and _usable(outcome.values)
    return Validity(
        outcome=outcome if usable else None,
        foretold=_foretold(measures, lock.P[:, 0], outcome.values, person, draws, first)
        if outcome is not None and usable
        else {},
        groups=tuple(_group_outcome(group, outcome.values, person) for group in groups)
        if outcome is not None and usable
        else (),
        factors=_related(measures, factors, person, draws, second),
    )


def _usable(values: FloatArray) -> bool:
    found = values[np.isfinite(values)]
    return found.size >= FEWEST and float(np.ptp(found)) > 0.0


def _foretold(
    measures: Mapping[str, FloatArray],
    before: FloatArray,
    outcome: FloatArray,
    person: NDArray[np.int64],
    draws: int,
    seed: np.random.SeedSequence,
) -> dict[str, tuple[Estimate, Estimate]]:
    """Correlate each measure with the outcome, as it is and at equal P before the event."""
    pairs: list[Pair] = []
    for values in measures.values():
        there = np.isfinite(values) & np.isfinite(before) & np.isfinite(outcome)
        x, y, z = (np.where(there, column, np.nan) for column in (values, outcome, before))
        pairs += [(x, y), (x, z), (y, z)]
    found = correlate(pairs, person, draws=draws, seed=seed)
    return {
        name: (found.estimate(3 * k), found.partial(3 * k, 3 * k + 1, 3 * k + 2))
        for k, name in enumerate(measures)
    }


def _group_outcome(groups: Groups, outcome: FloatArray, person: NDArray[np.int64]) -> GroupOutcome:
    there = np.isfinite(outcome) & (groups.codes >= 0)
    values, codes = outcome[there], groups.codes[there]
    means = tuple(
        mean_of(values[codes == code], person[there][codes == code])
        for code in range(len(groups.names))
    )
    k, n = np.unique(codes).size, values.size
    explained = None
    if n > k > 1 and np.ptp(values) > 0:
        own = np.asarray([means[code].mean for code in codes], dtype=float)
        within = float(((values - own) ** 2).sum()) / (n - k)
        explained = 1.0 - within / float(np.var(values, ddof=1))
    return GroupOutcome(
        title=groups.title, names=groups.names, means=means, n=int(n), explained=explained
    )


def _related(
    measures: Mapping[str, FloatArray],
    factors: Mapping[str, FloatArray],
    person: NDArray[np.int64],
    draws: int,
    seed: np.random.SeedSequence,
) -> tuple[FactorRelation, ...]:
    """Correlate each factor with each measure, all measures over the same courses."""
    if not factors:
        return ()
    pairs: list[Pair] = [
        (values, column) for values in factors.values() for column in measures.values()
    ]
    found = correlate(pairs, person, draws=draws, seed=seed)
    relations = []
    for place, name in enumerate(factors):
        at = {measure: 4 * place + k for k, measure in enumerate(measures)}
        relations.append(
            FactorRelation(
                factor=name,
                r={measure: found.estimate(column) for measure, column in at.items()},
                level_difference=found.difference(at["P level"], at["SR level"]),
                change_difference=found.difference(at["P change"], at["SR change"]),
            )
        )
    return tuple(relations)


def validity_summary(found: Validity | None) -> dict[str, Any] | None:
    """Plain data for `results.json`."""
    if found is None:
        return None
    return {
        "outcome": None
        if found.outcome is None
        else {
            "name": found.outcome.name,
            "binary": found.outcome.binary,
            "overlaps_with_P": found.outcome.from_P,
            "n": int(np.isfinite(found.outcome.values).sum()),
        },
        "foretold": {
            name: {"r": asdict(plain), "r_at_equal_P_before": asdict(partial)}
            for name, (plain, partial) in found.foretold.items()
        },
        "groups": [
            {
                "kind": group.title.lower(),
                "n": group.n,
                "explained": group.explained,
                "mean": {
                    name: asdict(mean) for name, mean in zip(group.names, group.means, strict=True)
                },
            }
            for group in found.groups
        ],
        "factors": {
            relation.factor: {
                "r": {name: asdict(value) for name, value in relation.r.items()},
                "level_P_minus_SR": asdict(relation.level_difference),
                "change_P_minus_SR": asdict(relation.change_difference),
            }
            for relation in found.factors
        },
    }
