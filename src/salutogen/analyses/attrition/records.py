"""What is told of who was lost, declared."""

from __future__ import annotations

import polars as pl

from salutogen.analyses.intervals import side_of_zero
from salutogen.columns import LESS_RESILIENT, POINTS, Column, Kind, Record, figure, record, rows
from salutogen.models.dropout.weighted import Pulled

HAZARD_COLUMNS = (
    Column(name="term", meaning="What loss may go with", heading="Predictor", kind=Kind.LABEL),
    Column(name="per", meaning="Difference that the odds are for", heading="For", kind=Kind.LABEL),
    Column(
        name="odds_ratio",
        meaning="Odds of being lost after an occasion, given the others",
        unit="odds ratio",
        sign="above 1 = more of it goes with being lost",
        heading="Odds ratio",
    ),
    Column(name="low", meaning="Lower end of its 95 % interval (t)", heading="95 %: from"),
    Column(name="high", meaning="Upper end of its 95 % interval (t)", heading="to"),
    Column(name="p", meaning="p value (t)", heading="p"),
    Column(
        name="p_adjusted",
        meaning="p adjusted over the terms: false-discovery rate (Benjamini and Hochberg)",
        heading="p, false-discovery rate",
    ),
)
# Near 0 three digits are so fine that one whole number of persons alone fits: coarser steps.
BALANCE_STEP = 0.02  # and more where few are seen at the end
BALANCE_COLUMNS = (
    Column(name="variable", meaning="What was known at first", heading="At first",
           kind=Kind.LABEL),
    Column(
        name="before",
        meaning="Those seen at the end less everyone, unweighted, in SDs of everyone",
        unit="SDs",
        heading="Unweighted",
        step=BALANCE_STEP,
    ),
    Column(name="after", meaning="The same, weighted", unit="SDs", heading="Weighted",
           step=BALANCE_STEP),
)  # fmt: skip
# Over shifts an estimate and its interval rise by the weight of the lost, which tells their number:
# where persons are hidden they are kept back as if they were of single persons.
CURVE_COLUMNS = (
    Column(
        name="delta_sd",
        meaning="Assumed shift of the lost",
        unit="SDs of SR",
        heading="Shift (SDs)",
    ),
    Column(name="delta", meaning="The same shift", unit=POINTS, heading="Shift (points)"),
    Column(
        name="estimate", meaning="Estimate under it", kind=Kind.PERSON, heading="Estimate"
    ),
    Column(
        name="low", meaning="Lower end of its 95 % interval", kind=Kind.PERSON,
        heading="95 %: from",
    ),
    Column(
        name="high", meaning="Upper end of its 95 % interval", kind=Kind.PERSON, heading="to"
    ),
)  # fmt: skip
HALVES = 0.5  # SDs, in which shifts are told where persons are hidden


@record
class Told(Record):
    """An estimate with its error."""

    estimate: float = figure("Estimate", sign=LESS_RESILIENT)
    se: float | None = figure("Standard error, persons being independent")
    interval: tuple[float, float] | None = figure("95 % interval (t)")

    @property
    def sign(self) -> int:
        """Sign of an estimate whose interval leaves out 0; 0 otherwise."""
        return side_of_zero(*(self.interval or (None, None)))


def told(found: Pulled) -> Told:
    """Take what is told from an estimate; without an error where nothing tells one."""
    known = found.se > 0
    return Told(
        estimate=found.value,
        se=found.se if known else None,
        interval=found.interval if known else None,
    )


def differ(one: Told, other: Told | None, moved: Told | None) -> bool:
    """Whether two claims differ, and their difference is told: not where both are near a limit."""
    return other is not None and moved is not None and one.sign != other.sign and moved.sign != 0


@record
class Weighing(Record):
    """Weights of still being observed, and whether they do what they are for."""

    n_rows: int = figure("Persons' occasions with a weight", kind=Kind.COUNT)
    numerator: str = figure("What stabilises them", kind=Kind.LABEL)
    truncate: float = figure("Share moved at either end of an occasion")
    mean: float = figure("Mean after the first occasion; about 1 where the hazard fits")
    sd: float = figure("SD after the first occasion")
    largest: float = figure("Largest weight after truncation", kind=Kind.PERSON)
    largest_untruncated: float = figure("Largest weight before it", kind=Kind.PERSON)
    mean_at_end: float = figure("Mean at the end")
    sd_at_end: float = figure("SD at the end")
    n_end: int = figure(
        "Persons seen at the end", unit="persons", kind=Kind.COUNT, of=("n", "n_left")
    )
    effective_n: float = figure(
        "Persons that those are worth once weighted (Kish)", unit="persons", kind=Kind.COUNT
    )
    balance: pl.DataFrame = rows(
        "Those seen at the end beside everyone, as they were at first", BALANCE_COLUMNS
    )


@record
class WeightedContrast(Record):
    """A mean over persons' occasions, as those present have it and weighted."""

    score: str = figure("SR or P", kind=Kind.LABEL)
    what: str = figure("end: mean at the end; change: against the beginning", kind=Kind.LABEL)
    begins: str = figure("Occasions of the beginning", kind=Kind.LABEL)
    ends: str = figure("Occasions of the end", kind=Kind.LABEL)
    unweighted: Told = figure("Over those present", unit=POINTS)
    weighted: Told | None = figure("Weighted; null where there are no weights", unit=POINTS)
    moved: Told | None = figure("Weighted less unweighted", unit=POINTS)
    by_model: Told | None = figure(
        "Change by the model of single occasions of the windows; null without windows", unit=POINTS
    )

    @property
    def differs(self) -> bool:
        """Whether weights change what is claimed, by more than the error of what they move."""
        return differ(self.unweighted, self.weighted, self.moved)


@record
class TwoWays(Record):
    """A coefficient without weights and with them, over the same rows."""

    as_found: float = figure(
        "Coefficient over persons' means, as in its own step", sign=LESS_RESILIENT
    )
    unweighted: Told = figure("Over single occasions")
    weighted: Told = figure("Over single occasions, weighted")
    moved: Told = figure("Weighted less unweighted")

    @property
    def differs(self) -> bool:
        """Whether weights change what is claimed, by more than the error of what they move."""
        return differ(self.unweighted, self.weighted, self.moved)


@record
class WeightedJoint(Record):
    """A factor beside all others of its step, with weights and without."""

    n: int = figure("Persons who have all factors", unit="persons", kind=Kind.COUNT)
    two_step: TwoWays = figure("SR on the factors", unit=f"{POINTS} per point of the factor")
    one_step: TwoWays = figure(
        "P on exposure and the factors", unit=f"{POINTS} per point of the factor"
    )

    @property
    def differs(self) -> bool:
        """Whether weights change what is claimed, either way of asking."""
        return self.two_step.differs or self.one_step.differs


@record
class WeightedFactor(Record):
    """A factor and later SR, with weights and without."""

    name: str = figure("Factor", kind=Kind.LABEL)
    title: str = figure("What it is called", kind=Kind.LABEL)
    n: int = figure("Persons", unit="persons", kind=Kind.COUNT)
    two_step: TwoWays = figure("SR on the factor", unit=f"{POINTS} per point of the factor")
    one_step: TwoWays = figure(
        "P on exposure and the factor", unit=f"{POINTS} per point of the factor"
    )
    joint: WeightedJoint | None = figure(
        "The same beside all other factors; null where they do not stand in one model"
    )

    @property
    def differs(self) -> bool:
        """Whether weights change what is claimed of it alone, either way of asking."""
        return self.two_step.differs or self.one_step.differs


@record
class WeightedMechanism(Record):
    """A way over a mechanism, with weights and without, for the difference of the factor."""

    title: str = figure("Factor and mechanism", kind=Kind.LABEL)
    n: int = figure("Persons with later SR", unit="persons", kind=Kind.COUNT, of="n_mechanism")
    n_mechanism: int = figure(
        "Persons with the mechanism, seen at its occasion", unit="persons", kind=Kind.COUNT
    )
    a: TwoWays = figure("From the factor to the mechanism, per unit")
    b: TwoWays = figure("From the mechanism to SR at equal factor, per unit")
    two_step: TwoWays = figure("Indirect effect on SR", unit=POINTS)
    one_step: TwoWays = figure("Indirect effect on P, with exposure in the equation", unit=POINTS)

    @property
    def differs(self) -> bool:
        """Whether weights change what is claimed of the indirect effect, either way of asking."""
        return self.two_step.differs or self.one_step.differs


@record
class Tipping(Record):
    """A claim, if the unseen SR of the lost was worse or better than what is expected of them."""

    claim: str = figure("What is claimed", kind=Kind.LABEL)
    factor: str | None = figure("Factor; null for the change of mean SR", kind=Kind.LABEL)
    claimed: bool | None = figure(
        "Whether the step `factors` claims it, asked both ways and adjusted over its factors; null "
        "for the change of mean SR"
    )
    expected_by: str = figure("What the expectation rests on", kind=Kind.LABEL)
    weight_of_lost: float = figure(
        "Change of the estimate for each point that the lost are shifted", kind=Kind.SHARE, n="n"
    )
    at_zero: Told = figure("The estimate without a shift")
    tips_at: float | None = figure(
        "Smallest shift at which the interval begins, or ceases, to hold 0; null where none up to "
        "3 SDs of SR does",
        unit=POINTS,
        kind=Kind.PERSON,
    )
    tips_at_sd: float | None = figure("The same shift", unit="SDs of SR", step=HALVES)
    turns_at_sd: tuple[float, ...] = figure(
        "Every shift up to 3 SDs of SR at which an end of the interval is 0, ascending",
        unit="SDs of SR",
        step=HALVES,
    )
    curve: pl.DataFrame = rows("Estimate by shift", CURVE_COLUMNS)

    @property
    def is_claim(self) -> bool:
        """Whether there is anything to turn: not of a factor that is not claimed among others."""
        return self.claimed is not False
