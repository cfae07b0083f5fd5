"""What is told of a mechanism in each of its models, and the columns of its tables."""

from __future__ import annotations

from salutogen.analyses.intervals import side_of_zero
from salutogen.columns import LESS_RESILIENT, POINTS, Column, Kind, Record, figure, record

TWO, ONE = "SR (two steps)", "P given E (one step)"
EARLIER = "SR (two steps), given earlier values"
EFFECTS = {
    "a": "factor to mechanism",
    "b": "mechanism to problems, given the factor",
    "direct": "direct: factor to problems, given the mechanism",
    "indirect": "indirect: through the mechanism",
    "total": "total: direct and indirect",
    "reversed:a": "reversed: factor to problems",
    "reversed:b": "reversed: problems to mechanism, given the factor",
    "reversed:indirect": "reversed: to the mechanism through problems",
}
COMPARED = ("b", "direct", "indirect", "total")
PATH_COLUMNS = (
    Column(name="step", meaning="How exposure is dealt with", heading="Model", kind=Kind.LABEL),
    Column(name="effect", meaning="Path or effect", heading="Path", kind=Kind.LABEL),
    Column(name="estimate", meaning="Estimate, in units of its two ends", heading="Estimate",
           sign="to problems: positive = less resilient"),
    Column(name="se", meaning="Standard error, by leaving out one person after the other",
           heading="SE"),
    Column(name="low", meaning="Lower end of the 95 % interval (percentile)", heading="from"),
    Column(name="high", meaning="Upper end of the 95 % interval (percentile)", heading="to"),
    Column(name="bca_low", meaning="Lower end of the interval corrected for bias and skewness",
           heading="BCa from"),
    Column(name="bca_high", meaning="Upper end of the interval corrected for bias and skewness",
           heading="BCa to"),
    Column(name="p", meaning="p value (t) of a single path", heading="p"),
    Column(name="ratio", meaning="Two-step divided by one-step estimate", heading="Ratio"),
    Column(name="shared", heading="Shared with exposure",
           meaning="Share of the mechanism's (of a direct path: the factor's) variance, given all "
           "else in the equation, that goes with exposure"),
)  # fmt: skip
CURVE_COLUMNS = (
    Column(name="rho", meaning="Correlation of the errors of mechanism and SR",
           heading="Correlation of errors"),
    Column(name="indirect", meaning="Indirect effect under it, for the difference of the factor",
           unit=POINTS, sign=LESS_RESILIENT, heading="Indirect effect"),
    Column(name="low", meaning="Lower end of its 95 % interval (percentile)", unit=POINTS,
           heading="from"),
    Column(name="high", meaning="Upper end of its 95 % interval (percentile)", unit=POINTS,
           heading="to"),
)  # fmt: skip


@record
class Indirect(Record):
    """The indirect effect in one of the two models, for the difference of the factor."""

    estimate: float = figure("Indirect effect", unit=POINTS, sign=LESS_RESILIENT)
    se: float | None = figure("Its standard error", unit=POINTS)
    interval: list[float | None] = figure("95 % limits (percentile)", unit=POINTS)
    interval_bca: list[float | None] = figure(
        "95 % limits corrected for bias and skewness", unit=POINTS
    )
    direct: float = figure("Direct effect", unit=POINTS, sign=LESS_RESILIENT)
    total: float = figure("Total effect", unit=POINTS, sign=LESS_RESILIENT)
    joint_p: float | None = figure("Larger p of the paths to and from the mechanism")
    rho_at_zero: float | None = figure(
        "Correlation of errors at which the indirect effect vanishes"
    )
    rho_untold: float | None = figure(
        "Correlation of errors, nearest to 0, at which the interval holds 0; null where it holds "
        "it at none up to that at which the effect vanishes"
    )
    e_value: float = figure("E-value of the indirect effect (approximate)")
    e_value_limit: float | None = figure("E-value of the limit nearer to 0")

    @property
    def told(self) -> int:
        """Sign of an effect whose interval leaves out 0; 0 otherwise."""
        return side_of_zero(*self.interval)
