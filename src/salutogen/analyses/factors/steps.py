"""A factor's coefficient in two steps and in one."""

from __future__ import annotations

from typing import Literal, Protocol

from salutogen.analyses.intervals import side_of_zero
from salutogen.columns import LESS_RESILIENT, POINTS, Kind, Record, figure, record

LEVEL = 0.05
Holds = Literal["both", "two-step", "one-step", "neither", "opposite"]
BY_FACTOR = f"{POINTS} per point of the factor"


@record
class Step(Record):
    """A factor's coefficient in one way of asking."""

    b: float = figure("Coefficient of the factor", unit=BY_FACTOR, sign=LESS_RESILIENT)
    se: float | None = figure(
        "Its standard error, for unequal scatter; in two steps it carries the line's estimation",
        unit=BY_FACTOR,
    )
    interval: tuple[float, float] | None = figure("Its 95 % interval (t)", unit=BY_FACTOR)
    p: float | None = figure("p value (t)")
    standardised: float | None = figure(
        "Coefficient in SDs of the outcome per SD of the factor", sign=LESS_RESILIENT
    )
    se_line_as_known: float | None = figure(
        "Standard error as if the line were known; two steps only", unit=BY_FACTOR, default=None
    )
    p_adjusted: float | None = figure(
        "p adjusted over the factors: false-discovery rate (Benjamini and Hochberg)", default=None
    )
    p_familywise: float | None = figure(
        "p adjusted over the factors: one false claim or more (Romano and Wolf)", default=None
    )

    @property
    def clear(self) -> bool:
        """Whether the interval leaves out 0."""
        return side_of_zero(*(self.interval or (None, None))) != 0


@record
class BothSteps(Record):
    """A factor on later SR, and in one model of later problems with exposure."""

    n: int = figure("Persons", unit="persons", kind=Kind.COUNT)
    two_step: Step = figure("SR on the factor")
    one_step: Step = figure("P on exposure and the factor")
    ratio: float | None = figure("Two-step divided by one-step coefficient")

    @property
    def holds(self) -> Holds:
        """Which way of asking shows the factor to go with the outcome."""
        return which_holds(self.two_step, self.one_step)


class _Clear(Protocol):
    """A coefficient, and whether it is told from 0."""

    @property
    def b(self) -> float: ...

    @property
    def clear(self) -> bool: ...


def which_holds(two: _Clear, one: _Clear) -> Holds:
    """Say which way of asking tells a coefficient from 0, and whether both tell the same."""
    if two.clear and one.clear:
        return "both" if two.b * one.b > 0 else "opposite"
    return "two-step" if two.clear else "one-step" if one.clear else "neither"
