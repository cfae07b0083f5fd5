"""What is told of each factor."""

from __future__ import annotations

from salutogen.analyses.factors.buffering import Buffering
from salutogen.analyses.factors.completed_records import FactorCompleted
from salutogen.analyses.factors.distance import Distance
from salutogen.analyses.factors.steps import LEVEL, BothSteps, Step
from salutogen.analyses.factors.turning import Turning
from salutogen.analyses.trajectories.exposure_bands import ErrorBand
from salutogen.columns import LESS_RESILIENT, Kind, Record, figure, record


@record
class FactorFound(Record):
    """One factor that was measured before, and later SR."""

    name: str = figure("Factor", kind=Kind.LABEL)
    title: str = figure("What it is called", kind=Kind.LABEL)
    problems_in_disguise: str | None = figure(
        "What of problems it asks for under another name; null where nothing speaks for that",
        kind=Kind.LABEL,
    )
    n: int = figure("Persons", unit="persons", kind=Kind.COUNT, of=("persons", "n_completed"))
    r_SR: float | None = figure("Correlation with later SR", sign=LESS_RESILIENT)
    r_P: float | None = figure("Correlation with later problems")
    r_E: float | None = figure("Correlation with later exposure")
    shared_with_exposure: float | None = figure(
        "Share of the factor's variance, given covariates, that goes with exposure: by a line over "
        "the same persons' means the ratio of the steps is 1 less this"
    )
    two_step: Step = figure("Later SR on the factor alone")
    one_step: Step = figure("Later P on exposure and the factor alone")
    ratio: float | None = figure("Two-step divided by one-step coefficient")
    p_adjusted: float | None = figure(
        "p in two steps, adjusted over the factors (false-discovery rate)"
    )
    holds: str = figure(
        "Which way of asking shows it (95 %): both, two-step, one-step, neither, opposite",
        kind=Kind.LABEL,
    )
    selected: bool | None = figure(
        "Whether it comes in first in most halves of the persons (stability selection, elastic "
        "net); null where nothing was selected from"
    )
    selected_share: float | None = figure("Share of the halves in which it does")
    joint: BothSteps | None = figure(
        "Beside all other factors; null where they cannot stand in one model"
    )
    joint_without_disguised: BothSteps | None = figure(
        "Beside the others that are not problems in disguise; null where there are none of these"
    )
    given_earlier_problems: BothSteps | None = figure(
        "At equal mean problems and exposure up to the occasion of the factor, that one included; "
        "null where too few have them"
    )
    earlier_occasions: int = figure(
        "Planned occasions up to that of the factor, that one included: one tells little of what "
        "was before"
    )
    buffering: Buffering | None = figure(
        "Whether the slope of problems on exposure differs with the factor; null with a curved "
        "line or several kinds of exposure in it"
    )
    turning: Turning | None = figure(
        "Whether the relation turns (two lines); null where it was not asked"
    )
    distance: Distance | None = figure(
        "How the association goes with the time since the factor; null without two later "
        "occasions of enough persons"
    )
    error_band: ErrorBand | None = figure(
        "Correlation with SR over plausible errors of exposure and reports that follow mood; null "
        "without a straight line on one exposure"
    )
    completed: FactorCompleted | None = figure(
        "The same pooled over completed sets; null where none were asked for or could be made",
        default=None,
    )

    @property
    def claimed(self) -> bool:
        """Whether it stands both ways after adjustment over the factors."""
        both = (self.two_step.p_adjusted, self.one_step.p_adjusted)
        return self.holds == "both" and all(p is not None and p < LEVEL for p in both)

    @property
    def claimed_once_only(self) -> bool:
        """Whether it is claimed of persons with everything or over completed sets, not of both."""
        return self.completed is not None and self.completed.claimed != self.claimed

    @property
    def may_follow(self) -> bool:
        """Whether nothing of it is shown at equal problems and exposure before: it may follow."""
        given = self.given_earlier_problems
        return given is not None and not (given.two_step.clear and given.one_step.clear)

    @property
    def little_is_known_before(self) -> bool:
        """Whether one occasion at most tells what problems and exposure were before."""
        return self.given_earlier_problems is None or self.earlier_occasions < 2

    @property
    def within_error(self) -> bool:
        """Whether plausible errors of exposure and mood could make its correlation with SR."""
        band = self.error_band
        return band is not None and band.value is not None and not band.holds_jointly


@record
class FactorGroup(Record):
    """Factors that correlate, and may take each other's place in the selection."""

    names: tuple[str, ...] = figure("Factors", kind=Kind.LABEL)
    titles: tuple[str, ...] = figure("What they are called", kind=Kind.LABEL)
    lowest_r: float | None = figure("Weakest correlation of two of them, by size")
    highest_r: float | None = figure("Strongest, by size")
    selected: bool = figure("Whether any of them comes in first in most halves of the persons")
    share: float = figure("Share of the halves in which any of them does")


@record
class Selection(Record):
    """Factors that come in first in most halves of the persons."""

    n: int = figure("Persons who have all factors", unit="persons", kind=Kind.COUNT)
    at_once: int = figure("Factors that are taken in each half")
    threshold: float = figure("Share of halves from which on a factor is selected")
    expected_false: float = figure("Bound on the expected number of false selections")
    held_out_r_squared: float | None = figure(
        "R² of an elastic net of all factors on SR in persons who had no part in it (nested "
        "cross-validation); below 0 where the mean predicts better"
    )
    grouped_from: float = figure("Correlation, by size, from which on factors form a group")
    groups: tuple[FactorGroup, ...] = figure("Groups of two factors or more")
    expected_false_groups: float = figure(
        "Bound on the expected number of false selections of groups, single factors counted as such"
    )


@record
class Correlate(Record):
    """A factor that was not measured before: no predictor."""

    name: str = figure("Factor", kind=Kind.LABEL)
    n: int = figure("Persons", unit="persons", kind=Kind.COUNT)
    r: float | None = figure("Correlation with SR over the same time", sign=LESS_RESILIENT)
    low: float | None = figure("Lower end of its 95 % interval (Fisher z)")
    high: float | None = figure("Upper end of its 95 % interval (Fisher z)")
