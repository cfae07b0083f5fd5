"""What is told of factors over completed sets."""

from __future__ import annotations

from salutogen.analyses.completing import Chains
from salutogen.analyses.factors.steps import BY_FACTOR, LEVEL, Holds, which_holds
from salutogen.analyses.intervals import side_of_zero
from salutogen.columns import LESS_RESILIENT, Kind, Record, figure, record


@record
class PooledStep(Record):
    """A factor's coefficient in one way of asking, pooled over completed sets."""

    b: float = figure("Coefficient of the factor", unit=BY_FACTOR, sign=LESS_RESILIENT)
    se: float = figure(
        "Its standard error, with what is unknown of the missing values; in two steps it carries "
        "the line's estimation",
        unit=BY_FACTOR,
    )
    interval: tuple[float, float] = figure("Its 95 % interval (t)", unit=BY_FACTOR)
    df: float | None = figure(
        "Degrees of freedom of t (Barnard and Rubin)", kind=Kind.TELLING, step=5
    )
    p: float = figure("p value (t)")
    missing: float = figure("Share of the information on the coefficient that is missing")
    standardised: float | None = figure(
        "Coefficient in SDs of the outcome per SD of the factor", sign=LESS_RESILIENT
    )
    p_adjusted: float | None = figure(
        "p adjusted over the factors: false-discovery rate (Benjamini and Hochberg)", default=None
    )

    @property
    def clear(self) -> bool:
        """Whether the interval leaves out 0."""
        return side_of_zero(*self.interval) != 0


@record
class PooledSteps(Record):
    """A factor on later SR, and in one model of later problems with exposure, pooled."""

    two_step: PooledStep = figure("SR on the factor")
    one_step: PooledStep = figure("P on exposure and the factor")
    ratio: float | None = figure("Two-step divided by one-step coefficient")

    @property
    def holds(self) -> Holds:
        """Which way of asking shows the factor to go with the outcome."""
        return which_holds(self.two_step, self.one_step)


@record
class FactorCompleted(Record):
    """One factor over completed sets; null where a model could not be fitted in each of them."""

    alone: PooledSteps | None = figure("Alone")
    joint: PooledSteps | None = figure("Beside all other factors")
    joint_without_disguised: PooledSteps | None = figure(
        "Beside the others that are not problems in disguise"
    )
    given_earlier_problems: PooledSteps | None = figure(
        "At equal mean problems and exposure up to the occasion of the factor"
    )

    @property
    def claimed(self) -> bool:
        """Whether it stands both ways after adjustment over the factors."""
        if self.alone is None or self.alone.holds != "both":
            return False
        both = (self.alone.two_step.p_adjusted, self.alone.one_step.p_adjusted)
        return all(p is not None and p < LEVEL for p in both)


@record
class Completion(Chains):
    """How the sets were made over which factors are pooled."""

    n_without_later: int = figure(
        "Persons who lack later SR", unit="persons", kind=Kind.COUNT, of="n_completed"
    )
    n_without_factor: int = figure(
        "Persons who lack one factor or more", unit="persons", kind=Kind.COUNT, of="n_completed"
    )
    n_without_gaps: int = figure(
        "Persons who lack nothing", unit="persons", kind=Kind.COUNT, of="n_completed"
    )
    traced: tuple[str, ...] = figure("Whose chains are shown", kind=Kind.LABEL)
