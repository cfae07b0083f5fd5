"""What is told of a mechanism over completed sets."""

from __future__ import annotations

import polars as pl

from salutogen.analyses.completing import Chains
from salutogen.analyses.intervals import side_of_zero
from salutogen.analyses.mechanism.records import PATH_COLUMNS
from salutogen.columns import LESS_RESILIENT, POINTS, Column, Kind, Record, figure, record, rows

_BY_NAME = {column.name: column for column in PATH_COLUMNS}
POOLED_COLUMNS = (
    *(_BY_NAME[name] for name in ("step", "effect", "estimate")),
    Column(name="se", meaning="Standard error with what is unknown of the missing values",
           heading="SE"),
    Column(name="df", meaning="Degrees of freedom of t (Barnard and Rubin)", kind=Kind.TELLING,
           step=5, heading="df"),
    Column(name="low", meaning="Lower end of the 95 % interval (percentile over draws of all sets)",
           heading="from"),
    Column(name="high", meaning="Upper end of the 95 % interval (percentile over draws of all "
           "sets)", heading="to"),
    _BY_NAME["p"],
    Column(name="missing", meaning="Share of the information that is missing",
           heading="Information missing"),
)  # fmt: skip


@record
class PooledIndirect(Record):
    """The indirect effect in one of the models, pooled, for the difference of the factor."""

    estimate: float = figure("Indirect effect", unit=POINTS, sign=LESS_RESILIENT)
    se: float = figure("Its standard error (Rubin's rules)", unit=POINTS)
    interval: tuple[float, float] = figure(
        "95 % limits (percentiles over draws of persons from all sets)", unit=POINTS
    )
    missing: float = figure("Share of the information on it that is missing")
    direct: float = figure("Direct effect", unit=POINTS, sign=LESS_RESILIENT)
    total: float = figure("Total effect", unit=POINTS, sign=LESS_RESILIENT)
    joint_p: float = figure("Larger p of the paths to and from the mechanism")
    rho_at_zero: float = figure("Correlation of errors at which the indirect effect vanishes")
    e_value: float = figure("E-value of the indirect effect (approximate)")
    e_value_limit: float | None = figure("E-value of the limit nearer to 0")

    @property
    def told(self) -> int:
        """Sign of an effect whose interval leaves out 0; 0 otherwise."""
        return side_of_zero(*self.interval)


@record
class MechanismCompleted(Chains):
    """A mechanism pooled over completed sets."""

    n_without_factor: int = figure(
        "Persons who lack the factor", unit="persons", kind=Kind.COUNT, of="n_completed"
    )
    n_without_mechanism: int = figure(
        "Persons who lack the mechanism", unit="persons", kind=Kind.COUNT, of="n_completed"
    )
    n_without_later: int = figure(
        "Persons who lack later SR", unit="persons", kind=Kind.COUNT, of="n_completed"
    )
    n_without_gaps: int = figure(
        "Persons who lack nothing", unit="persons", kind=Kind.COUNT, of="n_completed"
    )
    two_step: PooledIndirect = figure("Through the mechanism on SR")
    one_step: PooledIndirect = figure("Through the mechanism on P, with E in the same model")
    ratio: float | None = figure("Two-step divided by one-step indirect effect")
    given_earlier: PooledIndirect | None = figure(
        "Through the mechanism on SR, given mechanism and SR at the occasion of the factor"
    )
    paths: pl.DataFrame = rows("Every path and effect, per unit", POOLED_COLUMNS)
    traced: tuple[str, ...] = figure("Whose chains are shown", kind=Kind.LABEL)
