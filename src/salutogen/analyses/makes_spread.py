"""One person who makes much of what all persons differ by: what is told of spread tells of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import polars as pl

from salutogen.findings import Findings

if TYPE_CHECKING:
    from salutogen.analyses.contract import AnalysisInputs

MUCH = 0.4  # of all squared deviations: of 60 persons that of one five SDs away


def tell_who_makes_the_spread(
    inputs: AnalysisInputs, named: Mapping[str, pl.Series], found: Findings
) -> None:
    """Warn, where persons are hidden, if the farthest one makes much of a sum of squares.

    `named` holds values of persons by what they are called.
    """
    if inputs.run.audience.individuals:
        return
    what = [name for name, values in named.items() if largest_share(values) > MUCH]
    if what:
        found.tell("person-makes-spread", what=" and ".join(what))


def largest_share(values: pl.Series) -> float:
    """Share of the sum of squared deviations that the farthest value makes; 0 without spread."""
    known = values.drop_nulls().to_numpy().astype(float)
    squares = (known - known.mean()) ** 2 if known.size else known
    return float(squares.max() / squares.sum()) if squares.sum() > 0 else 0.0
