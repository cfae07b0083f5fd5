"""Which factors would be found again: stability selection and what they foretell out of sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.factors.later import Later, complete
from salutogen.analyses.factors.measured import Factor
from salutogen.analyses.factors.records import FactorGroup, Selection
from salutogen.findings import Findings, Persons
from salutogen.models.descriptive import pearson
from salutogen.models.regression.elastic_net import (
    StabilitySelection,
    correlated_groups,
    held_out_r_squared,
    stability_selection,
)

Float = NDArray[np.float64]
FEWEST = 60  # halves of fewer persons select by chance


@dataclass(frozen=True, kw_only=True)
class Selected:
    """What was selected, by name.

    Attributes
    ----------
    told : Selection
    chosen : dict of str to bool
    share : dict of str to float
    """

    told: Selection
    chosen: dict[str, bool]
    share: dict[str, float]


def select(
    factors: Sequence[Factor],
    later: Later,
    *,
    expected_false: float,
    grouped_from: float,
    seed: int,
    found: Findings,
) -> Selected | None:
    """Select among several factors, over persons who have them all; covariates are taken out."""
    if len(factors) < 2:
        return None
    persons = complete(factors, later)
    n = int(persons.sum())
    if n < FEWEST:
        found.tell("factors-not-selected", n=Persons(n), least=FEWEST)
        return None
    given = np.column_stack([later.terms[:, ~later.exposure], later.covariates])[persons]
    both = np.column_stack([*(factor.values for factor in factors), later.SR])[persons]
    rest = both - given @ np.linalg.lstsq(given, both, rcond=None)[0]
    X, y = rest[:, :-1], rest[:, -1]
    made = stability_selection(X, y, expected_false=expected_false, seed=seed)
    ahead = held_out_r_squared(X, y, seed=seed)
    names = [factor.name for factor in factors]
    groups = correlated_groups(X, grouped_from)
    return Selected(
        told=Selection(
            n=n,
            at_once=made.at_once,
            threshold=made.threshold,
            expected_false=made.expected_false,
            held_out_r_squared=ahead if np.isfinite(ahead) else None,
            grouped_from=grouped_from,
            groups=tuple(_group(factors, X, made, own) for own in groups if len(own) > 1),
            expected_false_groups=made.expected_false_of(len(groups)),
        ),
        chosen=dict(zip(names, made.selected.tolist(), strict=True)),
        share=dict(zip(names, made.share.tolist(), strict=True)),
    )


def _group(
    factors: Sequence[Factor], X: Float, made: StabilitySelection, places: Sequence[int]
) -> FactorGroup:
    size = [
        abs(r) for i, j in combinations(places, 2)
        if (r := pearson(X[:, i], X[:, j])) is not None
    ]  # fmt: skip
    share = made.share_of_any(places)
    return FactorGroup(
        names=tuple(factors[place].name for place in places),
        titles=tuple(factors[place].title for place in places),
        lowest_r=min(size, default=None),
        highest_r=max(size, default=None),
        selected=share >= made.threshold,
        share=share,
    )
