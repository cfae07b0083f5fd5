"""Whether a factor's relation to later SR turns: steeling, and the U of lifetime adversity."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.factors.later import Later, complete
from salutogen.analyses.factors.measured import Factor
from salutogen.columns import LESS_RESILIENT, Kind, Record, figure, record
from salutogen.models.regression.two_lines import TwoLines, two_lines

Float = NDArray[np.float64]
Turns = Literal["U", "inverted U", "no"]


@record
class Turn(Record):
    """Slopes on either side of the point at which the relation would turn."""

    at: float = figure("The point", unit="points of the factor")
    below: float = figure("Slope up to it", sign=LESS_RESILIENT)
    above: float = figure("Slope beyond it", sign=LESS_RESILIENT)
    p_below: float = figure("p of the slope up to it")
    p_above: float = figure("p of the slope beyond it")
    turns: Turns = figure(
        "U, inverted U or no: whether both slopes differ from 0, with opposite signs",
        kind=Kind.LABEL,
    )


@record
class Turning(Record):
    """Both ways of asking."""

    two_step: Turn = figure("Later SR on the factor")
    one_step: Turn = figure("Later P on exposure and the factor")

    @property
    def turns(self) -> Turns:
        """What both ways of asking show; "no" where they do not agree."""
        two, one = self.two_step.turns, self.one_step.turns
        return two if two == one else "no"


def turning(factor: Factor, later: Later) -> Turning:
    """Fit two lines each way of asking, with all covariates.

    Raises
    ------
    ModelError
        The factor has too few values to turn.
    """
    persons = complete([factor], later)
    given = np.column_stack([later.terms[:, ~later.exposure][:, 1:], later.covariates])[persons]
    exposed = np.column_stack([later.terms[persons][:, later.exposure], given])
    x = factor.values[persons]
    return Turning(
        two_step=_told(two_lines(later.SR[persons], x, given)),
        one_step=_told(two_lines(later.P[persons], x, exposed)),
    )


def _told(found: TwoLines) -> Turn:
    return Turn(
        at=found.at,
        below=found.slopes[0],
        above=found.slopes[1],
        p_below=found.p[0],
        p_above=found.p[1],
        turns=found.turns,
    )
