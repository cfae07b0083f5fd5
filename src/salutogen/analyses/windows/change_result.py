"""What is told of change from the first window to the last, declared."""

from __future__ import annotations

import polars as pl

from salutogen.analyses.intervals import side_of_zero
from salutogen.columns import (
    LESS_RESILIENT,
    POINTS,
    Column,
    Kind,
    Record,
    beside,
    figure,
    record,
    rows,
)

RISE = "positive = more problems than exposure lets expect, compared with the first window"

COURSE_COLUMNS = (
    Column(name="window", meaning="Number of the window", heading="Window", kind=Kind.LABEL),
    Column(
        name="estimate",
        meaning="Window less the first, by the model",
        unit=POINTS,
        sign=RISE,
        heading="Against the first",
    ),
    Column(name="low", meaning="Lower end of its 95 % interval", unit=POINTS, heading="95 %: from"),
    Column(name="high", meaning="Upper end of its 95 % interval", unit=POINTS, heading="to"),
)
# Over shifts they rise by the weight of those who left, which tells their number: where persons are
# hidden they are kept back as if they were of single persons.
SENSITIVITY_COLUMNS = (
    Column(
        name="delta_sd",
        meaning="Assumed shift of those not seen to the end, beyond what the model expects of them",
        unit="residual SDs",
        heading="Shift (residual SDs)",
    ),
    Column(name="delta", meaning="The same shift", unit=POINTS, heading="Shift (points)"),
    Column(name="estimate", meaning="Change under it", unit=POINTS, sign=RISE, kind=Kind.PERSON,
           heading="Change"),
    Column(name="low", meaning="Lower end of its 95 % interval", unit=POINTS, kind=Kind.PERSON,
           heading="95 %: from"),
    Column(name="high", meaning="Upper end of its 95 % interval", unit=POINTS, kind=Kind.PERSON,
           heading="to"),
)  # fmt: skip


@record
class Contrast(Record):
    """The last window less the first, with its error over resampled persons."""

    estimate: float = figure("Last window less first", unit=POINTS, sign=RISE)
    se: float | None = figure(
        "Standard error: SD over resamples of persons, and the error of the variances", unit=POINTS
    )
    interval: tuple[float, float] | None = figure(
        "95 % interval: t quantile times the standard error", unit=POINTS
    )

    @property
    def told(self) -> bool:
        """Whether the interval leaves out 0."""
        return side_of_zero(*(self.interval or (None, None))) != 0


@record
class Turn(Record):
    """Two windows between which SR changed, against the change from the first to the last.

    Where the latter is not told, the clearest change of all.
    """

    from_window: int = figure("Number of the earlier window", kind=Kind.LABEL)
    to_window: int = figure("Number of the later window", kind=Kind.LABEL)
    estimate: float = figure("Later window less earlier, by the model", unit=POINTS, sign=RISE)
    interval: tuple[float, float] = figure(
        "95 % interval, for all pairs of windows at once (Bonferroni)", unit=POINTS
    )
    against: bool = figure(
        "Whether a change the other way is told as well: from the first window to the last, or "
        "between two others; else the course need not turn",
        default=True,
    )


@record
class Course(Record):
    """Every window against the first, and whether the course between has one direction."""

    windows: pl.DataFrame = rows("A window against the first, by the model", COURSE_COLUMNS)
    n_pairs: int = figure("Pairs of windows that were compared")
    turn: Turn | None = figure(
        "The clearest change against that from the first window to the last (where that is not "
        "told, the clearest of all); null where none is told beyond the error of all pairs"
    )


@record
class WindowChange(Record):
    """Change from the first window to the last, by a model of single occasions.

    Attributes
    ----------
    kept_back : tuple of str
        Names of what is null since it would tell of few persons.
    """

    first_window: int = figure("Number of the first window", kind=Kind.LABEL)
    last_window: int = figure("Number of the last window", kind=Kind.LABEL)
    model: str = figure("Model of single occasions", kind=Kind.LABEL)
    estimate: float = figure("Last window less first, by the model", unit=POINTS, sign=RISE)
    se: float | None = figure(
        "Standard error: SD over resamples of persons, and the error of the variances", unit=POINTS
    )
    interval: tuple[float, float] | None = figure(
        "95 % interval over resamples of persons, the model's coefficients refitted in each; by "
        "the model's own standard error where there are no resamples",
        unit=POINTS,
    )
    interval_by: str = figure("What the intervals rest on", kind=Kind.LABEL)
    course: Course = figure("Every window against the first")
    standardised: float | None = figure(
        "Change divided by the SD of SR in the frozen line's reference set (as in SR_frozen_z)",
        unit="SDs of SR",
        sign=LESS_RESILIENT,
    )
    standardised_interval: tuple[float, float] | None = figure(
        "95 % interval, the SD estimated anew in each resample", unit="SDs of SR"
    )
    autocorrelation: float = figure(
        "Correlation of residuals at adjacent planned occasions; 0 where the data do not tell one"
    )
    between_sd: float = figure("SD of the persons' intercepts", unit=POINTS)
    residual_sd: float = figure("SD of the residuals within persons", unit=POINTS)
    n_persons: int = figure("Persons in the model", kind=Kind.COUNT)
    n_rows: int = figure("Valid occasions in the model", kind=Kind.COUNT, by="n_persons")
    n_left: int = figure(
        "Persons last seen before the last occasion of the last window", kind=Kind.COUNT
    )
    draws: int = figure("Resamples of persons")
    within: Contrast | None = figure(
        "The same with exposure parted into persons' means and deviations from them: beyond what "
        "the slope within persons lets expect"
    )
    frozen: Contrast | None = figure(
        "The same with the frozen line, refitted in each resample; null where it is curved"
    )
    moved_by_leaving: Contrast | None = figure(
        "Change of the mean over those present less that of the model, by the same line"
    )
    sensitivity: pl.DataFrame = rows(
        "Change if those not seen to the end were so many points above what the model expects",
        SENSITIVITY_COLUMNS,
    )
    share_missing: float = figure(
        "Weight in the contrast of occasions after persons were last seen",
        kind=Kind.SHARE,
        n="n_persons",
    )
    tipping_delta: float | None = figure(
        "Smallest shift of those not seen to the end at which the interval begins, or ceases, to "
        "hold 0; null where everybody was or none does",
        unit=POINTS,
        kind=Kind.PERSON,
    )
    possible_shift: tuple[float | None, float | None] | None = figure(
        "Farthest shifts that the scale leaves to those not seen to the end: its ends less the "
        "mean of what was seen of them; null where everybody was or the ends are not known",
        unit=POINTS,
        kind=Kind.PERSON,
    )
    sign_delta: float | None = figure(
        "Shift of those not seen to the end at which the estimate is 0; null where everybody was",
        unit=POINTS,
        kind=Kind.PERSON,
    )

    claimed: bool = figure(
        "Whether a change is claimed: the interval leaves out 0, and the slope within persons "
        "tells the same change",
        default=False,
    )
    kept_back: tuple[str, ...] = beside(default=())

    @property
    def contrast(self) -> Contrast:
        """The estimate with its error."""
        return Contrast(estimate=self.estimate, se=self.se, interval=self.interval)

    @property
    def told(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.contrast.told

    @property
    def tips(self) -> bool:
        """Whether a shift that the scale leaves room for makes the claim turn."""
        if self.tipping_delta is None:
            return False
        low, high = self.possible_shift or (None, None)
        below = low is not None and self.tipping_delta < low
        return not below and not (high is not None and self.tipping_delta > high)

    @property
    def depends_on_slope(self) -> bool:
        """Whether the slope within persons alone would not tell the same change."""
        if self.within is None:
            return False
        return self.within.told != self.told or (
            self.told and (self.within.estimate > 0) != (self.estimate > 0)
        )
