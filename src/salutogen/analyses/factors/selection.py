"""Which factors would be found again: stability selection and what they foretell out of sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.factors.later import Later, complete
from salutogen.analyses.factors.measured import Factor
from salutogen.analyses.factors.records import Selection
from salutogen.findings import Findings, Persons
from salutogen.models.regression.elastic_net import held_out_r_squared, stability_selection

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
    factors: Sequence[Factor], later: Later, *, expected_false: float, seed: int, found: Findings
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
    return Selected(
        told=Selection(
            n=n,
            at_once=made.at_once,
            threshold=made.threshold,
            expected_false=made.expected_false,
            held_out_r_squared=ahead if np.isfinite(ahead) else None,
        ),
        chosen=dict(zip(names, made.selected.tolist(), strict=True)),
        share=dict(zip(names, made.share.tolist(), strict=True)),
    )
